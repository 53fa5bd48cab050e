//! Functions on arrays and maps, and on missing values.

use std::cmp::Ordering;

use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::Value;

pub(super) fn count<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    Ok(match args {
        [Value::Array(array)] => Value::Int(array.len() as i64),
        [Value::Map(map)] => Value::Int(map.len() as i64),
        _ => Value::Nil,
    })
}

pub(super) fn has_key<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    Ok(match args {
        [Value::Map(map), Value::Bytes(key)] => Value::Bool(!map.get(key).is_nil()),
        _ => Value::Nil,
    })
}

pub(super) fn has_value<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [values, wanted] = args else { return Ok(Value::Nil) };
    // As `==` compares: no NaN is found, and addresses of two families are never the same.
    let same = |value: Value<'a>| value.compare(wanted) == Some(Ordering::Equal);
    Ok(match values {
        Value::Array(array) => Value::Bool(array.iter().any(same)),
        Value::Map(map) => Value::Bool(map.iter().any(|(_, value)| same(value))),
        _ => Value::Nil,
    })
}

pub(super) fn coalesce<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    Ok(args.iter().copied().find(|v| !v.is_nil()).unwrap_or(Value::Nil))
}
