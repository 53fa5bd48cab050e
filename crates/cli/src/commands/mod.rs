//! One module per verb.

pub mod check;
pub mod choose;
pub mod compare;
pub mod compile;
pub mod conform;
pub mod diff;
pub mod eval;
pub mod explain;
pub mod expressions;
pub mod fields;
pub mod fmt;
pub mod functions;
pub mod lsp;
pub mod module;
pub mod profile;
pub mod report;
pub mod run;
#[cfg(feature = "serve")]
pub mod serve;
pub mod shell;
