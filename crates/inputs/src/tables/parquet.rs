//! Parquet.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use ::parquet::arrow::ProjectionMask;
use ::parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};
use bytes::Bytes;
use quintet_arrow::schema::Schema;
use quintet_lang::Scheme;

use super::{MAGIC, broken, wanted};
use crate::error::InputError;
use crate::window::Window;

/// A Parquet file of which the footer is read.
pub(crate) enum Parquet {
    /// A file, of which no more is read than what is asked for.
    File(ParquetRecordBatchReaderBuilder<File>),
    /// What a stream held.
    Memory(ParquetRecordBatchReaderBuilder<Bytes>),
}

impl Parquet {
    /// That of a file where there is one, and else all of a stream, which stays at hand.
    pub(crate) fn new(window: &mut Window, file: Option<File>) -> Result<Parquet, InputError> {
        if let Some(mut file) = file {
            // A file that is compressed as a whole does not begin with what its content begins with.
            let mut first = [0; MAGIC.len()];
            file.seek(SeekFrom::Start(0))?;
            if file.read_exact(&mut first).is_ok() && first == MAGIC {
                return Ok(Parquet::File(ParquetRecordBatchReaderBuilder::try_new(file).map_err(broken)?));
            }
        }
        while window.fill(window.data().len() + 1)? {}
        let bytes = Bytes::copy_from_slice(window.data());
        Ok(Parquet::Memory(ParquetRecordBatchReaderBuilder::try_new(bytes).map_err(broken)?))
    }

    pub(crate) fn schema(&self) -> Schema {
        match self {
            Parquet::File(builder) => Schema::clone(builder.schema()),
            Parquet::Memory(builder) => Schema::clone(builder.schema()),
        }
    }

    /// The rows, with the columns that a scheme has, or all.
    pub(crate) fn rows(self, scheme: Option<&Scheme>, rows: usize) -> Result<ParquetRecordBatchReader, InputError> {
        let names = scheme.map(wanted);
        let built = match self {
            Parquet::File(builder) => {
                let mask = names.map(|names| ProjectionMask::columns(builder.parquet_schema(), names.iter().map(String::as_str)));
                builder.with_projection(mask.unwrap_or_else(ProjectionMask::all)).with_batch_size(rows).build()
            }
            Parquet::Memory(builder) => {
                let mask = names.map(|names| ProjectionMask::columns(builder.parquet_schema(), names.iter().map(String::as_str)));
                builder.with_projection(mask.unwrap_or_else(ProjectionMask::all)).with_batch_size(rows).build()
            }
        };
        built.map_err(broken)
    }
}
