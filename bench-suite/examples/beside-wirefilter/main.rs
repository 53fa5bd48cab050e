//! Quintet beside wirefilter's main branch, filter by filter: what a call for one record takes on each backend, what a filter takes from its
//! text to something that can be called, and what rules take in packs. The filters and records are those of the workload `wirefilter-bench`.
//!
//! ```text
//! cargo run --release --example beside-wirefilter                    # all of it
//! cargo run --release --example beside-wirefilter calls              # all backends
//! cargo run --release --example beside-wirefilter calls closures jit # these
//! cargo run --release --example beside-wirefilter front
//! cargo run --release --example beside-wirefilter packs
//! ```
//!
//! wirefilter's figures were measured once and stand in files beside the workload, in multiples of a native call through a function pointer.
//! Such a call is timed here in each round, everything takes turns with it, and times are divided by it: what disturbs the machine for longer
//! than a round cancels. A figure is the median of its rounds. Ratios above 1 mean that Quintet is slower.

mod calls;
mod expressions;
mod front;
mod packs;
mod turns;

use std::error::Error;

use quintet_bench::{Loaded, shipped};

use expressions::{Named, expressions};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((what, rest)) = arguments.split_first() else {
        calls::calls(&[])?;
        front::front()?;
        return packs::packs();
    };
    match (what.as_str(), rest) {
        ("calls", backends) => calls::calls(backends),
        ("front", []) => front::front(),
        ("packs", []) => packs::packs(),
        _ => Err("give `calls`, also with ids of backends, or `front` or `packs`, or nothing for all of it".into()),
    }
}

/// The workload of wirefilter's figures, and each of its rules' names and expressions.
fn filters() -> Result<(Loaded, Named), Box<dyn Error>> {
    let loaded = Loaded::new(shipped("wirefilter-bench")?)?;
    let filters = expressions(&loaded)?;
    Ok((loaded, filters))
}
