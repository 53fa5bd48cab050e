//! CSV with a header, and the same with tabs.

use std::io::{self, Read};
use std::path::Path;
use std::sync::Arc;

use csv::{ByteRecord, Reader, ReaderBuilder};
use quintet_arrow::Derived;
use quintet_arrow::array::builder::BinaryBuilder;
use quintet_arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use quintet_arrow::schema::{DataType, Field, Schema, SchemaRef};
use quintet_lang::{Scheme, SchemeError, Type};

use super::{broken, wanted};
use crate::error::InputError;
use crate::lines::BYTE_ORDER_MARK;
use crate::stats::Stats;
use crate::window::Window;

/// How much of the beginning says what the types of columns are.
const LOOKED_AT: usize = 64 << 10;

/// Bytes of cells after which no row is added to others.
const MOST: usize = 8 << 20;

/// The key of what a column's metadata says its cells are.
const CELLS: &str = "quintet.cells";

/// A table as text.
pub(crate) struct Csv {
    window: Window,
    separator: u8,
}

/// Reads its rows.
pub(crate) struct CsvReader {
    reader: Reader<Rest>,
    schema: SchemaRef,
    /// The places of the columns that are read.
    columns: Vec<usize>,
    /// How many columns there are.
    cells: usize,
    row: ByteRecord,
}

/// What is left of an input.
pub(crate) struct Rest(Window);

impl Read for Rest {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.fill(1)?;
        let n = self.0.data().len().min(buffer.len());
        buffer[..n].copy_from_slice(&self.0.data()[..n]);
        self.0.consume(n);
        Ok(n)
    }
}

fn separator(name: &Path) -> u8 {
    let name = name.file_name().and_then(|n| n.to_str()).unwrap_or("").to_ascii_lowercase();
    if name.trim_end_matches(".gz").ends_with(".tsv") { b'\t' } else { b',' }
}

/// A reader past a byte order mark, which no header's first name begins with.
fn reader<R: Read>(source: R, separator: u8) -> Reader<R> {
    ReaderBuilder::new().delimiter(separator).flexible(true).from_reader(source)
}

fn names(headers: &ByteRecord) -> Result<Vec<String>, InputError> {
    let text = |name: &[u8]| std::str::from_utf8(name).map(str::to_owned).map_err(|_| broken("the header is not UTF-8"));
    headers.iter().map(text).collect()
}

impl Csv {
    pub(crate) fn new(window: Window, name: &Path) -> Csv {
        Csv { window, separator: separator(name) }
    }

    /// The rows, with the columns that a scheme has, or all.
    pub(crate) fn rows(mut self, scheme: Option<&Scheme>) -> Result<CsvReader, InputError> {
        self.window.fill(BYTE_ORDER_MARK.len())?;
        if self.window.data().starts_with(BYTE_ORDER_MARK) {
            self.window.consume(BYTE_ORDER_MARK.len());
        }
        let mut reader = reader(Rest(self.window), self.separator);
        let names = names(reader.byte_headers().map_err(broken)?)?;
        let wanted = scheme.map(wanted);
        let columns: Vec<usize> = (0..names.len()).filter(|i| wanted.as_ref().is_none_or(|wanted| wanted.contains(&names[*i]))).collect();
        let field = |i: &usize| Field::new(names[*i].clone(), DataType::Binary, true);
        let schema = Arc::new(Schema::new(columns.iter().map(field).collect::<Vec<_>>()));
        Ok(CsvReader { reader, schema, columns, cells: names.len(), row: ByteRecord::new() })
    }
}

impl CsvReader {
    /// The next rows, at most so many. A cell that a row does not have is nil.
    pub(crate) fn next(&mut self, most: usize, stats: &mut Stats) -> Result<Option<RecordBatch>, InputError> {
        let mut columns: Vec<BinaryBuilder> = self.columns.iter().map(|_| BinaryBuilder::new()).collect();
        let (mut rows, mut bytes) = (0, 0);
        while rows < most && bytes < MOST && self.reader.read_byte_record(&mut self.row).map_err(of_csv)? {
            for (column, at) in columns.iter_mut().zip(&self.columns) {
                column.append_option(self.row.get(*at));
            }
            if self.row.len() > self.cells {
                stats.skipped("cells beyond those of the header, in rows");
            }
            bytes += self.row.as_slice().len();
            rows += 1;
        }
        if rows == 0 {
            return Ok(None);
        }
        let columns = columns.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef).collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        RecordBatch::try_new_with_options(self.schema.clone(), columns, &options).map(Some).map_err(broken)
    }
}

fn of_csv(error: csv::Error) -> InputError {
    match error.into_kind() {
        csv::ErrorKind::Io(e) => e.into(),
        other => broken(format!("{other:?}")),
    }
}

/// The columns of a table of which the beginning is looked at.
pub(crate) fn columns(window: &mut Window, name: &Path) -> Result<Schema, InputError> {
    let whole = !window.fill(LOOKED_AT)?;
    let data = window.data().strip_prefix(BYTE_ORDER_MARK).unwrap_or(window.data());
    let mut reader = reader(data, separator(name));
    let names = names(reader.byte_headers().map_err(broken)?)?;
    let mut types: Vec<Option<Type>> = vec![None; names.len()];
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row).map_err(of_csv)? {
        // The last row that is at hand may go on.
        if reader.position().byte() as usize >= data.len() && !whole {
            break;
        }
        for (ty, cell) in types.iter_mut().zip(&row) {
            *ty = narrowed(ty.take(), cell);
        }
    }
    let field = |(name, ty): (String, Option<Type>)| {
        let cells = [(CELLS.to_string(), ty.unwrap_or(Type::Bytes).to_string())];
        Field::new(name, DataType::Binary, true).with_metadata(cells.into())
    };
    Ok(Schema::new(names.into_iter().zip(types).map(field).collect::<Vec<_>>()))
}

/// The type of a column of cells of a type, of which one more is known.
fn narrowed(ty: Option<Type>, cell: &[u8]) -> Option<Type> {
    let Ok(text) = std::str::from_utf8(cell) else { return Some(Type::Bytes) };
    if text.is_empty() {
        return ty;
    }
    let says = |ty: &Type| match ty {
        Type::Int => text.parse::<i64>().is_ok(),
        // Words such as `inf` and `nan` are names more often than numbers.
        Type::Float => text.parse::<f64>().is_ok() && text.contains(|c: char| c.is_ascii_digit()),
        Type::Bool => text.parse::<bool>().is_ok(),
        Type::Ip => text.parse::<std::net::IpAddr>().is_ok(),
        Type::U32 | Type::Bytes | Type::Array(_) | Type::Map(_) | Type::List(..) => true,
    };
    match ty {
        None => Some([Type::Int, Type::Float, Type::Bool, Type::Ip].into_iter().find(says).unwrap_or(Type::Bytes)),
        Some(Type::Int) if !says(&Type::Int) && says(&Type::Float) => Some(Type::Float),
        Some(ty) if says(&ty) => Some(ty),
        Some(_) => Some(Type::Bytes),
    }
}

/// Gives fields the types that their columns' cells have.
pub(crate) fn retype(schema: &Schema, found: &mut Derived) -> Result<(), SchemeError> {
    let told = |name: &str| schema.field_with_name(name).ok()?.metadata().get(CELLS)?.parse().ok();
    let scheme = &found.scheme;
    if scheme.fields().iter().all(|field| told(&field.name).is_none_or(|ty: Type| ty == field.ty)) {
        return Ok(());
    }
    let fields = scheme
        .fields()
        .iter()
        .map(|field| quintet_lang::Field { ty: told(&field.name).unwrap_or_else(|| field.ty.clone()), ..field.clone() });
    let builder = fields.fold(Scheme::builder(), quintet_lang::SchemeBuilder::field).functions(scheme.functions().to_vec());
    found.scheme = scheme.list_types().cloned().fold(builder, quintet_lang::SchemeBuilder::lists).build()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_say_what_a_column_is() {
        let of = |cells: &[&str]| cells.iter().fold(None, |ty, cell| narrowed(ty, cell.as_bytes())).map(|ty| ty.to_string());
        for (cells, ty) in [
            (&["1", "", "-7"][..], "Int"),
            (&["1", "2.5", "3"], "Float"),
            (&["2.5", "1e3"], "Float"),
            (&["1", "2.5", "x"], "Bytes"),
            (&["true", "false"], "Bool"),
            (&["10.0.0.1", "::1", ""], "Ip"),
            (&["10.0.0.1", "1"], "Bytes"),
            (&["nan", "inf"], "Bytes"),
            (&["1", "true"], "Bytes"),
        ] {
            assert_eq!(of(cells).as_deref(), Some(ty), "{cells:?}");
        }
        assert_eq!(of(&["", ""]), None);
    }
}
