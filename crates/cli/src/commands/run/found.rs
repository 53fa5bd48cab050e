//! What a batch of records came to.

use quintet::{Batch, Matches, RecordId, RuleId};
use quintet_inputs::Originals;

/// The records of a batch, and which rules match them.
pub struct Found<'a> {
    pub batch: &'a Batch,
    pub matches: &'a Matches,
    /// The records' numbers in their input.
    pub numbers: &'a [u64],
    /// The records as they stand in their input, if they are kept.
    pub originals: &'a Originals,
    /// A bit for each record that any rule matches.
    any: Vec<u64>,
}

impl<'a> Found<'a> {
    pub fn new(batch: &'a Batch, matches: &'a Matches, numbers: &'a [u64], originals: &'a Originals) -> Found<'a> {
        let mut any = vec![0; batch.len().div_ceil(64)];
        for rule in 0..matches.rules() {
            for (all, word) in any.iter_mut().zip(matches.row(rule)) {
                *all |= word;
            }
        }
        Found { batch, matches, numbers, originals, any }
    }

    /// How many records any rule matches.
    pub fn matching(&self) -> u64 {
        self.any.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Whether any rule matches the record at this place.
    pub fn any(&self, record: usize) -> bool {
        self.any.get(record / 64).is_some_and(|word| word >> (record % 64) & 1 != 0)
    }

    /// The places and numbers of the records that any rule matches.
    pub fn records(&self) -> impl Iterator<Item = (usize, u64)> {
        self.numbers.iter().copied().enumerate().filter(|(record, _)| self.any(*record))
    }

    /// The names of the rules that match a record.
    pub fn rules<'n>(&self, record: usize, names: &'n [String]) -> Vec<&'n str> {
        names
            .iter()
            .enumerate()
            .filter(|(rule, _)| self.matches.get(RuleId(*rule), RecordId(record)))
            .map(|(_, name)| name.as_str())
            .collect()
    }
}
