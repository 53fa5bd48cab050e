//! Keys of maps of every size that is searched in another way, on every configuration: those that there are, and others of the same lengths.

use std::fmt::Write;

use quintet::{ArenaKind, Engine, Matches, RecordId, RuleId, Scheme, Type, configurations};
use quintet_cases::{Record, batch, record_from_json};
use serde_json::{Map, Value as Json, json};

/// Keys of one to three letters, many of each length.
fn key(at: usize) -> String {
    format!("{}{}", ["", "k", "kk"][at % 3], char::from(b'!' + (at % 90) as u8))
}

#[test]
fn keys_are_found_in_maps_of_all_sizes() {
    let engine = Engine::new();
    let scheme = Scheme::builder().mandatory("m", Type::map(Type::Int)).functions(engine.library().signatures()).build().expect("a scheme");
    let sizes: Vec<usize> = (0..=70).collect();
    let record = |size: &usize| {
        let entries: Map<String, Json> = (0..*size).map(|at| (key(at), at.into())).collect();
        record_from_json(&scheme, &json!({ "m": entries })).expect("a record")
    };
    let records: Vec<Record> = sizes.iter().map(record).collect();
    let batch = batch(&scheme, &records, ArenaKind::Shared).expect("a batch");
    let mut source = String::new();
    for at in 0..90 {
        writeln!(source, "rule k{at} = m[{:?}] == {at}", key(at)).expect("text");
    }
    for backend in configurations() {
        let rules = engine.compile(&source, &scheme, &backend.id().to_string()).expect("rules");
        let mut matches = Matches::new();
        rules.instance().expect("an instance").run_batch(&batch, &mut matches).expect("a run");
        for (record, size) in sizes.iter().enumerate() {
            for at in 0..90 {
                let found = matches.get(RuleId(at), RecordId(record));
                assert_eq!(found, at < *size, "{}: key {:?} of {size}", backend.id(), key(at));
            }
        }
    }
}
