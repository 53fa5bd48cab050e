//! Formatters: what rules found, as bytes for an output.

use std::sync::Arc;

use quintet_lang::{Limits, Type};
use quintet_runtime::{Scratch, Trap, Value};

use crate::declaration::Field;
use crate::runs::Runs;

/// A formatter of a module.
pub struct Formatter {
    runs: Arc<dyn Runs>,
    /// Among the items.
    item: usize,
    types: Vec<Type>,
    scratch: Scratch,
}

/// Why a formatter made nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the formatter ended with a trap: {trap}")]
pub struct FormatError {
    trap: Trap,
}

impl FormatError {
    /// What happened.
    pub fn trap(&self) -> Trap {
        self.trap
    }
}

impl Formatter {
    pub(crate) fn new(runs: Arc<dyn Runs>, item: usize) -> Formatter {
        let types = runs.declaration().items()[item].params().iter().map(|param| param.ty.clone()).collect();
        Formatter { runs, item, types, scratch: Scratch::new(&Limits::default()) }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.runs.declaration().items()[self.item].name
    }

    /// What it takes: by their names, fields of the record, and `rule`, the name of the rule.
    pub fn params(&self) -> &[Field] {
        self.runs.declaration().items()[self.item].params()
    }

    /// Adds what it makes of values, which are of its parameters' types, to `out`. Nothing is added where one is nil that must not be, or where
    /// the formatter answers nil. Answers whether something was made.
    ///
    /// # Errors
    /// The formatter trapped, or a value is not of its parameter's type. Nothing is added then.
    pub fn format(&mut self, values: &[Value<'_>], out: &mut Vec<u8>) -> Result<bool, FormatError> {
        self.scratch.reset();
        let params = self.runs.declaration().items()[self.item].params();
        let fit = values.len() == params.len() && values.iter().zip(params).all(|(value, param)| value.fits(&param.ty));
        if !fit {
            return Err(FormatError { trap: Trap::ResultType });
        }
        if values.iter().zip(params).any(|(value, param)| value.is_nil() && !param.nullable) {
            return Ok(false);
        }
        let scratch = &self.scratch;
        let made = self.runs.call(self.item, (&self.types, values), &Type::Bytes, scratch);
        match made.map_err(|trap| FormatError { trap })? {
            Value::Bytes(bytes) => {
                out.extend_from_slice(bytes);
                Ok(true)
            }
            _ => Ok(false),
        }
    }
}
