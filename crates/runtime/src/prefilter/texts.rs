//! Texts that values of one source are searched for, all at once.
//!
//! Where all texts that may stand anywhere have one of three bytes, only places with these are looked at; else see [`Anywhere`]. Texts that stand
//! at an end and whole values are looked up.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::anchored::Anchored;
use super::anywhere::{Anywhere, PADDING, TOGETHER};
use super::bits::{Bits, Places, bits};
use super::condition::Test;
use crate::rarity;

/// Texts that are few enough to be compared one by one at each place that has the rarest byte of one.
const FEW: usize = 16;

/// Some of a text, which stands at a place in it, and the places of the index that it is for.
#[derive(Debug)]
struct Entry {
    text: Box<[u8]>,
    at: usize,
    places: Places,
}

#[derive(Debug, Default)]
pub(super) struct Texts {
    places: Vec<Bits>,
    equal: HashMap<Box<[u8]>, Places, FixedState>,
    /// Bit `n` says whether some text of `equal` has length `n`; bit 63 stands for all lengths from 63 on.
    lengths: u64,
    heads: Anchored,
    tails: Anchored,
    /// Texts that may stand anywhere.
    anywhere: Anywhere,
    /// The same, where they are so few that they are searched for by single bytes; else none.
    few: Few,
    /// Whether there are no others.
    is_few: bool,
}

/// Up to three bytes of which each text that may stand anywhere has one.
#[derive(Debug, Default)]
struct Few {
    /// Texts with their rarest byte and its place.
    texts: Vec<(u8, Entry)>,
    /// In both cases.
    bytes: Vec<u8>,
}

impl Few {
    fn add(&mut self, byte: u8, entry: Entry) {
        for byte in [byte, byte.to_ascii_uppercase()] {
            if !self.bytes.contains(&byte) {
                self.bytes.push(byte);
            }
        }
        self.texts.push((byte, entry));
    }

    /// Whether it can be searched for.
    fn is_few(&self) -> bool {
        matches!(self.bytes.len(), 1..=3) && self.texts.len() <= FEW
    }

    /// Calls `found` with the places of the texts that a value, which need not be folded, holds.
    fn search(&self, value: &[u8], mut found: impl FnMut(Places)) {
        let mut look = |at: usize| {
            for (_, entry) in self.texts.iter().filter(|(byte, _)| *byte == value[at].to_ascii_lowercase()) {
                let part = at.checked_sub(entry.at).and_then(|start| value.get(start..start + entry.text.len()));
                if part.is_some_and(|part| part.eq_ignore_ascii_case(&entry.text)) {
                    found(entry.places);
                }
            }
        };
        match self.bytes.as_slice() {
            [a] => memchr::memchr_iter(*a, value).for_each(&mut look),
            [a, b] => memchr::memchr2_iter(*a, *b, value).for_each(&mut look),
            [a, b, c] => memchr::memchr3_iter(*a, *b, *c, value).for_each(&mut look),
            _ => {}
        }
    }
}

/// Puts a value in lower case, and [`PADDING`] zeros after it, at the beginning of `folded`.
#[inline]
fn fold<'f>(value: &[u8], folded: &'f mut Vec<u8>) -> &'f [u8] {
    let len = value.len() + PADDING;
    if folded.len() < len {
        folded.resize(len.next_power_of_two(), 0);
    }
    let (text, padding) = folded[..len].split_at_mut(value.len());
    text.copy_from_slice(value);
    padding.fill(0);
    // With some of the padding, so that all of it is folded in whole registers.
    let (blocks, _) = folded[..len].as_chunks_mut::<TOGETHER>();
    blocks.iter_mut().for_each(|block| block.make_ascii_lowercase());
    &folded[..len]
}

impl Texts {
    /// Adds a test for a text with the places of the index that it is for.
    pub(super) fn add(&mut self, test: &Test, places: &[u32]) {
        let start = self.places.len() as u32;
        self.places.extend(bits(places));
        let places = (start, self.places.len() as u32);
        let entry = |text: &[u8], at| Entry { text: text.into(), at, places };
        match test {
            Test::Equals(text) => {
                self.lengths |= 1 << text.len().min(63);
                self.equal.insert(text.as_slice().into(), places);
            }
            Test::Begins(text) => self.heads.add(text, text.iter(), places),
            Test::Ends(text) => self.tails.add(text, text.iter().rev(), places),
            Test::Contains(text) => {
                let at = rarity::rarest_byte(text);
                self.few.add(text[at], entry(text, at));
                self.anywhere.add(text, places);
            }
            Test::Int(..) | Test::Ip(..) | Test::Beyond(_) | Test::Missing => {}
        }
    }

    /// Calls `hit` with the places of each test that a value passes; some may come several times. Answers whether there was one. `folded` is room for
    /// the value.
    #[inline]
    pub(super) fn search(&self, value: &[u8], folded: &mut Vec<u8>, hit: &mut impl FnMut(&[Bits])) -> bool {
        let mut some = false;
        let found = |places| {
            some = true;
            hit(self.places(places));
        };
        if self.is_few {
            self.few.search(value, found);
        } else {
            self.search_folded(fold(value, folded), found);
        }
        some
    }

    /// Decides how it is searched: there are no more texts to come.
    pub(super) fn finish(&mut self) {
        self.is_few = self.few.is_few() && self.equal.is_empty() && self.heads.is_empty() && self.tails.is_empty();
        if self.few.is_few() {
            self.anywhere = Anywhere::default();
        } else {
            self.few = Few::default();
            self.anywhere.finish();
        }
    }

    /// [`Texts::search`] in a value that is folded.
    #[inline]
    fn search_folded(&self, padded: &[u8], mut found: impl FnMut(Places)) {
        let value = &padded[..padded.len() - PADDING];
        if self.lengths >> value.len().min(63) & 1 != 0
            && let Some(places) = self.equal.get(value)
        {
            found(*places);
        }
        self.heads.search(value.len(), value.iter(), |text| value.starts_with(text), &mut found);
        self.tails.search(value.len(), value.iter().rev(), |text| value.ends_with(text), &mut found);
        if !self.few.texts.is_empty() {
            self.few.search(value, found);
        } else if !self.anywhere.is_empty() {
            self.anywhere.search(padded, found);
        }
    }

    #[inline]
    fn places(&self, (start, end): Places) -> &[Bits] {
        &self.places[start as usize..end as usize]
    }

    /// Bytes of memory, about.
    pub(super) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.places)
            + self.equal.keys().map(|text| text.len() + 24).sum::<usize>()
            + self.heads.memory_bytes()
            + self.tails.memory_bytes()
            + self.few.texts.iter().map(|(_, entry)| size_of::<Entry>() + entry.text.len()).sum::<usize>()
            + self.anywhere.memory_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Some of few letters, so that much is nearly the same.
    fn letters(of: &'static [u8], most: usize) -> impl Strategy<Value = Vec<u8>> {
        proptest::collection::vec(proptest::sample::select(of), 0..most)
    }

    #[test]
    fn every_byte_is_folded_at_every_place() {
        let mut folded = vec![0xff; 3];
        for len in 0..40 {
            for byte in 0..=255 {
                for filler in [b'a', b'@', b'[', 0xc1, 0xff] {
                    let mut value = vec![filler; len];
                    if let Some(last) = value.len().checked_sub(1) {
                        value[usize::from(byte) % len] = byte;
                        value[last] = byte;
                    }
                    assert_eq!(*fold(&value, &mut folded), *[value.to_ascii_lowercase(), vec![0; PADDING]].concat());
                }
            }
        }
    }

    proptest! {
        #[test]
        fn each_test_that_a_value_passes_is_found_and_no_other(
            tests in proptest::collection::btree_set((0..4, letters(b"ab/\0", 8)), 0..40),
            anywhere in any::<bool>(),
            value in letters(b"abAB/\0", 24),
        ) {
            let tests: Vec<Test> = tests
                .into_iter()
                .filter(|(kind, text)| (*kind == 3 || !text.is_empty()) && (*kind == 0 || !anywhere))
                .map(|(kind, text)| match kind {
                    0 => Test::Contains(text),
                    1 => Test::Begins(text),
                    2 => Test::Ends(text),
                    _ => Test::Equals(text),
                })
                .collect();
            let mut texts = Texts::default();
            for (test, place) in tests.iter().zip(0..) {
                texts.add(test, &[place]);
            }
            texts.finish();
            let mut found = std::collections::BTreeSet::new();
            let some = texts.search(&value, &mut Vec::new(), &mut |places| {
                found.extend(places.iter().map(|it| it.word * 64 + it.bits.trailing_zeros()));
            });
            prop_assert_eq!(some, !found.is_empty());
            let value = value.to_ascii_lowercase();
            let passes = |test: &Test| match test {
                Test::Contains(text) => value.windows(text.len()).any(|window| window == text),
                Test::Begins(text) => value.starts_with(text),
                Test::Ends(text) => value.ends_with(text),
                Test::Equals(text) => value == *text,
                Test::Int(..) | Test::Ip(..) | Test::Beyond(_) | Test::Missing => false,
            };
            let wanted: std::collections::BTreeSet<u32> = tests.iter().zip(0..).filter(|(test, _)| passes(test)).map(|(_, place)| place).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
