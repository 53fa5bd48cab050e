//! What functions of the host may answer, on every configuration of every backend: values of another type, arrays and maps of their own
//! making and entries in any order are a trap or a value, the same everywhere, and no value takes the process down.

use quintet::lang::signature::{Param, Signature};
use quintet::{ArenaKind, ArrayRef, BatchBuilder, Engine, EvaluateError, Library, MapRef, Scheme, Trap, Type, Value, configurations};
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
            assert!(matches!(answer, Err(EvaluateError::Trap(Trap::ResultType))), "{id}: {source}: {answer:?}");
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
