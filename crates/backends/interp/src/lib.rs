//! The tree-walking backend: evaluates the AST as it stands.
//!
//! It is the plainest reading of the language and therefore the oracle that the other backends are tested against. It is not naive:
//! literals are prepared by [`Linked`](quintet_runtime::Linked), fields are read in place by offset, values borrow from the record or
//! from scratch memory, and running a record allocates nothing on the heap once the scratch memory has grown to what the rules need. In
//! batches it asks tests of up to 64 records at a time (`block.rs`); one record at a time is what the others are compared to, and it itself.
//!
//! Choose it where rules change about as often as they run, or where a backend must be as small as possible: compiling costs next to
//! nothing. Do not choose it for speed: the closures backend evaluates the same rules faster on every platform.
#![forbid(unsafe_code)]

mod array;
mod block;
mod call;
mod compile;
mod config;
mod each;
mod expr;
mod instance;
mod logic;
mod machine;
mod place;
mod stmt;
#[cfg(test)]
mod tests;

pub use compile::Interp;
pub use config::{ID, configurations};
