//! What rules cost in all, from linked rules to the last answer.

use std::hint::black_box;
use std::time::Instant;

use quintet::{Batch, Matches, RecordRef, RuleSet};
use quintet_results::{Mode, has_one_cost};

use super::backends::{compile, run_records};
use super::clock::{Clock, repeats};
use super::effort::Effort;
use super::turns::TOGETHER;
use super::{MeasureError, failed};
use crate::lineup::Entry;
use crate::load::Loaded;

/// Numbers of records that are asked about one by one.
const FEW: [usize; 4] = [1, 10, 100, 1_000];

/// Numbers of records that come in batches: as many as these at least, to the end of a batch.
const MANY: [usize; 3] = [10_000, 100_000, 1_000_000];

/// What a backend costs in all for numbers of records, as many as fit into some samples.
pub(super) struct Totals<'l> {
    loaded: &'l Loaded,
    entry: Entry,
    /// The records that are asked about one by one.
    few: Vec<RecordRef<'l>>,
    /// How many records, how they come, and how often a sample repeats it.
    each: Vec<(usize, Mode, usize)>,
    hits: RuleSet,
    matches: Matches,
}

impl<'l> Totals<'l> {
    pub(super) fn new(loaded: &'l Loaded, entry: &Entry, effort: &Effort) -> Result<Totals<'l>, MeasureError> {
        let most = FEW[FEW.len() - 1];
        let first: Vec<RecordRef<'l>> = loaded.batches.iter().flat_map(Batch::iter).take(most).collect();
        let few = first.iter().copied().cycle().take(most).collect();
        let mut totals = Totals { loaded, entry: entry.clone(), few, each: Vec::new(), hits: RuleSet::new(), matches: Matches::new() };
        let many = MANY.map(|records| whole_batches(&loaded.batches, records));
        // Of a row with one cost these are to be seen where that is not all: its first evaluations take longer than those that follow.
        let longest = if has_one_cost(&entry.id()) { effort.sample } else { TOGETHER * effort.sample };
        let all = FEW.map(|records| (records, Mode::Single)).into_iter().chain(many.map(|records| (records, Mode::Batch)));
        for (records, mode) in all {
            let start = Instant::now();
            totals.once(records, mode)?;
            // Those that follow take longer.
            if start.elapsed() > longest {
                break;
            }
            let often = repeats(effort.sample / 4, || totals.once(records, mode))?;
            totals.each.push((records, mode, often));
        }
        Ok(totals)
    }

    /// A sample of each: how many records, how they came, and ns for all of them.
    pub(super) fn sample(&mut self, clock: &Clock) -> Result<Vec<(usize, Mode, f64)>, MeasureError> {
        let each = self.each.clone();
        each.into_iter().map(|(records, mode, often)| Ok((records, mode, clock.time(often, || self.once(records, mode))?))).collect()
    }

    /// From the linked rules to the last of so many records.
    fn once(&mut self, records: usize, mode: Mode) -> Result<(), MeasureError> {
        let rules = compile(self.loaded, &self.entry)?;
        let mut instance = rules.instance().map_err(failed)?;
        match mode {
            Mode::Single => {
                run_records(&mut *instance, self.few.iter().copied().take(records), &mut self.hits, rules.program().rules.len() == 1)
            }
            Mode::Batch => {
                let mut done = 0;
                for batch in self.loaded.batches.iter().cycle() {
                    instance.run_batch(batch, &mut self.matches).map_err(failed)?;
                    black_box(&self.matches);
                    done += batch.len();
                    if done >= records {
                        break;
                    }
                }
                Ok(())
            }
        }
    }
}

/// How many records the fewest batches have, one after the other and again from the first, that have so many.
fn whole_batches(batches: &[Batch], records: usize) -> usize {
    let all: usize = batches.iter().map(Batch::len).sum();
    let (mut done, mut rest) = (records / all.max(1) * all, records % all.max(1));
    for batch in batches {
        if rest == 0 {
            break;
        }
        done += batch.len();
        rest = rest.saturating_sub(batch.len());
    }
    done
}
