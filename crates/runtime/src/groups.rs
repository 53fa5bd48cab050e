//! Maps out of pairs that come in any order.

use quintet_arena::{Arena, ArenaError, MAX_BYTES};

use crate::pack::reference;

/// The pairs of a map while it is made, by the words that refer to them: their texts are in the arena already. It is kept from record to record
/// for its memory.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// The place of each pair in the order.
    ranks: Vec<Rank>,
    /// Its key and its value.
    pairs: Vec<(u64, u64)>,
}

/// A number that is ordered as pairs are, up to keys with the same first 12 bytes: these, whether the key is that of the pair before, and where
/// the pair came.
type Rank = u128;

/// Bits of a rank beside those of its key.
const OTHERS: u32 = u32::BITS;
/// Of a pair that has the key of the one before it in the order.
const REPEATED: Rank = 1 << 31;

/// So many pairs have no room in an arena, whatever they are.
const MOST: u32 = (MAX_BYTES / 8) as u32;

/// The rank of the pair that came at `came`, whose key the arena was given last: what follows the key there is zero.
#[inline]
fn rank(arena: &Arena, key: usize, came: u32) -> Rank {
    let memory = arena.memory();
    let [high, low] = [key, key + 8].map(|at| memory.word(at).swap_bytes());
    u128::from(high) << 64 | u128::from(low >> OTHERS << OTHERS) | u128::from(came)
}

/// Where its pair came.
#[inline]
fn came(rank: Rank) -> usize {
    (rank & (REPEATED - 1)) as usize
}

impl Groups {
    /// Writes a map of arrays of Bytes at the arena's end and answers the slot word for it: under each key the values that came with it, in
    /// the order that they came in.
    pub(crate) fn write<'v>(&mut self, arena: &mut Arena, pairs: impl Iterator<Item = (&'v [u8], &'v [u8])>) -> Result<u64, ArenaError> {
        self.ranks.clear();
        self.pairs.clear();
        for (came, (key, value)) in (0..).zip(pairs) {
            if came == MOST {
                return Err(ArenaError::Full);
            }
            let at = arena.push(key)?;
            self.ranks.push(rank(arena, at, came));
            self.pairs.push((reference(at, key.len()), reference(arena.push(value)?, value.len())));
        }
        let repeated = self.sort(arena);
        self.place(arena, self.ranks.len() - repeated)
    }

    /// Puts the ranks in the order of keys, and of one key in that in which pairs came. Answers how many keys are repeated.
    fn sort(&mut self, arena: &Arena) -> usize {
        self.ranks.sort_unstable();
        let (mut repeated, mut from) = (0, 0);
        for to in 1..=self.ranks.len() {
            if self.ranks.get(to).is_none_or(|rank| (rank ^ self.ranks[from]) >> OTHERS != 0) {
                if to - from > 1 {
                    repeated += tell_apart(arena, &self.pairs, &mut self.ranks[from..to]);
                }
                from = to;
            }
        }
        repeated
    }

    /// Writes so many entries, and the elements of all their arrays side by side.
    fn place(&self, arena: &mut Arena, groups: usize) -> Result<u64, ArenaError> {
        let at = arena.alloc(groups * 16 + self.ranks.len() * 8)?;
        let (entries, elements) = arena.used_mut()[at / 8..].split_at_mut(groups * 2);
        let mut entries = entries.as_chunks_mut().0.iter_mut();
        let mut none = [0; 2];
        let (mut entry, mut first) = (&mut none, at + groups * 16);
        for (rank, element) in self.ranks.iter().zip(elements) {
            let (key, value) = self.pairs[came(*rank)];
            *element = value;
            if rank & REPEATED == 0
                && let Some(next) = entries.next()
            {
                entry = next;
                *entry = [key, reference(first, 0)];
            }
            entry[1] += reference(0, 1);
            first += 8;
        }
        Ok(reference(at, groups))
    }
}

/// Sorts pairs whose keys begin alike, and marks those whose keys are those before. Answers how many these are.
fn tell_apart(arena: &Arena, pairs: &[(u64, u64)], alike: &mut [Rank]) -> usize {
    let key = |rank: &Rank| text(arena, pairs[came(*rank)].0);
    alike.sort_by_key(key);
    let mut repeated = 0;
    for i in 1..alike.len() {
        if key(&alike[i - 1]) == key(&alike[i]) {
            alike[i] |= REPEATED;
            repeated += 1;
        }
    }
    repeated
}

/// The bytes that a word refers to.
#[inline]
fn text(arena: &Arena, word: u64) -> &[u8] {
    arena.memory().bytes(word as u32 as usize, (word >> 32) as usize)
}
