//! Which rules may match which records.

use std::ops::Range;
use std::sync::Arc;

use quintet_lang::Limits;

use super::bits::set;
use super::index::Index;
use super::{PAYS, WINDOW};
use crate::batch::Batch;
use crate::linked::Linked;
use crate::matches::{Matches, RuleSet, WriteMatches, WriteRuleSet};
use crate::record::RecordRef;

/// How many windows of records are run without asking after one in which asking did not pay.
const PAUSE: usize = 32;

/// One thread's way to ask which rules may match: for each backend's instances, which need not run the others. A rule that is left out would
/// have answered false, without a trap and within the limits.
///
/// It watches what it saves: where records leave too little to leave out, the next ones are run without.
pub struct Candidates {
    linked: Arc<Linked>,
    /// By rule: the bytes that a record's values may take at most so that the rule may be left out.
    within: Arc<[usize]>,
    /// The least of them.
    least: usize,
    /// For each record of a block what it meets: the planes of the index.
    met: Vec<u64>,
    /// For each rule the records of a block; 0 between blocks.
    masks: Box<[u64]>,
    /// The words of rules that are to be run on a record, or on any of a block.
    to_run: Vec<u64>,
    /// The rules that are to be run on a block, each with its records.
    asked: Vec<(usize, u64)>,
    /// The words of rules that are always run.
    always: Box<[u64]>,
    folded: Vec<u8>,
    watch: Watch,
}

/// What asking has saved of late.
#[derive(Default)]
struct Watch {
    /// Records that were asked about since the last look.
    records: usize,
    /// The weights of what they left to run.
    left: u64,
    /// Records to come that are not asked about.
    pause: usize,
}

impl Watch {
    /// Whether so many records are to be asked about.
    fn asks(&mut self, records: usize) -> bool {
        if self.pause == 0 {
            return true;
        }
        self.pause = self.pause.saturating_sub(records);
        false
    }

    /// Adds what was left to run of `weight` for each of so many records, and looks once there are enough.
    fn add(&mut self, records: usize, left: u64, weight: u64) {
        self.records += records;
        self.left += left;
        if self.records >= WINDOW {
            let saved = (weight * self.records as u64).saturating_sub(self.left);
            let pause = if saved < self.records as u64 * PAYS as u64 { PAUSE * WINDOW } else { 0 };
            *self = Watch { pause, ..Watch::default() };
        }
    }
}

impl Candidates {
    /// For an instance with these limits; none where the program is run rule by rule.
    pub fn new(linked: &Arc<Linked>, limits: &Limits) -> Option<Box<Candidates>> {
        let index = linked.prefilter()?;
        let within = index.within(linked, limits);
        Some(Box::new(Candidates {
            least: within.iter().copied().min().unwrap_or(usize::MAX),
            within,
            met: Vec::new(),
            masks: vec![0; linked.program().rules.len()].into(),
            to_run: Vec::new(),
            asked: Vec::new(),
            always: index.always(),
            folded: Vec::new(),
            watch: Watch::default(),
            linked: linked.clone(),
        }))
    }

    /// The rules that are to be run on a block of a batch, ascending, each with the records that it is run on: of 1 to 64 records from a multiple of 64
    /// on, bit `i` is record `records.start + i`. What is known to match without being run is put into the answers. None where all rules are to be run
    /// on all records.
    pub fn block(&mut self, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Option<&[(usize, u64)]> {
        if !self.watch.asks(records.len()) {
            return None;
        }
        let Candidates { linked, within, least, met, masks, to_run, asked, always, folded, watch } = self;
        let index: &Index = linked.prefilter()?;
        met.clear();
        records.clone().for_each(|_| met.extend_from_slice(&index.unmet));
        // By lookup: the records of which a text has upper case letters.
        let mut upper = [0u64; u64::BITS as usize];
        for (at, lookup) in index.lookups.iter().enumerate() {
            let mut of_lookup = 0;
            for ((bit, record), met) in records.clone().enumerate().zip(met.chunks_exact_mut(index.unmet.len())) {
                of_lookup |= u64::from(lookup.ask(batch.record(record), folded, &mut |places| set(met, places))) << bit;
            }
            if let Some(upper) = upper.get_mut(at) {
                *upper = of_lookup;
            }
        }
        to_run.clear();
        to_run.extend_from_slice(always);
        for (bit, met) in met.chunks_exact_mut(index.unmet.len()).enumerate() {
            for (word, may_match) in index.may_match(met).iter().enumerate().filter(|(_, may_match)| **may_match != 0) {
                to_run[word] |= may_match;
                set_bits(&[*may_match]).for_each(|rule| masks[word * 64 + rule] |= 1 << bit);
            }
        }
        let (all, longest, mut left) = (u64::MAX >> (64 - records.len()), batch.longest(), 0);
        if longest > *least {
            add_longer(to_run, within, longest).for_each(drop);
        }
        asked.clear();
        for rule in set_bits(to_run) {
            let mut mask = std::mem::take(&mut masks[rule]);
            if index.operands[rule].is_none() || longest > within[rule] {
                mask = all;
            } else if index.whole[rule] && set_bits(&[index.decided[rule]]).all(|lookup| mask & upper[lookup] == 0) {
                out.set_block(rule, records.start / 64, mask);
                continue;
            }
            left += u64::from(mask.count_ones() * index.weights[rule]);
            asked.push((rule, closed(mask, index.weights[rule])));
        }
        watch.add(records.len(), left, index.weight);
        Some(asked)
    }

    /// The rules that are to be run on a record, a bit each. What is known to match without being run is put into the answers. None where all
    /// are to be run.
    pub fn record(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Option<&[u64]> {
        if !self.watch.asks(1) {
            return None;
        }
        let Candidates { linked, within, least, met, to_run, always, folded, watch, .. } = self;
        let index: &Index = linked.prefilter()?;
        met.clear();
        met.extend_from_slice(&index.unmet);
        // The lookups by which a text has upper case letters.
        let mut upper = 0u64;
        for (lookup, bit) in index.lookups.iter().zip(0..) {
            // Those after the first 64 decide no rule.
            upper |= u64::from(lookup.ask(record, folded, &mut |places| set(met, places))).checked_shl(bit).unwrap_or_default();
        }
        to_run.clear();
        to_run.extend_from_slice(always);
        let (longest, mut left) = (record.batch().longest(), 0);
        for (word, may_match) in index.may_match(met).iter().enumerate() {
            for rule in set_bits(&[*may_match]) {
                let (bit, rule) = (1 << rule, word * 64 + rule);
                if index.whole[rule] && index.decided[rule] & upper == 0 && longest <= within[rule] {
                    hits.insert(rule);
                } else {
                    to_run[word] |= bit;
                    left += u64::from(index.weights[rule]);
                }
            }
        }
        if longest > *least {
            left += add_longer(to_run, within, longest).map(|rule| u64::from(index.weights[rule])).sum::<u64>();
        }
        watch.add(1, left, index.weight);
        Some(to_run)
    }

    /// Bytes of memory that it holds.
    pub fn memory_bytes(&self) -> usize {
        let Candidates { within, met, masks, to_run, asked, always, folded, .. } = self;
        size_of::<Candidates>()
            + size_of_val(&**within)
            + size_of_val(&**masks)
            + size_of_val(&**always)
            + (met.capacity() + to_run.capacity()) * 8
            + asked.capacity() * size_of::<(usize, u64)>()
            + folded.capacity()
    }
}

/// Adds the rules that may not be left out where values take so many bytes, and answers those that were not there.
fn add_longer(to_run: &mut [u64], within: &[usize], longest: usize) -> impl Iterator<Item = usize> {
    within.iter().enumerate().filter(move |(_, within)| longest > **within).map(|(rule, _)| rule).filter(|rule| {
        let (word, bit) = (&mut to_run[rule / 64], 1 << (rule % 64));
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    })
}

/// The records of a block on which a rule of this weight is run where it may match these: with those in between where running it costs less than
/// calling it again. A rule answers the same on more records than it is asked about.
#[inline]
fn closed(mask: u64, weight: u32) -> u64 {
    let wide = u128::from(mask);
    let closed = match weight {
        _ if mask & mask.wrapping_sub(1) == 0 => return mask,
        0..=1 => {
            let wider = wide | wide << 1;
            let wider = wider | wider << 2;
            let wider = wider | wider << 4;
            let narrower = wider & wider >> 1;
            let narrower = narrower & narrower >> 2;
            narrower & narrower >> 4
        }
        2..=4 => {
            let wider = wide | wide << 1;
            let wider = wider | wider << 2;
            let narrower = wider & wider >> 1;
            narrower & narrower >> 2
        }
        _ => wide | wide << 1 & wide >> 1,
    };
    closed as u64
}

/// The records of a block that are to be run, from their mask.
pub fn runs(mask: u64) -> impl Iterator<Item = Range<usize>> {
    let mut rest = mask;
    std::iter::from_fn(move || {
        (rest != 0).then(|| {
            let start = rest.trailing_zeros() as usize;
            let end = start + (!(rest >> start)).trailing_zeros().min(64 - start as u32) as usize;
            rest = if end == 64 { 0 } else { rest >> end << end };
            start..end
        })
    })
}

/// The places of the bits that are set in a row of words.
pub fn set_bits(words: &[u64]) -> impl Iterator<Item = usize> {
    words.iter().enumerate().flat_map(|(i, word)| bits_of(*word).map(move |bit| i * 64 + bit))
}

/// The places of the bits of a word that are set.
#[inline]
pub fn bits_of(word: u64) -> impl Iterator<Item = usize> {
    let mut rest = word;
    std::iter::from_fn(move || {
        (rest != 0).then(|| {
            let bit = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            bit
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_all_records_of_a_mask() {
        assert_eq!(runs(0).count(), 0);
        assert!(runs(u64::MAX).eq(std::iter::once(0..64)));
        assert!(runs(1 << 63).eq(std::iter::once(63..64)));
        assert_eq!(runs(0b1101_0011_0000_0001).collect::<Vec<_>>(), [0..1, 8..10, 12..13, 14..16]);
    }

    #[test]
    fn gaps_are_closed_where_the_rule_is_cheap_and_nothing_else_is_added() {
        for (weight, gap) in [(1, 7), (2, 3), (10, 1), (40, 1)] {
            for (first, between) in (0..64).flat_map(|first| (0..63 - first).map(move |between| (first, between))) {
                let mask = 1u64 << first | 1 << (first + between + 1);
                let all = u64::MAX >> (63 - first - between - 1) & u64::MAX << first;
                assert_eq!(closed(mask, weight), if between <= gap { all } else { mask }, "{first} {between} {weight}");
            }
            assert!([0, 1, 1 << 63, u64::MAX].into_iter().all(|mask| closed(mask, weight) == mask));
        }
    }

    #[test]
    fn asking_pauses_where_it_saves_too_little_and_is_tried_again() {
        let mut watch = Watch::default();
        let asked = |watch: &mut Watch, left: u64| {
            let asks = watch.asks(64);
            if asks {
                watch.add(64, left * 64, 200);
            }
            asks
        };
        assert!((0..100).all(|_| asked(&mut watch, 200 - PAYS as u64)));
        let asks: Vec<bool> = (0..2000).map(|_| asked(&mut watch, 201 - PAYS as u64)).collect();
        let (window, pause) = (WINDOW / 64, PAUSE * WINDOW / 64);
        let first = asks.iter().position(|asks| !asks).unwrap();
        assert!(first <= window, "{first}");
        assert!(asks[first..first + pause].iter().all(|asks| !asks));
        assert!(asks[first + pause..first + pause + window].iter().all(|asks| *asks));
        assert!(!asks[first + pause + window]);
    }
}
