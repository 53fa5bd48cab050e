//! Filling records with structs.

use std::ptr;

use quintet_lang::{FieldId, Scheme};
use quintet_runtime::{RecordBuilder, RecordError};

use super::{Record, Shape};

/// A record that is being filled, field by field in the order of a [`Shape`].
#[derive(Debug)]
pub struct Fill<'f, 'b> {
    record: &'f mut RecordBuilder<'b>,
    rest: &'f [Option<FieldId>],
}

impl<'b> Fill<'_, 'b> {
    /// Sets the next field, where the scheme has it.
    #[inline]
    pub fn next(&mut self, set: impl FnOnce(&mut RecordBuilder<'b>, FieldId)) {
        if let Some((first, rest)) = self.rest.split_first() {
            self.rest = rest;
            if let Some(id) = first {
                set(self.record, *id);
            }
        }
    }

    /// Leaves so many fields without a value.
    #[inline]
    pub fn skip(&mut self, fields: usize) {
        self.rest = self.rest.get(fields..).unwrap_or_default();
    }
}

/// Fills records of schemes with structs. It finds out once which fields of a scheme those of a struct are, and again only where another
/// struct or scheme comes.
///
/// ```
/// use quintet::{ArenaKind, BatchBuilder, Filler, Record, Value};
///
/// #[derive(Record)]
/// struct Point { x: i64, y: i64 }
///
/// let scheme = Point::scheme()?;
/// let mut builder = BatchBuilder::new(&scheme, 2, ArenaKind::Plain)?;
/// let mut filler = Filler::new();
/// for point in [Point { x: 1, y: 2 }, Point { x: 3, y: 4 }] {
///     let mut record = builder.record();
///     filler.fill(&point, &mut record)?;
///     record.finish()?;
/// }
/// assert_eq!(builder.build().record(1).value(scheme.field_id("y").unwrap()), Value::Int(4));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default)]
pub struct Filler {
    /// The struct and the scheme that `ids` are of.
    of: Option<(&'static Shape, Scheme)>,
    ids: Vec<Option<FieldId>>,
}

/// Why a struct makes no record.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FillError {
    /// The scheme lacks a field of the struct.
    #[error("the scheme has no field `{0}`; make it of the struct, or give the field the attribute `skip`")]
    NoField(String),
    /// The record cannot be kept.
    #[error(transparent)]
    Record(#[from] RecordError),
}

impl Filler {
    /// One that knows no struct yet.
    pub fn new() -> Filler {
        Filler::default()
    }

    /// Sets the fields of a record. What a setter refuses is said by [`RecordBuilder::finish`].
    ///
    /// # Errors
    /// The record's scheme lacks a field of the struct, or has it with another type.
    #[inline]
    pub fn fill<T: Record + ?Sized>(&mut self, value: &T, record: &mut RecordBuilder<'_>) -> Result<(), FillError> {
        // What lies at one address is one shape. One that lies at several is resolved again, no more.
        if !self.of.as_ref().is_some_and(|(shape, scheme)| ptr::eq(*shape, T::SHAPE) && scheme.same(record.scheme())) {
            self.resolve(T::SHAPE, record.scheme())?;
        }
        value.fill(&mut Fill { record, rest: &self.ids });
        Ok(())
    }

    #[cold]
    fn resolve(&mut self, shape: &'static Shape, scheme: &Scheme) -> Result<(), FillError> {
        self.of = None;
        self.ids = shape.resolve(scheme)?;
        self.of = Some((shape, scheme.clone()));
        Ok(())
    }
}
