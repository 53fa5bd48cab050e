//! Writing values in the stored form that all backends read (see [`Layout`](crate::Layout)).

use quintet_arena::{Arena, ArenaError, MAX_BYTES};
use quintet_lang::Type;

use crate::matchers::ip_words;
use crate::value::Value;

/// Bytes of the largest block.
pub const BLOCK_BYTES: usize = MAX_BYTES;

/// A value in a block of its own: the first word is the block's length in bytes, the value's slot follows, then what it refers to.
/// Offsets are from the block's start, so a block may be copied anywhere.
#[derive(Clone, Debug)]
pub struct Blob {
    /// The block.
    pub words: Vec<u64>,
}

impl Blob {
    /// Bytes from the block's start to the value's slot.
    pub const SLOT: usize = 8;

    /// `value`, which must be of type `ty` and not nil, as a block.
    ///
    /// # Errors
    /// See [`ArenaError`].
    pub fn new(ty: &Type, value: Value<'_>) -> Result<Blob, ArenaError> {
        let mut blob = Blob { words: Vec::new() };
        blob.alloc(8)?;
        let slot = blob.alloc(ty.words() as usize * 8)?;
        pack(&mut blob, slot, ty, value)?;
        blob.words[0] = blob.words.len() as u64 * 8;
        Ok(blob)
    }
}

/// Where values are packed: zeroed memory that is taken from the end, in words, by offsets in bytes.
pub(crate) trait Room {
    /// Takes `bytes`, rounded up to words, and answers their offset.
    ///
    /// # Errors
    /// See [`ArenaError`].
    fn alloc(&mut self, bytes: usize) -> Result<usize, ArenaError>;
    /// Writes a word at an offset that was taken.
    fn put_word(&mut self, offset: usize, word: u64);
    /// Writes bytes at an offset that was taken for as many.
    fn put_bytes(&mut self, offset: usize, bytes: &[u8]);
}

impl Room for Arena {
    #[inline]
    fn alloc(&mut self, bytes: usize) -> Result<usize, ArenaError> {
        self.alloc(bytes)
    }

    #[inline]
    fn put_word(&mut self, offset: usize, word: u64) {
        self.put_word(offset, word);
    }

    #[inline]
    fn put_bytes(&mut self, offset: usize, bytes: &[u8]) {
        self.put_bytes(offset, bytes);
    }
}

/// A block is as large as its value. (An arena begins with room for a batch, which is far more than most values need.)
impl Room for Blob {
    fn alloc(&mut self, bytes: usize) -> Result<usize, ArenaError> {
        let at = self.words.len();
        let words = at.checked_add(bytes.div_ceil(8)).filter(|w| *w <= BLOCK_BYTES / 8).ok_or(ArenaError::Full)?;
        self.words.resize(words, 0);
        Ok(at * 8)
    }

    fn put_word(&mut self, offset: usize, word: u64) {
        self.words[offset / 8] = word;
    }

    fn put_bytes(&mut self, offset: usize, bytes: &[u8]) {
        bytemuck::cast_slice_mut::<u64, u8>(&mut self.words)[offset..offset + bytes.len()].copy_from_slice(bytes);
    }
}

/// Writes `value`, which must be of type `ty` and not nil, into the slot at `slot`; what the slot refers to goes to the arena's end.
///
/// # Errors
/// See [`ArenaError`].
pub(crate) fn pack(arena: &mut impl Room, slot: usize, ty: &Type, value: Value<'_>) -> Result<(), ArenaError> {
    match value {
        Value::Nil => {}
        Value::Bool(b) => arena.put_word(slot, b as u64),
        Value::Int(i) => arena.put_word(slot, i as u64),
        Value::U32(u) => arena.put_word(slot, u64::from(u)),
        Value::Float(f) => arena.put_word(slot, f.to_bits()),
        Value::Ip(ip) => {
            for (i, word) in ip_words(ip).into_iter().enumerate() {
                arena.put_word(slot + i * 8, word);
            }
        }
        Value::Bytes(bytes) => {
            let word = pack_bytes(arena, bytes)?;
            arena.put_word(slot, word);
        }
        Value::Array(array) => {
            let element = ty.element().unwrap_or(ty);
            let size = element.words() as usize * 8;
            let at = arena.alloc(array.len() * size)?;
            for (i, item) in array.iter().enumerate() {
                pack(arena, at + i * size, element, item)?;
            }
            arena.put_word(slot, reference(at, array.len()));
        }
        Value::Map(map) => {
            let ordered = (1..map.len()).all(|i| map.entry(i - 1).0 < map.entry(i).0);
            if ordered {
                pack_entries(arena, slot, ty, map.len(), map.iter())?;
            } else {
                let mut entries: Vec<_> = map.iter().collect();
                // Later entries come first among equals, and the first is kept.
                entries.reverse();
                entries.sort_by_key(|(key, _)| *key);
                entries.dedup_by_key(|(key, _)| *key);
                pack_entries(arena, slot, ty, entries.len(), entries.into_iter())?;
            }
        }
    }
    Ok(())
}

/// Writes the entries of a map, which are in order of their keys.
fn pack_entries<'a>(
    arena: &mut impl Room,
    slot: usize,
    ty: &Type,
    len: usize,
    entries: impl Iterator<Item = (&'a [u8], Value<'a>)>,
) -> Result<(), ArenaError> {
    let element = ty.element().unwrap_or(ty);
    let size = 8 + element.words() as usize * 8;
    let at = arena.alloc(len.checked_mul(size).ok_or(ArenaError::Full)?)?;
    for (i, (key, item)) in entries.enumerate() {
        let word = pack_bytes(arena, key)?;
        arena.put_word(at + i * size, word);
        pack(arena, at + i * size + 8, element, item)?;
    }
    arena.put_word(slot, reference(at, len));
    Ok(())
}

/// Writes an array of Bytes at the arena's end and answers the slot word for it.
pub(crate) fn texts<'v>(arena: &mut Arena, values: impl ExactSizeIterator<Item = &'v [u8]>) -> Result<u64, ArenaError> {
    let len = values.len();
    let at = arena.alloc(len.checked_mul(8).ok_or(ArenaError::Full)?)?;
    for (i, value) in values.enumerate().take(len) {
        let word = pack_bytes(arena, value)?;
        arena.put_word(at + i * 8, word);
    }
    Ok(reference(at, len))
}

/// Writes a map of arrays of Bytes at the arena's end and answers the slot word for it: under each key the values beside it. Keys are in
/// order.
pub(crate) fn text_lists(arena: &mut Arena, pairs: &[(&[u8], &[u8])]) -> Result<u64, ArenaError> {
    let groups = || pairs.chunk_by(|a, b| a.0 == b.0);
    let len = groups().count();
    let at = arena.alloc(len * 16)?;
    for (i, group) in groups().enumerate() {
        let [(key, _), ..] = group else { continue };
        let key = pack_bytes(arena, key)?;
        arena.put_word(at + i * 16, key);
        let values = texts(arena, group.iter().map(|(_, value)| *value))?;
        arena.put_word(at + i * 16 + 8, values);
    }
    Ok(reference(at, len))
}

/// Writes bytes at the arena's end and answers the slot word for them.
pub(crate) fn pack_bytes(arena: &mut impl Room, bytes: &[u8]) -> Result<u64, ArenaError> {
    let at = arena.alloc(bytes.len())?;
    arena.put_bytes(at, bytes);
    Ok(reference(at, bytes.len()))
}

/// The slot word of something at an offset.
#[inline]
pub(crate) fn reference(offset: usize, len: usize) -> u64 {
    offset as u64 | (len as u64) << 32
}
