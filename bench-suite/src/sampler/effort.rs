//! How much is measured, and when it is enough.

use std::time::Duration;

use quintet_results::{Phase, Row, RowKind};
use serde::{Deserialize, Serialize};

/// How much to measure on each workload.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Effort {
    /// Fresh processes that take turns at the rounds.
    pub processes: usize,
    /// The time that a sample of evaluating records is stretched to by repeating what it measures; other samples take a quarter of it.
    /// What takes longer than that runs once per sample, so no row is sampled longer than another because it is quicker.
    pub sample: Duration,
    /// Rounds that every workload gets at least, in all processes together.
    pub min_rounds: usize,
    /// Rounds that no workload gets more of, in all processes together.
    pub max_rounds: usize,
    /// Rounds end once every ratio is known to this share of it: the 95 % interval reaches no further to either side.
    pub precision: f64,
    /// Rounds end once a workload has been measured for so long.
    pub time: Duration,
    /// Calls per row and round that are timed one by one.
    pub calls: usize,
}

/// Why the rounds of a workload ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Every ratio is as precise as was asked for.
    Precise,
    /// The time was over.
    Time,
    /// There were as many rounds as there may be.
    Rounds,
}

/// The least precise of the ratios that rounds go on for.
#[derive(Clone, Debug, PartialEq)]
pub struct Widest {
    /// The row.
    pub id: String,
    /// The phase.
    pub phase: Phase,
    /// How far the interval reaches from the ratio, to the side where it reaches further, as a share of the ratio.
    pub share: f64,
}

impl Effort {
    /// For a first look: seconds per workload.
    pub const QUICK: Effort = Effort {
        processes: 3,
        sample: Duration::from_millis(3),
        min_rounds: 15,
        max_rounds: 60,
        precision: 0.03,
        time: Duration::from_secs(3),
        calls: 500,
    };
    /// For decisions: most of a minute per workload.
    pub const FULL: Effort = Effort {
        processes: 5,
        sample: Duration::from_millis(10),
        min_rounds: 25,
        max_rounds: 150,
        precision: 0.01,
        time: Duration::from_secs(40),
        calls: 2000,
    };

    /// Whether the rounds end after so many, so much time, and with `widest` as the least precise ratio; `None` stands for no ratio to
    /// wait for, as with a single row.
    pub fn ending(&self, rounds: usize, elapsed: Duration, widest: Option<&Widest>) -> Option<Ending> {
        if rounds < self.min_rounds {
            None
        } else if widest.is_none_or(|w| w.share <= self.precision) {
            Some(Ending::Precise)
        } else if rounds >= self.max_rounds {
            Some(Ending::Rounds)
        } else {
            (elapsed >= self.time).then_some(Ending::Time)
        }
    }
}

/// The least precise ratio of a backend's row to the fastest backend's, over batch and single calls. Rows without passes count where
/// there are no others; other engines, whose samples may be few and long, never do.
pub fn widest<'r>(rows: impl Iterator<Item = &'r Row> + Clone) -> Option<Widest> {
    let ours = || rows.clone().filter(|r| r.kind == RowKind::Backend);
    let with_passes = ours().any(|r| r.passes);
    let counted = || ours().filter(|r| r.passes == with_passes);
    let mut widest: Option<Widest> = None;
    for phase in [Phase::Batch, Phase::Single] {
        let fastest = counted().filter_map(|r| Some((r, r.measure(phase)?))).min_by(|a, b| a.1.centre().total_cmp(&b.1.centre()));
        let Some((fastest, to)) = fastest else { continue };
        for (row, of) in counted().filter(|r| r.id != fastest.id).filter_map(|r| Some((r, r.measure(phase)?))) {
            let ratio = of.to(to);
            let share = (ratio.high - ratio.value).max(ratio.value - ratio.low) / ratio.value;
            if widest.as_ref().is_none_or(|w| share > w.share) {
                widest = Some(Widest { id: row.id.clone(), phase, share });
            }
        }
    }
    widest
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row whose batch and single samples are `ns`, disturbed by up to `noise` of it to either side, otherwise in every round.
    fn row(id: &str, kind: RowKind, ns: f64, noise: f64, rounds: usize) -> Row {
        let sample = |round: usize| ns * (1.0 + noise * ((round * 7919 + id.len() * 31) % 21) as f64 / 10.0 - noise);
        let measure = quintet_results::Measure { ns: vec![(0..rounds).map(sample).collect()] };
        Row {
            id: id.into(),
            kind,
            engine: id.into(),
            configuration: String::new(),
            passes: true,
            traits: None,
            phases: [(Phase::Batch, measure.clone()), (Phase::Single, measure)].into(),
            totals: Vec::new(),
            latency: None,
            memory: None,
            note: None,
        }
    }

    /// The rounds after which a made-up workload ends, each of which takes `ms`, and why.
    fn rounds(effort: Effort, noise: f64, ms: u64) -> (usize, Ending) {
        (1..)
            .find_map(|n| {
                let rows = [row("a", RowKind::Backend, 10.0, 0.0, n), row("bb", RowKind::Backend, 30.0, noise, n)];
                let ending = effort.ending(n, Duration::from_millis(ms) * n as u32, widest(rows.iter()).as_ref());
                Some((n, ending?))
            })
            .expect("it ends")
    }

    #[test]
    fn rounds_end_when_ratios_are_precise_and_no_earlier_than_the_least_number() {
        let precision = |precision: f64| Effort { precision, ..Effort::FULL };
        assert_eq!(rounds(precision(0.02), 0.001, 1), (25, Ending::Precise));
        let (more, ending) = rounds(precision(0.02), 0.06, 1);
        assert!(more > 25 && ending == Ending::Precise, "{more} {ending:?}");
        let (most, _) = rounds(precision(0.01), 0.06, 1);
        assert!(most > more, "{most} rounds for 1 %, {more} for 2 %");
    }

    #[test]
    fn noise_that_does_not_end_runs_into_the_time_or_the_most_rounds() {
        assert_eq!(rounds(Effort::FULL, 0.9, 1), (150, Ending::Rounds));
        assert_eq!(rounds(Effort::FULL, 0.9, 1000), (40, Ending::Time));
        // The least number of rounds is measured whatever it takes.
        assert_eq!(rounds(Effort::FULL, 0.9, 60_000), (25, Ending::Time));
    }

    #[test]
    fn rows_of_other_engines_and_rows_without_passes_are_not_waited_for() {
        let calm = [row("a", RowKind::Backend, 10.0, 0.0, 20), row("bb", RowKind::Backend, 30.0, 0.0, 20)];
        let mut noisy = [row("ccc", RowKind::Peer, 5.0, 0.9, 20), row("dddd", RowKind::Backend, 5.0, 0.9, 20)];
        noisy[1].passes = false;
        let all = calm.iter().chain(&noisy);
        assert!(widest(all).is_some_and(|w| w.share < 1e-9));
        assert!(widest(noisy.iter()).is_none(), "one row has no ratio");
    }

    #[test]
    fn the_widest_ratio_is_named() {
        let rows = [
            row("a", RowKind::Backend, 10.0, 0.0, 20),
            row("bb", RowKind::Backend, 30.0, 0.1, 20),
            row("ccc", RowKind::Backend, 30.0, 0.4, 20),
        ];
        let found = widest(rows.iter()).expect("there are ratios");
        assert_eq!((found.id.as_str(), found.phase), ("ccc", Phase::Batch));
    }
}
