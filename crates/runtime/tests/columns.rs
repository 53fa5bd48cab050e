//! Records filled column by column: the values that they have, and columns that are not what they say.

use quintet_lang::{FieldId, Scheme, Type};
use quintet_runtime::{
    ArenaKind, Batch, BatchBuilder, Bits, Column, ColumnsBuilder, Floats, Ints, Offsets, OwnedValue, RecordError, Value,
};

fn scheme() -> Scheme {
    Scheme::builder()
        .mandatory("n", Type::Int)
        .optional("host", Type::Bytes)
        .optional("ip", Type::Ip)
        .optional("names", Type::array(Type::Bytes))
        .optional("map", Type::map(Type::Int))
        .build()
        .unwrap()
}

const N: FieldId = FieldId(0);
const HOST: FieldId = FieldId(1);
const IP: FieldId = FieldId(2);
const NAMES: FieldId = FieldId(3);
const MAP: FieldId = FieldId(4);

fn shown(batch: &Batch) -> Vec<String> {
    let value = |v: Value| OwnedValue::of(&v).map_or_else(|| "nil".into(), |v| v.to_string());
    let fields = || (0..batch.scheme().fields().len() as u32).map(FieldId);
    batch.iter().map(|r| fields().map(|f| value(r.value(f))).collect::<Vec<_>>().join(" ")).collect()
}

/// What two records become whose columns `fill` sets.
fn filled(fill: impl FnOnce(&mut ColumnsBuilder<'_>)) -> Result<Vec<String>, RecordError> {
    let mut builder = BatchBuilder::new(&scheme(), 3, ArenaKind::Plain).unwrap();
    let mut records = builder.columns(2);
    records.set(N, &Column::Int(Ints::U8(&[1, 2])), None);
    fill(&mut records);
    records.finish()?;
    Ok(shown(&builder.build()))
}

#[test]
fn columns_are_the_values_of_records() {
    let texts = Column::Bytes { data: b"..abcd", offsets: Offsets::I32(&[2, 3, 3, 6]) };
    let long = [&b"0123456789abcdef"[..]];
    let short = u128::from_le_bytes(*b"\x03\0\0\0xyz\0\0\0\0\0\0\0\0\0");
    let view = |len: u32, buffer: u32, start: u32| u128::from(len) | u128::from(buffer) << 64 | u128::from(start) << 96;
    let is = filled(|records| {
        records.set(HOST, &Column::Views { views: &[short, view(14, 0, 2)], buffers: &long }, None);
        records.set(IP, &Column::Fixed { data: &[10, 0, 0, 1, 10, 0, 0, 2], size: 4, len: 2 }, Bits::new(&[0b10], 0, 2));
        records.set(NAMES, &Column::Array { offsets: Offsets::I64(&[0, 2, 3]), elements: &texts }, None);
        let values = Column::Int(Ints::I64(&[7, 8, 9]));
        let keys = Column::Bytes { data: b"baa", offsets: Offsets::I32(&[0, 1, 2, 3]) };
        records.set(MAP, &Column::Map { offsets: Offsets::I32(&[0, 3, 3]), keys: &keys, values: &values }, None);
    });
    assert_eq!(is.unwrap(), [r#"1 "xyz" nil ["a", ""] {"a": 9, "b": 7}"#, r#"2 "23456789abcdef" 10.0.0.2 ["bcd"] {}"#]);
    // The last column of a field counts, with what it lacks.
    let is = filled(|records| {
        let texts = Column::Bytes { data: b"xyz", offsets: Offsets::I32(&[0, 1, 3]) };
        records.set(HOST, &texts, None);
        let dictionary = Column::Dictionary { keys: Ints::I8(&[1, -1]), values: &texts };
        records.set(HOST, &dictionary, Bits::new(&[0b0100], 2, 2));
    });
    assert_eq!(is.unwrap(), [r#"1 "yz" nil nil nil"#, "2 nil nil nil nil"]);
}

#[test]
fn what_a_column_refers_to_is_there_or_it_is_refused() {
    let texts = |offsets: &[i64]| {
        let wrong = filled(|records| records.set(HOST, &Column::Bytes { data: b"abc", offsets: Offsets::I64(offsets) }, None));
        assert!(matches!(wrong, Err(RecordError::Malformed { .. })), "{offsets:?}: {wrong:?}");
    };
    texts(&[0, 1, 4]);
    texts(&[-1, 1, 2]);
    texts(&[2, 1, 3]);
    texts(&[0, i64::MAX, 2]);
    texts(&[0, i64::MIN, 2]);
    // The differences of these are positive if they are let to wrap.
    let wrong = |column: &Column<'_>, field| matches!(filled(|r| r.set(field, column, None)), Err(RecordError::Malformed { .. }));
    let elements = Column::Bytes { data: b"abc", offsets: Offsets::I64(&[0, i64::MAX, i64::MIN, -1, 3]) };
    assert!(wrong(&Column::Array { offsets: Offsets::I32(&[0, 2, 4]), elements: &elements }, NAMES));
    let elements = Column::Bytes { data: b"abc", offsets: Offsets::I64(&[0, 1, 2, 3]) };
    for offsets in [[0, 2, 4], [0, 3, 2], [2, 1, 3], [-1, 0, 1]] {
        assert!(wrong(&Column::Array { offsets: Offsets::I32(&offsets), elements: &elements }, NAMES), "{offsets:?}");
    }
    for key in [2, -1, 127] {
        assert!(wrong(&Column::Dictionary { keys: Ints::I8(&[0, key]), values: &Column::Fixed { data: b"ab", size: 1, len: 2 } }, HOST));
    }
    assert!(wrong(&Column::Fixed { data: b"abcdefg", size: 4, len: 2 }, HOST));
    assert!(wrong(&Column::Fixed { data: b"abcdefg", size: usize::MAX, len: 2 }, HOST));
    let view = |len: u32, buffer: u32, start: u32| u128::from(len) | u128::from(buffer) << 64 | u128::from(start) << 96;
    for view in [view(13, 1, 0), view(13, 0, 8), view(u32::MAX, 0, u32::MAX)] {
        assert!(wrong(&Column::Views { views: &[0, view], buffers: &[b"0123456789abcdefghij"] }, HOST), "{view:x}");
    }
    let keys = Column::Bytes { data: b"ab", offsets: Offsets::I32(&[0, 1]) };
    let values = Column::Int(Ints::I64(&[1, 2]));
    assert!(wrong(&Column::Map { offsets: Offsets::I32(&[0, 1, 2]), keys: &keys, values: &values }, MAP));
}

#[test]
fn columns_of_another_type_or_length_are_refused() {
    let is = |column: &Column<'_>, field| filled(|r| r.set(field, column, None)).unwrap_err().to_string();
    assert_eq!(is(&Column::Float(Floats::F32(&[1.0, 2.0])), N), "the value for field `n` is not of type Int");
    assert_eq!(is(&Column::Fixed { data: &[0; 10], size: 5, len: 2 }, IP), "the value for field `ip` is not of type Ip");
    assert_eq!(is(&Column::Int(Ints::I8(&[1])), N), "the column for field `n` has 1 values for 2 records");
    assert!(is(&Column::Int(Ints::I8(&[1, 2])), FieldId(9)).starts_with("the scheme of the records has no field 9"));
    let short = filled(|r| r.set(N, &Column::Int(Ints::I8(&[1, 2])), Bits::new(&[3], 0, 1))).unwrap_err();
    assert_eq!(short.to_string(), "the column for field `n` has 1 values for 2 records");
    assert!(Bits::new(&[0], 5, 4).is_none() && Bits::new(&[0], usize::MAX, 2).is_none());
    let lacking = filled(|r| r.set(N, &Column::Int(Ints::I8(&[1, 2])), Bits::new(&[1], 0, 2))).unwrap_err();
    assert_eq!(lacking.to_string(), "the record lacks the mandatory field `n`");
}

#[test]
fn records_and_columns_share_a_batch_and_what_is_not_kept_leaves_nothing() {
    let mut builder = BatchBuilder::new(&scheme(), 4, ArenaKind::Shared).unwrap();
    let hosts = Column::Fixed { data: b"abcd", size: 2, len: 2 };
    let mut records = builder.columns(2);
    records.set(HOST, &hosts, None);
    drop(records);
    assert!(matches!(builder.columns(5).finish(), Err(RecordError::Full)));
    let mut record = builder.record();
    record.int(N, 1);
    record.finish().unwrap();
    let mut records = builder.columns(2);
    records.set(HOST, &hosts, None);
    assert!(matches!(records.finish(), Err(RecordError::Missing(_))));
    builder.columns(0).finish().unwrap();
    let mut records = builder.columns(2);
    assert_eq!(records.rows(), 2);
    records.set(N, &Column::Int(Ints::I16(&[2, 3])), None);
    records.finish().unwrap();
    assert_eq!(builder.room(), 1);
    let mut record = builder.record();
    record.int(N, 4);
    record.bytes(HOST, b"x");
    record.finish().unwrap();
    assert!(builder.is_full());
    builder.columns(0).finish().unwrap();
    let batch = builder.build();
    assert_eq!(shown(&batch), ["1 nil nil nil nil", "2 nil nil nil nil", "3 nil nil nil nil", r#"4 "x" nil nil nil"#]);
}

/// The most that the values of one record take is told as it is of records that are filled one by one, or more.
#[test]
fn the_longest_record_is_known() {
    let longest = |columns: &dyn Fn(&mut ColumnsBuilder<'_>)| {
        let mut builder = BatchBuilder::new(&scheme(), 2, ArenaKind::Plain).unwrap();
        let mut records = builder.columns(2);
        records.set(N, &Column::Int(Ints::I8(&[1, 2])), None);
        columns(&mut records);
        records.finish().unwrap();
        let batch = builder.build();
        let mut again = BatchBuilder::new(&scheme(), 2, ArenaKind::Plain).unwrap();
        for record in batch.iter() {
            let mut copy = again.record();
            (0..5).for_each(|f| copy.set(FieldId(f), record.value(FieldId(f))));
            copy.finish().unwrap();
        }
        let least = again.build().longest();
        assert!(batch.longest() >= least && batch.longest() <= least * 4 + 64, "{} and {least}", batch.longest());
    };
    longest(&|_| {});
    longest(&|r| r.set(HOST, &Column::Bytes { data: &[7; 500], offsets: Offsets::I32(&[0, 400, 500]) }, None));
    let names = Column::Bytes { data: &[7; 500], offsets: Offsets::I32(&[0, 100, 200, 300, 500]) };
    longest(&|r| r.set(NAMES, &Column::Array { offsets: Offsets::I32(&[0, 3, 4]), elements: &names }, None));
    let keys = Column::Dictionary { keys: Ints::U16(&[0, 1]), values: &Column::Fixed { data: &[7; 200], size: 100, len: 2 } };
    longest(&|r| {
        let values = Column::Int(Ints::I64(&[1, 2]));
        r.set(MAP, &Column::Map { offsets: Offsets::I32(&[0, 2, 2]), keys: &keys, values: &values }, None);
    });
}
