//! Bytes in a batch, and searching them for short needles.
//!
//! Where values are short, what a general search costs is its start and its end. This one compares 16 places at a time and has neither:
//! it reads past the value where that is shorter, into whatever follows it in the batch, and drops what it finds there.

use quintet_arena::{Memory, PADDING};

#[cfg(target_arch = "aarch64")]
use memchr::arch::aarch64::neon::{memchr::One, packedpair::Finder};
#[cfg(target_arch = "x86_64")]
use memchr::arch::x86_64::sse2::{memchr::One, packedpair::Finder};
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
use portable::{Finder, One};

/// Bytes of the batch: its memory and the slot's word.
#[derive(Clone, Copy)]
pub struct StoredBytes<'a> {
    memory: Memory<'a>,
    word: u64,
}

impl<'a> StoredBytes<'a> {
    /// Those that the word of a slot refers to.
    #[inline(always)]
    pub fn new(memory: Memory<'a>, word: u64) -> StoredBytes<'a> {
        StoredBytes { memory, word }
    }

    /// Their number.
    #[inline(always)]
    #[allow(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(self) -> usize {
        (self.word >> 32) as usize
    }

    /// The bytes.
    #[inline(always)]
    pub fn get(self) -> &'a [u8] {
        self.window(self.len())
    }

    /// The first 8 bytes as a number, the first byte lowest; what lies behind a shorter value is part of it.
    #[inline(always)]
    pub fn head(self) -> u64 {
        self.window(8).first_chunk().map_or(0, |b| u64::from_le_bytes(*b))
    }

    /// `len` bytes from the first on. They may pass the end by [`PADDING`]: a batch has that much behind its last
    /// value.
    #[inline(always)]
    pub fn window(self, len: usize) -> &'a [u8] {
        self.memory.bytes(self.word as u32 as usize, len)
    }
}

/// Bytes compared at once.
const LANES: usize = 16;

/// The longest needle: a search for it that begins within a value ends within the padding of the batch.
const LONGEST: usize = PADDING - LANES;

/// A needle of 2 to [`LONGEST`] bytes.
#[derive(Clone, Debug)]
pub struct ShortNeedle {
    finder: Finder,
    /// The fewest bytes that the finder can search.
    window: usize,
    needle: Box<[u8]>,
}

impl ShortNeedle {
    /// The needle, if it is short and the machine has the instructions.
    pub fn new(needle: &[u8]) -> Option<ShortNeedle> {
        let finder = Finder::new(needle).filter(|_| needle.len() <= LONGEST)?;
        Some(ShortNeedle { window: finder.min_haystack_len(), finder, needle: needle.into() })
    }

    /// Whether the needle occurs in the bytes.
    #[inline]
    pub fn is_in(&self, bytes: StoredBytes<'_>) -> bool {
        let Some(places) = bytes.len().checked_sub(self.needle.len()) else {
            return false;
        };
        let window = bytes.window(bytes.len().max(self.window));
        self.finder.find(window, &self.needle).is_some_and(|at| at <= places)
    }
}

/// A needle of one byte.
#[derive(Clone, Debug)]
pub struct OneByte(One);

impl OneByte {
    /// The needle, if the machine has the instructions.
    pub fn new(byte: u8) -> Option<OneByte> {
        One::new(byte).map(OneByte)
    }

    /// Whether the byte occurs in the bytes.
    #[inline]
    pub fn is_in(&self, bytes: StoredBytes<'_>) -> bool {
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
