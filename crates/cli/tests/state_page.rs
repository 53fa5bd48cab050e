//! `docs/state.md` is executed: each block of rules on the records that follow it, on every configuration of every backend, with the lines of
//! its outputs.

mod page;

use std::io::Cursor;
use std::sync::{Arc, Mutex};

use page::{Block, blocks};
use quintet::{ArenaKind, Engine, Matches, RecordId, RuleId, Scheme, Sink, SinkFault, WholeLines, configurations};
use quintet_inputs::{Format, Reader, ReaderOptions};

const PAGE: &str = include_str!("../../../docs/state.md");

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Sink for Lines {
    fn write(&mut self, lines: &WholeLines<'_>) -> Result<(), SinkFault> {
        self.0.lock().expect("no panic").extend_from_slice(lines.bytes());
        Ok(())
    }
}

/// Rules, the records that follow them, and the lines of outputs that follow those.
struct Example<'b> {
    rules: &'b Block,
    records: Vec<(&'b str, &'b str)>,
    outputs: Vec<(&'b str, &'b str)>,
}

fn examples(blocks: &[Block]) -> Vec<Example<'_>> {
    let mut examples: Vec<Example<'_>> = Vec::new();
    for block in blocks {
        match (block.what, examples.last_mut()) {
            ("rules", _) => examples.push(Example { rules: block, records: Vec::new(), outputs: Vec::new() }),
            ("records", Some(example)) => {
                let split = |line: &'static str| line.rsplit_once("->").unwrap_or_else(|| panic!("line {}: {line}", block.line));
                let text: &'static str = Box::leak(block.text.clone().into_boxed_str());
                example.records.extend(text.lines().map(split).map(|(record, rules)| (record.trim(), rules.trim())));
            }
            (what, Some(example)) => example.outputs.extend(what.strip_prefix("out ").map(|name| (name, block.text.as_str()))),
            (_, None) => {}
        }
    }
    examples
}

#[test]
fn every_example_comes_to_what_the_page_says() {
    let blocks = blocks(PAGE);
    let engine = Engine::new();
    let toml = &blocks.iter().find(|b| b.what == "toml").expect("a scheme").text;
    let full = Scheme::from_toml(toml, engine.library().signatures()).expect("the page's scheme");
    let (mut ran, mut outputs) = (0, 0);
    for Example { rules, records, outputs: expected } in examples(&blocks) {
        let line = rules.line;
        assert!(!records.is_empty(), "line {line}: rules without records");
        let input: String = records.iter().map(|(record, _)| format!("{record}\n")).collect();
        for backend in configurations() {
            let id = backend.id().to_string();
            let compiled = engine.compile(&rules.text, &full, &id).unwrap_or_else(|e| panic!("line {line}:\n{e}"));
            let options = ReaderOptions::default().arena(ArenaKind::Shared).batch_records(2);
            let input = Cursor::new(input.clone().into_bytes());
            let mut reader = Reader::new(input, Format::JsonLines, compiled.scheme(), &options).expect("a reader");
            let mut session = compiled.session().expect("a session");
            let sinks: Vec<(String, Lines)> = session.outputs().map(|name| (name.to_owned(), Lines::default())).collect();
            for (name, lines) in &sinks {
                session.attach(name, Box::new(lines.clone())).expect("an output");
            }
            let (mut found, mut matches) = (Vec::new(), Matches::new());
            while let Some(batch) = reader.next_batch(None).expect("readable") {
                session.run_batch(&batch, &mut matches).expect("it runs");
                assert!(matches.traps().is_empty(), "line {line}: {:?}", matches.traps());
                for record in 0..batch.len() {
                    let names =
                        compiled.program().rules.iter().enumerate().filter(|(rule, _)| matches.get(RuleId(*rule), RecordId(record)));
                    found.push(names.map(|(_, rule)| rule.name.as_str()).collect::<Vec<_>>().join(" "));
                }
            }
            assert_eq!(reader.stats().malformed_total(), 0, "line {line}");
            let said: Vec<&str> = records.iter().map(|(_, rules)| *rules).collect();
            assert_eq!(found, said, "line {line}, {id}");
            let given: Vec<(String, String)> =
                sinks.into_iter().map(|(name, lines)| (name, String::from_utf8(lines.0.lock().unwrap().clone()).unwrap())).collect();
            let said: Vec<(String, String)> = expected.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
            assert_eq!(given, said, "line {line}, {id}");
            outputs += given.len();
        }
        // What is printed means the same, and so does what is formatted and what is read from JSON.
        let program = engine.check(&rules.text, &full).expect("it was checked");
        let printed = engine.check(&program.to_string(), &full).unwrap_or_else(|e| panic!("line {line}:\n{program}\n{e}"));
        assert_eq!(printed.fingerprint(), program.fingerprint(), "line {line}:\n{program}");
        assert_eq!(printed.to_string(), program.to_string(), "line {line}");
        let formatted = quintet::lang::format(&rules.text, engine.limits()).expect("it was parsed");
        assert_eq!(engine.check(&formatted, &full).expect("rules").fingerprint(), program.fingerprint(), "line {line}:\n{formatted}");
        assert_eq!(quintet::lang::format(&formatted, engine.limits()).expect("rules"), formatted, "line {line}");
        let read = quintet::Program::from_json(&program.to_json(), &full).unwrap_or_else(|e| panic!("line {line}: {e}"));
        assert_eq!((read.fingerprint(), read.to_string()), (program.fingerprint(), program.to_string()), "line {line}");
        ran += 1;
    }
    assert!(ran >= 5 && outputs >= 5 * configurations().len(), "{ran} examples, {outputs} outputs");
}
