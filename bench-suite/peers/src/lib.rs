//! Other engines as rows of the comparison, each verified like a backend: what a Quintet rule becomes in their language, run on the same
//! records.
//!
//! `native` and `lua-script` are written by hand, for the shipped workloads that they name. `wirefilter`, `cel` and `rhai` are engines:
//! [`Peer::prepare`] turns the checked rules into tests of scalar columns, prints those as the engine's source text, one expression per
//! rule, and fills one context per record. What has no exact counterpart is refused with the reason. Filling contexts is not timed.
#![deny(unsafe_code)]

mod cel;
mod flat;
mod lua_script;
mod native;
mod print;
mod rhai;
mod seam;
mod source;
mod wirefilter;

pub use seam::{Peer, Prepared, Task};

/// All other engines, the hand-written ones first.
pub fn peers() -> Vec<Box<dyn Peer>> {
    vec![
        Box::new(native::Native),
        Box::new(lua_script::LuaScript),
        Box::new(wirefilter::Wirefilter),
        Box::new(cel::Cel),
        Box::new(rhai::Rhai),
    ]
}
