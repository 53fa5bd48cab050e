//! Writing values in the stored form that all backends read (see [`Layout`](crate::Layout)).

use quintet_arena::{Arena, ArenaError};
use quintet_lang::Type;

use crate::matchers::ip_words;
use crate::value::Value;

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
        let mut arena = Arena::new(quintet_arena::Kind::Plain);
        arena.alloc(8)?;
        let slot = arena.alloc(ty.words() as usize * 8)?;
        pack(&mut arena, slot, ty, value)?;
        let len = arena.len();
        arena.put_word(0, len as u64);
        Ok(Blob { words: arena.used_mut().to_vec() })
    }
}

/// Writes `value`, which must be of type `ty` and not nil, into the slot at `slot`; what the slot refers to goes to the arena's end.
///
/// # Errors
/// See [`ArenaError`].
pub fn pack(arena: &mut Arena, slot: usize, ty: &Type, value: Value<'_>) -> Result<(), ArenaError> {
    match value {
        Value::Nil => {}
        Value::Bool(b) => arena.put_word(slot, b as u64),
        Value::Int(i) => arena.put_word(slot, i as u64),
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
            let element = ty.element().unwrap_or(ty);
            let size = 8 + element.words() as usize * 8;
            let at = arena.alloc(map.len() * size)?;
            for (i, (key, item)) in map.iter().enumerate() {
                let word = pack_bytes(arena, key)?;
                arena.put_word(at + i * size, word);
                pack(arena, at + i * size + 8, element, item)?;
            }
            arena.put_word(slot, reference(at, map.len()));
        }
    }
    Ok(())
}

/// Writes bytes at the arena's end and answers the slot word for them.
pub(crate) fn pack_bytes(arena: &mut Arena, bytes: &[u8]) -> Result<u64, ArenaError> {
    let at = arena.alloc(bytes.len())?;
    arena.put_bytes(at, bytes);
    Ok(reference(at, bytes.len()))
}

/// The slot word of something at an offset.
#[inline]
pub(crate) fn reference(offset: usize, len: usize) -> u64 {
    offset as u64 | (len as u64) << 32
}
