//! The C calling interface between generated native code and the runtime: what machine code of the JIT and LuaJIT's FFI call for what
//! is not worth generating (regular expressions, library functions, large sets).
//!
//! # Forms of values
//! Generated code holds a value in up to three words and knows its type:
//!
//! | type | words |
//! |---|---|
//! | Bool, Int, Float | the value (Float: its bits) |
//! | Bytes | address, length |
//! | Ip | family (4 or 6), high half, low half |
//! | Array, Map | address of the block, slot word `offset | length << 32` |
//!
//! A *block* is memory whose first word is its length in bytes and inside which arrays, maps and bytes are found by offset: a batch's
//! arena, or a [`Blob`](quintet_runtime::Blob) made for the result of a function. A [`Cell`] is a value with a word that says whether it is nil.
//!
//! Every function here takes addresses that it trusts; the callers are code generators that pass what this crate's documentation asks
//! for, with every address alive for the duration of the call.

mod collect;
mod env;
mod helpers;
pub mod scripts;
mod values;

pub use env::Env;
pub use helpers::*;
pub use values::Cell;
