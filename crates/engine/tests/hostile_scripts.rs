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
//! as long as the slowest of them, a quarter for the noise of a processor that others use, and [`BEYOND`] more. Where one seems to take
//! longer, the well-behaved ones are measured again beside it: a processor's speed changes by more than a quarter within minutes. Measured
//! is the time that the processor gave to this thread, because other programs may have the machine; the file therefore holds a single test.
#![cfg(target_os = "linux")]

use std::cell::RefCell;
use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use flate2::Compression;
use quintet::lang::ast::Span;
use quintet::{
    ArenaKind, Batch, BatchBuilder, Engine, Instance, Library, Limits, Matches, RecordId, RuleId, RuleSet, Scheme, Trap, Type, Value,
    configurations,
};
use quintet_testing::trap_named;
use serde::Deserialize;

/// How much longer than the budget's normal time a hostile script may take.
const BEYOND: Duration = Duration::from_millis(100);

/// The most bytes that an instance keeps after an attack.
const KEPT: usize = 4 << 20;

/// Records of a batch, and the one that is attacked.
const RECORDS: usize = 5;
const ATTACKED: usize = 2;

/// Well-behaved scripts with what they do in a turn, which takes so many steps, and the limit of steps that they end just below.
const NORMAL: [(&str, u64, &str); 8] = [
    ("sums", 1, "let x = 0 for i in 0..TURNS { x = x * 31 + (i ^ x >> 7) } return x == 0"),
    ("calls", 2, "let x = 0 for i in 0..TURNS { x = mixed(x, i) } return x == 0"),
    // `tree(10)` is 177 calls.
    ("recursion", 178, "let x = 0 for i in 0..TURNS { x ^= tree(10) + i } return x == 1"),
    ("nested", 102, "let x = 0 for i in 0..TURNS { x ^= nested(i) } return x == 1"),
    ("arrays", 1, "let a: [Int] = [0; 64] for i in 0..TURNS { a[i & 63] += a[i * 7 & 63] + i } return a[0] == 1"),
    // Of a text of 4096 bytes, a call takes 1 step and a 16th of them, and a search a 256th. The turn takes one.
    ("checksums", 258, "let x = 0 for i in 0..TURNS { x ^= crc32(t) } return x == 1"),
    ("hashes", 258, "let x = 0 for i in 0..TURNS { x ^= u8(sha256(t), 0) } return x == 1"),
    ("searches", 17, "let x = 0 for i in 0..TURNS { if not t contains \"no such thing\" { x += 1 } } return x == 1"),
];

/// What those call.
const FUNCTIONS: &str = "
fn mixed(x: Int, i: Int) -> Int { return x * 31 + (i ^ x >> 7) }
fn tree(depth: Int) -> Int {
    if depth <= 1 { return 1 }
    return tree(depth - 1) + tree(depth - 2)
}
fn nested(seed: Int) -> Int {
    let x = seed
    for a in 0..100 { x = x * 31 + a * seed }
    return x
}";

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
    Plain { text: String },
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
            Text::Plain { text } => text.as_bytes().to_vec(),
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
            (Some(kind), None, None) => Fate::Trap(trap_named(kind).unwrap_or_else(|e| panic!("{}: {e}", self.about))),
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

    /// What is wrong with the place of a trap: it is the statement or condition that `place` stands in, and no statement around that.
    fn misplaced(&self, source: &str, span: Span) -> Option<String> {
        let Some(place) = self.place.as_deref().map(str::trim) else { return Some("it traps, and says no `place`".into()) };
        let found = source.get(span.start as usize..span.end as usize).unwrap_or("(nothing)");
        let braces = |text: &str| text.matches('{').count();
        let right = found.contains(place) && braces(found) == braces(place) || place.contains(found) && !found.is_empty();
        (!right).then(|| format!("traps at `{found}` instead of `{place}`"))
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
    let text: Vec<u8> = b"the quick brown fox jumps over the lazy dog, ".iter().copied().cycle().take(4096).collect();
    let mut builder = BatchBuilder::new(scheme, RECORDS, ArenaKind::Shared).expect("room");
    for n in 0..RECORDS {
        let mut record = builder.record();
        record.set(field("n"), Value::Int(n as i64));
        record.set(field("s"), Value::Bytes(if n == ATTACKED { s } else { b"ab" }));
        record.set(field("t"), Value::Bytes(&text));
        record.finish().expect("a record");
    }
    builder.build()
}

/// Which configurations are meant.
type Which = fn(&str) -> bool;

/// Time that the processor has given to this thread.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("the kernel tells");
    Duration::from_nanos(text.split_whitespace().next().and_then(|n| n.parse().ok()).expect("a number"))
}

/// What a run takes.
fn timed(run: &mut dyn FnMut()) -> Duration {
    let start = processor_time();
    run();
    processor_time() - start
}

/// Instances with the names of their configurations.
type Instances = Vec<(String, Box<dyn Instance>)>;

fn instances(limits: &Limits, which: &dyn Fn(&str) -> bool, source: &str, scheme: &Scheme) -> Result<Instances, String> {
    let engine = Engine::new().with_limits(limits.clone());
    let linked = engine.link(engine.check(source, scheme).map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
    let instance = |backend: std::sync::Arc<dyn quintet::backend::Backend>| {
        let id = backend.id().to_string();
        let made = engine.compile_linked(&linked, &*backend).map_err(|e| format!("{id}: {e}"))?;
        Ok((id.clone(), made.instance().map_err(|e| format!("{id}: {e}"))?))
    };
    configurations().into_iter().filter(|backend| which(&backend.id().to_string())).map(instance).collect()
}

/// How long a budget takes that is used for something, by configuration.
fn normal(limits: &Limits, which: &dyn Fn(&str) -> bool, scheme: &Scheme) -> HashMap<String, Duration> {
    let records = batch(scheme, b"ab");
    let mut longest: HashMap<String, Duration> = HashMap::new();
    for (name, steps, work) in NORMAL {
        let turns = limits.steps / steps - 8;
        let source = format!(
            "{FUNCTIONS}\nfn work() -> Bool {{ {} }}\nrule r = n == 2 and work()",
            work.replace(" for", "\nfor").replace(" return", "\nreturn").replace("TURNS", &turns.to_string())
        );
        for (id, mut instance) in instances(limits, which, &source, scheme).unwrap_or_else(|e| panic!("{name}: {e}")) {
            let mut matches = Matches::new();
            let took = timed(&mut || instance.run_batch(&records, &mut matches).expect("a run"));
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

/// Limits, the configurations that they are tried on, and how long the budget normally takes on each.
struct Trial<'s> {
    limits: Limits,
    which: Which,
    normal: RefCell<HashMap<String, Duration>>,
    scheme: &'s Scheme,
}

impl Trial<'_> {
    fn new(limits: Limits, which: Which, scheme: &Scheme) -> Trial<'_> {
        Trial { normal: normal(&limits, &which, scheme).into(), limits, which, scheme }
    }

    /// The most that a hostile script may take on a configuration.
    fn most(&self, id: &str) -> Duration {
        self.normal.borrow()[id] * 5 / 4 + BEYOND
    }

    /// Measures again what the budget takes on a configuration; what it takes is the longest of all that was measured.
    fn again(&self, id: &str) {
        let measured = normal(&self.limits, &|other| other == id, self.scheme);
        let mut known = self.normal.borrow_mut();
        for (id, took) in measured {
            known.entry(id).and_modify(|known| *known = took.max(*known)).or_insert(took);
        }
    }

    /// Runs a script on all configurations. Answers how many those were; inside, what is wrong.
    fn attack(&self, script: &Script) -> Result<usize, Vec<String>> {
        let about = &script.about;
        let limits = script.limits(&self.limits);
        let source = script.source();
        let made = instances(&limits, &self.which, &source, self.scheme);
        let instances = match (made, script.fate()) {
            (Ok(instances), Fate::Trap(_) | Fate::Answer(_)) => instances,
            (Err(message), Fate::Refused(words)) if message.contains(words) => return Ok(0),
            (Ok(_), Fate::Refused(words)) => return Err(vec![format!("{about}: it is to be refused with `{words}`")]),
            (Err(message), _) => return Err(vec![format!("{about}: {message}")]),
        };
        let records = batch(self.scheme, &script.s.as_ref().map_or_else(|| b"ab".to_vec(), Text::bytes));
        let ran = instances.len();
        let mut wrong = Vec::new();
        for (id, mut instance) in instances {
            let mut matches = Matches::new();
            let mut run = || timed(&mut || instance.run_batch(&records, &mut matches).expect("a run"));
            let (mut took, mut most) = (run(), self.most(&id));
            for _ in 0..4 {
                if took > most {
                    self.again(&id);
                    (took, most) = (took.min(run()), self.most(&id));
                }
            }
            let (ms, most_ms) = (took.as_secs_f64() * 1e3, most.as_secs_f64() * 1e3);
            println!("{:>9} steps, {id:<10} {ms:>8.1} ms of {most_ms:>6.1}: {about}", limits.steps);
            let mut found = Vec::new();
            if took > most {
                found.push(format!("{ms:.1} ms, of at most {most_ms:.1}"));
            }
            found.extend(right(&matches, script.fate()).err());
            found.extend(matches.traps().first().and_then(|at| script.misplaced(&source, at.span)));
            found.extend(afterwards(&mut *instance, &records, &matches, self.scheme));
            wrong.extend(found.into_iter().map(|what| format!("{about}, {} steps, {id}: {what}", limits.steps)));
        }
        if wrong.is_empty() { Ok(ran) } else { Err(wrong) }
    }
}

/// What an instance answers otherwise than it should after an attack that came to `matches`: one record at a time, and other records.
fn afterwards(instance: &mut dyn Instance, records: &Batch, matches: &Matches, scheme: &Scheme) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut hits = RuleSet::new();
    for n in [1, ATTACKED, 4] {
        instance.run(records.record(n), &mut hits).expect("a run");
        let wanted = matches.traps().iter().filter(|t| t.record == n).map(|t| (t.rule, t.trap, t.span));
        if !hits.traps().iter().map(|t| (t.rule, t.trap, t.span)).eq(wanted)
            || (0..3).any(|rule| hits.contains(rule) != matches.get(RuleId(rule), RecordId(n)))
        {
            wrong.push(format!("record {n} alone: matches {:?}, traps {:?}", hits.iter().collect::<Vec<_>>(), hits.traps()));
        }
    }
    // The rules before and after, on records of which none is an attack's.
    let harmless = batch(scheme, b"ab");
    for (rule, wanted) in [(0, RECORDS), (2, 1)] {
        let mut again = Matches::new();
        instance.run_rule(rule, &harmless, 0..RECORDS, &mut again).expect("a run");
        if again.count(0) != wanted || !again.traps().is_empty() {
            wrong.push(format!("rule {rule} afterwards: {} matches, traps {:?}", again.count(0), again.traps()));
        }
    }
    if instance.memory_bytes() > KEPT {
        wrong.push(format!("{} bytes kept", instance.memory_bytes()));
    }
    wrong
}

#[test]
fn hostile_scripts_are_stopped() {
    let (scripts, scheme) = (scripts(), scheme());
    let (mut ran, mut wrong) = (0, Vec::new());
    let mut attack = |trial: &Trial<'_>, script: &Script| match trial.attack(script) {
        Ok(configurations) => ran += configurations,
        Err(what) => wrong.extend(what),
    };
    let small = Limits { steps: 200_000, memory_bytes: 1 << 20, calls: 50, ..Limits::default() };
    let trial = Trial::new(small, |_| true, &scheme);
    scripts.iter().for_each(|script| attack(&trial, script));
    // The default budget takes the interpreter seconds and that of LuaJIT a minute, so there it is smaller.
    let fewer = Limits { steps: 1 << 20, memory_bytes: 1 << 20, ..Limits::default() };
    let walks: Which = |id| matches!(id, "interp" | "lua-nojit");
    let generates: Which = |id| !matches!(id, "interp" | "lua-nojit");
    for trial in [Trial::new(Limits::default(), generates, &scheme), Trial::new(fewer, walks, &scheme)] {
        scripts.iter().filter(|script| script.defaults).for_each(|script| attack(&trial, script));
    }
    println!("{} scripts, {ran} runs", scripts.len());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
