//! What is measured and how: workloads as data, the verification gate, and the sampler that interleaves the backends.
//!
//! A [`Workload`] is a TOML file with rules and records beside it. [`Loaded`] is a workload with its rules checked and its records read.
//! [`verify()`] evaluates every rule on every record with every backend and refuses to go on at the first difference; only then
//! [`measure`] takes samples, round by round, all backends in each round.
#![forbid(unsafe_code)]

mod catalogue;
mod fingerprint;
mod load;
mod sampler;
pub mod scaling;
mod verify;
mod workload;

pub use catalogue::{names, shipped};
pub use fingerprint::{machine, versions};
pub use load::{LoadError, Loaded};
pub use sampler::{Effort, MeasureError, measure};
pub use verify::{Difference, Verified, VerifyError, verify};
pub use workload::{Files, Workload, WorkloadError};
