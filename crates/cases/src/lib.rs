//! Cases with known answers: case files as `quintet conform` reads them, records, and lists of exceptions.
#![forbid(unsafe_code)]

mod exceptions;
mod file;
mod record;

pub use exceptions::{Exceptions, ExceptionsError};
pub use file::{Case, CaseError, Cases, Expected, Run, Setting, cases, library};
pub use record::{Record, RecordJsonError, batch, record_from_json, record_to_json, zero_record};
