//! The Cranelift backend: rules become machine code.
//!
//! Each rule is one function that answers up to 64 records of a batch with one word of bits. Fields, constants, comparisons, logic,
//! arithmetic, slices, loops, small sets and searches for constants are generated; regular expressions, wildcards, library functions,
//! large sets and look-ups by key are calls of `quintet-native`. Boolean expressions are branches, never values: an expression is
//! compiled towards the block to go to when it holds, the block for when it does not, and for values the block for nil.
//!
//! A function of the program becomes a function of machine code, its locals become variables, and its arrays lie in memory of the
//! instance; see `script.rs`.
//!
//! On x86-64 Linux a third configuration, `jit-stencil`, puts a rule together from pieces of such code that were made beforehand: it compiles in
//! less time than some closures and runs about as fast (`cargo run --release --example tiers` prints both); see `stencil/mod.rs`. Choose it where rules
//! change; for scripts it gains nothing, as functions and rules with statements are compiled with the settings of `jit-fast`.
//!
//! Choose it where records come in great numbers and the process may map executable memory. Do not choose
//! it where rules change about as often as they run and there is no `jit-stencil` (compiling one takes hundreds of times as long as its
//! closures), where the host is neither x86-64 nor aarch64 (what it is written for; tests ran on x86-64 Linux only), or where a fault
//! in a code generator must not be a fault in the process: generated code is not sandboxed, so rules of strangers belong into the WebAssembly
//! backend.
//!
//! Built for WebAssembly it runs nothing, and has the code as text alone: [`listing`].
//!
//! ```
//! use quintet_runtime::Backend;
//!
//! assert_eq!(quintet_jit::Jit::best().id().to_string(), "jit");
//! assert_eq!(quintet_jit::Jit::fast().id().to_string(), "jit-fast");
//! ```

mod arith;
mod array;
mod call;
mod compare;
#[cfg(not(target_family = "wasm"))]
mod compile;
mod config;
mod each;
mod elements;
mod emit;
#[cfg(not(target_family = "wasm"))]
mod entry;
mod equal;
mod expr;
mod flat;
mod frame;
mod generator;
#[cfg(not(target_family = "wasm"))]
mod instance;
mod intrinsic;
mod logic;
mod marks;
#[cfg(not(target_family = "wasm"))]
mod memory;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod near;
mod rare;
mod script;
mod search;
mod sets;
#[cfg(not(target_family = "wasm"))]
mod shims;
mod single;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod stencil;
mod steps;
mod stmt;
mod symbols;
mod traps;
mod turns;
mod unit;
mod value;
mod workspace;

#[cfg(not(target_family = "wasm"))]
pub use compile::{Jit, from_stencils, make_stencils};
#[cfg(not(target_family = "wasm"))]
pub use config::configurations;
pub use config::{BEST, FAST, STENCIL};
pub use emit::listing;
#[cfg(not(target_family = "wasm"))]
pub use instance::{Alone, Runner};
