//! Lines on standard error.

use std::fmt::Arguments;
use std::io::{ErrorKind, Write};
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether something that was said is lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints a line on standard error, without colours where it is no terminal. In place of the standard macro, which panics where standard
/// error cannot be written to (a full disk): the exit status then says that something was lost.
macro_rules! eprintln {
    ($($part:tt)*) => { $crate::say::line(format_args!($($part)*)) };
}

/// What the macro does.
pub fn line(text: Arguments<'_>) {
    let mut out = anstream::stderr();
    if let Err(error) = out.write_fmt(format_args!("{text}\n")).and_then(|()| out.flush()) {
        lose(&error);
    }
}

/// Remembers that something was not said. A reader that has seen enough lost nothing.
fn lose(error: &std::io::Error) {
    if error.kind() != ErrorKind::BrokenPipe {
        LOST.store(true, Ordering::Relaxed);
    }
}

/// Whether a line that standard error was to have is lost.
pub fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}
