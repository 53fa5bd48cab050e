//! Functions of scripts called by the host, on every configuration.

use std::net::IpAddr;

use quintet::lang::Limits;
use quintet::{
    ArenaKind, ArrayRef, Batch, BatchBuilder, CallError, Engine, EvaluateError, Instance, MapRef, NotCallable, OwnedValue, RuleSet, Rules,
    Scheme, Trap, Type, Value, configurations,
};

const SOURCE: &str = r#"
const TABLE: [Int; 3] = [10, 20, 30]

fn same_bool(x: Bool?) -> Bool { return x }
fn same_int(x: Int?) -> Int { return x }
fn same_u32(x: U32?) -> U32 { return x }
fn same_float(x: Float?) -> Float { return x }
fn same_bytes(x: Bytes?) -> Bytes { return x }
fn same_ip(x: Ip?) -> Ip { return x }
fn same_array(x: Array<Int>?) -> Array<Int> { return x }
fn same_map(x: Map<Array<Bytes>>?) -> Map<Array<Bytes>> { return x }
fn turned(b: Bool, i: Int, u: U32, f: Float, t: Bytes, a: Ip, l: Array<Bytes>, m: Map<Int>) -> (Map<Int>, Array<Bytes>, Ip, Bytes, Float, U32, Int, Bool) {
    return (m, l, a, t, f, u, i, b)
}
fn strict(x: Int, t: Bytes) -> (Int, Bytes) { return (x + 1, t) }
fn silent(x: Int) { let _y = 100 / x }
fn count(a: [Int]) -> Int { return len(a) }
fn numbers(n: Int) -> [Int] { return [n] }
fn down(n: Int) -> Int {
    if n == 0 { return 0 }
    return down(n - 1) + 1
}
fn forever(n: Int) -> Int {
    while n != 0 { n += 2 }
    return n
}
fn doubled(t: Bytes) -> Int {
    while len(t) > 0 { t = concat(t, t) }
    return 0
}
fn element(i: Int) -> Int { return TABLE[i] }
fn guarded(d: Int) -> Int {
    if 10 / d > 1 { return 1 }
    return 0
}
fn length(k: Int) -> Int { return len(s) * k }
fn made(n: Int) -> Bytes {
    let out = ""
    for i in 0..n { out = concat(out, to_string(i)) }
    return out
}
fn wild(x: Int) -> Int { return x * x + 9007199254740993 }

rule short = length(1) < 4
rule deep = down(3) == 3
"#;

fn limits() -> Limits {
    Limits { steps: 20_000, memory_bytes: 1 << 16, calls: 20, ..Limits::default() }
}

fn scheme(engine: &Engine) -> Scheme {
    Scheme::builder().mandatory("s", Type::Bytes).functions(engine.library().signatures()).build().expect("a scheme")
}

fn batch(scheme: &Scheme, texts: &[&[u8]], kind: ArenaKind) -> Batch {
    let mut builder = BatchBuilder::new(scheme, texts.len(), kind).expect("a builder");
    for text in texts {
        let mut record = builder.record();
        record.bytes(scheme.field_id("s").expect("a field"), text);
        record.finish().expect("a record");
    }
    builder.build()
}

/// Runs a test on every configuration, with records in both kinds of memory.
fn everywhere(source: &str, limits: Limits, test: impl Fn(&str, &Rules, &mut dyn Instance, &Batch)) {
    let engine = Engine::new().with_limits(limits);
    let scheme = scheme(&engine);
    for backend in configurations() {
        let id = backend.id().to_string();
        let rules = engine.compile(source, &scheme, &id).unwrap_or_else(|e| panic!("{id}: {e}"));
        let mut instance = rules.instance().expect("an instance");
        for kind in [ArenaKind::Plain, ArenaKind::Shared] {
            test(&id, &rules, &mut *instance, &batch(&scheme, &[b"abc", b"abcdef"], kind));
        }
    }
}

type Results = Result<Vec<Option<OwnedValue>>, CallError>;

fn call(rules: &Rules, instance: &mut dyn Instance, batch: &Batch, name: &str, args: &[Value<'_>]) -> Results {
    rules.function(name).unwrap_or_else(|e| panic!("{e}")).call(instance, batch.record(0), args)
}

/// The trap of a call and the text where it happened.
fn trap(source: &str, found: Results) -> (Trap, &str) {
    match found {
        Err(CallError::Trap(fault)) => (fault.trap, &source[fault.span.start as usize..fault.span.end as usize]),
        other => panic!("a trap was expected, not {other:?}"),
    }
}

/// A function of the source, whole.
fn whole(name: &str) -> &'static str {
    let start = SOURCE.find(&format!("fn {name}(")).expect("a function");
    let end = SOURCE[start..].find("\nfn ").or_else(|| SOURCE[start..].find("\n\n")).expect("an end");
    &SOURCE[start..start + end]
}

#[test]
fn values_of_every_type_go_in_and_out() {
    let v6: IpAddr = "2001:db8::1".parse().expect("an address");
    let v4: IpAddr = "10.1.2.3".parse().expect("an address");
    let long = vec![b'x'; 5_000];
    let ints = [Value::Int(1), Value::Int(-2)];
    let texts = [Value::Bytes(b"a"), Value::Bytes(b"")];
    let inner = Value::Array(ArrayRef::Built(&texts));
    let pairs: [(&[u8], Value<'_>); 2] = [(b"", inner), (b"k", Value::Array(ArrayRef::Built(&[])))];
    let counts: [(&[u8], Value<'_>); 1] = [(b"one", Value::Int(1))];
    let cases: Vec<(&str, Vec<Value<'_>>)> = vec![
        ("same_bool", vec![Value::Bool(true), Value::Bool(false)]),
        ("same_int", [0, 1, -1, i64::MIN, i64::MAX, 1 << 53, (1 << 53) + 1, -(1 << 52) - 1].map(Value::Int).to_vec()),
        ("same_u32", [0, 1, u32::MAX, 1 << 31].map(Value::U32).to_vec()),
        ("same_float", [0.0, -0.0, 1.5, f64::INFINITY, f64::NAN, 5e-324, f64::MAX].map(Value::Float).to_vec()),
        ("same_bytes", vec![Value::Bytes(b""), Value::Bytes(b"abc\0\xff"), Value::Bytes(&long)]),
        ("same_ip", vec![Value::Ip(v4), Value::Ip(v6)]),
        ("same_array", vec![Value::Array(ArrayRef::Built(&[])), Value::Array(ArrayRef::Built(&ints))]),
        ("same_map", vec![Value::Map(MapRef::Built(&[])), Value::Map(MapRef::Built(&pairs))]),
    ];
    everywhere(SOURCE, limits(), |id, rules, instance, batch| {
        for (name, values) in &cases {
            for value in values {
                let found = call(rules, instance, batch, name, &[*value]).unwrap_or_else(|e| panic!("{id}: {name}({value:?}): {e}"));
                assert_eq!(found, [OwnedValue::of(value)], "{id}: {name}({value:?})");
            }
            assert_eq!(call(rules, instance, batch, name, &[Value::Nil]).expect("nil is taken"), [None], "{id}: {name}");
        }
        let args = [
            Value::Bool(true),
            Value::Int(-7),
            Value::U32(1 << 31),
            Value::Float(-0.5),
            Value::Bytes(b"text"),
            Value::Ip(v6),
            inner,
            Value::Map(MapRef::Built(&counts)),
        ];
        let wanted: Vec<Option<OwnedValue>> = args.iter().rev().map(OwnedValue::of).collect();
        assert_eq!(call(rules, instance, batch, "turned", &args).expect("results"), wanted, "{id}");
        assert_eq!(call(rules, instance, batch, "silent", &[Value::Int(3)]).expect("no results"), [], "{id}");
        assert_eq!(call(rules, instance, batch, "length", &[Value::Int(5)]).expect("a length"), [Some(OwnedValue::Int(15))], "{id}");
        let wild = call(rules, instance, batch, "wild", &[Value::Int(i64::MAX)]).expect("a number");
        assert_eq!(wild, [Some(OwnedValue::Int(i64::MAX.wrapping_mul(i64::MAX).wrapping_add(9007199254740993)))], "{id}");
        // Elements of a record's own arrays are where they are; those of a result are copies.
        let made = call(rules, instance, batch, "made", &[Value::Int(12)]).expect("a text");
        assert_eq!(made, [Some(OwnedValue::Bytes(b"01234567891011".to_vec()))], "{id}");
    });
}

#[test]
fn nil_where_it_must_not_be_ends_the_call_before_it_begins() {
    everywhere(SOURCE, Limits { steps: 0, ..limits() }, |id, rules, instance, batch| {
        // No step is there to be taken, and none is.
        for args in [[Value::Nil, Value::Bytes(b"t")], [Value::Int(1), Value::Nil], [Value::Nil, Value::Nil]] {
            assert_eq!(call(rules, instance, batch, "strict", &args).expect("nil"), [None, None], "{id}");
        }
    });
}

#[test]
fn what_does_not_fit_is_refused() {
    everywhere(SOURCE, limits(), |id, rules, instance, batch| {
        for (args, message) in [
            (vec![], "`strict` takes 2 arguments, not 0"),
            (vec![Value::Int(1)], "`strict` takes 2 arguments, not 1"),
            (vec![Value::Int(1), Value::Bytes(b""), Value::Nil], "`strict` takes 2 arguments, not 3"),
            (vec![Value::U32(1), Value::Bytes(b"")], "argument 1 of `strict` is `x`, Int, and the value is of another type"),
            (vec![Value::Int(1), Value::Bool(true)], "argument 2 of `strict` is `t`, Bytes, and the value is of another type"),
        ] {
            match call(rules, instance, batch, "strict", &args) {
                Err(CallError::Arguments(found)) => assert_eq!(found, message, "{id}"),
                other => panic!("{id}: {other:?}"),
            }
        }
        let unfit = [Value::Array(ArrayRef::Built(&[Value::Nil])), Value::Array(ArrayRef::Built(&[Value::Bool(true)]))];
        for value in unfit {
            assert!(matches!(call(rules, instance, batch, "same_array", &[value]), Err(CallError::Arguments(_))), "{id}");
        }
        for name in ["count", "numbers"] {
            assert_eq!(rules.function(name).err(), Some(NotCallable::Array(name.into())));
            let at = rules.program().functions.iter().position(|function| function.name == name).expect("a function");
            let mut results = vec![None];
            let found = instance.call(quintet::lang::ast::FnId(at as u32), batch.record(0), &[Value::Int(1)], &mut results);
            assert!(matches!(found, Err(CallError::Arguments(_))), "{id}: {name}: {found:?}");
        }
        assert_eq!(rules.function("deep").err(), Some(NotCallable::Unknown("deep".into())), "a rule is no function");
        let none = instance.call(quintet::lang::ast::FnId(1 << 20), batch.record(0), &[], &mut Vec::new());
        assert!(matches!(none, Err(CallError::Arguments(_))), "{id}: {none:?}");
        let other = Scheme::builder().optional("t", Type::Int).mandatory("s", Type::Bytes).build().expect("a scheme");
        let other = self::batch(&other, &[b""], ArenaKind::Plain);
        assert!(matches!(call(rules, instance, &other, "strict", &[Value::Int(1), Value::Nil]), Err(CallError::Run(_))), "{id}");
    });
}

#[test]
fn traps_have_their_places_and_leave_the_instance_usable() {
    let long = vec![b'x'; 70_000];
    everywhere(SOURCE, limits(), |id, rules, instance, batch| {
        let mut hits = RuleSet::new();
        for (name, arg, wanted, place) in [
            ("silent", Value::Int(0), Trap::DivisionByZero, "let _y = 100 / x"),
            ("element", Value::Int(3), Trap::Index, "return TABLE[i]"),
            ("element", Value::Int(-1), Trap::Index, "return TABLE[i]"),
            ("guarded", Value::Int(0), Trap::DivisionByZero, "10 / d > 1"),
            ("down", Value::Int(20), Trap::Calls, "down(n - 1)"),
            ("forever", Value::Int(1), Trap::Budget, "while n != 0 { n += 2 }"),
            ("doubled", Value::Bytes(b"12345678"), Trap::Memory, "t = concat(t, t)"),
            ("same_bytes", Value::Bytes(&long), Trap::Memory, whole("same_bytes")),
        ] {
            let found = trap(SOURCE, call(rules, instance, batch, name, &[arg]));
            assert_eq!(found, (wanted, place), "{id}: {name}({arg:?})");
            assert_eq!(
                call(rules, instance, batch, "down", &[Value::Int(19)]).expect("it is allowed"),
                [Some(OwnedValue::Int(19))],
                "{id}"
            );
            instance.run(batch.record(0), &mut hits).expect("it runs");
            assert!(hits.iter().eq([0, 1]) && hits.traps().is_empty(), "{id}: after {name}: {hits:?}");
            instance.run(batch.record(1), &mut hits).expect("it runs");
            assert!(hits.iter().eq([1]), "{id}: after {name}: {hits:?}");
        }
    });
}

#[test]
fn limits_that_allow_no_call_allow_none() {
    for (limits, wanted) in [(Limits { steps: 0, ..limits() }, Trap::Budget), (Limits { calls: 0, ..limits() }, Trap::Calls)] {
        everywhere(SOURCE, limits, |id, rules, instance, batch| {
            let found = trap(SOURCE, call(rules, instance, batch, "same_int", &[Value::Int(1)]));
            assert_eq!(found, (wanted, whole("same_int")), "{id}");
        });
    }
}

#[test]
fn functions_without_any_rule_are_called_too() {
    let source = "fn add(a: Int, b: Int) -> Int { return a + b }";
    everywhere(source, limits(), |id, rules, instance, batch| {
        let args = [Value::Int(i64::MAX), Value::Int(1)];
        assert_eq!(call(rules, instance, batch, "add", &args).expect("a sum"), [Some(OwnedValue::Int(i64::MIN))], "{id}");
    });
}

#[test]
fn many_arguments_and_results_are_passed() {
    let params: Vec<String> = (0..50).map(|i| format!("p{i}: {}", ["Int?", "Bytes", "Bool?", "Ip"][i % 4])).collect();
    let types: Vec<&str> = (0..50).map(|i| ["Int", "Bytes", "Bool", "Ip"][i % 4]).collect();
    let names: Vec<String> = (0..50).map(|i| format!("p{i}")).collect();
    let source = format!("fn all({}) -> ({}) {{ return ({}) }}", params.join(", "), types.join(", "), names.join(", "));
    let ip: IpAddr = "::2".parse().expect("an address");
    let args: Vec<Value<'_>> = (0..50)
        .map(|i| match i % 4 {
            0 if i % 8 == 0 => Value::Nil,
            0 => Value::Int(i),
            1 => Value::Bytes(&b"0123456789"[..i as usize % 10]),
            2 if i % 3 == 0 => Value::Nil,
            2 => Value::Bool(i % 8 == 2),
            _ => Value::Ip(ip),
        })
        .collect();
    let wanted: Vec<Option<OwnedValue>> = args.iter().map(OwnedValue::of).collect();
    everywhere(&source, limits(), |id, rules, instance, batch| {
        assert_eq!(call(rules, instance, batch, "all", &args).expect("results"), wanted, "{id}");
    });
}

#[test]
fn instances_on_several_threads_do_not_meet() {
    let engine = Engine::new().with_limits(limits());
    let scheme = scheme(&engine);
    let batch = batch(&scheme, &[b"abc"], ArenaKind::Shared);
    for backend in configurations() {
        let id = backend.id().to_string();
        let rules = engine.compile(SOURCE, &scheme, &id).expect("rules");
        std::thread::scope(|scope| {
            for thread in 0..3i64 {
                let (rules, batch, id) = (&rules, &batch, &id);
                scope.spawn(move || {
                    let mut instance = rules.instance().expect("an instance");
                    for n in 0..50 {
                        let text = format!("{thread} {n}");
                        let args = [Value::Int(thread * 100 + n), Value::Bytes(text.as_bytes())];
                        let found = call(rules, &mut *instance, batch, "strict", &args).expect("results");
                        assert_eq!(
                            found,
                            [Some(OwnedValue::Int(thread * 100 + n + 1)), Some(OwnedValue::Bytes(text.into_bytes()))],
                            "{id}"
                        );
                        let traps = call(rules, &mut *instance, batch, "silent", &[Value::Int(n % 2)]).is_err();
                        assert_eq!(traps, n % 2 == 0, "{id}");
                    }
                });
            }
        });
    }
}

#[test]
fn a_value_expression_says_where_it_traps() {
    let engine = Engine::new();
    let scheme = scheme(&engine);
    let batch = batch(&scheme, &[b""], ArenaKind::Plain);
    for backend in configurations() {
        let id = backend.id().to_string();
        let source = " 1000 / len(s)";
        let mut instance = engine.compile_value(source, &scheme, &id).expect("an expression").instance().expect("an instance");
        match instance.evaluate(batch.record(0)) {
            Err(EvaluateError::Trap(fault)) => {
                let place = &source[fault.span.start as usize..fault.span.end as usize];
                assert_eq!((fault.trap, place), (Trap::DivisionByZero, "1000 / len(s)"), "{id}");
            }
            other => panic!("{id}: {other:?}"),
        }
    }
}

#[test]
fn random_functions_are_called_alike() {
    for backend in configurations() {
        let cases = if backend.id().name == "wasm" { 150 } else { 400 };
        quintet_testing::host_calls(&*backend, cases);
    }
}
