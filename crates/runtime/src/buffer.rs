//! One record, filled again and again.

use quintet_arena::{ArenaError, Kind};
use quintet_lang::Scheme;

use crate::batch::{Batch, BatchBuilder, RecordBuilder, RecordError};
use crate::record::RecordRef;

/// Memory for one record, for whoever has records one by one: it is filled, asked about, and filled again. Nothing is allocated once the
/// memory has the size of the largest record.
///
/// ```
/// use quintet_lang::{Scheme, Type};
/// use quintet_runtime::{RecordBuffer, Value};
/// let scheme = Scheme::builder().mandatory("port", Type::Int).build().unwrap();
/// let port = scheme.field_id("port").unwrap();
/// let mut buffer = RecordBuffer::new(&scheme).unwrap();
/// for number in [80, 443] {
///     let record = buffer.fill(|record| record.int(port, number)).unwrap();
///     assert_eq!(record.value(port), Value::Int(number));
/// }
/// ```
#[derive(Debug)]
pub struct RecordBuffer {
    batch: Batch,
}

impl RecordBuffer {
    /// Memory for a record of a scheme, which every backend reads where it is.
    ///
    /// # Errors
    /// When there is no memory.
    pub fn new(scheme: &Scheme) -> Result<RecordBuffer, ArenaError> {
        RecordBuffer::in_arena(scheme, Kind::Shared)
    }

    /// The same in memory of a kind.
    ///
    /// # Errors
    /// As [`RecordBuffer::new`].
    pub fn in_arena(scheme: &Scheme, kind: Kind) -> Result<RecordBuffer, ArenaError> {
        Ok(RecordBuffer { batch: BatchBuilder::new(scheme, 1, kind)?.build() })
    }

    /// The scheme of the record.
    pub fn scheme(&self) -> &Scheme {
        self.batch.scheme()
    }

    /// Forgets the record and fills another one.
    ///
    /// # Errors
    /// As [`RecordBuilder::finish`]; there is no record then.
    #[inline]
    pub fn fill(&mut self, fill: impl FnOnce(&mut RecordBuilder<'_>)) -> Result<RecordRef<'_>, RecordError> {
        self.batch.start()?;
        let mut record = RecordBuilder::of(&mut self.batch);
        fill(&mut record);
        record.finish()?;
        self.batch.seal();
        Ok(RecordRef::new(&self.batch, 0))
    }

    /// The record, where there is one.
    pub fn record(&self) -> Option<RecordRef<'_>> {
        (!self.batch.is_empty()).then(|| RecordRef::new(&self.batch, 0))
    }
}
