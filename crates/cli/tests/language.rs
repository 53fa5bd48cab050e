//! `docs/language.md` is executed: every example on every configuration of every backend.
//!
//! A `quintet` block holds one example a line: an expression and, after `# =>`, its value (`nil` and `trap: ...` too) or, after `# error:`,
//! how the message begins. A `rules` block is a rule file; its lines `#: matches ...`, `#: traps RULE: TRAP`, `#: error ...` and `#: warning ...`
//! say what it comes to on the page's record. The page's `toml` and `json` blocks are the scheme and the record.

mod page;

use std::io::Cursor;

use page::{Block, blocks};
use quintet::{ArenaKind, Batch, Engine, EvaluateError, RuleSet, Scheme, Type, configurations};
use quintet_inputs::{Format, Reader, ReaderOptions};

const PAGE: &str = include_str!("../../../docs/language.md");

fn block<'b>(blocks: &'b [Block], language: &str) -> &'b str {
    &blocks.iter().find(|b| b.what == language).expect("the page has such a block").text
}

/// What stands after the expression of an example.
enum Expected<'p> {
    Value(&'p str),
    Error(&'p str),
}

struct Example<'p> {
    line: usize,
    expression: &'p str,
    expected: Expected<'p>,
}

fn examples(blocks: &[Block]) -> Vec<Example<'_>> {
    let lines = blocks.iter().filter(|b| b.what == "quintet").flat_map(|b| b.text.lines().enumerate().map(|(i, l)| (b.line + i, l)));
    lines
        .map(|(line, text)| {
            let value = text.split_once(" # => ").map(|(e, v)| (e, Expected::Value(v.trim())));
            let error = || text.split_once(" # error: ").map(|(e, m)| (e, Expected::Error(m.trim())));
            let (expression, expected) = value.or_else(error).unwrap_or_else(|| panic!("line {line}: no `# =>` and no `# error:`"));
            Example { line, expression: expression.trim(), expected }
        })
        .collect()
}

fn engine() -> Engine {
    let engine = Engine::new();
    engine.lists().declare("office.networks", Type::Ip).expect("a name");
    engine.lists().declare("blocked_hosts", Type::Bytes).expect("a name");
    engine
}

fn scheme(engine: &Engine, blocks: &[Block]) -> Scheme {
    Scheme::from_toml(block(blocks, "toml"), engine.library().signatures()).expect("the page's scheme")
}

/// The page's record, in a batch of its own.
fn record(scheme: &Scheme, blocks: &[Block]) -> Batch {
    let value: serde_json::Value = serde_json::from_str(block(blocks, "json")).expect("the page's record is JSON");
    let options = ReaderOptions::default().arena(ArenaKind::Shared);
    let mut reader = Reader::new(Cursor::new(format!("{value}\n").into_bytes()), Format::JsonLines, scheme, &options).expect("a reader");
    let batch = reader.next_batch(None).expect("readable").expect("a record");
    assert_eq!((batch.len(), reader.stats().malformed_total()), (1, 0), "the record fits the scheme");
    assert!(reader.stats().unknown_keys.is_empty(), "{:?}", reader.stats().unknown_keys);
    batch
}

#[test]
fn every_value_is_what_the_page_says_on_every_backend() {
    let blocks = blocks(PAGE);
    let engine = engine();
    let scheme = scheme(&engine, &blocks);
    let batch = record(&scheme, &blocks);
    let mut wrong = Vec::new();
    let mut ran = 0;
    for Example { line, expression, expected } in examples(&blocks) {
        let Expected::Value(expected) = expected else { continue };
        for backend in configurations() {
            let id = backend.id().to_string();
            let compiled = engine.compile_value(expression, &scheme, &id).unwrap_or_else(|e| panic!("line {line}: {expression}\n{e}"));
            let found = match compiled.instance().expect("an instance").evaluate(batch.record(0)) {
                Ok(Some(value)) => value.to_string(),
                Ok(None) => "nil".into(),
                Err(EvaluateError::Trap(fault)) => format!("trap: {}", fault.trap),
                Err(e) => panic!("line {line}: {e}"),
            };
            if found != expected {
                wrong.push(format!("line {line}: {expression}\n  says {expected}, {id} {found}"));
            }
            ran += 1;
        }
        // A test is a rule, too, and answers alike.
        if let (Ok(_), Some(matches)) = (engine.check(expression, &scheme), ["false", "true"].iter().position(|b| *b == expected)) {
            for backend in configurations() {
                let rules = engine.compile(expression, &scheme, &backend.id().to_string()).expect("it was checked");
                let mut hits = RuleSet::new();
                rules.instance().expect("an instance").run(batch.record(0), &mut hits).expect("it runs");
                if hits.contains(0) != (matches == 1) {
                    wrong.push(format!("line {line}: {expression}\n  says {expected}, as a rule {} differs", backend.id()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(ran > 100 * configurations().len(), "only {ran} examples ran");
}

#[test]
fn every_error_begins_as_the_page_says() {
    let blocks = blocks(PAGE);
    let engine = engine();
    let scheme = scheme(&engine, &blocks);
    let mut errors = 0;
    for Example { line, expression, expected } in examples(&blocks) {
        let Expected::Error(expected) = expected else { continue };
        let found = match engine.check(expression, &scheme).map(|program| engine.link(program)) {
            Ok(Ok(_)) => panic!("line {line}: {expression} has no error"),
            Ok(Err(e)) => e.to_string(),
            Err(diagnostics) => diagnostics.iter().next().expect("a finding").message.clone(),
        };
        assert!(!expected.is_empty() && found.starts_with(expected), "line {line}: {expression}\n  says {expected}\n  found {found}");
        errors += 1;
    }
    assert!(errors >= 15, "only {errors} errors");
}

/// What stands behind `#: ` and a word in a block of rules.
fn noted<'b>(block: &'b Block, word: &str) -> Vec<&'b str> {
    block.text.lines().filter_map(|line| line.strip_prefix("#: ")?.strip_prefix(word)?.strip_prefix(' ')).collect()
}

#[test]
fn every_rule_file_answers_what_the_page_says() {
    let blocks = blocks(PAGE);
    let engine = engine();
    let scheme = scheme(&engine, &blocks);
    let batch = record(&scheme, &blocks);
    let (mut files, mut ran, mut wrong) = (0, 0, Vec::new());
    for block in blocks.iter().filter(|b| b.what == "rules") {
        let line = block.line;
        files += 1;
        let program = match (engine.check(&block.text, &scheme), noted(block, "error").as_slice()) {
            (Ok(program), []) => program,
            (Err(found), [begins]) if found.iter().next().is_some_and(|d| d.message.starts_with(begins)) => continue,
            (Ok(_), _) => panic!("line {line} has no error"),
            (Err(found), _) => panic!("line {line}:\n{found}"),
        };
        let mut warnings: Vec<String> = engine.warnings(&block.text, &scheme).iter().map(|d| d.message.clone()).collect();
        let mut warned = noted(block, "warning");
        warnings.sort_unstable();
        warned.sort_unstable();
        assert_eq!(warnings, warned, "line {line}");
        let matched = noted(block, "matches");
        let trapped = noted(block, "traps");
        let lists = !program.lists.is_empty();
        let names: Vec<String> = program.rules.iter().map(|rule| rule.name.clone()).collect();
        let linked = engine.link(program).unwrap_or_else(|e| panic!("line {line}: {e}"));
        if lists {
            // What matches is up to the host, which fills the lists.
            continue;
        }
        for backend in configurations() {
            let rules = engine.compile_linked(&linked, &*backend).expect("it is linked");
            let mut hits = RuleSet::new();
            rules.instance().expect("an instance").run(batch.record(0), &mut hits).expect("it runs");
            let found: Vec<&str> = hits.iter().map(|rule| names[rule].as_str()).collect();
            let traps: Vec<String> = hits.traps().iter().map(|it| format!("{}: {}", names[it.rule], it.trap)).collect();
            if found.join(" ") != matched.join(" ") || traps != trapped {
                wrong.push(format!("line {line}, {}: says {matched:?} {trapped:?}, but is {found:?} {traps:?}", backend.id()));
            }
            ran += 1;
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(files > 10 && ran >= 10 * configurations().len(), "only {files} files and {ran} runs");
}

#[test]
fn every_scalar_function_has_an_example() {
    let missing: Vec<&str> = quintet::lang::intrinsic::ROWS
        .iter()
        .map(|row| row.name)
        .filter(|name| !PAGE.contains(&format!("{name}(")) && !PAGE.contains(&format!("`{name}`")))
        .collect();
    assert!(missing.is_empty(), "the page does not say what {missing:?} are");
}

#[test]
fn every_standard_function_has_an_example() {
    let blocks = blocks(PAGE);
    let page: String = examples(&blocks).iter().map(|e| e.expression.to_owned() + "\n").collect();
    let missing: Vec<String> =
        Engine::new().library().signatures().into_iter().map(|s| s.name).filter(|name| !page.contains(&format!("{name}("))).collect();
    assert!(missing.is_empty(), "no example calls {missing:?}");
}
