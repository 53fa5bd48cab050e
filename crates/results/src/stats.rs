//! Medians, ratios and their intervals.

use serde::Serialize;

use crate::student::{normal_below, t_quantile};

/// An estimate with the interval that holds what it estimates with the stated confidence. In JSON an infinite end is `null`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The estimate.
    pub value: f64,
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// The `q` quantile (0 to 1) of samples in any order, by linear interpolation; NaN without samples.
pub fn quantile(samples: &[f64], q: f64) -> f64 {
    let mut sorted: Vec<f64> = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (Some(last), place) = (sorted.len().checked_sub(1), q.clamp(0.0, 1.0)) else { return f64::NAN };
    let at = place * last as f64;
    let (below, above) = (at.floor() as usize, at.ceil() as usize);
    // Equal neighbours may be infinite, and infinity less itself is no number.
    if sorted[below] == sorted[above] { sorted[below] } else { sorted[below] + (sorted[above] - sorted[below]) * (at - below as f64) }
}

/// The median; NaN without samples.
pub fn median(samples: &[f64]) -> f64 {
    quantile(samples, 0.5)
}

/// The geometric mean of positive numbers; NaN without any.
pub fn geometric_mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0usize), |(s, n), v| (s + v.ln(), n + 1));
    if count == 0 { f64::NAN } else { (sum / count as f64).exp() }
}

/// Resamples of the bootstrap.
const RESAMPLES: usize = 1000;

/// The ratio of what `a` and `b` cost, from samples taken round by round in one process: the median of the rounds' ratios, with its
/// interval at 95 % (see [`resampled`]). Rounds that only one has are left out.
pub fn ratio_interval(a: &[f64], b: &[f64]) -> Interval {
    let ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
    resampled(ratios.len(), |rounds| median_of(&ratios, rounds))
}

/// What `statistic` makes of all of `rounds` rounds, with its interval at 95 %. The statistic is given the places of rounds. The
/// interval is the expanded percentile bootstrap (Hesterberg 2015, The American Statistician 69:371): rounds are drawn with
/// replacement, and the quantiles are taken further out than 2.5 % and 97.5 %, by as much as Student's t is wider than the normal
/// distribution for so few rounds. Seeded, so the same samples give the same interval. A single round has no interval but itself.
pub fn resampled(rounds: usize, statistic: impl Fn(&[usize]) -> f64) -> Interval {
    resampled_each(&[rounds], |picked| statistic(&picked[0]))
}

/// As [`resampled`], for several series of rounds, each of its own length, that are drawn from independently of each other.
pub fn resampled_each(rounds: &[usize], statistic: impl Fn(&[Vec<usize>]) -> f64) -> Interval {
    let mut picked: Vec<Vec<usize>> = rounds.iter().map(|r| (0..*r).collect()).collect();
    let value = statistic(&picked);
    let fewest = rounds.iter().copied().min().unwrap_or(0);
    if fewest < 2 {
        return Interval::exactly(value);
    }
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let values: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            for (series, rounds) in picked.iter_mut().zip(rounds) {
                series.fill_with(|| (splitmix(&mut state) % *rounds as u64) as usize);
            }
            statistic(&picked)
        })
        .collect();
    let tail = expanded_tail(fewest as f64);
    Interval { value, low: quantile(&values, tail), high: quantile(&values, 1.0 - tail) }
}

/// The share of resamples beyond either end of an interval at 95 %.
fn expanded_tail(rounds: f64) -> f64 {
    normal_below(-(rounds / (rounds - 1.0)).sqrt() * t_quantile(0.05, rounds - 1.0))
}

/// The median of the samples of these rounds; rounds that there are no samples of are left out.
pub(crate) fn median_of(samples: &[f64], rounds: &[usize]) -> f64 {
    let picked: Vec<f64> = rounds.iter().filter_map(|r| samples.get(*r)).copied().collect();
    median(&picked)
}

impl Interval {
    /// An estimate that is not uncertain, or about which nothing is known.
    pub fn exactly(value: f64) -> Interval {
        Interval { value, low: value, high: value }
    }

    /// Whether the interval has `value` within it.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// The next number of the SplitMix64 generator (Steele, Lea, Flood 2014).
pub(crate) fn splitmix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(median(&[3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(&[4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(quantile(&[0.0, 10.0], 0.25), 2.5);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn geometric_mean_of_ratios() {
        assert!((geometric_mean([2.0, 8.0]) - 4.0).abs() < 1e-12);
        assert!(geometric_mean([]).is_nan());
    }

    #[test]
    fn a_shared_disturbance_cancels_in_the_ratio() {
        let noise = [1.0, 1.7, 0.9, 3.0, 1.1, 1.2, 2.4, 1.0];
        let a: Vec<f64> = noise.iter().map(|n| n * 30.0).collect();
        let b: Vec<f64> = noise.iter().map(|n| n * 10.0).collect();
        let ratio = ratio_interval(&a, &b);
        assert!((ratio.value - 3.0).abs() < 1e-9 && (ratio.high - ratio.low).abs() < 1e-9);
    }
}
