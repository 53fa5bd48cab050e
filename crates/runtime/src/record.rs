//! Reading records.

use quintet_arena::Memory;
use quintet_lang::FieldId;

use crate::batch::Batch;
use crate::value::Value;

/// One record of a batch. Two words, so that calls take it in registers.
#[derive(Clone, Copy, Debug)]
pub struct RecordRef<'a> {
    batch: &'a Batch,
    /// Its place in the batch in the upper half, bytes from the arena's start in the lower one.
    at: u64,
}

impl<'a> RecordRef<'a> {
    #[inline]
    pub(crate) fn new(batch: &'a Batch, index: usize) -> RecordRef<'a> {
        let offset = (batch.records_offset() + index * batch.layout().stride()) as u32;
        RecordRef { batch, at: (index as u64) << 32 | u64::from(offset) }
    }

    /// The batch that holds it.
    #[inline]
    pub fn batch(&self) -> &'a Batch {
        self.batch
    }

    /// Its place in the batch, from 0.
    #[inline]
    pub fn index(&self) -> usize {
        (self.at >> 32) as usize
    }

    /// Bytes from the arena's start to the record.
    #[inline]
    pub fn offset(&self) -> usize {
        self.at as u32 as usize
    }

    /// The arena that holds it.
    #[inline]
    pub fn memory(&self) -> Memory<'a> {
        self.batch.memory()
    }

    /// Whether the record has a field.
    ///
    /// # Panics
    /// When the field is not one of the scheme's.
    #[inline]
    pub fn has(&self, field: FieldId) -> bool {
        let slot = self.batch.layout().slot(field);
        self.memory().word(self.offset() + slot.presence_offset) >> slot.presence_bit & 1 != 0
    }

    /// The value of a field, or nil.
    ///
    /// # Panics
    /// When the field is not one of the scheme's.
    #[inline]
    pub fn value(&self, field: FieldId) -> Value<'a> {
        if !self.has(field) {
            return Value::Nil;
        }
        let slot = self.batch.layout().slot(field);
        Value::load(self.memory(), self.offset() + slot.offset, &self.batch.scheme().field(field).ty)
    }
}
