//! Rows as records.

use arrow_array::{BooleanArray, RecordBatch};
use arrow_buffer::NullBuffer;
use arrow_schema::{Schema, SchemaRef};
use arrow_select::filter::filter_record_batch;
use quintet_lang::{FieldId, Presence, Scheme, Type};
use quintet_runtime::{ArenaKind, Batch, BatchBuilder, ColumnsBuilder, RecordError};

use crate::convert::{Converted, convert, fits};
use crate::error::Error;
use crate::paths::{Path, find};
use crate::values::bits;

/// Rows of a batch: enough that what each costs beside its values is nothing, few enough to stay in the processor's caches.
pub const BATCH_ROWS: usize = 8192;

/// Fills batches of a scheme's records from the rows of one schema.
pub struct Filler {
    scheme: Scheme,
    schema: SchemaRef,
    columns: Vec<Source>,
    arena: ArenaKind,
}

/// A field and its column.
struct Source {
    name: String,
    ty: Type,
    /// None where the field is not read, but every record must have it.
    field: Option<FieldId>,
    mandatory: bool,
    path: Path,
}

/// What became of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filled {
    /// The rows that are records, counted from 0; none where all are. The others lack a mandatory field.
    pub rows: Option<Vec<usize>>,
    /// The values that do not fit their field, which is nil then.
    pub unfit: Vec<Unfit>,
    /// The rows that are no records, with the field that each lacks.
    pub lacking: Vec<(usize, String)>,
}

/// Values that do not fit a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfit {
    /// The field.
    pub field: String,
    /// Its type.
    pub ty: Type,
    /// How many.
    pub count: usize,
    /// The row of the first, counted from 0.
    pub first: usize,
}

/// Rows that lack a mandatory field, in order, each with the field's name.
type Lacking = Vec<(usize, String)>;

impl Filler {
    /// Fills records of a scheme, which may be a projection, from rows of a schema. A field without a column is nil.
    ///
    /// # Errors
    /// A column is not of its field's type, or a mandatory field of the whole scheme has none.
    pub fn new(scheme: &Scheme, schema: &Schema) -> Result<Filler, Error> {
        let mut columns = Vec::new();
        for field in scheme.whole().fields() {
            let id = scheme.field_id(&field.name);
            let mandatory = field.presence == Presence::Mandatory;
            // What is set later, of the record, is in no column.
            if (id.is_none() && !mandatory) || scheme.whole().is_set_later(&field.name) {
                continue;
            }
            let Some((path, column)) = find(schema.fields(), &field.name) else {
                if mandatory {
                    return Err(Error::NoColumn(field.name.clone()));
                }
                continue;
            };
            if !fits(column.data_type(), &field.ty) {
                let (field, expected, found) = (field.name.clone(), field.ty.clone(), column.data_type().to_string());
                return Err(Error::Column { field, expected, found });
            }
            columns.push(Source { name: field.name.clone(), ty: field.ty.clone(), field: id, mandatory, path });
        }
        Ok(Filler { scheme: scheme.clone(), schema: schema.clone().into(), columns, arena: ArenaKind::Shared })
    }

    /// With this memory behind batches.
    pub fn arena(mut self, arena: ArenaKind) -> Filler {
        self.arena = arena;
        self
    }

    /// The scheme of the records.
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// A batch with a record for each row, of which there may be any number. Give back a batch that is no longer needed, and its memory is
    /// used again.
    ///
    /// # Errors
    /// A row lacks a mandatory field, or the rows take more than a batch holds.
    pub fn fill(&self, rows: &RecordBatch, reuse: Option<Batch>) -> Result<(Batch, Vec<Unfit>), Error> {
        let reused = reuse.filter(|batch| batch.scheme().same(&self.scheme)).map(BatchBuilder::reuse).transpose()?;
        let mut builder = match reused.filter(|builder| builder.room() >= rows.num_rows()) {
            Some(builder) => builder,
            None => BatchBuilder::new(&self.scheme, rows.num_rows().max(BATCH_ROWS), self.arena)?,
        };
        let filled = self.add(rows, &mut builder)?;
        match filled.lacking.into_iter().next() {
            Some((row, field)) => Err(Error::Null { field, row }),
            None => Ok((builder.build(), filled.unfit)),
        }
    }

    /// Adds a record for each row that has the mandatory fields to a batch of the scheme, if there is room for all.
    ///
    /// # Errors
    /// There is no room for the rows; then none is added.
    pub fn add(&self, rows: &RecordBatch, builder: &mut BatchBuilder) -> Result<Filled, Error> {
        let (converted, lacking) = self.convert(rows)?;
        if lacking.is_empty() {
            self.set(&converted, rows.num_rows(), builder)?;
            return Ok(Filled { rows: None, unfit: self.unfit(&converted), lacking });
        }
        let mut kept = vec![true; rows.num_rows()];
        lacking.iter().for_each(|(row, _)| kept[*row] = false);
        let numbers: Vec<usize> = (0..kept.len()).filter(|row| kept[*row]).collect();
        let (converted, _) = self.convert(&filter_record_batch(rows, &BooleanArray::from(kept))?)?;
        self.set(&converted, numbers.len(), builder)?;
        let mut unfit = self.unfit(&converted);
        unfit.iter_mut().for_each(|unfit| unfit.first = numbers[unfit.first]);
        Ok(Filled { rows: Some(numbers), unfit, lacking })
    }

    /// The columns as values, and the rows that lack a mandatory field, in order.
    fn convert(&self, rows: &RecordBatch) -> Result<(Vec<Converted>, Lacking), Error> {
        if !same_types(&self.schema, &rows.schema()) {
            return Err(Error::Schema);
        }
        let mut all = Vec::with_capacity(self.columns.len());
        let mut lacking = Vec::new();
        for column in &self.columns {
            let (array, outside) = column.path.column(rows).ok_or(Error::Schema)?;
            let mut converted = convert(&array, &column.ty, true)?;
            if outside.is_some() {
                converted.valid = NullBuffer::union(converted.valid.as_ref(), outside.as_ref());
            }
            if let Some(valid) = converted.valid.as_ref().filter(|valid| column.mandatory && valid.null_count() > 0) {
                lacking.extend((0..valid.len()).filter(|row| valid.is_null(*row)).map(|row| (row, column.name.clone())));
            }
            all.push(converted);
        }
        lacking.sort_by_key(|(row, _)| *row);
        lacking.dedup_by_key(|(row, _)| *row);
        Ok((all, lacking))
    }

    fn unfit(&self, converted: &[Converted]) -> Vec<Unfit> {
        let of = |(column, converted): (&Source, &Converted)| {
            let unfit = converted.unfit.as_ref().filter(|_| column.field.is_some())?;
            let first = unfit.set_indices().next()?;
            Some(Unfit { field: column.name.clone(), ty: column.ty.clone(), count: unfit.count_set_bits(), first })
        };
        self.columns.iter().zip(converted).filter_map(of).collect()
    }

    fn set(&self, converted: &[Converted], rows: usize, builder: &mut BatchBuilder) -> Result<(), Error> {
        let mut records = builder.columns(rows);
        for (column, converted) in self.columns.iter().zip(converted) {
            if let Some(field) = column.field {
                set(&mut records, field, &column.name, converted)?;
            }
        }
        Ok(records.finish()?)
    }
}

fn set(records: &mut ColumnsBuilder<'_>, field: FieldId, name: &str, converted: &Converted) -> Result<(), RecordError> {
    let malformed = || RecordError::Malformed { field: name.into(), what: "bits reach beyond their bytes" };
    let valid = match &converted.valid {
        Some(valid) => Some(bits(valid.inner()).ok_or_else(malformed)?),
        None => None,
    };
    converted.values.with(&mut |column| records.set(field, column, valid)).ok_or_else(malformed)
}

/// Whether columns of the one are columns of the other.
fn same_types(one: &SchemaRef, other: &SchemaRef) -> bool {
    std::sync::Arc::ptr_eq(one, other)
        || one.fields().len() == other.fields().len()
            && one.fields().iter().zip(other.fields()).all(|(a, b)| a.name() == b.name() && a.data_type() == b.data_type())
}

/// The rows in parts of at most [`BATCH_ROWS`], each with the number of its first row; there is one part even where there is no row.
pub(crate) fn parts(rows: &RecordBatch) -> impl Iterator<Item = (usize, RecordBatch)> {
    let len = rows.num_rows();
    (0..len.max(1)).step_by(BATCH_ROWS).map(move |at| (at, rows.slice(at, BATCH_ROWS.min(len - at))))
}
