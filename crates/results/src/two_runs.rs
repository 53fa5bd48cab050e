//! The same quantity in two runs. Their rounds have nothing to do with each other, so they are not paired.

use serde::Serialize;

use crate::stats::{Interval, median};
use crate::student::normal_below;

/// Rounds that a run needs before it is compared with another.
pub const MIN_ROUNDS: usize = 5;

/// Rounds of both runs together up to which probabilities are counted instead of approximated: up to here the counts are exact in `f64`.
const COUNTED: usize = 50;

/// How a quantity changed from one run to another.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Shift {
    /// New to old, with its interval at 95 %.
    pub ratio: Interval,
    /// How probable it is that the samples are so far apart when nothing changed.
    pub p: f64,
}

/// The ratio of what is measured in two runs: the median of the ratios of every new sample to every old one (Hodges and Lehmann 1963,
/// Ann. Math. Statist. 34:598). Its interval and `p` are those of the rank sum test (Mann and Whitney 1947, Ann. Math. Statist. 18:50),
/// so they hold whatever the noise is distributed like. Rounds that resemble the one before count for less (see `repeated`).
/// `None` where a run has fewer than [`MIN_ROUNDS`].
pub fn shift(old: &[f64], new: &[f64]) -> Option<Shift> {
    if old.len().min(new.len()) < MIN_ROUNDS {
        return None;
    }
    let mut ratios: Vec<f64> = new.iter().flat_map(|new| old.iter().map(move |old| new / old)).collect();
    ratios.sort_by(f64::total_cmp);
    let pairs = ratios.len();
    // Of all pairs those in which the new sample is the smaller one; a tie counts for a half.
    let (below, ties) = (ratios.partition_point(|r| *r < 1.0), ratios.iter().filter(|r| **r == 1.0).count());
    let fewer = (below as f64 + ties as f64 / 2.0).min(pairs as f64 - below as f64 - ties as f64 / 2.0);
    let at_most = rank_sum(old.len(), new.len());
    let spread = ((repeated(old) + repeated(new)) / 2.0).sqrt();
    let p = (2.0 * normal_below(normal_quantile(at_most[fewer.ceil() as usize].min(0.5)) / spread)).min(1.0);
    // As many of the ratios are left out at either end as leaves 95 %.
    let tail = normal_below(normal_quantile(0.025) * spread);
    let left_out = at_most[..=pairs / 2].partition_point(|share| *share <= tail);
    let ratio = Interval { value: median(&ratios), low: ratios[left_out], high: ratios[pairs - 1 - left_out] };
    Some(Shift { ratio, p })
}

/// The probability that of all pairs of samples of two like runs at most so many have the second run's sample the smaller: the place in
/// the list is the number of pairs.
fn rank_sum(old: usize, new: usize) -> Vec<f64> {
    let pairs = old * new;
    if old + new > COUNTED {
        let (middle, spread) = (pairs as f64 / 2.0, (pairs as f64 * (old + new + 1) as f64 / 12.0).sqrt());
        return (0..=pairs).map(|u| normal_below((u as f64 + 0.5 - middle) / spread)).collect();
    }
    // The coefficients of the product over i from 1 to `new` of (1 - q^(old + i)) / (1 - q^i) count the orders of both runs' samples.
    let mut orders = vec![0.0; pairs + 1];
    orders[0] = 1.0;
    for i in 1..=new {
        for u in (old + i..=pairs).rev() {
            orders[u] -= orders[u - old - i];
        }
        for u in i..=pairs {
            orders[u] += orders[u - i];
        }
    }
    let all: f64 = orders.iter().sum();
    let mut sum = 0.0;
    orders
        .iter()
        .map(|count| {
            sum += count;
            sum / all
        })
        .collect()
}

/// Below which value a standard normal variable is with probability `share`, for `share` up to a half.
fn normal_quantile(share: f64) -> f64 {
    let (mut low, mut high) = (-40.0, 0.0);
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if normal_below(middle) < share { low = middle } else { high = middle }
    }
    high
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

    #[test]
    fn a_constant_that_changed_is_found_and_one_that_did_not_is_not() {
        let same = shift(&[3.0; 5], &[3.0; 7]).expect("enough rounds");
        assert!(same.p > 0.9 && same.ratio == Interval::exactly(1.0), "{same:?}");
        let other = shift(&[3.0; 5], &[6.0; 5]).expect("enough rounds");
        assert!(other.p < 0.01 && other.ratio == Interval::exactly(2.0), "{other:?}");
        assert_eq!(shift(&[1.0; 4], &[1.0; 9]), None);
    }

    #[test]
    fn one_disturbed_round_changes_little() {
        let quiet = [10.0, 10.1, 9.9, 10.05, 9.95, 10.0, 10.1];
        let mut disturbed = quiet;
        disturbed[3] = 1000.0;
        let found = shift(&quiet, &disturbed).expect("enough rounds");
        assert!((found.ratio.value - 1.0).abs() < 0.02 && found.p > 0.05, "{found:?}");
    }

    #[test]
    fn the_rank_sum_agrees_with_printed_tables() {
        // Two of C(14, 7) = 3432 orders separate 7 samples from 7 wholly; the critical value at 5 % to both sides is 8.
        let seven = rank_sum(7, 7);
        assert!((2.0 * seven[0] - 2.0 / 3432.0).abs() < 1e-15);
        assert!(2.0 * seven[8] <= 0.05 && 2.0 * seven[9] > 0.05, "{seven:?}");
        // And 127 for 20 samples against 20.
        let twenty = rank_sum(20, 20);
        assert!(2.0 * twenty[127] <= 0.05 && 2.0 * twenty[128] > 0.05);
        assert!((twenty[400] - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_approximation_continues_the_count() {
        let (counted, approximate) = (rank_sum(25, 25), rank_sum(25, 26));
        assert!((counted[208] - approximate[208 + 8]).abs() < 0.005, "{} {}", counted[208], approximate[216]);
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
