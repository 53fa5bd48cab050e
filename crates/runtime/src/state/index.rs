//! Where entries are found by the hashes of their keys.
//!
//! A hash table of places alone, eight to a cache line: what is asked for is one line of it away, and the entry another. A place that becomes
//! free is closed up by those that follow it, so that no number of changes wears the table out.

use std::hint::black_box;

/// No slot.
pub(super) const NONE: u32 = u32::MAX;

/// Where an entry with a hash is.
#[derive(Clone, Copy)]
struct Place {
    hash: u32,
    /// [`NONE`] where the place is free.
    slot: u32,
}

const FREE: Place = Place { hash: 0, slot: NONE };

/// Slots by hash.
#[derive(Default)]
pub(super) struct Index {
    /// None, or a power of two, of which at least a third are free. A hash stands at its own place, or behind it without a free one between.
    places: Vec<Place>,
    len: usize,
}

impl Index {
    fn mask(&self) -> usize {
        self.places.len().wrapping_sub(1)
    }

    /// The slot with this hash that `is` what is asked for.
    pub(super) fn find(&self, hash: u32, is: impl Fn(u32) -> bool) -> Option<u32> {
        let mut at = hash as usize & self.mask();
        loop {
            let place = self.places.get(at)?;
            if place.slot == NONE {
                return None;
            }
            if place.hash == hash && is(place.slot) {
                return Some(place.slot);
            }
            at = (at + 1) & self.mask();
        }
    }

    /// The first slot with this hash.
    pub(super) fn first(&self, hash: u32) -> Option<u32> {
        self.find(hash, |_| true)
    }

    /// Looks at where a hash stands.
    pub(super) fn look(&self, hash: u32) {
        black_box(self.places.get(hash as usize & self.mask()).copied());
    }

    /// Puts in a slot that is not there.
    pub(super) fn insert(&mut self, hash: u32, slot: u32) {
        if 3 * (self.len + 1) > 2 * self.places.len() {
            let more = vec![FREE; (2 * self.places.len()).max(16)];
            let old = std::mem::replace(&mut self.places, more);
            old.into_iter().filter(|place| place.slot != NONE).for_each(|place| self.put(place));
        }
        self.put(Place { hash, slot });
        self.len += 1;
    }

    fn put(&mut self, place: Place) {
        let mask = self.mask();
        let mut at = place.hash as usize & mask;
        while self.places[at].slot != NONE {
            at = (at + 1) & mask;
        }
        self.places[at] = place;
    }

    /// Takes out a slot, if it is there.
    pub(super) fn remove(&mut self, hash: u32, slot: u32) {
        let mask = self.mask();
        let mut free = hash as usize & mask;
        loop {
            match self.places.get(free) {
                Some(place) if place.slot == slot => break,
                Some(place) if place.slot != NONE => free = (free + 1) & mask,
                _ => return,
            }
        }
        let mut at = free;
        loop {
            at = (at + 1) & mask;
            let place = self.places[at];
            if place.slot == NONE {
                break;
            }
            // It may stand no further ahead than at its own place.
            let own = place.hash as usize & mask;
            if at.wrapping_sub(own) & mask >= at.wrapping_sub(free) & mask {
                self.places[free] = place;
                free = at;
            }
        }
        self.places[free] = FREE;
        self.len -= 1;
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<Place>()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    #[test]
    fn slots_are_found_until_they_are_taken_out() {
        let (mut index, mut model, mut dice) = (Index::default(), HashMap::new(), 1_u32);
        for round in 0..20_000 {
            dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            // Few hashes, so that many stand beside each other and across the end, and some are the same.
            let (slot, hash) = (dice >> 24, (dice >> 24) % 97 * 0x4000_0001);
            if model.remove(&slot).is_some() {
                index.remove(hash, slot);
            } else {
                model.insert(slot, hash);
                index.insert(hash, slot);
            }
            index.remove(hash, 1000);
            assert_eq!(index.len, model.len());
            if round % 97 == 0 {
                for slot in 0..256 {
                    let hash = slot % 97 * 0x4000_0001;
                    assert_eq!(index.find(hash, |found| found == slot), model.get(&slot).map(|_| slot));
                }
            }
        }
        assert!(index.bytes() <= 512 * size_of::<Place>());
    }
}
