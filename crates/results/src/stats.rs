//! Intervals, medians, quantiles and means.

use serde::Serialize;

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

impl Interval {
    /// An estimate that is exact.
    pub fn exactly(value: f64) -> Interval {
        Interval { value, low: value, high: value }
    }

    /// Whether the interval has `value` within it.
    pub fn holds(&self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
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
}
