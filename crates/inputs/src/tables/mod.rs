//! Rows of tables: Parquet files, and CSV with a header.

mod csv;
mod decode;
mod parquet;

pub(crate) use decode::TableRows;

use std::fs::File;
use std::path::Path;

use ::parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use quintet_arrow::array::RecordBatch;
use quintet_arrow::schema::Schema;
use quintet_arrow::{BATCH_ROWS, Derived};
use quintet_lang::Scheme;
use quintet_lang::signature::Signature;

use self::parquet::Parquet;
use crate::error::InputError;
use crate::reader::ReaderOptions;
use crate::stats::Stats;
use crate::window::Window;

/// What a Parquet file begins with.
pub(crate) const MAGIC: &[u8] = b"PAR1";

/// Some rows, and how many of them became records.
pub(crate) struct Rows {
    batch: RecordBatch,
    /// The number of the first row in the table, from 1.
    first: u64,
    done: usize,
}

/// A table that is open.
pub(crate) enum Table {
    Parquet(Box<Parquet>),
    Csv(csv::Csv),
}

/// Reads the rows of a table.
pub(crate) struct RowReader {
    source: Source,
    rows: u64,
}

enum Source {
    Parquet(Box<ParquetRecordBatchReader>),
    Csv(Box<csv::CsvReader>),
}

impl Table {
    /// The table that an input holds, of which the beginning is at hand.
    pub(crate) fn new(mut window: Window, name: &Path, file: Option<File>) -> Result<Table, InputError> {
        Ok(if is_parquet(&mut window)? {
            Table::Parquet(Box::new(Parquet::new(&mut window, file)?))
        } else {
            Table::Csv(csv::Csv::new(window, name))
        })
    }

    /// Its rows, with the columns of the scheme that the options say is read.
    pub(crate) fn rows(self, options: &ReaderOptions) -> Result<RowReader, InputError> {
        let wanted = options.projected.as_ref();
        let source = match self {
            Table::Parquet(parquet) => Source::Parquet(Box::new(parquet.rows(wanted, BATCH_ROWS)?)),
            Table::Csv(csv) => Source::Csv(Box::new(csv.rows(wanted)?)),
        };
        Ok(RowReader { source, rows: 0 })
    }
}

impl RowReader {
    /// The next rows.
    pub(crate) fn next(&mut self, stats: &mut Stats) -> Result<Option<Rows>, InputError> {
        let batch = match &mut self.source {
            Source::Parquet(rows) => rows.next().transpose().map_err(broken)?,
            Source::Csv(rows) => rows.next(BATCH_ROWS, stats)?,
        };
        let Some(batch) = batch else { return Ok(None) };
        let first = self.rows + 1;
        self.rows += batch.num_rows() as u64;
        Ok(Some(Rows { batch, first, done: 0 }))
    }
}

/// The columns of the table that an input holds; its beginning stays at hand.
pub(crate) fn columns(window: &mut Window, name: &Path, file: Option<&File>) -> Result<Schema, InputError> {
    if is_parquet(window)? {
        let file = file.map(File::try_clone).transpose()?;
        return Ok(Parquet::new(window, file)?.schema());
    }
    csv::columns(window, name)
}

/// The scheme of columns.
pub(crate) fn scheme(schema: &Schema, functions: impl IntoIterator<Item = Signature>) -> Result<Derived, InputError> {
    let mut found = quintet_arrow::scheme(schema, functions).map_err(broken)?;
    csv::retype(schema, &mut found).map_err(broken)?;
    Ok(found)
}

fn is_parquet(window: &mut Window) -> Result<bool, InputError> {
    window.fill(MAGIC.len())?;
    Ok(window.data().starts_with(MAGIC))
}

fn broken(error: impl std::fmt::Display) -> InputError {
    InputError::Table(error.to_string())
}

/// The names of the columns that fields of a scheme, and those that every record has, are of.
fn wanted(scheme: &Scheme) -> Vec<String> {
    let mandatory = |field: &&quintet_lang::Field| field.presence == quintet_lang::Presence::Mandatory;
    let whole = scheme.whole().fields().iter().filter(mandatory);
    scheme.fields().iter().chain(whole).map(|field| field.name.clone()).collect()
}
