//! Named lists through the facade, on every configuration of every backend: unknown names are errors, and lists are replaced under compiled
//! rules, also while other threads run them.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use quintet::{
    ArenaKind, Batch, BatchBuilder, Engine, Instance, List, ListText, Matches, RecordId, RuleId, RuleSet, Scheme, Type, configurations,
};

const SOURCE: &str = "rule port = port in $chosen\nrule ip = ip in $chosen\nrule name = name in $chosen\nrule empty = port in $later";

fn scheme(engine: &Engine) -> Scheme {
    [Type::Int, Type::Ip, Type::Bytes]
        .into_iter()
        .fold(Scheme::builder(), |builder, ty| builder.lists(ty))
        .mandatory("port", Type::Int)
        .mandatory("ip", Type::Ip)
        .optional("name", Type::Bytes)
        .functions(engine.library().signatures())
        .build()
        .expect("a scheme")
}

/// Records of which the first has what the first contents list, the second what the second, and the third has no name.
fn batch(scheme: &Scheme) -> Batch {
    let id = |name: &str| scheme.field_id(name).expect("a field");
    let mut builder = BatchBuilder::new(scheme, 3, ArenaKind::Shared).expect("a builder");
    for (port, ip, name) in [(80, "10.0.0.1", Some("a")), (443, "::1", Some("b")), (0, "8.8.8.8", None)] {
        let mut record = builder.record();
        record.int(id("port"), port);
        record.ip(id("ip"), ip.parse().expect("an address"));
        if let Some(name) = name {
            record.bytes(id("name"), name.as_bytes());
        }
        record.finish().expect("a record");
    }
    builder.build()
}

fn contents(text: [&str; 3]) -> [List; 3] {
    let types = [Type::Int, Type::Ip, Type::Bytes];
    std::array::from_fn(|i| List::parse(Path::new("l"), text[i].as_bytes(), &types[i]).expect("a list"))
}

fn replace(engine: &Engine, contents: &[List; 3]) {
    for list in contents {
        engine.lists().replace("chosen", list.clone()).expect("a list");
    }
}

/// Which of the three records each of the three lists holds, in a batch and alone, which must be the same.
fn answers(instance: &mut dyn Instance, batch: &Batch) -> [Vec<usize>; 3] {
    let (mut matches, mut hits) = (Matches::new(), RuleSet::new());
    instance.run_batch(batch, &mut matches).expect("a run");
    let found = std::array::from_fn(|rule| matches.records_of(rule).collect::<Vec<_>>());
    for (i, record) in batch.iter().enumerate() {
        instance.run(record, &mut hits).expect("a run");
        assert!((0..3).all(|rule| hits.contains(rule) == found[rule].contains(&i)));
        assert!(!hits.contains(3), "a list that was never filled holds nothing");
    }
    found
}

#[test]
fn lists_are_replaced_under_compiled_rules() {
    let first = contents(["80", "10.0.0.0/8", "a"]);
    let second = contents(["400..500", "::1", "b"]);
    let both = contents(["80\n443", "10.0.0.1\n::1", "a\nb"]);
    for backend in configurations() {
        let id = backend.id();
        let engine = Engine::new();
        let scheme = scheme(&engine);
        engine.lists().declare("later", Type::Int).expect("a name");
        replace(&engine, &first);
        let rules = engine.compile(SOURCE, &scheme, &id.to_string()).expect("rules");
        let batch = batch(&scheme);
        let mut instance = rules.instance().expect("an instance");
        assert_eq!(answers(&mut *instance, &batch), [[0], [0], [0]], "{id}");
        replace(&engine, &second);
        assert_eq!(answers(&mut *instance, &batch), [[1], [1], [1]], "{id}");
        replace(&engine, &both);
        assert_eq!(answers(&mut *instance, &batch), [[0, 1], [0, 1], [0, 1]], "{id}");

        // Another thread replaces while this one runs: every answer is by one of the contents, and the last replacement is seen.
        let done = AtomicBool::new(false);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                for i in 0..400 {
                    replace(&engine, if i % 2 == 0 { &first } else { &both });
                }
                done.store(true, Ordering::Release);
            });
            let mut matches = Matches::new();
            while !done.load(Ordering::Acquire) {
                instance.run_batch(&batch, &mut matches).expect("a run");
                for rule in 0..3 {
                    assert!(
                        matches.get(RuleId(rule), RecordId(0)) && !matches.get(RuleId(rule), RecordId(2)),
                        "{id}: both contents hold record 0 and none holds record 2"
                    );
                }
            }
        });
        assert_eq!(answers(&mut *instance, &batch), [[0, 1], [0, 1], [0, 1]], "{id}");
    }
}

#[test]
fn lists_that_there_are_not_are_errors_at_their_places() {
    let engine = Engine::new();
    let scheme = scheme(&engine);
    engine.lists().declare("ports", Type::Int).expect("a name");
    engine.lists().declare("blocked", Type::Ip).expect("a name");
    let source = "rule a = port in $prots\nrule b = ip in $ports\nrule c = name in $nowhere or port in $ports\nrule d = not ip in $block";
    let found = engine.check(source, &scheme).expect_err("three lists are missing");
    let told: Vec<(&str, usize, usize, &str)> = found
        .iter()
        .map(|d| {
            let at = found.position(d.span.start);
            (d.code, at.line, at.column, &source[d.span.start as usize..d.span.end as usize])
        })
        .collect();
    assert_eq!(
        told,
        [
            ("unknown-list", 1, 18, "$prots"),
            ("list-type", 2, 16, "$ports"),
            ("unknown-list", 3, 18, "$nowhere"),
            ("unknown-list", 4, 20, "$block")
        ]
    );
    let text = found.to_string();
    for says in [
        "there is no list `$prots`",
        "did you mean `$ports`?",
        "`$ports` is a list of Int, but the value is Ip",
        "`--list nowhere=FILE` on the command line",
        "did you mean `$blocked`?",
    ] {
        assert!(text.contains(says), "{says}: {text}");
    }
    let error = engine.compile("port in $nothing", &scheme, "interp").err().map(|e| e.to_string()).unwrap_or_default();
    assert!(error.contains("no list `$nothing`"), "{error}");
    // The same at the seam that takes programs from elsewhere.
    let program = quintet::lang::compile("port in $nothing", &scheme, engine.limits()).expect("the text is right");
    let error = engine.link(program).expect_err("there is no such list");
    assert!(error.to_string().contains("`$nothing` of Int") && error.span().start == 8, "{error}");
}

#[test]
fn files_get_their_types_from_the_rules() {
    let engine = Engine::new();
    let scheme = scheme(&engine);
    let text = |spec: &str, text: &str| ListText::new(spec, Path::new("l.txt"), text.as_bytes().to_vec()).expect("a list");
    let one = |spec: &str, contents: &str, source: &str| {
        let lists = [text(spec, contents)];
        engine.load_lists(&lists, source, &scheme).map(|unused| unused.len()).map_err(|e| e.to_string())
    };
    assert_eq!(one("a", "80", "port in $a"), Ok(0));
    assert!(engine.lists().get("a", &Type::Int).is_some() && engine.lists().get("a", &Type::Bytes).is_none());
    assert_eq!(one("b", "80", "name in $b"), Ok(0));
    assert!(engine.lists().get("b", &Type::Bytes).is_some(), "80 is text where text is tested");
    assert_eq!(one("c:ip", "::1", "port == 1"), Ok(0));
    assert!(engine.lists().get("c", &Type::Ip).is_some());
    assert_eq!(one("dports", "80", "port == 1"), Ok(1), "no rule uses it");
    assert!(engine.check("port in $dprots", &scheme).is_err_and(|d| d.to_string().contains("did you mean")));
    let error = one("f", "x", "port in $f").expect_err("x is no Int");
    assert!(error.starts_with("list `f` of Int: l.txt:1: `x`: "), "{error}");
    assert!(one("G", "x", "port == 1").expect_err("no name").contains("not the name of a list"));
    assert!(ListText::new("g:float", Path::new("l"), Vec::new()).is_err_and(|e| e.to_string().contains("`g:int`")));
    let twice = [text("h", "1"), text("h:int", "1")];
    assert!(engine.load_lists(&twice, "port == 1", &scheme).is_err_and(|e| e.to_string().contains("twice")));
}
