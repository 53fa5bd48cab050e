//! What all backends of Quintet share: records and batches, matchers, functions, traps, and the [`Backend`] seam.
//!
//! Knows no backend. The order of things: a [`Batch`] of records of a [`Scheme`](quintet_lang::Scheme) is filled through a
//! [`BatchBuilder`]; a checked [`Program`](quintet_lang::Program) is [`Linked`] (its regexes, sets and functions prepared, once for all
//! backends); a [`Backend`] compiles the linked program; the result is instantiated per thread and run.
#![forbid(unsafe_code)]

mod arrays;
mod backend;
mod batch;
mod bounds;
mod cost;
mod evaluate;
mod functions;
mod layout;
mod linked;
mod list;
mod list_file;
mod lists;
mod matchers;
mod matches;
mod meter;
mod needed;
mod owned;
mod pack;
mod places;
pub mod plan;
mod profile;
mod record;
mod room;
mod scratch;
mod sums;
mod thresholds;
mod trap;
mod value;

pub use arrays::{LIST_MOST, call_bytes, element_bytes, fixed_bytes, grown};
pub use backend::{
    Artifact, Backend, BackendId, CompileError, Compiled, Emit, EmitError, Instance, InstantiateError, Isolation, RunError, Traits,
    Unsupported,
};
pub use batch::{Batch, BatchBuilder, RecordBuilder, RecordError};
pub use bounds::Bounds;
pub use cost::{Counting, compare_steps, counts_steps, is_leaf, is_quiet, is_small, longest_within, statement_counts_steps, steps_at_most};
pub use evaluate::{EvaluateError, ValueInstance};
pub use functions::{Bind, BoundFunction, Function, Library, slice};
pub use layout::{Layout, Slot};
pub use linked::{LinkError, Linked, TooLarge};
pub use list::List;
pub use list_file::{ListFileError, ListForm};
pub use lists::{ListError, Lists};
pub use matchers::{
    BytesSet, IntSet, IpSet, OneByte, RegexMatcher, Searcher, SetMatcher, ShortNeedle, StoredBytes, WildcardMatcher, ip_from_words,
    ip_words,
};
pub use matches::{Matches, RuleSet, RuleTrap, TrapAt};
#[doc(hidden)]
pub use matches::{WriteMatches, WriteRuleSet};
pub use meter::{FREE, Interrupter, SLICE};
pub use needed::needed_fields;
pub use owned::{JsonError, OwnedValue};
pub use pack::{BLOCK_BYTES, Blob};
pub use profile::{ALONE, Alone, Profile, RuleCost, Spent};
pub use quintet_arena::{Arena, ArenaError, Kind as ArenaKind, Memory, PADDING};
pub use record::RecordRef;
pub use room::Room;
pub use scratch::{Scratch, looked_at};
pub use sums::sum_of_bytes;
pub use thresholds::{Threshold, Thresholds};
pub use trap::Trap;
pub use value::{ArrayRef, MapRef, Value};
