//! Running code of the host that may panic.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// What the code answers, or `None` where it panicked. Nothing unwinds out of here: what a panic carries may panic again when it is
/// dropped, and what that one carries is forgotten.
pub(crate) fn caught<T>(code: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(code))
        .map_err(|payload| {
            if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                std::mem::forget(again);
            }
        })
        .ok()
}
