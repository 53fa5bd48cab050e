//! Medians, ratios and their intervals.

/// An estimate with the interval that holds it with the stated confidence.
#[derive(Clone, Copy, Debug, PartialEq)]
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
/// percentile bootstrap interval at 95 %. Rounds that only one has are left out. The resampling is seeded, so the same samples give the
/// same interval.
pub fn ratio_interval(a: &[f64], b: &[f64]) -> Interval {
    let ratios: Vec<f64> = a.iter().zip(b).map(|(a, b)| a / b).collect();
    resampled(ratios.len(), |rounds| {
        let picked: Vec<f64> = rounds.iter().filter_map(|r| ratios.get(*r)).copied().collect();
        median(&picked)
    })
}

/// What `statistic` makes of all of `rounds` rounds, with its percentile bootstrap interval at 95 %: it is given the places of rounds,
/// drawn with replacement. Seeded, so the same samples give the same interval.
pub fn resampled(rounds: usize, statistic: impl Fn(&[usize]) -> f64) -> Interval {
    let mut picked: Vec<usize> = (0..rounds).collect();
    let value = statistic(&picked);
    if rounds < 2 {
        return Interval { value, low: value, high: value };
    }
    let mut state = 0x9E37_79B9_7F4A_7C15u64;
    let values: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            for place in &mut picked {
                *place = (splitmix(&mut state) % rounds as u64) as usize;
            }
            statistic(&picked)
        })
        .collect();
    Interval { value, low: quantile(&values, 0.025), high: quantile(&values, 0.975) }
}

/// The next number of the SplitMix64 generator (Steele, Lea, Flood 2014).
fn splitmix(state: &mut u64) -> u64 {
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

    #[test]
    fn the_interval_holds_the_truth_about_as_often_as_it_says() {
        let mut state = 7;
        let mut sample = |scale: f64| scale * (1.0 + 0.2 * (splitmix(&mut state) as f64 / u64::MAX as f64));
        let held = (0..200)
            .filter(|_| {
                let (a, b): (Vec<f64>, Vec<f64>) = (0..21).map(|_| (sample(1.0), sample(1.0))).unzip();
                let ratio = ratio_interval(&a, &b);
                ratio.low <= 1.0 && 1.0 <= ratio.high
            })
            .count();
        assert!((180..=200).contains(&held), "{held} of 200");
    }
}
