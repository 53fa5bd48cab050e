//! Writing columns into slots.
//!
//! Each function writes the values of a range of a column into as many slots, 0 where a value is not valid, and answers how many bytes the
//! longest value takes beside its slot, or more. What it writes for values that are valid lies within the arena, or it fails; what it wrote
//! before it failed is not to be kept.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use quintet_arena::{Arena, ArenaError};
use quintet_lang::Type;

use super::column::{Bits, Column, Floats, Ints, Offsets};
use super::{Cells, Wrong, map, text};
use crate::matchers::ip_words;
use crate::pack::reference;

/// Does the same with the numbers of any width, as `$values`.
macro_rules! each {
    ($of:ident, $column:expr, $values:ident => $body:expr; $($width:ident),*) => {
        match $column { $($of::$width($values) => $body),* }
    };
}

/// The word of an integer.
fn int_word<T: Copy + Into<i64>>(value: &T) -> u64 {
    let value: i64 = (*value).into();
    value as u64
}

/// The place that a key names, where there can be one.
fn place<T: Copy + TryInto<usize>>(key: &T) -> Option<usize> {
    (*key).try_into().ok()
}

pub(super) fn fill(
    arena: &mut Arena,
    cells: Cells,
    ty: &Type,
    column: &Column<'_>,
    range: Range<usize>,
    valid: Option<Bits<'_>>,
) -> Result<usize, Wrong> {
    if range.end > column.len() {
        return Err(Wrong::Malformed("offsets reach beyond the values"));
    }
    if range.is_empty() {
        return Ok(0);
    }
    match (column, ty) {
        (Column::Bool(bits), Type::Bool) => words(arena, cells, valid, bits.range(range).iter().map(u64::from)),
        (Column::Int(ints), Type::Int) => each!(Ints, ints, values => {
            words(arena, cells, valid, values[range].iter().map(int_word));
        }; I8, I16, I32, I64, U8, U16, U32),
        (Column::Float(Floats::F32(values)), Type::Float) => {
            words(arena, cells, valid, values[range].iter().map(|v| f64::from(*v).to_bits()));
        }
        (Column::Float(Floats::F64(values)), Type::Float) => words(arena, cells, valid, values[range].iter().map(|v| v.to_bits())),
        (Column::Ip(values), Type::Ip) => ips(arena, cells, valid, values[range].iter().copied()),
        (Column::Fixed { data, size: 4, .. }, Type::Ip) => {
            let values = fixed(data, 4, range)?.as_chunks().0;
            ips(arena, cells, valid, values.iter().map(|v: &[u8; 4]| Ipv4Addr::from_octets(*v).into()));
        }
        (Column::Fixed { data, size: 16, .. }, Type::Ip) => {
            let values = fixed(data, 16, range)?.as_chunks().0;
            ips(arena, cells, valid, values.iter().map(|v: &[u8; 16]| Ipv6Addr::from_octets(*v).into()));
        }
        (Column::Fixed { data, size, .. }, Type::Bytes) => {
            let (data, values) = (fixed(data, *size, range.clone())?, range.len());
            let at = text::copy(arena, data)?;
            words(arena, cells, valid, (0..values).map(|i| reference(at + i * size, *size)));
            return Ok(size.next_multiple_of(8));
        }
        (Column::Bytes { data, offsets }, Type::Bytes) => {
            return match offsets {
                Offsets::I32(offsets) => text::texts(arena, cells, data, &offsets[range.start..=range.end], valid),
                Offsets::I64(offsets) => text::texts(arena, cells, data, &offsets[range.start..=range.end], valid),
            };
        }
        (Column::Views { views, buffers }, Type::Bytes) => return text::views(arena, cells, &views[range], buffers, valid),
        (Column::Dictionary { keys, values }, _) => {
            // The dictionary is written once, and the slots of its values are those of the records that name them.
            let (slots, longest) = elements(arena, ty, values, 0..values.len())?;
            return each!(Ints, keys, keys => {
                looked_up(arena, cells, (slots, values.len()), valid, keys[range].iter().map(place), ty)
            }; I8, I16, I32, I64, U8, U16, U32)
            .map(|()| longest);
        }
        (Column::Array { offsets, elements: values }, Type::Array(element)) => {
            let bounds = parts(*offsets, &range)?;
            let (slots, longest) = elements(arena, element, values, bounds)?;
            let size = element.words() as usize;
            let most = arrays(arena, cells, (slots.first, size), *offsets, range, valid)?;
            return Ok(most.saturating_mul(size * 8 + longest));
        }
        (Column::Map { offsets, keys, values }, Type::Map(element)) => {
            let bounds = parts(*offsets, &range)?;
            let (entries, longest) = map::entries(arena, element, keys, values, bounds)?;
            let size = 1 + element.words() as usize;
            let most = arrays(arena, cells, (entries, size), *offsets, range.clone(), valid)?;
            map::order(arena, cells, size, range.len());
            return Ok(most.saturating_mul(size * 8 + longest));
        }
        (
            Column::Bool(_)
            | Column::Int(_)
            | Column::Float(_)
            | Column::Ip(_)
            | Column::Fixed { .. }
            | Column::Bytes { .. }
            | Column::Views { .. }
            | Column::Array { .. }
            | Column::Map { .. },
            _,
        ) => return Err(Wrong::Type),
    }
    Ok(0)
}

/// Writes one word for each value.
#[inline]
pub(super) fn words(arena: &mut Arena, cells: Cells, valid: Option<Bits<'_>>, values: impl Iterator<Item = u64>) {
    match valid {
        None => cells.of(arena).zip(values).for_each(|(slot, value)| slot[0] = value),
        // All ones where the value counts.
        Some(valid) => {
            cells
                .of(arena)
                .zip(values)
                .zip(valid.iter())
                .for_each(|((slot, value), valid)| slot[0] = value & (valid as u64).wrapping_neg());
        }
    }
}

fn ips(arena: &mut Arena, cells: Cells, valid: Option<Bits<'_>>, values: impl Iterator<Item = IpAddr>) {
    match valid {
        None => cells.of(arena).zip(values).for_each(|(slot, value)| slot[..3].copy_from_slice(&ip_words(value))),
        Some(valid) => cells.of(arena).zip(values).zip(valid.iter()).for_each(|((slot, value), valid)| {
            if valid {
                slot[..3].copy_from_slice(&ip_words(value));
            }
        }),
    }
}

/// The bytes of values of one size.
fn fixed(data: &[u8], size: usize, range: Range<usize>) -> Result<&[u8], Wrong> {
    let bytes = range.start.checked_mul(size).zip(range.end.checked_mul(size));
    bytes.and_then(|(start, end)| data.get(start..end)).ok_or(Wrong::Malformed("values of a fixed size reach beyond the data"))
}

/// The parts that values of a range have, from the first of the first to the last of the last.
fn parts(offsets: Offsets<'_>, range: &Range<usize>) -> Result<Range<usize>, Wrong> {
    let (start, end) = match offsets {
        Offsets::I32(offsets) => (i64::from(offsets[range.start]), i64::from(offsets[range.end])),
        Offsets::I64(offsets) => (offsets[range.start], offsets[range.end]),
    };
    match (usize::try_from(start), usize::try_from(end)) {
        (Ok(start), Ok(end)) if start <= end => Ok(start..end),
        _ => Err(Wrong::Malformed("offsets are not in order")),
    }
}

/// Slots at the arena's end with the values of a range of a column, and how many bytes the longest takes beside its slot.
fn elements(arena: &mut Arena, ty: &Type, column: &Column<'_>, range: Range<usize>) -> Result<(Cells, usize), Wrong> {
    let size = ty.words() as usize;
    let at = arena.alloc(range.len().checked_mul(size * 8).ok_or(ArenaError::Full)?)?;
    let cells = Cells { first: at / 8, stride: size };
    let longest = fill(arena, cells, ty, column, range, None)?;
    Ok((cells, longest))
}

/// Writes the slots that keys name of `slots`, of which there are `len`.
fn looked_up(
    arena: &mut Arena,
    cells: Cells,
    (slots, len): (Cells, usize),
    valid: Option<Bits<'_>>,
    keys: impl Iterator<Item = Option<usize>>,
    ty: &Type,
) -> Result<(), Wrong> {
    let size = ty.words() as usize;
    let mut valid = valid.map(Bits::iter);
    let words = arena.used_mut();
    for (row, key) in keys.enumerate() {
        if valid.as_mut().is_some_and(|bits| bits.next() != Some(true)) {
            continue;
        }
        let Some(key) = key.filter(|key| *key < len) else { return Err(Wrong::Malformed("a key is not one of the dictionary")) };
        let (from, to) = (slots.first + key * slots.stride, cells.first + row * cells.stride);
        words.copy_within(from..from + size, to);
    }
    Ok(())
}

/// Writes the slots of arrays or maps, whose parts of `size` words lie side by side from word `first` on, beginning with the first part of
/// the range. Answers how many parts the largest has.
fn arrays(
    arena: &mut Arena,
    cells: Cells,
    parts: (usize, usize),
    offsets: Offsets<'_>,
    range: Range<usize>,
    valid: Option<Bits<'_>>,
) -> Result<usize, Wrong> {
    match offsets {
        Offsets::I32(offsets) => slots(arena, cells, parts, offsets[range.start..=range.end].iter().map(|o| i64::from(*o)), valid),
        Offsets::I64(offsets) => slots(arena, cells, parts, offsets[range.start..=range.end].iter().copied(), valid),
    }
}

fn slots(
    arena: &mut Arena,
    cells: Cells,
    (first, size): (usize, usize),
    offsets: impl Iterator<Item = i64> + Clone,
    valid: Option<Bits<'_>>,
) -> Result<usize, Wrong> {
    let base = offsets.clone().next().unwrap_or_default();
    let (mut most, mut ordered) = (0, true);
    let pairs = offsets.clone().zip(offsets.skip(1)).map(|(start, end)| {
        let len = end.wrapping_sub(start);
        ordered &= start <= end;
        most = most.max(len);
        reference(first.wrapping_add((start.wrapping_sub(base) as usize).wrapping_mul(size)).wrapping_mul(8), len as usize)
    });
    words(arena, cells, valid, pairs);
    // Where they are in order, all are between the first and the last, which were looked at.
    if ordered { Ok(most as usize) } else { Err(Wrong::Malformed("offsets are not in order")) }
}
