//! Answers: which rules match which records, and where a rule trapped.

use quintet_lang::ast::Span;

use crate::trap::{Fault, Trap};

/// Rules in a word of bits.
const WORD: usize = u64::BITS as usize;

macro_rules! places {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub usize);
    )*};
}

places! {
    /// A rule's place in its program, from 0.
    RuleId
    /// A record's place in its batch, from 0.
    RecordId
}

/// Which rules one record matches.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleSet {
    rules: usize,
    /// The first rules, which most programs have no more than: here, so that a set of them needs no other memory.
    first: u64,
    /// The rules after them.
    rest: Vec<u64>,
    traps: Vec<RuleTrap>,
}

impl RuleSet {
    /// An empty set for programs of any size.
    pub fn new() -> RuleSet {
        RuleSet::default()
    }

    /// Makes room for the rules after the first word's.
    #[inline(never)]
    fn extend(&mut self) {
        self.rest.resize((self.rules - 1) / WORD, 0);
    }

    /// Whether the record matches a rule.
    #[inline]
    pub fn contains(&self, rule: usize) -> bool {
        let word = match rule / WORD {
            0 => Some(&self.first),
            word => self.rest.get(word - 1),
        };
        word.is_some_and(|w| w >> (rule % WORD) & 1 != 0)
    }

    /// The same for a rule that cannot be taken for anything else.
    #[inline]
    pub fn has(&self, rule: RuleId) -> bool {
        self.contains(rule.0)
    }

    /// The rules that the record matches, in order.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        (0..self.rules).filter(|r| self.contains(*r))
    }

    /// How many rules the record matches.
    pub fn len(&self) -> usize {
        [&self.first].into_iter().chain(&self.rest).map(|w| w.count_ones() as usize).sum()
    }

    /// Whether no rule matches.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The rules that trapped, in order.
    pub fn traps(&self) -> &[RuleTrap] {
        &self.traps
    }
}

/// A rule that trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleTrap {
    /// The rule.
    pub rule: usize,
    /// What happened.
    pub trap: Trap,
    /// Where: see [`TrapAt::span`].
    pub span: Span,
}

impl RuleTrap {
    /// What happened, and where.
    pub fn fault(&self) -> Fault {
        Fault { trap: self.trap, span: self.span }
    }
}

impl TrapAt {
    /// What happened, and where in the source.
    pub fn fault(&self) -> Fault {
        Fault { trap: self.trap, span: self.span }
    }

    /// The rule.
    pub fn rule_id(&self) -> RuleId {
        RuleId(self.rule)
    }

    /// The record.
    pub fn record_id(&self) -> RecordId {
        RecordId(self.record)
    }
}

/// A rule that trapped on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrapAt {
    /// The rule.
    pub rule: usize,
    /// The record's place in the batch.
    pub record: usize,
    /// What happened.
    pub trap: Trap,
    /// Where in the source: the statement, of `if` and `while` the condition where that is at fault, or of a rule that is an expression the
    /// expression. It is the same on every backend.
    pub span: Span,
}

/// Which rules match which records of a batch: one bit each, a row of words per rule. Bit `i % 64` of word `i / 64` is record `i`;
/// bits after the last record are 0.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Matches {
    rules: usize,
    records: usize,
    bits: Vec<u64>,
    traps: Vec<TrapAt>,
}

impl Matches {
    /// Answers without rules and records; backends make room.
    pub fn new() -> Matches {
        Matches::default()
    }

    /// Rules.
    pub fn rules(&self) -> usize {
        self.rules
    }

    /// Records.
    pub fn records(&self) -> usize {
        self.records
    }

    /// Words in each rule's row.
    #[inline]
    pub fn row_words(&self) -> usize {
        self.records.div_ceil(64)
    }

    /// All rows, rule by rule.
    #[inline]
    pub fn words(&self) -> &[u64] {
        &self.bits
    }

    /// Whether `record` matches `rule`.
    ///
    /// # Panics
    /// When there is no such rule or record.
    #[inline]
    pub fn get(&self, rule: RuleId, record: RecordId) -> bool {
        let (RuleId(rule), RecordId(record)) = (rule, record);
        assert!(rule < self.rules && record < self.records, "rule {rule} of {}, record {record} of {}", self.rules, self.records);
        self.bits[rule * self.row_words() + record / 64] >> (record % 64) & 1 != 0
    }

    /// How many records match `rule`.
    pub fn count(&self, rule: usize) -> usize {
        self.row(rule).iter().map(|w| w.count_ones() as usize).sum()
    }

    /// The row of `rule`.
    pub fn row(&self, rule: usize) -> &[u64] {
        let words = self.row_words();
        &self.bits[rule * words..(rule + 1) * words]
    }

    /// The records that match `rule`, in order.
    pub fn records_of(&self, rule: usize) -> impl Iterator<Item = usize> + '_ {
        self.row(rule).iter().enumerate().flat_map(|(i, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                (rest != 0).then(|| {
                    let bit = rest.trailing_zeros() as usize;
                    rest &= rest - 1;
                    i * 64 + bit
                })
            })
        })
    }

    /// The traps, in order of record, then rule.
    pub fn traps(&self) -> &[TrapAt] {
        &self.traps
    }

    /// Has the rules answer other than they did on a record. Afterwards [`WriteMatches::finish`] puts the traps in order.
    pub(crate) fn replace(&mut self, record: usize, hits: &RuleSet) {
        self.traps.retain(|trap| trap.record != record);
        for rule in 0..self.rules {
            self.clear(rule, record);
            let at = rule * self.row_words() + record / 64;
            self.bits[at] |= u64::from(hits.contains(rule)) << (record % 64);
        }
        self.traps.extend(hits.traps().iter().map(|it| TrapAt { rule: it.rule, record, trap: it.trap, span: it.span }));
    }

    /// Has a record match a rule no more.
    pub(crate) fn clear(&mut self, rule: usize, record: usize) {
        let at = rule * self.row_words() + record / 64;
        self.bits[at] &= !(1 << (record % 64));
    }
}

/// Writing a [`RuleSet`]: for backends, which see to it that it says what the rules answer.
pub trait WriteRuleSet {
    /// Empties the set and makes room for `rules` rules.
    fn reset(&mut self, rules: usize);

    /// Adds a rule.
    ///
    /// # Panics
    /// When the rule is not below the number given to [`RuleSet::reset`].
    fn insert(&mut self, rule: usize);

    /// Says of 64 rules at once which match, from rule `64 * word` on: bit `i` is the `i`th of them. Bits after the last rule are 0.
    ///
    /// # Panics
    /// When there are no such rules.
    fn set_word(&mut self, word: usize, bits: u64);

    /// Notes that a rule trapped, and where.
    fn trap(&mut self, rule: usize, fault: (Trap, Span));
}

impl WriteRuleSet for RuleSet {
    #[inline]
    fn reset(&mut self, rules: usize) {
        self.rules = rules;
        self.first = 0;
        self.rest.clear();
        self.traps.clear();
        if rules > WORD {
            self.extend();
        }
    }

    #[inline]
    fn insert(&mut self, rule: usize) {
        assert!(rule < self.rules, "rule {rule} of {}", self.rules);
        let word = match rule / WORD {
            0 => &mut self.first,
            word => &mut self.rest[word - 1],
        };
        *word |= 1 << (rule % WORD);
    }

    #[inline]
    fn set_word(&mut self, word: usize, bits: u64) {
        match word {
            0 => self.first = bits,
            _ => self.rest[word - 1] = bits,
        }
    }

    #[cold]
    fn trap(&mut self, rule: usize, (trap, span): (Trap, Span)) {
        self.traps.push(RuleTrap { rule, trap, span });
    }
}

/// Writing [`Matches`]: for backends, which see to it that they say what the rules answer.
pub trait WriteMatches {
    /// Clears all answers and makes room for `rules` x `records`.
    fn reset(&mut self, rules: usize, records: usize);

    /// All rows, rule by rule, for writing.
    fn words_mut(&mut self) -> &mut [u64];

    /// Sets the answers of records `64 * block ..` to a rule.
    fn set_block(&mut self, rule: usize, block: usize, bits: u64);

    /// Notes that a rule trapped on a record, and where.
    fn trap(&mut self, rule: usize, record: usize, fault: (Trap, Span));

    /// Puts the traps in order of record, then rule, and clears the bits after the last record; to be called once after a batch.
    fn finish(&mut self);
}

impl WriteMatches for Matches {
    fn reset(&mut self, rules: usize, records: usize) {
        self.rules = rules;
        self.records = records;
        self.bits.clear();
        self.bits.resize(rules * records.div_ceil(64), 0);
        self.traps.clear();
    }

    #[inline]
    fn words_mut(&mut self) -> &mut [u64] {
        &mut self.bits
    }

    #[inline]
    fn set_block(&mut self, rule: usize, block: usize, bits: u64) {
        let at = rule * self.row_words() + block;
        self.bits[at] = bits;
    }

    #[cold]
    fn trap(&mut self, rule: usize, record: usize, (trap, span): (Trap, Span)) {
        self.traps.push(TrapAt { rule, record, trap, span });
    }

    fn finish(&mut self) {
        let words = self.row_words();
        if !self.records.is_multiple_of(64) {
            let used = u64::MAX >> (64 - self.records % 64);
            self.bits.chunks_exact_mut(words).filter_map(|row| row.last_mut()).for_each(|last| *last &= used);
        }
        self.traps.sort_unstable_by_key(|t| (t.record, t.rule));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_set_keeps_each_rule_of_any_number_and_forgets_them_when_reset() {
        let mut one_by_one = RuleSet::new();
        for rules in [0, 1, 63, 64, 65, 128, 129, 200, 64, 1, 0] {
            one_by_one.reset(rules);
            assert!(one_by_one.is_empty() && (0..256).all(|rule| !one_by_one.contains(rule)), "{rules}");
            let expected: Vec<usize> = (0..rules).filter(|rule| rule % 3 == 0 || rule + 1 == rules).collect();
            let mut by_words = RuleSet::new();
            by_words.reset(rules);
            for word in 0..rules.div_ceil(WORD) {
                let bits = expected.iter().filter(|rule| *rule / WORD == word).fold(0, |bits, rule| bits | 1 << (rule % WORD));
                by_words.set_word(word, bits);
            }
            for rule in &expected {
                one_by_one.insert(*rule);
            }
            assert!(one_by_one.iter().eq(expected.iter().copied()), "{rules}");
            assert_eq!(one_by_one.len(), expected.len());
            assert_eq!(one_by_one, by_words);
        }
    }

    #[test]
    #[should_panic(expected = "record 64 of 64")]
    fn a_record_after_the_last_is_not_one_of_the_next_rule() {
        let mut matches = Matches::new();
        matches.reset(2, 64);
        matches.set_block(1, 0, 1);
        matches.get(RuleId(0), RecordId(64));
    }

    #[test]
    #[should_panic(expected = "rule 65 of 65")]
    fn a_rule_set_has_no_room_for_rules_that_it_was_not_reset_for() {
        let mut set = RuleSet::new();
        set.reset(65);
        set.insert(65);
    }
}
