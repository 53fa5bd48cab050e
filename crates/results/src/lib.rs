//! What a run of Quintet's measurements says: the versioned result schema and the statistics over it. There is no engine in here.
#![forbid(unsafe_code)]

mod cost;
mod load;
mod rank;
mod schema;
mod stats;

pub use cost::{BreakEven, Cost, Mode};
pub use load::LoadError;
pub use rank::{Ranked, rank, ratio_over};
pub use schema::{
    Absent, Again, CriterionResult, FORMAT, FrontEnd, Isolation, Latency, Machine, Measure, Memory, Options, Phase, Results, Row, RowKind,
    Support, Traits, VERSION, WorkloadResult,
};
pub use stats::{Interval, geometric_mean, median, quantile, ratio_interval, resampled};
