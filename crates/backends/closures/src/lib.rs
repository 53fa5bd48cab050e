//! Quintet's closure backend: each rule becomes a tree of boxed closures, every one made for the shape of its operands.
//!
//! # What it does
//! Compiling walks the AST once. A test such as `tcp.port == 443` becomes one closure in which the field's place in the record, the
//! constant and the comparison are fixed, so that running it is one indirect call, one load and one compare. Values that a test reads
//! in place (fields, elements of their arrays and maps) are never copied; a quantifier whose body is one such test is a single closure
//! with a loop inside.
//!
//! A test has two entries: one record, and up to 64 records of a batch under a mask. The second is the same closure inlined into a
//! loop, so in a batch the indirect call is paid once per 64 records, and `and`/`or` pass on only records that are still undecided.
//!
//! Missing values are `None`. A trap is noted beside the evaluation and the value that trapped is `None` too: closures that cannot
//! trap neither know nor pay for it. Rules that can trap or make values are run record by record, after those leading
//! operands of a top-level `and` that can do neither.
//!
//! Statements are closures too, which answer where to go on. Locals of functions are words of a frame, arrays are vectors of words: the shapes that
//! scripts are made of (a local, an element at a local's index, what mixes the bits of a few locals) are read within the closure that uses them.
//!
//! # When to use it
//! Where rules change often (`cargo run --release --example tiers` prints what compiling takes), where executable memory is forbidden, or on a
//! platform without code generator. Generated code is faster where a rule is mostly arithmetic, which costs an indirect call per operator here.
#![forbid(unsafe_code)]

mod arith;
mod array;
mod bits;
mod call;
mod code;
mod compare;
mod compile;
mod config;
mod context;
mod each;
mod entry;
mod expr;
mod frame;
mod generator;
mod instance;
mod intrinsic;
mod kind;
mod logic;
mod loops;
mod operand;
mod operators;
mod place;
mod script;
mod search;
mod sets;
mod stmt;
mod word;

pub use config::{Closures, configurations};
pub use instance::{Alone, Runner};
