//! Hostile rules on the default limits, on every configuration of every backend: each is answered, or refused with a message, within a
//! second of processor time and in bounded memory, from text to answers. Processor time of the process, not time on the clock, is what is
//! bounded, because other programs may have the machine; this file therefore holds a single test.
#![cfg(target_os = "linux")]

use std::fmt::Write;

use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Matches, Scheme, Type, configurations};

/// Most seconds of processor time for checking, compiling and running.
const SECONDS: f64 = 1.0;
/// Most bytes that the peak of resident memory may lie above what the process had at its start.
const BYTES: usize = 256 << 20;

/// What is to become of a text.
#[derive(Clone, Copy, Debug)]
enum Fate {
    /// It runs on every backend.
    Runs,
    /// It runs where no code is made of it, and elsewhere the message says this.
    RunsWithoutCode(&'static str),
    /// It is refused, and the message says this.
    Refused(&'static str),
}

/// Seconds of processor time that the process has used.
fn processor_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").expect("the kernel tells");
    let fields: Vec<&str> = text.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|n| n.parse::<f64>().ok()).expect("a number");
    // The kernel reports hundredths of seconds on all architectures that there are backends for.
    (ticks(11) + ticks(12)) / 100.0
}

/// A number of bytes that the kernel tells about the process.
fn memory(key: &str) -> usize {
    let text = std::fs::read_to_string("/proc/self/status").expect("the kernel tells");
    let line = text.lines().find(|l| l.starts_with(key)).expect("the kernel knows this");
    line.split_whitespace().nth(1).and_then(|n| n.parse::<usize>().ok()).expect("a number") << 10
}

/// What a run took: seconds of processor time, and bytes that the peak lies above `start`.
fn measured(start: usize, run: &mut dyn FnMut()) -> (f64, usize) {
    // Starts the peak anew. Where that is not allowed, the peak is that of the process so far, which can only be larger.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let seconds = processor_seconds();
    run();
    (processor_seconds() - seconds, memory("VmHWM:").saturating_sub(start))
}

/// A megabyte of units, joined.
fn megabyte(join: &str, unit: impl Fn(usize) -> String) -> String {
    let mut text = unit(0);
    for i in 1.. {
        if text.len() >= 1_000_000 {
            break;
        }
        text.push_str(join);
        text.push_str(&unit(i));
    }
    text
}

fn set(before: &str, count: usize, member: impl Fn(usize) -> String) -> String {
    let mut text = format!("{before} in {{");
    (0..count).for_each(|i| write!(text, "{} ", member(i)).expect("a String takes all"));
    text + "}"
}

fn texts() -> Vec<(String, Fate, String)> {
    use Fate::{Refused, Runs, RunsWithoutCode};
    let mut texts: Vec<(String, Fate, String)> = Vec::new();
    let mut add = |name: &str, fate, text| texts.push((name.to_owned(), fate, text));
    for (open, core, close, says) in [
        ("(", "flag", ")", "nest"),
        ("not ", "flag", "", "nest"),
        ("-", "n == 1", "", "nest"),
        ("lower(", "name", ") == name", "nest"),
        ("any(", "flags", ")", "nest"),
        ("ints[", "0", "] == 1", "inside one another"),
    ] {
        let text = format!("{}{core}{}", open.repeat(10_000), close.repeat(10_000));
        add(&format!("nested 10,000 deep: {open}"), Refused(says), text);
    }
    let large = RunsWithoutCode("code is made of at most 5000");
    add("equals, which become sets", Runs, megabyte(" or ", |i| format!("n == {i} or name == \"h{i}\"")));
    add("comparisons", large, megabyte(" or ", |i| format!("flag and n > {i} or f < {i}.5")));
    add("xor", large, megabyte(" xor ", |i| format!("n == {i}")));
    add("contains", large, megabyte(" or ", |i| format!("name contains \"x{i}\"")));
    add("calls", large, megabyte(" or ", |i| format!("lower(name[0:4]) == \"x{i}\"")));
    add("arithmetic", large, megabyte(" or ", |i| format!("n * 3 + {i} == 7")));
    add("quantifiers", large, megabyte(" or ", |i| format!("any(ints[*] + {i} == 7)")));
    add("wildcards", large, megabyte(" or ", |i| format!("name wildcard \"*{i}*\"")));
    let (open, close) = ("(flag or not ".repeat(60), ")".repeat(60));
    add("deep and wide", large, megabyte(" or ", |i| format!("{open}n > {i}{close}")));
    add("regular expressions", large, megabyte(" or ", |i| format!("name matches \"x{i}\"")));
    add("replacing", large, megabyte(" or ", |i| format!("regex_replace(name, \"x{i}\", \"y\") == \"\"")));
    add("a long text", Runs, format!("name == \"{}\"", "x".repeat(1_000_000)));
    add("a long wildcard", Runs, format!("name wildcard \"{}\"", "a*".repeat(500_000)));
    add("a long regular expression", Refused("at most 436906 are allowed"), format!("name matches \"{}\"", "a".repeat(1_000_000)));
    add("100,000 Ints", Runs, set("n", 100_000, |i| (i * 3).to_string()));
    add("100,000 addresses", Runs, set("ip", 100_000, |i| format!("10.{}.{}.{}", i >> 15, i >> 7 & 255, (i & 127) * 2)));
    add("100,000 texts", Runs, set("name", 100_000, |i| format!("\"h{i}\"")));
    add("a bomb of repetitions", Refused("limit of 10485760 bytes"), "name matches \"(a{1000}){1000}\"".into());
    add("a bomb of optional letters", Runs, "name matches \"(?:a?){1000}a{1000}\"".into());
    add("a bomb for backtracking", Runs, "name matches \"(x+x+)+y|(a*)*c|([ab]*)*c\"".into());
    add("a bomb of states", Runs, "name matches \"[ab]*a[ab]{300}c\"".into());
    add("a bomb that replaces", Refused("limit of 10485760 bytes"), "regex_replace(name, \"(a{1000}){1000}\", \"\") == \"\"".into());
    texts
}

fn scheme(engine: &Engine) -> Scheme {
    Scheme::builder()
        .mandatory("flag", Type::Bool)
        .mandatory("n", Type::Int)
        .mandatory("f", Type::Float)
        .mandatory("ip", Type::Ip)
        .mandatory("name", Type::Bytes)
        .mandatory("ints", Type::array(Type::Int))
        .optional("flags", Type::array(Type::Bool))
        .functions(engine.library().signatures())
        .build()
        .expect("a scheme")
}

/// One record that no rule decides early on.
fn batch(scheme: &Scheme) -> Batch {
    let id = |name: &str| scheme.field_id(name).expect("a field");
    let mut builder = BatchBuilder::new(scheme, 1, ArenaKind::Shared).expect("a builder");
    let mut record = builder.record();
    record.bool(id("flag"), false);
    record.int(id("n"), -1);
    record.float(id("f"), 1e9);
    record.ip(id("ip"), "10.0.0.1".parse().expect("an address"));
    record.bytes(id("name"), "ab".repeat(1024).as_bytes());
    record.ints(id("ints"), &[1]);
    record.finish().expect("a record");
    builder.build()
}

#[test]
fn hostile_rules_are_answered_within_a_second() {
    let engine = Engine::new();
    let scheme = scheme(&engine);
    let batch = batch(&scheme);
    let mut wrong = Vec::new();
    let texts = texts();
    let start = memory("VmRSS:");
    for (name, fate, text) in texts {
        for backend in configurations() {
            let id = backend.id();
            let code = !matches!(id.name, "interp" | "closures" | "adaptive");
            let mut outcome = Ok(());
            let mut run = || {
                outcome = engine.compile(&text, &scheme, &id.to_string()).map_err(|e| e.to_string()).and_then(|rules| {
                    let mut instance = rules.instance().map_err(|e| e.to_string())?;
                    instance.run_batch(&batch, &mut Matches::new()).map_err(|e| e.to_string())
                });
            };
            let mut took = measured(start, &mut run);
            if took.0 >= SECONDS {
                // The processor's own noise is not what is tested.
                took = measured(start, &mut run);
            }
            println!("{name}, {id}: {:.2} s, {} MB, {}", took.0, took.1 >> 20, if outcome.is_ok() { "runs" } else { "refused" });
            let says = match fate {
                Fate::Runs => None,
                Fate::RunsWithoutCode(says) => code.then_some(says),
                Fate::Refused(says) => Some(says),
            };
            let right = match (&outcome, says) {
                (Ok(()), None) => true,
                (Err(message), Some(says)) => message.contains(says) && message.len() < 100_000,
                _ => false,
            };
            if !right {
                let shown: String = outcome.err().unwrap_or_default().chars().take(300).collect();
                wrong.push(format!("{name}, {id}: should be {fate:?}: {shown}"));
            }
            if took.0 >= SECONDS || took.1 >= BYTES {
                wrong.push(format!("{name}, {id}: {:.2} s of processor time, {} bytes more", took.0, took.1));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
