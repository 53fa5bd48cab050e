//! The WebAssembly backend: each program becomes a module, which wasmtime compiles and runs in a sandbox of 4 GiB.
//!
//! Logic, comparisons, fields, loops, arithmetic, searches and small sets are WebAssembly; regular expressions, wildcard patterns, large
//! sets, lists and library functions are calls into the host.
//!
//! # Memory
//! An instance has one linear memory. Its low part is the instance's own: constants, arguments, answers, the arrays of scripts, and what
//! functions make. Above lie the records: a batch in shared memory ([`ArenaKind::Shared`](quintet_runtime::ArenaKind::Shared)) is mapped there, read-only, and
//! so is read in place; a batch in plain memory is copied in when it is first seen. So a sandbox costs no copy of the data.
//!
//! # Scripts
//! Each function of a script is one of the module, its locals are locals, and its statements are blocks, loops and branches; elements of
//! arrays are loads and stores in place. The host is called for what grows an array, and between slices of steps. Cranelift puts small functions
//! in place of their calls where the stack has room for the larger frames.
//!
//! # When to use it
//! When rules come from people who are not trusted, and the defence in depth of a sandbox is worth the longest compile time of all backends
//! (`quintet compare` measures it). Compiling many rules as one program is much cheaper than one by one.

mod arith;
mod array;
mod body;
mod call;
mod compare;
#[cfg(feature = "run")]
mod compile;
#[cfg(feature = "run")]
mod config;
#[cfg(feature = "run")]
mod disassemble;
mod each;
mod elements;
#[cfg(feature = "run")]
mod emit;
#[cfg(feature = "run")]
mod entry;
mod expr;
mod fill;
mod frame;
mod generator;
mod heap;
mod helpers;
#[cfg_attr(not(feature = "run"), expect(dead_code, reason = "half of it is for running"))]
mod host;
mod import;
#[cfg(feature = "run")]
mod instance;
mod intrinsic;
mod lent;
#[cfg(feature = "run")]
mod link;
mod log2;
mod logic;
#[cfg_attr(not(feature = "run"), expect(dead_code, reason = "half of it is for running"))]
mod module;
#[cfg_attr(not(feature = "run"), expect(dead_code, reason = "half of it is for running"))]
mod places;
mod rules;
mod script;
mod search;
mod sets;
#[cfg_attr(not(feature = "run"), expect(dead_code, reason = "half of it is for running"))]
mod stack;
mod steps;
mod stmt;
mod uses;
mod walk;
mod wat;
#[cfg(feature = "run")]
mod window;

#[cfg(feature = "run")]
pub use compile::Wasm;
#[cfg(feature = "run")]
pub use config::configurations;
pub use lent::{Lent, LentInstance, RunArguments};
pub use wat::wat;
