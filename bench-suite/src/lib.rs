//! What is measured and how: workloads as data, the verification gate, and the sampler that interleaves the backends.
//!
//! A [`Workload`] is a TOML file with rules and records beside it. [`Loaded`] is a workload with its rules checked and its records read.
//! A [`Lineup`] says who takes part: backends, with and without the optimising passes, and other engines. [`verify_lineup`] evaluates every
//! rule on every record with every row and refuses to go on at the first difference; only then [`measure`] takes samples, round by round,
//! all rows in each round, in several processes that take turns.
#![forbid(unsafe_code)]

mod beside;
mod catalogue;
mod fingerprint;
mod gate;
mod lineup;
mod load;
mod parts;
mod profile;
mod refused;
mod sampler;
pub mod scaling;
mod support;
mod verify;
mod workload;

pub use beside::{beside, pointer_call};
pub use catalogue::{names, scripts, shipped};
pub use fingerprint::{machine, versions};
pub use gate::{verify, verify_lineup};
pub use lineup::{Lineup, PassRows};
pub use load::{LoadError, Loaded};
pub use parts::part;
pub use profile::{Profiler, Repeats, profile};
pub use quintet_peers::peers;
pub use refused::refused;
pub use sampler::{
    Child, Effort, Ending, Job, MeasureError, Measured, Process, Progress, Round, Sampler, Slowed, Widest, measure, serve, widest,
};
pub use support::{Probe, probe, support};
pub use verify::{Answer, Difference, Place, Verified, VerifyError};
pub use workload::{Files, Workload, WorkloadError};
