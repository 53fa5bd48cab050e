//! Searching the batch for short needles.
//!
//! Where values are short, what a general search costs is its start and its end. This one compares 16 places at a time and has neither:
//! it reads past the value where that is shorter, into whatever follows it in the batch, and drops what it finds there.

use quintet_runtime::PADDING;

use crate::kind::StoredBytes;

#[cfg(target_arch = "aarch64")]
use memchr::arch::aarch64::neon::{memchr::One, packedpair::Finder};
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::{memchr::One, packedpair::Finder};
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use portable::{Finder, One};

/// Bytes compared at once.
const LANES: usize = 16;

/// The longest needle: a search for it that begins within a value ends within the padding of the batch.
const LONGEST: usize = PADDING - LANES;

/// A needle of 2 to [`LONGEST`] bytes.
pub(crate) struct ShortNeedle {
    finder: Finder,
    /// The fewest bytes that the finder can search.
    window: usize,
    needle: Box<[u8]>,
}

impl ShortNeedle {
    /// The needle, if it is short and the machine has the instructions.
    pub(crate) fn new(needle: &[u8]) -> Option<ShortNeedle> {
        let finder = Finder::new(needle).filter(|_| needle.len() <= LONGEST)?;
        Some(ShortNeedle { window: finder.min_haystack_len(), finder, needle: needle.into() })
    }

    /// Whether the needle occurs in the bytes.
    #[inline]
    pub(crate) fn is_in(&self, bytes: StoredBytes<'_>) -> bool {
        let Some(places) = bytes.len().checked_sub(self.needle.len()) else {
            return false;
        };
        let window = bytes.window(bytes.len().max(self.window));
        self.finder.find(window, &self.needle).is_some_and(|at| at <= places)
    }
}

/// A needle of one byte.
pub(crate) struct OneByte(One);

impl OneByte {
    /// The needle, if the machine has the instructions.
    pub(crate) fn new(byte: u8) -> Option<OneByte> {
        One::new(byte).map(OneByte)
    }

    /// Whether the byte occurs in the bytes.
    #[inline]
    pub(crate) fn is_in(&self, bytes: StoredBytes<'_>) -> bool {
        let window = bytes.window(bytes.len().max(LANES));
        self.0.find(window).is_some_and(|at| at < bytes.len())
    }
}

/// Machines for which there is no vector search: no needle is short, and the general search is used.
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod portable {
    pub(super) enum Finder {}
    pub(super) enum One {}

    impl Finder {
        pub(super) fn new(_: &[u8]) -> Option<Finder> {
            None
        }

        pub(super) fn min_haystack_len(&self) -> usize {
            match *self {}
        }

        pub(super) fn find(&self, _: &[u8], _: &[u8]) -> Option<usize> {
            match *self {}
        }
    }

    impl One {
        pub(super) fn new(_: u8) -> Option<One> {
            None
        }

        pub(super) fn find(&self, _: &[u8]) -> Option<usize> {
            match *self {}
        }
    }
}
