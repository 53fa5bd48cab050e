//! Whether wasmtime may handle signals of the process.

use std::fmt;
use std::sync::OnceLock;

static HAS_SIGNALS: OnceLock<bool> = OnceLock::new();

/// Something asked before, and wasmtime's handlers are there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HasSignals;

impl fmt::Display for HasSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WebAssembly was compiled before, and wasmtime's signal handlers are there")
    }
}

impl std::error::Error for HasSignals {}

/// Whether wasmtime may have handlers of `SIGSEGV`, `SIGBUS`, `SIGILL` and `SIGFPE`, which see the process' faults first and pass on those that are
/// not of WebAssembly. It may unless [`without_signal_handlers`] was called before; the first answer is the last.
pub fn has_signals() -> bool {
    *HAS_SIGNALS.get_or_init(|| true)
}

/// Has wasmtime check addresses and divisors itself, and handle no signals, in a process whose own handlers are not to share them.
///
/// # Errors
/// Something asked [`has_signals`] before.
pub fn without_signal_handlers() -> Result<(), HasSignals> {
    if *HAS_SIGNALS.get_or_init(|| false) { Err(HasSignals) } else { Ok(()) }
}
