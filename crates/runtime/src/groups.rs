//! Maps out of pairs that come in any order.

use quintet_arena::ArenaError;
use smallvec::SmallVec;

use crate::pack::{Room, reference};

/// Pairs that need no memory of their own to be put in order.
const FEW: usize = 32;

/// A key and a value.
type Pair<'v> = (&'v [u8], &'v [u8]);

/// A pair's place in the order: the first bytes of its key, which decide most comparisons, and where it came.
type Ranked = (u64, u32);

/// The first 8 bytes of a key as a number that is ordered as they are.
#[inline]
fn head(key: &[u8]) -> u64 {
    match key.first_chunk::<8>() {
        Some(bytes) => u64::from_be_bytes(*bytes),
        None => key.iter().enumerate().fold(0, |head, (i, byte)| head | u64::from(*byte) << (56 - 8 * i)),
    }
}

/// Writes a map of arrays of Bytes at the end of `room` and answers the slot word for it: under each key the values that came with it, in the
/// order that they came in.
pub(crate) fn grouped<'v>(room: &mut impl Room, pairs: impl Iterator<Item = Pair<'v>>) -> Result<u64, ArenaError> {
    let mut all: SmallVec<[Pair<'v>; FEW]> = SmallVec::new();
    let mut ranks: SmallVec<[Ranked; FEW]> = SmallVec::new();
    for (i, pair) in pairs.enumerate() {
        ranks.push((head(pair.0), u32::try_from(i).map_err(|_| ArenaError::Full)?));
        all.push(pair);
    }
    let pair = |rank: &Ranked| all[rank.1 as usize];
    ranks.sort_unstable_by(|a, b| a.0.cmp(&b.0).then_with(|| pair(a).0.cmp(pair(b).0)).then(a.1.cmp(&b.1)));
    let same = |a: &Ranked, b: &Ranked| a.0 == b.0 && pair(a).0 == pair(b).0;
    // All of it is taken at once: the entries, the elements of their arrays, and the texts side by side.
    let (mut groups, mut texts) = (0, 0usize);
    for (i, rank) in ranks.iter().enumerate() {
        let (key, value) = pair(rank);
        if i == 0 || !same(&ranks[i - 1], rank) {
            groups += 1;
            texts = texts.saturating_add(key.len());
        }
        texts = texts.saturating_add(value.len());
    }
    let words = groups * 16 + ranks.len() * 8;
    let at = room.alloc(texts.checked_add(words).ok_or(ArenaError::Full)?)?;
    let (mut entry, mut element, mut text) = (at, at + groups * 16, at + words);
    for group in ranks.chunk_by(same) {
        let key = pair(&group[0]).0;
        room.put_word(entry, reference(text, key.len()));
        room.put_bytes(text, key);
        text += key.len();
        room.put_word(entry + 8, reference(element, group.len()));
        entry += 16;
        for rank in group {
            let value = pair(rank).1;
            room.put_word(element, reference(text, value.len()));
            room.put_bytes(text, value);
            text += value.len();
            element += 8;
        }
    }
    Ok(reference(at, groups))
}
