//! What the backend of rules and the loader of modules decide together about wasmtime: what linear memories are made of, and whether it may have
//! signals.

#[cfg(target_os = "linux")]
mod memory;
mod signals;

#[cfg(target_os = "linux")]
pub use memory::*;
pub use signals::{HasSignals, has_signals, without_signal_handlers};
