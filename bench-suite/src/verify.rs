//! The gate: nothing is timed before every backend has answered every rule on every record alike.

use std::fmt;
use std::sync::Arc;

use quintet::{Backend, BackendId, Batch, Instance, Matches, RuleSet, Rules, Trap};

use crate::load::Loaded;

/// What verifying found out.
#[derive(Clone, Debug)]
pub struct Verified {
    /// Matches of each rule.
    pub matches: Vec<usize>,
    /// Rule-record pairs that trapped.
    pub traps: usize,
    /// Rule-record pairs that every backend answered alike, in a batch and alone.
    pub pairs: usize,
}

/// The answer of a rule on a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It matches or not.
    Match(bool),
    /// It trapped.
    Trap(Trap),
}

/// The first place where two backends differ.
#[derive(Clone, Debug)]
pub struct Difference {
    /// The workload.
    pub workload: String,
    /// The record's number in the input, from 1.
    pub record: usize,
    /// The rule's name.
    pub rule: String,
    /// The rule's expression.
    pub expression: String,
    /// The reference and its answer.
    pub reference: (BackendId, Answer),
    /// The other backend, its answer, and how it was called.
    pub other: (BackendId, Answer, &'static str),
}

/// Why a workload cannot be verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// Two backends differ.
    #[error("{0}")]
    Difference(Box<Difference>),
    /// A rule matches another number of records than the workload says.
    #[error(
        "workload {workload}: rule `{rule}` matches {found} records, but the workload expects {expected}; all backends agree on {found}"
    )]
    Count {
        /// The workload.
        workload: String,
        /// The rule.
        rule: String,
        /// What the workload says.
        expected: usize,
        /// What all backends found.
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
            Answer::Match(matches) => write!(f, "{matches}"),
            Answer::Trap(trap) => write!(f, "trap: {trap}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "wrong answer: two backends differ, so nothing was measured")?;
        writeln!(f, "  workload   {}", self.workload)?;
        writeln!(f, "  record     {}", self.record)?;
        writeln!(f, "  rule       {}", if self.rule.is_empty() { "(unnamed)" } else { &self.rule })?;
        writeln!(f, "  expression {}", self.expression)?;
        writeln!(f, "  {:<10} {}", self.reference.0.to_string(), self.reference.1)?;
        write!(f, "  {:<10} {} ({})", self.other.0.to_string(), self.other.1, self.other.2)
    }
}

fn failed(error: impl fmt::Display) -> VerifyError {
    VerifyError::Backend(error.to_string())
}

/// The answer that `matches` holds.
fn batch_answer(matches: &Matches, rule: usize, record: usize) -> Answer {
    match matches.traps().iter().find(|t| t.rule == rule && t.record == record) {
        Some(trap) => Answer::Trap(trap.trap),
        None => Answer::Match(matches.get(rule, record)),
    }
}

/// The answer that `hits` holds.
fn single_answer(hits: &RuleSet, rule: usize) -> Answer {
    match hits.traps().iter().find(|(r, _)| *r == rule) {
        Some((_, trap)) => Answer::Trap(*trap),
        None => Answer::Match(hits.contains(rule)),
    }
}

/// Evaluates every rule on every record with every backend, in batches of either kind of memory and alone, and compares with the first
/// backend's batches.
///
/// # Errors
/// See [`VerifyError`].
pub fn verify(loaded: &Loaded, backends: &[Arc<dyn Backend>]) -> Result<Verified, VerifyError> {
    let rules = loaded.linked.program().rules.len();
    let mut verified = Verified { matches: vec![0; rules], traps: 0, pairs: 0 };
    let mut runners: Vec<(BackendId, Box<dyn Instance>)> = Vec::new();
    for backend in backends {
        let compiled: Rules = loaded.engine.compile_linked(&loaded.linked, &**backend).map_err(failed)?;
        runners.push((backend.id(), compiled.instance().map_err(failed)?));
    }
    let (mut expected, mut found, mut hits) = (Matches::new(), Matches::new(), RuleSet::new());
    let mut first = 0;
    for (shared, plain) in loaded.batches.iter().zip(&loaded.plain_batches) {
        let mut reference = None;
        for (id, instance) in &mut runners {
            let check = Check { loaded, first, reference, id: *id };
            if reference.is_none() {
                instance.run_batch(shared, &mut expected).map_err(failed)?;
                reference = Some(*id);
            } else {
                instance.run_batch(shared, &mut found).map_err(failed)?;
                check.batch(&expected, &found, shared, "in a batch")?;
            }
            let check = Check { reference, ..check };
            instance.run_batch(plain, &mut found).map_err(failed)?;
            check.batch(&expected, &found, plain, "in a batch in plain memory")?;
            check.alone(&expected, &mut **instance, shared, &mut hits)?;
        }
        for (rule, count) in verified.matches.iter_mut().enumerate() {
            *count += expected.count(rule);
        }
        verified.traps += expected.traps().len();
        verified.pairs += rules * shared.len();
        first += shared.len();
    }
    counts(loaded, &verified)?;
    Ok(verified)
}

/// One comparison of a backend with the reference on one batch.
struct Check<'l> {
    loaded: &'l Loaded,
    /// The place of the batch's first record in the input, from 0.
    first: usize,
    reference: Option<BackendId>,
    id: BackendId,
}

impl Check<'_> {
    fn batch(&self, expected: &Matches, found: &Matches, batch: &Batch, how: &'static str) -> Result<(), VerifyError> {
        if found.words() == expected.words() && found.traps() == expected.traps() {
            return Ok(());
        }
        for record in 0..batch.len() {
            for rule in 0..self.loaded.linked.program().rules.len() {
                self.same(record, rule, batch_answer(expected, rule, record), batch_answer(found, rule, record), how)?;
            }
        }
        Err(failed(format!("{}: answers that are of no rule or record", self.id)))
    }

    fn alone(&self, expected: &Matches, instance: &mut dyn Instance, batch: &Batch, hits: &mut RuleSet) -> Result<(), VerifyError> {
        for record in batch.iter() {
            instance.run(record, hits).map_err(failed)?;
            for rule in 0..expected.rules() {
                if hits.contains(rule) != expected.get(rule, record.index()) || !hits.traps().is_empty() || !expected.traps().is_empty() {
                    self.same(record.index(), rule, batch_answer(expected, rule, record.index()), single_answer(hits, rule), "alone")?;
                }
            }
        }
        Ok(())
    }

    fn same(&self, record: usize, rule: usize, expected: Answer, found: Answer, how: &'static str) -> Result<(), VerifyError> {
        if expected == found {
            return Ok(());
        }
        let rules = &self.loaded.linked.program().rules;
        let span = rules[rule].expr.span;
        let expression = self.loaded.workload.rules.get(span.start as usize..span.end as usize).unwrap_or_default();
        Err(VerifyError::Difference(Box::new(Difference {
            workload: self.loaded.workload.name.clone(),
            record: self.first + record + 1,
            rule: rules[rule].name.clone(),
            expression: expression.to_owned(),
            reference: (self.reference.unwrap_or(self.id), expected),
            other: (self.id, found, how),
        })))
    }
}

fn counts(loaded: &Loaded, verified: &Verified) -> Result<(), VerifyError> {
    let workload = &loaded.workload;
    for (name, expected) in &workload.expected {
        let rule = loaded.linked.program().rules.iter().position(|r| r.name == *name);
        let Some(rule) = rule else {
            return Err(VerifyError::NoSuchRule { workload: workload.name.clone(), rule: name.clone() });
        };
        if verified.matches[rule] != *expected {
            return Err(VerifyError::Count {
                workload: workload.name.clone(),
                rule: name.clone(),
                expected: *expected,
                found: verified.matches[rule],
            });
        }
    }
    Ok(())
}
