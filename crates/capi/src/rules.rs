//! Compiled rules.

use quintet::{Error, Rules, Scheme};

use crate::engine::quintet_engine;
use crate::error::quintet_error;
use crate::guard::{free, given, guarded, hand_out, text};
use crate::scheme::quintet_scheme;
use crate::status::quintet_status;
use crate::text::quintet_text;

/// Compiled rules, for any number of threads.
#[allow(non_camel_case_types)]
pub struct quintet_rules {
    pub(crate) rules: Rules,
    pub(crate) scheme: Scheme,
}

/// Compiles the rules of a text, against a scheme, with the backend of an id such as `closures` or `jit`. Where the text is wrong the error has
/// diagnostics.
///
/// # Safety
/// `engine` and `scheme` are such, `source` and `backend` point to as many bytes as are said, `out` can be written to, and `error` too
/// unless it is NULL.
#[unsafe(no_mangle)]
#[allow(clippy::too_many_arguments)] // texts come with their lengths
pub unsafe extern "C" fn quintet_rules_compile(
    engine: *const quintet_engine,
    scheme: *const quintet_scheme,
    source: *const u8,
    source_len: usize,
    backend: *const u8,
    backend_len: usize,
    out: *mut *mut quintet_rules,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let (engine, scheme) = (given(engine, "an engine")?, given(scheme, "a scheme")?);
            let source = text(source, source_len, "the rules' text")?;
            let backend = text(backend, backend_len, "a backend's id")?;
            let rules = engine.engine.compile(source, &scheme.scheme, backend).map_err(|e| match e {
                Error::Source(diagnostics) => quintet_error::source(&diagnostics),
                Error::Link(e) => quintet_error::new(quintet_status::Source, e),
                Error::Backend(e) => quintet_error::argument(e),
                other => quintet_error::new(quintet_status::Resource, other),
            })?;
            hand_out(out, quintet_rules { rules, scheme: scheme.scheme.clone() })
        })
    }
}

/// How many rules there are; 0 for NULL.
///
/// # Safety
/// `rules` is NULL or such.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_rules_count(rules: *const quintet_rules) -> usize {
    // SAFETY: as the caller warrants.
    unsafe { rules.as_ref() }.map_or(0, |rules| rules.rules.program().rules.len())
}

/// The name of rule `index`, counted from 0; empty where there is none, or it has none.
///
/// # Safety
/// `rules` is NULL or such.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_rules_name(rules: *const quintet_rules, index: usize) -> quintet_text {
    // SAFETY: as the caller warrants.
    let rule = unsafe { rules.as_ref() }.and_then(|rules| rules.rules.program().rules.get(index));
    rule.map_or(quintet_text::none(), |rule| quintet_text::of(rule.name.as_bytes()))
}

/// Frees rules. Their instances stay.
///
/// # Safety
/// `rules` is NULL or such that were not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_rules_free(rules: *mut quintet_rules) {
    // SAFETY: as the caller warrants.
    unsafe { free(rules) };
}
