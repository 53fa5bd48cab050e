//! The conditions of many rules, to be asked all at once.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::mem::discriminant;
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use quintet_lang::Limits;
use quintet_lang::ast::{ExprKind, LogicOp, Rule};

use super::bound::longest_within;
use super::condition::{Condition, Source, Test, of};
use super::segments::Segments;
use super::texts::{PADDING, Texts, fold};
use crate::linked::Linked;
use crate::record::RecordRef;
use crate::thresholds::Threshold;
use crate::value::Value;

/// The conditions of a program's rules. What rules require beside the first has a place of its own after those of the rules, which all that
/// require the same share.
#[derive(Debug)]
pub(crate) struct Index {
    /// By rule: the first operands of its expression that are evaluated where its condition does not hold; none where it has no condition.
    pub(super) operands: Vec<Option<usize>>,
    pub(super) lookups: Vec<Lookup>,
    /// By rule: whether its conditions are all that it asks for; see [`Condition::whole`].
    pub(super) whole: Vec<bool>,
    /// By rule: the lookups, a bit each, by whose texts it is taken to match, as far as these have no upper case letters.
    pub(super) decided: Vec<u64>,
    /// By rule: where in `others` the places of what else it requires begin; one more for the end of the last.
    pub(super) ends: Vec<u32>,
    pub(super) others: Vec<u32>,
    /// Places of rules and of what else they require.
    pub(super) places: usize,
    /// By rule: [`Condition::weight`]; 0 for rules that are always run.
    pub(super) weights: Vec<u32>,
    /// All of them together.
    pub(super) weight: u64,
    /// What [`Index::within`] answers for the limits that it was asked about first.
    within: OnceLock<(Limits, Arc<[usize]>)>,
}

/// What is asked of one source.
#[derive(Debug)]
pub(super) struct Lookup {
    pub(super) source: Source,
    texts: Option<Texts>,
    ints: Option<Segments<i64>>,
    v4: Option<Segments<u32>>,
    v6: Option<Segments<u128>>,
    /// Whether rules are taken to match by texts of it, so that it matters whether a value has upper case letters.
    decides: bool,
}

/// The conditions of the rules, in their order: those whose sources save more than it costs to ask them.
pub(super) fn conditions(linked: &Linked) -> Vec<Option<Condition>> {
    let mut conditions: Vec<Option<Condition>> = linked.program().rules.iter().map(|rule| of(linked, rule)).collect();
    // Where the threshold is 0, all is asked, whether it pays or not.
    while linked.threshold(Threshold::PrefilterRules) > 0 {
        let mut sources: BTreeMap<Source, (u32, u32)> = BTreeMap::new();
        for condition in conditions.iter().flatten() {
            let mut own: Vec<&Source> = condition.tests.iter().map(|(source, _)| source).collect();
            own.dedup();
            let saved = condition.weight / own.len().max(1) as u32;
            own.into_iter().for_each(|source| sources.entry(source.clone()).or_default().0 += saved);
            for (source, test) in &condition.tests {
                let dearest = &mut sources.entry(source.clone()).or_default().1;
                *dearest = price(source, test).max(*dearest);
            }
        }
        let mut dropped = false;
        for it in &mut conditions {
            let dear = |(source, _): &(Source, Test)| sources.get(source).is_some_and(|(saved, price)| saved < price);
            if it.as_ref().is_some_and(|condition| condition.tests.iter().any(dear)) {
                (*it, dropped) = (None, true);
            }
        }
        if !dropped {
            break;
        }
    }
    let tests = conditions.iter().flatten().flat_map(|it| &it.tests);
    let asked: HashSet<_> = tests.map(|(source, test)| (source.clone(), discriminant(test))).collect();
    conditions.iter_mut().flatten().for_each(|it| it.ask_only(&asked));
    conditions
}

/// About what it costs to ask a source for all rules, in tests of numbers.
fn price(source: &Source, test: &Test) -> u32 {
    let value = if matches!(test, Test::Contains(_)) { 12 } else { 4 };
    if source.open > 0 || source.key.is_some() { 3 * value } else { value }
}

/// What leaving the rules with a condition out would save, of each.
pub(super) fn weights(conditions: &[Option<Condition>]) -> Vec<u32> {
    conditions.iter().map(|it| it.as_ref().map_or(0, |it| it.weight)).collect()
}

/// What is asked of each source, with the places that it is for.
type Tests<'c> = BTreeMap<&'c Source, BTreeMap<&'c Test, Vec<u32>>>;

/// Adds the tests of a condition for a place; that of the one before, or a later one.
fn add<'c>(tests: &mut Tests<'c>, condition: &'c [(Source, Test)], place: u32) {
    for (source, test) in condition {
        let places = tests.entry(source).or_default().entry(test).or_default();
        if places.last() != Some(&place) {
            places.push(place);
        }
    }
}

impl Index {
    pub(super) fn new(conditions: &[Option<Condition>]) -> Index {
        let mut operands: Vec<Option<usize>> = conditions.iter().map(|it| it.as_ref().map(|it| it.operands)).collect();
        let mut tests = Tests::new();
        for (condition, rule) in conditions.iter().zip(0..) {
            condition.iter().for_each(|it| add(&mut tests, &it.tests, rule));
        }
        let mut shared: BTreeMap<&[(Source, Test)], u32> = BTreeMap::new();
        let (mut ends, mut others) = (vec![0], Vec::new());
        for condition in conditions {
            for other in condition.iter().flat_map(|it| &it.others) {
                let next = (conditions.len() + shared.len()) as u32;
                others.push(*shared.entry(&other.tests).or_insert_with(|| {
                    add(&mut tests, &other.tests, next);
                    next
                }));
            }
            ends.push(others.len() as u32);
        }
        let places = conditions.len() + shared.len();
        let bits: BTreeMap<&Source, u32> = tests.keys().copied().zip(0..u64::BITS).collect();
        let bit = |(source, test): &(Source, Test)| match test {
            Test::Int(..) | Test::Ip(..) => Some(0),
            Test::Contains(_) | Test::Begins(_) | Test::Ends(_) | Test::Equals(_) => bits.get(source).map(|bit| 1u64 << bit),
        };
        let decided_by = |condition: &Condition| condition.all_tests().try_fold(0, |all, test| Some(all | bit(test)?));
        let by: Vec<Option<u64>> = conditions.iter().map(|it| it.as_ref().filter(|it| it.whole).and_then(decided_by)).collect();
        let mut whole: Vec<bool> = by.iter().map(Option::is_some).collect();
        let decided: Vec<u64> = by.into_iter().map(Option::unwrap_or_default).collect();
        let deciding = decided.iter().fold(0u64, |all, of_rule| all | *of_rule);
        let mut out = BTreeSet::new();
        let lookups = tests
            .iter()
            .zip(0..)
            .map(|((source, tests), at)| {
                let decides = 1u64.checked_shl(at).is_some_and(|bit| deciding & bit != 0);
                Lookup::new(source, tests, decides, &mut out)
            })
            .collect();
        // What is left out of a source is not known of a record.
        for (rule, ends) in ends.windows(2).enumerate() {
            let own = &others[ends[0] as usize..ends[1] as usize];
            if out.contains(&(rule as u32)) || own.iter().any(|place| out.contains(place)) {
                (operands[rule], whole[rule]) = (None, false);
            }
        }
        let weights = weights(conditions);
        let weight = weights.iter().map(|weight| u64::from(*weight)).sum();
        Index { operands, lookups, whole, decided, ends, others, places, weight, weights, within: OnceLock::new() }
    }

    /// Whether there is a condition of a rule.
    pub(crate) fn asks(&self, rule: usize) -> bool {
        self.operands.get(rule).is_some_and(Option::is_some)
    }

    /// By rule: the bytes that a record's values may take at most so that the rule may be left out within these limits.
    pub(super) fn within(&self, linked: &Linked, limits: &Limits) -> Arc<[usize]> {
        let of = |(rule, operands): (&Rule, &Option<usize>)| match (operands, &rule.expr.kind) {
            (None, _) => usize::MAX,
            (Some(operands), ExprKind::Logic { op: LogicOp::And, items }) => longest_within(linked, &items[..*operands], limits),
            (Some(_), _) => longest_within(linked, std::slice::from_ref(&rule.expr), limits),
        };
        let all = || linked.program().rules.iter().zip(&self.operands).map(of).collect();
        let (known, within) = self.within.get_or_init(|| (limits.clone(), all()));
        if known == limits { within.clone() } else { all() }
    }

    /// The places of what else a rule requires.
    #[inline]
    pub(super) fn others(&self, rule: usize) -> &[u32] {
        &self.others[self.ends[rule] as usize..self.ends[rule + 1] as usize]
    }

    /// Bytes of memory, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.operands.len() * (size_of::<Option<usize>>() + size_of::<bool>() + 16)
            + self.others.len() * 4
            + self.lookups.iter().map(Lookup::memory_bytes).sum::<usize>()
    }
}

impl Lookup {
    fn new(source: &Source, tests: &BTreeMap<&Test, Vec<u32>>, decides: bool, out: &mut BTreeSet<u32>) -> Lookup {
        let (mut texts, mut ints, mut v4, mut v6) = (None, Vec::new(), Vec::new(), Vec::new());
        for (test, rules) in tests {
            match test {
                Test::Int(first, last) => ints.extend(rules.iter().map(|rule| (*first, *last, *rule))),
                Test::Ip(IpAddr::V4(first), IpAddr::V4(last)) => {
                    v4.extend(rules.iter().map(|rule| (first.to_bits(), last.to_bits(), *rule)));
                }
                Test::Ip(IpAddr::V6(first), IpAddr::V6(last)) => {
                    v6.extend(rules.iter().map(|rule| (first.to_bits(), last.to_bits(), *rule)));
                }
                // A range across families has no member.
                Test::Ip(..) => {}
                Test::Contains(_) | Test::Begins(_) | Test::Ends(_) | Test::Equals(_) => {
                    texts.get_or_insert_with(Texts::default).add(test, rules);
                }
            }
        }
        fn pieces<T: Copy + Ord>(ranges: Vec<(T, T, u32)>, next: impl Fn(T) -> Option<T>, out: &mut BTreeSet<u32>) -> Option<Segments<T>> {
            if ranges.is_empty() {
                return None;
            }
            let (segments, wide) = Segments::new(ranges, next);
            out.extend(wide);
            Some(segments)
        }
        Lookup {
            source: source.clone(),
            texts,
            ints: pieces(ints, |i| i.checked_add(1), out),
            v4: pieces(v4, |i| i.checked_add(1), out),
            v6: pieces(v6, |i| i.checked_add(1), out),
            decides,
        }
    }

    /// Calls `hit` with the places whose condition a record meets as far as this source goes, and answers whether that decides a rule and
    /// there were upper case letters. `folded` is room for a value.
    #[inline]
    pub(super) fn ask(&self, record: RecordRef<'_>, folded: &mut Vec<u8>, hit: &mut impl FnMut(&[u32])) -> bool {
        let value = match (&self.source.key, record.value(self.source.field)) {
            (_, Value::Nil) => return false,
            (None, value) => value,
            (Some(key), Value::Map(map)) => map.get(key),
            (Some(_), _) => return false,
        };
        self.opened(value, self.source.open, folded, hit)
    }

    fn opened(&self, value: Value<'_>, open: u32, folded: &mut Vec<u8>, hit: &mut impl FnMut(&[u32])) -> bool {
        let mut upper = false;
        match (open, value) {
            (0, value) => upper = self.look_up(value, folded, hit),
            (_, Value::Array(items)) => items.iter().for_each(|item| upper |= self.opened(item, open - 1, folded, hit)),
            (_, Value::Map(entries)) => entries.iter().for_each(|(_, item)| upper |= self.opened(item, open - 1, folded, hit)),
            // Nothing is in it.
            (_, _) => {}
        }
        upper
    }

    #[inline]
    fn look_up(&self, value: Value<'_>, folded: &mut Vec<u8>, hit: &mut impl FnMut(&[u32])) -> bool {
        match value {
            _ if self.source.len => {
                let len = match value {
                    Value::Bytes(text) => text.len(),
                    Value::Array(items) => items.len(),
                    Value::Nil | Value::Bool(_) | Value::Int(_) | Value::U32(_) | Value::Float(_) | Value::Ip(_) | Value::Map(_) => {
                        return false;
                    }
                };
                self.int(len as i64, hit);
            }
            Value::Bytes(text) => {
                if let Some(texts) = &self.texts {
                    let upper = fold(text, folded);
                    texts.search(&folded[..text.len() + PADDING], hit);
                    return self.decides && upper;
                }
            }
            Value::Int(int) => self.int(int, hit),
            Value::Ip(IpAddr::V4(ip)) => {
                if let Some(v4) = &self.v4 {
                    hit(v4.of(ip.to_bits()));
                }
            }
            Value::Ip(IpAddr::V6(ip)) => {
                if let Some(v6) = &self.v6 {
                    hit(v6.of(ip.to_bits()));
                }
            }
            Value::Nil | Value::Bool(_) | Value::U32(_) | Value::Float(_) | Value::Array(_) | Value::Map(_) => {}
        }
        false
    }

    #[inline]
    fn int(&self, int: i64, hit: &mut impl FnMut(&[u32])) {
        if let Some(ints) = &self.ints {
            hit(ints.of(int));
        }
    }

    fn memory_bytes(&self) -> usize {
        let bytes = [
            self.texts.as_ref().map(Texts::memory_bytes),
            self.ints.as_ref().map(Segments::memory_bytes),
            self.v4.as_ref().map(Segments::memory_bytes),
            self.v6.as_ref().map(Segments::memory_bytes),
        ];
        size_of::<Lookup>() + bytes.into_iter().flatten().sum::<usize>()
    }
}
