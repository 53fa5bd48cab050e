//! Where the lines of outputs go.

use std::ffi::c_void;
use std::io::Error;

use quintet::{Sink, SinkFault, WholeLines};

use crate::error::quintet_error;
use crate::guard::{given_mut, guarded, text};
use crate::instance::{Runner, quintet_instance};
use crate::status::quintet_status;

/// Takes lines of an output, each whole and with its end, and answers whether it did; they are gone after the call. Where it did not, the run ends
/// with QUINTET_STATUS_RUN.
#[allow(non_camel_case_types)]
pub type quintet_sink = Option<unsafe extern "C" fn(context: *mut c_void, lines: *const u8, len: usize) -> bool>;

/// What the host said of a sink.
struct Host {
    sink: unsafe extern "C" fn(*mut c_void, *const u8, usize) -> bool,
    context: *mut c_void,
}

// SAFETY: whoever attaches the sink warrants that it may be called by whichever thread uses the instance.
unsafe impl Send for Host {}

impl Sink for Host {
    fn write(&mut self, lines: &WholeLines<'_>) -> Result<(), SinkFault> {
        let bytes = lines.bytes();
        // SAFETY: as whoever attached it warrants.
        if unsafe { (self.sink)(self.context, bytes.as_ptr(), bytes.len()) } {
            return Ok(());
        }
        Err(SinkFault { written: 0, error: Error::other("the host did not take the lines") })
    }
}

/// Has the lines of an output go to a function of the host from now on. Lines of an output without one are not made. The function and its context
/// are used until the instance is freed, by whichever thread runs it.
///
/// # Safety
/// `instance` is such that no other call uses, `output` points to as many bytes as are said, the function may be called with the context by
/// whichever thread uses the instance, and `error` can be written to unless it is NULL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn quintet_instance_sink(
    instance: *mut quintet_instance,
    output: *const u8,
    output_len: usize,
    sink: quintet_sink,
    context: *mut c_void,
    error: *mut *mut quintet_error,
) -> quintet_status {
    // SAFETY: as the caller warrants.
    unsafe {
        guarded(error, || {
            let instance = given_mut(instance, "an instance")?;
            let output = text(output, output_len, "an output's name")?;
            let sink = sink.ok_or_else(|| quintet_error::argument("there must be a function, not NULL"))?;
            let state = instance.state.begin()?;
            let attached = match &mut state.runner {
                Runner::Session(session) => {
                    session.attach(output, Box::new(Host { sink, context })).map(drop).map_err(quintet_error::argument)
                }
                Runner::Instance(_) => Err(quintet_error::argument(format_args!("there is no output `{output}`: the rules have none"))),
            };
            instance.state.done();
            attached
        })
    }
}
