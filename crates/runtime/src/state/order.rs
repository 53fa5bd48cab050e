//! Which entry expires first.
//!
//! Time never runs back and the entries of a table live equally long, so new entries come in the order in which they expire: a queue holds
//! them. Expiry only ever moves away while an entry lives. So what is said of an entry is never too late, and only what stands first has to be
//! looked at: one that has moved since goes to a heap, where it belongs, one that is gone goes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// An entry that may expire: when, its age (the smaller the older; no two of a table have the same), and where it is found.
pub(super) type Item<P> = (i64, u64, P);

/// Entries by expiry, then by age.
pub(super) struct Order<P> {
    /// In order.
    queue: VecDeque<Item<P>>,
    /// Those that have moved.
    heap: BinaryHeap<Reverse<Item<P>>>,
}

impl<P: Ord> Default for Order<P> {
    fn default() -> Order<P> {
        Order { queue: VecDeque::new(), heap: BinaryHeap::new() }
    }
}

impl<P: Copy + Ord> Order<P> {
    /// Takes in an entry.
    pub(super) fn push(&mut self, item: Item<P>) {
        if self.queue.back().is_none_or(|last| *last < item) {
            self.queue.push_back(item);
        } else {
            self.heap.push(Reverse(item));
        }
    }

    /// The entry that expires first. `expiry` tells when the entry of a place and age expires now, if it is still there.
    pub(super) fn first(&mut self, expiry: impl Fn(P, u64) -> Option<i64>) -> Option<Item<P>> {
        loop {
            let queued = match (self.queue.front(), self.heap.peek()) {
                (None, None) => return None,
                (Some(front), Some(Reverse(top))) => front < top,
                (front, _) => front.is_some(),
            };
            let next = if queued { self.queue.front().copied() } else { self.heap.peek().map(|Reverse(top)| *top) };
            let (said, age, place) = next?;
            let now = expiry(place, age);
            if now.is_some_and(|now| now <= said) {
                return Some((said, age, place));
            }
            if queued {
                self.queue.pop_front();
            } else {
                self.heap.pop();
            }
            if let Some(now) = now {
                self.heap.push(Reverse((now, age, place)));
            }
        }
    }

    /// Those that come first in the queue, at most so many.
    pub(super) fn next(&self, count: usize) -> impl Iterator<Item = Item<P>> {
        self.queue.iter().take(count).copied()
    }

    /// Forgets those that are gone once they are more than those that are there.
    pub(super) fn tidy(&mut self, live: usize, expiry: impl Fn(P, u64) -> Option<i64>) {
        if self.queue.len() + self.heap.len() > 2 * live + 64 {
            self.queue.retain(|(_, age, place)| expiry(*place, *age).is_some());
            self.heap.retain(|Reverse((_, age, place))| expiry(*place, *age).is_some());
        }
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        (self.queue.capacity() + self.heap.capacity()) * size_of::<Item<P>>()
    }
}
