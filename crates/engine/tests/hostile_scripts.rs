//! Hostile scripts on every configuration of every backend. Each is to be stopped with its trap, soon after its budget is used up; the host
//! goes on, the instance is used again, and the other rules and records are answered.
//!
//! The scripts stand in `hostile_scripts/*.toml`. The statements of an `attack` are run for one record of five; where a `rule` stands
//! instead, it is the whole hostile rule, of the same answers otherwise. What the attack comes to is `trap` (with its `place` in the text,
//! where there is but one), an `answer`, or that the text is `refused` with such words.
//!
//! # How soon
//! What a step costs depends on the configuration and on the machine, so a budget's time is measured: that of well-behaved scripts which
//! use up nearly all of the same budget, with loops, calls, arrays and library calls, on the same configuration. A hostile script may take
//! as long as the slowest of them and [`BEYOND`] more. Measured is the time that the processor gave to this thread, because other programs
//! may have the machine; the file therefore holds a single test.
#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use quintet::{
    ArenaKind, Batch, BatchBuilder, Engine, Instance, Library, Limits, Matches, RuleSet, Scheme, Trap, Type, Value, configurations,
};
use serde::Deserialize;

/// How much longer than the budget's normal time a hostile script may take.
const BEYOND: Duration = Duration::from_millis(100);

/// Records of a batch, and the one that is attacked.
const RECORDS: usize = 5;
const ATTACKED: usize = 2;

/// Well-behaved scripts with what they do in a turn, which takes so many steps, and the limit of steps that they end just below.
const NORMAL: [(&str, u64, &str); 4] = [
    ("sums", 1, "let x = 0 for i in 0..TURNS { x = x * 31 + (i ^ x >> 7) } return x == 0"),
    ("calls", 2, "let x = 0 for i in 0..TURNS { x = mixed(x, i) } return x == 0"),
    ("arrays", 1, "let a: [Int] = [0; 64] for i in 0..TURNS { a[i & 63] += a[i * 7 & 63] + i } return a[0] == 1"),
    // A text of 4096 bytes takes 256 steps, the call and the turn one each.
    ("library", 258, "let x = 0 for i in 0..TURNS { x ^= crc32(t) } return x == 1"),
];

#[derive(Deserialize)]
struct File {
    script: Vec<Script>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Script {
    about: String,
    /// Functions and constants.
    #[serde(default)]
    items: String,
    /// Statements that are run for one record; running off their end answers true.
    attack: Option<String>,
    /// The hostile rule, where it is not made around the attack.
    rule: Option<String>,
    /// What the field `s` holds in the record that is attacked.
    s: Option<Text>,
    /// Limits that are neither the small ones nor the defaults.
    #[serde(default)]
    limits: SomeLimits,
    trap: Option<String>,
    place: Option<String>,
    answer: Option<bool>,
    refused: Option<String>,
    /// Whether it is run with the default limits too, which takes longer.
    #[serde(default)]
    defaults: bool,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields)]
struct SomeLimits {
    memory_bytes: Option<usize>,
    calls: Option<usize>,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Text {
    Text { text: String },
    Repeat { repeat: String, times: usize },
    Zlib { zlib: usize },
    Gzip { gzip: usize },
    Deflate { deflate: usize },
}

impl Text {
    fn bytes(&self) -> Vec<u8> {
        fn packed<W: Write>(mut to: W, len: usize) -> W {
            to.write_all(&vec![0; len]).expect("memory takes all");
            to
        }
        let best = Compression::best();
        match self {
            Text::Text { text } => text.as_bytes().to_vec(),
            Text::Repeat { repeat, times } => repeat.as_bytes().repeat(*times),
            Text::Zlib { zlib } => packed(flate2::write::ZlibEncoder::new(Vec::new(), best), *zlib).finish().expect("memory takes all"),
            Text::Gzip { gzip } => packed(flate2::write::GzEncoder::new(Vec::new(), best), *gzip).finish().expect("memory takes all"),
            Text::Deflate { deflate } => {
                packed(flate2::write::DeflateEncoder::new(Vec::new(), best), *deflate).finish().expect("memory takes all")
            }
        }
    }
}

/// What is to become of a script.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Fate<'s> {
    Trap(Trap),
    Answer(bool),
    Refused(&'s str),
}

impl Script {
    fn fate(&self) -> Fate<'_> {
        match (&self.trap, self.answer, &self.refused) {
            (Some(kind), None, None) => Fate::Trap(match kind.as_str() {
                "division" => Trap::DivisionByZero,
                "memory" => Trap::Memory,
                "budget" => Trap::Budget,
                "index" => Trap::Index,
                "nil" => Trap::Nil,
                "calls" => Trap::Calls,
                other => panic!("{}: there is no trap `{other}`", self.about),
            }),
            (None, Some(answer), None) => Fate::Answer(answer),
            (None, None, Some(words)) => Fate::Refused(words),
            _ => panic!("{}: one of `trap`, `answer` and `refused`", self.about),
        }
    }

    /// The hostile rule between two that answer all records.
    fn source(&self) -> String {
        let rule = match (&self.attack, &self.rule) {
            (Some(attack), None) => {
                format!(
                    "fn attack() -> Bool {{\n{attack}\nreturn true\n}}\nrule hostile {{\nif n == 2 {{ return attack() }}\nreturn n < 4\n}}"
                )
            }
            (None, Some(rule)) => rule.clone(),
            _ => panic!("{}: one of `attack` and `rule`", self.about),
        };
        let source = format!("rule before = n >= 0\n{}\n{rule}\nrule after = n == 2\n", self.items);
        if let Some(place) = self.place.as_deref().map(str::trim) {
            assert_eq!(source.matches(place).count(), 1, "{}: `{place}` stands there once", self.about);
        }
        source
    }

    fn limits(&self, limits: &Limits) -> Limits {
        let SomeLimits { memory_bytes, calls } = self.limits;
        let mut limits = limits.clone();
        limits.memory_bytes = memory_bytes.unwrap_or(limits.memory_bytes);
        limits.calls = calls.unwrap_or(limits.calls);
        limits
    }
}

fn scripts() -> Vec<Script> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile_scripts");
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    let read = |path: &std::path::PathBuf| {
        let text = std::fs::read_to_string(path).expect("a file");
        toml::from_str::<File>(&text).unwrap_or_else(|e| panic!("{}: {e}", path.display())).script
    };
    paths.iter().flat_map(read).collect()
}

fn scheme() -> Scheme {
    Scheme::builder()
        .mandatory("n", Type::Int)
        .mandatory("s", Type::Bytes)
        .mandatory("t", Type::Bytes)
        .functions(Library::standard().signatures())
        .build()
        .expect("a scheme")
}

/// Records whose `n` is their place; one of them has this `s`.
fn batch(scheme: &Scheme, s: &[u8]) -> Batch {
    let field = |name: &str| scheme.field_id(name).expect("a field");
    let mut builder = BatchBuilder::new(scheme, RECORDS, ArenaKind::Shared).expect("room");
    for n in 0..RECORDS {
        let mut record = builder.record();
        record.set(field("n"), Value::Int(n as i64));
        record.set(field("s"), Value::Bytes(if n == ATTACKED { s } else { b"ab" }));
        record.set(field("t"), Value::Bytes(&[b'x'; 4096]));
        record.finish().expect("a record");
    }
    builder.build()
}

/// Time that the processor has given to this thread.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel tells");
    Duration::from_nanos(text.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number"))
}

/// What a run takes: the shorter of two where it seems to take long, because the processor's own noise is not what is tested.
fn timed(most: Duration, run: &mut dyn FnMut()) -> Duration {
    let mut once = || {
        let start = processor_time();
        run();
        processor_time() - start
    };
    let took = once();
    if took > most { took.min(once()) } else { took }
}

/// A program's instances, each with the name of its configuration.
fn instances(limits: &Limits, source: &str, scheme: &Scheme) -> Result<Vec<(String, Box<dyn Instance>)>, String> {
    let engine = Engine::new().with_limits(limits.clone());
    let linked = engine.link(engine.check(source, scheme).map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
    let instance = |backend: std::sync::Arc<dyn quintet::Backend>| {
        let id = backend.id().to_string();
        let made = engine.compile_linked(&linked, &*backend).map_err(|e| format!("{id}: {e}"))?;
        Ok((id.clone(), made.instance().map_err(|e| format!("{id}: {e}"))?))
    };
    configurations().into_iter().map(instance).collect()
}

/// How long a budget takes that is used for something, by configuration.
fn normal(limits: &Limits, scheme: &Scheme) -> HashMap<String, Duration> {
    let records = batch(scheme, b"ab");
    let mut longest: HashMap<String, Duration> = HashMap::new();
    for (name, steps, work) in NORMAL {
        let turns = limits.steps / steps - 8;
        let source = format!(
            "fn mixed(x: Int, i: Int) -> Int {{ return x * 31 + (i ^ x >> 7) }}\nfn work() -> Bool {{ {} }}\nrule r = n == 2 and work()",
            work.replace(" for", "\nfor").replace(" return", "\nreturn").replace("TURNS", &turns.to_string())
        );
        for (id, mut instance) in instances(limits, &source, scheme).unwrap_or_else(|e| panic!("{name}: {e}")) {
            let mut matches = Matches::new();
            let took = timed(Duration::MAX, &mut || instance.run_batch(&records, &mut matches).expect("a run"));
            assert!(matches.traps().is_empty(), "{name} on {id}: {:?}", matches.traps());
            println!("{:>9} steps, {id:<10} {:>8.1} ms: {name}", limits.steps, took.as_secs_f64() * 1e3);
            let longest = longest.entry(id).or_default();
            *longest = took.max(*longest);
        }
    }
    longest
}

/// What a batch must come to: the records that each rule matches, and the trap.
fn right(matches: &Matches, fate: Fate<'_>) -> Result<(), String> {
    let hits: Vec<Vec<usize>> = (0..3).map(|rule| matches.records_of(rule).collect()).collect();
    let traps: Vec<_> = matches.traps().iter().map(|t| (t.rule, t.record, t.trap)).collect();
    let wanted_traps = match fate {
        Fate::Trap(trap) => vec![(1, ATTACKED, trap)],
        Fate::Answer(_) | Fate::Refused(_) => Vec::new(),
    };
    let hostile = if fate == Fate::Answer(true) { vec![0, 1, 2, 3] } else { vec![0, 1, 3] };
    let wanted = [vec![0, 1, 2, 3, 4], hostile, vec![ATTACKED]];
    if hits == wanted && traps == wanted_traps { Ok(()) } else { Err(format!("matches {hits:?}, traps {traps:?}")) }
}

/// Runs a script on all configurations; says what is wrong.
fn attack(script: &Script, limits: &Limits, normal: &HashMap<String, Duration>, scheme: &Scheme, wrong: &mut Vec<String>) -> u32 {
    let about = &script.about;
    let limits = script.limits(limits);
    let records = batch(scheme, &script.s.as_ref().map_or_else(|| b"ab".to_vec(), Text::bytes));
    let harmless = batch(scheme, b"ab");
    let source = script.source();
    let instances = match (instances(&limits, &source, scheme), script.fate()) {
        (Ok(instances), Fate::Trap(_) | Fate::Answer(_)) => instances,
        (Err(message), Fate::Refused(words)) if message.contains(words) => return 0,
        (Ok(_), Fate::Refused(words)) => {
            wrong.push(format!("{about}: it is to be refused with `{words}`"));
            return 0;
        }
        (Err(message), _) => {
            wrong.push(format!("{about}: {message}"));
            return 0;
        }
    };
    let mut ran = 0;
    for (id, mut instance) in instances {
        let mut matches = Matches::new();
        let most = normal[&id] + BEYOND;
        let took = timed(most, &mut || instance.run_batch(&records, &mut matches).expect("a run"));
        println!("{:>9} steps, {id:<10} {:>8.1} ms of {:>6.1}: {about}", limits.steps, took.as_secs_f64() * 1e3, most.as_secs_f64() * 1e3);
        let mut say = |what: String| wrong.push(format!("{about}, {} steps, {id}: {what}", limits.steps));
        if took > most {
            say(format!("{took:?}, of at most {most:?}"));
        }
        if let Err(what) = right(&matches, script.fate()) {
            say(what);
        }
        // The same instance answers what is asked next, one record at a time and in a batch.
        let mut hits = RuleSet::new();
        for n in [ATTACKED, 1, ATTACKED, 4] {
            instance.run(records.record(n), &mut hits).expect("a run");
            let trapped =
                hits.traps().iter().map(|(rule, trap)| (*rule, n, *trap)).eq(matches.traps().iter().map(|t| (t.rule, t.record, t.trap)));
            let trapped = if n == ATTACKED { trapped } else { hits.traps().is_empty() };
            if !trapped || (0..3).any(|rule| hits.contains(rule) != matches.get(rule, n)) {
                say(format!("record {n} alone: matches {:?}, traps {:?}", hits.iter().collect::<Vec<_>>(), hits.traps()));
            }
        }
        instance.run_batch(&records, &mut matches).expect("a run");
        if let Err(what) = right(&matches, script.fate()) {
            say(format!("again: {what}"));
        }
        let mut once_more = Matches::new();
        instance.run_rule(0, &harmless, 0..RECORDS, &mut once_more).expect("a run");
        if once_more.count(0) != RECORDS || !once_more.traps().is_empty() {
            say(format!("another rule afterwards: {} matches, traps {:?}", once_more.count(0), once_more.traps()));
        }
        let kept = instance.memory_bytes();
        if kept > 4 << 20 {
            say(format!("{kept} bytes kept"));
        }
        ran += 1;
    }
    ran
}

#[test]
fn hostile_scripts_are_stopped() {
    let (scripts, scheme, mut wrong) = (scripts(), scheme(), Vec::new());
    let small = Limits { steps: 200_000, memory_bytes: 1 << 20, calls: 50, ..Limits::default() };
    let normal_small = normal(&small, &scheme);
    let mut ran: u32 = scripts.iter().map(|script| attack(script, &small, &normal_small, &scheme, &mut wrong)).sum();
    let defaults = Limits::default();
    let normal_defaults = normal(&defaults, &scheme);
    for script in scripts.iter().filter(|script| script.defaults) {
        ran += attack(script, &defaults, &normal_defaults, &scheme, &mut wrong);
    }
    println!("{} scripts, {ran} runs", scripts.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
