//! Columns of Bytes.

use quintet_arena::Arena;

use super::column::Bits;
use super::fill::words;
use super::{Cells, Wrong};
use crate::pack::reference;

/// The longest value that stands in its view.
const INLINE: usize = 12;

const OUTSIDE: Wrong = Wrong::Malformed("offsets reach beyond the data");

/// Copies bytes to the arena's end and answers where they are.
pub(super) fn copy(arena: &mut Arena, data: &[u8]) -> Result<usize, Wrong> {
    let at = arena.alloc(data.len())?;
    arena.put_bytes(at, data);
    Ok(at)
}

/// Writes values that lie in `data` one after the other, between offsets of which there is one more than values.
pub(super) fn texts<O: Copy + Into<i64>>(
    arena: &mut Arena,
    cells: Cells,
    data: &[u8],
    offsets: &[O],
    valid: Option<Bits<'_>>,
) -> Result<usize, Wrong> {
    let ([first, ..], [.., last]) = (offsets, offsets) else { return Err(OUTSIDE) };
    let (first, last) = ((*first).into(), (*last).into());
    let used = usize::try_from(first).ok().zip(usize::try_from(last).ok()).and_then(|(start, end)| data.get(start..end));
    let at = copy(arena, used.ok_or(OUTSIDE)?)? as i64;
    let (mut most, mut ordered) = (0, true);
    let pairs = offsets.windows(2).map(|pair| {
        let (start, end): (i64, i64) = (pair[0].into(), pair[1].into());
        let len = end.wrapping_sub(start);
        ordered &= start <= end;
        most = most.max(len);
        reference(at.wrapping_add(start).wrapping_sub(first) as usize, len as usize)
    });
    words(arena, cells, valid, pairs);
    // Where they are in order, all are between the first and the last, which are within the data.
    if ordered { Ok((most as usize).next_multiple_of(8)) } else { Err(Wrong::Malformed("offsets are not in order")) }
}

/// Writes values that are given by views. Those that stand in their views are copied all at once.
pub(super) fn views(arena: &mut Arena, cells: Cells, views: &[u128], buffers: &[&[u8]], valid: Option<Bits<'_>>) -> Result<usize, Wrong> {
    let at = copy(arena, bytemuck::cast_slice(views))?;
    words(arena, cells, valid, views.iter().enumerate().map(|(i, view)| reference(at + i * 16 + 4, *view as u32 as usize)));
    let mut longest = INLINE;
    let mut valid = valid.map(Bits::iter);
    for (row, view) in views.iter().enumerate() {
        let counts = valid.as_mut().is_none_or(|bits| bits.next() == Some(true));
        let len = *view as u32 as usize;
        if len <= INLINE || !counts {
            continue;
        }
        let (buffer, start) = ((view >> 64) as u32 as usize, (view >> 96) as u32 as usize);
        let bytes = buffers.get(buffer).and_then(|buffer| buffer.get(start..start.checked_add(len)?)).ok_or(OUTSIDE)?;
        let at = copy(arena, bytes)?;
        arena.put_word((cells.first + row * cells.stride) * 8, reference(at, len));
        longest = longest.max(len);
    }
    Ok(longest.next_multiple_of(8))
}
