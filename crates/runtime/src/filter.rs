//! One rule, one record, one answer.

use std::fmt;

use crate::backend::{BackendId, Instance, RunError};
use crate::evaluate::EvaluateError;
use crate::meter::Interrupter;
use crate::record::RecordRef;
use crate::trap::Fault;

/// One thread's way to ask one rule about records one by one: the least that a call can be.
pub struct Filter {
    instance: Box<dyn Instance>,
    rule: usize,
    why: Option<FilterError>,
}

impl fmt::Debug for Filter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Filter").field("rule", &self.rule).finish_non_exhaustive()
    }
}

/// Why a rule has no answer on a record.
pub struct FilterError(Box<EvaluateError>);

impl Filter {
    /// Asks this rule of an instance's program.
    pub fn new(instance: Box<dyn Instance>, rule: usize) -> Filter {
        Filter { instance, rule, why: None }
    }

    /// Whether the record matches. A rule that traps does not match, and neither does one that negates it; here the trap is an error.
    ///
    /// # Errors
    /// See [`FilterError::cause`].
    #[inline]
    pub fn matches(&mut self, record: RecordRef<'_>) -> Result<bool, FilterError> {
        match self.instance.test(self.rule, record, &mut self.why) {
            Some(hit) => Ok(hit),
            None => Err(self.why.take().unwrap_or_else(FilterError::unsaid)),
        }
    }

    /// What ends a call from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.instance.interrupter()
    }

    /// Bytes of memory that the instance holds for itself, as far as the backend knows.
    pub fn memory_bytes(&self) -> usize {
        self.instance.memory_bytes()
    }
}

impl FilterError {
    /// The rule trapped; the next record may do better.
    #[cold]
    pub fn trap(fault: Fault) -> FilterError {
        FilterError(Box::new(EvaluateError::Trap(fault)))
    }

    /// There is no such rule.
    #[cold]
    pub fn no_rule(backend: BackendId, (rule, rules): (usize, usize)) -> FilterError {
        RunError::new(backend, format_args!("there is no rule {rule}; the program has {rules}, counted from 0")).into()
    }

    #[cold]
    fn unsaid() -> FilterError {
        FilterError(Box::new(EvaluateError::NoValue("the backend does not say why".into())))
    }

    /// Says why there is no answer.
    #[cold]
    pub fn say<T>(self, why: &mut Option<FilterError>) -> Option<T> {
        *why = Some(self);
        None
    }

    /// The same error as that of another backend, which had this one run for it; a trap is the rule's.
    #[cold]
    #[must_use]
    pub fn by(self, backend: BackendId) -> FilterError {
        match *self.0 {
            EvaluateError::Run(error) => error.by(backend).into(),
            cause @ (EvaluateError::Trap(_) | EvaluateError::NoValue(_)) => FilterError(Box::new(cause)),
        }
    }

    /// What happened.
    pub fn cause(&self) -> &EvaluateError {
        &self.0
    }

    /// The same, to keep.
    pub fn into_cause(self) -> EvaluateError {
        *self.0
    }
}

impl From<RunError> for FilterError {
    #[cold]
    fn from(error: RunError) -> FilterError {
        FilterError(Box::new(EvaluateError::Run(error)))
    }
}

impl fmt::Debug for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for FilterError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source()
    }
}
