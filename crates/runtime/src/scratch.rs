//! What one rule on one record may use: memory for what functions make, and steps.

use std::cell::Cell;

use bumpalo::Bump;
use quintet_lang::{HARD_MEMORY_BYTES, LOOKED_AT, Limits};

use crate::backend::{BackendId, RunError};
use crate::meter::{FREE, Interrupter, Meter, Mirror};
use crate::trap::Trap;
use crate::value::Value;

/// Bytes of memory that are kept from one evaluation for the next; more are given back.
const KEPT_BYTES: usize = 1 << 20;

/// A bump allocator with a limit, and a counter of steps. Each instance of a backend owns one and resets it before each rule. What it
/// charges and counts is the same on every backend, so the traps [`Trap::Memory`] and [`Trap::Budget`] fall in the same places.
#[repr(C)]
pub struct Scratch {
    /// First, as generated code reads it.
    meter: Meter,
    bump: Bump,
    /// Bytes charged.
    used: Cell<usize>,
    /// Whether anything was allocated, charged or not.
    dirty: Cell<bool>,
    limit: usize,
}

impl std::fmt::Debug for Scratch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Scratch").field("used", &self.used.get()).field("limit", &self.limit).finish_non_exhaustive()
    }
}

impl Scratch {
    /// Bytes from its address to the word of 64 bits that holds the steps that are left, for code that counts them itself: the lower half
    /// is lowered by one a step, and where it is negative [`Scratch::settle`] says whether the budget is used up.
    pub const METER: usize = std::mem::offset_of!(Scratch, meter) + Meter::WORD;
    /// Bytes from its address to what that word is at the start of an evaluation.
    pub const METER_START: usize = std::mem::offset_of!(Scratch, meter) + Meter::START;
    /// What an element of an array takes of the limit while the array is made, beside the bytes that it refers to.
    pub const ELEMENT_BYTES: usize = 40;

    /// Scratch memory and steps within these limits ([`Limits::memory_bytes`], [`Limits::steps`]).
    #[inline]
    pub fn new(limits: &Limits) -> Scratch {
        Scratch {
            bump: Bump::new(),
            meter: Meter::new(limits.steps),
            used: Cell::new(0),
            dirty: Cell::new(false),
            limit: limits.memory_bytes.min(HARD_MEMORY_BYTES),
        }
    }

    /// Frees everything and starts to count anew.
    #[inline]
    pub fn reset(&mut self) {
        self.meter.begin();
        if self.dirty.get() {
            self.free();
        }
    }

    fn free(&mut self) {
        self.bump.reset();
        if self.bump.allocated_bytes() > KEPT_BYTES {
            self.bump = Bump::new();
        }
        self.used.set(0);
        self.dirty.set(false);
    }

    /// What a run ends with: frees what is more than is worth keeping.
    ///
    /// # Errors
    /// When the run was interrupted.
    #[inline]
    pub fn finish(&mut self, backend: BackendId) -> Result<(), RunError> {
        if self.dirty.get() {
            self.free();
        }
        if self.meter.take_interrupt() { Err(RunError::interrupted(backend)) } else { Ok(()) }
    }

    /// Whether [`Scratch::finish`] has nothing to do.
    #[inline]
    pub fn is_tidy(&self) -> bool {
        !self.dirty.get() && !self.meter.is_interrupted()
    }

    /// Whether the run should go on; to be asked between blocks of records.
    ///
    /// # Errors
    /// When it was interrupted.
    #[inline]
    pub fn go_on(&self, backend: BackendId) -> Result<(), RunError> {
        if self.meter.is_interrupt_pending() {
            self.meter.forget_interrupt();
            return Err(RunError::interrupted(backend));
        }
        Ok(())
    }

    /// What ends a run from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.meter.interrupter()
    }

    /// From now on, and at once, `mirror` is told whether an interrupt waits, by whichever thread changes that; `None` ends this. For code that
    /// looks for interrupts in memory of its own.
    #[doc(hidden)]
    pub fn mirror_interrupts(&self, mirror: Option<Mirror>) {
        self.meter.mirror_interrupts(mirror);
    }

    /// Bytes charged since the last reset.
    #[inline]
    pub(crate) fn used(&self) -> usize {
        self.used.get()
    }

    /// Steps counted since the last reset, of an evaluation that has not passed its budget.
    pub(crate) fn taken(&self) -> u64 {
        self.meter.taken()
    }

    /// Bytes of memory that it holds.
    pub fn memory_bytes(&self) -> usize {
        self.bump.allocated_bytes()
    }

    /// Starts to count steps for another rule or record, where no memory is to be freed.
    #[inline]
    pub fn begin_steps(&self) {
        self.meter.begin();
    }

    /// Counts one step.
    ///
    /// # Errors
    /// [`Trap::Budget`] when the limit is passed.
    #[inline]
    pub fn step(&self) -> Result<(), Trap> {
        self.meter.step()
    }

    /// Counts steps.
    ///
    /// # Errors
    /// [`Trap::Budget`] when the limit is passed.
    #[inline]
    pub fn steps(&self, steps: u64) -> Result<(), Trap> {
        self.meter.steps(steps)
    }

    /// Counts what a loop over so many elements takes whose body counts nothing.
    ///
    /// # Errors
    /// [`Trap::Budget`] when the limit is passed.
    #[inline]
    pub fn look_at_elements(&self, elements: usize) -> Result<(), Trap> {
        self.look(elements.saturating_mul(16))
    }

    /// Counts what looking at so many bytes takes, see [`looked_at`].
    ///
    /// # Errors
    /// [`Trap::Budget`] when the limit is passed.
    #[inline]
    pub fn look(&self, bytes: usize) -> Result<(), Trap> {
        match looked_at(bytes) {
            0 => Ok(()),
            steps => self.meter.steps(steps),
        }
    }

    /// Takes the next slice of steps, for code that has lowered the word below 0 itself.
    ///
    /// # Errors
    /// [`Trap::Budget`] when there is none.
    pub fn settle(&self) -> Result<(), Trap> {
        self.meter.settle(0)
    }

    /// Whether the steps of this evaluation have passed the limit: its answer and any other trap are then void.
    #[inline]
    pub fn is_exhausted(&self) -> bool {
        self.meter.is_exhausted()
    }

    /// The steps of the limit that are not in the word at the start of an evaluation, for code that takes slices itself: the upper half of the
    /// word says how many of [`SLICE`](crate::SLICE) steps were taken of them.
    #[doc(hidden)]
    #[inline]
    pub fn meter_beyond(&self) -> i64 {
        self.meter.beyond()
    }

    /// The word that [`Scratch::METER`] leads to, for backends that keep it elsewhere.
    #[inline]
    pub fn meter_word(&self) -> u64 {
        self.meter.word()
    }

    /// Sets that word.
    #[inline]
    pub fn set_meter_word(&self, word: u64) {
        self.meter.set_word(word);
    }

    /// What that word is at the start of an evaluation that is known to stay within the budget, or else as [`Scratch::meter_start`].
    #[inline]
    pub fn meter_start_if(&self, within: bool) -> u64 {
        if within { FREE } else { self.meter.start() }
    }

    /// What that word is at the start of an evaluation.
    pub fn meter_start(&self) -> u64 {
        self.meter.start()
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

    /// Bytes that may still be charged.
    #[inline]
    pub fn rest(&self) -> usize {
        self.limit.saturating_sub(self.used.get())
    }

    /// Sets the bytes that may still be charged, for code that charges by itself.
    #[inline]
    pub fn set_rest(&self, bytes: usize) {
        self.dirty.set(true);
        self.used.set(self.limit.saturating_sub(bytes));
    }

    /// Takes back what was counted for memory that is free again.
    #[inline]
    pub fn discharge(&self, bytes: usize) {
        self.used.set(self.used.get().saturating_sub(bytes));
    }

    /// Counts what an array's element takes while the array is made: a place, and a copy of what it refers to.
    ///
    /// # Errors
    /// [`Trap::Memory`] when the limit is passed.
    #[inline]
    pub fn charge_element(&self, value: &Value<'_>) -> Result<(), Trap> {
        match value {
            Value::Bytes(bytes) => self.charge(Self::ELEMENT_BYTES.saturating_add(bytes.len())),
            Value::Array(_) | Value::Map(_) => {
                self.charge(Self::ELEMENT_BYTES)?;
                self.charge_copy(value)
            }
            _ => self.charge(Self::ELEMENT_BYTES),
        }
    }

    /// Counts what a copy of an array or map takes, with all that it refers to. Other values take nothing: they are not copied.
    ///
    /// # Errors
    /// [`Trap::Memory`] when the limit is passed.
    pub fn charge_copy(&self, value: &Value<'_>) -> Result<(), Trap> {
        match value {
            Value::Array(items) => {
                self.charge(items.len().saturating_mul(8))?;
                items.iter().try_for_each(|item| self.charge_item(&item))
            }
            Value::Map(entries) => {
                self.charge(entries.len().saturating_mul(16))?;
                entries.iter().try_for_each(|(key, item)| self.charge(key.len()).and_then(|()| self.charge_item(&item)))
            }
            _ => Ok(()),
        }
    }

    fn charge_item(&self, item: &Value<'_>) -> Result<(), Trap> {
        match item {
            Value::Bytes(bytes) => self.charge(bytes.len()),
            Value::Ip(_) => self.charge(16),
            item => self.charge_copy(item),
        }
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

    /// A copy of values, charged with [`Scratch::ELEMENT_BYTES`] each.
    ///
    /// # Errors
    /// [`Trap::Memory`] when the limit is passed.
    pub fn values<'a>(&'a self, values: &[Value<'a>]) -> Result<&'a [Value<'a>], Trap> {
        self.charge(values.len().saturating_mul(Self::ELEMENT_BYTES))?;
        Ok(self.bump.alloc_slice_copy(values))
    }

    /// So many values, one after the other; charged with [`Scratch::ELEMENT_BYTES`] each before the first is asked for.
    ///
    /// # Errors
    /// [`Trap::Memory`] when the limit is passed.
    pub fn values_from<'a>(&'a self, len: usize, values: impl Iterator<Item = Value<'a>>) -> Result<&'a [Value<'a>], Trap> {
        self.charge(len.saturating_mul(Self::ELEMENT_BYTES))?;
        let made = self.bump.alloc_slice_fill_copy(len, Value::Nil);
        for (to, from) in made.iter_mut().zip(values) {
            *to = from;
        }
        Ok(made)
    }

    /// A copy of the entries of a map, which must be in byte order of their keys, without repeats; charged with twice
    /// [`Scratch::ELEMENT_BYTES`] each.
    ///
    /// # Errors
    /// [`Trap::Memory`] when the limit is passed.
    pub fn pairs<'a>(&'a self, pairs: &[(&'a [u8], Value<'a>)]) -> Result<&'a [(&'a [u8], Value<'a>)], Trap> {
        self.charge(pairs.len().saturating_mul(2 * Self::ELEMENT_BYTES))?;
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

/// Steps that looking at so many bytes takes: one for every [`LOOKED_AT`], rounded down.
#[inline]
pub fn looked_at(bytes: usize) -> u64 {
    (bytes / LOOKED_AT) as u64
}
