//! What stands between Python and what is inside: no panic passes as one.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;

use crate::errors::Defect;

/// Does what a call is to do. A panic is an exception as others are.
///
/// # Errors
/// What the work answers, or that it panicked.
pub fn guarded<T>(work: impl FnOnce() -> PyResult<T>) -> PyResult<T> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| Err(Defect::new_err(said(&*panic))))
}

/// The same for what needs nothing of Python, which others may use in the meantime.
///
/// # Errors
/// As [`guarded`].
pub fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> PyResult<T> + Send) -> PyResult<T> {
    guarded(|| py.detach(work))
}

/// What a panic says of itself.
pub fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.map_or_else(|| "a defect of quintet: a panic".into(), |text| format!("a defect of quintet, a panic: {text}"))
}
