//! Which rules may match which records.

use std::ops::Range;
use std::sync::Arc;

use quintet_lang::Limits;
use quintet_lang::ast::{ExprKind, LogicOp};

use super::bound::longest_within;
use super::index::Index;
use super::{PAYS, WINDOW};
use crate::batch::Batch;
use crate::linked::Linked;
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
    within: Box<[usize]>,
    /// The least of them.
    least: usize,
    /// For each rule the records of a block, or for each record the words of rules.
    masks: Vec<u64>,
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
        let rules = &linked.program().rules;
        let within: Box<[usize]> = rules
            .iter()
            .zip(&index.operands)
            .map(|(rule, operands)| match (operands, &rule.expr.kind) {
                (None, _) => usize::MAX,
                (Some(operands), ExprKind::Logic { op: LogicOp::And, items }) => longest_within(linked, &items[..*operands], limits),
                (Some(_), _) => longest_within(linked, std::slice::from_ref(&rule.expr), limits),
            })
            .collect();
        let mut words = vec![0; rules.len().div_ceil(64)];
        for (rule, _) in index.operands.iter().enumerate().filter(|(_, operands)| operands.is_none()) {
            words[rule / 64] |= 1 << (rule % 64);
        }
        let blocks = index.operands.iter().map(|operands| if operands.is_none() { u64::MAX } else { 0 }).collect();
        Some(Box::new(Candidates {
            least: within.iter().copied().min().unwrap_or(usize::MAX),
            within,
            masks: Vec::new(),
            unmet: [blocks, words.into()],
            folded: Vec::new(),
            watch: Watch::default(),
            linked: linked.clone(),
        }))
    }

    /// For each rule the records of a block of a batch, 1 to 64, on which it is to be run: bit `i` is record `records.start + i`. None where
    /// all rules are to be run on all of them.
    pub fn block(&mut self, batch: &Batch, records: Range<usize>) -> Option<&[u64]> {
        if !self.watch.asks(records.len()) {
            return None;
        }
        let Candidates { linked, within, least, masks, unmet: [blocks, _], folded, watch } = self;
        let index: &Index = linked.prefilter()?;
        masks.clear();
        masks.extend_from_slice(blocks);
        for lookup in &index.lookups {
            for (bit, record) in records.clone().enumerate() {
                lookup.ask(batch.record(record), folded, &mut |rules| rules.iter().for_each(|rule| masks[*rule as usize] |= 1 << bit));
            }
        }
        if batch.longest() > *least {
            for (mask, _) in masks.iter_mut().zip(within.iter()).filter(|(_, within)| batch.longest() > **within) {
                *mask = u64::MAX;
            }
        }
        let all = u64::MAX >> (64 - records.len());
        let mut left = 0;
        for (mask, weight) in masks.iter_mut().zip(&index.weights) {
            *mask &= all;
            left += u64::from(mask.count_ones() * weight);
        }
        watch.add(records.len(), left, index.weight);
        Some(masks)
    }

    /// The rules that are to be run on a record, a bit each. None where all are.
    pub fn record(&mut self, record: RecordRef<'_>) -> Option<&[u64]> {
        if !self.watch.asks(1) {
            return None;
        }
        let Candidates { linked, within, least, masks, unmet: [_, words], folded, watch } = self;
        let index: &Index = linked.prefilter()?;
        masks.clear();
        masks.extend_from_slice(words);
        for lookup in &index.lookups {
            lookup.ask(record, folded, &mut |rules| rules.iter().for_each(|rule| masks[*rule as usize / 64] |= 1 << (rule % 64)));
        }
        let longest = record.batch().longest();
        if longest > *least {
            for (rule, _) in within.iter().enumerate().filter(|(_, within)| longest > **within) {
                masks[rule / 64] |= 1 << (rule % 64);
            }
        }
        let left = set_bits(masks).map(|rule| u64::from(index.weights[rule])).sum();
        watch.add(1, left, index.weight);
        Some(masks)
    }

    /// Bytes of memory that it holds.
    pub fn memory_bytes(&self) -> usize {
        let Candidates { within, masks, unmet: [blocks, words], folded, .. } = self;
        size_of::<Candidates>()
            + size_of_val(&**within)
            + size_of_val(&**blocks)
            + size_of_val(&**words)
            + masks.capacity() * 8
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
