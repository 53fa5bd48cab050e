//! Text that says a value of another type.

use std::net::IpAddr;
use std::str::FromStr;

use arrow_buffer::{BooleanBuffer, BooleanBufferBuilder, NullBuffer};
use quintet_lang::Type;

use crate::convert::Converted;
use crate::values::Values;

/// The values of a primitive type that texts say. An empty text says nothing, and is not wrong.
pub(crate) fn read(texts: &Converted, len: usize, ty: &Type) -> Option<Converted> {
    let (values, valid, unfit) = match ty {
        Type::Int => parse(texts, len, 0i64, i64::from_str, |values| Values::I64(values.into())),
        Type::Float => parse(texts, len, 0.0, f64::from_str, |values| Values::F64(values.into())),
        Type::Bool => parse(texts, len, false, bool::from_str, |values| Values::Bools(values.into())),
        Type::Ip => parse(texts, len, IpAddr::from([0; 4]), IpAddr::from_str, Values::Ips),
        Type::Bytes | Type::U32 | Type::List(..) | Type::Array(_) | Type::Map(_) => return None,
    };
    Some(Converted { values, valid: Some(valid), unfit })
}

type Read = (Values, NullBuffer, Option<BooleanBuffer>);

fn parse<T: Clone, E>(
    texts: &Converted,
    len: usize,
    none: T,
    parse: impl Fn(&str) -> Result<T, E>,
    done: impl FnOnce(Vec<T>) -> Values,
) -> Read {
    let mut values = Vec::with_capacity(len);
    let (mut valid, mut unfit) = (BooleanBufferBuilder::new(len), BooleanBufferBuilder::new(len));
    let mut any = false;
    for i in 0..len {
        let there = texts.valid.as_ref().is_none_or(|valid| valid.is_valid(i));
        let text = Some(&texts.values).filter(|_| there).and_then(|values| values.text(i)).filter(|text| !text.is_empty());
        let value = text.map(|text| std::str::from_utf8(text).ok().and_then(|text| parse(text).ok()));
        valid.append(matches!(value, Some(Some(_))));
        unfit.append(matches!(value, Some(None)));
        any |= matches!(value, Some(None));
        values.push(value.flatten().unwrap_or_else(|| none.clone()));
    }
    (done(values), NullBuffer::new(valid.finish()), any.then(|| unfit.finish()))
}
