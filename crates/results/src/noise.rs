//! What the noise of a run is, and which process was of its own kind.

use serde::Serialize;

use crate::estimate::Estimate;
use crate::schema::{Phase, RowKind, WorkloadResult};
use crate::stats::{Interval, median};

/// The ratio to itself of the row that was measured twice in the same rounds; `None` where none was.
pub fn again(workload: &WorkloadResult) -> Option<(&str, Interval)> {
    Some((&workload.again.as_ref()?.id, estimate(workload)?.interval()))
}

fn estimate(workload: &WorkloadResult) -> Option<Estimate> {
    let again = workload.again.as_ref()?;
    let first = workload.row(&again.id)?.measure(Phase::Batch)?;
    (!again.batch.is_empty()).then(|| again.batch.sample().to_again(&first.sample()))
}

/// The share below which no difference is claimed, over these workloads together: how far from 1 the interval reaches of the row that was
/// measured twice. 0 where none was.
pub fn floor(workloads: &[&WorkloadResult]) -> f64 {
    let again: Vec<Estimate> = workloads.iter().filter_map(|w| estimate(w)).collect();
    if again.is_empty() {
        return 0.0;
    }
    let Interval { low, high, .. } = Estimate::mean_of(&again).interval();
    (high - 1.0).max(1.0 / low - 1.0).max(0.0)
}

impl Interval {
    /// Whether it is a ratio of two that differ: the interval leaves out 1, and the ratio is further from 1 than the noise, as a share.
    pub fn differs(&self, floor: f64) -> bool {
        !self.holds(1.0) && self.value.max(1.0 / self.value) - 1.0 > floor
    }
}

/// A process in which a row was slower or quicker than in the others.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct OwnKind {
    /// The row's id.
    pub row: String,
    /// What was timed.
    pub phase: Phase,
    /// How many processes were of this kind.
    pub processes: usize,
    /// How many there were.
    pub of: usize,
    /// How many times as long as in the others it took there.
    pub factor: f64,
}

/// A row of a process that is further than this from the same row in the others is of its own kind, once what the process did to all rows
/// is taken out.
const OWN_KIND: f64 = 1.25;

/// The processes in which a backend's row behaved otherwise than in most, in batches and single calls.
pub fn own_kinds(workload: &WorkloadResult) -> Vec<OwnKind> {
    let mut found = Vec::new();
    for phase in [Phase::Batch, Phase::Single] {
        let rows: Vec<(&str, Vec<f64>)> = workload
            .rows
            .iter()
            .filter(|r| r.kind == RowKind::Backend)
            .filter_map(|r| Some((r.id.as_str(), shifts(&r.measure(phase)?.sample().by_process()))))
            .collect();
        let processes = rows.iter().map(|r| r.1.len()).min().unwrap_or(0);
        if processes < 3 {
            continue;
        }
        let shared: Vec<f64> = (0..processes).map(|p| median(&rows.iter().map(|r| r.1[p]).collect::<Vec<f64>>())).collect();
        for (id, shifts) in &rows {
            let own = |p: &usize| shifts[*p] - if rows.len() > 2 { shared[*p] } else { 0.0 };
            for slower in [true, false] {
                let odd: Vec<f64> = (0..processes).map(|p| own(&p)).filter(|s| s.abs() > OWN_KIND.ln() && (*s > 0.0) == slower).collect();
                if !odd.is_empty() {
                    let factor = median(&odd).exp();
                    found.push(OwnKind { row: (*id).to_owned(), phase, processes: odd.len(), of: processes, factor });
                }
            }
        }
    }
    found
}

/// How far, as a logarithm, each process is from the middle one.
fn shifts(by_process: &[f64]) -> Vec<f64> {
    let middle = median(by_process).ln();
    by_process.iter().map(|ns| ns.ln() - middle).collect()
}

impl std::fmt::Display for OwnKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (factor, what) = if self.factor > 1.0 { (self.factor, "slower") } else { (1.0 / self.factor, "quicker") };
        let verb = if self.processes == 1 { "was" } else { "were" };
        write!(f, "{}: {} of {} processes {verb} {factor:.1}x {what} ({})", self.row, self.processes, self.of, self.phase.name())
    }
}
