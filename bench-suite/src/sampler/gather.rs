//! Rounds of several processes put together.

use std::collections::BTreeMap;

use quintet_results::{Absent, Measure, WorkloadResult};

use super::{Ending, Measured, Round, Widest};

/// What processes have sampled so far. All of them have the same rows: one that a process does not have is absent.
#[derive(Default)]
pub(super) struct Gathered {
    result: Option<WorkloadResult>,
    clock: Measure,
    laps: u64,
    disturbed: u64,
}

impl Gathered {
    /// Adds a round of a process, counted from 0.
    pub(super) fn add(&mut self, process: usize, mut round: Round) {
        self.clock.push(process, round.clock);
        self.laps += round.laps;
        self.disturbed += round.disturbed;
        let Some(result) = &mut self.result else {
            self.result = Some(round.result);
            return;
        };
        result.rounds += 1;
        result.processes = result.processes.max(process + 1);
        let missing = |absent: &[Absent], id: &str| absent.iter().find(|a| a.id == id).cloned();
        for absent in &round.result.absent {
            if missing(&result.absent, &absent.id).is_none() {
                result.absent.push(absent.clone());
            }
        }
        result.rows.retain(|row| missing(&result.absent, &row.id).is_none());
        // How many records fit into a sample differs between processes.
        for row in &mut result.rows {
            let of = round.result.row(&row.id).map_or(&[][..], |of| &of.totals);
            row.totals.retain(|total| of.iter().any(|of| (of.records, of.mode) == (total.records, total.mode)));
        }
        let mut sampled = measures(&mut round.result);
        for (key, measure) in measures(result) {
            if let Some(ns) = sampled.remove(&key).and_then(|m| m.samples().next()) {
                measure.push(process, ns);
            }
        }
    }

    /// What was sampled; `None` without a round.
    pub(super) fn result(&self) -> Option<&WorkloadResult> {
        self.result.as_ref()
    }

    /// Rounds of all processes.
    pub(super) fn rounds(&self) -> usize {
        self.result.as_ref().map_or(0, |r| r.rounds)
    }

    pub(super) fn finish(self, ending: Ending, widest: Option<Widest>) -> Option<Measured> {
        let disturbed = self.disturbed as f64 / self.laps.max(1) as f64;
        Some(Measured { result: self.result?, clock: self.clock, disturbed, ending, widest })
    }
}

/// Everything that is sampled, by what it is.
fn measures(result: &mut WorkloadResult) -> BTreeMap<(String, String), &mut Measure> {
    let mut all = BTreeMap::new();
    for row in &mut result.rows {
        all.extend(row.phases.iter_mut().map(|(phase, measure)| ((row.id.clone(), phase.name().to_owned()), measure)));
        if let Some(latency) = &mut row.latency {
            all.insert((row.id.clone(), "p50".to_owned()), &mut latency.p50);
            all.insert((row.id.clone(), "p99".to_owned()), &mut latency.p99);
        }
        all.extend(row.totals.iter_mut().map(|total| ((row.id.clone(), format!("{:?} {}", total.mode, total.records)), &mut total.ns)));
    }
    let front = &mut result.front_end;
    let stages = [&mut front.parse, &mut front.check, &mut front.passes, &mut front.link, &mut front.read, &mut result.no_op];
    let names = ["parse", "check", "passes", "link", "read", "no-op"];
    all.extend(names.into_iter().zip(stages).map(|(name, measure)| ((String::new(), name.to_owned()), measure)));
    all.extend(result.again.as_mut().map(|again| ((String::new(), "again".to_owned()), &mut again.batch)));
    all
}
