//! What verifying answers: what every row agrees on, or the first place where one differs.

use std::fmt;

use quintet::Trap;
use quintet_results::Absent;

/// What verifying found out.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Matches of each rule.
    pub matches: Vec<usize>,
    /// Rule-record pairs that trapped.
    pub traps: usize,
    /// Rule-record pairs that every row answered alike: backends in a batch and alone, other engines in their own ways.
    pub pairs: usize,
    /// What cannot run the workload, and why.
    pub absent: Vec<Absent>,
}

/// The answer of a rule on a record, or of all rules on all records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// So many rule-record pairs match.
    Pairs(u64),
    /// It matches or not.
    Match(bool),
    /// It trapped.
    Trap(Trap),
}

/// The first place where a row differs from the reference.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The workload.
    pub workload: String,
    /// Where in the workload; `None` where only the sum over all rules and records is known to differ.
    pub place: Option<Place>,
    /// The reference and its answer.
    pub reference: (String, Answer),
    /// The row that differs, its answer, and how it was called.
    pub other: (String, Answer, &'static str),
}

/// A rule and a record.
#[derive(Clone, Debug)]
pub struct Place {
    /// The record's number in the input, from 1.
    pub record: usize,
    /// The rule's name; empty for the only rule of a file.
    pub rule: String,
    /// The rule's expression.
    pub expression: String,
}

/// Why a workload cannot be verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// A row answers otherwise than the reference.
    #[error("{0}")]
    Difference(Box<Difference>),
    /// A rule matches another number of records than the workload says.
    #[error("workload {workload}: rule `{rule}` matches {found} records, but the workload expects {expected}; all rows agree on {found}")]
    Count {
        /// The workload.
        workload: String,
        /// The rule.
        rule: String,
        /// What the workload says.
        expected: usize,
        /// What all rows found.
        found: usize,
    },
    /// The workload expects matches of a rule that it does not have.
    #[error("workload {workload}: `expected` names rule `{rule}`, which its rules do not have")]
    NoSuchRule {
        /// The workload.
        workload: String,
        /// The name.
        rule: String,
    },
    /// A backend could not run.
    #[error("{0}")]
    Backend(String),
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Answer::Pairs(count) => write!(f, "{count} matches"),
            Answer::Match(matches) => write!(f, "{matches}"),
            Answer::Trap(trap) => write!(f, "trap: {trap}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let width = self.reference.0.len().max(self.other.0.len()).max("expression".len());
        writeln!(f, "wrong answer: two rows differ, so nothing was measured")?;
        writeln!(f, "  {:<width$} {}", "workload", self.workload)?;
        if let Some(place) = &self.place {
            writeln!(f, "  {:<width$} {}", "record", place.record)?;
            writeln!(f, "  {:<width$} {}", "rule", if place.rule.is_empty() { "(unnamed)" } else { &place.rule })?;
            writeln!(f, "  {:<width$} {}", "expression", place.expression)?;
        }
        writeln!(f, "  {:<width$} {}", self.reference.0, self.reference.1)?;
        write!(f, "  {:<width$} {} ({})", self.other.0, self.other.1, self.other.2)
    }
}
