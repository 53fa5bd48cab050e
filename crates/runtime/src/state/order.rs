//! Which entry expires first.
//!
//! Time never runs back and the entries of a table live equally long, so new entries come in the order in which they expire: a queue holds
//! them. Expiry only ever moves away while an entry lives. So what is said of an entry is never too late, and only what stands first has to be
//! looked at: one that has moved since goes to a heap, where it belongs, one that is gone goes.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

/// An entry that may expire: when, its age (the smaller the older; no two of a table have the same), and its slot.
pub(super) type Item = (i64, u64, u32);

/// Entries by expiry, then by age.
#[derive(Default)]
pub(super) struct Order {
    /// In order.
    queue: VecDeque<Item>,
    /// Those that have moved.
    heap: BinaryHeap<Reverse<Item>>,
}

impl Order {
    /// Takes in an entry.
    pub(super) fn push(&mut self, item: Item) {
        if self.queue.back().is_none_or(|last| *last < item) {
            self.queue.push_back(item);
        } else {
            self.heap.push(Reverse(item));
        }
    }

    /// The entry that expires first. `expiry` tells when the entry of a slot and age expires now, if it is still there.
    pub(super) fn first(&mut self, expiry: impl Fn(u32, u64) -> Option<i64>) -> Option<Item> {
        loop {
            let queued = match (self.queue.front(), self.heap.peek()) {
                (None, None) => return None,
                (Some(front), Some(Reverse(top))) => front < top,
                (front, _) => front.is_some(),
            };
            let next = if queued { self.queue.front().copied() } else { self.heap.peek().map(|Reverse(top)| *top) };
            let (said, age, slot) = next?;
            let now = expiry(slot, age);
            if now.is_some_and(|now| now <= said) {
                return Some((said, age, slot));
            }
            if queued {
                self.queue.pop_front();
            } else {
                self.heap.pop();
            }
            if let Some(now) = now {
                self.heap.push(Reverse((now, age, slot)));
            }
        }
    }

    /// Forgets what [`Order::first`] has just answered.
    pub(super) fn pop(&mut self, first: Item) {
        if self.queue.front() == Some(&first) {
            self.queue.pop_front();
        } else {
            self.heap.pop();
        }
    }

    /// A time before which nothing expires.
    pub(super) fn soonest(&self) -> i64 {
        let (queued, moved) = (self.queue.front(), self.heap.peek());
        queued.map_or(i64::MAX, |(said, _, _)| *said).min(moved.map_or(i64::MAX, |Reverse((said, _, _))| *said))
    }

    /// Those that come first in the queue, at most so many.
    pub(super) fn next(&self, count: usize) -> impl Iterator<Item = Item> {
        self.queue.iter().take(count).copied()
    }

    /// Forgets those that are gone once they are more than those that are there.
    pub(super) fn tidy(&mut self, live: usize, expiry: impl Fn(u32, u64) -> Option<i64>) {
        if self.queue.len() + self.heap.len() > 2 * live + 64 {
            self.queue.retain(|(_, age, slot)| expiry(*slot, *age).is_some());
            self.heap.retain(|Reverse((_, age, slot))| expiry(*slot, *age).is_some());
        }
    }

    /// Bytes that it holds.
    pub(super) fn bytes(&self) -> usize {
        (self.queue.capacity() + self.heap.capacity()) * size_of::<Item>()
    }
}
