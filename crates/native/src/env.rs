//! What an instance hands to generated code.

use std::cell::Cell;
use std::sync::Arc;

use quintet_lang::{HARD_CALLS, Limits};
use quintet_runtime::{BackendId, Linked, RunError, Scratch, Threshold};

use crate::collect::Collects;
use crate::scripts::Arrays;

/// The state behind the calls that generated code makes: the program, scratch memory, and arrays under construction. One per
/// instance; generated code carries its address and passes it on.
#[repr(C)]
pub struct Env {
    /// Calls of functions of the script that may go on inside one another.
    calls: u32,
    /// What a helper has answered that hands its answer over in memory.
    answer: Cell<u32>,
    /// For generated code: the arena of the batch that it runs on.
    arena: u64,
    /// What generated code reads is near the start, and where it is does not depend on the size of addresses.
    pub(crate) scratch: Scratch,
    linked: Arc<Linked>,
    /// What the word at [`Env::METER`] is at the start of rules that count only what they look at.
    start: u64,
    pub(crate) collects: Collects,
    pub(crate) arrays: Arrays,
    /// Most arguments that a call passes without a heap allocation.
    inline_args: usize,
}

impl Env {
    /// Bytes from its address to the word that holds the steps that are left, see [`Scratch::METER`].
    pub const METER: usize = std::mem::offset_of!(Env, scratch) + Scratch::METER;
    /// Bytes from its address to what that word is at the start of an evaluation.
    pub const METER_START: usize = std::mem::offset_of!(Env, scratch) + Scratch::METER_START;

    /// The state for running `linked` within limits.
    pub fn new(linked: Arc<Linked>, limits: &Limits) -> Env {
        for site in &linked.program().sites {
            linked.exceeds(Threshold::NativeArguments, site.args.len());
        }
        let inline_args = linked.threshold(Threshold::NativeArguments);
        let calls = limits.calls.min(HARD_CALLS) as u32;
        let (scratch, collects, arrays) = (Scratch::new(limits), Collects::default(), Arrays::default());
        Env { linked, start: 0, answer: Cell::new(0), arena: 0, scratch, collects, arrays, calls, inline_args }
    }

    /// Bytes from its address to what that word is at the start of rules that count only what they look at.
    pub const START_IF_WITHIN: usize = std::mem::offset_of!(Env, start);

    /// Bytes from its address to the word of 32 bits that says how many calls of functions of the script may go on inside one another.
    pub const CALLS: usize = std::mem::offset_of!(Env, calls);

    /// Bytes from its address to the word of 32 bits that holds the answer of [`search_far`](crate::search_far).
    pub const ANSWER: usize = std::mem::offset_of!(Env, answer);

    /// Bytes from its address to a word of 64 bits in which generated code may keep the address of the batch's arena.
    pub const ARENA: usize = std::mem::offset_of!(Env, arena);

    pub(crate) fn set_answer(&self, answer: u32) {
        self.answer.set(answer);
    }

    /// Says whether these rules are known to stay within the budget.
    #[inline]
    pub fn set_within(&mut self, within: bool) {
        self.start = self.scratch.meter_start_if(within);
    }

    /// What a run ends with: frees what is more than is worth keeping.
    ///
    /// # Errors
    /// When the run was interrupted.
    #[inline]
    pub fn finish(&mut self, backend: BackendId) -> Result<(), RunError> {
        self.collects.trim();
        self.arrays.trim();
        self.scratch.finish(backend)
    }

    /// Bytes of memory that it holds.
    pub fn memory_bytes(&self) -> usize {
        size_of::<Env>() + self.scratch.memory_bytes() + self.collects.memory_bytes() + self.arrays.memory_bytes()
    }

    /// Forgets what the last rule made; to be called before each rule on each record that calls functions or collects.
    #[inline]
    pub fn reset(&mut self) {
        self.scratch.reset();
        self.collects.clear();
    }

    /// As [`Env::reset`], before statements, which make arrays too.
    pub fn begin(&mut self) {
        self.reset();
        self.arrays.clear();
    }

    /// The program.
    pub fn linked(&self) -> &Arc<Linked> {
        &self.linked
    }

    pub(crate) fn inline_args(&self) -> usize {
        self.inline_args
    }

    /// Scratch memory and steps.
    #[inline]
    pub fn scratch(&self) -> &Scratch {
        &self.scratch
    }
}
