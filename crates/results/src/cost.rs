//! What a backend costs in all: once to get ready, then for every record; and where one overtakes another.

use serde::Serialize;

use crate::schema::{Measure, Phase, Row};
use crate::stats::{Interval, median_of, resampled};

/// How records reach the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// One call per record.
    Single,
    /// One call per batch.
    Batch,
}

impl Mode {
    /// The phase that it repeats.
    pub fn phase(self) -> Phase {
        match self {
            Mode::Single => Phase::Single,
            Mode::Batch => Phase::Batch,
        }
    }
}

/// A row's cost on one workload, sampled round by round.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// ns until the first answer, beyond what a later record takes: compile, instantiate, and what the first call takes longer.
    pub setup: Vec<f64>,
    /// ns per record (all rules).
    pub each: Vec<f64>,
}

/// From how many records on one row is cheaper in all than another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum BreakEven {
    /// It is cheaper from the first record on.
    Always,
    /// It never is.
    Never,
    /// It is from this many records on. The interval's upper end is infinite where the samples do not rule out that it never is.
    From(Interval),
}

impl Cost {
    /// The cost of a row; `None` where it lacks a phase that counts. An engine without compile or instances has none of that cost.
    pub fn new(row: &Row, mode: Mode) -> Option<Cost> {
        let each = row.measure(mode.phase())?.ns.clone();
        let at = |phase: Phase, round: usize| row.measure(phase).and_then(|m: &Measure| m.ns.get(round)).copied().unwrap_or(0.0);
        let setup = (0..each.len())
            .map(|i| at(Phase::Compile, i) + at(Phase::Instantiate, i) + (at(Phase::FirstCall, i) - at(Phase::Single, i)).max(0.0))
            .collect();
        Some(Cost { setup, each })
    }

    /// ns for `records` records, with the interval at 95 % of the median.
    pub fn total(&self, records: f64) -> Interval {
        resampled(self.each.len(), |rounds| self.total_over(rounds, records))
    }

    fn total_over(&self, rounds: &[usize], records: f64) -> f64 {
        median_of(&self.setup, rounds) + records * median_of(&self.each, rounds)
    }

    /// From how many records on this one is cheaper than `other`.
    pub fn overtakes(&self, other: &Cost) -> BreakEven {
        let crossing = |rounds: &[usize]| {
            let saved = median_of(&other.each, rounds) - median_of(&self.each, rounds);
            let owed = median_of(&self.setup, rounds) - median_of(&other.setup, rounds);
            match (saved > 0.0, owed > 0.0) {
                (true, true) => owed / saved,
                (true, false) => 0.0,
                (false, _) => f64::INFINITY,
            }
        };
        let rounds = self.each.len().min(other.each.len());
        let at = resampled(rounds, crossing);
        if at.value == 0.0 {
            BreakEven::Always
        } else if at.value.is_infinite() {
            BreakEven::Never
        } else {
            BreakEven::From(at)
        }
    }
}
