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
mod buffer;
mod call;
mod columns;
mod context;
mod cost;
mod evaluate;
mod filter;
mod functions;
mod groups;
mod inlined;
mod layout;
mod lift;
mod linked;
mod list;
mod list_file;
mod lists;
mod matchers;
mod matches;
mod meter;
mod needed;
mod output;
mod owned;
mod pack;
mod places;
pub mod plan;
mod prefilter;
mod profile;
mod rarity;
mod record;
mod room;
mod scratch;
mod sorted;
mod state;
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
pub use buffer::RecordBuffer;
pub use call::CallError;
#[doc(hidden)]
pub use call::{admit, hand_out};
pub use columns::{Bits, Column, ColumnsBuilder, Floats, Ints, Offsets};
pub use context::{context, with_context};
pub use cost::{
    Counting, compare_steps, counts_steps, is_leaf, is_quiet, is_small, longest_within, makes, statement_counts_steps, steps_at_most,
};
pub use evaluate::{EvaluateError, ValueInstance};
pub use filter::FilterError;
pub use functions::{Argument, Bind, BoundFunction, Function, Library, Many, ManyAnswers, slice};
pub use inlined::inlined_body;
pub use layout::{Layout, Slot};
pub use lift::{Lifted, Lifts};
pub use linked::{LinkError, Linked, TooLarge};
pub use list::List;
pub use list_file::{ListFileError, ListForm};
pub use lists::{ListError, Lists};
pub use matchers::{
    BytesSet, IntSet, IpSet, OneByte, RegexMatcher, Searcher, SetMatcher, ShortNeedle, StoredBytes, WildcardMatcher, ip_from_words,
    ip_words,
};
pub use matches::{Matches, RecordId, RuleId, RuleSet, RuleTrap, TrapAt};
#[doc(hidden)]
pub use matches::{WriteMatches, WriteRuleSet};
pub use meter::{FREE, Interrupter, Mirror, Relay, SLICE};
pub use needed::needed_fields;
pub use output::{FileSink, Sink, SinkError, SinkFault, WholeLines, WriteSink};
pub use owned::{JsonError, OwnedValue};
pub use pack::{BLOCK_BYTES, Blob};
pub use prefilter::{Candidates, PREFILTER_PAYS, PrefilterPlan, bits_of, runs, set_bits};
pub use profile::{ALONE, Alone, Profile, RuleCost, Spent};
pub use quintet_arena::{Arena, ArenaError, Kind as ArenaKind, Memory, PADDING};
pub use record::RecordRef;
pub use room::Room;
pub use scratch::{Scratch, looked_at};
pub use sorted::Spread;
pub use state::{DumpedEntry, DumpedState, Session, SessionError, StateCount};
pub use sums::sum_of_bytes;
pub use thresholds::{Threshold, Thresholds};
pub use trap::{Fault, Trap};
pub use value::{ArrayRef, FEW_KEYS, MapRef, Value, find_key, same_key};
