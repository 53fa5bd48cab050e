//! What functions of the host may answer, on every configuration of every backend: values of another type, arrays and maps of their own
//! making and entries in any order are a trap or a value, the same everywhere, and no value takes the process down.

use quintet::lang::signature::{Param, Signature};
use quintet::{
    ArenaKind, ArrayRef, BatchBuilder, Engine, EvaluateError, Fault, Library, MapRef, RecordId, RuleId, Scheme, Trap, Type, Value,
    configurations,
};
use quintet_runtime::Memory;

static WORDS: [u64; 8] = [64, u64::MAX, 8, 1 << 32 | 16, 0, 1, 2, 3];

/// A function of one Int that answers this value, as one whose result is of this type.
fn add(library: &mut Library, name: &str, result: Type, value: fn() -> Value<'static>) {
    library.function(Signature::new(name, vec![Param::new("n", Type::Int)], result), move |_, _| Ok(value()));
}

fn array(element: &'static Type, offset: u32, len: u32) -> Value<'static> {
    Value::Array(ArrayRef::Stored { memory: Memory::new(&WORDS), element, offset, len })
}

fn map(element: &'static Type, offset: u32, len: u32) -> Value<'static> {
    Value::Map(MapRef::Stored { memory: Memory::new(&WORDS), element, offset, len })
}

#[test]
fn values_of_functions_are_checked_where_they_come_in() {
    let mut library = Library::standard();
    let (ints, texts, numbers) = (Type::array(Type::Int), Type::array(Type::Bytes), Type::map(Type::Int));
    let lists = Type::array(Type::array(Type::Int));
    add(&mut library, "text_for_int", Type::Int, || Value::Bytes(b"x"));
    add(&mut library, "int_for_text", Type::Bytes, || Value::Int(1));
    add(&mut library, "array_for_int", Type::Int, || array(&Type::Int, 8, 1));
    add(&mut library, "texts_for_ints", ints.clone(), || Value::Array(ArrayRef::Built(&[Value::Bytes(b"x")])));
    add(&mut library, "nil_in_array", ints.clone(), || Value::Array(ArrayRef::Built(&[Value::Nil])));
    add(&mut library, "past_the_end", ints.clone(), || array(&Type::Int, 8, 8));
    add(&mut library, "far_away", ints.clone(), || array(&Type::Int, u32::MAX - 7, u32::MAX));
    add(&mut library, "not_at_a_word", ints.clone(), || array(&Type::Int, 9, 1));
    add(&mut library, "wild_texts", texts.clone(), || array(&Type::Bytes, 8, 1));
    add(&mut library, "wild_lists", lists.clone(), || {
        static LIST: std::sync::LazyLock<Type> = std::sync::LazyLock::new(|| Type::array(Type::Int));
        Value::Array(ArrayRef::Stored { memory: Memory::new(&WORDS), element: &LIST, offset: 8, len: 1 })
    });
    add(&mut library, "wild_map", numbers.clone(), || map(&Type::Int, 8, 2));
    add(&mut library, "sound_ints", ints.clone(), || array(&Type::Int, 40, 3));
    add(&mut library, "wire_order", numbers.clone(), || {
        Value::Map(MapRef::Built(&[(b"z", Value::Int(1)), (b"a", Value::Int(2)), (b"m", Value::Int(3)), (b"a", Value::Int(4))]))
    });
    let engine = Engine::new().with_library(library);
    let scheme = Scheme::builder().mandatory("n", Type::Int).functions(engine.library().signatures()).build().unwrap();
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Shared).unwrap();
    let mut record = builder.record();
    record.int(scheme.field_id("n").unwrap(), 1);
    record.finish().unwrap();
    let batch = builder.build();
    let traps = [
        "text_for_int(n)",
        "int_for_text(n)",
        "array_for_int(n)",
        "texts_for_ints(n)[0]",
        "nil_in_array(n)[0]",
        "past_the_end(n)[0]",
        "far_away(n)[0]",
        "not_at_a_word(n)",
        "wild_texts(n)[0]",
        "wild_lists(n)[0][0]",
        "wild_map(n)[\"x\"]",
    ];
    let values = [("sound_ints(n)[2]", "3"), ("wire_order(n)[\"z\"]", "1"), ("wire_order(n)[\"a\"]", "4"), ("wire_order(n)[\"m\"]", "3")];
    for backend in configurations() {
        let id = backend.id().to_string();
        for source in traps {
            let mut instance = engine.compile_value(source, &scheme, &id).unwrap().instance().unwrap();
            let answer = instance.evaluate(batch.record(0));
            assert!(matches!(answer, Err(EvaluateError::Trap(Fault { trap: Trap::ResultType, .. }))), "{id}: {source}: {answer:?}");
        }
        for (source, wanted) in values {
            let mut instance = engine.compile_value(source, &scheme, &id).unwrap().instance().unwrap();
            let answer = instance.evaluate(batch.record(0)).unwrap().map(|v| v.to_string());
            assert_eq!(answer.as_deref(), Some(wanted), "{id}: {source}");
        }
        let rules = engine.compile("not (text_for_int(n) == 1)", &scheme, &id).unwrap();
        let (mut instance, mut matches) = (rules.instance().unwrap(), quintet::Matches::new());
        instance.run_batch(&batch, &mut matches).unwrap();
        assert_eq!((matches.count(0), matches.traps().first().map(|t| t.trap)), (0, Some(Trap::ResultType)), "{id}");
    }
}

/// One record of a scheme with an Int `n`, three `names` and the functions of a library.
fn one_record(library: &Library) -> (Scheme, quintet::Batch) {
    let names = Type::array(Type::Bytes);
    let builder = Scheme::builder().mandatory("n", Type::Int).mandatory("names", names).functions(library.signatures());
    let scheme = builder.build().unwrap();
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Shared).unwrap();
    let mut record = builder.record();
    record.int(scheme.field_id("n").unwrap(), 1);
    record.bytes_array(scheme.field_id("names").unwrap(), &[b"a".as_slice(); 3000]);
    record.finish().unwrap();
    let batch = builder.build();
    (scheme, batch)
}

/// Whether the rule matches the record, and its trap, on each configuration; all must say the same.
fn ask(engine: &Engine, scheme: &Scheme, batch: &quintet::Batch, source: &str) -> (bool, Option<Trap>) {
    let answers = configurations().into_iter().map(|backend| {
        let id = backend.id().to_string();
        let rules = engine.compile(source, scheme, &id).unwrap_or_else(|e| panic!("{id}: {source}: {e}"));
        let (mut instance, mut matches, mut hits) = (rules.instance().unwrap(), quintet::Matches::new(), quintet::RuleSet::new());
        instance.run_batch(batch, &mut matches).unwrap();
        instance.run(batch.record(0), &mut hits).unwrap();
        let answer = (matches.get(RuleId(0), RecordId(0)), matches.traps().first().map(|t| t.trap));
        assert_eq!(answer, (hits.contains(0), hits.traps().first().map(|t| t.trap)), "{id}: {source}");
        (id, answer)
    });
    let answers: Vec<_> = answers.collect();
    assert!(answers.iter().all(|(_, answer)| *answer == answers[0].1), "{source}: {answers:?}");
    answers[0].1
}

#[test]
fn nil_from_a_function_that_is_never_nil_is_a_trap() {
    let mut library = Library::standard();
    let types = [
        ("bool", Type::Bool, "none_bool(n)"),
        ("int", Type::Int, "none_int(n) != 1"),
        ("float", Type::Float, "none_float(n) != 1.0"),
        ("bytes", Type::Bytes, "none_bytes(n) != \"x\""),
        ("ip", Type::Ip, "not none_ip(n) in {10.0.0.0/8}"),
        ("array", Type::array(Type::Int), "not any(none_array(n)[*] == 1)"),
        ("map", Type::map(Type::Int), "none_map(n)[\"x\"] != 1"),
    ];
    for (name, ty, _) in &types {
        add(&mut library, &format!("none_{name}"), ty.clone(), || Value::Nil);
        library.function(
            Signature { may_be_nil: true, ..Signature::new(&format!("maybe_{name}"), vec![Param::new("n", Type::Int)], ty.clone()) },
            |_, _| Ok(Value::Nil),
        );
    }
    let engine = Engine::new().with_library(library);
    let (scheme, batch) = one_record(engine.library());
    for (_, _, source) in &types {
        assert_eq!(ask(&engine, &scheme, &batch, source), (false, Some(Trap::ResultType)), "{source}");
        assert_eq!(ask(&engine, &scheme, &batch, &source.replace("none_", "maybe_")).1, None, "{source}");
    }
}

/// A text that is neither part of an argument nor made in scratch memory has to be copied by some backends, so it counts on all.
#[test]
fn texts_of_the_host_count_against_the_memory_limit() {
    static LONG: [u8; 1 << 20] = [b'x'; 1 << 20];
    let mut library = Library::standard();
    let text = || vec![Param::new("text", Type::Bytes)];
    library.function(Signature::new("long", text(), Type::Bytes), |_, _| Ok(Value::Bytes(&LONG)));
    library.function(Signature::new("same", text(), Type::Bytes), |args, _| Ok(args[0]));
    let first = Signature { may_be_nil: true, ..Signature::new("head", vec![Param::new("all", Type::array(Type::Bytes))], Type::Bytes) };
    library.function(first, |args, _| match args {
        [Value::Array(all)] => Ok(all.get(0)),
        _ => Ok(Value::Nil),
    });
    let limits = quintet::Limits { memory_bytes: 2 << 20, ..quintet::Limits::default() };
    let engine = Engine::new().with_library(library).with_limits(limits);
    let (scheme, batch) = one_record(engine.library());
    assert_eq!(ask(&engine, &scheme, &batch, "long(\"\") contains \"y\""), (false, None));
    assert_eq!(ask(&engine, &scheme, &batch, "any(long(names[*])[*] contains \"y\")"), (false, Some(Trap::Memory)));
    assert_eq!(ask(&engine, &scheme, &batch, "any(long(names[*])[*] contains \"x\")"), (true, None));
    // Parts of arguments cost nothing, however often they are answered.
    let one = "same(same(same(long(\"\")))) contains \"x\" and same(long(\"\")) contains \"x\"";
    assert_eq!(ask(&engine, &scheme, &batch, one), (true, None));
    assert_eq!(ask(&engine, &scheme, &batch, "head(names) == \"a\" and any(same(names[*])[*] == \"a\")"), (true, None));
}

#[test]
fn a_function_of_another_signature_than_the_schemes_is_not_called() {
    let (engine, int) = (Engine::new(), || vec![Param::new("n", Type::Int)]);
    let check = |signature: Signature, source: &str| {
        let scheme = Scheme::builder().mandatory("n", Type::Int).function(signature).build().unwrap();
        let answers =
            configurations().into_iter().map(|b| engine.compile(source, &scheme, &b.id().to_string()).err().map(|e| e.to_string()));
        answers.map(|e| e.expect("refused")).collect::<Vec<String>>()
    };
    for error in check(Signature::new("lower", int(), Type::Int), "lower(n) == 1") {
        assert!(error.contains("`lower`") && error.contains("signature"), "{error}");
    }
    for error in check(Signature { may_be_nil: true, ..Signature::new("len", int(), Type::Int) }, "len(n) == 1") {
        assert!(error.contains("`len`"), "{error}");
    }
}
