//! Why columns cannot be used.

use quintet_lang::Type;
use quintet_runtime::{ArenaError, RecordError, RunError, SessionError};

/// Why columns cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A column is not of the field's type.
    #[error("the column `{field}` of type {found} is no {expected}")]
    Column {
        /// The field.
        field: String,
        /// Its type.
        expected: Type,
        /// The column's type, in Arrow's words.
        found: String,
    },
    /// A mandatory field has no column.
    #[error("there is no column `{0}`, which every record must have")]
    NoColumn(String),
    /// The rows have other columns than those that were announced.
    #[error("the rows are of another schema than the one that was announced")]
    Schema,
    /// A mandatory field has no value in a row.
    #[error("row {row} has no value in the column `{field}`, which every record must have")]
    Null {
        /// The field.
        field: String,
        /// The row, counted from 0.
        row: usize,
    },
    /// A row takes more than a batch can hold, or a column is malformed.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// There is no memory for a batch.
    #[error(transparent)]
    Arena(#[from] ArenaError),
    /// The instance ended.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The session ended.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// Columns cannot be put together or taken apart.
    #[error("{0}")]
    Arrow(#[from] arrow_schema::ArrowError),
}
