//! What a backend that changes as it goes costs in all, beside the best that could have been chosen beforehand.

use crate::choose::Choice;
use crate::cost::Cost;
use crate::estimate::Sample;
use crate::schema::{Row, Total, WorkloadResult};
use crate::stats::Interval;

/// What one row cost in all for so many records.
#[derive(Clone, Debug, PartialEq)]
pub struct Regret<'w> {
    /// What was measured.
    pub total: &'w Total,
    /// The id of the row that is the cheapest for so many records, of those that have [one cost](crate::has_one_cost) and the same passes: by
    /// what it took for so many where that was measured, else by what it takes once and for each record.
    pub best: &'w str,
    /// What the row cost to that one.
    pub ratio: Interval,
}

impl Total {
    /// What another row cost for so many records: measured, or added up.
    fn of(&self, other: &Row) -> Option<Sample> {
        match other.totals.iter().find(|total| (total.records, total.mode) == (self.records, self.mode) && !total.ns.is_empty()) {
            Some(measured) => Some(measured.ns.sample()),
            None => Some(Cost::new(other, self.mode)?.sample(self.records as f64)),
        }
    }

    /// What it is beside the best row of the workload for so many records; `None` where no row has a cost, or nothing was sampled.
    pub fn regret<'w>(&'w self, row: &Row, workload: &'w WorkloadResult) -> Option<Regret<'w>> {
        let costs = workload.rows.iter().filter(|other| Choice::admits(other.kind, &other.id) && other.passes == row.passes);
        let totals = costs.filter_map(|other| Some((other.id.as_str(), self.of(other)?)));
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
    fn what_was_measured_counts_before_what_is_added_up() {
        let total = |ns: f64| Total { records: 1_000, mode: Mode::Batch, ns: measure(ns) };
        let (mut closures, mut adaptive) = (row("closures", 100.0, 10.0), row("adaptive", 100.0, 1.0));
        (closures.totals, adaptive.totals) = (vec![total(20_000.0)], vec![total(24_000.0)]);
        let workload = WorkloadResult { rows: vec![closures, adaptive], ..WorkloadResult::default() };
        let adaptive = &workload.rows[1];
        let regret = adaptive.totals[0].regret(adaptive, &workload).map(|r| (r.best, (r.ratio.value * 1e6).round()));
        assert_eq!(regret, Some(("closures", 1.2e6)));
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
