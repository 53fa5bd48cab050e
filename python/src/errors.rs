//! The exceptions, which `quintet/errors.py` declares.

use pyo3::import_exception;
use pyo3::prelude::*;
use quintet::lang::{Diagnostics, diagnostic::Severity};

use crate::place::Place;

import_exception!(quintet.errors, SourceError);
import_exception!(quintet.errors, SchemaError);
import_exception!(quintet.errors, DataError);
import_exception!(quintet.errors, RunError);
import_exception!(quintet.errors, Defect);

/// Findings in the text of rules, as Python has them.
///
/// # Errors
/// Python's, where there is no memory.
pub fn findings<'py>(py: Python<'py>, diagnostics: &Diagnostics) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let class = py.import("quintet.errors")?.getattr("Diagnostic")?;
    let one = |d: &quintet::lang::Diagnostic| {
        let severity = match d.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        let (start, end) = (Place::new(diagnostics.source(), d.span.start), Place::new(diagnostics.source(), d.span.end));
        let words = (severity, d.code, d.message.as_str(), d.label.as_str(), d.help.as_deref());
        class.call1((words.0, words.1, words.2, words.3, words.4, start.line, start.column, start.character, end.character))
    };
    diagnostics.iter().map(one).collect()
}

/// The exception of a text that is wrong.
pub fn wrong_source(py: Python<'_>, diagnostics: &Diagnostics) -> PyErr {
    match findings(py, diagnostics) {
        Ok(findings) => SourceError::new_err((diagnostics.to_string(), findings.into_iter().map(Bound::unbind).collect::<Vec<_>>())),
        Err(e) => e,
    }
}

/// The exception of what columns are not.
pub fn wrong_data(error: impl std::fmt::Display) -> PyErr {
    DataError::new_err(error.to_string())
}

/// The exception of what ended a run.
pub fn ended(error: impl std::fmt::Display) -> PyErr {
    RunError::new_err(error.to_string())
}

/// The exception of columns that rules were to run over.
pub fn of_columns(error: quintet_arrow::Error) -> PyErr {
    match error {
        quintet_arrow::Error::Run(e) => ended(e),
        quintet_arrow::Error::Arena(e) => ended(e),
        other => wrong_data(other),
    }
}
