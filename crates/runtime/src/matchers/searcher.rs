//! Searching for a constant.

use memchr::memmem::Finder;

use crate::matchers::short::{OneByte, ShortNeedle, StoredBytes};
use crate::scratch::looked_at;

/// A needle, prepared for being searched many times.
#[derive(Clone, Debug)]
pub struct Searcher {
    finder: Finder<'static>,
    /// For values in a batch, where the needle is short and the machine has the instructions.
    short: Option<Short>,
}

#[derive(Clone, Debug)]
enum Short {
    One(OneByte),
    Few(ShortNeedle),
}

impl Searcher {
    /// Prepares a needle.
    pub fn new(needle: &[u8]) -> Searcher {
        let short = match *needle {
            [byte] => OneByte::new(byte).map(Short::One),
            _ => ShortNeedle::new(needle).map(Short::Few),
        };
        Searcher { finder: Finder::new(needle).into_owned(), short }
    }

    /// Whether the needle occurs in `haystack`; an empty one does.
    #[inline]
    pub fn is_in(&self, haystack: &[u8]) -> bool {
        self.finder.find(haystack).is_some()
    }

    /// Whether the needle occurs in bytes of a batch.
    #[inline]
    pub fn is_in_batch(&self, bytes: StoredBytes<'_>) -> bool {
        match &self.short {
            Some(Short::One(needle)) => needle.is_in(bytes),
            Some(Short::Few(needle)) => needle.is_in(bytes),
            None => self.is_in(bytes.get()),
        }
    }

    /// Whether a needle that is used once occurs in `haystack`; an empty one does.
    #[inline]
    pub fn occurs(needle: &[u8], haystack: &[u8]) -> bool {
        memchr::memmem::find(haystack, needle).is_some()
    }

    /// Steps that a search for a needle in a value of these lengths takes: an empty needle is in every value, and one that is longer than
    /// the value in none.
    #[inline]
    pub fn steps(needle: usize, value: usize) -> u64 {
        if needle == 0 || needle > value { 0 } else { looked_at(value) }
    }

    /// The needle.
    pub fn needle(&self) -> &[u8] {
        self.finder.needle()
    }
}
