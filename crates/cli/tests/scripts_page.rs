//! `docs/scripts.md` is executed: each block of rules on the texts that stand in it, on every configuration that takes scripts.

mod page;

use page::{Block, blocks};
use quintet::{ArenaKind, BatchBuilder, Engine, Matches, OwnedValue, RecordId, RuleId, Scheme, Type, Value, configurations};

const PAGE: &str = include_str!("../../../docs/scripts.md");

/// The bytes that a literal stands for.
fn literal(text: &str) -> Vec<u8> {
    let engine = Engine::new();
    let scheme = Scheme::builder().build().expect("a scheme");
    let value = engine.compile_value(text, &scheme, "interp").unwrap_or_else(|e| panic!("{text}: {e}"));
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain).expect("room");
    builder.record().finish().expect("a record");
    match value.instance().expect("an instance").evaluate(builder.build().record(0)) {
        Ok(Some(OwnedValue::Bytes(bytes))) => bytes,
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn every_script_answers_what_the_page_says() {
    let engine = Engine::new();
    let scheme = Scheme::builder().mandatory("s", Type::Bytes).functions(engine.library().signatures()).build().expect("a scheme");
    let field = scheme.field_id("s").expect("a field");
    let (mut wrong, mut ran) = (Vec::new(), 0);
    for Block { line, text, .. } in blocks(PAGE).into_iter().filter(|block| block.what == "rules") {
        let program = engine.check(&text, &scheme).unwrap_or_else(|e| panic!("line {line}: {e}"));
        let names: Vec<String> = program.rules.iter().map(|rule| rule.name.clone()).collect();
        let examples: Vec<(Vec<u8>, Vec<&str>)> = text
            .lines()
            .filter_map(|line| line.strip_prefix("#: "))
            .map(|example| {
                let (text, rules) = example.rsplit_once(" ->").unwrap_or_else(|| panic!("line {line}: {example}"));
                (literal(text), rules.split_whitespace().collect())
            })
            .collect();
        assert!(!examples.is_empty(), "line {line}: a block without a text");
        let unknown = examples.iter().flat_map(|(_, rules)| rules).find(|rule| !names.iter().any(|name| name == *rule));
        assert!(unknown.is_none(), "line {line}: there is no rule {unknown:?}");
        let linked = engine.link(engine.optimise(&program)).expect("a linked program");
        for backend in configurations() {
            if backend.supports(&linked).is_err() {
                continue;
            }
            let mut instance = backend.compile(&linked).expect("a program").instantiate(engine.limits()).expect("an instance");
            for (text, wanted) in &examples {
                let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Plain).expect("room");
                let mut record = builder.record();
                record.set(field, Value::Bytes(text));
                record.finish().expect("a record");
                let mut matches = Matches::new();
                instance.run_batch(&builder.build(), &mut matches).expect("a run");
                let mut found: Vec<&str> =
                    (0..names.len()).filter(|rule| matches.get(RuleId(*rule), RecordId(0))).map(|rule| names[rule].as_str()).collect();
                let mut wanted = wanted.clone();
                found.sort_unstable();
                wanted.sort_unstable();
                if found != wanted || !matches.traps().is_empty() {
                    wrong.push(format!("line {line}, {}: {text:?} says {wanted:?}, but is {found:?} {:?}", backend.id(), matches.traps()));
                }
                ran += 1;
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran >= 20, "only {ran} examples ran");
}
