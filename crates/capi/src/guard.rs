//! What stands between a caller and what is inside: no panic passes, and what one may have left half changed is not used again.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::quintet_error;
use crate::status::quintet_status;

/// Something that is changed by one call at a time.
#[derive(Debug)]
pub(crate) struct Handle<T> {
    value: T,
    poisoned: bool,
}

impl<T> Handle<T> {
    pub(crate) fn new(value: T) -> Handle<T> {
        Handle { value, poisoned: false }
    }

    /// What it holds, to be read.
    pub(crate) fn get(&self) -> &T {
        &self.value
    }

    /// What it holds, to be changed by a call; it stays poisoned until [`Handle::done`] says that the call has come to its end.
    ///
    /// # Errors
    /// An earlier call did not come to its end.
    pub(crate) fn begin(&mut self) -> Result<&mut T, quintet_error> {
        if std::mem::replace(&mut self.poisoned, true) {
            return Err(quintet_error::new(quintet_status::Poisoned, "an earlier call panicked; this can only be freed"));
        }
        Ok(&mut self.value)
    }

    pub(crate) fn done(&mut self) {
        self.poisoned = false;
    }
}

/// Does what a call is to do, and hands out what is wrong.
///
/// # Safety
/// `error` is null or can be written to.
pub(crate) unsafe fn guarded(error: *mut *mut quintet_error, call: impl FnOnce() -> Result<(), quintet_error>) -> quintet_status {
    let result = catch_unwind(AssertUnwindSafe(call));
    let found = match result {
        Ok(Ok(())) => return quintet_status::Ok,
        Ok(Err(found)) => found,
        Err(panic) => quintet_error::new(quintet_status::Panic, said(&*panic)),
    };
    let status = found.status;
    if !error.is_null() {
        // SAFETY: as the caller warrants.
        unsafe { error.write(Box::into_raw(Box::new(found))) };
    }
    status
}

fn said(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let text = text.or_else(|| panic.downcast_ref::<String>().cloned());
    text.map_or_else(|| "a panic".into(), |text| format!("a panic: {text}"))
}

/// Hands an object out.
///
/// # Errors
/// There is no place for it.
///
/// # Safety
/// `out` is null or can be written to.
pub(crate) unsafe fn hand_out<T>(out: *mut *mut T, object: T) -> Result<(), quintet_error> {
    if out.is_null() {
        return Err(quintet_error::argument("there must be a place for the result, not NULL"));
    }
    // SAFETY: as the caller warrants.
    unsafe { out.write(Box::into_raw(Box::new(object))) };
    Ok(())
}

/// An object that is handed in.
///
/// # Errors
/// It is null.
///
/// # Safety
/// `object` is null or was handed out and not freed.
pub(crate) unsafe fn given<'a, T>(object: *const T, what: &str) -> Result<&'a T, quintet_error> {
    // SAFETY: as the caller warrants.
    unsafe { object.as_ref() }.ok_or_else(|| quintet_error::argument(format_args!("there must be {what}, not NULL")))
}

/// As [`given`], to be changed.
///
/// # Errors
/// It is null.
///
/// # Safety
/// `object` is null or was handed out and not freed, and no other call uses it.
pub(crate) unsafe fn given_mut<'a, T>(object: *mut T, what: &str) -> Result<&'a mut T, quintet_error> {
    // SAFETY: as the caller warrants.
    unsafe { object.as_mut() }.ok_or_else(|| quintet_error::argument(format_args!("there must be {what}, not NULL")))
}

/// Frees what was handed out; a panic while it is dropped ends here.
///
/// # Safety
/// `object` is null or was made by [`hand_out`] and not freed.
pub(crate) unsafe fn free<T>(object: *mut T) {
    if !object.is_null() {
        // SAFETY: as the caller warrants.
        let object = unsafe { Box::from_raw(object) };
        // What a panic leaves undone is lost, which is no harm.
        let _ = catch_unwind(AssertUnwindSafe(move || drop(object)));
    }
}

/// Text that is handed in.
///
/// # Errors
/// It is not there or not UTF-8.
///
/// # Safety
/// As for [`slice`](crate::text::slice).
pub(crate) unsafe fn text<'a>(data: *const u8, len: usize, what: &str) -> Result<&'a str, quintet_error> {
    // SAFETY: as the caller warrants.
    let bytes =
        unsafe { crate::text::slice(data, len) }.ok_or_else(|| quintet_error::argument(format_args!("there must be {what}, not NULL")))?;
    std::str::from_utf8(bytes).map_err(|e| quintet_error::argument(format_args!("{what}: byte {} is not UTF-8", e.valid_up_to())))
}
