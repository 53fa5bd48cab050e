//! Running one input within bounds: panics, time and memory are faults like any other.

use std::alloc::System;
use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

use cap::Cap;

use crate::finding::Fault;
use crate::targets::Target;

#[global_allocator]
static HEAP: Cap<System> = Cap::new(System, usize::MAX);

/// What one input may take.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// Time.
    pub time: Duration,
    /// Bytes of heap at the peak.
    pub memory: usize,
}

thread_local! {
    /// The first panic of this thread's run, caught by whomever.
    static PANIC: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
}

/// Keeps panics for [`run`] in place of printing them.
pub fn install() {
    std::panic::set_hook(Box::new(|info| {
        let place = info.location().map_or_else(|| "somewhere".to_owned(), |l| format!("{}:{}", l.file(), l.line()));
        let message =
            info.payload().downcast_ref::<String>().cloned().or_else(|| info.payload().downcast_ref::<&str>().map(|s| (*s).to_owned()));
        // A panic while the thread ends is lost.
        let _ = PANIC.try_with(|first| {
            if let Ok(mut first) = first.try_borrow_mut() {
                first.get_or_insert((place, message.unwrap_or_default()));
            }
        });
    }));
}

/// What a target makes of an input. A panic is a fault even where somebody caught it.
pub fn run(target: &Target, input: &[u8], bounds: &Bounds) -> Result<u64, Fault> {
    PANIC.with(|first| first.borrow_mut().take());
    let (held, peak, start) = (HEAP.allocated(), HEAP.max_allocated(), Instant::now());
    let result = catch_unwind(AssertUnwindSafe(|| (target.run)(input)));
    let (took, peak_after) = (start.elapsed(), HEAP.max_allocated());
    if let Some((place, message)) = PANIC.with(|first| first.borrow_mut().take()) {
        return Err(Fault::new(format!("panic at {place}"), message));
    }
    if took > bounds.time {
        return Err(Fault::new("time", format!("it takes {took:?}, and {:?} are allowed", bounds.time)));
    }
    let took = peak_after.saturating_sub(held);
    // The peak of earlier inputs, which were within their bounds, is no fault of this one.
    if peak_after > peak && took > bounds.memory {
        return Err(Fault::new("memory", format!("it takes {took} bytes, and {} are allowed", bounds.memory)));
    }
    result.unwrap_or_else(|_| Err(Fault::new("panic", "without a message")))
}
