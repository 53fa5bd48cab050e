//! Which entry expires first.
//!
//! Expiry only ever moves away while an entry lives. So what the heap says of an entry is never too late, and only what stands first has to be
//! looked at: one that has moved since goes back to where it belongs, one that is gone goes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// An entry that may expire: when, its age (the smaller the older; no two of a table have the same), and where it is found.
pub(super) type Item<P> = (i64, u64, P);

/// Entries by expiry, then by age.
pub(super) struct Order<P> {
    heap: BinaryHeap<Reverse<Item<P>>>,
}

impl<P: Ord> Default for Order<P> {
    fn default() -> Order<P> {
        Order { heap: BinaryHeap::new() }
    }
}

impl<P: Copy + Ord> Order<P> {
    /// Takes in an entry.
    pub(super) fn push(&mut self, item: Item<P>) {
        self.heap.push(Reverse(item));
    }

    /// The entry that expires first. `expiry` tells when the entry of a place and age expires now, if it is still there.
    pub(super) fn first(&mut self, expiry: impl Fn(P, u64) -> Option<i64>) -> Option<Item<P>> {
        while let Some(Reverse((said, age, place))) = self.heap.peek().copied() {
            match expiry(place, age) {
                Some(now) if now <= said => return Some((said, age, place)),
                Some(now) => {
                    self.heap.pop();
                    self.heap.push(Reverse((now, age, place)));
                }
                None => drop(self.heap.pop()),
            }
        }
        None
    }

    /// Forgets those that are gone once they are more than those that are there.
    pub(super) fn tidy(&mut self, live: usize, expiry: impl Fn(P, u64) -> Option<i64>) {
        if self.heap.len() > 2 * live + 64 {
            self.heap.retain(|Reverse((_, age, place))| expiry(*place, *age).is_some());
        }
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        self.heap.capacity() * size_of::<Item<P>>()
    }
}
