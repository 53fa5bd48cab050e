//! What rules are compiled with.

use quintet::{Engine, Limits};

use crate::error::quintet_error;
use crate::guard::{free, given_mut, guarded, hand_out};
use crate::status::quintet_status;

/// What rules are compiled with: functions and limits.
#[allow(non_camel_case_types)]
pub struct quintet_engine {
    pub(crate) engine: Engine,
}

/// An engine with the standard functions and the default limits.
///
/// # Safety
/// `out` can be written to, and `error` too unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_engine_new(out: *mut *mut quintet_engine, error: *mut *mut quintet_error) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe { guarded(error, || hand_out(out, quintet_engine { engine: Engine::new() })) }
}

/// Has the backend `wasm` do without signal handlers, in the whole process and from now on: a host that handles `SIGSEGV`, `SIGBUS`, `SIGILL` or
/// `SIGFPE` itself need not share them then, and `wasm` checks what those would have told it. `wasm-winch` is not there then. Other backends
/// handle no signals. QUINTET_STATUS_ARGUMENT where rules were compiled by `wasm` before.
///
/// # Safety
/// `error` can be written to unless it is NULL.
#[cfg(feature = "wasm")]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_without_signal_handlers(error: *mut *mut quintet_error) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe { guarded(error, || quintet::without_signal_handlers().map_err(quintet_error::argument)) }
}

/// Sets the limits of an evaluation of rules on a record: steps, and bytes that functions may make; 0 leaves one as it is.
///
/// # Safety
/// `engine` is an engine that no other call uses, and `error` can be written to unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_engine_limits(
    engine: *mut quintet_engine,
    steps: u64,
    memory_bytes: usize,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let engine = given_mut(engine, "an engine")?;
            let mut limits: Limits = engine.engine.limits().clone();
            limits.steps = if steps == 0 { limits.steps } else { steps };
            limits.memory_bytes = if memory_bytes == 0 { limits.memory_bytes } else { memory_bytes };
            engine.engine = engine.engine.clone().with_limits(limits);
            Ok(())
        })
    }
}

/// Frees an engine. Rules that it compiled stay.
///
/// # Safety
/// `engine` is NULL or an engine that was not freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_engine_free(engine: *mut quintet_engine) {
    // SAFETY: as the caller warrants.
    unsafe { free(engine) };
}
