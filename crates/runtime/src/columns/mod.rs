//! Records filled column by column.

mod column;
mod fill;
mod map;
mod text;

pub use column::{Bits, Column, Floats, Ints, Offsets};

use quintet_arena::{Arena, ArenaError};
use quintet_lang::{FieldId, Type};

use crate::batch::{Batch, RecordError};
use crate::layout::Slot;

/// Fills several records at once, column by column; [`finish`](ColumnsBuilder::finish) keeps them, dropping it does not.
///
/// What a column holds is checked when it is set, and what texts and arrays refer to is copied once for all records.
pub struct ColumnsBuilder<'b> {
    batch: &'b mut Batch,
    rows: usize,
    /// Bytes from the arena's start to the first of the records.
    first: usize,
    /// Presence words of the fields that every one of the records has; those that some have are noted in the records.
    all: Vec<u64>,
    /// Presence words of the fields that were set.
    set: Vec<u64>,
    /// The most bytes that the values of one record take beside its slots.
    longest: usize,
    error: Option<Box<RecordError>>,
}

/// Slots of one type, one every `stride` words.
#[derive(Clone, Copy)]
struct Cells {
    /// The first slot's place in the arena, in words.
    first: usize,
    stride: usize,
}

/// Why a column cannot be set.
enum Wrong {
    /// It is not of the field's type.
    Type,
    /// What it refers to is not there.
    Malformed(&'static str),
    Arena(ArenaError),
}

impl From<ArenaError> for Wrong {
    fn from(error: ArenaError) -> Wrong {
        Wrong::Arena(error)
    }
}

impl Cells {
    /// The places of the slots.
    #[inline]
    fn of(self, arena: &mut Arena) -> impl Iterator<Item = &mut [u64]> {
        arena.used_mut()[self.first..].chunks_mut(self.stride)
    }
}

impl<'b> ColumnsBuilder<'b> {
    pub(crate) fn new(batch: &'b mut Batch, rows: usize) -> ColumnsBuilder<'b> {
        let first = batch.begin(rows);
        let error = first.is_none().then(|| Box::new(RecordError::Full));
        let words = batch.layout().presence_words();
        ColumnsBuilder { batch, rows, first: first.unwrap_or_default(), all: vec![0; words], set: vec![0; words], longest: 0, error }
    }

    /// Records.
    pub fn rows(&self) -> usize {
        self.rows
    }

    #[cold]
    fn fail(&mut self, error: RecordError) {
        self.error.get_or_insert_with(|| Box::new(error));
    }

    /// Sets a field of all records: record `i` has the value `i` of the column where bit `i` of `valid` is set, and none elsewhere. Without
    /// `valid` each record has one. Of a field that is set twice the last column counts.
    ///
    /// Values go into fields of their type, whole numbers and floats of any width too; bytes of a fixed size of 4 or 16 are also addresses.
    /// The first error is kept, and [`ColumnsBuilder::finish`] answers it.
    pub fn set(&mut self, field: FieldId, column: &Column<'_>, valid: Option<Bits<'_>>) {
        if self.error.is_some() {
            return;
        }
        let Some(ty) = self.batch.scheme().fields().get(field.0 as usize).map(|it| it.ty.clone()) else {
            return self.fail(RecordError::NoField(field.0));
        };
        let slot = self.batch.layout().slot(field);
        let lengths = [column.len(), valid.map_or(self.rows, Bits::len)];
        if let Some(len) = lengths.into_iter().find(|len| *len != self.rows) {
            let field = self.batch.scheme().field(field).name.clone();
            return self.fail(RecordError::Rows { field, rows: self.rows, len });
        }
        if self.rows == 0 {
            return;
        }
        self.forget(slot, &ty);
        match self.fill(slot, &ty, column, valid) {
            Ok(longest) => self.longest = self.longest.saturating_add(longest),
            Err(wrong) => {
                let field = self.batch.scheme().field(field).name.clone();
                self.fail(match wrong {
                    Wrong::Type => RecordError::WrongType { field, expected: ty },
                    Wrong::Malformed(what) => RecordError::Malformed { field, what },
                    Wrong::Arena(e) => e.into(),
                });
            }
        }
    }

    /// Makes a field of all records as it is where nothing was set.
    fn forget(&mut self, slot: Slot, ty: &Type) {
        let (word, bit) = (slot.presence_offset / 8, 1 << slot.presence_bit);
        if self.set[word] & bit == 0 {
            self.set[word] |= bit;
            return;
        }
        self.all[word] &= !bit;
        let size = ty.words() as usize;
        let (presence, cells) = (self.cells(slot.presence_offset), self.cells(slot.offset));
        presence.of(self.batch.arena_mut()).take(self.rows).for_each(|words| words[0] &= !bit);
        cells.of(self.batch.arena_mut()).take(self.rows).for_each(|words| words[..size].fill(0));
    }

    /// The words so many bytes from the start of each record.
    fn cells(&self, offset: usize) -> Cells {
        Cells { first: (self.first + offset) / 8, stride: self.batch.layout().stride() / 8 }
    }

    fn fill(&mut self, slot: Slot, ty: &Type, column: &Column<'_>, valid: Option<Bits<'_>>) -> Result<usize, Wrong> {
        let (cells, presence) = (self.cells(slot.offset), self.cells(slot.presence_offset));
        let rows = self.rows;
        let arena = self.batch.arena_mut();
        let longest = fill::fill(arena, cells, ty, column, 0..rows, valid)?;
        match valid {
            None => self.all[slot.presence_offset / 8] |= 1 << slot.presence_bit,
            Some(valid) => presence.of(arena).zip(valid.iter()).for_each(|(words, bit)| words[0] |= u64::from(bit) << slot.presence_bit),
        }
        Ok(longest)
    }

    /// Keeps the records.
    ///
    /// # Errors
    /// The first error of a column, or a mandatory field that a record lacks. None of the records is then kept.
    pub fn finish(mut self) -> Result<(), RecordError> {
        if let Some(error) = self.error.take() {
            return Err(*error);
        }
        if self.rows == 0 {
            return Ok(());
        }
        let wanted = self.batch.layout().mandatory().to_vec();
        for (i, (all, wanted)) in self.all.iter().zip(wanted).enumerate() {
            let cells = self.cells(i * 8);
            // The bits of mandatory fields that each of the records has.
            let mut had = u64::MAX;
            cells.of(self.batch.arena_mut()).take(self.rows).for_each(|words| {
                words[0] |= all;
                had &= words[0];
            });
            let missing = wanted & !had;
            if missing != 0 {
                let field = self.batch.scheme().field(FieldId(i as u32 * 64 + missing.trailing_zeros()));
                return Err(RecordError::Missing(field.name.clone()));
            }
        }
        self.batch.keep(self.rows, self.longest);
        Ok(())
    }
}

impl Drop for ColumnsBuilder<'_> {
    fn drop(&mut self) {
        self.batch.discard();
    }
}
