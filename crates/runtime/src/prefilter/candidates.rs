//! Which rules may match which records.

use std::ops::Range;
use std::sync::Arc;

use quintet_lang::Limits;

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
    /// For each place of the index the records of a block, or for each record the words of places.
    masks: Vec<u64>,
    /// For a record the words of rules that are to be run.
    to_run: Vec<u64>,
    /// The same where no condition is met.
    unmet: [Box<[u64]>; 2],
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
        let mut words = vec![0; index.places.div_ceil(64)];
        for (rule, _) in index.operands.iter().enumerate().filter(|(_, operands)| operands.is_none()) {
            words[rule / 64] |= 1 << (rule % 64);
        }
        let mut blocks: Box<[u64]> = vec![0; index.places].into();
        for (mask, operands) in blocks.iter_mut().zip(&index.operands) {
            *mask = if operands.is_none() { u64::MAX } else { 0 };
        }
        Some(Box::new(Candidates {
            least: within.iter().copied().min().unwrap_or(usize::MAX),
            within,
            masks: Vec::new(),
            to_run: Vec::new(),
            unmet: [blocks, words.into()],
            folded: Vec::new(),
            watch: Watch::default(),
            linked: linked.clone(),
        }))
    }

    /// For each rule the records of a block of a batch, 1 to 64 from a multiple of 64 on, on which it is to be run: bit `i` is record
    /// `records.start + i`. What is known to match without being run is put into the answers. None where all rules are to be run on all records.
    pub fn block(&mut self, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Option<&[u64]> {
        if !self.watch.asks(records.len()) {
            return None;
        }
        let Candidates { linked, within, least, masks, unmet: [blocks, _], folded, watch, .. } = self;
        let index: &Index = linked.prefilter()?;
        masks.clear();
        masks.extend_from_slice(blocks);
        // By lookup: the records of which a text has upper case letters.
        let mut upper = [0u64; u64::BITS as usize];
        for (at, lookup) in index.lookups.iter().enumerate() {
            let mut of_lookup = 0;
            for (bit, record) in records.clone().enumerate() {
                let mut hit = |places: &[u32]| places.iter().for_each(|place| masks[*place as usize] |= 1 << bit);
                of_lookup |= u64::from(lookup.ask(batch.record(record), folded, &mut hit)) << bit;
            }
            if let Some(upper) = upper.get_mut(at) {
                *upper = of_lookup;
            }
        }
        let (masks, others) = masks.split_at_mut(within.len());
        let (all, longest) = (u64::MAX >> (64 - records.len()), batch.longest());
        let mut left = 0;
        for (rule, mask) in masks.iter_mut().enumerate() {
            if longest > *least && longest > within[rule] {
                *mask = all;
            } else if index.operands[rule].is_none() {
                *mask &= all;
            } else {
                for place in index.others(rule) {
                    *mask &= others[*place as usize - within.len()];
                }
                if index.whole[rule] && set_bits(&[index.decided[rule]]).all(|lookup| *mask & upper[lookup] == 0) {
                    out.set_block(rule, records.start / 64, *mask);
                    *mask = 0;
                }
            }
            left += u64::from(mask.count_ones() * index.weights[rule]);
        }
        watch.add(records.len(), left, index.weight);
        Some(masks)
    }

    /// The rules that are to be run on a record, a bit each. What is known to match without being run is put into the answers. None where all
    /// are to be run.
    pub fn record(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Option<&[u64]> {
        if !self.watch.asks(1) {
            return None;
        }
        let Candidates { linked, within, least, masks, to_run, unmet: [_, words], folded, watch } = self;
        let index: &Index = linked.prefilter()?;
        to_run.clear();
        masks.clear();
        masks.extend_from_slice(words);
        // The lookups by which a text has upper case letters.
        let mut upper = 0u64;
        for (lookup, bit) in index.lookups.iter().zip(0..) {
            let mut hit = |places: &[u32]| places.iter().for_each(|place| masks[*place as usize / 64] |= 1 << (place % 64));
            // Those after the first 64 decide no rule.
            upper |= u64::from(lookup.ask(record, folded, &mut hit)).checked_shl(bit).unwrap_or_default();
        }
        let longest = record.batch().longest();
        let mut left = 0;
        for word in 0..within.len().div_ceil(64) {
            let (mut rest, mut run) = (masks[word], 0);
            while rest != 0 {
                let (bit, rule) = (rest & rest.wrapping_neg(), word * 64 + rest.trailing_zeros() as usize);
                rest &= rest - 1;
                // A place after those of the rules, or a rule that is run anyway.
                if rule >= within.len() || longest > within[rule] {
                    continue;
                }
                if index.operands[rule].is_some() {
                    if index.others(rule).iter().any(|place| masks[*place as usize / 64] >> (place % 64) & 1 == 0) {
                        continue;
                    }
                    if index.whole[rule] && index.decided[rule] & upper == 0 {
                        hits.insert(rule);
                        continue;
                    }
                }
                run |= bit;
                left += u64::from(index.weights[rule]);
            }
            to_run.push(run);
        }
        if longest > *least {
            for (rule, _) in within.iter().enumerate().filter(|(_, within)| longest > **within) {
                to_run[rule / 64] |= 1 << (rule % 64);
                left += u64::from(index.weights[rule]);
            }
        }
        watch.add(1, left, index.weight);
        Some(to_run)
    }

    /// Bytes of memory that it holds.
    pub fn memory_bytes(&self) -> usize {
        let Candidates { within, masks, to_run, unmet: [blocks, words], folded, .. } = self;
        size_of::<Candidates>()
            + size_of_val(&**within)
            + size_of_val(&**blocks)
            + size_of_val(&**words)
            + (masks.capacity() + to_run.capacity()) * 8
            + folded.capacity()
    }
}

/// The records of a block that are to be run, from the mask of those that may match: runs of one after the other, with those in between that
/// stand alone. A rule answers the same on more records than it is asked about.
pub fn runs(mask: u64) -> impl Iterator<Item = Range<usize>> {
    let mut rest = mask | (mask << 1 & mask >> 1);
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
    words.iter().enumerate().flat_map(|(i, word)| {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_all_records_of_a_mask_and_gaps_of_one() {
        assert_eq!(runs(0).count(), 0);
        assert!(runs(u64::MAX).eq(std::iter::once(0..64)));
        assert!(runs(1 << 63).eq(std::iter::once(63..64)));
        assert_eq!(runs(0b1101_0011_0000_0001).collect::<Vec<_>>(), [0..1, 8..10, 12..16]);
        assert!(runs(u64::MAX << 1 & u64::MAX >> 2).eq(std::iter::once(1..62)));
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
