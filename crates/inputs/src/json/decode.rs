//! JSON values as values of a type.

use bumpalo::Bump;
use quintet_lang::Type;
use quintet_runtime::{ArrayRef, MapRef, Value};
use serde_json::Value as Json;

/// `json` as a value of type `ty`, or none if it is no such value.
pub(super) fn decode<'a>(json: &'a Json, ty: &Type, bump: &'a Bump) -> Option<Value<'a>> {
    Some(match (ty, json) {
        (Type::Bool, Json::Bool(b)) => Value::Bool(*b),
        (Type::Int, Json::Number(n)) => Value::Int(n.as_i64()?),
        (Type::Float, Json::Number(n)) => Value::Float(n.as_f64()?),
        (Type::Float, Json::String(s)) => Value::Float(match s.as_str() {
            "NaN" | "nan" => f64::NAN,
            "inf" | "Infinity" => f64::INFINITY,
            "-inf" | "-Infinity" => f64::NEG_INFINITY,
            _ => return None,
        }),
        (Type::Bytes, Json::String(s)) => Value::Bytes(s.as_bytes()),
        (Type::Bytes, Json::Object(members)) if members.len() == 1 => Value::Bytes(hex(members.get("hex")?.as_str()?, bump)?),
        (Type::Ip, Json::String(s)) => Value::Ip(s.parse().ok()?),
        (Type::Array(element), Json::Array(items)) => {
            let mut values = Vec::with_capacity(items.len());
            for item in items {
                values.push(decode(item, element, bump)?);
            }
            Value::Array(ArrayRef::Built(bump.alloc_slice_copy(&values)))
        }
        (Type::Map(element), Json::Object(members)) => {
            let mut entries = Vec::with_capacity(members.len());
            for (key, member) in members {
                entries.push((key.as_bytes(), decode(member, element, bump)?));
            }
            entries.sort_unstable_by_key(|(key, _)| *key);
            Value::Map(MapRef::Built(bump.alloc_slice_copy(&entries)))
        }
        _ => return None,
    })
}

fn hex<'a>(text: &str, bump: &'a Bump) -> Option<&'a [u8]> {
    if !text.len().is_multiple_of(2) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 2);
    for pair in text.as_bytes().chunks_exact(2) {
        let digit = |b: u8| char::from(b).to_digit(16);
        bytes.push((digit(pair[0])? * 16 + digit(pair[1])?) as u8);
    }
    Some(bump.alloc_slice_copy(&bytes))
}
