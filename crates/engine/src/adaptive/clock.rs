//! Time, without what looking at it takes.

use std::sync::OnceLock;
use std::time::Instant;

/// Looks by which the clock is measured.
const LOOKS: usize = 16;

/// Nanoseconds that two looks at the clock find between them where nothing is.
pub(super) fn look() -> u64 {
    static LOOK: OnceLock<u64> = OnceLock::new();
    *LOOK.get_or_init(|| (0..LOOKS).map(|_| nanoseconds(Instant::now())).min().unwrap_or_default())
}

fn nanoseconds(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// Nanoseconds since a look at the clock.
pub(super) fn since(start: Instant) -> u64 {
    nanoseconds(start).saturating_sub(look())
}
