//! Built in, the parser sets the fields that it sets as a module: those of `expected.jsonl`, which `quintet run` printed of the traffic that ships.

use std::path::Path;

use quintet::modules::builtin;
use quintet::{ArenaKind, Engine, OwnedValue};
use quintet_inputs::{Format, Reader, ReaderOptions, schemes};
use serde_json::{Map, Value, json};

const FIELDS: [&str; 7] =
    ["cert.subject", "cert.issuer", "cert.names", "cert.not_before", "cert.not_after", "cert.self_issued", "cert.serial"];

#[test]
fn built_in_it_reads_what_it_reads_as_a_module() {
    let engine = Engine::new().with_modules(&[builtin(&certificate::MODULE).unwrap()]).unwrap();
    let scheme = schemes::of(Format::Packets, engine.library().signatures()).unwrap();
    let scheme = engine.declare_parsed(&scheme).unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../bench-suite/workloads/data/traffic.pcapng");
    let options = ReaderOptions::default().arena(ArenaKind::Plain).declared(&scheme);
    let mut reader = Reader::new(std::fs::File::open(path).unwrap(), Format::Packets, &scheme, &options).unwrap();
    let (parsers, mut conditions, mut number, mut lines) = (engine.bind_parsers(&scheme).unwrap(), Vec::new(), 0, String::new());
    while let Some(mut batch) = reader.next_batch(None).unwrap() {
        parsers.apply(&mut batch, &mut conditions).unwrap();
        for record in batch.iter() {
            number += 1;
            let json = |name: &str| OwnedValue::of(&record.value(scheme.field_id(name).unwrap())).map(|value| value.to_json());
            if json("cert.subject").is_some() {
                let fields: Map<String, Value> = FIELDS.iter().map(|name| ((*name).into(), json(name).unwrap_or_default())).collect();
                lines += &format!("{}\n", json!({ "fields": fields, "record": number, "rules": [""] }));
            }
        }
    }
    assert_eq!(lines, include_str!("../expected.jsonl"));
}
