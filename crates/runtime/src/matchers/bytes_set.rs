//! Sets of byte strings.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use crate::scratch::looked_at;

/// Bytes of members that are kept, and compared, as one number.
const SHORT: usize = 15;

/// A set of byte strings.
#[derive(Clone, Debug)]
pub struct BytesSet {
    /// Members of up to [`SHORT`] bytes as their [`number`]: all that a look-up reads stands in one place.
    short: HashSet<u128, FixedState>,
    long: HashSet<Box<[u8]>, FixedState>,
    /// Bit `n` says whether some member has length `n`; bit 63 stands for all lengths from 63 on.
    lengths: u64,
    /// The lengths of members that it takes steps to look at, in order.
    stepped: Vec<usize>,
}

fn length_bit(len: usize) -> u64 {
    1 << len.min(63)
}

/// A number for each text of up to [`SHORT`] bytes: its bytes, the first lowest, and its length in the highest one. None for longer ones.
#[inline]
fn number(text: &[u8]) -> Option<u128> {
    let len = text.len();
    let bytes = if len > SHORT {
        return None;
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        // They overlap unless there are 16 of them.
        u128::from(u64::from_le_bytes(*first)) | u128::from(u64::from_le_bytes(*last)) << (8 * (len - 8))
    } else if let (Some(first), Some(last)) = (text.first_chunk(), text.last_chunk()) {
        u128::from(u32::from_le_bytes(*first)) | u128::from(u32::from_le_bytes(*last)) << (8 * (len - 4))
    } else {
        text.iter().rev().fold(0, |bytes, byte| bytes << 8 | u128::from(*byte))
    };
    Some(bytes | (len as u128) << 120)
}

impl BytesSet {
    /// The set of these members.
    pub fn new<'m>(members: impl IntoIterator<Item = &'m [u8]>) -> BytesSet {
        let mut set = BytesSet { short: HashSet::default(), long: HashSet::default(), lengths: 0, stepped: Vec::new() };
        let mut members = members.into_iter();
        while let Some(member) = members.next() {
            set.lengths |= length_bit(member.len());
            if looked_at(member.len()) > 0 {
                set.stepped.push(member.len());
            }
            match number(member) {
                Some(number) => {
                    if set.short.is_empty() {
                        set.short.reserve(members.size_hint().0 + 1);
                    }
                    set.short.insert(number)
                }
                None => set.long.insert(member.into()),
            };
        }
        set.short.shrink_to_fit();
        set.stepped.sort_unstable();
        set.stepped.dedup();
        set
    }

    /// Whether it holds `value`.
    #[inline]
    pub fn contains(&self, value: &[u8]) -> bool {
        self.lengths & length_bit(value.len()) != 0
            && match number(value) {
                Some(number) => self.short.contains(&number),
                None => self.long.contains(value),
            }
    }

    /// Steps that a look-up of a value of this length takes: only members of the same length are looked at.
    #[inline]
    pub fn steps(&self, len: usize) -> u64 {
        match looked_at(len) {
            0 => 0,
            steps if self.stepped.binary_search(&len).is_ok() => steps,
            _ => 0,
        }
    }

    /// Whether there are values for which [`BytesSet::steps`] is not 0.
    pub fn has_long(&self) -> bool {
        !self.stepped.is_empty()
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.short.len() + self.long.len()
    }

    /// Bytes of the longest member; 0 where there is none.
    pub fn longest(&self) -> usize {
        let short = self.short.iter().map(|number| (number >> 120) as usize);
        self.long.iter().map(|member| member.len()).chain(short).max().unwrap_or(0)
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_of_all_lengths_have_numbers_of_their_own() {
        let texts: Vec<Vec<u8>> = (0..=16).flat_map(|len| [vec![0; len], vec![0xff; len], (1..=len as u8).collect()]).collect();
        let set = BytesSet::new(texts.iter().map(Vec::as_slice));
        let wanted: BTreeSet<&[u8]> = texts.iter().map(Vec::as_slice).collect();
        assert!(wanted.iter().all(|text| set.contains(text)));
        assert_eq!((set.len(), set.longest()), (wanted.len(), 16));
    }

    proptest! {
        #[test]
        fn it_holds_its_members_and_nothing_else(
            members in proptest::collection::btree_set(proptest::collection::vec(0u8..3, 0..20), 0..60),
            others in proptest::collection::vec(proptest::collection::vec(0u8..3, 0..20), 60),
        ) {
            let set = BytesSet::new(members.iter().map(Vec::as_slice));
            prop_assert_eq!(set.len(), members.len());
            for value in members.iter().chain(&others) {
                prop_assert_eq!(set.contains(value), members.contains(value), "{:?}", value);
            }
        }
    }
}
