//! What tables hold, in an order that depends on nothing else.

use serde_json::Value as Json;

use super::key;
use super::table::Table;
use crate::owned::OwnedValue;

/// The entries of a table.
#[derive(Clone, Debug)]
pub struct DumpedState {
    /// The table's name.
    pub name: String,
    /// The entries that have not expired, by key: value by value, nil first, addresses of IPv4 before those of IPv6.
    pub entries: Vec<DumpedEntry>,
}

/// An entry of a table.
#[derive(Clone, Debug)]
pub struct DumpedEntry {
    /// The values that the key is made of. A flow is five: an address and its port, the other and its port, the protocol.
    pub key: Vec<Option<OwnedValue>>,
    /// What it holds.
    pub value: OwnedValue,
}

impl DumpedState {
    pub(super) fn of(name: &str, table: &Table, time: i64) -> DumpedState {
        let mut entries = Vec::with_capacity(table.len());
        table.live(time, &mut |bytes, value| {
            if let Some(value) = OwnedValue::of(&value) {
                entries.push(DumpedEntry { key: key::values(bytes), value });
            }
        });
        entries.sort_by(|a, b| key::order(&a.key, &b.key));
        DumpedState { name: name.to_owned(), entries }
    }

    /// The entries as JSON, one object a line: `{"state":"hits","key":["10.0.0.1"],"value":3}`.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        let name = Json::from(self.name.as_str());
        self.entries.iter().map(move |entry| {
            let key: Json = entry.key.iter().map(|part| part.as_ref().map_or(Json::Null, OwnedValue::to_json)).collect();
            format!("{{\"state\":{name},\"key\":{key},\"value\":{}}}", entry.value.to_json())
        })
    }
}
