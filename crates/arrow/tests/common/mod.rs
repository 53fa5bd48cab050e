//! Values as arrays, in any of the ways that Arrow has for them.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use quintet::{Batch, OwnedValue, Presence, Scheme, Type};
use quintet_arrow::array::builder::{BinaryViewBuilder, StringViewBuilder};
use quintet_arrow::array::types::{Int16Type, UInt8Type, UInt64Type};
use quintet_arrow::array::*;
use quintet_arrow::buffer::OffsetBuffer;
use quintet_arrow::schema::{DataType, Field, Fields, Schema};

/// Numbers that choose among ways; the same ones for the same seed.
pub struct Ways(u64);

impl Ways {
    pub fn new(seed: u64) -> Ways {
        Ways(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 33) as usize % n
    }
}

/// Offsets of lists of these lengths.
fn offsets(lengths: impl Iterator<Item = usize>) -> Vec<i64> {
    let mut offsets = vec![0];
    lengths.for_each(|len| offsets.push(offsets.last().copied().unwrap_or(0) + len as i64));
    offsets
}

fn narrow(offsets: &[i64]) -> Vec<i32> {
    offsets.iter().map(|o| *o as i32).collect()
}

/// An array of these values of a type, in some way that can hold them. `Null` types and text for other types are not used.
pub fn array(ty: &Type, values: &[Option<OwnedValue>], ways: &mut Ways) -> ArrayRef {
    let valid = || values.iter().map(Option::is_some).collect::<Vec<_>>();
    let nulls = || values.iter().any(Option::is_none).then(|| valid().into());
    match ty {
        Type::Bool => Arc::new(values.iter().map(|v| v.as_ref().map(|v| matches!(v, OwnedValue::Bool(true)))).collect::<BooleanArray>()),
        Type::Int => ints(values, ways),
        Type::Float => {
            let of = |v: &OwnedValue| if let OwnedValue::Float(f) = v { *f } else { 0.0 };
            let floats: Vec<Option<f64>> = values.iter().map(|v| v.as_ref().map(of)).collect();
            let single = floats.iter().flatten().all(|f| f64::from(*f as f32).to_bits() == f.to_bits());
            if single && ways.below(2) == 0 {
                Arc::new(floats.iter().map(|f| f.map(|f| f as f32)).collect::<Float32Array>())
            } else {
                Arc::new(floats.into_iter().collect::<Float64Array>())
            }
        }
        Type::Bytes => bytes(values, ways, true),
        Type::Ip => ips(values, ways),
        Type::Array(element) => {
            // What a null refers to is nothing, or something that is not to be looked at.
            let mut inner = Vec::new();
            let mut lengths = Vec::new();
            for value in values {
                let before = inner.len();
                match value {
                    Some(OwnedValue::Array(items)) => inner.extend(items.iter().cloned().map(Some)),
                    _ if ways.below(2) == 0 => inner.extend([Some(OwnedValue::zero(element)), None].into_iter().take(ways.below(3))),
                    _ => {}
                }
                lengths.push(inner.len() - before);
            }
            let same = lengths.windows(2).all(|l| l[0] == l[1]) && !lengths.is_empty() && lengths[0] > 0;
            let child = array(element, &inner, ways);
            let field = Arc::new(Field::new("item", child.data_type().clone(), true));
            let offsets = offsets(lengths.iter().copied());
            match ways.below(3) {
                0 if same => Arc::new(FixedSizeListArray::new(field, lengths[0] as i32, child, nulls())),
                1 => Arc::new(LargeListArray::new(field, arrow_offsets(offsets), child, nulls())),
                _ => Arc::new(ListArray::new(field, arrow_offsets(narrow(&offsets)), child, nulls())),
            }
        }
        Type::Map(element) => {
            let (mut keys, mut items, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
            for value in values {
                let before = keys.len();
                if let Some(OwnedValue::Map(map)) = value {
                    let mut entries: Vec<_> = map.iter().collect();
                    // In any order, and with entries that later ones replace.
                    for i in (1..entries.len()).rev() {
                        entries.swap(i, ways.below(i + 1));
                    }
                    if let (Some((key, _)), true) = (entries.last().copied(), ways.below(3) == 0) {
                        keys.push(Some(OwnedValue::Bytes(key.clone())));
                        items.push(Some(OwnedValue::zero(element)));
                    }
                    keys.extend(entries.iter().map(|(key, _)| Some(OwnedValue::Bytes((*key).clone()))));
                    items.extend(entries.iter().map(|(_, item)| Some((*item).clone())));
                }
                lengths.push(keys.len() - before);
            }
            let (keys, items) = (bytes(&keys, ways, true), array(element, &items, ways));
            let members = Fields::from(vec![
                Field::new("keys", keys.data_type().clone(), false),
                Field::new("values", items.data_type().clone(), true),
            ]);
            let entries = StructArray::new(members, vec![keys, items], None);
            let field = Arc::new(Field::new("entries", entries.data_type().clone(), false));
            Arc::new(MapArray::new(field, arrow_offsets(narrow(&offsets(lengths.into_iter()))), entries, nulls(), false))
        }
        Type::U32 | Type::List(..) => panic!("no field is a {ty}"),
    }
}

fn arrow_offsets<O: OffsetSizeTrait>(offsets: Vec<O>) -> OffsetBuffer<O> {
    OffsetBuffer::new(offsets.into())
}

fn ints(values: &[Option<OwnedValue>], ways: &mut Ways) -> ArrayRef {
    let of = |v: &OwnedValue| if let OwnedValue::Int(i) = v { *i } else { 0 };
    let ints: Vec<Option<i64>> = values.iter().map(|v| v.as_ref().map(of)).collect();
    macro_rules! all {
        ($ty:ty, $array:ty) => {
            ints.iter()
                .flatten()
                .all(|i| <$ty>::try_from(*i).is_ok())
                .then(|| Arc::new(ints.iter().map(|i| i.and_then(|i| <$ty>::try_from(i).ok())).collect::<$array>()) as ArrayRef)
        };
    }
    let narrow = match ways.below(10) {
        0 => all!(i8, Int8Array),
        1 => all!(i16, Int16Array),
        2 => all!(i32, Int32Array),
        3 => all!(u8, UInt8Array),
        4 => all!(u16, UInt16Array),
        5 => all!(u32, UInt32Array),
        6 => all!(u64, UInt64Array),
        7 => Some(Arc::new(ints.iter().copied().collect::<TimestampMicrosecondArray>()) as ArrayRef),
        8 => {
            let distinct: Vec<i64> = ints.iter().flatten().copied().collect::<BTreeSet<_>>().into_iter().collect();
            let keys = ints.iter().map(|i| i.and_then(|i| distinct.binary_search(&i).ok()).map(|k| k as u64)).collect::<UInt64Array>();
            Some(Arc::new(DictionaryArray::<UInt64Type>::new(keys, Arc::new(Int64Array::from(distinct)))) as ArrayRef)
        }
        _ => None,
    };
    narrow.unwrap_or_else(|| Arc::new(ints.into_iter().collect::<Int64Array>()))
}

/// Bytes; of one size side by side only where `fixed` says that such are not text.
fn bytes(values: &[Option<OwnedValue>], ways: &mut Ways, fixed: bool) -> ArrayRef {
    let of = |v: &'_ OwnedValue| if let OwnedValue::Bytes(b) = v { b.clone() } else { Vec::new() };
    let all: Vec<Option<Vec<u8>>> = values.iter().map(|v| v.as_ref().map(of)).collect();
    let text: Option<Vec<Option<&str>>> =
        all.iter().map(|b| b.as_ref().map(|b| std::str::from_utf8(b)).transpose()).collect::<Result<_, _>>().ok();
    let size = all.iter().flatten().map(Vec::len).next().unwrap_or(0);
    match (ways.below(9), text) {
        (0, Some(text)) => Arc::new(text.into_iter().collect::<StringArray>()),
        (1, Some(text)) => Arc::new(text.into_iter().collect::<LargeStringArray>()),
        (2, Some(text)) => {
            let mut builder = StringViewBuilder::new().with_fixed_block_size(64);
            text.into_iter().for_each(|text| builder.append_option(text));
            Arc::new(builder.finish())
        }
        (3, Some(text)) if text.len() < 200 => Arc::new(text.into_iter().collect::<DictionaryArray<UInt8Type>>()),
        (4, _) => {
            // A dictionary in which something is null, which a key may name.
            let mut distinct: Vec<Option<&[u8]>> =
                all.iter().flatten().map(Vec::as_slice).collect::<BTreeSet<_>>().into_iter().map(Some).collect();
            distinct.push(None);
            let key = |b: &Option<Vec<u8>>| match b {
                Some(b) => distinct.iter().position(|d| *d == Some(b)).map(|k| k as i16),
                None => (b.is_none() && distinct.len().is_multiple_of(2)).then(|| distinct.len() as i16 - 1),
            };
            let keys = all.iter().map(key).collect::<Int16Array>();
            Arc::new(DictionaryArray::<Int16Type>::new(keys, Arc::new(distinct.into_iter().collect::<BinaryArray>())))
        }
        (5, _) if fixed && size > 0 && all.iter().flatten().all(|b| b.len() == size) => {
            Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(all.iter().map(|b| b.as_deref()), size as i32).unwrap())
        }
        (6, _) => Arc::new(all.iter().map(|b| b.as_deref()).collect::<LargeBinaryArray>()),
        (7, _) => {
            let mut builder = BinaryViewBuilder::new().with_fixed_block_size(64);
            all.iter().for_each(|b| builder.append_option(b.as_deref()));
            Arc::new(builder.finish())
        }
        _ => Arc::new(all.iter().map(|b| b.as_deref()).collect::<BinaryArray>()),
    }
}

/// Addresses of both families are text.
fn ips(values: &[Option<OwnedValue>], ways: &mut Ways) -> ArrayRef {
    let of = |v: &OwnedValue| if let OwnedValue::Ip(ip) = v { *ip } else { IpAddr::from([0; 4]) };
    let all: Vec<Option<IpAddr>> = values.iter().map(|v| v.as_ref().map(of)).collect();
    let octets = |ip: &IpAddr| match ip {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let family = all.iter().flatten().next().map_or(4, |ip| octets(ip).len());
    if ways.below(4) > 0 && all.iter().flatten().all(|ip| octets(ip).len() == family) {
        let octets = all.iter().map(|ip| ip.as_ref().map(octets));
        return Arc::new(FixedSizeBinaryArray::try_from_sparse_iter_with_size(octets, family as i32).unwrap());
    }
    bytes(&all.iter().map(|ip| ip.map(|ip| OwnedValue::Bytes(ip.to_string().into_bytes()))).collect::<Vec<_>>(), ways, false)
}

/// The records of a batch as rows, some of which are cut out of longer columns, and some are members of structs.
pub fn rows(scheme: &Scheme, batch: &Batch, ways: &mut Ways) -> RecordBatch {
    let len = batch.len();
    let (mut fields, mut columns): (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    let mut inner: (Vec<Field>, Vec<ArrayRef>) = (Vec::new(), Vec::new());
    for (i, field) in scheme.fields().iter().enumerate() {
        let id = scheme.field_id(&field.name).unwrap();
        assert_eq!(id.0 as usize, i);
        let value = |row: usize| OwnedValue::of(&batch.record(row).value(id));
        let (before, after) = if len > 0 && ways.below(2) == 0 { (ways.below(20), ways.below(9)) } else { (0, 0) };
        let mut values: Vec<_> = (0..before).map(|i| value(i % len)).collect();
        values.extend((0..len).map(value));
        values.extend((0..after).map(|i| value(i % len)));
        let array = array(&field.ty, &values, ways).slice(before, len);
        let column = Field::new(field.name.clone(), array.data_type().clone(), true);
        match field.name.split_once('.') {
            Some(("http", rest)) => {
                inner.0.push(Field::new(rest, array.data_type().clone(), true));
                inner.1.push(array);
            }
            _ => {
                fields.push(column);
                columns.push(array);
            }
        }
    }
    // What every record has is there, even where it is not read.
    for field in scheme.whole().fields() {
        if field.presence == Presence::Mandatory && scheme.field_id(&field.name).is_none() {
            let array = array(&field.ty, &vec![Some(OwnedValue::zero(&field.ty)); len], ways);
            fields.push(Field::new(field.name.clone(), array.data_type().clone(), false));
            columns.push(array);
        }
    }
    if !inner.0.is_empty() {
        let members = StructArray::new(inner.0.into(), inner.1, None);
        fields.push(Field::new("http", members.data_type().clone(), false));
        columns.push(Arc::new(members));
    }
    if columns.is_empty() {
        fields.push(Field::new("nothing", DataType::Null, true));
        columns.push(Arc::new(NullArray::new(len)));
    }
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns).unwrap()
}

/// Panics unless records of the two have the same values.
pub fn same_records(one: &Batch, other: &Batch) {
    assert_eq!(one.len(), other.len());
    for (a, b) in one.iter().zip(other.iter()) {
        for (i, field) in one.scheme().fields().iter().enumerate() {
            let id = quintet::FieldId(i as u32);
            let (a, b) = (OwnedValue::of(&a.value(id)), OwnedValue::of(&b.value(id)));
            assert!(b.as_ref().is_none_or(|_| other.record(0).value(id).is_sound()));
            assert_eq!(a, b, "field {} of a record", field.name);
        }
    }
}
