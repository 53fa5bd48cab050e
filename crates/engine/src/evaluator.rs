//! One thread's way to ask rules about structs, one by one.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use quintet_lang::Program;
use quintet_runtime::{
    ArenaError, Fault, InstantiateError, RecordBuffer, RecordBuilder, RecordError, RecordRef, RuleId, RuleSet, RunError, Session,
    SessionError, with_context,
};

use crate::engine::Rules;
use crate::metrics::{Metrics, Pace};
use crate::record::{FillError, Filler, Record};
use crate::runs::Runs;

/// One thread's way to ask rules about records one by one: it has an instance of the rules, and the memory of one record, which it fills again
/// and again. [`Rules::evaluator`] makes it.
///
/// Of rules that keep state or have outputs, it is one stream of records, with tables of its own: two evaluators see nothing of each other.
/// Threads whose records belong together share one behind a lock, or each takes the records of some of the keys.
///
/// ```
/// use quintet::{Engine, Record};
///
/// #[derive(Record)]
/// struct Login<'a> { user: &'a str, failed: bool }
///
/// let engine = Engine::new();
/// let source = "
///     state failures[user]: count max 1000
///     rule failed = failed
///     on failed { failures += 1 }
///     rule guessing = failed and failures > 2
/// ";
/// let rules = engine.compile(source, &engine.scheme_of::<Login>()?, "closures")?;
/// let mut evaluator = rules.evaluator()?;
/// for (user, names) in [("ada", &["failed"][..]), ("ada", &["failed"]), ("bob", &["failed"]), ("ada", &["failed", "guessing"])] {
///     assert!(evaluator.evaluate(&Login { user, failed: true })?.names().eq(names.iter().copied()));
/// }
/// assert_eq!(evaluator.session().map(|session| session.counts()[0].entries), Some(2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Evaluator {
    rules: Rules,
    runs: Runs,
    buffer: RecordBuffer,
    filler: Filler,
    hits: RuleSet,
    metrics: Option<(Arc<Metrics>, Pace)>,
}

/// Why there are no answers about a record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The struct makes no record of the rules' scheme.
    #[error(transparent)]
    Fill(#[from] FillError),
    /// The instance cannot go on, or was interrupted.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The rules keep state or have outputs, and the session cannot go on, or a sink takes no lines.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<RecordError> for EvaluationError {
    fn from(error: RecordError) -> EvaluationError {
        EvaluationError::Fill(error.into())
    }
}

/// Why no evaluator could be made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluatorError {
    /// The rules cannot be instantiated.
    #[error(transparent)]
    Instantiate(#[from] InstantiateError),
    /// The rules keep state or have outputs, and no session can be made.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// There is no memory for a record.
    #[error(transparent)]
    Arena(#[from] ArenaError),
}

/// What rules say of one record.
#[derive(Clone, Copy)]
pub struct Answers<'a> {
    program: &'a Program,
    hits: &'a RuleSet,
}

impl Evaluator {
    pub(crate) fn new(rules: &Rules) -> Result<Evaluator, EvaluatorError> {
        let (runs, kind) = Runs::new(rules)?;
        let buffer = RecordBuffer::in_arena(rules.scheme(), kind)?;
        Ok(Evaluator { rules: rules.clone(), runs, buffer, filler: Filler::new(), hits: RuleSet::new(), metrics: None })
    }

    /// Of rules that keep state or have outputs, the stream of records: it says what the tables hold, and has the outputs'
    /// [sinks](Session::attach).
    pub fn session(&mut self) -> Option<&mut Session> {
        match &mut self.runs {
            Runs::Alone(_) => None,
            Runs::Stream(stream) => Some(&mut stream.session),
        }
    }

    /// Goes on with what another one's session has: see [`Session::succeed`].
    pub(crate) fn succeed(&mut self, before: Evaluator) {
        if let (Runs::Stream(own), Runs::Stream(before)) = (&mut self.runs, before.runs) {
            own.session.succeed(before.session);
        }
    }

    /// The same evaluator, which counts what it does. Evaluators of the same rules may count together.
    pub fn with_metrics(mut self, metrics: Arc<Metrics>) -> Evaluator {
        self.metrics = Some((metrics, Pace::default()));
        self
    }

    /// The rules.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// What the rules say of a struct.
    ///
    /// # Errors
    /// See [`EvaluationError`]. A rule that traps is none: it does not match, and [`Answers::traps`] has it.
    #[inline]
    pub fn evaluate<T: Record + ?Sized>(&mut self, value: &T) -> Result<Answers<'_>, EvaluationError> {
        let filler = &mut self.filler;
        let mut filled = Ok(());
        let record = self.buffer.fill(|record| filled = filler.fill(value, record));
        filled?;
        record?;
        self.run()
    }

    /// The same, with something of the host that its functions see: what [`context`](crate::context) answers while the rules run.
    ///
    /// # Errors
    /// As [`Evaluator::evaluate`].
    pub fn evaluate_in<T: Record + ?Sized>(
        &mut self,
        value: &T,
        context: Arc<dyn Any + Send + Sync>,
    ) -> Result<Answers<'_>, EvaluationError> {
        with_context(context, || self.evaluate(value))
    }

    /// What the rules say of a record that `fill` fills, as with [`to_record`](crate::to_record).
    ///
    /// # Errors
    /// What `fill` says, and as [`Evaluator::evaluate`].
    pub fn evaluate_with<E: From<EvaluationError>>(
        &mut self,
        fill: impl FnOnce(&mut RecordBuilder<'_>) -> Result<(), E>,
    ) -> Result<Answers<'_>, E> {
        let mut filled = Ok(());
        let record = self.buffer.fill(|record| filled = fill(record)).map(|_| ());
        filled?;
        record.map_err(EvaluationError::from)?;
        Ok(self.run()?)
    }

    /// Runs the rules on the record that was filled.
    #[inline]
    fn run(&mut self) -> Result<Answers<'_>, EvaluationError> {
        if let Some(record) = self.buffer.record() {
            match &mut self.metrics {
                None => self.runs.run(record, &mut self.hits)?,
                Some((metrics, pace)) => metrics.run(pace, &mut self.runs, record, &mut self.hits)?,
            }
        }
        Ok(Answers { program: self.rules.program(), hits: &self.hits })
    }

    /// The record that was asked about last.
    pub fn record(&self) -> Option<RecordRef<'_>> {
        self.buffer.record()
    }
}

impl<'a> Answers<'a> {
    /// The names of the rules that match, in their order.
    pub fn names(self) -> impl Iterator<Item = &'a str> {
        self.rules().map(move |rule| self.name(rule))
    }

    /// The rules that match, in their order.
    pub fn rules(self) -> impl Iterator<Item = RuleId> {
        self.hits.iter().map(RuleId)
    }

    /// Whether a rule matches.
    #[inline]
    pub fn has(self, rule: RuleId) -> bool {
        self.hits.contains(rule.0)
    }

    /// Whether no rule matches.
    pub fn is_empty(self) -> bool {
        self.hits.is_empty()
    }

    /// How many rules match.
    pub fn len(self) -> usize {
        self.hits.len()
    }

    /// The rules that trapped, by name: they do not match.
    pub fn traps(self) -> impl Iterator<Item = (&'a str, Fault)> {
        self.hits.traps().iter().map(move |trap| (self.name(RuleId(trap.rule)), trap.fault()))
    }

    fn name(self, rule: RuleId) -> &'a str {
        self.program.rules.get(rule.0).map_or("", |rule| rule.name.as_str())
    }
}

impl fmt::Debug for Answers<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl fmt::Debug for Evaluator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Evaluator").field("rules", &self.rules).finish_non_exhaustive()
    }
}
