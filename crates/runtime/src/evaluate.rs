//! Evaluating value expressions, on any backend.
//!
//! The program of a value expression is a function without parameters, which an instance calls; see
//! [`compile_value`](quintet_lang::compile_value).

use std::fmt;

use quintet_lang::Program;
use quintet_lang::ast::FnId;

use crate::backend::{Instance, RunError};
use crate::call::CallError;
use crate::meter::Interrupter;
use crate::owned::OwnedValue;
use crate::record::RecordRef;
use crate::trap::Fault;

/// One thread's way to evaluate a value expression.
pub struct ValueInstance {
    instance: Box<dyn Instance>,
    function: Option<FnId>,
    results: Vec<Option<OwnedValue>>,
}

impl fmt::Debug for ValueInstance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ValueInstance").field("function", &self.function).finish_non_exhaustive()
    }
}

/// Why an expression has no value on a record.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The evaluation trapped; the next record may do better.
    #[error("{0}")]
    Trap(Fault),
    /// The instance is not one of a value expression.
    #[error("there is no value to be had: {0}")]
    NoValue(String),
    /// The instance cannot go on, or the record is of another scheme than the expression.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl ValueInstance {
    /// Evaluates with an instance of this program, which [`compile_value`](quintet_lang::compile_value) made.
    pub fn new(instance: Box<dyn Instance>, program: &Program) -> ValueInstance {
        ValueInstance { instance, function: program.value_function(), results: Vec::new() }
    }

    /// What the expression is worth on a record; `None` for nil. The copy that is answered counts against
    /// [`Limits::memory_bytes`](quintet_lang::Limits::memory_bytes) as that of [`Instance::call`] does.
    ///
    /// # Errors
    /// See [`EvaluateError`].
    pub fn evaluate(&mut self, record: RecordRef<'_>) -> Result<Option<OwnedValue>, EvaluateError> {
        let Some(function) = self.function else { return Err(EvaluateError::NoValue("the program is one of rules".into())) };
        match self.instance.call(function, record, &[], &mut self.results) {
            Ok(()) => Ok(self.results.pop().flatten()),
            Err(CallError::Trap(fault)) => Err(EvaluateError::Trap(fault)),
            Err(CallError::Arguments(wrong)) => Err(EvaluateError::NoValue(wrong)),
            Err(CallError::Run(error)) => Err(error.into()),
        }
    }

    /// What ends an evaluation from another thread.
    pub fn interrupter(&self) -> Interrupter {
        self.instance.interrupter()
    }

    /// Bytes of memory that the instance holds for itself, as far as the backend knows.
    pub fn memory_bytes(&self) -> usize {
        self.instance.memory_bytes()
    }
}
