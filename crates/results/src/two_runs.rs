//! The same quantity in two runs. Their rounds have nothing to do with each other, so they are not paired.

use serde::Serialize;

use crate::estimate::Estimate;
use crate::schema::Measure;
use crate::stats::Interval;

/// Rounds that a run needs before it is compared with another.
pub const MIN_ROUNDS: usize = 5;

/// How a quantity changed from one run to another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shift {
    /// New to old, with its interval at 95 %.
    pub ratio: Interval,
    /// How probable it is that the runs are so far apart when nothing changed.
    pub p: f64,
}

/// The ratio of what is measured in two runs: of what either is taken to be by itself, with the interval and the probability of Welch's
/// test. Rounds that resemble the one before count for less (see `repeated`). `None` where a run has fewer than [`MIN_ROUNDS`].
pub fn shift(old: &Measure, new: &Measure) -> Option<Shift> {
    if old.samples().count().min(new.samples().count()) < MIN_ROUNDS {
        return None;
    }
    let change = alone(new).less(&alone(old));
    Some(Shift { ratio: change.interval(), p: change.chance() })
}

/// A run by itself. Where it is of one process, its rounds are all that tells how far it can be trusted, so they are not taken for
/// independent of each other; several processes tell by themselves.
fn alone(measure: &Measure) -> Estimate {
    let estimate = measure.sample().estimate();
    let raised = match &*measure.ns {
        [rounds] => repeated(rounds),
        _ => 1.0,
    };
    Estimate { variance: estimate.variance * raised, freedom: (estimate.freedom / raised).max(1.0), ..estimate }
}

/// By how much successive rounds that resemble each other raise the variance of a mean: (1 + r) / (1 - r), where r is the correlation of
/// the rank of each round with that of the next, as for a first-order autoregressive series; 1 where they do not.
fn repeated(samples: &[f64]) -> f64 {
    let middle = (samples.len() - 1) as f64 / 2.0;
    let ranks: Vec<f64> = samples
        .iter()
        .map(|s| samples.iter().filter(|o| *o < s).count() as f64 + (samples.iter().filter(|o| *o == s).count() - 1) as f64 / 2.0 - middle)
        .collect();
    let squares: f64 = ranks.iter().map(|r| r * r).sum();
    let neighbours: f64 = ranks.windows(2).map(|w| w[0] * w[1]).sum();
    let r = if squares == 0.0 { 0.0 } else { (neighbours / squares).clamp(0.0, 0.9) };
    (1.0 + r) / (1.0 - r)
}

/// The probability at which a family of tests finds something though nothing changed at all.
const FAMILY: f64 = 0.02;

/// Which of many tests find something, so that where nothing changed at all, something is found in one run of 50 at most, however many
/// tests there are: the procedure of Benjamini and Hochberg (1995, J. R. Statist. Soc. B 57:289) at 2 %.
pub fn discoveries(p: &[f64]) -> Vec<bool> {
    let mut sorted = p.to_vec();
    sorted.sort_by(f64::total_cmp);
    let count = p.len() as f64;
    let limit = sorted.iter().enumerate().rev().find(|(place, p)| **p <= FAMILY * (place + 1) as f64 / count).map(|(_, p)| *p);
    p.iter().map(|p| limit.is_some_and(|limit| *p <= limit)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(samples: &[f64]) -> Measure {
        Measure { ns: vec![samples.to_vec()] }
    }

    #[test]
    fn a_constant_that_changed_is_found_and_one_that_did_not_is_not() {
        let same = shift(&one(&[3.0; 5]), &one(&[3.0; 7])).expect("enough rounds");
        assert!(same.p > 0.9 && same.ratio == Interval::exactly(1.0), "{same:?}");
        let other = shift(&one(&[3.0; 5]), &one(&[6.0; 5])).expect("enough rounds");
        assert!(other.p < 0.01 && (other.ratio.low - 2.0).abs() < 1e-12 && (other.ratio.high - 2.0).abs() < 1e-12, "{other:?}");
        assert_eq!(shift(&one(&[1.0; 4]), &one(&[1.0; 9])), None);
    }

    #[test]
    fn one_disturbed_round_changes_little() {
        let quiet = [10.0, 10.1, 9.9, 10.05, 9.95, 10.0, 10.1];
        let mut disturbed = quiet;
        disturbed[3] = 1000.0;
        let found = shift(&one(&quiet), &one(&disturbed)).expect("enough rounds");
        assert!((found.ratio.value - 1.0).abs() < 0.02 && found.p > 0.05, "{found:?}");
    }

    #[test]
    fn a_process_of_its_own_kind_is_no_change() {
        let usual = vec![10.0, 10.1, 9.9, 10.05, 9.95];
        let slow: Vec<f64> = usual.iter().map(|ns| ns * 1.4).collect();
        let (old, new) =
            (Measure { ns: vec![usual.clone(); 5] }, Measure { ns: vec![usual.clone(), slow, usual.clone(), usual.clone(), usual] });
        let found = shift(&old, &new).expect("enough rounds");
        assert!(found.p > 0.05 && found.ratio.holds(1.0), "{found:?}");
    }

    #[test]
    fn more_tests_ask_for_more_evidence() {
        assert_eq!(discoveries(&[0.019]), [true]);
        assert_eq!(discoveries(&[0.019, 0.9, 0.8, 0.7]), [false; 4]);
        // The second passes because of its place: 0.009 <= 0.02 * 2 / 4.
        assert_eq!(discoveries(&[0.001, 0.009, 0.8, 0.7]), [true, true, false, false]);
        assert!(discoveries(&[]).is_empty());
    }
}
