//! Columns of maps.

use std::ops::Range;

use quintet_arena::{Arena, ArenaError};
use quintet_lang::Type;

use super::column::Column;
use super::{Cells, Wrong, fill};
use crate::pack::reference;

/// Writes entries in the order in which they come, at the arena's end: answers the word of the first, and how many bytes the longest takes
/// beside its slots.
pub(super) fn entries(
    arena: &mut Arena,
    element: &Type,
    keys: &Column<'_>,
    values: &Column<'_>,
    range: Range<usize>,
) -> Result<(usize, usize), Wrong> {
    let size = 1 + element.words() as usize;
    let first = arena.alloc(range.len().checked_mul(size * 8).ok_or(ArenaError::Full)?)? / 8;
    let key = fill::fill(arena, Cells { first, stride: size }, &Type::Bytes, keys, range.clone(), None)?;
    let value = fill::fill(arena, Cells { first: first + 1, stride: size }, element, values, range, None)?;
    Ok((first, key.saturating_add(value)))
}

/// Puts the entries, of `size` words each, of the maps in `rows` slots in order of their keys, and keeps the last of several with one key.
pub(super) fn order(arena: &mut Arena, cells: Cells, size: usize, rows: usize) {
    let mut sorted = Vec::new();
    for row in 0..rows {
        let slot = (cells.first + row * cells.stride) * 8;
        let map = arena.memory().word(slot);
        let (offset, len) = (map as u32 as usize, (map >> 32) as usize);
        let memory = arena.memory();
        let key = |entry: usize| {
            let word = memory.word(offset + entry * size * 8);
            memory.bytes(word as u32 as usize, (word >> 32) as usize)
        };
        if (1..len).all(|i| key(i - 1) < key(i)) {
            continue;
        }
        let mut entries: Vec<usize> = (0..len).rev().collect();
        // Later entries come first among equals, and the first is kept.
        entries.sort_by_key(|entry| key(*entry));
        entries.dedup_by_key(|entry| key(*entry));
        sorted.clear();
        for entry in &entries {
            let first = offset / 8 + entry * size;
            sorted.extend_from_slice(&memory.words()[first..first + size]);
        }
        arena.used_mut()[offset / 8..][..sorted.len()].copy_from_slice(&sorted);
        arena.put_word(slot, reference(offset, entries.len()));
    }
}
