//! What rules give out: lines for the records that they match, and where these go.
//!
//! A line is made whole before any of it is handed to a [`Sink`], and sinks are handed whole lines.

mod eve;
mod outlet;
mod sink;
mod text;

pub(crate) use outlet::{Form, Line, Outlet, outputs};
pub use sink::{FileSink, Sink, SinkError, SinkFault, WholeLines, WriteSink};
