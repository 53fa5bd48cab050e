//! The one way in which quantities are estimated and compared, wherever two rows stand side by side.
//!
//! A quantity was sampled in several processes, round by round. What it is taken to be is the mean over the processes of the logarithm's
//! interquartile mean over the rounds, so a ratio of two quantities is the ratio of what either is taken to be: orders are transitive, and
//! the ratio of two printed times is the printed ratio. How far it can be trusted has two levels. Rounds are paired, and the variance of a
//! process's trimmed mean is that of Tukey and McLaughlin (1963, Sankhya A 25:331) for the difference of two rows (Yuen 1974, Biometrika
//! 61:165). Processes differ in where code and memory lie and in what a trace compiler found first, which no round of one of them shows:
//! their differences have a Student interval of their own. But three processes may agree by chance, so that they are never taken to be closer
//! than processes are known to be. The widest of these is the interval.

use crate::stats::Interval;
use crate::student::{t_beyond, t_quantile};

/// How many of a process's rounds are cut off at either end: a quarter.
const CUT: usize = 4;

/// The chance that an interval does not hold what it estimates.
const BEYOND: f64 = 0.05;

/// How far apart processes are known to be, as the standard deviation of a ratio's logarithm between them. `scripts/repeatability.py` prints
/// what it is for each ratio that it looks at.
const APART: f64 = 0.06;

/// The degrees of freedom with which that is known: so many processes have been looked at.
const LOOKED_AT: f64 = 200.0;

/// The logarithm of a quantity: process by process, round by round.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    processes: Vec<Process>,
}

/// One process's share of a sample.
#[derive(Clone, Debug, PartialEq)]
struct Process {
    /// The interquartile mean over the rounds.
    centre: f64,
    /// The rounds in their order, those that are cut off moved to the nearest that is not.
    winsorised: Vec<f64>,
}

/// What a logarithm is taken to be, and how far that can be trusted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// What it is taken to be.
    pub mean: f64,
    /// The variance of `mean`; 0 where a single round says nothing about it.
    pub variance: f64,
    /// The degrees of freedom of `variance`.
    pub freedom: f64,
}

impl Sample {
    /// The sample of positive numbers: one list per process, in order of the rounds. Processes without rounds are left out.
    pub fn new(processes: impl IntoIterator<Item = impl IntoIterator<Item = f64>>) -> Sample {
        let logs = processes.into_iter().map(|rounds| rounds.into_iter().map(f64::ln).collect::<Vec<f64>>());
        Sample { processes: logs.filter(|rounds| !rounds.is_empty()).map(Process::new).collect() }
    }

    /// What the quantity's logarithm is taken to be; NaN without any round.
    pub fn mean(&self) -> f64 {
        mean(self.processes.iter().map(|p| p.centre))
    }

    /// What the quantity is in each process.
    pub fn by_process(&self) -> Vec<f64> {
        self.processes.iter().map(|p| p.centre.exp()).collect()
    }

    /// The quantity by itself.
    pub fn estimate(&self) -> Estimate {
        let alone = |p: &Process| (p.centre, p.variance(&p.winsorised), p.freedom());
        two_levels(self.mean(), self.processes.iter().map(alone), APART)
    }

    /// The logarithm of its ratio to `other`, another quantity that was sampled in the same rounds of the same processes. To itself it is
    /// exactly 0.
    pub fn to(&self, other: &Sample) -> Estimate {
        self.paired(other, if self == other { 0.0 } else { APART })
    }

    /// The logarithm of its ratio to the same thing, sampled once more in the same rounds: to both each process does the same.
    pub fn to_again(&self, again: &Sample) -> Estimate {
        self.paired(again, 0.0)
    }

    fn paired(&self, other: &Sample, apart: f64) -> Estimate {
        let pairs = self.processes.iter().zip(&other.processes);
        let paired = pairs.map(|(a, b)| {
            let apart: Vec<f64> = a.winsorised.iter().zip(&b.winsorised).map(|(a, b)| a - b).collect();
            (a.centre - b.centre, a.variance(&apart), a.freedom().min(b.freedom()))
        });
        two_levels(self.mean() - other.mean(), paired, apart)
    }
}

impl Process {
    fn new(rounds: Vec<f64>) -> Process {
        let mut sorted = rounds.clone();
        sorted.sort_by(f64::total_cmp);
        let cut = sorted.len() / CUT;
        let kept = &sorted[cut..sorted.len() - cut];
        let (low, high) = (kept.first().copied().unwrap_or(f64::NAN), kept.last().copied().unwrap_or(f64::NAN));
        Process { centre: mean(kept.iter().copied()), winsorised: rounds.into_iter().map(|r| r.max(low).min(high)).collect() }
    }

    /// Rounds that are not cut off.
    fn kept(&self) -> f64 {
        (self.winsorised.len() - 2 * (self.winsorised.len() / CUT)) as f64
    }

    fn freedom(&self) -> f64 {
        self.kept() - 1.0
    }

    /// The variance of a difference of centres, from the winsorised rounds' differences.
    fn variance(&self, winsorised: &[f64]) -> f64 {
        let (rounds, kept) = (winsorised.len() as f64, self.kept());
        if kept < 2.0 { 0.0 } else { variance(winsorised) * (rounds - 1.0) / (kept * (kept - 1.0)) }
    }
}

/// The widest of both levels and of what is known: processes are at least this far `apart`. Of each process: its mean, the variance of that,
/// and its degrees of freedom.
fn two_levels(mean: f64, processes: impl Iterator<Item = (f64, f64, f64)>, apart: f64) -> Estimate {
    let processes: Vec<(f64, f64, f64)> = processes.collect();
    let count = processes.len() as f64;
    let within = Estimate {
        mean,
        variance: processes.iter().map(|p| p.1).sum::<f64>() / (count * count),
        freedom: processes.iter().map(|p| p.2).sum(),
    };
    if processes.len() < 2 {
        return within;
    }
    let centres: Vec<f64> = processes.iter().map(|p| p.0).collect();
    let between = Estimate { mean, variance: variance(&centres) / count, freedom: count - 1.0 };
    let known = Estimate { mean, variance: apart * apart / count, freedom: LOOKED_AT };
    [between, known].into_iter().fold(within, |widest, other| if other.half() > widest.half() { other } else { widest })
}

impl Estimate {
    /// The mean of independent estimates; exactly NaN without any.
    pub fn mean_of(estimates: &[Estimate]) -> Estimate {
        let count = estimates.len() as f64;
        let sum = Estimate::sum(estimates, |e| e.mean);
        Estimate { mean: sum.mean / count, variance: sum.variance / (count * count), ..sum }
    }

    /// How far it is from an independent one.
    pub fn less(&self, other: &Estimate) -> Estimate {
        let other = Estimate { mean: -other.mean, ..*other };
        Estimate::sum(&[*self, other], |e| e.mean)
    }

    /// The sum of independent estimates. Degrees of freedom as Welch (1947, Biometrika 34:28) and Satterthwaite combine them.
    fn sum(estimates: &[Estimate], mean: impl Fn(&Estimate) -> f64) -> Estimate {
        let variance: f64 = estimates.iter().map(|e| e.variance).sum();
        let weights: f64 = estimates.iter().filter(|e| e.variance > 0.0).map(|e| e.variance * e.variance / e.freedom).sum();
        let freedom = if weights > 0.0 { variance * variance / weights } else { 0.0 };
        Estimate { mean: estimates.iter().map(mean).sum(), variance, freedom }
    }

    /// How far the interval at 95 % reaches to either side.
    pub fn half(&self) -> f64 {
        if self.variance > 0.0 && self.freedom > 0.0 { t_quantile(BEYOND, self.freedom) * self.variance.sqrt() } else { 0.0 }
    }

    /// How probable it is to be so far from 0 by chance, to either side.
    pub fn chance(&self) -> f64 {
        match (self.mean == 0.0, self.variance > 0.0 && self.freedom > 0.0) {
            (true, _) => 1.0,
            (false, true) => t_beyond(self.mean / self.variance.sqrt(), self.freedom),
            (false, false) => 0.0,
        }
    }

    /// The quantity that it is the logarithm of, with its interval at 95 %.
    pub fn interval(&self) -> Interval {
        let half = self.half();
        Interval { value: self.mean.exp(), low: (self.mean - half).exp(), high: (self.mean + half).exp() }
    }
}

/// The mean; NaN of nothing.
fn mean(values: impl IntoIterator<Item = f64>) -> f64 {
    let (sum, count) = values.into_iter().fold((0.0, 0usize), |(s, n), v| (s + v, n + 1));
    sum / count as f64
}

/// The variance of what values were drawn from; 0 of less than two.
fn variance(values: &[f64]) -> f64 {
    let middle = mean(values.iter().copied());
    let squares: f64 = values.iter().map(|v| (v - middle) * (v - middle)).sum();
    if values.len() < 2 { 0.0 } else { squares / (values.len() - 1) as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(a: &[&[f64]], b: &[&[f64]]) -> Interval {
        let sample = |of: &[&[f64]]| Sample::new(of.iter().map(|rounds| rounds.iter().copied()));
        sample(a).to(&sample(b)).interval()
    }

    #[test]
    fn a_shared_disturbance_cancels_in_the_ratio() {
        let noise = [1.0, 1.7, 0.9, 3.0, 1.1, 1.2, 2.4, 1.0];
        let a: Vec<f64> = noise.iter().map(|n| n * 30.0).collect();
        let b: Vec<f64> = noise.iter().map(|n| n * 10.0).collect();
        let ratio = ratio(&[&a], &[&b]);
        assert!((ratio.value - 3.0).abs() < 1e-9 && (ratio.high - ratio.low).abs() < 1e-9, "{ratio:?}");
    }

    #[test]
    fn ratios_are_transitive_and_reciprocal() {
        let (a, b, c) = ([3.0, 9.0, 4.0, 5.0, 1.0], [2.0, 2.5, 8.0, 1.0, 3.0], [7.0, 1.0, 2.0, 2.0, 9.0]);
        let (ab, bc, ac, ba) = (ratio(&[&a], &[&b]), ratio(&[&b], &[&c]), ratio(&[&a], &[&c]), ratio(&[&b], &[&a]));
        assert!((ab.value * bc.value / ac.value - 1.0).abs() < 1e-12 && (ab.low * ba.high - 1.0).abs() < 1e-12);
    }

    #[test]
    fn the_interval_agrees_with_one_worked_out_by_hand() {
        // Logarithms 1, 2, 3, 4, 10 and 0 everywhere: 2, 3, 4 are kept, winsorised 2, 2, 3, 4, 4 with variance 1. The variance of the mean
        // is 1 * 4 / (3 * 2), and t with 2 degrees of freedom 4.3027.
        let a: Vec<f64> = [3.0, 1.0, 10.0, 2.0, 4.0f64].map(f64::exp).into();
        let found = ratio(&[&a], &[&[1.0; 5]]);
        assert!(
            (found.value.ln() - 3.0).abs() < 1e-12 && (found.high.ln() - 3.0 - 4.3027 * (4.0f64 / 6.0).sqrt()).abs() < 1e-3,
            "{found:?}"
        );
    }

    #[test]
    fn a_process_of_its_own_kind_widens_the_interval() {
        let (usual, slow) = ([10.0, 10.1, 9.9, 10.0, 10.05], [41.0, 41.2, 40.9, 41.0, 41.1]);
        let other: [f64; 5] = [5.0; 5];
        let like = ratio(&[&usual, &usual, &usual, &usual, &usual], &[&other[..]; 5]);
        let unlike = ratio(&[&usual, &usual, &slow, &usual, &usual], &[&other[..]; 5]);
        assert!(like.high / like.low < 1.12, "{like:?}");
        assert!(unlike.low < 2.0 && unlike.high > 4.1, "{unlike:?}");
    }

    #[test]
    fn processes_that_agree_by_chance_are_not_believed_to_be_alike() {
        let (a, b) = ([2.0; 5], [1.0; 5]);
        // Processes are 6 % apart; t with 200 degrees of freedom is 1.9719.
        let half = 1.9719 * 0.06 / 3f64.sqrt();
        let agreeing = ratio(&[&a[..]; 3], &[&b[..]; 3]);
        assert!((agreeing.value - 2.0).abs() < 1e-12 && (agreeing.high.ln() - 2f64.ln() - half).abs() < 1e-4, "{agreeing:?}");
    }

    #[test]
    fn a_row_is_exactly_itself_and_its_repetition_shares_its_processes() {
        let (a, b) = (Sample::new([[3.0; 4], [3.3; 4]]), Sample::new([[3.01; 4], [3.3; 4]]));
        assert_eq!(a.to(&a).interval(), Interval { value: 1.0, low: 1.0, high: 1.0 });
        assert!(a.to_again(&b).half() > 0.0 && a.to_again(&b).half() < a.to(&b).half());
    }

    #[test]
    fn one_round_has_no_interval_but_itself() {
        assert_eq!(ratio(&[&[6.0]], &[&[2.0]]).low, ratio(&[&[6.0]], &[&[2.0]]).high);
        assert!(Sample::new([[0.0; 0]]).mean().is_nan());
    }
}
