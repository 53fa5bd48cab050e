//! Programs that are larger than one Lua function may be.

use std::fmt::Write;

use quintet_lang::signature::{Param, Pattern, Signature};
use quintet_lang::{Limits, Scheme, Type, compile};
use quintet_lua::LuaJit;
use quintet_runtime::{ArenaKind, BatchBuilder, Library, Linked, Lists, Matches, RecordId, RuleId, RuleSet, Trap, Value};

/// Records have a number `n`, the array `ints` = [n, n + 1], text `host` = "ab", and no `missing`.
fn scheme(library: &Library) -> Scheme {
    let mut scheme = Scheme::builder()
        .mandatory("n", Type::Int)
        .mandatory("ints", Type::array(Type::Int))
        .mandatory("host", Type::Bytes)
        .optional("missing", Type::Int);
    for i in 0..100 {
        scheme = scheme.mandatory(&format!("a{i}"), Type::array(Type::Int));
    }
    scheme.functions(library.signatures()).build().expect("a scheme")
}

/// `sum` of up to 200 Ints, and `count` of the true ones among Bools.
fn library() -> Library {
    let mut library = Library::standard();
    let item = Param::new("value", Type::Int);
    let signature =
        Signature { rest: Some((item.clone(), 200)), result: Pattern::Exact(Type::Int), ..Signature::new("sum", vec![item], Type::Int) };
    library.function(signature, |args, _| {
        let ints = args.iter().map(|v| if let Value::Int(i) = v { *i } else { 0 });
        Ok(Value::Int(ints.sum()))
    });
    library.function(Signature::new("count", vec![Param::new("values", Type::array(Type::Bool))], Type::Int), |args, _| match args {
        [Value::Array(array)] => Ok(Value::Int(array.iter().filter(|v| *v == Value::Bool(true)).count() as i64)),
        _ => Ok(Value::Nil),
    });
    library
}

/// Checks which of the records n = 0, 1, 2, ... each rule matches, in all ways of running both configurations.
fn check(source: &str, records: i64, wanted: impl Fn(usize, i64) -> Result<bool, Trap>) {
    let library = library();
    let limits = Limits { source_bytes: 64 << 20, nesting: 400, code_expressions: usize::MAX, ..Limits::default() };
    let program = compile(source, &scheme(&library), &limits).unwrap_or_else(|d| panic!("{d}"));
    let rules = program.rules.len();
    let linked = Linked::new(program, &library, &Lists::new(), &limits).expect("a linked program");
    let mut builder = BatchBuilder::new(linked.scheme(), records as usize, ArenaKind::Plain).expect("a batch");
    for n in 0..records {
        let mut record = builder.record();
        let field = |name: &str| linked.scheme().field_id(name).expect("a field");
        record.int(field("n"), n);
        record.ints(field("ints"), &[n, n + 1]);
        record.bytes(field("host"), b"ab");
        for i in 0..100 {
            record.ints(field(&format!("a{i}")), &[n, n + i]);
        }
        record.finish().expect("a record");
    }
    let batch = builder.build();
    for backend in [LuaJit::new(), LuaJit::without_jit()] {
        let compiled = quintet_runtime::Backend::compile(&backend, &linked).unwrap_or_else(|e| panic!("{e}"));
        let mut instance = compiled.instantiate(&limits).expect("an instance");
        let (mut matches, mut hits) = (Matches::new(), RuleSet::new());
        for _ in 0..3 {
            instance.run_batch(&batch, &mut matches).expect("answers");
            let mut traps = matches.traps().iter();
            for n in 0..records {
                instance.run(batch.record(n as usize), &mut hits).expect("an answer");
                for rule in 0..rules {
                    let wanted = wanted(rule, n);
                    assert_eq!(matches.get(RuleId(rule), RecordId(n as usize)), wanted == Ok(true), "rule {rule}, n = {n}");
                    assert_eq!(hits.contains(rule), wanted == Ok(true), "rule {rule}, n = {n}, alone");
                    if let Err(trap) = wanted {
                        let found = traps.next().expect("a trap");
                        assert_eq!((found.rule, found.record, found.trap), (rule, n as usize, trap));
                        assert!(hits.traps().iter().any(|it| (it.rule, it.trap) == (rule, trap)));
                    }
                }
            }
            assert!(traps.next().is_none());
        }
    }
}

fn join(count: usize, with: &str, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(with)
}

#[test]
fn long_and() {
    let source = join(50_000, " and ", |i| format!("n != {}", i + 3));
    check(&source, 100, |_, n| Ok(n < 3));
}

#[test]
fn long_or_with_traps() {
    let source = join(4_000, " or ", |i| format!("10 / (n - {}) == 77", i + 90));
    check(&source, 100, |_, n| if n < 90 { Ok(false) } else { Err(Trap::DivisionByZero) });
}

#[test]
fn long_xor() {
    let source = join(10_000, " xor ", |i| format!("n < {i}"));
    // As many of the numbers 0..10,000 are above n as 9,999 - n.
    check(&source, 70, |_, n| Ok((9_999 - n) % 2 != 0));
}

#[test]
fn long_body_of_a_loop() {
    let body = join(5_000, " or ", |i| format!("ints[*] + {i} == {}", 2 * i + 50));
    check(&format!("any({body})"), 100, |_, n| Ok(n >= 49));
}

#[test]
fn many_sources_in_lockstep() {
    let body = join(100, " and ", |i| format!("a{i}[*] - n in {{0 {i}}}"));
    check(&format!("rule a = all({body})\nrule b = any({body} and a7[*] == n + 7)"), 100, |_, _| Ok(true));
}

#[test]
fn many_arguments() {
    let (args, fewer) = (join(200, ", ", |_| "n".into()), join(199, ", ", |_| "n".into()));
    let source = format!("rule a = sum({args}) == 600\nrule b = sum({fewer}, missing) == 0 or n == 4");
    check(&source, 100, |rule, n| Ok(n == if rule == 0 { 3 } else { 4 }));
}

#[test]
fn deep_nesting() {
    const DEPTH: i64 = 38;
    // Each level walks the level below twice.
    const LOOPS: i64 = 8;
    let mut loops = String::from("n");
    let mut calls = String::from("host");
    let mut nots = String::from("n == 5");
    let mut sum = String::from("n");
    for i in 0..DEPTH {
        if i < LOOPS {
            loops = format!("count((ints[*] >= {loops}))");
        }
        calls = format!("lower(concat({calls}, \"\"))");
        nots = format!("not (n == {} or not (n != 1 and {nots}))", 200 + i);
        sum = format!("sum({sum}, n / (n + {i} - 50))");
    }
    let source = format!("rule a = {loops} == 2\nrule b = {calls} == \"ab\"\nrule c = {nots}\nrule d = {sum} >= 0 or {sum} < 0");
    check(&source, 60, |rule, n| match rule {
        0 => Ok((0..LOOPS).fold(n, |inner, _| [n, n + 1].iter().filter(|i| **i >= inner).count() as i64) == 2),
        1 => Ok(true),
        2 => Ok(n == 5),
        _ if (51 - DEPTH..=50).contains(&n) => Err(Trap::DivisionByZero),
        _ => Ok(true),
    });
}

#[test]
fn many_live_values() {
    // All calls of a sum are evaluated before the last one is added.
    let sum = join(60, " + ", |_| "(len(lower(host)) + ints[n - n])".into());
    let nested = (0..60).fold(String::from("len(host)"), |inner, _| format!("len(lower(host)) + ({inner})"));
    check(&format!("rule a = {sum} == 60 * (n + 2)\nrule b = {nested} == 122"), 70, |_, _| Ok(true));
}

#[test]
fn many_rules() {
    let mut source = String::new();
    for i in 0..2_000 {
        let _ = writeln!(source, "rule r{i} = n == {i} or ints[1] == {i} or 1 / (n - {}) == 2", i + 10);
    }
    check(&source, 100, |rule, n| {
        let rule = rule as i64;
        if n == rule || n + 1 == rule {
            Ok(true)
        } else if n == rule + 10 {
            Err(Trap::DivisionByZero)
        } else {
            Ok(false)
        }
    });
}

#[test]
fn no_rules_and_no_records() {
    check("n == 1", 0, |_, _| Ok(false));
}
