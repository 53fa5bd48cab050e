//! Reading clocks: samples of repeated work by the thread's own time on a processor, which stands still while other processes have it; and
//! of calls one by one by the wall's, whose reading costs less than such calls.

use std::cell::Cell;
use std::hint::black_box;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use quintet_results::{median, quantile};

/// The least time that is ever stated, ns: a call may take less than the clock's own cost varies by.
const LEAST: f64 = 1.0;

/// Parts that a sample is timed in, where what it measures repeats so often.
const LAPS: usize = 10;

/// A lap that took so many times as long as the sample's median lap was disturbed, by other processes' use of the caches or by the machine
/// below a virtual one, and says nothing of the row. What a row does from time to time, such as collecting garbage, takes less and counts.
const INTERRUPTED: f64 = 2.0;

/// The stopwatch of a workload.
#[derive(Debug, Default)]
pub(super) struct Clock {
    /// ns that reading the wall's clock twice takes.
    cost: Cell<f64>,
    /// ns that reading the thread's clock twice takes.
    thread_cost: Cell<f64>,
    laps: Cell<u64>,
    disturbed: Cell<u64>,
}

impl Clock {
    /// Measures once more what reading the clocks costs, the median of readings with nothing between them, and answers that of the wall's
    /// clock, ns.
    pub(super) fn adjust(&self) -> f64 {
        let wall: Vec<f64> = (0..1001).map(|_| elapsed(Instant::now())).collect();
        let thread: Vec<f64> = (0..101).map(|_| on_processor(start())).collect();
        self.cost.set(median(&wall));
        self.thread_cost.set(median(&thread));
        self.cost.get()
    }

    /// Laps, and how many of them were disturbed and left out.
    pub(super) fn laps(&self) -> (u64, u64) {
        (self.laps.get(), self.disturbed.get())
    }

    /// ns that one of about `repeats` calls of `work` takes: the mean over the laps that were not disturbed.
    pub(super) fn time<T, E>(&self, repeats: usize, mut work: impl FnMut() -> Result<T, E>) -> Result<f64, E> {
        for _ in 0..warming(repeats) {
            black_box(work()?);
        }
        let (laps, calls) = laps(repeats);
        let mut ns = Vec::with_capacity(laps);
        for _ in 0..laps {
            let started = start();
            for _ in 0..calls {
                black_box(work()?);
            }
            ns.push((on_processor(started) - self.thread_cost.get()).max(0.0) / calls as f64);
        }
        Ok(self.sample(&ns))
    }

    /// As [`Clock::time`] for work that uses something up; `make` makes it, untimed.
    pub(super) fn time_using<I, T, E>(
        &self,
        repeats: usize,
        make: impl Fn() -> I,
        mut work: impl FnMut(I) -> Result<T, E>,
    ) -> Result<f64, E> {
        let (laps, calls) = laps(repeats);
        let mut inputs: Vec<I> = (0..laps * calls + warming(repeats)).map(|_| make()).collect();
        self.time(repeats, || work(inputs.pop().unwrap_or_else(&make)))
    }

    /// The mean of the laps that were not disturbed.
    fn sample(&self, laps: &[f64]) -> f64 {
        // With less than three laps nobody knows which of them was disturbed.
        let most = if laps.len() < 3 { f64::INFINITY } else { INTERRUPTED * median(laps) };
        let kept: Vec<f64> = laps.iter().copied().filter(|ns| *ns <= most).collect();
        self.laps.set(self.laps.get() + laps.len() as u64);
        self.disturbed.set(self.disturbed.get() + (laps.len() - kept.len()) as u64);
        (kept.iter().sum::<f64>() / kept.len() as f64).max(LEAST)
    }

    /// ns of a single call, without the clock's own.
    pub(super) fn once<T, E>(&self, work: impl FnOnce() -> Result<T, E>) -> Result<f64, E> {
        Ok((raw(work)? - self.cost.get()).max(LEAST))
    }

    /// The median and the 99th percentile of calls that were timed [raw], ns, without the clock's own.
    pub(super) fn latency<E>(&self, calls: impl Iterator<Item = Result<f64, E>>) -> Result<(f64, f64), E> {
        let ns = calls.collect::<Result<Vec<f64>, E>>()?;
        let quantile = |q| (quantile(&ns, q) - self.cost.get()).max(LEAST);
        Ok((quantile(0.5), quantile(0.99)))
    }
}

/// Calls before those that are timed: a quarter as many, so that caches and branch predictors hold nothing of the row that ran before.
/// What runs once per sample takes so long that this does not matter.
fn warming(repeats: usize) -> usize {
    if repeats > 1 { repeats.div_ceil(4) } else { 0 }
}

/// How many laps, and calls in each of them, make up `repeats` calls or a few more.
fn laps(repeats: usize) -> (usize, usize) {
    let calls = repeats.div_ceil(LAPS).max(1);
    (repeats.div_ceil(calls).max(1), calls)
}

/// Samples of the wall's time after which work that has hardly had a processor is taken for work that waits.
const WAITING: u32 = 50;

/// How often `work` must be repeated to fill a sample; at least three times, so that an interruption shows, unless it takes far longer than
/// a sample. It is called for as long as a sample lasts, which warms it up.
pub(super) fn repeats<T, E>(sample: Duration, mut work: impl FnMut() -> Result<T, E>) -> Result<usize, E> {
    black_box(work()?);
    let (wall, started, mut calls) = (Instant::now(), start(), 0.0);
    let sample_ns = sample.as_nanos() as f64;
    loop {
        black_box(work()?);
        calls += 1.0;
        let ns = on_processor(started);
        // Work that waits has no processor; then the wall's clock counts.
        let waits = wall.elapsed() >= WAITING * sample;
        if ns >= sample_ns || waits {
            let ns = if ns >= sample_ns { ns } else { elapsed(wall) };
            let least = if ns <= 4.0 * sample_ns { 3.0 } else { 1.0 };
            return Ok((sample_ns * calls / ns).clamp(least, 1e6) as usize);
        }
    }
}

/// ns of a single call and of the clock.
pub(super) fn raw<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<f64, E> {
    let start = Instant::now();
    black_box(work()?);
    Ok(elapsed(start))
}

/// The thread's clock, or the wall's on a machine whose threads have none.
fn start() -> Result<ThreadTime, Instant> {
    ThreadTime::try_now().map_err(|_| Instant::now())
}

/// ns that this thread had a processor since.
fn on_processor(start: Result<ThreadTime, Instant>) -> f64 {
    match start {
        Ok(thread) => thread.try_elapsed().map_or(0.0, |time| time.as_nanos() as f64),
        Err(wall) => elapsed(wall),
    }
}

fn elapsed(start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn quantiles_are_of_calls_without_the_clock() {
        let clock = Clock { cost: Cell::new(20.0), ..Clock::default() };
        let calls = (0..=100).map(|i| Ok::<_, Infallible>(25.0 + f64::from(i)));
        assert_eq!(clock.latency(calls), Ok((55.0, 104.0)));
        assert_eq!(clock.latency((0..10).map(|_| Ok::<_, Infallible>(19.0))), Ok((LEAST, LEAST)));
    }

    #[test]
    fn disturbed_laps_are_left_out_and_counted_and_slow_ones_are_not() {
        let clock = Clock::default();
        assert_eq!(clock.sample(&[10.0, 10.0, 400.0, 10.0, 16.0, 10.0, 10.0, 24.0]), 11.0);
        assert_eq!(clock.laps(), (8, 2));
        assert_eq!(clock.sample(&[10.0, 400.0]), 205.0, "of two laps neither is known to be right");
        assert_eq!(clock.laps(), (10, 2));
    }

    #[test]
    fn laps_make_up_the_repeats() {
        for (repeats, expected) in [(1, (1, 1)), (3, (3, 1)), (10, (10, 1)), (11, (6, 2)), (1000, (10, 100))] {
            assert_eq!(laps(repeats), expected, "{repeats}");
        }
        let mut calls = 0;
        let count = || {
            calls += 1;
            Ok::<_, Infallible>(())
        };
        assert!(Clock::default().time(1000, count).is_ok());
        assert_eq!(calls, 1250, "a quarter warms up");
    }

    #[test]
    fn repeats_fill_a_sample() {
        let wait = |ms| {
            move || {
                std::thread::sleep(Duration::from_millis(ms));
                Ok::<_, Infallible>(())
            }
        };
        // So long that the first call is past what tells waiting from working, whatever a slow machine takes to put a thread to sleep.
        assert_eq!(repeats(Duration::from_millis(1), wait(60)), Ok(1));
        assert!(repeats(Duration::from_millis(20), || Ok::<_, Infallible>(())).is_ok_and(|n| n > 100));
        assert_eq!(repeats(Duration::from_millis(1), || Err::<(), _>("no")), Err("no"));
    }

    #[test]
    fn what_is_used_up_is_made_before_the_clock_starts() {
        let mut used = 0;
        let make = || std::thread::sleep(Duration::from_millis(50));
        let ns = Clock::default().time_using(3, make, |()| {
            used += 1;
            Ok::<_, Infallible>(())
        });
        assert!(ns.is_ok_and(|ns| ns < 40e6), "{ns:?}");
        assert_eq!(used, 4, "one call warms up");
    }

    #[test]
    fn the_thread_s_clock_stands_still_while_the_thread_does() {
        let rest = || {
            std::thread::sleep(Duration::from_millis(20));
            Ok::<_, Infallible>(())
        };
        assert!(Clock::default().time(3, rest).is_ok_and(|ns| ns < 10e6));
    }
}
