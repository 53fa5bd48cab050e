//! Texts that values begin with, or end with.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::bits::Places;

/// Texts at one end of values. Those of one length are looked up by a hash that goes on from the next shorter ones: a value is gone along once,
/// however many there are.
#[derive(Debug, Default)]
pub(super) struct Anchored {
    /// The lengths that texts have, ascending.
    lengths: Vec<usize>,
    /// Bit `n` says whether a text's hash has the upper bits `n`.
    promised: Promised,
    /// By hash.
    texts: HashMap<u32, Vec<Entry>, FixedState>,
}

/// A text, and the places that it is for.
type Entry = (Box<[u8]>, Places);

/// One bit for each of 4,096 hashes.
#[derive(Debug)]
struct Promised(Box<[u64; 64]>);

impl Default for Promised {
    fn default() -> Promised {
        Promised(Box::new([0; 64]))
    }
}

/// The hash of what one byte more is read of than of what has this hash.
#[inline]
fn hash(shorter: u32, byte: u8) -> u32 {
    shorter.wrapping_mul(31).wrapping_add(u32::from(byte) + 1)
}

/// Where a hash has its bit: the word and the bit in it.
#[inline]
fn bit(hash: u32) -> (usize, u32) {
    let upper = hash.wrapping_mul(0x9E37_79B1) >> 20;
    ((upper / 64) as usize, upper % 64)
}

impl Anchored {
    /// Adds a text, which is not empty, with the places that it is for; `read` is the text from the end of values on that it stands at.
    pub(super) fn add<'t>(&mut self, text: &[u8], read: impl Iterator<Item = &'t u8>, places: Places) {
        if let Err(at) = self.lengths.binary_search(&text.len()) {
            self.lengths.insert(at, text.len());
        }
        let of_text = read.fold(0, |shorter, byte| hash(shorter, *byte));
        let (word, bit) = bit(of_text);
        self.promised.0[word] |= 1 << bit;
        self.texts.entry(of_text).or_default().push((text.into(), places));
    }

    /// Calls `found` with the places of the texts that `is_there` finds at their end of a value, which is `read` from there on.
    #[inline]
    pub(super) fn search<'v>(
        &self,
        len: usize,
        mut read: impl Iterator<Item = &'v u8>,
        is_there: impl Fn(&[u8]) -> bool,
        mut found: impl FnMut(Places),
    ) {
        let (mut at, mut of_part) = (0, 0);
        for stop in self.lengths.iter().take_while(|stop| **stop <= len) {
            of_part = read.by_ref().take(stop - at).fold(of_part, |shorter, byte| hash(shorter, *byte));
            at = *stop;
            let (word, bit) = bit(of_part);
            if self.promised.0[word] >> bit & 1 != 0 {
                let texts = self.texts.get(&of_part).into_iter().flatten();
                texts.filter(|(text, _)| text.len() == at && is_there(text)).for_each(|(_, places)| found(*places));
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.texts.is_empty()
    }

    /// Bytes of memory, about.
    pub(super) fn memory_bytes(&self) -> usize {
        let texts = self.texts.values().flatten().map(|entry| size_of_val(entry) + entry.0.len()).sum::<usize>();
        size_of_val(&*self.promised.0) + self.lengths.len() * 8 + texts + self.texts.capacity() * 32
    }
}
