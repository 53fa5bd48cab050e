//! Another engine's turn.

use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

use quintet::RuleSet;
use quintet_peers::{Peer, Prepared};
use quintet_results::{Phase, Row, RowKind};

use super::clock::{Clock, raw, repeats};
use super::effort::Effort;
use super::turns::{Pick, Turn, WARMING, fitting};
use super::{MeasureError, failed};
use crate::load::Loaded;

/// An engine that would take more than this share of a workload's time in the least number of rounds is left out.
const SHARE: u32 = 4;

/// What another engine has prepared, and how often each sample repeats its phase.
pub(super) struct PeerTurn<'l> {
    picks: Rc<[Pick]>,
    prepared: Box<dyn Prepared + 'l>,
    records: usize,
    hits: RuleSet,
    compile: Option<usize>,
    single: usize,
    batch: usize,
    row: Row,
}

impl<'l> PeerTurn<'l> {
    /// Warms the engine up.
    ///
    /// # Errors
    /// What the engine says, or that it is too slow for the time of the workload.
    pub(super) fn new(
        loaded: &'l Loaded,
        peer: &dyn Peer,
        mut prepared: Box<dyn Prepared + 'l>,
        effort: &Effort,
        picks: &Rc<[Pick]>,
    ) -> Result<PeerTurn<'l>, String> {
        let (records, mut hits) = (loaded.records(), RuleSet::new());
        let start = Instant::now();
        prepared.compile().transpose()?;
        run_records(&mut *prepared, records, &mut hits)?;
        prepared.run_all()?;
        affordable(start.elapsed(), effort)?;
        let compile = prepared.compile().map(|_| repeats(effort.sample / 4, || prepared.compile().unwrap_or(Ok(())))).transpose()?;
        repeats(WARMING * effort.sample, || run_records(&mut *prepared, records, &mut hits))?;
        let single = repeats(effort.sample, || run_records(&mut *prepared, records, &mut hits))?;
        let start = Instant::now();
        run_records(&mut *prepared, records, &mut hits)?;
        let picks = fitting(picks, effort.sample, start.elapsed(), records);
        repeats(WARMING * effort.sample, || prepared.run_all())?;
        let batch = repeats(effort.sample, || prepared.run_all())?;
        let row = Row {
            id: peer.id().into(),
            kind: if peer.is_native() { RowKind::Native } else { RowKind::Peer },
            engine: peer.id().into(),
            configuration: String::new(),
            passes: false,
            traits: None,
            phases: Default::default(),
            totals: Vec::new(),
            latency: None,
            memory: None,
            note: peer.note().map(str::to_owned),
        };
        Ok(PeerTurn { picks, prepared, records, hits, compile, single, batch, row })
    }
}

impl Turn for PeerTurn<'_> {
    fn row(&self) -> &Row {
        &self.row
    }

    fn row_mut(&mut self) -> &mut Row {
        &mut self.row
    }

    fn sample(&mut self, clock: &Clock) -> Result<(), MeasureError> {
        if let Some(repeats) = self.compile {
            let ns = clock.time(repeats, || self.prepared.compile().unwrap_or(Ok(()))).map_err(failed)?;
            self.push(Phase::Compile, ns);
        }
        let ns = clock.time(self.single, || run_records(&mut *self.prepared, self.records, &mut self.hits)).map_err(failed)?;
        self.push(Phase::Single, ns / self.records as f64);
        let calls = self.picks.iter().map(|pick| raw(|| self.prepared.run(pick.record, &mut self.hits)));
        let quantiles = clock.latency(calls).map_err(failed)?;
        self.push_latency(quantiles);
        let ns = self.batch(clock)?;
        self.push(Phase::Batch, ns);
        Ok(())
    }

    fn batch(&mut self, clock: &Clock) -> Result<f64, MeasureError> {
        Ok(clock.time(self.batch, || self.prepared.run_all()).map_err(failed)? / self.records as f64)
    }
}

/// The whole workload, record by record.
fn run_records(prepared: &mut dyn Prepared, records: usize, hits: &mut RuleSet) -> Result<(), String> {
    for record in 0..records {
        prepared.run(record, hits)?;
        black_box(&*hits);
    }
    Ok(())
}

/// Whether an engine that takes `once` for each phase once leaves enough of the workload's time to the others.
pub(crate) fn affordable(once: Duration, effort: &Effort) -> Result<(), String> {
    let least = once * u32::try_from(effort.min_rounds).unwrap_or(u32::MAX);
    if least * SHARE <= effort.time {
        return Ok(());
    }
    Err(format!(
        "too slow to measure in the time: one pass through the workload takes {:.1} s; --time {:.0} makes room for it",
        once.as_secs_f64(),
        (least * SHARE).as_secs_f64().ceil()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_engine_that_would_take_the_others_time_is_left_out_with_the_time_that_it_needs() {
        assert_eq!(affordable(Duration::from_millis(50), &Effort::QUICK), Ok(()));
        let reason = affordable(Duration::from_secs(2), &Effort::QUICK).unwrap_err();
        assert!(reason.contains("takes 2.0 s; --time 120 makes room"), "{reason}");
        let roomy = Effort { time: Duration::from_secs(120), ..Effort::QUICK };
        assert_eq!(affordable(Duration::from_secs(2), &roomy), Ok(()));
    }
}
