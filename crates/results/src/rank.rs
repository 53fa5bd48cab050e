//! Rows ranked over several workloads.

use crate::estimate::Estimate;
use crate::schema::{Measure, Phase, RowKind, WorkloadResult};
use crate::stats::{Interval, geometric_mean};

/// A row's place over several workloads.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranked {
    /// The row's id.
    pub id: String,
    /// What it is.
    pub kind: RowKind,
    /// The geometric mean over the workloads of how many times as long as the quickest backend it takes, with its interval at 95 %;
    /// below 1 for native code, peers and rows without passes that are quicker.
    pub ratio: Interval,
    /// The geometric mean of its times, ns.
    pub ns: f64,
    /// Workloads that it ran.
    pub workloads: usize,
}

/// The rows that ran every workload, quickest first. Ratios are to the backend that is the quickest over all, after the optimising passes
/// where it ran both with and without; without any backend, to the quickest row.
pub fn rank(workloads: &[&WorkloadResult], phase: Phase) -> Vec<Ranked> {
    let Some(first) = workloads.first() else { return Vec::new() };
    let mut ranked: Vec<Ranked> = Vec::new();
    for row in &first.rows {
        let measures: Option<Vec<&Measure>> = workloads.iter().map(|w| w.row(&row.id).and_then(|r| r.measure(phase))).collect();
        if let Some(measures) = measures {
            let ns = geometric_mean(measures.iter().map(|m| m.centre()));
            ranked.push(Ranked { id: row.id.clone(), kind: row.kind, ratio: Interval::exactly(1.0), ns, workloads: measures.len() });
        }
    }
    ranked.sort_by(|a, b| a.ns.total_cmp(&b.ns));
    let backend = |r: &&Ranked| r.kind == RowKind::Backend;
    let passes = |r: &&Ranked| backend(r) && first.row(&r.id).is_some_and(|row| row.passes);
    let best = ranked.iter().find(passes).or(ranked.iter().find(backend)).or(ranked.first());
    let Some(best) = best.map(|r| r.id.clone()) else { return ranked };
    for row in &mut ranked {
        row.ratio = ratio_over(workloads, phase, &row.id, &best);
    }
    ranked
}

/// The geometric mean, over the workloads that have both, of the ratio of two rows, with its interval at 95 %.
pub fn ratio_over(workloads: &[&WorkloadResult], phase: Phase, id: &str, to: &str) -> Interval {
    let ratios: Vec<Estimate> = workloads
        .iter()
        .filter_map(|w| Some((w.row(id)?.measure(phase)?, w.row(to)?.measure(phase)?)))
        .map(|(a, b)| a.sample().to(&b.sample()))
        .collect();
    Estimate::mean_of(&ratios).interval()
}
