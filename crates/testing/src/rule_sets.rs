//! Many rules on records that meet some of their conditions, with traps and small limits, with the prefilter and without.

use std::sync::Arc;

use proptest::test_runner::TestRng;
use quintet_cases::{Record, record_from_json};
use quintet_interp::Interp;
use quintet_lang::{Limits, Passes, Scheme, Type, compile, optimise};
use quintet_runtime::{Backend, Library, Linked, Lists, Threshold, Thresholds, Trap};
use serde_json::{Map, Value as Json, json};

use crate::case::{Answer, Batches, Mode, answers, instance};
use crate::dice::Dice;
use crate::differential::{caught, runner, setting};

/// Few letters, so that rules match and nearly match.
const LETTERS: &[u8] = b"aAbB/.%";

/// What the sets of a run had in them, so that a test can see that they are worth running.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RuleSets {
    /// Rules that matched a record.
    pub hits: usize,
    /// Rules that trapped with each trap on a record, by the trap's place in [`Trap::ALL`].
    pub traps: [usize; Trap::ALL.len()],
}

/// Runs `sets` random rule sets on each of `backends` with the prefilter forced on, and on the interpreter rule by rule.
///
/// # Panics
/// When an answer, a trap or its place is not that of rule by rule; the message has the rules and the record.
pub fn rule_sets(backends: &[Arc<dyn Backend>], sets: u32) -> RuleSets {
    let sets = setting("QUINTET_CASES").map_or(sets, |n| n as u32);
    let mut runner = runner(1);
    let mut found = RuleSets::default();
    for _ in 0..sets {
        one_set(backends, runner.rng(), &mut found);
    }
    found
}

fn scheme() -> Scheme {
    Scheme::builder()
        .mandatory("path", Type::Bytes)
        .optional("agent", Type::Bytes)
        .optional("port", Type::Int)
        .optional("src", Type::Ip)
        .optional("names", Type::array(Type::Bytes))
        .optional("headers", Type::map(Type::array(Type::Bytes)))
        .functions(Library::standard().signatures())
        .build()
        .expect("a scheme")
}

fn one_set(backends: &[Arc<dyn Backend>], rng: &mut TestRng, found: &mut RuleSets) {
    let mut dice = Dice::new(rng);
    let scheme = scheme();
    let count = [1, 5, 40, 70][dice.weighted(&[1, 3, 3, 1])];
    let source: String = (0..count).map(|i| format!("rule r{i} = {}\n", rule(&mut dice, 2))).collect();
    let records: Vec<Record> = (0..12).map(|_| record_from_json(&scheme, &record(&mut dice)).unwrap_or_else(|e| panic!("{e}"))).collect();
    let default = Limits::default();
    let limits = Limits {
        steps: *dice.pick(&[default.steps, 0, 1, 2, 3, 5, 8, 20, 60]),
        memory_bytes: *dice.pick(&[default.memory_bytes, 0, 1, 4, 8, 16, 40]),
        ..default
    };
    let program = compile(&source, &scheme, &limits).unwrap_or_else(|e| panic!("{e}\n{source}"));
    // Rules as they are written, but for calls that may be code in place: what counts steps is the same on both sides.
    let passes = Passes { prefilter: true, inline: dice.one_in(2), ..Passes::none() };
    let link = |thresholds| {
        let program = optimise(&program, &passes);
        Linked::with_thresholds(program, &Library::standard(), &Lists::new(), &limits, thresholds).unwrap_or_else(|e| panic!("{e}"))
    };
    let (plain, filtered) = (link(Thresholds::default()), link(Thresholds::default().with(Threshold::PrefilterRules, 0)));
    let batches = Batches::new(&scheme, &records, dice.one_in(2)).unwrap_or_else(|e| panic!("{e}"));
    let run = |backend: &dyn Backend, linked: &Arc<Linked>, mode| -> Result<Vec<Answer>, String> {
        answers(&mut *instance(backend, linked, &limits)?, linked, &batches, mode)
    };
    let wanted = run(&Interp::new(), &plain, Mode::ALL[0]).unwrap_or_else(|e| panic!("{e}\n{source}"));
    for answer in &wanted {
        found.hits += answer.hits.len();
        found.traps.iter_mut().zip(Trap::ALL).for_each(|(n, trap)| *n += usize::from(answer.traps_with(trap)));
    }
    for backend in backends {
        for mode in Mode::ALL {
            let answers = caught(|| run(&**backend, &filtered, mode));
            let answers = answers.unwrap_or_else(|e| panic!("{}, {mode}: {e}\n{source}", backend.id()));
            for (record, (wanted, found)) in wanted.iter().zip(&answers).enumerate() {
                assert!(
                    wanted == found,
                    "{} with the prefilter, {mode}, steps {}, memory {}:\n{source}\n  rule by rule: {wanted}\n  found: {found}\n  record: {:?}",
                    backend.id(),
                    limits.steps,
                    limits.memory_bytes,
                    records[record % records.len()]
                );
            }
        }
    }
}

/// A few letters.
fn text(dice: &mut Dice<'_>, most: usize) -> String {
    (0..dice.below(most + 1)).map(|_| char::from(*dice.pick(LETTERS))).collect()
}

fn address(dice: &mut Dice<'_>) -> String {
    if dice.one_in(3) { format!("2001:db8::{:x}", dice.below(40)) } else { format!("10.0.{}.{}", dice.below(3), dice.below(40)) }
}

/// A text of the record, folded or cut now and then.
fn value(dice: &mut Dice<'_>) -> String {
    let field = *dice.pick(&["path", "agent", "names[0]", "headers[\"a\"][0]"]);
    match dice.weighted(&[5, 2, 1, 1, 1, 1]) {
        0 => field.to_owned(),
        4 => format!("({field} ?? \"\")"),
        5 => format!("({field} ?? \"ab\")"),
        1 => format!("lower({field})"),
        2 => format!("upper({field})"),
        _ => format!("substring({field}, 1, 9)"),
    }
}

/// A test of a value.
fn test(dice: &mut Dice<'_>) -> String {
    let (value, text) = (value(dice), text(dice, 3));
    match dice.weighted(&[4, 2, 2, 2, 2, 2, 2, 2, 1, 2, 2, 1, 2]) {
        0 => format!("{value} contains \"{text}\""),
        1 => format!("starts_with({value}, \"{text}\")"),
        2 => format!("ends_with({value}, \"{text}\")"),
        3 => format!("{value} == \"{text}\""),
        4 => format!("{value} in {{\"{text}\" \"ab\" \"\"}}"),
        5 => format!("{value} matches \"(?i){}(a|b+){}\"", text.replace('.', "\\."), dice.pick(&["", "$", "[ab]"])),
        6 => format!("{value} wildcard \"{}*{text}\"", self::text(dice, 2)),
        7 => format!("port {} {}", dice.pick(&["==", ">", ">=", "<", "<="]), dice.below(8)),
        8 => format!("port in {{{} 3..{}}}", dice.below(8), 3 + dice.below(4)),
        9 => format!("src in {{10.0.{}.0/{} 2001:db8::/125}}", dice.below(3), 24 + dice.below(6)),
        10 => format!("src == {}", address(dice)),
        11 => format!("len({value}) {} {}", dice.pick(&[">", "<", "=="]), dice.below(6)),
        _ => format!("any({}(names[*])[*] contains \"{text}\")", dice.pick(&["lower", "upper"])),
    }
}

/// A rule: tests joined, some of which trap on some records.
fn rule(dice: &mut Dice<'_>, depth: usize) -> String {
    if depth == 0 || dice.one_in(4) {
        return match dice.weighted(&[12, 1, 1]) {
            0 => test(dice),
            1 => format!("10 / (port - {}) > {}", dice.below(5), dice.below(3)),
            _ => format!("len(path) % port == {}", dice.below(3)),
        };
    }
    if dice.one_in(6) {
        return format!("not ({})", rule(dice, depth - 1));
    }
    let operator = *dice.pick(&[" and ", " and ", " or ", " xor "]);
    let operands: Vec<String> = (0..2 + dice.below(2)).map(|_| format!("({})", rule(dice, depth - 1))).collect();
    operands.join(operator)
}

fn record(dice: &mut Dice<'_>) -> Json {
    let mut record = Map::new();
    // One long record among the others: what is known of the batch is known of it.
    let most = if dice.one_in(30) { 600 } else { 8 };
    record.insert("path".into(), json!(text(dice, most)));
    if !dice.one_in(4) {
        record.insert("agent".into(), json!(text(dice, 8)));
    }
    if !dice.one_in(4) {
        record.insert("port".into(), json!(dice.below(8)));
    }
    if !dice.one_in(4) {
        record.insert("src".into(), json!(address(dice)));
    }
    if !dice.one_in(4) {
        let names: Vec<String> = (0..dice.below(4)).map(|_| text(dice, 5)).collect();
        record.insert("names".into(), json!(names));
    }
    if !dice.one_in(4) {
        record.insert("headers".into(), json!({ "a": [text(dice, 5), text(dice, 3)], "b": [text(dice, 3)] }));
    }
    Json::Object(record)
}
