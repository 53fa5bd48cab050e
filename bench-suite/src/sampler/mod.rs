//! The interleaved sampler: in every round each row takes its turn at every phase, so that what disturbs the machine disturbs all.

mod backends;
mod clock;
mod effort;
mod front;
mod others;

use std::time::{Duration, Instant};

use quintet_results::{Absent, Again, Measure, Phase, Row, RowKind, WorkloadResult};

use crate::gate::prepare;
use crate::lineup::Lineup;
use crate::load::Loaded;
use crate::verify::Verified;
use backends::BackendTurn;
use clock::Clock;
use front::Front;
use others::PeerTurn;

pub use effort::{Effort, Ending, Widest, widest};

/// A backend or another engine failed while it was measured, though it answered when it was verified.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MeasureError(String);

fn failed(error: impl std::fmt::Display) -> MeasureError {
    MeasureError(error.to_string())
}

/// How far measuring a workload is.
#[derive(Clone, Debug)]
pub struct Progress<'p> {
    /// Rounds that ended.
    pub rounds: usize,
    /// The time since measuring began.
    pub elapsed: Duration,
    /// The least precise ratio that rounds go on for.
    pub widest: Option<&'p Widest>,
}

/// A measured workload and how measuring went.
#[derive(Clone, Debug)]
pub struct Measured {
    /// What goes into the result file.
    pub result: WorkloadResult,
    /// What reading the clock costs, ns, once per round. It is taken off every call that is timed by itself.
    pub clock: Measure,
    /// The share of laps, the parts of samples, that another process interrupted and that were left out.
    pub interrupted: f64,
    /// Why the rounds ended.
    pub ending: Ending,
    /// The least precise ratio of those that rounds went on for.
    pub widest: Option<Widest>,
}

/// What takes a turn in each round.
trait Turn {
    fn row(&self) -> &Row;

    fn row_mut(&mut self) -> &mut Row;

    /// Takes one sample of every phase and of the latency.
    fn sample(&mut self, clock: &Clock) -> Result<(), MeasureError>;

    /// ns per record of all batches.
    fn batch(&mut self, clock: &Clock) -> Result<f64, MeasureError>;

    /// Adds a sample.
    fn push(&mut self, phase: Phase, ns: f64) {
        self.row_mut().phases.entry(phase).or_default().ns.push(ns);
    }

    /// Adds a sample of the latency.
    fn push_latency(&mut self, (p50, p99): (f64, f64)) {
        let latency = self.row_mut().latency.get_or_insert_default();
        latency.p50.ns.push(p50);
        latency.p99.ns.push(p99);
    }
}

/// A record whose call is timed by itself.
#[derive(Clone, Copy)]
struct Pick {
    /// Its place in the input.
    record: usize,
    batch: usize,
    in_batch: usize,
}

/// `count` records, spread evenly over the workload; all of them, again and again, where there are fewer.
fn picks(loaded: &Loaded, count: usize) -> Vec<Pick> {
    let places = loaded.batches.iter().enumerate().flat_map(|(batch, b)| (0..b.len()).map(move |in_batch| (batch, in_batch)));
    let all: Vec<Pick> = places.enumerate().map(|(record, (batch, in_batch))| Pick { record, batch, in_batch }).collect();
    (0..count).map(|i| all[if all.len() <= count { i % all.len() } else { i * all.len() / count }]).collect()
}

/// Measures a workload that was verified with the same line-up. `heap` answers the bytes that the Rust heap holds; `progress` is told
/// about each round that ends.
///
/// After a round of warm-up, which is thrown away, rounds go on as [`Effort::ending`] says. Every round begins with another row, so that
/// none always runs after the same one. The row that was quickest in the warm-up is measured twice in each round: every ratio is to the
/// quickest row, so that its noise is in all of them.
///
/// # Errors
/// When a row fails.
pub fn measure(
    loaded: &Loaded,
    lineup: &Lineup,
    verified: &Verified,
    effort: &Effort,
    heap: &dyn Fn() -> usize,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Measured, MeasureError> {
    let start = Instant::now();
    let picks = picks(loaded, effort.calls);
    let mut absent = verified.absent.clone();
    let mut turns: Vec<Box<dyn Turn + '_>> = Vec::new();
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
    let mut front = Front::new(loaded, effort.sample / 4)?;

    let (warm, clock, mut cost) = (Clock::default(), Clock::default(), Measure::default());
    let mut again: Option<(usize, Again)> = None;
    warm.adjust();
    round(&mut front, &mut turns, &mut again, 0, &warm)?;
    front.forget();
    let quickest = (0..turns.len())
        .filter(|t| turns[*t].row().kind == RowKind::Backend)
        .min_by(|a, b| turns[*a].row().median(Phase::Batch).total_cmp(&turns[*b].row().median(Phase::Batch)));
    again = quickest.map(|place| (place, Again { id: turns[place].row().id.clone(), batch: Measure::default() }));
    for turn in &mut turns {
        turn.row_mut().phases.clear();
        turn.row_mut().latency = None;
    }

    let mut rounds = 0;
    let (ending, widest) = loop {
        cost.ns.push(clock.adjust());
        round(&mut front, &mut turns, &mut again, rounds, &clock)?;
        rounds += 1;
        let widest = widest(turns.iter().map(|t| t.row()));
        let elapsed = start.elapsed();
        progress(Progress { rounds, elapsed, widest: widest.as_ref() });
        if let Some(ending) = effort.ending(rounds, elapsed, widest.as_ref()) {
            break (ending, widest);
        }
    };

    let rules = &loaded.linked.program().rules;
    let result = WorkloadResult {
        name: loaded.workload.name.clone(),
        about: loaded.workload.about.clone(),
        rules: rules.len(),
        records: loaded.records(),
        record_bytes: loaded.batches.iter().map(|b| b.arena().len()).sum(),
        matches: rules.iter().map(|r| r.name.clone()).zip(verified.matches.iter().copied()).collect(),
        traps: verified.traps,
        verified_pairs: verified.pairs,
        difference: None,
        rounds,
        front_end: front.front_end,
        rows: turns.iter().map(|t| t.row().clone()).collect(),
        absent,
        no_op: front.no_op,
        again: again.map(|(_, again)| again),
    };
    Ok(Measured { result, clock: cost, interrupted: clock.interrupted(), ending, widest })
}

/// One round. The second measuring of a row has a place of its own in the rotation, so it does not always follow the first.
fn round(
    front: &mut Front<'_>,
    turns: &mut [Box<dyn Turn + '_>],
    again: &mut Option<(usize, Again)>,
    number: usize,
    clock: &Clock,
) -> Result<(), MeasureError> {
    front.sample(clock)?;
    let places = turns.len() + usize::from(again.is_some());
    for place in (0..places).map(|place| (place + number) % places) {
        match (turns.get_mut(place), &mut *again) {
            (Some(turn), _) => turn.sample(clock)?,
            (None, Some((row, again))) => again.batch.ns.push(turns[*row].batch(clock)?),
            (None, None) => {}
        }
    }
    Ok(())
}
