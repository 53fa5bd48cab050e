//! The LuaJIT backend: a program becomes Lua source, one function per rule, which LuaJIT runs through mlua.
//!
//! Logic, comparisons, field access, indexing, loops, arithmetic, slices, address ranges and small sets are generated Lua that reads
//! records in place through the FFI; regular expressions, searches, library functions, large sets and map look-ups are C calls into
//! [`quintet_native`]. The generated code has no globals: it reaches what a small prelude hands to it and nothing else.
//!
//! Functions and rules of statements become Lua functions with Lua locals; their Ints are Lua numbers as far as those are exact and `int64_t`
//! beyond, their U32s numbers of the bit library, and their arrays memory of the instance.
//!
//! Choose it where rules come and go often and still must run fast, or where Lua is what the product embeds anyway: compiling is parsing
//! Lua, and hot rules become machine code by themselves. Do not choose it for rules from people who are not trusted to write them (the FFI
//! reaches all memory; only the generator stands between), nor where a single simple rule is asked about one record at a time: a call from Rust
//! into Lua costs more than it. Many rules share one such call. Without the trace compiler ([`LuaJit::without_jit`]) 64-bit integers are boxed, and slow.

mod array;
mod call;
#[cfg_attr(not(feature = "run"), expect(dead_code, reason = "half of it is for running"))]
mod chunk;
mod code;
mod compare;
#[cfg(feature = "run")]
mod compile;
#[cfg(feature = "run")]
mod config;
#[cfg(feature = "run")]
mod crossing;
#[cfg_attr(not(feature = "run"), expect(dead_code, reason = "half of it is for running"))]
mod data;
mod each;
mod entry;
mod expr;
mod generator;
#[cfg(feature = "run")]
mod instance;
mod intrinsic;
mod ints;
mod logic;
mod loops;
#[cfg_attr(not(feature = "run"), expect(dead_code, reason = "half of it is for running"))]
mod memory;
#[cfg_attr(not(feature = "run"), expect(dead_code, reason = "half of it is for running"))]
mod natives;
mod operand;
mod partition;
#[cfg(feature = "run")]
mod pool;
mod ranges;
mod scopes;
mod script;
mod search;
mod sets;
mod slots;
mod source;
#[cfg(feature = "run")]
mod state;
mod stmt;

#[cfg(feature = "run")]
pub use compile::LuaJit;
#[cfg(feature = "run")]
pub use config::{ID, NOJIT, configurations};
pub use source::{source, source_marked};
