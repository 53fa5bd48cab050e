//! Arrays as the values of a field.

use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowDictionaryKeyType, ByteArrayType, ByteViewType, Float16Type, UInt64Type};
use arrow_array::{Array, ArrayRef, GenericByteArray, GenericByteViewArray, PrimitiveArray, downcast_dictionary_array};
use arrow_buffer::{ArrowNativeType, BooleanBuffer, NullBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType};
use arrow_select::take::take;
use quintet_lang::Type;

use crate::text;
use crate::values::{Lengths, Values};

/// An array as values.
pub(crate) struct Converted {
    /// The values.
    pub values: Values,
    /// Which of them count; all where it is not said.
    pub valid: Option<NullBuffer>,
    /// Which of those that do not count are there, but are no values of the type.
    pub unfit: Option<BooleanBuffer>,
}

/// Whether columns of this type are values of a field of that one.
pub(crate) fn fits(data: &DataType, ty: &Type) -> bool {
    use DataType::*;
    match (data, ty) {
        (Null, _) => true,
        (Dictionary(_, values), _) => fits(values, ty),
        (Boolean, Type::Bool) => true,
        (Int8 | Int16 | Int32 | Int64 | UInt8 | UInt16 | UInt32 | UInt64, Type::Int | Type::Float) => true,
        (Date32 | Date64 | Time32(_) | Time64(_) | Timestamp(..) | Duration(_), Type::Int) => true,
        (Float16 | Float32 | Float64, Type::Float) => true,
        (Utf8 | LargeUtf8 | Utf8View, Type::Bytes | Type::Bool | Type::Int | Type::Float | Type::Ip) => true,
        (Binary | LargeBinary | BinaryView, Type::Bytes | Type::Bool | Type::Int | Type::Float | Type::Ip) => true,
        (FixedSizeBinary(_), Type::Bytes) | (FixedSizeBinary(4 | 16), Type::Ip) => true,
        (List(element) | LargeList(element) | FixedSizeList(element, _), Type::Array(ty)) => fits(element.data_type(), ty),
        (Map(entries, _), Type::Map(ty)) => match entries.data_type() {
            Struct(members) => matches!(&**members, [key, value] if fits(key.data_type(), &Type::Bytes) && fits(value.data_type(), ty)),
            _ => false,
        },
        _ => false,
    }
}

/// An array of which the type [`fits`] as values of a field; `alone` where it is the column, not a part of arrays or maps.
pub(crate) fn convert(array: &ArrayRef, ty: &Type, alone: bool) -> Result<Converted, ArrowError> {
    let valid = array.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
    let all = |values: Values| Ok(Converted { values, valid: valid.clone(), unfit: None });
    let wrong = || ArrowError::CastError(format!("{} is no {ty}", array.data_type()));
    match (array.data_type(), ty) {
        (DataType::Null, _) => {
            let (values, valid) = (nothing(ty, array.len()), Some(NullBuffer::new_null(array.len())));
            Ok(Converted { values, valid, unfit: None })
        }
        (DataType::Dictionary(..), _) => dictionary(array, ty, alone),
        (DataType::Boolean, Type::Bool) => all(Values::Bools(array.as_boolean().values().clone())),
        (DataType::UInt64, Type::Int) => {
            let values = array.as_primitive::<UInt64Type>().values();
            let beyond = BooleanBuffer::collect_bool(values.len(), |i| values[i] > i64::MAX as u64);
            let mut converted = Converted { values: Values::I64(same(array)), valid, unfit: None };
            converted.except(beyond);
            Ok(converted)
        }
        (_, Type::Int | Type::Float) if numbers(array).is_some() => match (numbers(array), ty) {
            (Some(values), Type::Int) => all(values),
            (Some(values), _) => all(floats(values)),
            (None, _) => Err(wrong()),
        },
        (DataType::UInt64, Type::Float) => {
            all(Values::F64(array.as_primitive::<UInt64Type>().values().iter().map(|v| *v as f64).collect()))
        }
        (DataType::Float16, Type::Float) => {
            all(Values::F32(array.as_primitive::<Float16Type>().values().iter().map(|v| v.to_f32()).collect()))
        }
        (DataType::Float32, Type::Float) => all(Values::F32(same(array))),
        (DataType::Float64, Type::Float) => all(Values::F64(same(array))),
        (DataType::Utf8, _) => texts(bytes(array.as_string::<i32>(), Lengths::I32), valid, array.len(), ty).ok_or_else(wrong),
        (DataType::LargeUtf8, _) => texts(bytes(array.as_string::<i64>(), Lengths::I64), valid, array.len(), ty).ok_or_else(wrong),
        (DataType::Binary, _) => texts(bytes(array.as_binary::<i32>(), Lengths::I32), valid, array.len(), ty).ok_or_else(wrong),
        (DataType::LargeBinary, _) => texts(bytes(array.as_binary::<i64>(), Lengths::I64), valid, array.len(), ty).ok_or_else(wrong),
        (DataType::Utf8View, _) => texts(views(array.as_string_view()), valid, array.len(), ty).ok_or_else(wrong),
        (DataType::BinaryView, _) => texts(views(array.as_binary_view()), valid, array.len(), ty).ok_or_else(wrong),
        (DataType::FixedSizeBinary(_), Type::Bytes | Type::Ip) => {
            let array = array.as_fixed_size_binary();
            let size = usize::try_from(array.value_length()).map_err(|_| wrong())?;
            all(Values::Fixed { data: array.values().clone(), size, len: array.len() })
        }
        (DataType::List(_), Type::Array(element)) => {
            let list = array.as_list::<i32>();
            lists(list.values(), Lengths::I32(list.offsets().inner().clone()), list.len(), valid, element)
        }
        (DataType::LargeList(_), Type::Array(element)) => {
            let list = array.as_list::<i64>();
            lists(list.values(), Lengths::I64(list.offsets().inner().clone()), list.len(), valid, element)
        }
        (DataType::FixedSizeList(..), Type::Array(element)) => {
            let list = array.as_fixed_size_list();
            let offsets = (0..=list.len() as i64).map(|i| i * i64::from(list.value_length())).collect();
            lists(list.values(), Lengths::I64(offsets), list.len(), valid, element)
        }
        (DataType::Map(..), Type::Map(element)) => {
            let map = array.as_map();
            let lengths = Lengths::I32(map.offsets().inner().clone());
            let range = parts(&lengths, map.len(), map.keys().len().min(map.values().len()))?;
            let [keys, values] = [(map.keys(), &Type::Bytes), (map.values(), &**element)]
                .map(|(array, ty)| convert(&array.slice(range.start, range.len()), ty, false));
            let (keys, values) = (keys?, values?);
            let lengths = lengths.rebased();
            let broken = broken(&lengths, map.len(), [&keys, &values]);
            let mut converted = Converted { values: Values::Map(lengths, Box::new((keys.values, values.values))), valid, unfit: None };
            broken.into_iter().for_each(|broken| converted.except(broken));
            Ok(converted)
        }
        _ => Err(wrong()),
    }
}

impl Converted {
    /// Says of values that they do not count, although they are there.
    fn except(&mut self, unfit: BooleanBuffer) {
        let there = match &self.valid {
            Some(valid) => &unfit & valid.inner(),
            None => unfit,
        };
        if there.count_set_bits() > 0 {
            self.valid = NullBuffer::union(self.valid.as_ref(), Some(&NullBuffer::new(!&there)));
            self.unfit = Some(there);
        }
    }
}

/// The numbers of an array in its own memory, whatever they are called.
fn same<T: ArrowNativeType>(array: &ArrayRef) -> ScalarBuffer<T> {
    let data = array.to_data();
    match data.buffers() {
        [buffer, ..] => ScalarBuffer::new(buffer.clone(), data.offset(), data.len()),
        [] => ScalarBuffer::from(Vec::new()),
    }
}

/// Whole numbers that Int holds.
fn numbers(array: &ArrayRef) -> Option<Values> {
    use DataType::*;
    Some(match array.data_type() {
        Int8 => Values::I8(same(array)),
        Int16 => Values::I16(same(array)),
        Int32 | Date32 | Time32(_) => Values::I32(same(array)),
        Int64 | Date64 | Time64(_) | Timestamp(..) | Duration(_) => Values::I64(same(array)),
        UInt8 => Values::U8(same(array)),
        UInt16 => Values::U16(same(array)),
        UInt32 => Values::U32(same(array)),
        _ => return None,
    })
}

fn floats(values: Values) -> Values {
    match values {
        Values::I8(v) => Values::F64(v.iter().map(|v| f64::from(*v)).collect()),
        Values::I16(v) => Values::F64(v.iter().map(|v| f64::from(*v)).collect()),
        Values::I32(v) => Values::F64(v.iter().map(|v| f64::from(*v)).collect()),
        Values::I64(v) => Values::F64(v.iter().map(|v| *v as f64).collect()),
        Values::U8(v) => Values::F64(v.iter().map(|v| f64::from(*v)).collect()),
        Values::U16(v) => Values::F64(v.iter().map(|v| f64::from(*v)).collect()),
        Values::U32(v) => Values::F64(v.iter().map(|v| f64::from(*v)).collect()),
        other => other,
    }
}

fn bytes<T: ByteArrayType>(array: &GenericByteArray<T>, lengths: impl Fn(ScalarBuffer<T::Offset>) -> Lengths) -> Values {
    Values::Bytes(array.values().clone(), lengths(array.offsets().inner().clone()))
}

fn views<T: ByteViewType>(array: &GenericByteViewArray<T>) -> Values {
    Values::Views(array.views().clone(), array.data_buffers().to_vec())
}

/// Texts as values of a type: themselves, or what they say.
fn texts(values: Values, valid: Option<NullBuffer>, len: usize, ty: &Type) -> Option<Converted> {
    let texts = Converted { values, valid, unfit: None };
    if *ty == Type::Bytes { Some(texts) } else { text::read(&texts, len, ty) }
}

fn dictionary(array: &ArrayRef, ty: &Type, alone: bool) -> Result<Converted, ArrowError> {
    downcast_dictionary_array!(
        array => {
            let (keys, values) = (array.keys(), array.values());
            // A dictionary that is larger than what uses it is not copied for it; and what arrays are made of has no gaps.
            if !alone || values.len() > 2 * keys.len() {
                return convert(&take(values, keys, None)?, ty, alone);
            }
            let converted = convert(values, ty, true)?;
            let named = |bits: &BooleanBuffer| {
                let get = |i: usize| keys.is_valid(i) && keys.values()[i].to_usize().is_some_and(|key| key < bits.len() && bits.value(key));
                BooleanBuffer::collect_bool(keys.len(), get)
            };
            let mut valid = keys.nulls().filter(|nulls| nulls.null_count() > 0).cloned();
            if let Some(values) = &converted.valid {
                valid = NullBuffer::union(valid.as_ref(), Some(&NullBuffer::new(named(values.inner()))));
            }
            let unfit = converted.unfit.as_ref().map(named);
            Ok(Converted { values: Values::Dictionary(Box::new(key_values(keys)), Box::new(converted.values)), valid, unfit })
        },
        other => Err(ArrowError::CastError(format!("{other} is no dictionary")))
    )
}

/// Keys of any width. Those of 64 bits without sign name no value beyond what such with a sign can.
fn key_values<K: ArrowDictionaryKeyType>(keys: &PrimitiveArray<K>) -> Values {
    let array: ArrayRef = Arc::new(keys.clone());
    numbers(&array).unwrap_or_else(|| Values::I64(same(&array)))
}

fn lists(values: &ArrayRef, lengths: Lengths, len: usize, valid: Option<NullBuffer>, element: &Type) -> Result<Converted, ArrowError> {
    let range = parts(&lengths, len, values.len())?;
    let elements = convert(&values.slice(range.start, range.len()), element, false)?;
    let lengths = lengths.rebased();
    let broken = broken(&lengths, len, [&elements]);
    let mut converted = Converted { values: Values::Array(lengths, Box::new(elements.values)), valid, unfit: None };
    broken.into_iter().for_each(|broken| converted.except(broken));
    Ok(converted)
}

/// Which of `len` values have parts that do not count, if any has.
fn broken<const N: usize>(lengths: &Lengths, len: usize, parts: [&Converted; N]) -> Option<BooleanBuffer> {
    let gaps = parts.map(|part| part.valid.as_ref().filter(|valid| valid.null_count() > 0));
    let counts = |valid: &NullBuffer, i: usize| match (lengths.get(i), lengths.get(i + 1)) {
        (Some(start), Some(end)) if start <= end && end <= valid.len() => valid.slice(start, end - start).null_count() == 0,
        _ => false,
    };
    let any = gaps.iter().any(Option::is_some);
    any.then(|| BooleanBuffer::collect_bool(len, |i| gaps.iter().flatten().any(|valid| !counts(valid, i))))
}

/// So many values of a type, of which none counts.
fn nothing(ty: &Type, len: usize) -> Values {
    let lengths = || Lengths::I32(vec![0; len + 1].into());
    match ty {
        Type::Bool => Values::Bools(BooleanBuffer::new_unset(len)),
        Type::Float => Values::F64(vec![0.0; len].into()),
        Type::Bytes => Values::Bytes(Vec::<u8>::new().into(), lengths()),
        Type::Ip => Values::Ips(vec![[0; 4].into(); len]),
        Type::Array(element) => Values::Array(lengths(), Box::new(nothing(element, 0))),
        Type::Map(element) => Values::Map(lengths(), Box::new((nothing(&Type::Bytes, 0), nothing(element, 0)))),
        // No field of a scheme has the types of scripts.
        Type::Int | Type::U32 | Type::List(..) => Values::I64(vec![0; len].into()),
    }
}

/// The parts that `len` values of so many parts have.
fn parts(lengths: &Lengths, len: usize, parts: usize) -> Result<Range<usize>, ArrowError> {
    match (lengths.get(0), lengths.get(len)) {
        (Some(start), Some(end)) if start <= end && end <= parts => Ok(start..end),
        _ => Err(ArrowError::InvalidArgumentError("offsets reach beyond the values".into())),
    }
}
