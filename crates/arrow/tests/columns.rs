//! What columns give, and what they are refused for.

use std::sync::Arc;

use quintet::{ArenaKind, BatchBuilder, Engine, FieldId, OwnedValue, Scheme, Type};
use quintet_arrow::array::types::Int32Type;
use quintet_arrow::array::*;
use quintet_arrow::schema::{DataType, Field, Fields, Schema};
use quintet_arrow::{BATCH_ROWS, Error, Evaluator, Filler, scheme};

fn table(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let fields: Vec<Field> = columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns.into_iter().map(|(_, array)| array).collect()).unwrap()
}

/// The values of the only field, and how many do not fit.
fn values(ty: Type, array: ArrayRef) -> (Vec<String>, usize) {
    let scheme = Scheme::builder().optional("a", ty).build().unwrap();
    let rows = table(vec![("a", array)]);
    let (batch, unfit) = Filler::new(&scheme, &rows.schema()).unwrap().arena(ArenaKind::Plain).fill(&rows, None).unwrap();
    let show = |v: Option<OwnedValue>| v.map_or_else(|| "nil".to_string(), |v| v.to_string());
    let values = batch.iter().map(|r| show(OwnedValue::of(&r.value(FieldId(0))))).collect();
    (values, unfit.iter().map(|u| u.count).sum())
}

#[test]
fn values_that_do_not_fit_are_nil_and_counted() {
    let big = UInt64Array::from(vec![Some(1), Some(u64::MAX), None]);
    assert_eq!(values(Type::Int, Arc::new(big)), (vec!["1".into(), "nil".into(), "nil".into()], 1));
    let text = || Arc::new(StringArray::from(vec![Some("10.0.0.1"), Some("::1"), Some("17"), Some("-2.5"), Some("true"), Some(""), None]));
    let told = |ty: Type| values(ty, text());
    assert_eq!(told(Type::Ip), (["10.0.0.1", "::1", "nil", "nil", "nil", "nil", "nil"].map(String::from).to_vec(), 3));
    assert_eq!(told(Type::Int), (["nil", "nil", "17", "nil", "nil", "nil", "nil"].map(String::from).to_vec(), 4));
    assert_eq!(told(Type::Float), (["nil", "nil", "17.0", "-2.5", "nil", "nil", "nil"].map(String::from).to_vec(), 3));
    assert_eq!(told(Type::Bool), (["nil", "nil", "nil", "nil", "true", "nil", "nil"].map(String::from).to_vec(), 4));
    assert_eq!(told(Type::Bytes).0[5..], ["\"\"", "nil"]);
    // A list with a null in it has no value; one that is null itself is no wrong value.
    let lists = ListArray::from_iter_primitive::<Int32Type, _, _>(vec![Some(vec![Some(1), Some(2)]), Some(vec![None]), None, Some(vec![])]);
    assert_eq!(values(Type::array(Type::Int), Arc::new(lists)), (["[1, 2]", "nil", "nil", "[]"].map(String::from).to_vec(), 1));
    // All elements are null, of a type that says so.
    let field = Arc::new(Field::new("item", DataType::Null, true));
    let offsets = quintet_arrow::buffer::OffsetBuffer::new(vec![0, 0, 2].into());
    let nulls = ListArray::new(field, offsets, Arc::new(NullArray::new(2)), None);
    assert_eq!(values(Type::array(Type::Ip), Arc::new(nulls)), (vec!["[]".into(), "nil".into()], 1));
    // The key of a dictionary that names a value that does not fit.
    let dictionary: DictionaryArray<Int32Type> = vec!["10.0.0.1", "x", "10.0.0.1", "x"].into_iter().collect();
    assert_eq!(values(Type::Ip, Arc::new(dictionary)), (["10.0.0.1", "nil", "10.0.0.1", "nil"].map(String::from).to_vec(), 2));
}

#[test]
fn numbers_become_floats_and_nothing_becomes_another_kind_of_thing() {
    assert_eq!(values(Type::Float, Arc::new(UInt64Array::from(vec![u64::MAX]))), (vec!["1.8446744073709552e19".into()], 0));
    assert_eq!(values(Type::Float, Arc::new(Int8Array::from(vec![-3]))), (vec!["-3.0".into()], 0));
    for (ty, array) in [
        (Type::Int, Arc::new(Float64Array::from(vec![1.0])) as ArrayRef),
        (Type::Bytes, Arc::new(Int64Array::from(vec![1]))),
        (Type::Ip, Arc::new(FixedSizeBinaryArray::try_from_iter([[0u8; 5]].into_iter()).unwrap())),
        (Type::Bool, Arc::new(Int64Array::from(vec![1]))),
        (Type::array(Type::Int), Arc::new(Int64Array::from(vec![1]))),
        (Type::Float, Arc::new(TimestampSecondArray::from(vec![1]))),
    ] {
        let scheme = Scheme::builder().optional("a", ty.clone()).build().unwrap();
        let refused = Filler::new(&scheme, &table(vec![("a", array)]).schema());
        assert!(matches!(refused, Err(Error::Column { field, expected, .. }) if field == "a" && expected == ty));
    }
}

#[test]
fn a_mandatory_field_decides_which_rows_are_records_whether_it_is_read_or_not() {
    let whole = Scheme::builder().mandatory("a", Type::Int).optional("b.c", Type::Bytes).build().unwrap();
    let members = StructArray::new(
        Fields::from(vec![Field::new("c", DataType::Utf8, true)]),
        vec![Arc::new(StringArray::from(vec![Some("x"), Some("y"), Some("z"), None]))],
        Some(vec![true, false, true, true].into()),
    );
    let rows = table(vec![("a", Arc::new(Int64Array::from(vec![Some(1), Some(2), None, Some(4)]))), ("b", Arc::new(members))]);
    let read = whole.project(|_, field| field.name == "b.c");
    let filler = Filler::new(&read, &rows.schema()).unwrap();
    assert!(matches!(filler.fill(&rows, None), Err(Error::Null { row: 2, .. })));
    let mut builder = BatchBuilder::new(&read, 4, ArenaKind::Plain).unwrap();
    let filled = filler.add(&rows, &mut builder).unwrap();
    assert_eq!((filled.rows, filled.lacking), (Some(vec![0, 1, 3]), vec![(2, "a".to_string())]));
    let texts: Vec<_> = builder.build().iter().map(|r| OwnedValue::of(&r.value(FieldId(0)))).collect();
    // A member of a struct that is null is nil, whatever stands there.
    assert_eq!(texts, [Some(OwnedValue::Bytes(b"x".to_vec())), None, None]);
    let without = table(vec![("b.c", Arc::new(StringArray::from(vec!["x"])))]);
    assert!(matches!(Filler::new(&read, &without.schema()), Err(Error::NoColumn(name)) if name == "a"));
    assert!(matches!(filler.fill(&without, None), Err(Error::Schema)));
}

#[test]
fn masks_are_of_all_rows_and_traps_name_theirs() {
    let rows = BATCH_ROWS * 2 + 100;
    let ints = Arc::new(Int64Array::from_iter_values(0..rows as i64));
    let columns = table(vec![("n", ints)]);
    let engine = Engine::new();
    let derived = scheme(&columns.schema(), engine.library().signatures()).unwrap();
    let rules = engine.compile("rule third = n % 3 == 0\nrule trap = 7 / (n - 9000) == 0", &derived.scheme, "closures").unwrap();
    let mut evaluator = Evaluator::new(&derived.scheme, &columns.schema()).unwrap();
    let mut instance = rules.instance().unwrap();
    let answers = evaluator.evaluate(&mut *instance, &columns).unwrap();
    assert_eq!((answers.rows, answers.rules(), answers.count(0)), (rows, 2, rows.div_ceil(3)));
    let mask = answers.mask(0).unwrap();
    assert!((0..rows).all(|i| mask.value(i) == i.is_multiple_of(3)));
    assert_eq!(answers.traps.iter().map(|t| (t.rule, t.record)).collect::<Vec<_>>(), [(1, 9000)]);
    assert!(answers.mask(2).is_none());
    let none = evaluator.evaluate(&mut *instance, &columns.slice(5, 0)).unwrap();
    assert_eq!((none.rows, none.rules(), none.mask(1).map(|m| m.len())), (0, 2, Some(0)));
}

#[test]
fn a_scheme_has_what_can_be_a_field_and_says_what_cannot() {
    let inner = Fields::from(vec![Field::new("code", DataType::Int16, false), Field::new("two words", DataType::Int8, true)]);
    let schema = Schema::new(vec![
        Field::new("host", DataType::Utf8View, true),
        Field::new("src", DataType::FixedSizeBinary(4), false),
        Field::new("response", DataType::Struct(inner), false),
        Field::new("lower", DataType::Utf8, true),
        Field::new("price", DataType::Decimal128(10, 2), true),
        Field::new("big", DataType::UInt64, false),
        Field::new("host", DataType::Int8, true),
        Field::new("tags", DataType::Dictionary(DataType::Int8.into(), DataType::Utf8.into()), true),
    ]);
    let derived = scheme(&schema, Engine::new().library().signatures()).unwrap();
    let fields: Vec<_> = derived.scheme.fields().iter().map(|f| format!("{} {} {:?}", f.name, f.ty, f.presence)).collect();
    let expected = ["host Bytes Optional", "src Ip Mandatory", "response.code Int Mandatory", "big Int Optional", "tags Bytes Optional"];
    assert_eq!(fields, expected);
    let left: Vec<_> = derived.left_out.iter().map(|l| l.name.as_str()).collect();
    assert_eq!(left, ["response.two words", "lower", "price", "host"]);
}
