//! Scripts on all configurations. What a rule must answer stands in its name: `yes_...` matches every record, `no_...` none, `trap_KIND_...`
//! traps on all of them; whatever else a rule is called, it must answer on each configuration what it answers on the first.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use quintet::lang::ast::Span;
use quintet::{Batch, BatchBuilder, Engine, Library, Limits, Lists, Matches, Passes, RuleSet, Scheme, Trap, Type, Value, configurations};
use quintet_testing::trap_named;

fn scheme() -> Scheme {
    Scheme::builder()
        .mandatory("s", Type::Bytes)
        .optional("n", Type::Int)
        .mandatory("f", Type::Float)
        .optional("o", Type::Bytes)
        .mandatory("ints", Type::array(Type::Int))
        .mandatory("map", Type::map(Type::Int))
        .optional("ip", Type::Ip)
        .mandatory("flag", Type::Bool)
        .functions(Library::standard().signatures())
        .build()
        .expect("a scheme")
}

fn records(scheme: &Scheme) -> Batch {
    let mut builder = BatchBuilder::new(scheme, 1 << 7, quintet::ArenaKind::Plain).expect("room");
    let long: Vec<u8> = (0..3000u32).map(|i| (i * 7 % 251) as u8).collect();
    let texts: [&[u8]; 8] = [b"", b"a", b"/aaa9", b"(())()", b"MZ\x90\x00\x03\x00\x00\x00", &[0xff; 40], b"GET /index.html", &long];
    for (i, text) in texts.iter().cycle().take(24).enumerate() {
        let ints: Vec<Value<'_>> = (0..i % 5).map(|k| Value::Int(k as i64 * 3 - 4)).collect();
        let map = [(&b"a"[..], Value::Int(i as i64)), (&b"k"[..], Value::Int(-1))];
        let mut record = builder.record();
        let field = |name: &str| scheme.field_id(name).expect("a field");
        record.set(field("s"), Value::Bytes(text));
        record.set(field("f"), Value::Float(i as f64 / 3.0 - 5.0));
        record.set(field("ints"), Value::Array(quintet::ArrayRef::Built(&ints)));
        record.set(field("map"), Value::Map(quintet::MapRef::Built(&map[..i % 3])));
        record.set(field("flag"), Value::Bool(i % 2 == 0));
        if i % 3 != 0 {
            record.set(field("n"), Value::Int(i as i64 - 10));
        }
        if i % 4 == 1 {
            record.set(field("o"), Value::Bytes(&text[..text.len() / 2]));
        }
        if i % 5 != 2 {
            let ip = if i % 2 == 0 { "10.0.0.1" } else { "2001:db8::7" };
            record.set(field("ip"), Value::Ip(ip.parse().expect("an address")));
        }
        record.finish().expect("a record");
    }
    builder.build()
}

/// What rules answer: the records that each matches, and the traps.
type Answers = (Vec<Vec<usize>>, Vec<(usize, usize, Trap, Span)>);

fn answers(matches: &Matches, rules: usize) -> Answers {
    let hits = (0..rules).map(|rule| matches.records_of(rule).collect()).collect();
    (hits, matches.traps().iter().map(|t| (t.rule, t.record, t.trap, t.span)).collect())
}

fn expected(name: &str, hits: &[usize], traps: &[Trap], records: usize) -> Result<(), String> {
    let all = hits.len() == records;
    match name.split('_').collect::<Vec<_>>().as_slice() {
        ["yes", ..] if !all || !traps.is_empty() => Err(format!("matches {} of {records}, traps {traps:?}", hits.len())),
        ["no", ..] if !hits.is_empty() || !traps.is_empty() => Err(format!("matches {hits:?}, traps {traps:?}")),
        ["trap", kind, ..] => {
            let wanted = trap_named(kind)?;
            if traps.len() == records && traps.iter().all(|t| *t == wanted) { Ok(()) } else { Err(format!("traps {traps:?}")) }
        }
        _ => Ok(()),
    }
}

/// What running scripts on all configurations came to.
#[derive(Default)]
struct Found {
    wrong: Vec<String>,
    ran: usize,
    refused: usize,
}

impl Found {
    fn add(&mut self, other: Found) {
        self.wrong.extend(other.wrong);
        self.ran += other.ran;
        self.refused += other.refused;
    }
}

#[test]
fn scripts_answer_alike_on_all_configurations() {
    let scheme = scheme();
    let batch = records(&scheme);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let mut paths: Vec<_> = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    assert!(paths.len() >= 5);
    let next = AtomicUsize::new(0);
    let take = || {
        let mut found = Found::default();
        while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
            found.add(on_all_configurations(path, &scheme, &batch));
        }
        found
    };
    let mut found = Found::default();
    std::thread::scope(|scope| {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(take)).collect();
        running.into_iter().for_each(|thread| found.add(thread.join().expect("the scripts of a thread")));
    });
    println!("{} scripts, {} runs, {} refused", paths.len(), found.ran, found.refused);
    assert!(found.wrong.is_empty(), "{}", found.wrong.join("\n"));
}

fn on_all_configurations(path: &Path, scheme: &Scheme, batch: &Batch) -> Found {
    let limits = Limits { memory_bytes: 1 << 18, steps: 100_000, ..Limits::default() };
    let Found { mut wrong, mut ran, mut refused } = Found::default();
    let text = std::fs::read_to_string(path).expect("a script");
    let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    for passes in [Passes::default(), Passes::none()] {
        let engine = Engine::new().with_library(Library::standard()).with_limits(limits.clone()).with_passes(passes);
        let program = engine.check(&text, scheme).unwrap_or_else(|e| panic!("{file}: {e}"));
        // What is printed means the same, and so does the JSON.
        let printed = program.to_string();
        let again = engine.check(&printed, scheme).unwrap_or_else(|e| panic!("{file} printed:\n{printed}\n{e}"));
        let back = quintet_lang::Program::from_json(&program.to_json(), scheme).unwrap_or_else(|e| panic!("{file} as JSON: {e}"));
        let mut first: Option<Answers> = None;
        for (which, program) in [("written", &program), ("printed", &again), ("JSON", &back)] {
            let names: Vec<String> = program.rules.iter().map(|r| r.name.clone()).collect();
            let linked = engine.link(engine.optimise(program)).unwrap_or_else(|e| panic!("{file}: {e}"));
            for backend in configurations() {
                if which != "written" && backend.id().to_string() != "interp" {
                    continue;
                }
                if backend.supports(&linked).is_err() {
                    refused += 1;
                    continue;
                }
                let compiled = match backend.compile(&linked) {
                    Ok(compiled) => compiled,
                    // A documented bound: frames of generated code are as large as their functions.
                    Err(e) if e.to_string().contains("bytes of stack") => {
                        refused += 1;
                        continue;
                    }
                    Err(e) => panic!("{file}: {e}"),
                };
                let mut instance = compiled.instantiate(&limits).expect("an instance");
                let mut matches = Matches::new();
                instance.run_batch(batch, &mut matches).expect("a run");
                let found = answers(&matches, names.len());
                let mut single: Answers = (vec![Vec::new(); names.len()], Vec::new());
                let mut hits = RuleSet::new();
                for record in batch.iter() {
                    instance.run(record, &mut hits).expect("a run");
                    hits.iter().for_each(|rule| single.0[rule].push(record.index()));
                    single.1.extend(hits.traps().iter().map(|it| (it.rule, record.index(), it.trap, it.span)));
                }
                ran += 1;
                let id = backend.id();
                if single != found {
                    wrong.push(format!("{file} ({which}): {id} answers one by one otherwise than in a batch"));
                }
                for (rule, name) in names.iter().enumerate() {
                    let traps: Vec<Trap> = found.1.iter().filter(|t| t.0 == rule).map(|t| t.2).collect();
                    if let Err(what) = expected(name, &found.0[rule], &traps, batch.len()) {
                        wrong.push(format!("{file} ({which}): {id}: `{name}` {what}"));
                    }
                    let Some(first) = &first else { continue };
                    let theirs: Vec<Trap> = first.1.iter().filter(|t| t.0 == rule).map(|t| t.2).collect();
                    if first.0[rule] != found.0[rule] || theirs != traps {
                        wrong.push(format!(
                            "{file} ({which}): `{name}`: {id} matches {:?} and traps {traps:?}, the first configuration {:?} and {theirs:?}",
                            found.0[rule], first.0[rule]
                        ));
                    }
                }
                first.get_or_insert(found);
            }
        }
    }
    Found { wrong, ran, refused }
}

/// Programs are linked against lists too; none of these scripts has any.
#[test]
fn a_script_needs_no_lists() {
    let scheme = scheme();
    let engine = Engine::new().with_library(Library::standard()).with_lists(Lists::new());
    let program = engine.check("fn f(s: Bytes) -> Int { return len(s) }\nrule r = f(s) > 2", &scheme).expect("a program");
    let linked: Arc<quintet::backend::Linked> = engine.link(program).expect("a linked program");
    assert_eq!(linked.program().functions.len(), 1);
}
