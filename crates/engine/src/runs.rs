//! What answers about records one by one.

use quintet_runtime::{ArenaKind, FilterError, Instance, Matches, RecordRef, RuleSet, Session, WriteRuleSet};

use crate::engine::Rules;
use crate::evaluator::{EvaluationError, EvaluatorError};

/// Rules that run on records one by one.
pub(crate) enum Runs {
    /// They look at each alone.
    Alone(Box<dyn Instance>),
    /// What they say of one depends on those before.
    Stream(Box<Stream>),
}

/// A stream of records, in batches of one.
pub(crate) struct Stream {
    pub(crate) session: Session,
    matches: Matches,
}

impl Runs {
    /// Of these rules, and the kind of memory that records are read in where they lie.
    pub(crate) fn new(rules: &Rules) -> Result<(Runs, ArenaKind), EvaluatorError> {
        let instance = rules.tests()?;
        let kind = if instance.reads_in_place(ArenaKind::Plain) { ArenaKind::Plain } else { ArenaKind::Shared };
        if !rules.is_stateful() {
            return Ok((Runs::Alone(instance), kind));
        }
        let session = Session::new(rules.linked().clone(), vec![instance])?;
        Ok((Runs::Stream(Stream { session, matches: Matches::new() }.into()), kind))
    }

    /// Which rules match the only record of a batch.
    #[inline]
    pub(crate) fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), EvaluationError> {
        match self {
            Runs::Alone(instance) => Ok(instance.run(record, hits)?),
            Runs::Stream(stream) => stream.run(record, hits),
        }
    }

    /// Runs one rule again, alone, where that can be done; whether it was.
    pub(crate) fn again(&mut self, rule: usize, record: RecordRef<'_>) -> bool {
        match self {
            Runs::Alone(instance) => {
                // What it answers is known.
                let _ = instance.test(rule, record, &mut None::<FilterError>);
                true
            }
            Runs::Stream(_) => false,
        }
    }
}

impl Stream {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), EvaluationError> {
        self.session.run_batch(record.batch(), &mut self.matches)?;
        hits.reset(self.matches.rules());
        (0..self.matches.rules()).filter(|rule| self.matches.row(*rule).first() == Some(&1)).for_each(|rule| hits.insert(rule));
        self.matches.traps().iter().for_each(|trap| hits.trap(trap.rule, (trap.trap, trap.span)));
        Ok(())
    }
}
