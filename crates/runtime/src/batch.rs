//! Batches: many records in one arena.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use bumpalo::Bump;
use quintet_arena::{Arena, ArenaError, Kind, Memory};
use quintet_lang::{FieldId, Scheme, Type};

use crate::columns::ColumnsBuilder;
use crate::functions::ManyAnswers;
use crate::groups::Groups;
use crate::layout::{Form, Layout, Slot};
use crate::matchers::ip_words;
use crate::owned::OwnedValue;
use crate::pack::{pack, reference, text_lists, texts};
use crate::record::RecordRef;
use crate::value::Value;

/// Bytes before the first record: the arena's length in bytes, and room to begin a cache line.
const HEADER: usize = 64;

/// Records of one scheme in one arena, ready to be run. All references inside are offsets from the arena's start.
#[derive(Debug)]
pub struct Batch {
    scheme: Scheme,
    layout: Arc<Layout>,
    arena: Arena,
    len: usize,
    capacity: usize,
    /// The most bytes that a record's values take beside its slots.
    longest: usize,
    /// Bytes of the arena that hold the records so far.
    end: usize,
    /// How many records are being filled, or were begun and forgotten.
    open: Option<usize>,
    groups: Groups,
}

/// Fills a [`Batch`]. The room for records is laid out first, so their number is bounded; what they refer to follows.
#[derive(Debug)]
pub struct BatchBuilder {
    batch: Batch,
}

/// Fills one record; [`finish`](RecordBuilder::finish) keeps it, dropping it does not.
#[derive(Debug)]
pub struct RecordBuilder<'b> {
    batch: &'b mut Batch,
    /// Bytes from the arena's start to the record.
    offset: usize,
    /// The first error; apart, so that a builder is a few words to hand on.
    error: Option<Box<RecordError>>,
}

/// Why a record cannot be kept.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// A mandatory field has no value.
    #[error("the record lacks the mandatory field `{0}`")]
    Missing(String),
    /// The scheme has no such field: the id is one of another scheme.
    #[error("the scheme of the records has no field {0}; ids are those of its own `field_id`")]
    NoField(u32),
    /// The bytes for a field are not among those that were copied into the record.
    #[error("the {len} bytes at {offset} for field `{field}` are not in the record's data; ranges are within what `blob` copied")]
    Outside {
        /// The field.
        field: String,
        /// Where the bytes begin.
        offset: usize,
        /// How many they are.
        len: usize,
    },
    /// A column has not as many values as there are records.
    #[error("the column for field `{field}` has {len} values for {rows} records")]
    Rows {
        /// The field.
        field: String,
        /// How many records are filled.
        rows: usize,
        /// How many values the column has, or how many it says of whether they are there.
        len: usize,
    },
    /// A column refers to what it does not hold.
    #[error("the column for field `{field}` is malformed: {what}")]
    Malformed {
        /// The field.
        field: String,
        /// What is wrong.
        what: &'static str,
    },
    /// A value is not of the field's type.
    #[error("the value for field `{field}` is not of type {expected}")]
    WrongType {
        /// The field.
        field: String,
        /// Its type.
        expected: Type,
    },
    /// A whole number is less than the least Int or more than the most.
    #[error("the value {value} for field `{field}` is out of the range of Int, which has 64 bits and a sign")]
    Range {
        /// The field.
        field: String,
        /// The number.
        value: String,
    },
    /// The batch has no room left; build it, and start another one.
    #[error("the batch is full")]
    Full,
    /// The arena cannot grow.
    #[error(transparent)]
    Arena(#[from] ArenaError),
}

impl Batch {
    /// The scheme of the records.
    #[inline]
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// Their layout.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Records.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Record `index`, from 0.
    ///
    /// # Panics
    /// When `index` is not below [`Batch::len`].
    #[inline]
    pub fn record(&self, index: usize) -> RecordRef<'_> {
        assert!(index < self.len, "record {index} of a batch of {}", self.len);
        RecordRef::new(self, index)
    }

    /// All records in order.
    pub fn iter(&self) -> impl Iterator<Item = RecordRef<'_>> {
        (0..self.len).map(|i| RecordRef::new(self, i))
    }

    /// Bytes from the arena's start to the first record; record `i` follows at `i` times the layout's stride.
    #[inline]
    pub fn records_offset(&self) -> usize {
        HEADER
    }

    /// The most bytes that the values of one record take beside its slots: no value is longer, and no array has more elements than it has
    /// words.
    #[inline]
    pub fn longest(&self) -> usize {
        self.longest
    }

    /// The arena.
    #[inline]
    pub fn arena(&self) -> &Arena {
        &self.arena
    }

    /// The arena's bytes. The first word is their number.
    #[inline]
    pub fn memory(&self) -> Memory<'_> {
        self.arena.memory()
    }

    /// Sets a field of a record that is there already, as what was found out from its other fields.
    ///
    /// # Errors
    /// The value is not of the field's type, the scheme has no such field, or the batch has no room for what it refers to. The record is as it was then.
    ///
    /// # Panics
    /// When `record` is not below [`Batch::len`].
    pub fn amend(&mut self, record: usize, field: FieldId, value: &OwnedValue) -> Result<(), RecordError> {
        let bump = Bump::new();
        let value = value.value(&bump);
        let slot = self.amended(record, field, |ty| value.fits(ty))?;
        let ty = self.scheme.field(field).ty.clone();
        let packed = pack(&mut self.arena, slot, &ty, value);
        self.longest = self.longest.saturating_add(self.arena.len() - self.end);
        self.end = self.arena.len();
        self.arena.put_word(0, self.end as u64);
        packed?;
        self.mark(record, field);
        Ok(())
    }

    /// The same for Bytes that are in the batch: those of the arena from `offset` on.
    ///
    /// # Errors
    /// As [`Batch::amend`], and where there are no such bytes.
    ///
    /// # Panics
    /// As [`Batch::amend`].
    pub fn amend_at(&mut self, record: usize, field: FieldId, offset: usize, len: usize) -> Result<(), RecordError> {
        let slot = self.amended(record, field, |ty| *ty == Type::Bytes)?;
        if offset < HEADER || offset.checked_add(len).is_none_or(|end| end > self.arena.len()) {
            return Err(RecordError::Outside { field: self.scheme.field(field).name.clone(), offset, len });
        }
        self.longest = self.longest.max(len);
        self.arena.put_word(slot, reference(offset, len));
        self.mark(record, field);
        Ok(())
    }

    /// Sets a field of all records to these answers, of which those that are nil leave it as it is.
    ///
    /// # Panics
    /// As [`Layout::slot`], and when the answers are not of as many records and of values with as many words.
    pub(crate) fn amend_all(&mut self, field: FieldId, answers: &ManyAnswers) {
        let (slot, stride, width) = (self.layout.slot(field), self.layout.stride() / 8, self.scheme.field(field).ty.words() as usize);
        assert!(answers.present.len() == self.len && answers.words.len() == self.len * width, "answers of {} records", self.len);
        let records = self.arena.used_mut()[HEADER / 8..][..self.len * stride].chunks_exact_mut(stride);
        let (at, presence) = (slot.offset / 8, slot.presence_offset / 8);
        if let 1 = width {
            for ((record, word), present) in records.zip(&answers.words).zip(&answers.present) {
                record[at] = *word;
                record[presence] |= u64::from(*present != 0) << slot.presence_bit;
            }
        } else {
            for ((record, words), present) in records.zip(answers.words.chunks_exact(width)).zip(&answers.present) {
                record[at..at + width].copy_from_slice(words);
                record[presence] |= u64::from(*present != 0) << slot.presence_bit;
            }
        }
        self.arena.touch();
    }

    /// Puts texts behind all that is there, of which `longest` bytes at most are one record's. Answers the offset of the first byte.
    ///
    /// # Errors
    /// There is no room.
    pub(crate) fn append(&mut self, texts: &[u8], longest: usize) -> Result<usize, ArenaError> {
        let at = self.arena.alloc(texts.len())?;
        self.arena.put_bytes(at, texts);
        self.longest = self.longest.saturating_add(longest);
        self.end = self.arena.len();
        self.arena.put_word(0, self.end as u64);
        Ok(at)
    }

    /// The offset of the slot of a field whose type is right.
    fn amended(&self, record: usize, field: FieldId, accepts: impl FnOnce(&Type) -> bool) -> Result<usize, RecordError> {
        let declared = self.scheme.fields().get(field.0 as usize).ok_or(RecordError::NoField(field.0))?;
        if !accepts(&declared.ty) {
            return Err(RecordError::WrongType { field: declared.name.clone(), expected: declared.ty.clone() });
        }
        Ok(self.record(record).offset() + self.layout.slot(field).offset)
    }

    /// Says that a record has a field.
    fn mark(&mut self, record: usize, field: FieldId) {
        let slot = self.layout.slot(field);
        let at = self.record(record).offset() + slot.presence_offset;
        self.arena.used_mut()[at / 8] |= 1 << slot.presence_bit;
        self.arena.touch();
    }

    /// Makes backends that keep a copy of the batch copy it again, as they do for a batch with new contents.
    pub fn touch(&mut self) {
        self.arena.touch();
    }

    pub(crate) fn start(&mut self) -> Result<(), ArenaError> {
        self.discard();
        let records = self.capacity.checked_mul(self.layout.stride()).and_then(|bytes| bytes.checked_add(HEADER));
        let records = records.ok_or(ArenaError::Full)?;
        if self.arena.is_empty() {
            self.arena.alloc(records)?;
        } else {
            // The room for records that there were none of is as it was.
            let written = self.next() / 8;
            self.arena.truncate(records);
            self.arena.used_mut()[..written].fill(0);
            self.arena.touch();
        }
        (self.len, self.longest, self.end) = (0, 0, self.arena.len());
        Ok(())
    }

    /// Bytes from the arena's start to the record that is filled next.
    fn next(&self) -> usize {
        HEADER + self.len * self.layout.stride()
    }

    /// Begins so many records: the bytes from the arena's start to the first of them, or none where there is no room for all.
    #[inline]
    pub(crate) fn begin(&mut self, records: usize) -> Option<usize> {
        self.discard();
        let room = self.capacity - self.len;
        self.open = Some(records.min(room));
        (records <= room).then(|| self.next())
    }

    /// Says in the arena how long it is.
    pub(crate) fn seal(&mut self) {
        let len = self.arena.len();
        self.arena.put_word(0, len as u64);
    }

    /// Keeps the records that were begun, none of which has values that take more than so many bytes beside its slots.
    #[inline]
    pub(crate) fn keep(&mut self, records: usize, longest: usize) {
        self.len += records;
        self.longest = self.longest.max(longest);
        (self.end, self.open) = (self.arena.len(), None);
    }

    pub(crate) fn arena_mut(&mut self) -> &mut Arena {
        &mut self.arena
    }

    /// Forgets what was written for records that are not kept.
    #[inline]
    pub(crate) fn discard(&mut self) {
        if let Some(records) = self.open.take() {
            self.forget(records);
        }
    }

    #[cold]
    fn forget(&mut self, records: usize) {
        let (first, words) = (self.next() / 8, records * self.layout.stride() / 8);
        self.arena.used_mut()[first..first + words].fill(0);
        self.arena.truncate(self.end);
    }
}

impl BatchBuilder {
    /// An empty batch for at most `capacity` records.
    ///
    /// # Errors
    /// When the records would take more than an arena holds.
    pub fn new(scheme: &Scheme, capacity: usize, kind: Kind) -> Result<BatchBuilder, ArenaError> {
        let layout = Layout::of(scheme);
        let mut batch = Batch {
            scheme: scheme.clone(),
            layout,
            arena: Arena::new(kind),
            len: 0,
            capacity,
            longest: 0,
            end: 0,
            open: None,
            groups: Groups::default(),
        };
        batch.start()?;
        Ok(BatchBuilder { batch })
    }

    /// An empty batch in the memory of one that is no longer needed, of the same scheme and capacity.
    ///
    /// # Errors
    /// As [`BatchBuilder::new`].
    pub fn reuse(mut batch: Batch) -> Result<BatchBuilder, ArenaError> {
        batch.start()?;
        Ok(BatchBuilder { batch })
    }

    /// Records so far.
    pub fn len(&self) -> usize {
        self.batch.len
    }

    /// Whether there is no record yet.
    pub fn is_empty(&self) -> bool {
        self.batch.len == 0
    }

    /// Whether there is no room for another record.
    #[inline]
    pub fn is_full(&self) -> bool {
        self.batch.len == self.batch.capacity
    }

    /// The layout of the records.
    pub fn layout(&self) -> &Layout {
        &self.batch.layout
    }

    /// The scheme of the records.
    pub fn scheme(&self) -> &Scheme {
        &self.batch.scheme
    }

    /// Bytes that the batch takes so far.
    pub fn bytes(&self) -> usize {
        self.batch.arena.len()
    }

    /// Starts a record.
    #[inline]
    pub fn record(&mut self) -> RecordBuilder<'_> {
        RecordBuilder::of(&mut self.batch)
    }

    /// Starts so many records, to be filled column by column.
    pub fn columns(&mut self, rows: usize) -> ColumnsBuilder<'_> {
        ColumnsBuilder::new(&mut self.batch, rows)
    }

    /// Records that there is room for.
    pub fn room(&self) -> usize {
        self.batch.capacity - self.batch.len
    }

    /// The batch.
    pub fn build(mut self) -> Batch {
        self.batch.discard();
        self.batch.seal();
        self.batch
    }
}

/// The setters remember the first error and [`RecordBuilder::finish`] answers it. Setting a field twice keeps the last value.
impl<'b> RecordBuilder<'b> {
    /// The next record of a batch.
    #[inline]
    pub(crate) fn of(batch: &'b mut Batch) -> RecordBuilder<'b> {
        let error = batch.begin(1).is_none().then(|| Box::new(RecordError::Full));
        RecordBuilder { offset: batch.next(), batch, error }
    }

    /// The scheme of the record.
    pub fn scheme(&self) -> &Scheme {
        &self.batch.scheme
    }

    /// Notes that the value for a field is a whole number which no Int is.
    #[cold]
    pub fn out_of_range(&mut self, field: FieldId, value: impl fmt::Display) {
        let error = match self.batch.scheme.fields().get(field.0 as usize) {
            Some(it) => RecordError::Range { field: it.name.clone(), value: value.to_string() },
            None => RecordError::NoField(field.0),
        };
        self.fail(error);
    }

    #[cold]
    fn fail(&mut self, error: RecordError) {
        self.error.get_or_insert_with(|| Box::new(error));
    }

    /// The slot of a field, if it takes values of this form.
    #[inline]
    fn slot(&mut self, field: FieldId, form: Form) -> Option<Slot> {
        match self.batch.layout.slot_of(field, form) {
            Some(slot) if self.error.is_none() => Some(slot),
            Some(_) => None,
            None => {
                self.wrong(field);
                None
            }
        }
    }

    /// Marks a field as present and writes its slot.
    #[inline]
    fn put<const WORDS: usize>(&mut self, slot: Slot, words: [u64; WORDS]) {
        let used = self.batch.arena.used_mut();
        used[(self.offset + slot.presence_offset) / 8] |= 1 << slot.presence_bit;
        used[(self.offset + slot.offset) / 8..][..WORDS].copy_from_slice(&words);
    }

    /// The same where its word is what was written elsewhere, if there was room for that.
    #[inline]
    fn put_reference(&mut self, slot: Slot, word: Result<u64, ArenaError>) {
        match word {
            Ok(word) => self.put(slot, [word]),
            Err(e) => self.fail(e.into()),
        }
    }

    /// As [`RecordBuilder::slot`], where the type decides.
    fn slot_if(&mut self, field: FieldId, accepts: impl FnOnce(&Type) -> bool) -> Option<usize> {
        if self.error.is_some() {
            return None;
        }
        if !self.batch.scheme.fields().get(field.0 as usize).is_some_and(|it| accepts(&it.ty)) {
            self.wrong(field);
            return None;
        }
        Some(self.mark(self.batch.layout.slot(field)))
    }

    /// Marks a field as present and answers the offset of its slot.
    #[inline]
    fn mark(&mut self, slot: Slot) -> usize {
        let words = self.batch.arena.used_mut();
        words[(self.offset + slot.presence_offset) / 8] |= 1 << slot.presence_bit;
        self.offset + slot.offset
    }

    /// Notes that a field does not take what was to be set, or is none of the scheme's.
    #[cold]
    fn wrong(&mut self, field: FieldId) {
        let error = match self.batch.scheme.fields().get(field.0 as usize) {
            Some(it) => RecordError::WrongType { field: it.name.clone(), expected: it.ty.clone() },
            None => RecordError::NoField(field.0),
        };
        self.fail(error);
    }

    /// Sets a Bool field.
    #[inline]
    pub fn bool(&mut self, field: FieldId, value: bool) {
        if let Some(slot) = self.slot(field, Form::Bool) {
            self.put(slot, [value as u64]);
        }
    }

    /// Sets an Int field.
    #[inline]
    pub fn int(&mut self, field: FieldId, value: i64) {
        if let Some(slot) = self.slot(field, Form::Int) {
            self.put(slot, [value as u64]);
        }
    }

    /// Sets a Float field.
    #[inline]
    pub fn float(&mut self, field: FieldId, value: f64) {
        if let Some(slot) = self.slot(field, Form::Float) {
            self.put(slot, [value.to_bits()]);
        }
    }

    /// Sets an Ip field.
    #[inline]
    pub fn ip(&mut self, field: FieldId, value: IpAddr) {
        if let Some(slot) = self.slot(field, Form::Ip) {
            self.put(slot, ip_words(value));
        }
    }

    /// Sets a Bytes field to a copy of `value`.
    #[inline]
    pub fn bytes(&mut self, field: FieldId, value: &[u8]) {
        if let Some(slot) = self.slot(field, Form::Bytes) {
            let at = self.batch.arena.push(value);
            self.put_reference(slot, at.map(|at| reference(at, value.len())));
        }
    }

    /// Copies bytes into the batch once, for [`RecordBuilder::bytes_at`] to refer to. Answers their offset.
    #[inline]
    pub fn blob(&mut self, bytes: &[u8]) -> usize {
        self.batch.arena.push(bytes).unwrap_or_else(|e| {
            self.fail(e.into());
            0
        })
    }

    /// Sets a Bytes field to bytes that [`RecordBuilder::blob`] copied into this record. A range that is not within them is an error.
    #[inline]
    pub fn bytes_at(&mut self, field: FieldId, offset: usize, len: usize) {
        if let Some(slot) = self.slot(field, Form::Bytes) {
            let inside = offset >= self.batch.end && offset.checked_add(len).is_some_and(|end| end <= self.batch.arena.len());
            if inside {
                self.put(slot, [reference(offset, len)]);
            } else {
                let field = self.batch.scheme.field(field).name.clone();
                self.fail(RecordError::Outside { field, offset, len });
            }
        }
    }

    /// Sets a field to an array of so many elements of so many words each, which `write` fills.
    #[inline(always)]
    fn array(&mut self, slot: Slot, len: usize, words: usize, write: impl FnOnce(&mut [u64])) {
        // A slice of values is no longer than memory is.
        let at = self.batch.arena.alloc(len * words * 8);
        if let Ok(at) = at {
            write(&mut self.batch.arena.used_mut()[at / 8..][..len * words]);
        }
        self.put_reference(slot, at.map(|at| reference(at, len)));
    }

    /// Sets an `Array<Bool>` field.
    #[inline(always)]
    pub fn bools(&mut self, field: FieldId, values: &[bool]) {
        if let Some(slot) = self.slot(field, Form::Bools) {
            self.array(slot, values.len(), 1, |words| words.iter_mut().zip(values).for_each(|(word, value)| *word = u64::from(*value)));
        }
    }

    /// Sets an `Array<Int>` field.
    #[inline(always)]
    pub fn ints(&mut self, field: FieldId, values: &[i64]) {
        if let Some(slot) = self.slot(field, Form::Ints) {
            self.array(slot, values.len(), 1, |words| words.iter_mut().zip(values).for_each(|(word, value)| *word = *value as u64));
        }
    }

    /// Sets an `Array<Ip>` field.
    #[inline(always)]
    pub fn ips(&mut self, field: FieldId, values: &[IpAddr]) {
        if let Some(slot) = self.slot(field, Form::Ips) {
            self.array(slot, values.len(), 3, |words| {
                words.chunks_exact_mut(3).zip(values).for_each(|(words, value)| words.copy_from_slice(&ip_words(*value)));
            });
        }
    }

    /// Sets an `Array<Bytes>` field to copies of `values`.
    pub fn bytes_array(&mut self, field: FieldId, values: &[&[u8]]) {
        self.bytes_of(field, values.iter().copied());
    }

    /// As [`RecordBuilder::bytes_array`], of values that need not lie side by side.
    pub fn bytes_of<'v>(&mut self, field: FieldId, values: impl ExactSizeIterator<Item = &'v [u8]>) {
        if let Some(slot) = self.slot(field, Form::Texts) {
            let word = texts(&mut self.batch.arena, values);
            self.put_reference(slot, word);
        }
    }

    /// Sets a `Map<Array<Bytes>>` field: under each key the values that stand beside it, in order. Pairs with one key stand together, and
    /// keys in their order; otherwise the field is not of its type.
    pub fn bytes_arrays(&mut self, field: FieldId, pairs: &[(&[u8], &[u8])]) {
        let Some(slot) = self.slot(field, Form::TextLists) else { return };
        if !pairs.is_sorted_by_key(|(key, _)| *key) {
            return self.wrong(field);
        }
        let word = text_lists(&mut self.batch.arena, pairs);
        self.put_reference(slot, word);
    }

    /// The same for pairs that come in any order: the values of pairs with one key stand under it in the order in which the pairs came. What
    /// is repeated is thus kept, as the headers of a request with one name are.
    pub fn grouped<'v>(&mut self, field: FieldId, pairs: impl IntoIterator<Item = (&'v [u8], &'v [u8])>) {
        let Some(slot) = self.slot(field, Form::TextLists) else { return };
        let word = self.batch.groups.write(&mut self.batch.arena, pairs.into_iter());
        self.put_reference(slot, word);
    }

    /// Makes a field as it is where nothing was set.
    fn unset(&mut self, field: FieldId) {
        if let Some(slot) = self.slot_if(field, |_| true) {
            let words = self.batch.scheme.field(field).ty.words() as usize;
            (0..words).for_each(|i| self.batch.arena.put_word(slot + i * 8, 0));
            let slot = self.batch.layout.slot(field);
            self.batch.arena.used_mut()[(self.offset + slot.presence_offset) / 8] &= !(1 << slot.presence_bit);
        }
    }

    /// Sets a field of any type. The entries of maps may come in any order; of several with one key the last is kept. Nil unsets the
    /// field.
    pub fn set(&mut self, field: FieldId, value: Value<'_>) {
        if value.is_nil() {
            return self.unset(field);
        }
        if let Some(slot) = self.slot_if(field, |t| value.fits(t) && value.is_sound()) {
            let ty = self.batch.scheme.field(field).ty.clone();
            if let Err(e) = pack(&mut self.batch.arena, slot, &ty, value) {
                self.fail(e.into());
            }
        }
    }

    /// The value that a field has so far, or nil.
    ///
    /// # Panics
    /// When the field is not one of the scheme's.
    pub fn value(&self, field: FieldId) -> Value<'_> {
        // Without room there is no record.
        match self.error {
            Some(_) => Value::Nil,
            None => RecordRef::new(self.batch, self.batch.len).value(field),
        }
    }

    /// Keeps the record.
    ///
    /// # Errors
    /// The first error of a setter, or a mandatory field without a value. The record is then not kept.
    pub fn finish(mut self) -> Result<(), RecordError> {
        if let Some(error) = self.error.take() {
            return Err(*error);
        }
        let memory = self.batch.arena.memory();
        for (i, wanted) in self.batch.layout.mandatory().iter().enumerate() {
            let missing = wanted & !memory.word(self.offset + i * 8);
            if missing != 0 {
                let field = self.batch.scheme.field(FieldId(i as u32 * 64 + missing.trailing_zeros()));
                return Err(RecordError::Missing(field.name.clone()));
            }
        }
        self.batch.keep(1, self.batch.arena.len() - self.batch.end);
        Ok(())
    }
}

impl Drop for RecordBuilder<'_> {
    fn drop(&mut self) {
        self.batch.discard();
    }
}
