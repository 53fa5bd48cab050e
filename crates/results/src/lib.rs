//! What a run of Quintet's measurements says: the versioned result schema and the statistics over it. There is no engine in here.
#![forbid(unsafe_code)]

mod choose;
mod cited;
mod cost;
mod diff;
mod estimate;
mod load;
mod noise;
mod profile;
mod rank;
mod recommendation;
mod regret;
mod schema;
mod sources;
mod stats;
mod student;
mod two_runs;

pub use choose::{Candidate, Change, Choice, Excluded, NoWorkload, Rates, WORTH_SHARE, Winner, Wish};
pub use cited::{Cited, CitedFigure};
pub use cost::{BreakEven, Cost, MOST_RECORDS, Mode, has_one_cost};
pub use diff::{Comparison, Diff, DiffOptions, NotCompared, Verdict, between_processes};
pub use estimate::{Estimate, Sample};
pub use load::LoadError;
pub use noise::{OwnKind, again, floor, own_kinds};
pub use profile::{Profile, ProfileColumn, RuleProfile};
pub use rank::{Ranked, rank, ratio_over};
pub use recommendation::{Because, Recommendation, RunnerUp, asks, simplicity};
pub use regret::Regret;
pub use schema::{
    Absent, Again, CriterionResult, FORMAT, FrontEnd, Isolation, Latency, Machine, Measure, Memory, Options, Phase, Results, Row, RowKind,
    Support, Total, Traits, VERSION, WorkloadResult,
};
pub use sources::{Source, Sources};
pub use stats::{Interval, geometric_mean, median, quantile};
pub use two_runs::{MIN_ROUNDS, Shift, discoveries, shift};
