//! Texts that may stand anywhere in values.
//!
//! At every second place of a value the three bytes from there on are looked for in a table; no place waits for the one before it, as it would in an
//! automaton. So of each text two parts of three bytes are in it: one for where the text begins at an even place, and one for where it begins at an
//! odd one. Of texts that are too short for that, two bytes are, with any byte before or after them. What is promised is compared.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::bits::Places;
use crate::rarity::rarest;

/// Bytes of a value whose even places are looked at together.
pub(super) const TOGETHER: usize = 16;

/// Zeros after a value, so that four bytes can be read at the last of these places.
pub(super) const PADDING: usize = TOGETHER + 4;

/// The bytes that a table may have; a larger one than the last is not made.
const SIZES: [usize; 4] = [1 << 13, 1 << 15, 1 << 17, 1 << 19];

/// Bytes of the table for each part in it, at least, unless it is the largest.
const SPARSE: usize = 32;

/// What of a text is at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Part {
    /// Three bytes from the place on.
    Three(u32),
    /// Two bytes from the place on.
    First(u32),
    /// Two bytes from the one after the place on.
    Last(u32),
}

/// A text, and the places of the index that it is for.
#[derive(Debug)]
struct Entry {
    text: Box<[u8]>,
    /// How far behind its beginning the place is where its part is; -1 is the place before it.
    behind: isize,
    places: Places,
}

#[derive(Debug, Default)]
pub(super) struct Anywhere {
    /// Texts of one byte.
    bytes: Vec<(u8, Places)>,
    /// Longer texts by two parts of each.
    parts: HashMap<Part, Vec<Entry>, FixedState>,
    /// Whether there are parts of two bytes.
    pairs: bool,
    /// By hash of three bytes: 1 where they may have a part, else 0. One of [`SIZES`], or empty where there are no parts.
    table: Box<[u8]>,
}

/// Up to four bytes as a number.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

/// Where the lower three bytes stand in a table of so many, which is a power of two.
#[inline]
fn place(bytes: u32, size: usize) -> usize {
    (bytes.wrapping_mul(0x9E37_79B1 << 8) >> (u32::BITS - size.ilog2())) as usize
}

impl Anywhere {
    /// Adds a text that is not empty, with the places that it is for.
    pub(super) fn add(&mut self, text: &[u8], places: Places) {
        let two = |at: usize| number(&text[at..at + 2]);
        let three = |first| {
            let at = rarest(text, first);
            (Part::Three(number(&text[at..at + 3])), at as isize)
        };
        let parts = match text {
            [byte] => return self.bytes.push((*byte, places)),
            [_, _] => [(Part::First(two(0)), 0), (Part::Last(two(0)), -1)],
            [_, _, _] => [three(0), (Part::First(two(1)), 1)],
            _ => [three(0), three(1)],
        };
        for (part, behind) in parts {
            self.pairs |= !matches!(part, Part::Three(_));
            self.parts.entry(part).or_default().push(Entry { text: text.into(), behind, places });
        }
    }

    /// Makes the table: there are no more texts to come.
    pub(super) fn finish(&mut self) {
        // The least three bytes that a part stands for, how far the next ones are, and how many there are.
        let all = |part: &Part| match *part {
            Part::Three(bytes) => (bytes, 0, 1),
            Part::First(bytes) => (bytes, 1 << 16, 256),
            Part::Last(bytes) => (bytes << 8, 1, 256),
        };
        let count: u32 = self.parts.keys().map(|part| all(part).2).sum();
        let size = match count as usize {
            0 => return,
            count => SIZES.into_iter().find(|size| size / SPARSE >= count).unwrap_or(SIZES[SIZES.len() - 1]),
        };
        self.table = vec![0; size].into();
        for (least, step, times) in self.parts.keys().map(all) {
            (0..times).for_each(|n| self.table[place(least + n * step, size)] = 1);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.bytes.is_empty()
    }

    /// Calls `found` with the places of the texts that a value, which has [`PADDING`] zeros after it, holds.
    pub(super) fn search(&self, padded: &[u8], mut found: impl FnMut(Places)) {
        let value = &padded[..padded.len() - PADDING];
        self.bytes.iter().filter(|(byte, _)| memchr::memchr(*byte, value).is_some()).for_each(|(_, places)| found(*places));
        match SIZES.iter().position(|size| *size == self.table.len()) {
            Some(0) => self.search_by::<{ SIZES[0] }>(padded, value, &mut found),
            Some(1) => self.search_by::<{ SIZES[1] }>(padded, value, &mut found),
            Some(2) => self.search_by::<{ SIZES[2] }>(padded, value, &mut found),
            Some(3) => self.search_by::<{ SIZES[3] }>(padded, value, &mut found),
            // There are no parts.
            _ => {}
        }
    }

    /// [`Anywhere::search`] by a table of this size.
    fn search_by<const SIZE: usize>(&self, padded: &[u8], value: &[u8], found: &mut impl FnMut(Places)) {
        let Ok(table) = <&[u8; SIZE]>::try_from(&*self.table) else { return };
        for (first, bytes) in padded.array_windows::<PADDING>().enumerate().step_by(TOGETHER).take(value.len().div_ceil(TOGETHER)) {
            let word = |at: usize| bytes[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
            let may_have = |at: usize| table[place(word(at), SIZE)];
            if (0..TOGETHER).step_by(2).fold(0, |some, at| some | may_have(at)) != 0 {
                for at in (0..TOGETHER).step_by(2).filter(|at| may_have(*at) != 0) {
                    self.compare_all(word(at), first + at, value, found);
                }
            }
        }
    }

    /// Compares the texts that some bytes at a place promise.
    #[inline(never)]
    fn compare_all(&self, bytes: u32, place: usize, value: &[u8], found: &mut impl FnMut(Places)) {
        let mut compare = |part: Part| {
            for entry in self.parts.get(&part).into_iter().flatten() {
                let rest = place.checked_add_signed(-entry.behind).and_then(|start| value.get(start..));
                if rest.is_some_and(|rest| rest.starts_with(&entry.text)) {
                    found(entry.places);
                }
            }
        };
        compare(Part::Three(bytes & 0xFF_FFFF));
        if self.pairs {
            compare(Part::First(bytes & 0xFFFF));
            compare(Part::Last(bytes >> 8 & 0xFFFF));
        }
    }

    /// Bytes of memory, about.
    pub(super) fn memory_bytes(&self) -> usize {
        let entries = self.parts.values().flatten().map(|entry| size_of::<Entry>() + entry.text.len()).sum::<usize>();
        size_of_val(&*self.bytes) + entries + self.parts.capacity() * 40 + self.table.len()
    }
}
