//! Which entry expires first.
//!
//! Expiry only ever moves away while an entry lives. So what the heap says of an entry is never too late, and only what stands first has to be
//! looked at: one that has moved since goes back to where it belongs, one that is gone goes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An entry that may expire: when, its age (the smaller the older; no two of a table have the same), and its slot.
pub(super) type Item = (i64, u64, u32);

/// Entries by expiry, then by age.
#[derive(Default)]
pub(super) struct Order {
    heap: BinaryHeap<Reverse<Item>>,
}

impl Order {
    /// Takes in an entry.
    pub(super) fn push(&mut self, item: Item) {
        self.heap.push(Reverse(item));
    }

    /// The entry that expires first. `expiry` tells when the entry of a slot and age expires now, if it is still there.
    pub(super) fn first(&mut self, expiry: impl Fn(u32, u64) -> Option<i64>) -> Option<Item> {
        while let Some(Reverse((said, age, slot))) = self.heap.peek().copied() {
            match expiry(slot, age) {
                Some(now) if now <= said => return Some((said, age, slot)),
                Some(now) => {
                    self.heap.pop();
                    self.heap.push(Reverse((now, age, slot)));
                }
                None => drop(self.heap.pop()),
            }
        }
        None
    }

    /// Forgets those that are gone once they are more than those that are there.
    pub(super) fn tidy(&mut self, live: usize, expiry: impl Fn(u32, u64) -> Option<i64>) {
        if self.heap.len() > 2 * live + 64 {
            self.heap.retain(|Reverse((_, age, slot))| expiry(*slot, *age).is_some());
        }
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.heap.capacity() * size_of::<Item>()
    }
}
