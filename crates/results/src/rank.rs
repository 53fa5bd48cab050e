//! Rows ranked over several workloads.

use crate::schema::{Phase, RowKind, WorkloadResult};
use crate::stats::{Interval, geometric_mean, median_of, resampled_each};

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
    /// The geometric mean of its medians, ns.
    pub ns: f64,
    /// Workloads that it ran.
    pub workloads: usize,
}

/// The rows that ran every workload, quickest first by their ratios. Ratios are to the backend that is the quickest over all, after the
/// optimising passes where it ran both with and without; without any backend, to the quickest row.
pub fn rank(workloads: &[&WorkloadResult], phase: Phase) -> Vec<Ranked> {
    let Some(first) = workloads.first() else { return Vec::new() };
    let mut ranked: Vec<Ranked> = Vec::new();
    for row in &first.rows {
        let rows: Option<Vec<_>> = workloads.iter().map(|w| w.row(&row.id).and_then(|r| r.measure(phase))).collect();
        if let Some(rows) = rows {
            let ns = geometric_mean(rows.iter().map(|m| m.median()));
            ranked.push(Ranked {
                id: row.id.clone(),
                kind: row.kind,
                ratio: Interval { value: 1.0, low: 1.0, high: 1.0 },
                ns,
                workloads: rows.len(),
            });
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
    ranked.sort_by(|a, b| a.ratio.value.total_cmp(&b.ratio.value));
    ranked
}

/// The geometric mean over the workloads of the ratio of two rows, with its interval at 95 %: rounds are resampled in each workload.
pub fn ratio_over(workloads: &[&WorkloadResult], phase: Phase, id: &str, to: &str) -> Interval {
    let ratios: Vec<Vec<f64>> = workloads
        .iter()
        .filter_map(|w| Some((w.row(id)?.measure(phase)?, w.row(to)?.measure(phase)?)))
        .map(|(a, b)| a.ns.iter().zip(&b.ns).map(|(a, b)| a / b).collect())
        .collect();
    let rounds: Vec<usize> = ratios.iter().map(Vec::len).collect();
    resampled_each(&rounds, |picked| geometric_mean(ratios.iter().zip(picked).map(|(ratios, rounds)| median_of(ratios, rounds))))
}
