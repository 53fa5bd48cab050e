//! Why an input cannot be read.

use quintet_lang::Type;
use quintet_runtime::{ArenaError, RecordError};

use crate::format::Format;

/// Why an input cannot be read, or not any further. What is merely wrong inside an input is counted in [`Stats`](crate::Stats) instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InputError {
    /// Reading failed.
    #[error("cannot read the input: {0}")]
    Io(#[from] std::io::Error),
    /// The content is not of the format.
    #[error("this is no {format} input: {why}")]
    NotThis {
        /// The format that was asked for.
        format: Format,
        /// What is wrong.
        why: String,
    },
    /// The scheme has a field that the format does not produce.
    #[error("a {format} input has no field `{field}`")]
    NoField {
        /// The format.
        format: Format,
        /// The field.
        field: String,
    },
    /// The scheme declares a field with another type.
    #[error("field `{field}` of a {format} input is of type {actual}, not {declared}")]
    FieldType {
        /// The format.
        format: Format,
        /// The field.
        field: String,
        /// The type in the scheme.
        declared: Type,
        /// The type that the format produces.
        actual: Type,
    },
    /// The scheme declares a field as mandatory that the format does not always produce.
    #[error("field `{field}` of a {format} input may be missing and cannot be mandatory")]
    Mandatory {
        /// The format.
        format: Format,
        /// The field.
        field: String,
    },
    /// What a capture says of its interfaces is too much to be kept with its packets.
    #[error("what the capture says of its interfaces takes more than {0} bytes, too many to be written with its packets")]
    Definitions(usize),
    /// A table cannot be read, or its columns are not those of the scheme.
    #[cfg(feature = "tables")]
    #[error("{0}")]
    Table(String),
    /// There is no memory for a batch.
    #[error(transparent)]
    Arena(#[from] ArenaError),
    /// A record cannot be kept, because it alone takes more than a batch can hold.
    #[error("record {number}: {source}")]
    Record {
        /// The record's number, from 1.
        number: u64,
        /// What is wrong with it.
        source: RecordError,
    },
}
