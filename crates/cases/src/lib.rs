//! Cases with known answers: case files as `quintet conform` reads them, owned values and records, and lists of exceptions.
#![forbid(unsafe_code)]

mod exceptions;
mod file;
mod owned;

pub use exceptions::{Exceptions, ExceptionsError};
pub use file::{Case, CaseError, Cases, Expected, Run, Setting, cases, library};
pub use owned::{JsonError, Owned, Record, batch, record_from_json, record_to_json, zero_record};
