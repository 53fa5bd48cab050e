//! Evaluating value expressions, on any backend.
//!
//! The program of a value expression is a rule that calls [`VALUE_FUNCTION`](quintet_lang::VALUE_FUNCTION); see
//! [`compile_value`](quintet_lang::compile_value). That function copies its argument into a place of the thread, from which
//! [`ValueInstance::evaluate`] takes it.

use std::cell::Cell;
use std::sync::Arc;

use quintet_lang::ast::Site;

use crate::backend::{Instance, RunError};
use crate::functions::{Bind, Function};
use crate::matches::RuleSet;
use crate::meter::Interrupter;
use crate::owned::OwnedValue;
use crate::record::RecordRef;
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::Value;

thread_local! {
    /// The value that was handed over last and not yet taken.
    static HANDED_OVER: Cell<Option<OwnedValue>> = const { Cell::new(None) };
}

/// The function that value programs call. It is the only one with an effect besides its answer; its call is a rule's root, which runs
/// last and once.
pub(crate) struct HandOver;

impl Bind for HandOver {
    fn bind(&self, _: &Site) -> Result<Arc<dyn Function>, String> {
        Ok(Arc::new(HandOver))
    }
}

impl Function for HandOver {
    fn call<'a>(&self, args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        let value = args.first().unwrap_or(&Value::Nil);
        charge(value, scratch)?;
        HANDED_OVER.set(OwnedValue::of(value));
        Ok(Value::Bool(true))
    }
}

/// Counts what a copy takes: the elements of an array may all be the same long text, so that the copy is far larger than what it is made
/// of.
fn charge(value: &Value<'_>, scratch: &Scratch) -> Result<(), Trap> {
    match value {
        Value::Bytes(bytes) => scratch.charge(bytes.len()),
        Value::Array(items) => {
            scratch.charge(items.len() * 8)?;
            items.iter().try_for_each(|item| charge(&item, scratch))
        }
        Value::Map(items) => {
            scratch.charge(items.len() * 16)?;
            items.iter().try_for_each(|(key, item)| scratch.charge(key.len()).and_then(|()| charge(&item, scratch)))
        }
        _ => Ok(()),
    }
}

/// One thread's way to evaluate a value expression.
pub struct ValueInstance {
    instance: Box<dyn Instance>,
    hits: RuleSet,
}

/// Why an expression has no value on a record.
#[derive(Debug, thiserror::Error)]
pub enum EvaluateError {
    /// The evaluation trapped; the next record may do better.
    #[error("{0}")]
    Trap(Trap),
    /// The instance cannot go on, or the record is of another scheme than the expression.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl ValueInstance {
    /// Evaluates with an instance of a program of [`compile_value`](quintet_lang::compile_value). With one of any other program all
    /// records come to nil.
    pub fn new(instance: Box<dyn Instance>) -> ValueInstance {
        ValueInstance { instance, hits: RuleSet::new() }
    }

    /// What the expression is worth on a record; `None` for nil. The copy that is answered counts against
    /// [`Limits::memory_bytes`](quintet_lang::Limits::memory_bytes) along with what functions made: the bytes of texts and keys, 8 for each
    /// element of an array, 16 for each entry of a map.
    ///
    /// # Errors
    /// See [`EvaluateError`].
    pub fn evaluate(&mut self, record: RecordRef<'_>) -> Result<Option<OwnedValue>, EvaluateError> {
        HANDED_OVER.take();
        self.instance.run(record, &mut self.hits)?;
        match self.hits.traps().first() {
            Some(at) => Err(EvaluateError::Trap(at.trap)),
            None => Ok(HANDED_OVER.take()),
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
