//! Other engines as rows of the comparison, each verified like a backend: what a Quintet rule becomes in their language, run on the same
//! records.
#![forbid(unsafe_code)]

mod seam;

pub use seam::{Peer, Prepared, Task};

/// All other engines, the hand-written ones first.
pub fn peers() -> Vec<Box<dyn Peer>> {
    Vec::new()
}
