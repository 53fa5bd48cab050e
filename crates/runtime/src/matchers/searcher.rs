//! Searching for a constant.

use std::sync::OnceLock;

use memchr::memmem::Finder;

use crate::matchers::short::{OneByte, ShortNeedle, StoredBytes};
use crate::scratch::looked_at;

/// A needle to be searched many times. Each search is prepared when it is first made: not every backend makes any of them.
#[derive(Clone, Debug)]
pub struct Searcher {
    needle: Box<[u8]>,
    /// Boxed, as it is large and seldom there.
    finder: OnceLock<Box<Finder<'static>>>,
    /// For values in a batch, where the needle is short and the machine has the instructions.
    short: OnceLock<Option<Short>>,
}

#[derive(Clone, Debug)]
enum Short {
    One(OneByte),
    Few(ShortNeedle),
}

impl Searcher {
    /// For a needle.
    pub fn new(needle: &[u8]) -> Searcher {
        Searcher { needle: needle.into(), finder: OnceLock::new(), short: OnceLock::new() }
    }

    #[inline]
    fn finder(&self) -> &Finder<'static> {
        self.finder.get_or_init(|| Box::new(Finder::new(&self.needle).into_owned()))
    }

    #[inline]
    fn short(&self) -> Option<&Short> {
        let prepare = || match *self.needle {
            [byte] => OneByte::new(byte).map(Short::One),
            _ => ShortNeedle::new(&self.needle).map(Short::Few),
        };
        self.short.get_or_init(prepare).as_ref()
    }

    /// Whether the needle occurs in `haystack`; an empty one does.
    #[inline]
    pub fn is_in(&self, haystack: &[u8]) -> bool {
        self.finder().find(haystack).is_some()
    }

    /// Whether the needle occurs in bytes of a batch.
    #[inline]
    pub fn is_in_batch(&self, bytes: StoredBytes<'_>) -> bool {
        match self.short() {
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
        &self.needle
    }
}
