//! The C interface. `include/quintet.h` is made of this crate and is its documentation; `docs/c.md` says how to build and link it.
//!
//! Each function is guarded: pointers that must not be null are checked, and a panic becomes a status.

mod arrow;
mod batch;
mod engine;
mod error;
mod function;
mod guard;
mod instance;
mod matches;
mod rules;
mod scheme;
mod sink;
mod status;
mod text;

pub use arrow::*;
pub use batch::*;
pub use engine::*;
pub use error::*;
pub use function::*;
pub use instance::*;
pub use matches::*;
pub use rules::*;
pub use scheme::*;
pub use sink::*;
pub use status::*;
pub use text::*;
