//! Memory for what functions make while one rule runs on one record.

use std::cell::Cell;

use bumpalo::Bump;

use crate::trap::Trap;
use crate::value::Value;

/// A bump allocator with a limit. Each instance of a backend owns one and resets it before each rule. What it charges is the same
/// on every backend, so the trap [`Trap::Memory`] falls in the same place.
pub struct Scratch {
    bump: Bump,
    /// Bytes charged.
    used: Cell<usize>,
    /// Whether anything was allocated, charged or not.
    dirty: Cell<bool>,
    limit: usize,
}

impl Scratch {
    /// Scratch memory of at most `limit` bytes.
    pub fn new(limit: usize) -> Scratch {
        Scratch { bump: Bump::new(), used: Cell::new(0), dirty: Cell::new(false), limit }
    }

    /// Frees everything.
    #[inline]
    pub fn reset(&mut self) {
        if self.dirty.get() {
            self.bump.reset();
            self.used.set(0);
            self.dirty.set(false);
        }
    }

    /// Counts bytes against the limit.
    ///
    /// # Errors
    /// [`Trap::Memory`] when the limit is passed.
    #[inline]
    pub fn charge(&self, bytes: usize) -> Result<(), Trap> {
        self.dirty.set(true);
        let used = self.used.get().saturating_add(bytes);
        self.used.set(used);
        if used > self.limit { Err(Trap::Memory) } else { Ok(()) }
    }

    /// `len` zero bytes to write to.
    ///
    /// # Errors
    /// [`Trap::Memory`] when the limit is passed.
    #[allow(clippy::mut_from_ref)] // each call answers memory of its own
    pub fn buffer(&self, len: usize) -> Result<&mut [u8], Trap> {
        self.charge(len)?;
        Ok(self.bump.alloc_slice_fill_copy(len, 0))
    }

    /// A copy of `bytes`.
    ///
    /// # Errors
    /// [`Trap::Memory`] when the limit is passed.
    pub fn bytes(&self, bytes: &[u8]) -> Result<&[u8], Trap> {
        self.charge(bytes.len())?;
        Ok(self.bump.alloc_slice_copy(bytes))
    }

    /// A copy of values, charged with 8 bytes each.
    ///
    /// # Errors
    /// [`Trap::Memory`] when the limit is passed.
    pub fn values<'a>(&'a self, values: &[Value<'a>]) -> Result<&'a [Value<'a>], Trap> {
        self.charge(values.len() * 8)?;
        Ok(self.bump.alloc_slice_copy(values))
    }

    /// A copy of the entries of a map, which must be in byte order of their keys, without repeats; charged with 16 bytes each.
    ///
    /// # Errors
    /// [`Trap::Memory`] when the limit is passed.
    pub fn pairs<'a>(&'a self, pairs: &[(&'a [u8], Value<'a>)]) -> Result<&'a [(&'a [u8], Value<'a>)], Trap> {
        self.charge(pairs.len() * 16)?;
        Ok(self.bump.alloc_slice_copy(pairs))
    }

    /// A copy of words that is not charged: for a backend's own bookkeeping of values that were charged already.
    pub fn words(&self, words: &[u64]) -> &[u64] {
        self.dirty.set(true);
        self.bump.alloc_slice_copy(words)
    }

    /// Values set to nil that are not charged, for locals and arguments.
    #[allow(clippy::mut_from_ref)] // each call answers memory of its own
    pub fn locals<'a>(&'a self, count: usize) -> &'a mut [Value<'a>] {
        self.dirty.set(true);
        self.bump.alloc_slice_fill_copy(count, Value::Nil)
    }
}
