//! What closures see when they run, and the two ways to run a test.

use std::cell::Cell;
use std::sync::Arc;

use quintet_runtime::{Memory, Scratch, Trap};

use crate::code::Executable;
use crate::frame::{Frames, Stack, ValueFrame};

/// What a runner keeps from one evaluation to the next.
pub(crate) struct Kept {
    /// The compiled program.
    pub(crate) code: Arc<Executable>,
    /// Memory for values that are made, and the steps.
    pub(crate) scratch: Scratch,
    /// Locals that stand for a slot in the batch: its word's index.
    pub(crate) slots: Box<[Cell<usize>]>,
    /// Where functions of the script run.
    pub(crate) stack: Stack,
    /// The first trap.
    pub(crate) trap: Cell<Option<Trap>>,
    /// The number of the place where it happened, once a statement has said so.
    pub(crate) place: Cell<u32>,
}

/// What stays the same while one rule runs on one record, or on a block of records that needs none of it to change.
pub(crate) struct Env<'a> {
    /// What is there between evaluations too.
    pub(crate) kept: &'a Kept,
    /// Locals that hold a value.
    pub(crate) values: Cell<ValueFrame<'a>>,
    /// Locals of a script that fit in a word, and places of arrays.
    pub(crate) words: Cell<&'a [Cell<u64>]>,
    /// Where the frames of calls are; none where the rule has no statements.
    pub(crate) frames: Option<&'a Frames<'a>>,
}

impl Kept {
    #[inline]
    pub(crate) fn new(code: Arc<Executable>, scratch: Scratch, stack: Stack) -> Kept {
        let slots = vec![Cell::new(0); code.locals].into();
        Kept { code, scratch, slots, stack, trap: Cell::new(None), place: Cell::new(0) }
    }

    /// What tests see beside the record that keep no values and call nothing.
    #[inline(always)]
    pub(crate) fn env(&self) -> Env<'_> {
        Env { kept: self, values: Cell::default(), words: Cell::default(), frames: None }
    }
}

/// A record, as closures see it.
pub(crate) struct Ctx<'a> {
    /// The batch's memory.
    pub(crate) memory: Memory<'a>,
    /// The index of the record's first word.
    pub(crate) record: usize,
    /// All else.
    pub(crate) env: &'a Env<'a>,
}

impl<'a> Ctx<'a> {
    /// The word at an index.
    #[inline(always)]
    pub(crate) fn word(&self, at: usize) -> u64 {
        self.memory.words()[at]
    }

    /// Notes a trap and answers nil in its place; the first one stays.
    #[cold]
    pub(crate) fn trap<T>(&self, trap: Trap) -> Option<T> {
        if self.env.kept.trap.get().is_none() {
            self.env.kept.trap.set(Some(if self.env.kept.scratch.is_exhausted() { Trap::Budget } else { trap }));
        }
        None
    }

    /// Notes where a trap happened, unless something inside has.
    #[cold]
    pub(crate) fn at(&self, place: u32) {
        if self.env.kept.place.get() == 0 {
            self.env.kept.place.set(place);
        }
    }

    /// Whether a trap was noted or the budget is used up, so that the rest of the evaluation decides nothing.
    #[inline]
    pub(crate) fn trapped(&self) -> bool {
        self.env.kept.trap.get().is_some() || self.env.kept.scratch.is_exhausted()
    }

    /// Counts steps and answers whether the budget has them. Where it has not, that is the rule's trap, whatever is answered further on.
    #[inline(always)]
    pub(crate) fn count(&self, steps: u64) -> bool {
        steps == 0 || self.env.kept.scratch.steps(steps).is_ok()
    }
}

/// Up to 64 records of a batch.
pub(crate) struct Block<'a> {
    /// The batch's memory.
    pub(crate) memory: Memory<'a>,
    /// The index of the first record's first word.
    pub(crate) first: usize,
    /// Words of a record.
    pub(crate) stride: usize,
    /// All else.
    pub(crate) env: &'a Env<'a>,
}

impl<'a> Block<'a> {
    /// A record of the block.
    #[inline(always)]
    pub(crate) fn record(&self, index: usize) -> Ctx<'a> {
        Ctx { memory: self.memory, record: self.first + index * self.stride, env: self.env }
    }
}

/// Something that holds for a record or does not.
pub(crate) trait Test: Send + Sync {
    /// Whether it holds for a record.
    fn test(&self, cx: &Ctx<'_>) -> bool;

    /// For which records under the mask it holds. Whoever implements [`Test::test`] gets a loop with that inlined.
    #[inline]
    fn block(&self, block: &Block<'_>, mask: u64) -> u64 {
        let (mut hits, mut rest) = (0, mask);
        if mask == u64::MAX {
            for bit in 0..64 {
                hits |= (self.test(&block.record(bit)) as u64) << bit;
            }
            return hits;
        }
        while rest != 0 {
            let bit = rest.trailing_zeros();
            rest &= rest - 1;
            hits |= (self.test(&block.record(bit as usize)) as u64) << bit;
        }
        hits
    }
}

/// A boxed test.
pub(crate) type BoolFn = Box<dyn Test>;

impl<F: Fn(&Ctx<'_>) -> bool + Send + Sync> Test for F {
    #[inline(always)]
    fn test(&self, cx: &Ctx<'_>) -> bool {
        self(cx)
    }
}

/// Boxes a closure as a test.
pub(crate) fn test(test: impl Fn(&Ctx<'_>) -> bool + Send + Sync + 'static) -> BoolFn {
    Box::new(test)
}
