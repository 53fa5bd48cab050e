//! What rules have in common is found out before they run: the answers are those of the rules as they are written, on every configuration.

use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Limits, Matches, Passes, Scheme, Trap, Type, configurations};

#[test]
fn random_rules_answer_the_same_where_calls_and_look_ups_are_shared() {
    let found = quintet_testing::lifts(&configurations(), 600);
    println!("{found:?}");
    assert!(found.programs > 100 && found.traps > 100, "{found:?}");
}

fn scheme(engine: &Engine) -> Scheme {
    Scheme::builder()
        .mandatory("path", Type::Bytes)
        .optional("agent", Type::Bytes)
        .optional("headers", Type::map(Type::array(Type::Bytes)))
        .functions(engine.library().signatures())
        .build()
        .unwrap()
}

const PATHS: [&str; 7] = ["", "/A", "/ab/Cd%20%41", "%zz", "/ABCDEFGHIJKLMNOPQRSTUVWXYZ", "/a%2Fb%2fc", "/plain"];

/// A path of 101 steps to decode.
const LONG: [&str; 2] = [
    "/short",
    match str::from_utf8(&[b'X'; 1600]) {
        Ok(text) => text,
        Err(_) => "",
    },
];

fn records(scheme: &Scheme, paths: &[&str], kind: ArenaKind) -> Batch {
    let [path, agent, headers] = ["path", "agent", "headers"].map(|name| scheme.field_id(name).unwrap());
    let mut builder = BatchBuilder::new(scheme, 70, kind).unwrap();
    for i in 0..70 {
        let mut record = builder.record();
        record.bytes(path, paths[i % paths.len()].as_bytes());
        if i % 3 > 0 {
            record.bytes(agent, &b"Mozilla/5.0"[i % 5..]);
        }
        if i % 4 > 0 {
            record.bytes_arrays(headers, &[(&b"accept"[..], PATHS[i % 5].as_bytes()), (b"cookie", b"a=1")][..i % 3]);
        }
        record.finish().unwrap();
    }
    builder.build()
}

/// Runs rules both ways on every configuration. Answers the matches and what was lifted.
fn agree(engine: &Engine, source: &str, paths: &[&str]) -> (Matches, String) {
    let scheme = scheme(engine);
    let lifts = engine.lifts(&engine.link(engine.check(source, &scheme).unwrap()).unwrap());
    let mut wanted = None;
    for backend in configurations() {
        let id = backend.id().to_string();
        let lifted = engine.compile_lifted(source, &scheme, &id).unwrap().unwrap_or_else(|| panic!("nothing is lifted of {source}"));
        let written = engine.compile(source, lifted.scheme(), &id).unwrap();
        for kind in [ArenaKind::Shared, ArenaKind::Plain] {
            let mut batch = records(lifted.scheme(), paths, kind);
            let (mut expected, mut found) = (Matches::new(), Matches::new());
            written.instance().unwrap().run_batch(&batch, &mut expected).unwrap();
            lifted.instance().unwrap().run_batch(&mut batch, &mut found).unwrap();
            assert_eq!(found, expected, "{id}, {kind:?}, {:?}: {source}", engine.limits());
            assert_eq!(*wanted.get_or_insert_with(|| expected.clone()), expected, "{id}");
        }
    }
    (wanted.unwrap(), lifts.to_string())
}

#[test]
fn what_is_shared_is_counted_as_it_is_written() {
    let source = "rule twice = len(lower(path)) + len(lower(path)) > 4\n\
        rule folded = lower(path) > \"/ab\"\n\
        rule decoded = url_decode(path) contains \"A\"\n\
        rule plain = not url_decode(path) contains \"b\"\n\
        rule agent = lower(agent) == lower(path) or len(lower(agent)) > 3\n";
    let mut trapped = [0, 0];
    for steps in 0..40 {
        let (matches, _) = agree(&Engine::new().with_limits(Limits { steps, ..Limits::default() }), source, &PATHS);
        trapped[0] += matches.traps().iter().filter(|it| it.trap == Trap::Budget).count();
    }
    for memory_bytes in 0..60 {
        let (matches, _) = agree(&Engine::new().with_limits(Limits { memory_bytes, ..Limits::default() }), source, &PATHS);
        trapped[1] += matches.traps().iter().filter(|it| it.trap == Trap::Memory).count();
    }
    assert!(trapped.iter().all(|count| *count > 500), "{trapped:?}");
    let (matches, lifts) = agree(&Engine::new(), source, &PATHS);
    assert!((0..matches.rules()).all(|rule| (1..70).contains(&matches.count(rule))), "{matches:?}");
    assert_eq!(
        lifts,
        "lifted lower(path): record by record, for 2 rules and all that need it besides\n\
         lifted url_decode(path, \"\"): record by record, for 2 rules and all that need it besides\n"
    );
}

#[test]
fn a_rule_that_reads_the_same_often_takes_as_many_steps_as_it_is_written_with() {
    let sum = vec!["len(url_decode(path))"; 20].join(" + ");
    let source = format!("rule sum = {sum} > 200\nrule decoded = url_decode(path) > \"/ab\"\n");
    let mut trapped = 0;
    for steps in (1_000..6_000).step_by(100) {
        let (matches, _) = agree(&Engine::new().with_limits(Limits { steps, ..Limits::default() }), &source, &LONG);
        trapped += usize::from(!matches.traps().is_empty());
    }
    assert!((5..45).contains(&trapped), "{trapped}");
}

#[test]
fn what_stands_under_a_key_is_looked_up_once() {
    let source = "rule short = len(headers[\"accept\"][0]) < 3\n\
        rule long = len(headers[\"accept\"][0]) > 9\n\
        rule same = headers[\"accept\"][0] == path\n\
        rule decoded = url_decode(headers[\"accept\"][0]) contains \"A\"\n\
        rule none = not any(headers[\"accept\"][*] contains \"a\")\n\
        rule second = path contains \"/\" and len(headers[\"accept\"][0]) > 0\n\
        rule cookie = len(headers[\"cookie\"]) > 0\n";
    // As many as it pays for.
    let lengths: String = (0..32).map(|n| format!("rule length{n} = len(headers[\"accept\"][0]) == {n}\n")).collect();
    let source = &format!("{source}{lengths}");
    let (matches, lifts) = agree(&Engine::new(), source, &PATHS);
    assert!((0..7).all(|rule| (1..70).contains(&matches.count(rule))), "{matches:?}");
    assert_eq!(lifts, "lifted headers[\"accept\"][0]: record by record, for 37 rules and all that need it besides\n");
    let off = Engine::new().with_passes(Passes { share: false, ..Passes::default() });
    assert!(off.compile_lifted(source, &scheme(&off), "interp").unwrap().is_none());
}
