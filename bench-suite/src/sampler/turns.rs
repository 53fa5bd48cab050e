//! A workload's rows in this process, taking turns.

use std::rc::Rc;
use std::time::Duration;

use quintet_results::{Absent, Again, Measure, Mode, Phase, Row, Total, WorkloadResult};

use super::backends::BackendTurn;
use super::clock::Clock;
use super::effort::Effort;
use super::front::Front;
use super::others::PeerTurn;
use super::{MeasureError, Process, Round};
use crate::gate::prepare;
use crate::lineup::Lineup;
use crate::load::Loaded;
use crate::verify::Verified;

/// What takes a turn in each round.
pub(super) trait Turn {
    fn row(&self) -> &Row;

    fn row_mut(&mut self) -> &mut Row;

    /// Takes one sample of every phase and of the latency.
    fn sample(&mut self, clock: &Clock) -> Result<(), MeasureError>;

    /// ns per record of all batches.
    fn batch(&mut self, clock: &Clock) -> Result<f64, MeasureError>;

    /// Adds a sample.
    fn push(&mut self, phase: Phase, ns: f64) {
        self.row_mut().phases.entry(phase).or_default().push(0, ns);
    }

    /// Adds a sample of what it cost in all.
    fn push_total(&mut self, records: usize, mode: Mode, ns: f64) {
        let mut total = Total { records, mode, ns: Measure::default() };
        total.ns.push(0, ns);
        self.row_mut().totals.push(total);
    }

    /// Adds a sample of the latency.
    fn push_latency(&mut self, (p50, p99): (f64, f64)) {
        let latency = self.row_mut().latency.get_or_insert_default();
        latency.p50.push(0, p50);
        latency.p99.push(0, p99);
    }
}

/// A record whose call is timed by itself.
#[derive(Clone, Copy)]
pub(super) struct Pick {
    /// Its place in the input.
    pub(super) record: usize,
    pub(super) batch: usize,
    pub(super) in_batch: usize,
}

/// `count` records, spread evenly over the workload; all of them, again and again, where there are fewer.
fn picks(loaded: &Loaded, count: usize) -> Rc<[Pick]> {
    let places = loaded.batches.iter().enumerate().flat_map(|(batch, b)| (0..b.len()).map(move |in_batch| (batch, in_batch)));
    let all: Vec<Pick> = places.enumerate().map(|(record, (batch, in_batch))| Pick { record, batch, in_batch }).collect();
    (0..count).map(|i| all[if all.len() <= count { i % all.len() } else { i * all.len() / count }]).collect()
}

/// Samples that a row's batches, and its single calls, are warmed up for: a trace compiler goes on finding traces for a while.
pub(super) const WARMING: u32 = 4;

/// Samples that the calls which are timed one by one take together, about; and the most that are spent on what something costs in all.
pub(super) const TOGETHER: u32 = 10;

/// Calls that are timed one by one however long they take.
const LEAST_CALLS: usize = 10;

/// As many of the records, spread as evenly, as can be called one by one in the time of some samples where a pass through all `records`
/// takes so long.
pub(super) fn fitting(picks: &Rc<[Pick]>, sample: Duration, pass: Duration, records: usize) -> Rc<[Pick]> {
    let calls = (TOGETHER * sample).as_secs_f64() * records as f64 / pass.as_secs_f64();
    let count = (calls as usize).max(LEAST_CALLS).min(picks.len());
    if count == picks.len() { picks.clone() } else { (0..count).map(|i| picks[i * picks.len() / count]).collect() }
}

/// A workload that this process samples.
pub struct Sampler<'l> {
    turns: Vec<Box<dyn Turn + 'l>>,
    front: Front<'l>,
    /// What goes into the result file, without a sample.
    empty: WorkloadResult,
}

impl<'l> Sampler<'l> {
    /// Compiles and warms up what was verified with the same line-up. `heap` answers the bytes that the Rust heap holds.
    ///
    /// # Errors
    /// When a row fails.
    pub fn new(
        loaded: &'l Loaded,
        lineup: &'l Lineup,
        verified: &Verified,
        effort: &Effort,
        heap: &dyn Fn() -> usize,
    ) -> Result<Sampler<'l>, MeasureError> {
        let picks = picks(loaded, effort.calls);
        let mut absent = verified.absent.clone();
        let mut turns: Vec<Box<dyn Turn + 'l>> = Vec::new();
        let present = |id: &str| verified.absent.iter().all(|a| a.id != id);
        for entry in lineup.entries().into_iter().filter(|e| present(&e.id())) {
            turns.push(Box::new(BackendTurn::new(loaded, &entry, effort, &picks, heap)?));
        }
        for peer in lineup.peers.iter().filter(|p| present(p.id())) {
            let turn = prepare(loaded, &**peer).and_then(|prepared| PeerTurn::new(loaded, &**peer, prepared, effort, &picks));
            match turn {
                Ok(turn) => turns.push(Box::new(turn)),
                Err(reason) => absent.push(Absent { id: peer.id().into(), reason }),
            }
        }
        Ok(Sampler { turns, front: Front::new(loaded, effort.sample / 4)?, empty: empty(loaded, verified, absent) })
    }
}

/// What goes into the result file of a workload, without rows.
fn empty(loaded: &Loaded, verified: &Verified, absent: Vec<Absent>) -> WorkloadResult {
    let rules = &loaded.linked.program().rules;
    WorkloadResult {
        matches: rules.iter().map(|r| r.name.clone()).zip(verified.matches.iter().copied()).collect(),
        traps: verified.traps,
        verified_pairs: verified.pairs,
        rounds: 1,
        processes: 1,
        absent,
        ..loaded.result()
    }
}

impl Process for Sampler<'_> {
    /// The second measuring of a row has a place of its own in the rotation, so it does not always follow the first.
    fn round(&mut self, number: usize, again: Option<&str>) -> Result<Round, MeasureError> {
        let clock = Clock::default();
        let cost = clock.adjust();
        let mut result = self.empty.clone();
        self.front.sample(&clock)?;
        let again = again.and_then(|id| self.turns.iter().position(|t| t.row().id == id));
        let places = self.turns.len() + usize::from(again.is_some());
        for place in (0..places).map(|place| (place + number) % places) {
            match (self.turns.get_mut(place), again) {
                (Some(turn), _) => turn.sample(&clock)?,
                (None, Some(row)) => {
                    let (id, mut batch) = (self.turns[row].row().id.clone(), Measure::default());
                    batch.push(0, self.turns[row].batch(&clock)?);
                    result.again = Some(Again { id, batch });
                }
                (None, None) => {}
            }
        }
        (result.front_end, result.no_op) = self.front.take();
        for turn in &mut self.turns {
            result.rows.push(turn.row().clone());
            let row = turn.row_mut();
            row.phases.clear();
            row.totals.clear();
            row.latency = None;
        }
        let (laps, disturbed) = clock.laps();
        Ok(Round { result, clock: cost, laps, disturbed })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slow_calls_are_timed_on_fewer_records_spread_as_evenly() {
        let picks: Rc<[Pick]> = (0..500).map(|record| Pick { record, batch: 0, in_batch: record }).collect();
        let records = |pass_ms: u64| -> Vec<usize> {
            let fitting = fitting(&picks, Duration::from_millis(3), Duration::from_millis(pass_ms), 1000);
            fitting.iter().map(|pick| pick.record).collect()
        };
        assert_eq!(records(0).len(), 500);
        assert_eq!(records(60).len(), 500);
        assert_eq!(records(300), (0..500).step_by(5).collect::<Vec<_>>());
        assert_eq!(records(60_000), (0..500).step_by(50).collect::<Vec<_>>());
    }
}
