//! The interleaved sampler: in every round each row takes its turn at every phase, so that what disturbs the machine disturbs all; and
//! processes take turns at the rounds, so that what differs between processes is measured too.

mod backends;
mod clock;
mod effort;
mod front;
mod gather;
mod job;
mod others;
mod process;
mod totals;
mod turns;

use std::time::{Duration, Instant};

use quintet_results::{Measure, RowKind, WorkloadResult};

pub(crate) use others::affordable;

pub use effort::{Effort, Ending, Widest, widest};
pub use job::{Job, Slowed};
pub use process::{Child, serve};
pub use turns::Sampler;

use gather::Gathered;

/// A backend or another engine failed while it was measured, though it answered when it was verified; or a process ended.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct MeasureError(String);

pub(crate) fn failed(error: impl std::fmt::Display) -> MeasureError {
    MeasureError(error.to_string())
}

/// A process that samples a workload round by round: this one, or a child.
pub trait Process {
    /// Samples one round. `number` says which row begins; the row `again` is measured twice.
    ///
    /// # Errors
    /// When a row fails, or the process ended.
    fn round(&mut self, number: usize, again: Option<&str>) -> Result<Round, MeasureError>;
}

/// What a process sampled in one round.
#[derive(Clone, Debug, serde::Serialize, serde::Deserialize)]
pub struct Round {
    /// One sample of everything.
    pub result: WorkloadResult,
    /// What reading the clock cost at the beginning of the round, ns. It is taken off every call that is timed by itself.
    pub clock: f64,
    /// Laps, the parts of samples.
    pub laps: u64,
    /// Laps that were disturbed and left out.
    pub disturbed: u64,
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
    /// What reading the clock costs, ns, once per round.
    pub clock: Measure,
    /// The share of laps that were left out.
    pub disturbed: f64,
    /// Why the rounds ended.
    pub ending: Ending,
    /// The least precise ratio of those that rounds went on for.
    pub widest: Option<Widest>,
}

/// Measures a workload in processes that take turns. `progress` is told about each round that ends.
///
/// After a round of warm-up in each process, which is thrown away, rounds go on as [`Effort::ending`] says, as many in each process. Every
/// round begins with another row, so that none always runs after the same one. The backend that was quickest in the warm-up is measured
/// twice in each round: every ratio is to the quickest row, so that its noise is in all of them.
///
/// # Errors
/// When a row fails or a process ends.
pub fn measure(
    processes: &mut [Box<dyn Process + '_>],
    effort: &Effort,
    progress: &mut dyn FnMut(Progress<'_>),
) -> Result<Measured, MeasureError> {
    let start = Instant::now();
    let mut warm = Gathered::default();
    for (process, of) in processes.iter_mut().enumerate() {
        warm.add(process, of.round(0, None)?);
    }
    let again = quickest(warm.result());
    let mut gathered = Gathered::default();
    let mut turns = 0;
    let (ending, widest) = loop {
        for (process, of) in processes.iter_mut().enumerate() {
            gathered.add(process, of.round(turns, again.as_deref())?);
            progress(Progress { rounds: gathered.rounds(), elapsed: start.elapsed(), widest: None });
        }
        turns += 1;
        let widest = gathered.result().and_then(|r| widest(r.rows.iter()));
        progress(Progress { rounds: gathered.rounds(), elapsed: start.elapsed(), widest: widest.as_ref() });
        // The next turn of all processes would pass the most rounds that are allowed.
        let rounds = gathered.rounds();
        let last = rounds + processes.len() > effort.max_rounds;
        if let Some(ending) = effort.ending(if last { rounds.max(effort.max_rounds) } else { rounds }, start.elapsed(), widest.as_ref()) {
            break (ending, widest);
        }
    };
    gathered.finish(ending, widest).ok_or_else(|| failed("no process took part"))
}

/// The id of the backend's row whose batches were the quickest.
fn quickest(result: Option<&WorkloadResult>) -> Option<String> {
    let rows = result?.rows.iter().filter(|r| r.kind == RowKind::Backend);
    let batch = |row: &quintet_results::Row| row.centre(quintet_results::Phase::Batch);
    rows.min_by(|a, b| batch(a).total_cmp(&batch(b))).map(|row| row.id.clone())
}
