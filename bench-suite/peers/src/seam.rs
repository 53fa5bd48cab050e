//! What the comparison asks of another engine.

use quintet_lang::Program;
use quintet_runtime::{Batch, RuleSet};

/// A workload as another engine sees it.
#[derive(Clone, Copy)]
pub struct Task<'t> {
    /// The workload's name; hand-written rows exist by it.
    pub workload: &'t str,
    /// The rules, checked, before any optimising pass.
    pub program: &'t Program,
    /// The records.
    pub batches: &'t [Batch],
}

/// Another engine.
pub trait Peer: Send + Sync {
    /// The row's id: `native`, `wirefilter`, `cel`, `rhai`, `lua-script`.
    fn id(&self) -> &'static str;

    /// Whether it is idiomatic Rust by hand and not an engine.
    fn is_native(&self) -> bool {
        false
    }

    /// What a reader must know beside its figures, in a sentence; most engines need nothing said.
    fn note(&self) -> Option<&'static str> {
        None
    }

    /// Its rules and records in its own form. What it answers may borrow the task's records, so that they can be read in place.
    ///
    /// # Errors
    /// Why it cannot express the workload, in a sentence.
    fn prepare<'t>(&self, task: Task<'t>) -> Result<Box<dyn Prepared + 't>, String>;
}

/// A workload in another engine's own form.
pub trait Prepared {
    /// Compiles all rules from the engine's source text and drops what it made. Timed as the row's `compile` phase, which in Quintet's
    /// words holds parse, check, link and compile. `None` where there is nothing to compile.
    ///
    /// # Errors
    /// What the engine says.
    fn compile(&self) -> Option<Result<(), String>>;

    /// Which rules the record matches; `hits` is reset first. `record` counts through all batches from 0. Timed as `single`.
    ///
    /// # Errors
    /// What the engine says; a trap of Quintet's must be a trap here too, or [`Peer::prepare`] must refuse the workload.
    fn run(&mut self, record: usize, hits: &mut RuleSet) -> Result<(), String>;

    /// How many rule-record pairs match over all records: the engine's quickest way through the whole workload. Timed as `batch`.
    ///
    /// # Errors
    /// As [`Prepared::run`].
    fn run_all(&mut self) -> Result<u64, String>;
}
