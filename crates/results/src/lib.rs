//! What a run of Quintet's measurements says: the versioned result schema and the statistics over it. There is no engine in here.
#![forbid(unsafe_code)]

mod schema;
mod stats;

pub use schema::{BackendResult, FORMAT, FrontEnd, LoadError, Machine, Measure, Options, Results, VERSION, WorkloadResult};
pub use stats::{Interval, geometric_mean, median, quantile, ratio_interval};
