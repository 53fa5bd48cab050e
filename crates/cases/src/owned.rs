//! Values and records that own what they hold, and their JSON form.
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
use std::net::{IpAddr, Ipv4Addr};

use bumpalo::Bump;
use quintet_lang::{Presence, Scheme, Type};
use quintet_runtime::{ArenaKind, ArrayRef, Batch, BatchBuilder, MapRef, RecordError, Value};
use serde_json::{Value as Json, json};

/// A value that owns what it holds.
#[derive(Clone, Debug)]
pub enum Owned {
    /// A Bool.
    Bool(bool),
    /// An Int.
    Int(i64),
    /// A Float.
    Float(f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An address.
    Ip(IpAddr),
    /// An array.
    Array(Vec<Owned>),
    /// A map.
    Map(BTreeMap<Vec<u8>, Owned>),
}

/// A record: values under the names of fields. A field that is not there is unset.
pub type Record = BTreeMap<String, Owned>;

/// Why JSON is no value of a type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct JsonError(pub(crate) String);

impl Owned {
    /// The plainest value of a type: zero, false, empty.
    pub fn zero(ty: &Type) -> Owned {
        match ty {
            Type::Bool => Owned::Bool(false),
            Type::Int => Owned::Int(0),
            Type::Float => Owned::Float(0.0),
            Type::Bytes => Owned::Bytes(Vec::new()),
            Type::Ip => Owned::Ip(Ipv4Addr::UNSPECIFIED.into()),
            Type::Array(_) => Owned::Array(Vec::new()),
            Type::Map(_) => Owned::Map(BTreeMap::new()),
        }
    }

    /// A copy of a value; `None` for nil, also inside arrays and maps.
    pub fn of(value: &Value<'_>) -> Option<Owned> {
        Some(match value {
            Value::Nil => return None,
            Value::Bool(b) => Owned::Bool(*b),
            Value::Int(i) => Owned::Int(*i),
            Value::Float(f) => Owned::Float(*f),
            Value::Bytes(b) => Owned::Bytes(b.to_vec()),
            Value::Ip(ip) => Owned::Ip(*ip),
            Value::Array(a) => Owned::Array(a.iter().map(|v| Owned::of(&v)).collect::<Option<_>>()?),
            Value::Map(m) => Owned::Map(m.iter().map(|(k, v)| Some((k.to_vec(), Owned::of(&v)?))).collect::<Option<_>>()?),
        })
    }

    /// The value as rules see it; arrays and maps are built in `bump`.
    pub fn value<'b>(&'b self, bump: &'b Bump) -> Value<'b> {
        match self {
            Owned::Bool(b) => Value::Bool(*b),
            Owned::Int(i) => Value::Int(*i),
            Owned::Float(f) => Value::Float(*f),
            Owned::Bytes(b) => Value::Bytes(b),
            Owned::Ip(ip) => Value::Ip(*ip),
            Owned::Array(items) => Value::Array(ArrayRef::Built(bump.alloc_slice_fill_iter(items.iter().map(|v| v.value(bump))))),
            Owned::Map(items) => {
                Value::Map(MapRef::Built(bump.alloc_slice_fill_iter(items.iter().map(|(k, v)| (k.as_slice(), v.value(bump))))))
            }
        }
    }

    /// The value as JSON.
    pub fn to_json(&self) -> Json {
        match self {
            Owned::Bool(b) => json!(b),
            Owned::Int(i) => json!(i),
            Owned::Float(f) => json!(format!("{f:?}")),
            Owned::Bytes(b) => bytes_to_json(b),
            Owned::Ip(ip) => json!(ip.to_string()),
            Owned::Array(items) => items.iter().map(Owned::to_json).collect(),
            Owned::Map(items) => {
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
    pub fn from_json(ty: &Type, json: &Json) -> Result<Owned, JsonError> {
        let wrong = || JsonError(format!("{json} is no {ty}"));
        Ok(match ty {
            Type::Bool => Owned::Bool(json.as_bool().ok_or_else(wrong)?),
            Type::Int => Owned::Int(json.as_i64().ok_or_else(wrong)?),
            Type::Float => match json {
                Json::String(text) => Owned::Float(text.parse().map_err(|_| wrong())?),
                other => Owned::Float(other.as_f64().ok_or_else(wrong)?),
            },
            Type::Bytes => Owned::Bytes(bytes_from_json(json).ok_or_else(wrong)?),
            Type::Ip => Owned::Ip(json.as_str().and_then(|s| s.parse().ok()).ok_or_else(wrong)?),
            Type::Array(element) => {
                let items = json.as_array().ok_or_else(wrong)?;
                Owned::Array(items.iter().map(|v| Owned::from_json(element, v)).collect::<Result<_, _>>()?)
            }
            Type::Map(element) => match json {
                Json::Object(items) => {
                    let pairs = items.iter().map(|(k, v)| Ok((k.clone().into_bytes(), Owned::from_json(element, v)?)));
                    Owned::Map(pairs.collect::<Result<_, JsonError>>()?)
                }
                Json::Array(items) => {
                    let pairs = items.iter().map(|pair| match pair.as_array().map(Vec::as_slice) {
                        Some([key, v]) => Ok((bytes_from_json(key).ok_or_else(wrong)?, Owned::from_json(element, v)?)),
                        _ => Err(wrong()),
                    });
                    Owned::Map(pairs.collect::<Result<_, JsonError>>()?)
                }
                _ => return Err(wrong()),
            },
        })
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

/// A batch of records, in this order.
///
/// # Errors
/// A value of the wrong type, or a mandatory field without a value.
pub fn batch<'r>(scheme: &Scheme, records: impl IntoIterator<Item = &'r Record>, kind: ArenaKind) -> Result<Batch, RecordError> {
    let records: Vec<&Record> = records.into_iter().collect();
    let mut builder = BatchBuilder::new(scheme, records.len(), kind)?;
    let mut bump = Bump::new();
    for owned in records {
        let mut record = builder.record();
        for (name, value) in owned {
            if let Some(field) = scheme.field_id(name) {
                record.set(field, value.value(&bump));
            }
        }
        record.finish()?;
        bump.reset();
    }
    Ok(builder.build())
}

/// A record as JSON. Mandatory fields that are zero or empty are left out.
pub fn record_to_json(scheme: &Scheme, record: &Record) -> Json {
    let plain = |name: &String, value: &Owned| {
        scheme.field_id(name).is_some_and(|id| {
            let field = scheme.field(id);
            field.presence == Presence::Mandatory && value.to_json() == Owned::zero(&field.ty).to_json()
        })
    };
    Json::Object(record.iter().filter(|(name, value)| !plain(name, value)).map(|(name, value)| (name.clone(), value.to_json())).collect())
}

/// The record that JSON stands for. Mandatory fields that are left out are zero or empty.
///
/// # Errors
/// An unknown field, or a value of the wrong type.
pub fn record_from_json(scheme: &Scheme, json: &Json) -> Result<Record, JsonError> {
    let mut record = zero_record(scheme);
    for (name, value) in json.as_object().ok_or_else(|| JsonError(format!("{json} is no record")))? {
        let id = scheme.field_id(name).ok_or_else(|| JsonError(format!("there is no field `{name}`")))?;
        let value = Owned::from_json(&scheme.field(id).ty, value).map_err(|e| JsonError(format!("{name}: {e}")))?;
        record.insert(name.clone(), value);
    }
    Ok(record)
}

/// The plainest record of a scheme: mandatory fields are zero or empty, optional ones unset.
pub fn zero_record(scheme: &Scheme) -> Record {
    let mandatory = scheme.fields().iter().filter(|f| f.presence == Presence::Mandatory);
    mandatory.map(|f| (f.name.clone(), Owned::zero(&f.ty))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_round_trips() {
        let ty = Type::map(Type::array(Type::Float));
        let floats = [f64::NAN, f64::NEG_INFINITY, -0.0, 5e-324, 0.1].map(Owned::Float).to_vec();
        let map = BTreeMap::from([(vec![0xff], Owned::Array(floats)), (b"x".to_vec(), Owned::Array(vec![]))]);
        let value = Owned::Map(map);
        let again = Owned::from_json(&ty, &value.to_json()).unwrap();
        let bump = Bump::new();
        assert_eq!(value.value(&bump), again.value(&bump));
        assert_eq!(Owned::from_json(&Type::Bytes, &json!({"hex": "00ff"})).unwrap().to_json(), json!({"hex": "00ff"}));
        assert!(Owned::from_json(&Type::Bytes, &json!({"hex": "0"})).is_err());
        assert!(Owned::from_json(&Type::Int, &json!(1.5)).is_err());
    }

    #[test]
    fn records_are_built_and_read_back() {
        let scheme = Scheme::builder().mandatory("i", Type::Int).optional("m", Type::map(Type::Bytes)).build().unwrap();
        let record = record_from_json(&scheme, &json!({"m": {"b": "2", "a": "1"}})).unwrap();
        let batch = batch(&scheme, [&record], ArenaKind::Plain).unwrap();
        let (bump, value) = (Bump::new(), batch.record(0).value(scheme.field_id("m").unwrap()));
        assert_eq!(value, record["m"].value(&bump));
        assert_eq!(Owned::of(&value).unwrap().to_json(), json!({"a": "1", "b": "2"}));
        assert_eq!(record_to_json(&scheme, &record), json!({"m": {"a": "1", "b": "2"}}));
    }
}
