//! The step budget of an evaluation, and how another thread ends a run.
//!
//! # What counts
//! What one rule does on one record is counted in steps, from 0 for each rule and record, and is the same number on every backend:
//!
//! | what | steps |
//! |---|---|
//! | a loop whose body counts nothing | 1 for every 16 elements of its shortest source |
//! | an element that any other loop visits | 1 |
//! | a call of a function | 1, 1 for every 16 bytes of its Bytes arguments together, 1 for each element of its array and map arguments, and what the function counts itself |
//! | `matches` | bytes of the value x states of the expression / 16 |
//! | `contains`, `wildcard`, a comparison of two texts, a set or list of texts, a key | 1 for every 256 bytes that are looked at |
//!
//! All divisions round down, so that searches of short values and loops over a few are free: they take less time than counting them would. A
//! value that is too short to hold what is searched for, or to match, or not as long as the text that it must equal, is not looked at.
//! More than [`Limits::steps`](quintet_lang::Limits::steps) is [`Trap::Budget`].
//!
//! # How
//! The count goes down from the limit, in slices of [`SLICE`], so that generated code has one 32-bit word to lower and one sign to look at,
//! and comes by here between slices, where it also finds out that it was interrupted; scripts on wasm take slices themselves, as
//! `Meter::settle` does where one step is missing, and see interrupts in a mirror. Once the budget is used up the word stays negative
//! until the next rule begins: whoever lowers it can leave the look at it to a place further on.
//!
//! A rule of which it is known that it cannot pass the budget on the records of a batch (see [`steps_at_most`](crate::steps_at_most)) is run
//! with the word [`FREE`], and nobody needs to begin or to look between records.

use std::cell::{Cell, OnceCell};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use quintet_lang::HARD_STEPS;

use crate::trap::Trap;

/// Steps between two looks at the rest of the budget.
pub const SLICE: i32 = 1 << 16;

/// The word of a meter that counts without end.
pub const FREE: u64 = FREE_SLICES << 32 | i32::MAX as u64;

/// The number of slices that says so; no limit has so many.
const FREE_SLICES: u64 = u32::MAX as u64;

/// What is left when nothing is: so far below 0 that lowering it does not come round to positive numbers before it is looked at.
const EXHAUSTED: i32 = i32::MIN / 2;

/// The step budget of one evaluation after the other.
#[derive(Debug)]
#[repr(C, align(8))]
pub(crate) struct Meter {
    /// Steps left of the slice; negative once there are none at all. With `slices` one word of 64 bits, which `start` sets.
    left: Cell<i32>,
    /// Slices taken from `beyond`.
    slices: Cell<u32>,
    /// The word at the start of an evaluation.
    start: u64,
    /// Steps of the limit beyond those of `start`.
    beyond: i64,
    /// Made once somebody asks for what raises it; before that nobody can have raised it.
    signal: OnceCell<Arc<Signal>>,
    /// Whether the signal ended an evaluation since [`Meter::take_interrupt`].
    interrupted: Cell<bool>,
}

/// Whether somebody wants the run to end.
#[derive(Default)]
struct Signal {
    raised: AtomicBool,
    /// Who is told, while it is locked, when this changes.
    mirror: Mutex<Option<Mirror>>,
}

/// What repeats an interrupt, and that it is forgotten, where generated code sees it.
pub type Mirror = Box<dyn Fn(bool) + Send>;

impl std::fmt::Debug for Signal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Signal").field(&self.raised).finish()
    }
}

impl Signal {
    #[inline]
    fn is_raised(&self) -> bool {
        self.raised.load(Ordering::Relaxed)
    }

    /// Raises it, or forgets it. Answers whether it was raised.
    fn set(&self, raised: bool) -> bool {
        let mirror = self.mirror.lock().unwrap_or_else(PoisonError::into_inner);
        let before = self.raised.swap(raised, Ordering::Relaxed);
        if let Some(mirror) = &*mirror {
            mirror(raised);
        }
        before
    }

    fn set_mirror(&self, mirror: Option<Mirror>) {
        let mut place = self.mirror.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mirror) = &mirror {
            mirror(self.is_raised());
        }
        *place = mirror;
    }
}

/// Ends what an [`Instance`](crate::Instance) is doing, from any thread.
#[derive(Clone, Debug)]
pub struct Interrupter(To);

/// What an interrupter reaches.
#[derive(Clone, Debug)]
enum To {
    /// The meter that has this signal.
    Meter(Arc<Signal>),
    /// What a relay has been told last.
    Relay(Arc<Mutex<Interrupter>>),
}

/// For instances that have others run for them by turns: interrupts that reach whichever has the turn.
#[derive(Debug)]
pub struct Relay(Arc<Mutex<Interrupter>>);

impl Relay {
    /// One that reaches this.
    pub fn new(first: Interrupter) -> Relay {
        Relay(Arc::new(Mutex::new(first)))
    }

    /// What ends a run of whichever has the turn.
    pub fn interrupter(&self) -> Interrupter {
        Interrupter(To::Relay(self.0.clone()))
    }

    /// Gives the turn to another, between runs. An interrupt that nobody has noticed goes along.
    pub fn pass_to(&self, next: Interrupter) {
        let mut now = lock(&self.0);
        if now.take() {
            next.interrupt();
        }
        *now = next;
    }
}

fn lock(now: &Mutex<Interrupter>) -> MutexGuard<'_, Interrupter> {
    now.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Interrupter {
    /// Ends the run that the instance is in, within [`SLICE`] steps of the evaluation it is at, with an error for which
    /// [`RunError::is_interrupted`](crate::RunError::is_interrupted) holds. Where it is in none, the next run that counts steps or goes over a
    /// batch ends like that. After the error the instance can be used again. It takes a lock for a moment, so signal handlers must not call it.
    pub fn interrupt(&self) {
        match &self.0 {
            To::Meter(signal) => {
                signal.set(true);
            }
            To::Relay(now) => lock(now).interrupt(),
        }
    }

    /// Whether an interrupt waited, which is no longer there then.
    fn take(&self) -> bool {
        match &self.0 {
            To::Meter(signal) => signal.set(false),
            To::Relay(now) => lock(now).take(),
        }
    }
}

impl Meter {
    #[inline]
    pub(crate) fn new(steps: u64) -> Meter {
        let steps = steps.min(HARD_STEPS) as i64;
        let first = steps.min(i64::from(SLICE));
        Meter {
            left: Cell::new(first as i32),
            slices: Cell::new(0),
            start: first as u64,
            beyond: steps - first,
            signal: OnceCell::new(),
            interrupted: Cell::new(false),
        }
    }

    /// Starts to count for another rule or record.
    #[inline]
    pub(crate) fn begin(&self) {
        self.set_word(self.start);
    }

    /// The word of 64 bits that generated code lowers: what is left of the slice in its lower half.
    #[inline]
    pub(crate) fn word(&self) -> u64 {
        u64::from(self.left.get() as u32) | u64::from(self.slices.get()) << 32
    }

    #[inline]
    pub(crate) fn set_word(&self, word: u64) {
        self.left.set(word as u32 as i32);
        self.slices.set((word >> 32) as u32);
    }

    pub(crate) fn start(&self) -> u64 {
        self.start
    }

    #[inline]
    pub(crate) fn beyond(&self) -> i64 {
        self.beyond
    }

    /// Counts one step.
    #[inline]
    pub(crate) fn step(&self) -> Result<(), Trap> {
        let left = self.left.get() - 1;
        self.left.set(left);
        if left < 0 { self.settle(0) } else { Ok(()) }
    }

    /// Counts steps.
    #[inline]
    pub(crate) fn steps(&self, steps: u64) -> Result<(), Trap> {
        let left = self.left.get();
        match u32::try_from(steps) {
            Ok(0) => Ok(()),
            Ok(steps) if left >= 0 && steps <= left as u32 => {
                self.left.set(left - steps as i32);
                Ok(())
            }
            _ => self.settle(steps),
        }
    }

    /// Counts steps where the slice does not have them; it may have been lowered to -1 for one of them already.
    #[cold]
    #[inline(never)]
    pub(crate) fn settle(&self, steps: u64) -> Result<(), Trap> {
        let left = self.left.get();
        if u64::from(self.slices.get()) == FREE_SLICES {
            self.set_word(FREE);
            return Ok(());
        }
        let interrupted = self.is_interrupt_pending();
        let taken = i64::from(self.slices.get()) * i64::from(SLICE);
        let rest = (i64::from(left) + (self.beyond - taken).max(0)).checked_sub_unsigned(steps).unwrap_or(-1);
        if left < -1 || rest < 0 || interrupted {
            if interrupted && left >= -1 {
                self.interrupted.set(true);
            }
            self.left.set(EXHAUSTED);
            return Err(Trap::Budget);
        }
        // As few slices as leave no more than one in the word.
        let slices = (self.beyond - rest).max(0).cast_unsigned().div_ceil(SLICE as u64);
        self.slices.set(slices as u32);
        self.left.set((rest - (self.beyond - slices as i64 * i64::from(SLICE)).max(0)) as i32);
        Ok(())
    }

    /// Steps counted since the evaluation began, which has not passed its budget.
    pub(crate) fn taken(&self) -> u64 {
        let began = self.start as i64 + self.beyond;
        let slices = i64::from(self.slices.get()) * i64::from(SLICE);
        let rest = i64::from(self.left.get()) + (self.beyond - slices).max(0);
        (began - rest).max(0).cast_unsigned()
    }

    /// Whether the budget of this evaluation was passed.
    #[inline]
    pub(crate) fn is_exhausted(&self) -> bool {
        self.left.get() < 0
    }

    pub(crate) fn interrupter(&self) -> Interrupter {
        Interrupter(To::Meter(self.signal().clone()))
    }

    fn signal(&self) -> &Arc<Signal> {
        self.signal.get_or_init(Arc::default)
    }

    /// Whether an interrupt waits to be noticed.
    #[inline]
    pub(crate) fn is_interrupt_pending(&self) -> bool {
        self.signal.get().is_some_and(|signal| signal.is_raised())
    }

    /// Whether the run was interrupted.
    #[inline]
    pub(crate) fn is_interrupted(&self) -> bool {
        self.interrupted.get()
    }

    /// Whether the run was interrupted, which this forgets.
    #[inline]
    pub(crate) fn take_interrupt(&self) -> bool {
        self.interrupted.get() && self.forget_interrupt()
    }

    #[cold]
    pub(crate) fn forget_interrupt(&self) -> bool {
        self.interrupted.set(false);
        if let Some(signal) = self.signal.get() {
            signal.set(false);
        }
        true
    }

    pub(crate) fn mirror_interrupts(&self, mirror: Option<Mirror>) {
        self.signal().set_mirror(mirror);
    }

    /// Bytes from its address to the word.
    pub(crate) const WORD: usize = std::mem::offset_of!(Meter, left);
    /// Bytes from its address to the word that an evaluation starts with.
    pub(crate) const START: usize = std::mem::offset_of!(Meter, start);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts by ones and by lumps, as generated code and as functions do, and answers how many were granted.
    fn granted(meter: &Meter, lumps: &[u64]) -> u64 {
        meter.begin();
        let mut granted = 0;
        for lump in lumps.iter().cycle() {
            let step = if *lump == 1 { meter.step() } else { meter.steps(*lump) };
            if step.is_err() {
                assert!(meter.is_exhausted() && meter.step().is_err() && meter.steps(1).is_err() && meter.is_exhausted());
                return granted;
            }
            assert!(!meter.is_exhausted());
            granted += lump;
        }
        granted
    }

    #[test]
    fn exactly_the_limit_is_granted() {
        for limit in [0, 1, 2, 65_535, 65_536, 65_537, 131_071, 131_072, 131_073, 200_000, 1_000_003] {
            let meter = Meter::new(limit);
            assert_eq!(granted(&meter, &[1]), limit);
            assert_eq!(granted(&meter, &[1]), limit, "again");
            for lump in [2, 3, 7, 65_535, 65_536, 65_537, 99_999, 150_000] {
                assert_eq!(granted(&meter, &[lump]), limit / lump * lump, "{lump} of {limit}");
                let both = limit / (lump + 1) * (lump + 1);
                assert_eq!(granted(&meter, &[1, lump]), both + u64::from(both < limit), "1 and {lump} of {limit}");
            }
            assert_eq!(granted(&meter, &[u64::MAX]), 0);
        }
    }

    #[test]
    fn an_interrupt_reaches_whichever_has_the_turn_and_is_not_lost_between() {
        let meters = [Meter::new(9), Meter::new(9)];
        let relay = Relay::new(meters[0].interrupter());
        let interrupter = relay.interrupter();
        interrupter.interrupt();
        assert!(meters[0].is_interrupt_pending() && !meters[1].is_interrupt_pending());
        relay.pass_to(meters[1].interrupter());
        assert!(!meters[0].is_interrupt_pending() && meters[1].is_interrupt_pending());
        meters[1].forget_interrupt();
        interrupter.interrupt();
        assert!(!meters[0].is_interrupt_pending() && meters[1].is_interrupt_pending());
        meters[1].forget_interrupt();
        relay.pass_to(meters[0].interrupter());
        assert!(meters.iter().all(|meter| !meter.is_interrupt_pending()));
        interrupter.clone().interrupt();
        assert!(meters[0].is_interrupt_pending());
    }

    #[test]
    fn an_interrupt_ends_an_evaluation_within_a_slice_and_only_once() {
        let meter = Meter::new(u64::MAX);
        meter.begin();
        meter.interrupter().interrupt();
        let steps = (0..).find(|_| meter.step().is_err()).unwrap();
        assert_eq!(steps, SLICE);
        assert!(meter.take_interrupt() && !meter.take_interrupt() && !meter.is_interrupt_pending());
        meter.begin();
        assert!((0..200_000).all(|_| meter.step().is_ok()));
    }
}
