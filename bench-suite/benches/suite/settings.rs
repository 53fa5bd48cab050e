//! Criterion's settings, and things that are made at their first use.

use std::cell::LazyCell;
use std::time::Duration;

use criterion::Criterion;

/// Settings that let some 700 benchmarks end within a quarter of an hour. Criterion's flags override them.
pub fn settings() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .nresamples(10_000)
}

/// Something that is made when a benchmark that needs it first runs, so that a filtered run makes no more than it measures. It is to be
/// used before the timed loop begins.
pub type Lazy<'l, T> = LazyCell<T, Box<dyn FnOnce() -> T + 'l>>;

/// What `make` gives, at its first use.
pub fn lazy<'l, T>(make: impl FnOnce() -> T + 'l) -> Lazy<'l, T> {
    LazyCell::new(Box::new(make))
}
