//! How much of an input is waited for before what is there goes on.

use std::io::{Error, ErrorKind, Result};
use std::time::{Duration, Instant};

use crate::live::Deadline;
use crate::reader::ReaderOptions;
use crate::window::{ROOM, Window};

/// How a piece of an input is gathered. Of a stream that is at hand a piece is as much as a window has room for; of a live one it is what
/// comes until the deadline, which the first record of the piece sets.
pub(crate) struct Pace<'a> {
    live: Option<&'a Deadline>,
    patience: Duration,
    records: usize,
}

impl<'a> Pace<'a> {
    pub(crate) fn new(live: Option<&'a Deadline>, options: &ReaderOptions) -> Pace<'a> {
        if let Some(deadline) = live {
            deadline.set(None);
        }
        Pace { live, patience: options.patience, records: options.batch_records.max(1) }
    }

    /// Reads on, where `seen` bytes were looked at: until something more is at hand, or of a stream that is no live one until much is.
    /// False at the end of the stream.
    pub(crate) fn fill(&self, window: &mut Window, seen: usize) -> Result<bool> {
        let want = if self.live.is_some() { seen + 1 } else { ROOM.max(seen + 1) };
        window.fill(want)
    }

    /// Something of the piece is there.
    #[inline]
    pub(crate) fn begin(&self) {
        if let Some(deadline) = self.live.filter(|deadline| !deadline.is_set()) {
            deadline.set(Some(Instant::now() + self.patience));
        }
    }

    /// Whether a piece of so many bytes and records, which is not empty, waits for more.
    #[inline]
    pub(crate) fn goes_on(&self, bytes: usize, records: usize) -> bool {
        self.live.is_some() && bytes < ROOM && records < self.records
    }

    /// Whether what a read failed by is that the piece waited for long enough.
    pub(crate) fn is_over(&self, error: &Error) -> bool {
        self.live.is_some() && error.kind() == ErrorKind::TimedOut
    }
}
