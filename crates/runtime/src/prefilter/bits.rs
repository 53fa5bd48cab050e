//! Places of an index as the bits of words.

use std::collections::BTreeMap;

/// Bits of one word: those of some places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bits {
    pub(super) word: u32,
    pub(super) bits: u64,
}

/// Where the words of some places stand among those of all: from and to.
pub(super) type Places = (u32, u32);

/// The words of some places, in order. However many they are, there are no more of these than words.
pub(super) fn bits(places: &[u32]) -> impl Iterator<Item = Bits> {
    let mut words: BTreeMap<u32, u64> = BTreeMap::new();
    places.iter().for_each(|place| *words.entry(place / 64).or_default() |= 1 << (place % 64));
    words.into_iter().map(|(word, bits)| Bits { word, bits })
}

/// Sets the bits of some places.
#[inline]
pub(super) fn set(words: &mut [u64], places: &[Bits]) {
    places.iter().for_each(|it| words[it.word as usize] |= it.bits);
}
