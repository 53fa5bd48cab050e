//! Other engines answer as Quintet does, or refuse the workload and say why.

use std::collections::BTreeSet;
use std::io::Cursor;
use std::path::Path;
use std::time::Duration;

use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Matches, Program, RecordId, RuleId, RuleSet, Scheme, Value, backends};
use quintet_bench::{Effort, Lineup, Loaded, PassRows, Workload, names, part, shipped, verify_lineup};
use quintet_inputs::{Format, Reader, ReaderOptions};
use quintet_peers::{Task, peers};

fn loaded(name: &str) -> Loaded {
    Loaded::new(shipped(name).unwrap()).unwrap()
}

/// The rules as they are before any pass.
fn checked(loaded: &Loaded) -> Program {
    loaded.engine.check(&loaded.workload.rules, loaded.linked.scheme()).unwrap()
}

fn task<'t>(loaded: &'t Loaded, program: &'t Program) -> Task<'t> {
    Task { workload: &loaded.workload.name, program, batches: &loaded.batches }
}

/// The peers that express each shipped workload.
const EXPRESSED: &[(&str, &[&str])] = &[
    ("arrays-and-maps", &["native"]),
    ("edge-filter", &["native", "lua-script", "wirefilter", "cel", "rhai"]),
    ("header-logic", &["native", "lua-script", "cel", "rhai"]),
    ("large-sets", &["native", "wirefilter"]),
    ("one-comparison", &["native", "lua-script", "wirefilter", "cel", "rhai"]),
    ("payload-search", &["native", "lua-script", "wirefilter"]),
    ("small-sets", &["native", "lua-script", "wirefilter", "cel", "rhai"]),
    ("waf-pack", &["native"]),
    ("wirefilter-bench", &["native", "lua-script", "wirefilter", "cel", "rhai"]),
];

#[test]
fn which_peers_express_which_workloads() {
    let mut found = Vec::new();
    for name in names() {
        let loaded = loaded(&name);
        let program = checked(&loaded);
        println!("{name}: {:#018x}", program.fingerprint());
        let mut expressed = Vec::new();
        for peer in peers() {
            match peer.prepare(task(&loaded, &program)) {
                Ok(_) => expressed.push(peer.id()),
                Err(reason) => {
                    println!("  {:<10} no: {reason}", peer.id());
                    assert!(reason.len() > 10 && !reason.contains('\n'), "{name}, {}: a reason is one sentence: {reason}", peer.id());
                }
            }
        }
        println!("  yes: {expressed:?}");
        found.push((name, expressed));
    }
    let pinned: Vec<(String, Vec<&str>)> = EXPRESSED.iter().map(|(name, peers)| ((*name).to_owned(), peers.to_vec())).collect();
    assert_eq!(found, pinned);
}

#[test]
fn peers_answer_as_the_interpreter_does() {
    let interpreter = backends().remove(0);
    assert_eq!(interpreter.id().to_string(), "interp");
    for name in names() {
        let loaded = loaded(&name);
        let rules = loaded.engine.compile_linked(&loaded.linked, &*interpreter).unwrap();
        let mut instance = rules.instance().unwrap();
        let mut expected = Vec::new();
        for batch in &loaded.batches {
            let mut matches = Matches::new();
            instance.run_batch(batch, &mut matches).unwrap();
            assert!(matches.traps().is_empty(), "{name}");
            expected.push(matches);
        }
        let program = checked(&loaded);
        let total: usize = expected.iter().map(|m| (0..m.rules()).map(|r| m.count(r)).sum::<usize>()).sum();
        for peer in peers() {
            let Ok(mut prepared) = peer.prepare(task(&loaded, &program)) else { continue };
            if let Some(compiled) = prepared.compile() {
                compiled.unwrap_or_else(|e| panic!("{name}, {}: {e}", peer.id()));
            }
            let mut hits = RuleSet::new();
            let mut first = 0;
            for (batch, matches) in loaded.batches.iter().zip(&expected) {
                for record in 0..batch.len() {
                    prepared.run(first + record, &mut hits).unwrap_or_else(|e| panic!("{name}, {}, record {record}: {e}", peer.id()));
                    for (number, rule) in rules.program().rules.iter().enumerate() {
                        let at = || format!("{name}, {}, record {}, rule `{}`", peer.id(), first + record, rule.name);
                        assert_eq!(hits.contains(number), matches.get(RuleId(number), RecordId(record)), "{}", at());
                    }
                }
                first += batch.len();
            }
            assert_eq!(prepared.run_all().unwrap(), total as u64, "{name}, {}", peer.id());
        }
    }
}

#[test]
fn rules_that_changed_are_not_what_was_written_by_hand() {
    let mut workload = shipped("small-sets").unwrap();
    workload.rules = workload.rules.replace("8888", "8889");
    workload.expected.clear();
    let loaded = Loaded::new(workload).unwrap();
    let program = checked(&loaded);
    for peer in peers().iter().filter(|p| ["native", "lua-script"].contains(&p.id())) {
        let reason = peer.prepare(task(&loaded, &program)).err().expect("it must refuse");
        assert!(reason.contains("fingerprint"), "{}: {reason}", peer.id());
    }
}

/// A line of the peer's measurements: a filter of Quintet's language, a record with its fields, and the verified answer.
struct Measured {
    expression: String,
    batch: Batch,
    result: bool,
}

/// The lines of `../shared/peers/wirefilter_main.jsonl`, if it is there.
fn measured(scheme_text: &str) -> Option<Vec<Measured>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/peers/wirefilter_main.jsonl");
    let Ok(text) = std::fs::read(&path) else {
        println!("skipped: {} is not there", path.display());
        return None;
    };
    let engine = Engine::new();
    let scheme = Scheme::from_toml(scheme_text, engine.library().signatures()).unwrap();
    // A line is the record inside a member `record`, beside the filter and the result.
    let lines = scheme_text.replace("\n\"", "\n\"record.") + "\"expr\" = \"Bytes\"\n\"result\" = \"Bool\"\n";
    let lines = Scheme::from_toml(&lines, []).unwrap();
    let id = |name: &str| lines.field_id(name).unwrap();
    let mut reader = Reader::new(Cursor::new(text), Format::JsonLines, &lines, &ReaderOptions::default()).unwrap();
    let mut measured = Vec::new();
    while let Some(batch) = reader.next_batch(None).unwrap() {
        for line in batch.iter() {
            let (Value::Bytes(expression), Value::Bool(result)) = (line.value(id("expr")), line.value(id("result"))) else {
                panic!("line {} has no filter or no result", line.index() + 1);
            };
            let expression =
                String::from_utf8(expression.to_vec()).unwrap().replace("lowercase(", "lower(").replace("uppercase(", "upper(");
            let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain).unwrap();
            let mut record = builder.record();
            for field in scheme.fields() {
                record.set(scheme.field_id(&field.name).unwrap(), line.value(id(&format!("record.{}", field.name))));
            }
            record.finish().unwrap();
            measured.push(Measured { expression, batch: builder.build(), result });
        }
    }
    assert_eq!(reader.stats().malformed_total(), 0, "{:?}", reader.stats().faults);
    Some(measured)
}

#[test]
fn the_filters_of_wirefilter_bench_answer_as_wirefilter_does() {
    let workload = shipped("wirefilter-bench").unwrap();
    let Some(lines) = measured(workload.scheme.as_deref().unwrap()) else { return };
    assert!(lines.len() > 50, "{} lines", lines.len());
    let engine = Engine::new();
    let loaded = loaded("wirefilter-bench");
    let texts = |program: &Program| program.rules.iter().map(|rule| program.rule_text(rule).to_string()).collect::<BTreeSet<_>>();
    let shipped = texts(&checked(&loaded));
    let mut seen = BTreeSet::new();
    for (number, line) in lines.iter().enumerate() {
        seen.extend(texts(&engine.check(&line.expression, line.batch.scheme()).unwrap()));
        for backend in backends() {
            let rules = engine.compile(&line.expression, line.batch.scheme(), &backend.id().to_string()).unwrap();
            let mut hits = RuleSet::new();
            rules.instance().unwrap().run(line.batch.record(0), &mut hits).unwrap();
            assert_eq!(hits.contains(0), line.result, "line {}, {}: {}", number + 1, backend.id(), line.expression);
        }
    }
    assert_eq!(seen, shipped, "the workload's rules are the filters that were measured");
}

/// Rules where engines like to differ: nil, address families, signs, folding, ends of texts and sets.
const AWKWARD: &[&str] = &[
    "s != \"a\"",
    "not s == \"a\"",
    "not (s contains \"a\")",
    "i != 3",
    "not i > 3",
    "b",
    "not b",
    "b == false",
    "b != true",
    "ip > 10.0.0.9",
    "ip <= ::ffff",
    "ip != 10.0.0.1",
    "not ip in {10.0.0.0/8 ::/16}",
    "ip in {0.0.0.0..255.255.255.255}",
    "i in {-5..3 7 100000}",
    "i & 1",
    "not i & 1",
    "i & 6",
    "i + 1 > 3",
    "i - m < 0",
    "i == m",
    "s == t",
    "s < \"b\"",
    "s >= \"\\xc3\\xa9\"",
    "s in {\"\" \"A.B\" \"\\\"q\\\\\"}",
    "s == \"\\\"q\\\\\"",
    "s contains \"\"",
    "s contains \"\\\\\"",
    "s matches \"^[^.]+$\"",
    "s matches \"(?i)a.b\"",
    "s wildcard \"a*\"",
    "s wildcard \"*.b\"",
    "s strict wildcard \"A*\"",
    "s wildcard \"\"",
    "lower(s) == \"a.b\"",
    "lower(s) != \"a.b\"",
    "upper(s) == \"a.b\"",
    "lower(s) contains \"a\"",
    "s[0:1] == \"A\"",
    "s[1:3] != \".B\"",
    "any(a[*] == 2)",
    "all(a[*] > 1)",
    "not any(a[*] in {2 3})",
    "a[1] == 2",
    "a[1] != 2",
    "any(l[*] == \"x\") xor b xor i == 3",
    "any(lower(l[*])[*] == \"x\")",
    "all(not l[*] matches \"x\")",
    "any(a[*] == 2 and l[*] == \"X\")",
    "h[\"k\"] == \"v\"",
    "not h[\"k\"] == \"v\"",
    "i == 3 or s == \"a\" and b xor m > 0",
    "i > 9223372036854775806",
    "len(s) == 3",
    "len(t) > 1",
    "len(lower(s)) < 2",
    "not len(s) == 0",
    "len(a) == 0",
    "len(a) >= 2 and len(l) != 1",
    "s matches \"\\\"q\"",
    "t matches \"[\\\"x]\"",
    "any(len(l[*])[*] == 1)",
    "len(h[\"k\"]) == 0",
    "starts_with(s, \"a\")",
    "not starts_with(s, \"A.\")",
    "ends_with(s, \"b\\x0a\")",
    "ends_with(t, \"é\")",
    "starts_with(lower(s), \"a\") or ends_with(t, \"\")",
    "upper(s) contains \"X\"",
    "lower(l[0]) contains \"x\"",
];

#[test]
fn awkward_rules_are_answered_alike_or_refused() {
    let scheme = r#"[fields]
m = "Int"
t = "Bytes"
i = { type = "Int", optional = true }
s = { type = "Bytes", optional = true }
b = { type = "Bool", optional = true }
ip = { type = "Ip", optional = true }
a = { type = "Array<Int>", optional = true }
l = { type = "Array<Bytes>", optional = true }
h = { type = "Map<Bytes>", optional = true }
"#;
    let records = r#"{"m": 1, "t": "a"}
{"m": 3, "t": "a", "s": "a", "i": 3, "b": true, "ip": "10.0.0.1", "a": [2], "l": ["x"], "h": {"k": "v"}}
{"m": -7, "t": "", "s": "A.B", "i": -5, "b": false, "ip": "::1", "a": [], "l": [], "h": {}}
{"m": 0, "t": "é", "s": "é", "i": 0, "ip": "255.255.255.255", "a": [1, 2, 3], "l": ["y", "X"], "h": {"K": "v", "k": "V"}}
{"m": 0, "t": "é\nb", "s": "axb\n", "i": 7, "b": true, "ip": "::ffff:10.0.0.1", "a": [3, 1], "l": ["x", "X", "y"]}
{"m": 0, "t": "\"q\\", "s": "\"q\\", "i": 100000, "b": false, "ip": "10.0.0.10", "h": {"k": ""}}
{"m": 2, "t": "", "s": "", "i": -1, "l": ["z"]}
"#;
    let mut accepted: Vec<(&str, usize)> = Vec::new();
    for rule in AWKWARD {
        let loaded = Loaded::new(Workload {
            name: "awkward".into(),
            rules: (*rule).into(),
            rules_path: "awkward.rules".into(),
            input: records.as_bytes().into(),
            input_path: "awkward.jsonl".into(),
            format: Some("jsonl".into()),
            scheme: Some(scheme.into()),
            ..Workload::default()
        })
        .unwrap_or_else(|e| panic!("{rule}: {e}"));
        assert_eq!(loaded.records(), 7, "{rule}");
        let program = checked(&loaded);
        let mut matches = Matches::new();
        let rules = loaded.engine.compile_linked(&loaded.linked, &*backends().remove(0)).unwrap();
        rules.instance().unwrap().run_batch(&loaded.batches[0], &mut matches).unwrap();
        for peer in peers().iter().filter(|p| !["native", "lua-script"].contains(&p.id())) {
            match peer.prepare(task(&loaded, &program)) {
                Ok(mut prepared) => {
                    match accepted.iter_mut().find(|(id, _)| *id == peer.id()) {
                        Some((_, count)) => *count += 1,
                        None => accepted.push((peer.id(), 1)),
                    }
                    let mut hits = RuleSet::new();
                    for record in 0..loaded.records() {
                        prepared.run(record, &mut hits).unwrap_or_else(|e| panic!("{}: {rule}: {e}", peer.id()));
                        assert_eq!(hits.contains(0), matches.get(RuleId(0), RecordId(record)), "{}: {rule}: record {record}", peer.id());
                    }
                }
                Err(reason) => println!("{:<10} refuses {rule}: {reason}", peer.id()),
            }
        }
    }
    assert_eq!(accepted, [("wirefilter", 56), ("cel", 65), ("rhai", 68)], "how many of {} rules each engine expresses", AWKWARD.len());
}

/// The rules of each shipped workload that engines run which do not run all: how many, and who.
const PARTS: &[(&str, usize, &str)] = &[
    ("arrays-and-maps", 7, "rhai and wirefilter run"),
    ("header-logic", 11, "wirefilter runs"),
    ("waf-pack", 54, "wirefilter and rhai run"),
];

#[test]
fn parts_hold_the_rules_that_engines_run_which_do_not_run_all() {
    // Who is too slow to be measured depends on the machine; with an hour for each workload nobody is.
    let patient = Effort { time: Duration::from_secs(3600), ..Effort::FULL };
    let mut found = Vec::new();
    for name in names() {
        let whole = loaded(&name);
        // cel compiles patterns at each evaluation, which takes long here.
        let others = peers().into_iter().filter(|p| p.id() != "cel").collect();
        let lineup = Lineup { backends: backends(), passes: PassRows::On, peers: others };
        let Some(part) = part(&whole, &lineup, &patient) else { continue };
        let part = Loaded::new(part).unwrap();
        let (few, all) = (part.linked.program().rules.len(), whole.linked.program().rules.len());
        assert!(few < all && part.records() == whole.records(), "{name}: {few} of {all} rules");
        let verified = verify_lineup(&part, &lineup).unwrap();
        let who = part.workload.name.strip_prefix(&format!("{name} (rules that ")).and_then(|w| w.strip_suffix(")")).unwrap().to_owned();
        for engine in ["wirefilter", "cel", "rhai"].into_iter().filter(|e| who.contains(e)) {
            assert!(verified.absent.iter().all(|a| a.id != engine), "{name}: {engine} is to run the part: {:?}", verified.absent);
        }
        found.push((name, few, who));
    }
    let pinned: Vec<(String, usize, String)> = PARTS.iter().map(|(name, few, who)| ((*name).to_owned(), *few, (*who).to_owned())).collect();
    assert_eq!(found, pinned);
}

#[test]
fn an_engine_that_would_take_the_time_of_the_others_takes_no_part() {
    let whole = loaded("arrays-and-maps");
    let lineup = Lineup { backends: backends(), passes: PassRows::On, peers: peers() };
    let hasty = Effort { time: Duration::from_nanos(1), ..Effort::FULL };
    assert!(part(&whole, &lineup, &hasty).is_none());
    let patient = Effort { time: Duration::from_secs(3600), ..Effort::FULL };
    let mut part = part(&whole, &lineup, &patient).unwrap();
    part.without.push(("rhai".into(), "too slow today".into()));
    let verified = verify_lineup(&Loaded::new(part).unwrap(), &lineup).unwrap();
    assert!(verified.absent.iter().any(|a| a.id == "rhai" && a.reason == "too slow today"), "{:?}", verified.absent);
}
