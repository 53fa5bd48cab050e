//! What an instance hands to generated code.

use std::sync::Arc;

use quintet_runtime::{Linked, Scratch};

use crate::collect::Collects;

/// The state behind the calls that generated code makes: the program, scratch memory, and arrays under construction. One per
/// instance; generated code carries its address and passes it on.
pub struct Env {
    linked: Arc<Linked>,
    pub(crate) scratch: Scratch,
    pub(crate) collects: Collects,
}

impl Env {
    /// The state for running `linked` with at most `memory_bytes` of function results per rule and record.
    pub fn new(linked: Arc<Linked>, memory_bytes: usize) -> Env {
        Env { linked, scratch: Scratch::new(memory_bytes), collects: Collects::default() }
    }

    /// Forgets what the last rule made; to be called before each rule on each record that calls functions or collects.
    #[inline]
    pub fn reset(&mut self) {
        self.scratch.reset();
        self.collects.clear();
    }

    /// The program.
    pub fn linked(&self) -> &Arc<Linked> {
        &self.linked
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }
}
