//! Why one rule has no answer on one record.

use std::fmt;

use crate::backend::{BackendId, RunError};
use crate::evaluate::EvaluateError;
use crate::trap::Fault;

/// Why a rule has no answer on a record.
pub struct FilterError(Box<EvaluateError>);

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

    /// The backend did not say.
    #[cold]
    pub fn unsaid() -> FilterError {
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
