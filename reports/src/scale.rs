//! Axes: where a value lies, and which ticks are worth a label.

/// The numbers that an axis can show: far more than anything measured, and few enough powers of ten.
const SHOWN: (f64, f64) = (1e-30, 1e30);

/// A logarithmic axis from data to pixels.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// An axis that holds all `values` (those that are positive), with room at both ends, drawn from `from` to `to`.
    pub fn around(values: impl IntoIterator<Item = f64>, from: f64, to: f64) -> Scale {
        let (low, high) = values
            .into_iter()
            .filter(|v| *v > 0.0 && v.is_finite())
            .map(|v| v.clamp(SHOWN.0, SHOWN.1))
            .fold((f64::INFINITY, 0.0f64), |(low, high), v| (low.min(v), high.max(v)));
        let (low, high) = if low > high { (1.0, 10.0) } else { (low, high) };
        let room = (high / low).powf(0.06).max(1.15);
        Scale::exactly(low / room, high * room, from, to)
    }

    /// An axis from exactly `low` to `high`, as far as an axis reaches; from half of `low` where `high` is not above it.
    pub fn exactly(low: f64, high: f64, from: f64, to: f64) -> Scale {
        let within = |v: f64| if v.is_nan() { 1.0 } else { v.clamp(SHOWN.0, SHOWN.1) };
        let (low, high) = (within(low), within(high));
        let (low, high) = if low < high { (low, high) } else { (low / 2.0, low) };
        Scale { low, high, from, to }
    }

    /// Where a value lies; what is off the axis, and what is not positive, lies at its end.
    pub fn at(&self, value: f64) -> f64 {
        let share = (value.max(self.low).min(self.high) / self.low).ln() / (self.high / self.low).ln();
        self.from + (self.to - self.from) * share
    }

    /// The value at the axis's start.
    pub fn low(&self) -> f64 {
        self.low
    }

    /// The value at the axis's end.
    pub fn high(&self) -> f64 {
        self.high
    }

    /// As many ticks as leave `gap` pixels from one to the next: powers of ten, some of them left out on a long axis, with steps between
    /// on a short one.
    pub fn ticks(&self, gap: f64) -> Vec<f64> {
        let short = [&[1.0, 1.5, 2.0, 3.0, 5.0, 7.0][..], &[1.0, 2.0, 5.0], &[1.0, 3.0], &[1.0]].map(|steps| self.multiples(steps, 1));
        let long = [2, 3, 4, 6].map(|every| self.multiples(&[1.0], every));
        let wide = |ticks: &Vec<f64>| ticks.windows(2).all(|pair| (self.at(pair[1]) - self.at(pair[0])).abs() >= gap);
        short.into_iter().chain(long).filter(|ticks| !ticks.is_empty()).find(wide).unwrap_or_default()
    }

    /// These multiples of every so many powers of ten, as far as they are on the axis.
    fn multiples(&self, steps: &[f64], every: i32) -> Vec<f64> {
        let (first, last) = (self.low.log10().floor() as i32, self.high.log10().ceil() as i32);
        let powers = (first..=last).filter(|p| p.rem_euclid(every) == 0);
        let all = powers.flat_map(|p| steps.iter().map(move |s| s * 10f64.powi(p)));
        all.filter(|v| *v >= self.low * 0.999 && *v <= self.high * 1.001).collect()
    }
}

/// A linear axis from zero to what is near; what is further is off it.
#[derive(Clone, Copy, Debug)]
pub struct Linear {
    end: f64,
    from: f64,
    to: f64,
}

/// How many times as much as the least is still near.
const NEAR: f64 = 4.0;

/// The end of a linear axis that shows what is near the least of `values` (those that are positive): up to [`NEAR`] times as much.
pub fn near(values: impl IntoIterator<Item = f64> + Clone) -> f64 {
    let positive = |v: &f64| *v > 0.0 && v.is_finite();
    let least = values.clone().into_iter().filter(positive).fold(f64::INFINITY, f64::min);
    let most = values.into_iter().filter(positive).filter(|v| *v <= NEAR * least).fold(0.0, f64::max);
    if most > 0.0 { most * 1.08 } else { 1.0 }
}

/// The end of a linear axis that shows most of `values` (those that are positive): up to [`NEAR`] times the middle one.
pub fn middling(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.into_iter().filter(|v| *v > 0.0 && v.is_finite()).collect();
    values.sort_by(f64::total_cmp);
    let Some(middle) = values.get(values.len().saturating_sub(1) / 2).copied() else { return 1.0 };
    values.iter().copied().filter(|v| *v <= NEAR * middle).fold(0.0, f64::max) * 1.08
}

impl Linear {
    /// An axis from 0, drawn at `from`, to `end`, drawn at `to`.
    pub fn new(end: f64, from: f64, to: f64) -> Linear {
        Linear { end: if end.is_finite() && end > SHOWN.0 { end.min(SHOWN.1) } else { 1.0 }, from, to }
    }

    /// Where a value lies; what is off the axis lies at its end.
    pub fn at(&self, value: f64) -> f64 {
        let share = (value / self.end).clamp(0.0, 1.0);
        self.from + (self.to - self.from) * if share.is_nan() { 0.0 } else { share }
    }

    /// Whether a value is beyond the end.
    pub fn beyond(&self, value: f64) -> bool {
        value > self.end
    }

    /// As many round ticks from 0 on as leave the room that `width` says their labels need.
    pub fn ticks(&self, width: impl Fn(f64) -> f64) -> Vec<f64> {
        let power = 10f64.powf(self.end.log10().floor() - 1.0);
        let steps = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0].map(|s| s * power);
        let all = steps.into_iter().map(|step| (0..=(self.end / step) as usize).map(|i| i as f64 * step).collect::<Vec<_>>());
        let apart = |ticks: &Vec<f64>| {
            ticks.len() < 30 && ticks.windows(2).all(|t| (self.at(t[1]) - self.at(t[0])).abs() >= (width(t[0]) + width(t[1])) / 2.0 + 8.0)
        };
        all.into_iter().find(apart).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Linear, Scale, middling, near};

    #[test]
    fn a_linear_axis_ends_behind_what_is_near() {
        assert!((near([10.0, 39.0, 41.0, 3000.0]) - 39.0 * 1.08).abs() < 1e-9);
        assert!((middling([1.0, 10.0, 30.0, 3000.0, 0.0]) - 30.0 * 1.08).abs() < 1e-9);
        assert_eq!((near([]), near([f64::NAN, 0.0]), middling([0.0])), (1.0, 1.0, 1.0));
        let axis = Linear::new(4.0, 0.0, 100.0);
        assert_eq!((axis.at(1.0), axis.at(9.0), axis.beyond(9.0), axis.beyond(4.0)), (25.0, 100.0, true, false));
        assert_eq!(axis.ticks(|_| 10.0), [0.0, 1.0, 2.0, 3.0, 4.0]);
        for end in [1e-30, 3e-9, 0.7, 1.04, 17.0, 999.0, 1e7, 1e300, f64::NAN, f64::INFINITY] {
            let axis = Linear::new(end, 0.0, 140.0);
            let ticks = axis.ticks(|_| 30.0);
            assert!((2..5).contains(&ticks.len()) && ticks.windows(2).all(|t| axis.at(t[1]) - axis.at(t[0]) >= 38.0), "{end}: {ticks:?}");
        }
    }

    #[test]
    fn ends_and_middle() {
        let scale = Scale::exactly(1.0, 100.0, 0.0, 200.0);
        assert_eq!((scale.at(1.0), scale.at(100.0)), (0.0, 200.0));
        assert!((scale.at(10.0) - 100.0).abs() < 1e-9);
        assert_eq!((scale.at(0.0), scale.at(f64::INFINITY)), (0.0, 200.0));
    }

    #[test]
    fn ticks_keep_apart_and_there_is_one() {
        let ticks = |low, high| Scale::exactly(low, high, 0.0, 160.0).ticks(30.0);
        assert_eq!(ticks(1.0, 1e9), [1.0, 1e2, 1e4, 1e6, 1e8]);
        assert_eq!(ticks(1.0, 10.0), [1.0, 2.0, 5.0, 10.0]);
        assert_eq!(ticks(2.0, 1e4), [10.0, 100.0, 1000.0, 1e4]);
        for high in [1.3, 1.8, 4.0, 30.0, 1e3, 1e5, 1e12] {
            let scale = Scale::exactly(0.9, high, 0.0, 160.0);
            let ticks = scale.ticks(30.0);
            assert!(!ticks.is_empty() && ticks.windows(2).all(|t| scale.at(t[1]) - scale.at(t[0]) >= 30.0), "{high}: {ticks:?}");
        }
    }

    #[test]
    fn any_numbers_make_an_axis() {
        let numbers = [0.0, -1.0, 5e-324, 1e-300, 1.0, 1e300, f64::MAX, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
        for (a, b) in numbers.iter().flat_map(|a| numbers.iter().map(move |b| (*a, *b))) {
            for scale in [Scale::exactly(a, b, 0.0, 100.0), Scale::around([a, b], 0.0, 100.0)] {
                assert!(scale.low() > 0.0 && scale.low() < scale.high() && scale.high().is_finite(), "{scale:?}");
                assert!(scale.ticks(20.0).len() < 10, "{scale:?}");
                for value in numbers {
                    assert!((-0.001..100.001).contains(&scale.at(value)), "{value} on {scale:?}");
                }
            }
        }
    }

    #[test]
    fn an_axis_without_a_value_is_still_one() {
        let scale = Scale::around([0.0, f64::NAN], 0.0, 10.0);
        assert!(scale.low() < scale.high());
    }
}
