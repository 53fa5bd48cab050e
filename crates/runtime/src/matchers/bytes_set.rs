//! Sets of byte strings.

use foldhash::fast::FixedState;
use hashbrown::HashSet;

use crate::scratch::looked_at;

/// A set of byte strings.
#[derive(Clone, Debug)]
pub struct BytesSet {
    members: HashSet<Box<[u8]>, FixedState>,
    /// Bit `n` says whether some member has length `n`; bit 63 stands for all lengths from 63 on.
    lengths: u64,
    /// The lengths of members that it takes steps to look at, in order.
    long: Vec<usize>,
}

fn length_bit(len: usize) -> u64 {
    1 << len.min(63)
}

impl BytesSet {
    /// The set of these members.
    pub fn new<'m>(members: impl IntoIterator<Item = &'m [u8]>) -> BytesSet {
        let mut set = BytesSet { members: HashSet::with_hasher(FixedState::default()), lengths: 0, long: Vec::new() };
        for member in members {
            set.lengths |= length_bit(member.len());
            if looked_at(member.len()) > 0 {
                set.long.push(member.len());
            }
            set.members.insert(member.into());
        }
        set.long.sort_unstable();
        set.long.dedup();
        set
    }

    /// Whether it holds `value`.
    #[inline]
    pub fn contains(&self, value: &[u8]) -> bool {
        self.lengths & length_bit(value.len()) != 0 && self.members.contains(value)
    }

    /// Steps that a look-up of a value of this length takes: only members of the same length are looked at.
    #[inline]
    pub fn steps(&self, len: usize) -> u64 {
        match looked_at(len) {
            0 => 0,
            steps if self.long.binary_search(&len).is_ok() => steps,
            _ => 0,
        }
    }

    /// Whether there are values for which [`BytesSet::steps`] is not 0.
    pub fn has_long(&self) -> bool {
        !self.long.is_empty()
    }

    /// The number of members.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Bytes of the longest member; 0 where there is none.
    pub fn longest(&self) -> usize {
        self.members.iter().map(|member| member.len()).max().unwrap_or(0)
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members in byte order.
    pub fn members(&self) -> Vec<&[u8]> {
        let mut members: Vec<&[u8]> = self.members.iter().map(|m| &**m).collect();
        members.sort_unstable();
        members
    }
}
