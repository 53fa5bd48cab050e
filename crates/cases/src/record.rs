//! Records that own what they hold, and their JSON form.

use std::collections::BTreeMap;

use bumpalo::Bump;
use quintet_lang::{Presence, Scheme};
use quintet_runtime::{ArenaKind, Batch, BatchBuilder, OwnedValue, RecordError};
use serde_json::Value as Json;

/// A record: values under the names of fields. A field that is not there is unset.
pub type Record = BTreeMap<String, OwnedValue>;

/// Why JSON is no record of a scheme.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct RecordJsonError(String);

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
    let plain = |name: &String, value: &OwnedValue| {
        scheme.field_id(name).is_some_and(|id| {
            let field = scheme.field(id);
            field.presence == Presence::Mandatory && value.to_json() == OwnedValue::zero(&field.ty).to_json()
        })
    };
    Json::Object(record.iter().filter(|(name, value)| !plain(name, value)).map(|(name, value)| (name.clone(), value.to_json())).collect())
}

/// The record that JSON stands for. Mandatory fields that are left out are zero or empty.
///
/// # Errors
/// An unknown field, or a value of the wrong type.
pub fn record_from_json(scheme: &Scheme, json: &Json) -> Result<Record, RecordJsonError> {
    let mut record = zero_record(scheme);
    for (name, value) in json.as_object().ok_or_else(|| RecordJsonError(format!("{json} is no record")))? {
        let id = scheme.field_id(name).ok_or_else(|| RecordJsonError(format!("there is no field `{name}`")))?;
        let value = OwnedValue::from_json(&scheme.field(id).ty, value).map_err(|e| RecordJsonError(format!("{name}: {e}")))?;
        record.insert(name.clone(), value);
    }
    Ok(record)
}

/// The plainest record of a scheme: mandatory fields are zero or empty, optional ones unset.
pub fn zero_record(scheme: &Scheme) -> Record {
    let mandatory = scheme.fields().iter().filter(|f| f.presence == Presence::Mandatory);
    mandatory.map(|f| (f.name.clone(), OwnedValue::zero(&f.ty))).collect()
}

#[cfg(test)]
mod tests {
    use quintet_lang::Type;
    use serde_json::json;

    use super::*;

    #[test]
    fn records_are_built_and_read_back() {
        let scheme = Scheme::builder().mandatory("i", Type::Int).optional("m", Type::map(Type::Bytes)).build().unwrap();
        let record = record_from_json(&scheme, &json!({"m": {"b": "2", "a": "1"}})).unwrap();
        let batch = batch(&scheme, [&record], ArenaKind::Plain).unwrap();
        let (bump, value) = (Bump::new(), batch.record(0).value(scheme.field_id("m").unwrap()));
        assert_eq!(value, record["m"].value(&bump));
        assert_eq!(OwnedValue::of(&value).unwrap().to_json(), json!({"a": "1", "b": "2"}));
        assert_eq!(record_to_json(&scheme, &record), json!({"m": {"a": "1", "b": "2"}}));
    }
}
