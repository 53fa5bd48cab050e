//! One module per verb.

pub mod check;
pub mod choose;
pub mod compare;
pub mod conform;
pub mod eval;
pub mod diff;
pub mod explain;
pub mod fields;
pub mod report;
pub mod run;
