//! The conditions of many rules, to be asked all at once.
//!
//! What a rule requires stands in planes: its first condition in the first, what it requires beside that in those after it. A plane has a bit for
//! each rule, and so a place of the index is a bit of a plane. A record that meets a condition sets its place; a rule may match where its bits are
//! set in all planes, which is asked of 64 rules at once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::{Arc, OnceLock};

use quintet_lang::Limits;
use quintet_lang::ast::{ExprKind, LogicOp, Rule};

use super::bits::{Bits, bits};
use super::bound::longest_within;
use super::classes::Classes;
use super::condition::{Condition, Kind, Source, Test, of};
use super::segments::Segments;
use super::texts::Texts;
use crate::linked::Linked;
use crate::record::RecordRef;
use crate::sorted::Bound;
use crate::thresholds::Threshold;
use crate::value::Value;

/// The conditions of a program's rules.
#[derive(Debug)]
pub(crate) struct Index {
    /// By rule: the first operands of its expression that are evaluated where its condition does not hold; none where it has no condition.
    pub(super) operands: Vec<Option<usize>>,
    pub(super) lookups: Vec<Lookup>,
    /// By rule: whether its conditions are all that it asks for; see [`Condition::whole`].
    pub(super) whole: Vec<bool>,
    /// By rule: the lookups, a bit each, by whose texts it is taken to match, as far as these have no upper case letters.
    pub(super) decided: Vec<u64>,
    /// Words of a plane.
    pub(super) words: usize,
    /// The planes where nothing was met: the bits of rules that have no condition there are set.
    pub(super) unmet: Box<[u64]>,
    /// The rules that have a condition, a bit each.
    pub(super) asked: Box<[u64]>,
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
    classes: Option<Classes>,
    /// The places of records that have no value.
    missing: Vec<Bits>,
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
            let own = || condition.kinds.chunk_by(|a, b| a.0 == b.0);
            let saved = condition.weight / own().count().max(1) as u32;
            for (source, kinds) in own().filter_map(|kinds| Some((&kinds.first()?.0, kinds))) {
                let (of_all, dearest) = sources.entry(source.clone()).or_default();
                *of_all += saved;
                *dearest = kinds.iter().map(|(_, kind)| price(source, *kind)).fold(*dearest, u32::max);
            }
        }
        let mut dropped = false;
        for it in &mut conditions {
            let dear = |(source, _): &(Source, Kind)| sources.get(source).is_some_and(|(saved, price)| saved < price);
            if it.as_ref().is_some_and(|condition| condition.kinds.iter().any(dear)) {
                (*it, dropped) = (None, true);
            }
        }
        if !dropped {
            break;
        }
    }
    // A text that may stand anywhere is dear to look for beside those that are looked for anyway, too.
    let kinds = conditions.iter().flatten().flat_map(|condition| &condition.kinds);
    let mut asked: Asked = kinds.filter(|(_, kind)| *kind != Kind::Contains).cloned().collect();
    while let Some(next) = worthy(&conditions, &asked) {
        asked.insert(next);
    }
    conditions.iter_mut().flatten().for_each(|it| it.ask_only(&asked));
    conditions
}

/// What is asked of sources.
pub(super) type Asked = BTreeSet<(Source, Kind)>;

/// What else is best asked, of what rules require beside their first conditions, so that the fewest are left: if it saves more than it costs.
fn worthy(conditions: &[Option<Condition>], asked: &Asked) -> Option<(Source, Kind)> {
    let mut saved: BTreeMap<&(Source, Kind), f64> = BTreeMap::new();
    for condition in conditions.iter().flatten() {
        let (known, open): (Vec<_>, Vec<_>) = condition.others.iter().partition(|other| other.is_of(asked));
        let left: f64 = known.iter().map(|other| other.shown()).product::<f64>() * condition.shown();
        for other in open {
            let saves = f64::from(condition.weight + CALL) * left * (1.0 - other.shown()) / other.kinds.len() as f64;
            other.kinds.iter().filter(|kind| !asked.contains(kind)).for_each(|kind| *saved.entry(kind).or_default() += saves);
        }
    }
    let gains = saved.into_iter().map(|(it, saves)| (saves - f64::from(price(&it.0, it.1)), it));
    let (gain, best) = gains.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (gain > 0.0).then(|| best.clone())
}

/// About what calling a rule on few records takes, in tests of numbers.
const CALL: u32 = 4;

/// About what it costs to ask a source for all rules, in tests of numbers.
fn price(source: &Source, kind: Kind) -> u32 {
    let value = match kind {
        Kind::Contains => 12,
        Kind::Beyond => 6,
        Kind::Begins | Kind::Ends | Kind::Equals | Kind::Int | Kind::Ip | Kind::Missing => 4,
    };
    if source.open > 0 || source.key.is_some() { 3 * value } else { value }
}

/// What leaving the rules with a condition out would save, of each.
pub(super) fn weights(conditions: &[Option<Condition>]) -> Vec<u32> {
    conditions.iter().map(|it| it.as_ref().map_or(0, |it| it.weight)).collect()
}

/// What is asked of each source, with the places that it is for.
type Tests<'c> = BTreeMap<&'c Source, BTreeMap<&'c Test, Vec<u32>>>;

impl Index {
    pub(super) fn new(conditions: &[Option<Condition>]) -> Index {
        let words = conditions.len().div_ceil(64).max(1);
        let planes = conditions.iter().flatten().map(|it| 1 + it.others.len()).max().unwrap_or(1);
        let mut unmet: Box<[u64]> = vec![u64::MAX; planes * words].into();
        let mut asked: Box<[u64]> = vec![0; words].into();
        let mut tests = Tests::new();
        for (condition, rule) in conditions.iter().zip(0u32..) {
            let Some(condition) = condition else { continue };
            asked[rule as usize / 64] |= 1 << (rule % 64);
            for (plane, of_plane) in std::iter::once(condition).chain(&condition.others).enumerate() {
                let place = (plane * words * 64) as u32 + rule;
                unmet[place as usize / 64] &= !(1 << (place % 64));
                for (source, test) in &of_plane.tests {
                    tests.entry(source).or_default().entry(test).or_default().push(place);
                }
            }
        }
        let bits: BTreeMap<&Source, u32> = tests.keys().copied().zip(0..u64::BITS).collect();
        let bit = |(source, test): &(Source, Test)| match test {
            Test::Int(..) | Test::Ip(..) | Test::Beyond(_) | Test::Missing => Some(0),
            Test::Contains(_) | Test::Begins(_) | Test::Ends(_) | Test::Equals(_) => bits.get(source).map(|bit| 1u64 << bit),
        };
        let decided_by = |condition: &Condition| condition.all_tests().try_fold(0, |all, test| Some(all | bit(test)?));
        let by: Vec<Option<u64>> = conditions.iter().map(|it| it.as_ref().filter(|it| it.whole).and_then(decided_by)).collect();
        let mut whole: Vec<bool> = by.iter().map(Option::is_some).collect();
        let decided: Vec<u64> = by.into_iter().map(Option::unwrap_or_default).collect();
        let deciding = decided.iter().fold(0u64, |all, of_rule| all | *of_rule);
        let lookups = tests
            .iter()
            .zip(0..)
            .map(|((source, tests), at)| {
                let decides = 1u64.checked_shl(at).is_some_and(|bit| deciding & bit != 0);
                let (lookup, inexact) = Lookup::new(source, tests, decides);
                // A record may set their places without meeting the condition.
                inexact.into_iter().for_each(|place| whole[place as usize % (words * 64)] = false);
                lookup
            })
            .collect();
        let operands = conditions.iter().map(|it| it.as_ref().map(|it| it.operands)).collect();
        let weights = weights(conditions);
        let weight = weights.iter().map(|weight| u64::from(*weight)).sum();
        Index { operands, lookups, whole, decided, words, unmet, asked, weight, weights, within: OnceLock::new() }
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

    /// The words of the rules that have a condition and may match a record that met these places of the planes, which are no longer needed.
    #[inline]
    pub(super) fn may_match<'m>(&self, met: &'m mut [u64]) -> &'m [u64] {
        let (first, others) = met.split_at_mut(self.words);
        let mut and = |plane: &[u64]| first.iter_mut().zip(plane).for_each(|(all, of_plane)| *all &= of_plane);
        and(&self.asked);
        others.chunks_exact(self.words).for_each(and);
        first
    }

    /// The words of the rules that have no condition.
    pub(super) fn always(&self) -> Box<[u64]> {
        let mut words: Box<[u64]> = self.asked.iter().map(|asked| !asked).collect();
        // The last word has bits of no rules.
        if let (Some(last), rest @ 1..) = (words.last_mut(), self.operands.len() % 64) {
            *last &= u64::MAX >> (64 - rest);
        }
        words
    }

    /// Bytes of memory, about.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.operands.len() * (size_of::<Option<usize>>() + size_of::<bool>() + 16)
            + size_of_val(&*self.unmet)
            + size_of_val(&*self.asked)
            + self.lookups.iter().map(Lookup::memory_bytes).sum::<usize>()
    }
}

impl Lookup {
    /// Answers the places, too, that are not asked exactly; see [`Segments::new`].
    fn new(source: &Source, tests: &BTreeMap<&Test, Vec<u32>>, decides: bool) -> (Lookup, Vec<u32>) {
        let (mut texts, mut classes, mut missing) = (None, None, Vec::new());
        let (mut ints, mut v4, mut v6) = (Vec::new(), Vec::new(), Vec::new());
        for (test, places) in tests {
            match test {
                Test::Int(first, last) => ints.extend(places.iter().map(|place| (*first, *last, *place))),
                Test::Ip(IpAddr::V4(first), IpAddr::V4(last)) => {
                    v4.extend(places.iter().map(|place| (first.to_bits(), last.to_bits(), *place)));
                }
                Test::Ip(IpAddr::V6(first), IpAddr::V6(last)) => {
                    v6.extend(places.iter().map(|place| (first.to_bits(), last.to_bits(), *place)));
                }
                // A range across families has no member.
                Test::Ip(..) => {}
                Test::Beyond(class) => classes.get_or_insert_with(Classes::default).add(class, places),
                Test::Missing => missing.extend(bits(places)),
                Test::Contains(_) | Test::Begins(_) | Test::Ends(_) | Test::Equals(_) => {
                    texts.get_or_insert_with(Texts::default).add(test, places);
                }
            }
        }
        texts.iter_mut().for_each(Texts::finish);
        let mut inexact = Vec::new();
        fn pieces<T: Bound>(ranges: Vec<(T, T, u32)>, inexact: &mut Vec<u32>) -> Option<Segments<T>> {
            if ranges.is_empty() {
                return None;
            }
            let (segments, of_these) = Segments::new(ranges);
            inexact.extend(of_these);
            Some(segments)
        }
        let lookup = Lookup {
            source: source.clone(),
            texts,
            classes,
            missing,
            ints: pieces(ints, &mut inexact),
            v4: pieces(v4, &mut inexact),
            v6: pieces(v6, &mut inexact),
            decides,
        };
        (lookup, inexact)
    }

    /// Calls `hit` with the places whose condition a record meets as far as this source goes, and answers whether that decides a rule and
    /// there were upper case letters. `folded` is room for a value.
    #[inline]
    pub(super) fn ask(&self, record: RecordRef<'_>, folded: &mut Vec<u8>, hit: &mut impl FnMut(&[Bits])) -> bool {
        let value = match (&self.source.key, record.value(self.source.field)) {
            (_, Value::Nil) => {
                hit(&self.missing);
                return false;
            }
            (None, value) => value,
            (Some(key), Value::Map(map)) => map.get(key),
            (Some(_), _) => return false,
        };
        self.opened(value, self.source.open, folded, hit)
    }

    fn opened(&self, value: Value<'_>, open: u32, folded: &mut Vec<u8>, hit: &mut impl FnMut(&[Bits])) -> bool {
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
    fn look_up(&self, value: Value<'_>, folded: &mut Vec<u8>, hit: &mut impl FnMut(&[Bits])) -> bool {
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
                if let Some(classes) = &self.classes {
                    classes.search(text, hit);
                }
                if let Some(texts) = &self.texts {
                    return texts.search(text, folded, hit) && self.decides && text.iter().any(u8::is_ascii_uppercase);
                }
            }
            Value::Int(int) => self.int(int, hit),
            Value::Ip(IpAddr::V4(ip)) => {
                if let Some(v4) = &self.v4 {
                    v4.of(ip.to_bits(), hit);
                }
            }
            Value::Ip(IpAddr::V6(ip)) => {
                if let Some(v6) = &self.v6 {
                    v6.of(ip.to_bits(), hit);
                }
            }
            Value::Nil | Value::Bool(_) | Value::U32(_) | Value::Float(_) | Value::Array(_) | Value::Map(_) => {}
        }
        false
    }

    #[inline]
    fn int(&self, int: i64, hit: &mut impl FnMut(&[Bits])) {
        if let Some(ints) = &self.ints {
            ints.of(int, hit);
        }
    }

    fn memory_bytes(&self) -> usize {
        let bytes = [
            self.texts.as_ref().map(Texts::memory_bytes),
            self.classes.as_ref().map(Classes::memory_bytes),
            self.ints.as_ref().map(Segments::memory_bytes),
            self.v4.as_ref().map(Segments::memory_bytes),
            self.v6.as_ref().map(Segments::memory_bytes),
        ];
        size_of::<Lookup>() + size_of_val(&*self.missing) + bytes.into_iter().flatten().sum::<usize>()
    }
}
