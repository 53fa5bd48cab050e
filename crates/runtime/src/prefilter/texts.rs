//! Texts that values of one source are searched for, all at once.
//!
//! Of each text that may stand anywhere, three bytes that are rare are looked for at every place of a value: one probe of a bitmap of 8 KiB
//! a place, and no place waits for the one before it, as it would in an automaton. Where all texts have one of three bytes, only places with
//! these are looked at. What is promised is compared. Texts that stand at an end and whole values are looked up.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::anchored::Anchored;
use super::bits::{Bits, Places, bits};
use super::condition::Test;
use super::rarity;

/// Texts that are few enough to be compared one by one at each place that has the rarest byte of one.
const FEW: usize = 16;

/// Places of a value that are looked at together.
const TOGETHER: usize = 8;

/// Zeros after a folded value, so that all of a word can be read at the last of these places.
const PADDING: usize = TOGETHER + 4;

/// Some of a text, which stands at a place in it, and the places of the index that it is for.
#[derive(Debug)]
struct Entry {
    text: Box<[u8]>,
    at: usize,
    places: Places,
}

/// Texts by some of their bytes.
type Table = HashMap<u32, Vec<Entry>, FixedState>;

#[derive(Debug, Default)]
pub(super) struct Texts {
    places: Vec<Bits>,
    equal: HashMap<Box<[u8]>, Places, FixedState>,
    /// Bit `n` says whether some text of `equal` has length `n`; bit 63 stands for all lengths from 63 on.
    lengths: u64,
    heads: Anchored,
    tails: Anchored,
    /// Texts of one or two bytes by these; one byte stands in the lower half.
    short: Option<Anywhere>,
    /// Longer texts by three of their bytes.
    long: Option<Anywhere>,
    /// Texts that may stand anywhere, where they are so few that they are searched for by single bytes; else none.
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

#[derive(Debug)]
struct Anywhere {
    /// Whether there may be a text for bytes with this hash.
    bits: Box<[u64; 1024]>,
    entries: Table,
}

/// Puts a value in lower case, and [`PADDING`] zeros after it, at the beginning of `folded`. Answers whether it had upper case letters.
#[inline]
fn fold(value: &[u8], folded: &mut Vec<u8>) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    if folded.len() < value.len() + PADDING {
        folded.resize((value.len() + PADDING).next_power_of_two(), 0);
    }
    let (text, padding) = folded[..value.len() + PADDING].split_at_mut(value.len());
    text.copy_from_slice(value);
    padding.fill(0);
    let mut upper = 0;
    // The last word may reach into the padding, whose zeros are no letters.
    for bytes in folded.as_chunks_mut::<8>().0.iter_mut().take(value.len().div_ceil(8)) {
        let word = u64::from_le_bytes(*bytes);
        // The upper bit of each byte: whether its other bits are from `A` on, and beyond `Z`.
        let (from_a, beyond_z) = ((word & !HIGH) + ONES * (0x80 - u64::from(b'A')), (word & !HIGH) + ONES * (0x7f - u64::from(b'Z')));
        let letters = (from_a ^ beyond_z) & !word & HIGH;
        upper |= letters;
        *bytes = (word | letters >> 2).to_le_bytes();
    }
    upper != 0
}

/// The place in the bitmap of three bytes.
#[inline]
fn hash(gram: u32) -> u32 {
    gram.wrapping_mul(0x9E37_79B1) >> 16
}

impl Anywhere {
    fn get(anywhere: &mut Option<Anywhere>) -> &mut Anywhere {
        anywhere.get_or_insert_with(|| Anywhere { bits: Box::new([0; 1024]), entries: Table::default() })
    }

    fn set(&mut self, bit: u32) {
        self.bits[bit as usize / 64] |= 1 << (bit % 64);
    }

    #[inline]
    fn may_have(&self, bit: u32) -> bool {
        self.bits[(bit as u16 / 64) as usize] >> (bit % 64) & 1 != 0
    }
}

/// Up to four bytes as a number.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u32::from(*byte))
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
                self.add_anywhere(text, places);
            }
            Test::Int(..) | Test::Ip(..) => {}
        }
    }

    fn add_anywhere(&mut self, text: &[u8], places: Places) {
        let entry = |at| Entry { text: text.into(), at, places };
        match text {
            [byte] => {
                let short = Anywhere::get(&mut self.short);
                (0..256).for_each(|next| short.set(next << 8 | u32::from(*byte)));
                short.entries.entry(u32::from(*byte)).or_default().push(entry(0));
            }
            [first, second] => {
                let short = Anywhere::get(&mut self.short);
                short.set(number(&[*first, *second]));
                short.entries.entry(number(&[*first, *second]) | 1 << 16).or_default().push(entry(0));
            }
            _ => {
                let at = rarity::rarest(text);
                let gram = number(&text[at..at + 3]);
                let long = Anywhere::get(&mut self.long);
                long.set(hash(gram));
                long.entries.entry(gram).or_default().push(entry(at));
            }
        }
    }

    /// Calls `hit` with the places of each test that a value passes; some may come several times. Answers whether there was one and the value has
    /// upper case letters. `folded` is room for the value.
    #[inline]
    pub(super) fn search(&self, value: &[u8], folded: &mut Vec<u8>, hit: &mut impl FnMut(&[Bits])) -> bool {
        if self.is_few {
            let mut some = false;
            self.few.search(value, |places| {
                some = true;
                hit(self.places(places));
            });
            return some && value.iter().any(u8::is_ascii_uppercase);
        }
        let upper = fold(value, folded);
        self.search_folded(&folded[..value.len() + PADDING], hit);
        upper
    }

    /// Decides how it is searched: there are no more texts to come.
    pub(super) fn finish(&mut self) {
        self.is_few = self.few.is_few() && self.equal.is_empty() && self.heads.is_empty() && self.tails.is_empty();
        if self.few.is_few() {
            (self.short, self.long) = (None, None);
        } else {
            self.few = Few::default();
        }
    }

    /// [`Texts::search`] in a value that is `folded` but for its [`PADDING`].
    #[inline]
    fn search_folded(&self, folded: &[u8], hit: &mut impl FnMut(&[Bits])) {
        let value = &folded[..folded.len() - PADDING];
        if self.lengths >> value.len().min(63) & 1 != 0
            && let Some(places) = self.equal.get(value)
        {
            hit(self.places(*places));
        }
        self.heads.search(value.len(), value.iter(), |text| value.starts_with(text), |places| hit(self.places(places)));
        self.tails.search(value.len(), value.iter().rev(), |text| value.ends_with(text), |places| hit(self.places(places)));
        if !self.few.texts.is_empty() {
            self.few.search(value, |places| hit(self.places(places)));
        } else if self.short.is_some() || self.long.is_some() {
            self.search_all(folded, value, hit);
        }
    }

    fn search_all(&self, folded: &[u8], value: &[u8], hit: &mut impl FnMut(&[Bits])) {
        match (&self.short, &self.long) {
            (None, None) => {}
            (Some(it), None) => promising(
                folded,
                |word| it.may_have(word & 0xFFFF),
                |at, word| {
                    self.compare_all(&it.entries, word & 0xFF, at, value, hit);
                    self.compare_all(&it.entries, word & 0xFFFF | 1 << 16, at, value, hit);
                },
            ),
            (None, Some(it)) => promising(
                folded,
                |word| it.may_have(hash(word & 0xFF_FFFF)),
                |at, word| {
                    self.compare_all(&it.entries, word & 0xFF_FFFF, at, value, hit);
                },
            ),
            (Some(two), Some(three)) => {
                let promises = |word| two.may_have(word & 0xFFFF) | three.may_have(hash(word & 0xFF_FFFF));
                promising(folded, promises, |at, word| {
                    self.compare_all(&two.entries, word & 0xFF, at, value, hit);
                    self.compare_all(&two.entries, word & 0xFFFF | 1 << 16, at, value, hit);
                    self.compare_all(&three.entries, word & 0xFF_FFFF, at, value, hit);
                });
            }
        }
    }

    /// Compares the texts that some bytes at a place promise.
    #[inline(never)]
    fn compare_all(&self, entries: &Table, key: u32, at: usize, value: &[u8], hit: &mut impl FnMut(&[Bits])) {
        entries.get(&key).into_iter().flatten().for_each(|entry| self.compare(entry, at, value, hit));
    }

    #[inline]
    fn compare(&self, entry: &Entry, at: usize, value: &[u8], hit: &mut impl FnMut(&[Bits])) {
        if at.checked_sub(entry.at).and_then(|start| value.get(start..)).is_some_and(|rest| rest.starts_with(&entry.text)) {
            hit(self.places(entry.places));
        }
    }

    #[inline]
    fn places(&self, (start, end): Places) -> &[Bits] {
        &self.places[start as usize..end as usize]
    }

    /// Bytes of memory, about.
    pub(super) fn memory_bytes(&self) -> usize {
        let entries = |table: &Table| {
            table.values().flatten().map(|entry| size_of::<Entry>() + entry.text.len()).sum::<usize>() + table.capacity() * 32
        };
        let anywhere = |it: &Anywhere| size_of_val(&*it.bits) + entries(&it.entries);
        size_of_val(&*self.places)
            + self.equal.keys().map(|text| text.len() + 24).sum::<usize>()
            + self.heads.memory_bytes()
            + self.tails.memory_bytes()
            + self.few.texts.iter().map(|(_, entry)| size_of::<Entry>() + entry.text.len()).sum::<usize>()
            + self.short.iter().chain(&self.long).map(anywhere).sum::<usize>()
    }
}

/// Calls `found` with the places of a padded value, and the four bytes from there on, that pass a test.
#[inline]
fn promising(folded: &[u8], test: impl Fn(u32) -> bool, mut found: impl FnMut(usize, u32)) {
    let len = folded.len() - PADDING;
    for (first, bytes) in folded.windows(PADDING).enumerate().step_by(TOGETHER).take(len.div_ceil(TOGETHER)) {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        let mut places = 0u32;
        for at in 0..TOGETHER {
            places |= u32::from(test(word(at))) << at;
        }
        while places != 0 {
            let at = places.trailing_zeros() as usize;
            places &= places - 1;
            if first + at < len {
                found(first + at, word(at));
            }
        }
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
                    assert_eq!(fold(&value, &mut folded), value.iter().any(u8::is_ascii_uppercase));
                    assert_eq!(folded[..len], value.to_ascii_lowercase());
                    assert_eq!(folded[len..len + PADDING], [0; PADDING]);
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
            let upper = texts.search(&value, &mut Vec::new(), &mut |places| {
                found.extend(places.iter().map(|it| it.word * 64 + it.bits.trailing_zeros()));
            });
            if !found.is_empty() {
                prop_assert_eq!(upper, value.iter().any(u8::is_ascii_uppercase));
            }
            let value = value.to_ascii_lowercase();
            let passes = |test: &Test| match test {
                Test::Contains(text) => value.windows(text.len()).any(|window| window == text),
                Test::Begins(text) => value.starts_with(text),
                Test::Ends(text) => value.ends_with(text),
                Test::Equals(text) => value == *text,
                Test::Int(..) | Test::Ip(..) => false,
            };
            let wanted: std::collections::BTreeSet<u32> = tests.iter().zip(0..).filter(|(test, _)| passes(test)).map(|(_, place)| place).collect();
            prop_assert_eq!(found, wanted);
        }
    }
}
