//! What a backend costs in all: once to get ready, then for every record; and where one overtakes another.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::estimate::{Estimate, Sample};
use crate::schema::{Phase, Row};
use crate::stats::Interval;

/// The most records for which totals are compared.
pub const MOST_RECORDS: f64 = 1e15;

/// How records reach the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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

/// A row's cost on one workload, sampled process by process and round by round.
#[derive(Clone, Debug, PartialEq)]
pub struct Cost {
    /// ns until the first answer, beyond what a later record takes: compile, instantiate, and what the first call takes longer.
    pub setup: Vec<Vec<f64>>,
    /// ns per record (all rules).
    pub each: Vec<Vec<f64>>,
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

/// Whether a row costs so much once and so much for each record. That of `adaptive` changes as it goes: its row has what it costs to begin, and
/// each record once it has settled.
pub fn has_one_cost(id: &str) -> bool {
    id.split('/').next() != Some("adaptive")
}

impl Cost {
    /// The cost of a row; `None` where it lacks a phase that counts, or [has no such cost](has_one_cost). An engine without compile or instances
    /// has none of that cost.
    pub fn new(row: &Row, mode: Mode) -> Option<Cost> {
        if !has_one_cost(&row.id) {
            return None;
        }
        let each = row.measure(mode.phase())?.ns.clone();
        let at = |phase: Phase, process: usize, round: usize| {
            row.measure(phase).and_then(|m| m.ns.get(process)?.get(round)).copied().unwrap_or(0.0)
        };
        let once = |p: usize, r: usize| {
            let first = (at(Phase::FirstCall, p, r) - at(Phase::Single, p, r)).max(0.0);
            at(Phase::Compile, p, r) + at(Phase::Instantiate, p, r) + first
        };
        let setup = each.iter().enumerate().map(|(p, rounds)| (0..rounds.len()).map(|r| once(p, r)).collect()).collect();
        Some(Cost { setup, each })
    }

    /// The total for `records` records, ns.
    pub fn sample(&self, records: f64) -> Sample {
        let rounds = |(setup, each): (&Vec<f64>, &Vec<f64>)| -> Vec<f64> {
            setup.iter().zip(each).map(|(setup, each)| setup + records * each).collect()
        };
        Sample::new(self.setup.iter().zip(&self.each).map(rounds))
    }

    /// ns for `records` records, with the interval at 95 %.
    pub fn total(&self, records: f64) -> Interval {
        self.sample(records).estimate().interval()
    }

    /// What it costs to `other` for `records` records.
    pub fn to(&self, other: &Cost, records: f64) -> Estimate {
        self.sample(records).to(&other.sample(records))
    }

    /// From how many records on this one is cheaper than `other`.
    pub fn overtakes(&self, other: &Cost) -> BreakEven {
        break_even(|records| self.to(other, records))
    }
}

/// From how many records on a ratio, given by its logarithm for a number of records, is below 1. The ends are where the ratio's interval
/// begins and ends to hold 1, so that between them the ratio itself says that nothing is decided.
pub(crate) fn break_even(ratio: impl Fn(f64) -> Estimate) -> BreakEven {
    let value = |records: f64| ratio(records).mean;
    if value(MOST_RECORDS) >= 0.0 {
        return BreakEven::Never;
    }
    if value(1.0) <= 0.0 {
        return BreakEven::Always;
    }
    let at = first_below(value, 1.0, MOST_RECORDS);
    let end = |side: f64| move |estimate: Estimate| estimate.mean + side * estimate.half();
    let (lower, upper) = (end(-1.0), end(1.0));
    let low = if lower(ratio(1.0)) <= 0.0 { 1.0 } else { first_below(|n| lower(ratio(n)), 1.0, at) };
    let high = if upper(ratio(MOST_RECORDS)) > 0.0 { f64::INFINITY } else { first_below(|n| upper(ratio(n)), at, MOST_RECORDS) };
    BreakEven::From(Interval { value: at, low, high })
}

/// Where a function that is positive at `low` and not at `high` comes down to 0, to ten digits, on a logarithmic scale.
fn first_below(function: impl Fn(f64) -> f64, low: f64, high: f64) -> f64 {
    let (mut low, mut high) = (low.ln(), high.ln());
    while high - low > 1e-10 {
        let middle = (low + high) / 2.0;
        if function(middle.exp()) > 0.0 { low = middle } else { high = middle }
    }
    high.exp()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cost(setup: f64, each: f64, noise: f64) -> Cost {
        let rounds = |ns: f64| (0..7).map(|r| ns * (1.0 + noise * ((r * 3 % 7) as f64 - 3.0))).collect::<Vec<f64>>();
        Cost { setup: vec![rounds(setup)], each: vec![rounds(each)] }
    }

    #[test]
    fn lines_cross_where_arithmetic_says() {
        let (jit, closures) = (cost(345_000.0, 4.0, 0.001), cost(400.0, 8.0, 0.002));
        let BreakEven::From(at) = jit.overtakes(&closures) else { panic!("they cross") };
        assert!((at.value / 86_150.0 - 1.0).abs() < 1e-3 && at.low < at.value && at.value < at.high, "{at:?}");
        assert_eq!(closures.overtakes(&jit), BreakEven::Never);
        assert_eq!(cost(1.0, 1.0, 0.0).overtakes(&jit), BreakEven::Always);
    }

    #[test]
    fn the_ends_are_where_the_ratio_decides() {
        let (a, b) = (cost(1000.0, 4.0, 0.01), cost(10.0, 8.0, -0.02));
        let BreakEven::From(at) = a.overtakes(&b) else { panic!("they cross") };
        let decided = |records: f64| !a.to(&b, records).interval().holds(1.0);
        assert!(!decided(at.low * 1.001) && !decided(at.high * 0.999) && decided(at.low * 0.99) && decided(at.high * 1.01), "{at:?}");
    }

    #[test]
    fn what_is_as_dear_per_record_is_never_sure_to_overtake() {
        let (a, b) = (cost(1000.0, 7.99, 0.02), cost(10.0, 8.0, -0.01));
        let BreakEven::From(at) = a.overtakes(&b) else { panic!("the middle crosses") };
        assert_eq!(at.high, f64::INFINITY);
    }
}
