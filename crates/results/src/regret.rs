//! What a backend that changes as it goes costs in all, beside the best that could have been chosen beforehand.

use crate::choose::Choice;
use crate::cost::Cost;
use crate::schema::{Row, Total, WorkloadResult};
use crate::stats::Interval;

/// What one row cost in all for so many records.
#[derive(Clone, Debug, PartialEq)]
pub struct Regret<'w> {
    /// What was measured.
    pub total: &'w Total,
    /// The id of the row that is the cheapest for so many records, of those that have [one cost](crate::has_one_cost) and the same passes.
    pub best: &'w str,
    /// What the row cost to that one.
    pub ratio: Interval,
}

impl Total {
    /// What it is beside the best row of the workload for so many records; `None` where no row has a cost, or nothing was sampled.
    pub fn regret<'w>(&'w self, row: &Row, workload: &'w WorkloadResult) -> Option<Regret<'w>> {
        let costs = workload.rows.iter().filter(|other| Choice::admits(other.kind, &other.id) && other.passes == row.passes);
        let totals = costs.filter_map(|other| Some((other.id.as_str(), Cost::new(other, self.mode)?.sample(self.records as f64))));
        let (best, least) = totals.min_by(|a, b| a.1.mean().total_cmp(&b.1.mean()))?;
        (!self.ns.is_empty()).then(|| Regret { total: self, best, ratio: self.ns.sample().to(&least).interval() })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::cost::Mode;
    use crate::schema::{Measure, Phase, RowKind};

    fn measure(ns: f64) -> Measure {
        Measure { ns: vec![vec![ns, ns * 1.01, ns * 0.99]] }
    }

    fn row(id: &str, compile: f64, batch: f64) -> Row {
        Row {
            id: id.into(),
            kind: RowKind::Backend,
            engine: id.into(),
            configuration: String::new(),
            passes: true,
            traits: None,
            phases: BTreeMap::from([(Phase::Compile, measure(compile)), (Phase::Batch, measure(batch))]),
            totals: Vec::new(),
            latency: None,
            memory: None,
            note: None,
        }
    }

    #[test]
    fn the_best_is_another_one_for_few_records_than_for_many() {
        let mut adaptive = row("adaptive", 100.0, 1.0);
        adaptive.totals =
            [(10, 300.0), (1_000_000, 1_300_000.0)].map(|(records, ns)| Total { records, mode: Mode::Batch, ns: measure(ns) }).into();
        let rows = vec![row("closures", 100.0, 10.0), row("jit", 100_000.0, 1.0), adaptive];
        let workload = WorkloadResult { rows, ..WorkloadResult::default() };
        let adaptive = &workload.rows[2];
        let regrets: Vec<Regret<'_>> = adaptive.totals.iter().filter_map(|total| total.regret(adaptive, &workload)).collect();
        assert_eq!(regrets.iter().map(|r| r.best).collect::<Vec<_>>(), ["closures", "jit"]);
        assert!((regrets[0].ratio.value - 1.5).abs() < 1e-6 && (regrets[1].ratio.value - 1.3 / 1.1).abs() < 1e-6, "{regrets:?}");
    }
}
