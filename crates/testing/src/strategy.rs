//! The generators as proptest strategies.

use std::fmt::Debug;

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use quintet_lang::Type;

use crate::case::Case;
use crate::dice::Dice;
use crate::generate::{Generator, leaf};
use crate::term::{Term, removals};
use crate::world::{fields, multi_fields, world};
use quintet_cases::{Record, zero_record};
use quintet_runtime::{OwnedValue, Threshold, Thresholds};

/// A strategy made of a generator and a list of what is smaller. Shrinking takes the first smaller value that still fails, and goes on
/// from there.
#[derive(Debug)]
pub struct Random<T> {
    pub(crate) make: fn(&mut Dice<'_>) -> T,
    pub(crate) shrinks: fn(&T) -> Vec<T>,
}

/// A value of [`Random`] that is being shrunk.
#[derive(Debug)]
pub struct RandomTree<T> {
    /// The smallest value that is known to fail.
    best: T,
    current: T,
    /// What has yet to be tried in place of `best`, the first last.
    smaller: Vec<T>,
    shrinks: fn(&T) -> Vec<T>,
    done: bool,
}

impl<T: Clone + Debug> Strategy for Random<T> {
    type Tree = RandomTree<T>;
    type Value = T;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let value = (self.make)(&mut Dice::new(runner.rng()));
        Ok(RandomTree { best: value.clone(), current: value, smaller: Vec::new(), shrinks: self.shrinks, done: false })
    }
}

impl<T: Clone + Debug> ValueTree for RandomTree<T> {
    type Value = T;

    fn current(&self) -> T {
        self.current.clone()
    }

    fn simplify(&mut self) -> bool {
        if self.done {
            return false;
        }
        self.best = self.current.clone();
        self.smaller = (self.shrinks)(&self.best);
        self.smaller.reverse();
        match self.smaller.pop() {
            Some(next) => self.current = next,
            None => self.done = true,
        }
        !self.done
    }

    fn complicate(&mut self) -> bool {
        if self.done {
            return false;
        }
        match self.smaller.pop() {
            Some(next) => self.current = next,
            None => {
                // Nothing smaller fails: the runner sees the best once more and is then told that this is the end.
                self.current = self.best.clone();
                self.done = true;
            }
        }
        true
    }
}

/// The rules of well-typed programs, as terms; [`source`] prints them.
pub fn program() -> Random<Vec<Term>> {
    Random { make: rules, shrinks: |rules| shrunk_rules(rules) }
}

/// Records of the [`world`].
pub fn record() -> Random<Record> {
    Random { make: random_record, shrinks: shrunk_record }
}

/// Programs together with records.
pub fn case() -> Random<Case> {
    Random { make: random_case, shrinks: shrunk_case }
}

/// Value expressions of all types together with records: cases of one term that need not be a test.
pub fn value_case() -> Random<Case> {
    Random {
        make: |dice| {
            let depth = dice.weighted(&[1, 3, 5, 4, 2]);
            Case {
                nil_not_equal: dice.one_in(2),
                rules: vec![Generator { dice }.expression(depth)],
                records: records(dice),
                wide: false,
                memory_bytes: memory(dice),
                steps: steps(dice),
                thresholds: thresholds(dice),
            }
        },
        shrinks: shrunk_case,
    }
}

pub(crate) fn random_case(dice: &mut Dice<'_>) -> Case {
    Case {
        nil_not_equal: dice.one_in(2),
        rules: rules(dice),
        records: records(dice),
        wide: dice.one_in(8),
        memory_bytes: memory(dice),
        steps: steps(dice),
        thresholds: thresholds(dice),
    }
}

/// The defaults half of the time, else some or all of them low.
fn thresholds(dice: &mut Dice<'_>) -> Thresholds {
    let rate = *dice.pick(&[0, 0, 2, 1]);
    let low = |dice: &mut Dice<'_>| *dice.pick(&[0, 0, 1, 2, 3, 4, 6, 10, 20, 50, 100]);
    let chosen = Threshold::ALL.into_iter().filter(|_| rate > 0 && dice.one_in(rate)).collect::<Vec<_>>();
    chosen.into_iter().fold(Thresholds::default(), |all, threshold| all.with(threshold, low(dice)))
}

/// The source of a program of these rules.
pub fn source(rules: &[Term]) -> String {
    match rules {
        [rule] => rule.to_string(),
        _ => rules.iter().enumerate().map(|(i, rule)| format!("rule r{i} = {rule}\n")).collect(),
    }
}

fn rules(dice: &mut Dice<'_>) -> Vec<Term> {
    // Now and then more than the bits of a number of the bit library, more than a word's, and more than any group takes.
    if dice.one_in(100) {
        let count = *dice.pick(&[33, 65, 140, 300]) - dice.below(4);
        return (0..count).map(|_| Generator { dice }.rule(0)).collect();
    }
    let count = 1 + dice.weighted(&[3, 3, 2, 2]);
    (0..count)
        .map(|_| {
            let depth = dice.weighted(&[1, 3, 5, 4, 2]);
            Generator { dice }.rule(depth)
        })
        .collect()
}

/// Now and then a limit on memory that what is made of a few values passes.
fn memory(dice: &mut Dice<'_>) -> Option<usize> {
    match dice.below(16) {
        0 | 1 => Some(8 + dice.below(400)),
        2 => Some(1 << (7 + dice.below(14))),
        _ => None,
    }
}

/// Now and then a limit on steps that a few loops, calls and long values pass.
fn steps(dice: &mut Dice<'_>) -> Option<u64> {
    dice.one_in(4).then(|| dice.below(30) as u64)
}

/// Eight records, now and then with long texts.
fn records(dice: &mut Dice<'_>) -> Vec<Record> {
    let mut records: Vec<Record> = (0..8).map(|_| random_record(dice)).collect();
    if dice.one_in(6) {
        records.iter_mut().flat_map(|record| record.values_mut()).for_each(|value| lengthen(value, dice));
    }
    records
}

/// Lengths at which looking at a text begins to take steps, or takes one more.
const LENGTHS: [usize; 7] = [255, 256, 257, 511, 512, 768, 1500];

/// Repeats some of the texts in a value.
fn lengthen(value: &mut OwnedValue, dice: &mut Dice<'_>) {
    match value {
        OwnedValue::Bytes(text) if !text.is_empty() && dice.one_in(3) => {
            let len = *dice.pick(&LENGTHS);
            *text = text.iter().copied().cycle().take(len).collect();
        }
        OwnedValue::Array(items) => items.iter_mut().for_each(|item| lengthen(item, dice)),
        OwnedValue::Map(entries) => entries.values_mut().for_each(|item| lengthen(item, dice)),
        OwnedValue::Bytes(_) | OwnedValue::Bool(_) | OwnedValue::Int(_) | OwnedValue::Float(_) | OwnedValue::Ip(_) => {}
    }
}

pub(crate) fn random_record(dice: &mut Dice<'_>) -> Record {
    let mut record = Record::new();
    for (name, ty, optional) in fields() {
        if !optional || dice.below(3) > 0 {
            record.insert((*name).into(), dice.owned(ty));
        }
    }
    for (name, ty) in multi_fields() {
        if !name.starts_with('o') || dice.below(3) > 0 {
            record.insert((*name).into(), dice.owned(&Type::array(ty.clone())));
        }
    }
    if dice.one_in(24) {
        enlarge(dice, &mut record, 300);
    }
    record
}

/// Makes one value of the record large: by repeating its bytes, or its elements, up to `most` times.
pub(crate) fn enlarge(dice: &mut Dice<'_>, record: &mut Record, most: usize) {
    let times = 2 + dice.below(most);
    let at = dice.below(record.len().max(1));
    match record.values_mut().nth(at) {
        Some(OwnedValue::Bytes(bytes)) => *bytes = bytes.repeat(times),
        // Loops over several of them stand inside one another.
        Some(OwnedValue::Array(items)) => *items = items.iter().cycle().take(items.len() * times.min(24)).cloned().collect(),
        _ => {}
    }
}

fn shrunk_rules(rules: &[Term]) -> Vec<Vec<Term>> {
    let mut all = if rules.len() > 1 { removals(rules) } else { Vec::new() };
    for (i, rule) in rules.iter().enumerate() {
        for smaller in rule.shrinks(&leaf) {
            let mut changed = rules.to_vec();
            changed[i] = smaller;
            all.push(changed);
        }
    }
    all
}

fn shrunk_record(record: &Record) -> Vec<Record> {
    let scheme = &world(true).scheme;
    let zero = zero_record(scheme);
    let mut all = vec![];
    for (name, value) in record {
        let mut with = |value: Option<OwnedValue>| {
            let mut changed = record.clone();
            match value {
                Some(value) => changed.insert(name.clone(), value),
                None => changed.remove(name),
            };
            all.push(changed);
        };
        match zero.get(name) {
            None => with(None),
            Some(plain) if plain.to_json() != value.to_json() => with(Some(plain.clone())),
            Some(_) => continue,
        }
        shrunk_value(value).into_iter().for_each(|v| with(Some(v)));
    }
    all
}

fn shrunk_value(value: &OwnedValue) -> Vec<OwnedValue> {
    match value {
        OwnedValue::Bytes(bytes) => removals(bytes).into_iter().map(OwnedValue::Bytes).collect(),
        OwnedValue::Array(items) => {
            let mut all: Vec<OwnedValue> = removals(items).into_iter().map(OwnedValue::Array).collect();
            for (i, item) in items.iter().enumerate() {
                for smaller in shrunk_value(item) {
                    let mut changed = items.clone();
                    changed[i] = smaller;
                    all.push(OwnedValue::Array(changed));
                }
            }
            all
        }
        OwnedValue::Map(items) => {
            let without =
                |key: &Vec<u8>| OwnedValue::Map(items.iter().filter(|(k, _)| *k != key).map(|(k, v)| (k.clone(), v.clone())).collect());
            items.keys().map(without).collect()
        }
        OwnedValue::Int(i) if *i != 0 => [0, i / 2].into_iter().filter(|x| x != i).map(OwnedValue::Int).collect(),
        OwnedValue::Float(f) if f.to_bits() != 0 => vec![OwnedValue::Float(0.0)],
        OwnedValue::Bool(true) => vec![OwnedValue::Bool(false)],
        _ => Vec::new(),
    }
}

pub(crate) fn shrunk_case(case: &Case) -> Vec<Case> {
    let mut all = Vec::new();
    if case.wide {
        all.push(Case { wide: false, ..case.clone() });
    }
    let default = Thresholds::default();
    if case.thresholds != default {
        all.push(Case { thresholds: default, ..case.clone() });
        // All but one at a time as by default.
        for threshold in Threshold::ALL.into_iter().filter(|t| case.thresholds.get(*t) != default.get(*t)) {
            let thresholds = default.with(threshold, case.thresholds.get(threshold));
            if thresholds != case.thresholds {
                all.push(Case { thresholds, ..case.clone() });
            }
        }
        // Two that belong together: one of them as by default.
        for threshold in Threshold::ALL.into_iter().filter(|t| case.thresholds.get(*t) != default.get(*t)) {
            all.push(Case { thresholds: case.thresholds.with(threshold, usize::MAX), ..case.clone() });
        }
    }
    if case.memory_bytes.is_some() {
        all.push(Case { memory_bytes: None, ..case.clone() });
    }
    if let Some(steps) = case.steps {
        all.push(Case { steps: None, ..case.clone() });
        all.extend(
            [0, steps / 2, steps.saturating_sub(1)].into_iter().filter(|s| *s < steps).map(|s| Case { steps: Some(s), ..case.clone() }),
        );
    }
    if case.records.len() > 1 {
        all.extend(case.records.iter().map(|r| Case { records: vec![r.clone()], ..case.clone() }));
        all.extend(removals(&case.records).into_iter().map(|records| Case { records, ..case.clone() }));
    }
    // Fields that the program does not name, all at once.
    let text = source(&case.rules);
    let zero = zero_record(&world(true).scheme);
    let named = |name: &String| text.contains(name.as_str());
    if case.records.iter().any(|r| r.iter().any(|(k, v)| !named(k) && zero.get(k).is_none_or(|z| z.to_json() != v.to_json()))) {
        let only = |r: &Record| {
            let mut plain = zero.clone();
            plain.extend(r.iter().filter(|(k, _)| named(k)).map(|(k, v)| (k.clone(), v.clone())));
            plain
        };
        all.push(Case { records: case.records.iter().map(only).collect(), ..case.clone() });
    }
    all.extend(shrunk_rules(&case.rules).into_iter().map(|rules| Case { rules, ..case.clone() }));
    if case.records.len() <= 2 {
        for (i, record) in case.records.iter().enumerate() {
            for smaller in shrunk_record(record) {
                let mut records = case.records.clone();
                records[i] = smaller;
                all.push(Case { records, ..case.clone() });
            }
        }
    }
    all
}
