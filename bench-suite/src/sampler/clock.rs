//! Reading the clock: samples of repeated work, and of calls one by one.

use std::hint::black_box;
use std::time::{Duration, Instant};

use quintet_results::{median, quantile};

/// The least time that is ever stated, ns: what is left of a call that takes less than the clock's own cost varies by.
const LEAST: f64 = 1.0;

/// Calls before those that are timed: a quarter as many, so that caches and branch predictors hold nothing of the row that ran before.
/// What runs once per sample takes so long that this does not matter.
fn warming(repeats: usize) -> usize {
    if repeats > 1 { repeats.div_ceil(4) } else { 0 }
}

/// ns that one of `repeats` calls of `work` takes.
pub(super) fn time<T, E>(repeats: usize, mut work: impl FnMut() -> Result<T, E>) -> Result<f64, E> {
    for _ in 0..warming(repeats) {
        black_box(work()?);
    }
    let start = Instant::now();
    for _ in 0..repeats {
        black_box(work()?);
    }
    Ok((start.elapsed().as_nanos() as f64 / repeats as f64).max(LEAST))
}

/// As [`time`] for work that uses something up; `make` makes it, untimed.
pub(super) fn time_using<I, T, E>(repeats: usize, make: impl Fn() -> I, mut work: impl FnMut(I) -> Result<T, E>) -> Result<f64, E> {
    let mut inputs: Vec<I> = (0..repeats + warming(repeats)).map(|_| make()).collect();
    time(repeats, || work(inputs.pop().unwrap_or_else(&make)))
}

/// How often `work` must be repeated to fill a sample. It is called for as long as a sample lasts, which warms it up.
pub(super) fn repeats<T, E>(sample: Duration, mut work: impl FnMut() -> Result<T, E>) -> Result<usize, E> {
    black_box(work()?);
    let (start, mut calls) = (Instant::now(), 0u128);
    loop {
        black_box(work()?);
        calls += 1;
        let elapsed = start.elapsed();
        if elapsed >= sample {
            return Ok((sample.as_nanos() * calls / elapsed.as_nanos().max(1)).clamp(1, 1_000_000) as usize);
        }
    }
}

/// ns that reading the clock twice takes: the median of readings with nothing between them.
pub(super) fn cost() -> f64 {
    let empty: Vec<f64> = (0..1001).map(|_| elapsed(Instant::now())).collect();
    median(&empty)
}

fn elapsed(start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64
}

/// ns of a single call and of the clock.
pub(super) fn raw<T, E>(work: impl FnOnce() -> Result<T, E>) -> Result<f64, E> {
    let start = Instant::now();
    black_box(work()?);
    Ok(elapsed(start))
}

/// ns of a single call, without the clock's `cost`.
pub(super) fn once<T, E>(cost: f64, work: impl FnOnce() -> Result<T, E>) -> Result<f64, E> {
    Ok((raw(work)? - cost).max(LEAST))
}

/// The median and the 99th percentile of calls that are timed one by one, ns, without the clock's `cost`.
pub(super) fn latency<E>(cost: f64, calls: impl Iterator<Item = Result<f64, E>>) -> Result<(f64, f64), E> {
    let ns = calls.collect::<Result<Vec<f64>, E>>()?;
    Ok(((quantile(&ns, 0.5) - cost).max(LEAST), (quantile(&ns, 0.99) - cost).max(LEAST)))
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn quantiles_are_of_calls_without_the_clock() {
        let calls = (0..=100).map(|i| Ok::<_, Infallible>(25.0 + f64::from(i)));
        assert_eq!(latency(20.0, calls), Ok((55.0, 104.0)));
        assert_eq!(latency(20.0, (0..10).map(|_| Ok::<_, Infallible>(19.0))), Ok((LEAST, LEAST)));
    }

    #[test]
    fn repeats_fill_a_sample_and_never_fall_below_one() {
        let wait = |ms| move || Ok::<_, Infallible>(std::thread::sleep(Duration::from_millis(ms)));
        assert_eq!(repeats(Duration::from_millis(1), wait(5)), Ok(1));
        // A busy machine may wait longer than it is asked to, but no shorter.
        assert!(repeats(Duration::from_millis(60), wait(5)).is_ok_and(|n| n <= 12));
        assert!(repeats(Duration::from_millis(20), || Ok::<_, Infallible>(())).is_ok_and(|n| n > 100));
        assert_eq!(repeats(Duration::from_millis(1), || Err::<(), _>("no")), Err("no"));
    }

    #[test]
    fn what_is_used_up_is_made_before_the_clock_starts() {
        let mut used = 0;
        let make = || std::thread::sleep(Duration::from_millis(50));
        let ns = time_using(3, make, |()| {
            used += 1;
            Ok::<_, Infallible>(())
        });
        assert!(ns.is_ok_and(|ns| ns < 40e6), "{ns:?}");
        assert_eq!(used, 4, "one call warms up");
    }
}
