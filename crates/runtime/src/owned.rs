//! Values that own what they hold, as text and as JSON.
//!
//! | type | JSON |
//! |---|---|
//! | Bool, Int | `true`, `-5` |
//! | Float | a string (`"NaN"`, `"-0.0"`, `"1e300"`); a number is read too |
//! | Bytes | a string where they are UTF-8, otherwise `{"hex":"00ff"}` |
//! | Ip | a string |
//! | Array | an array |
//! | Map | an object, or an array of `[key, value]` where a key is not UTF-8 |

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use bumpalo::Bump;
use quintet_lang::{Type, quote};
use serde_json::{Value as Json, json};

use crate::value::{ArrayRef, MapRef, Value};

/// A value that owns what it holds.
#[derive(Clone, Debug)]
pub enum OwnedValue {
    /// A Bool.
    Bool(bool),
    /// An Int, or a U32 of a script.
    Int(i64),
    /// A Float.
    Float(f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An address.
    Ip(IpAddr),
    /// An array.
    Array(Vec<OwnedValue>),
    /// A map.
    Map(BTreeMap<Vec<u8>, OwnedValue>),
}

/// Why JSON is no value of a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(String);

impl OwnedValue {
    /// The plainest value of a type: zero, false, empty.
    pub fn zero(ty: &Type) -> OwnedValue {
        match ty {
            Type::Bool => OwnedValue::Bool(false),
            Type::Int | Type::U32 => OwnedValue::Int(0),
            Type::Float => OwnedValue::Float(0.0),
            Type::Bytes => OwnedValue::Bytes(Vec::new()),
            Type::Ip => OwnedValue::Ip(Ipv4Addr::UNSPECIFIED.into()),
            Type::Array(_) | Type::List(..) => OwnedValue::Array(Vec::new()),
            Type::Map(_) => OwnedValue::Map(BTreeMap::new()),
        }
    }

    /// A copy of a value; `None` for nil, also inside arrays and maps.
    pub fn of(value: &Value<'_>) -> Option<OwnedValue> {
        Some(match value {
            Value::Nil => return None,
            Value::Bool(b) => OwnedValue::Bool(*b),
            Value::Int(i) => OwnedValue::Int(*i),
            Value::U32(u) => OwnedValue::Int(i64::from(*u)),
            Value::Float(f) => OwnedValue::Float(*f),
            Value::Bytes(b) => OwnedValue::Bytes(b.to_vec()),
            Value::Ip(ip) => OwnedValue::Ip(*ip),
            Value::Array(a) => OwnedValue::Array(a.iter().map(|v| OwnedValue::of(&v)).collect::<Option<_>>()?),
            Value::Map(m) => OwnedValue::Map(m.iter().map(|(k, v)| Some((k.to_vec(), OwnedValue::of(&v)?))).collect::<Option<_>>()?),
        })
    }

    /// The value as rules see it; arrays and maps are built in `bump`.
    pub fn value<'b>(&'b self, bump: &'b Bump) -> Value<'b> {
        match self {
            OwnedValue::Bool(b) => Value::Bool(*b),
            OwnedValue::Int(i) => Value::Int(*i),
            OwnedValue::Float(f) => Value::Float(*f),
            OwnedValue::Bytes(b) => Value::Bytes(b),
            OwnedValue::Ip(ip) => Value::Ip(*ip),
            OwnedValue::Array(items) => Value::Array(ArrayRef::Built(bump.alloc_slice_fill_iter(items.iter().map(|v| v.value(bump))))),
            OwnedValue::Map(items) => {
                Value::Map(MapRef::Built(bump.alloc_slice_fill_iter(items.iter().map(|(k, v)| (k.as_slice(), v.value(bump))))))
            }
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> Json {
        match self {
            OwnedValue::Bool(b) => json!(b),
            OwnedValue::Int(i) => json!(i),
            OwnedValue::Float(f) => json!(format!("{f:?}")),
            OwnedValue::Bytes(b) => bytes_to_json(b),
            OwnedValue::Ip(ip) => json!(ip.to_string()),
            OwnedValue::Array(items) => items.iter().map(OwnedValue::to_json).collect(),
            OwnedValue::Map(items) => {
                let text: Option<serde_json::Map<String, Json>> =
                    items.iter().map(|(k, v)| Some((String::from_utf8(k.clone()).ok()?, v.to_json()))).collect();
                match text {
                    Some(object) => Json::Object(object),
                    None => items.iter().map(|(k, v)| json!([bytes_to_json(k), v.to_json()])).collect(),
                }
            }
        }
    }

    /// The value of type `ty` that `json` stands for.
    ///
    /// # Errors
    /// When it stands for none.
    pub fn from_json(ty: &Type, json: &Json) -> Result<OwnedValue, JsonError> {
        let wrong = || JsonError(format!("{json} is no {ty}"));
        Ok(match ty {
            Type::Bool => OwnedValue::Bool(json.as_bool().ok_or_else(wrong)?),
            Type::Int => OwnedValue::Int(json.as_i64().ok_or_else(wrong)?),
            Type::U32 => OwnedValue::Int(json.as_u64().and_then(|i| u32::try_from(i).ok()).map(i64::from).ok_or_else(wrong)?),
            Type::Float => match json {
                Json::String(text) => OwnedValue::Float(text.parse().map_err(|_| wrong())?),
                other => OwnedValue::Float(other.as_f64().ok_or_else(wrong)?),
            },
            Type::Bytes => OwnedValue::Bytes(bytes_from_json(json).ok_or_else(wrong)?),
            Type::Ip => OwnedValue::Ip(json.as_str().and_then(|s| s.parse().ok()).ok_or_else(wrong)?),
            Type::Array(element) | Type::List(element, _) => {
                let items = json.as_array().ok_or_else(wrong)?;
                OwnedValue::Array(items.iter().map(|v| OwnedValue::from_json(element, v)).collect::<Result<_, _>>()?)
            }
            Type::Map(element) => match json {
                Json::Object(items) => {
                    let pairs = items.iter().map(|(k, v)| Ok((k.clone().into_bytes(), OwnedValue::from_json(element, v)?)));
                    OwnedValue::Map(pairs.collect::<Result<_, JsonError>>()?)
                }
                Json::Array(items) => {
                    let pairs = items.iter().map(|pair| match pair.as_array().map(Vec::as_slice) {
                        Some([key, v]) => Ok((bytes_from_json(key).ok_or_else(wrong)?, OwnedValue::from_json(element, v)?)),
                        _ => Err(wrong()),
                    });
                    OwnedValue::Map(pairs.collect::<Result<_, JsonError>>()?)
                }
                _ => return Err(wrong()),
            },
        })
    }
}

/// In the notation of the language's literals, as far as it has one: arrays as `[1, 2]`, maps as `{"a": 1}`, what is no finite number as
/// `NaN`, `inf` and `-inf`.
impl fmt::Display for OwnedValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comma = |f: &mut fmt::Formatter<'_>, i: usize| f.write_str(if i > 0 { ", " } else { "" });
        match self {
            OwnedValue::Bool(b) => write!(f, "{b}"),
            OwnedValue::Int(i) => write!(f, "{i}"),
            OwnedValue::Float(x) => write!(f, "{x:?}"),
            OwnedValue::Bytes(b) => f.write_str(&quote(b)),
            OwnedValue::Ip(ip) => write!(f, "{ip}"),
            OwnedValue::Array(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    comma(f, i)?;
                    item.fmt(f)?;
                }
                f.write_str("]")
            }
            OwnedValue::Map(items) => {
                f.write_str("{")?;
                for (i, (key, item)) in items.iter().enumerate() {
                    comma(f, i)?;
                    write!(f, "{}: {item}", quote(key))?;
                }
                f.write_str("}")
            }
        }
    }
}

/// The same value: floats by their bits, so that `-0.0` is not `0.0`, but for NaN, of which there is just one.
impl PartialEq for OwnedValue {
    fn eq(&self, other: &OwnedValue) -> bool {
        match (self, other) {
            (OwnedValue::Bool(a), OwnedValue::Bool(b)) => a == b,
            (OwnedValue::Int(a), OwnedValue::Int(b)) => a == b,
            (OwnedValue::Float(a), OwnedValue::Float(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
            (OwnedValue::Bytes(a), OwnedValue::Bytes(b)) => a == b,
            (OwnedValue::Ip(a), OwnedValue::Ip(b)) => a == b,
            (OwnedValue::Array(a), OwnedValue::Array(b)) => a == b,
            (OwnedValue::Map(a), OwnedValue::Map(b)) => a == b,
            _ => false,
        }
    }
}

fn bytes_to_json(bytes: &[u8]) -> Json {
    match std::str::from_utf8(bytes) {
        Ok(text) => json!(text),
        Err(_) => json!({ "hex": bytes.iter().map(|b| format!("{b:02x}")).collect::<String>() }),
    }
}

fn bytes_from_json(json: &Json) -> Option<Vec<u8>> {
    if let Some(text) = json.as_str() {
        return Some(text.as_bytes().to_vec());
    }
    let hex = json.get("hex")?.as_str()?.as_bytes();
    let digit = |b: u8| char::from(b).to_digit(16).map(|d| d as u8);
    let pair = |p: &[u8]| Some(digit(p[0])? << 4 | digit(*p.get(1)?)?);
    hex.chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trips() {
        let ty = Type::map(Type::array(Type::Float));
        let floats = [f64::NAN, f64::NEG_INFINITY, -0.0, 5e-324, 0.1].map(OwnedValue::Float).to_vec();
        let map = BTreeMap::from([(vec![0xff], OwnedValue::Array(floats)), (b"x".to_vec(), OwnedValue::Array(vec![]))]);
        let value = OwnedValue::Map(map);
        let again = OwnedValue::from_json(&ty, &value.to_json()).unwrap();
        let bump = Bump::new();
        assert_eq!(value.value(&bump), again.value(&bump));
        assert_eq!(OwnedValue::from_json(&Type::Bytes, &json!({"hex": "00ff"})).unwrap().to_json(), json!({"hex": "00ff"}));
        assert!(OwnedValue::from_json(&Type::Bytes, &json!({"hex": "0"})).is_err());
        assert!(OwnedValue::from_json(&Type::Int, &json!(1.5)).is_err());
    }

    #[test]
    fn texts_are_literals_where_there_are_some() {
        let bytes = |b: &[u8]| OwnedValue::Bytes(b.to_vec());
        let map = OwnedValue::Map(BTreeMap::from([(b"a\"b".to_vec(), OwnedValue::Float(-0.0)), (vec![0xff], OwnedValue::Float(f64::NAN))]));
        let value =
            OwnedValue::Array(vec![bytes(b"x\n"), bytes(b""), OwnedValue::Ip("::1".parse().unwrap()), map, OwnedValue::Array(vec![])]);
        assert_eq!(value.to_string(), r#"["x\x0a", "", ::1, {"a\"b": -0.0, "\xff": NaN}, []]"#);
        assert_eq!(value, value.clone());
        assert_ne!(OwnedValue::Float(0.0), OwnedValue::Float(-0.0));
        assert_eq!(OwnedValue::Float(f64::NAN), OwnedValue::Float(-f64::NAN));
    }
}
