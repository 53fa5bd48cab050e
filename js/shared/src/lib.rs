//! What the files that run rules have in common: reading what JavaScript hands over, and writing what it gets.
#![forbid(unsafe_code)]

use std::path::Path;

use quintet::lang::ast::Span;
use quintet::lang::stdlib;
use quintet::{Engine, Limits, ListText, Scheme, Trap};
use quintet_cases::{Record, record_from_json};
use quintet_syntax::service::Positions;
use serde_json::{Map, Value, json};
use wasm_bindgen::JsError;

/// The records of a JSON array.
///
/// # Errors
/// A record that is none of the scheme, and its number.
pub fn records_of(scheme: &Scheme, records: &str) -> Result<Vec<Record>, JsError> {
    let records: Vec<Value> = serde_json::from_str(records)?;
    let record = |(at, record): (usize, &Value)| record_from_json(scheme, record).map_err(|e| JsError::new(&format!("record {at}: {e}")));
    records.iter().enumerate().map(record).collect()
}

/// What rules answer on a record.
pub fn answer(positions: &Positions<'_>, hits: impl Iterator<Item = usize>, traps: impl Iterator<Item = (usize, Trap, Span)>) -> Value {
    let traps = traps.map(|(rule, trap, span)| {
        let at = positions.stretch(span.start as usize..span.end as usize);
        json!({ "rule": rule, "trap": trap.to_string(), "at": at })
    });
    json!({ "matches": hits.collect::<Vec<_>>(), "traps": traps.collect::<Vec<_>>() })
}

/// The default limits, of which a JSON object may set `steps` and `memoryBytes`.
///
/// # Errors
/// What is no such object.
pub fn limits(limits: &str) -> Result<Limits, JsError> {
    let set: Map<String, Value> = serde_json::from_str(limits)?;
    let number = |key: &str| set.get(key).and_then(Value::as_u64);
    let default = Limits::default();
    Ok(Limits {
        steps: number("steps").unwrap_or(default.steps),
        memory_bytes: number("memoryBytes").map_or(default.memory_bytes, |bytes| usize::try_from(bytes).unwrap_or(usize::MAX)),
        ..default
    })
}

/// The scheme that a text describes: TOML, or JSON with the same keys. Rules may call the standard functions.
///
/// # Errors
/// What is wrong with it.
pub fn read(scheme: &str) -> Result<Scheme, JsError> {
    let json = scheme.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']).starts_with('{');
    Ok(if json { Scheme::from_json(scheme, stdlib::signatures()) } else { Scheme::from_toml(scheme, stdlib::signatures()) }?)
}

/// Fills the lists that rules name, which are given as a JSON object: `NAME` or `NAME:TYPE` and the text of a list's file.
///
/// # Errors
/// What is wrong with them.
pub fn fill(engine: &Engine, scheme: &Scheme, text: &str, lists: &str) -> Result<(), JsError> {
    let lists: Map<String, Value> = serde_json::from_str(lists)?;
    let list = |(spec, text): (&String, &Value)| {
        let text = text.as_str().ok_or_else(|| JsError::new(&format!("list `{spec}`: its members are a text, one a line")))?;
        Ok(ListText::new(spec, Path::new(spec), text.into())?)
    };
    let lists: Vec<ListText> = lists.iter().map(list).collect::<Result<_, JsError>>()?;
    engine.load_lists(&lists, text, scheme)?;
    Ok(())
}
