//! `result.schema.json`, for programs in other languages, is what the types say.

mod common;

use std::collections::BTreeMap;

use quintet_results::Results;
use serde_json::Value;

/// The same JSON with its keys in order, whichever order this build of `serde_json` keeps them in.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(map) => {
            let map: BTreeMap<String, Value> = map.into_iter().map(|(key, value)| (key, sorted(value))).collect();
            Value::Object(map.into_iter().collect())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[test]
fn the_committed_schema_is_that_of_the_types() {
    let schema = sorted(schemars::schema_for!(Results).to_value());
    let made = serde_json::to_string_pretty(&schema).expect("a schema is JSON") + "\n";
    common::golden("result.schema.json", &made);
}

/// All descriptions below a schema, with their places.
fn descriptions<'s>(schema: &'s Value, place: &str, found: &mut Vec<(String, Option<&'s str>)>) {
    if let Some(fields) = schema.get("properties").and_then(|p| p.as_object()) {
        for (name, field) in fields {
            found.push((format!("{place}.{name}"), field.get("description").and_then(|d| d.as_str())));
        }
    }
    if let Some(types) = schema.get("$defs").and_then(|p| p.as_object()) {
        for (name, ty) in types {
            found.push((name.clone(), ty.get("description").and_then(|d| d.as_str())));
            descriptions(ty, name, found);
        }
    }
}

#[test]
fn every_type_and_field_is_described_for_readers_of_any_language() {
    let schema = schemars::schema_for!(Results);
    let mut found = Vec::new();
    descriptions(schema.as_value(), "Results", &mut found);
    assert!(found.len() > 60, "{}", found.len());
    for (place, description) in found {
        // What links within Rust's documentation is of no use elsewhere.
        assert!(description.is_some_and(|d| d.ends_with('.') && !d.contains("[`")), "{place}: {description:?}");
    }
}
