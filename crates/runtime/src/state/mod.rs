//! What rules keep from record to record: tables, and what is done with records that rules match.
//!
//! All of it is here, once, and around the backends: they run what looks at a record alone, and what is decided by it. The order of things on
//! a record is that of the text, and records follow one another, so that every backend answers alike. Where records of different keys have
//! nothing to do with one another, threads share them by key, and the answers are the same.

mod ahead;
mod clock;
mod compute;
mod dump;
mod index;
mod key;
mod keyed;
mod lower;
mod order;
mod runner;
mod session;
mod short;
mod slots;
mod table;
mod text;
mod windowed;

pub use dump::{DumpedEntry, DumpedState};
pub use session::{Session, SessionError, StateCount};

pub(crate) use key::{has_ports, push_flow};
pub(crate) use lower::{StatePlan, lower};
