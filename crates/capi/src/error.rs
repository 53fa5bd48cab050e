//! Errors with diagnostics.

use quintet::lang::{Diagnostic, Diagnostics, diagnostic::Severity};

use crate::status::quintet_status;
use crate::text::quintet_text;

/// Why a call failed.
#[allow(non_camel_case_types)]
#[derive(Debug)]
pub struct quintet_error {
    pub(crate) status: quintet_status,
    pub(crate) message: String,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// One finding in the text of rules.
#[repr(C)]
#[allow(non_camel_case_types)]
pub struct quintet_diagnostic {
    /// Whether the text cannot be compiled for it; otherwise it is a warning.
    pub is_error: bool,
    /// A stable short name of the kind of finding, such as `unknown-name`.
    pub code: quintet_text,
    /// One sentence, without a full stop.
    pub message: quintet_text,
    /// A few words to stand at the place; may be empty.
    pub label: quintet_text,
    /// How to mend it; may be empty.
    pub help: quintet_text,
    /// The first byte of the place in the text.
    pub start: u32,
    /// The byte after the place.
    pub end: u32,
}

impl quintet_error {
    pub(crate) fn new(status: quintet_status, message: impl std::fmt::Display) -> quintet_error {
        quintet_error { status, message: message.to_string(), diagnostics: Vec::new() }
    }

    pub(crate) fn argument(message: impl std::fmt::Display) -> quintet_error {
        quintet_error::new(quintet_status::Argument, message)
    }

    pub(crate) fn source(diagnostics: &Diagnostics) -> quintet_error {
        let findings = diagnostics.iter().cloned().collect();
        quintet_error { diagnostics: findings, ..quintet_error::new(quintet_status::Source, diagnostics) }
    }
}

/// The status that the call answered.
///
/// # Safety
/// `error` is an error that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_error_status(error: *const quintet_error) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe { error.as_ref() }.map_or(quintet_status::Argument, |error| error.status)
}

/// What is wrong, in words.
///
/// # Safety
/// `error` is NULL or an error that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_error_message(error: *const quintet_error) -> quintet_text {
    // SAFETY: as the caller warrants.
    unsafe { error.as_ref() }.map_or(quintet_text::none(), |error| quintet_text::of(error.message.as_bytes()))
}

/// How many findings in the text of rules there are; 0 where something else is wrong.
///
/// # Safety
/// `error` is NULL or an error that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_error_diagnostics(error: *const quintet_error) -> usize {
    // SAFETY: as the caller warrants.
    unsafe { error.as_ref() }.map_or(0, |error| error.diagnostics.len())
}

/// Finding `index`, counted from 0; false where there is none.
///
/// # Safety
/// `error` is NULL or an error that was not freed, and `out` can be written to.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_error_diagnostic(error: *const quintet_error, index: usize, out: *mut quintet_diagnostic) -> bool {
    // SAFETY: as the caller warrants.
    let Some(found) = (unsafe { error.as_ref() }).and_then(|error| error.diagnostics.get(index)) else { return false };
    if out.is_null() {
        return false;
    }
    let text = |text: &str| quintet_text::of(text.as_bytes());
    let diagnostic = quintet_diagnostic {
        is_error: found.severity == Severity::Error,
        code: text(found.code),
        message: text(&found.message),
        label: text(&found.label),
        help: text(found.help.as_deref().unwrap_or_default()),
        start: found.span.start,
        end: found.span.end,
    };
    // SAFETY: as the caller warrants.
    unsafe { out.write(diagnostic) };
    true
}

/// Frees an error.
///
/// # Safety
/// `error` is NULL or an error that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_error_free(error: *mut quintet_error) {
    // SAFETY: as the caller warrants; it was made by `Box::into_raw`.
    unsafe { crate::guard::free(error) };
}
