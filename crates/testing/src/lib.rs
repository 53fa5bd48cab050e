//! What tests of backends share: programs and records made at random, a comparison of backends with the interpreter, cases in files.
//!
//! A backend's test is
//!
//! ```
//! # let backend = quintet_interp::Interp::new();
//! quintet_testing::regressions(&backend);
//! quintet_testing::differential(&backend, 100);
//! ```
#![forbid(unsafe_code)]

mod calls;
mod case;
mod dice;
mod differential;
mod elements;
mod generate;
mod host_calls;
mod lifts;
mod literals;
mod passes;
mod regression;
mod rule_sets;
mod scripts;
mod several;
mod soak;
mod stateful;
mod statistics;
mod strategy;
mod tally;
mod term;
mod words;
mod world;

pub use case::{Answer, Batches, Case, Mode, answers, instance, link, trap_named, values_of};
pub use differential::differential;
pub use host_calls::host_calls;
pub use lifts::{LiftedCases, lifts};
pub use passes::{passes, values};
pub use regression::{Regression, regressions};
pub use rule_sets::{RuleSets, rule_sets};
pub use scripts::{Piece, Script, script, scripts};
pub use soak::{Soak, soak};
pub use stateful::{Outcome, Stateful, Way};
pub use statistics::{KINDS, Statistics, statistics};
pub use strategy::{Random, RandomTree, case, program, record, source, value_case};
pub use term::{Part, Shape, Term};
pub use world::{World, library, world};
