//! A table whose keys have several things that go one by one: distinct values, or the events of a sliding window.

use std::hint::black_box;

use foldhash::fast::RandomState;

use super::ahead::{AHEAD, Asked};
use super::index::{Index, NONE};
use super::key::{Hashed, hash};
use super::keyed::Moment;
use super::order::{Item, Order};
use super::short::{ShortKey, ShortValue};
use super::slots::Slots;

/// Distinct values of a key that are looked through one by one; more are found by their hashes.
const FEW: u32 = 8;

/// A key that has something: a cache line.
#[repr(align(64))]
struct Group {
    key: ShortKey,
    /// What goes first and last of it.
    head: u32,
    tail: u32,
    count: u32,
    /// Whether its values are found by their hashes.
    many: bool,
    /// Of a few values, a bit for the hash of each, and of some that were there.
    bits: u16,
    total: i64,
}

/// A value, or an event: a cache line.
#[repr(align(64))]
struct Node {
    value: ShortValue,
    group: u32,
    /// Anything where it is the first of its group.
    before: u32,
    /// [`NONE`] where it is the last.
    after: u32,
    amount: i64,
    expiry: i64,
    age: u64,
}

/// Groups of values that expire.
pub(super) struct Windowed {
    span: i64,
    /// Whether equal values of a key are one.
    distinct: bool,
    groups: Slots<Group>,
    nodes: Slots<Node>,
    by_key: Index,
    /// Those of keys that have many.
    by_value: Index,
    hasher: RandomState,
    order: Order,
}

fn expiry(nodes: &Slots<Node>, slot: u32, age: u64) -> Option<i64> {
    nodes.get(slot).filter(|node| node.age == age).map(|node| node.expiry)
}

impl Windowed {
    /// An empty table for keys that this hashes.
    pub(super) fn new(span: i64, distinct: bool, hasher: RandomState) -> Windowed {
        Windowed {
            span,
            distinct,
            groups: Slots::default(),
            nodes: Slots::default(),
            by_key: Index::default(),
            by_value: Index::default(),
            hasher,
            order: Order::default(),
        }
    }

    /// Looks at what will be asked for.
    pub(super) fn look(&self, bytes: &[u8], asked: &[Asked]) {
        asked.iter().for_each(|asked| self.by_key.look(asked.hash));
        let mut left = [(NONE, 0); AHEAD];
        for (left, Asked { hash, value }) in left.iter_mut().zip(asked) {
            let Some(group) = self.by_key.first(*hash) else { continue };
            let Some(Group { tail, many, bits, count, .. }) = self.groups.get(group) else { continue };
            *left = match value.clone().map(|value| &bytes[value]) {
                Some(value) if *many => (self.value(group, value).unwrap_or(*tail), 1),
                Some(value) if bits & self.bit(value) != 0 => (*tail, *count),
                _ => (*tail, 1),
            };
        }
        // Those of each key that may be it, all at the same pace.
        for _ in 0..FEW {
            let mut more = false;
            for (at, count) in left.iter_mut().filter(|(_, count)| *count > 0) {
                *at = black_box(self.nodes.get(*at).map_or(NONE, |node| node.before));
                *count -= 1;
                more |= *count > 0;
            }
            if !more {
                break;
            }
        }
    }

    /// Looks at what will go first.
    pub(super) fn look_at_first(&self) {
        let mut groups = [NONE; AHEAD];
        for (group, (_, _, slot)) in groups.iter_mut().zip(self.order.next(AHEAD)) {
            *group = self.nodes.get(slot).map_or(NONE, |node| node.group);
        }
        for group in groups.into_iter().filter_map(|group| self.groups.get(group)).filter(|group| group.count == 1) {
            self.by_key.look(hash(&self.hasher, &*group.key));
        }
    }

    fn group(&self, key: Hashed<'_>) -> Option<u32> {
        self.by_key.find(key.hash, |slot| self.groups.get(slot).is_some_and(|group| *group.key == *key.bytes))
    }

    /// The node of a group that has a value.
    fn value(&self, slot: u32, value: &[u8]) -> Option<u32> {
        let group = self.groups.get(slot)?;
        let is = |node: &Node| node.group == slot && *node.value == *value;
        if group.many {
            return self.by_value.find(self.hash_of(slot, value), |node| self.nodes.get(node).is_some_and(is));
        }
        if group.bits & self.bit(value) == 0 {
            return None;
        }
        self.newest_first(group).find(|node| self.nodes.get(*node).is_some_and(is))
    }

    /// The nodes of a group.
    fn newest_first(&self, group: &Group) -> impl Iterator<Item = u32> {
        let nodes = std::iter::successors(Some(group.tail), |node| self.nodes.get(*node).map(|node| node.before));
        nodes.take(group.count as usize)
    }

    /// The bit of a value that is among few.
    fn bit(&self, value: &[u8]) -> u16 {
        1 << (hash(&self.hasher, value) >> 28)
    }

    fn hash_of(&self, group: u32, value: &[u8]) -> u32 {
        hash(&self.hasher, &(group, value))
    }

    /// Takes out what has expired of a key.
    pub(super) fn settle(&mut self, key: Hashed<'_>, time: i64) {
        if let Some(slot) = self.group(key) {
            self.settle_group(slot, time);
        }
    }

    /// Takes out what has expired of a group; whether something is left.
    fn settle_group(&mut self, slot: u32, time: i64) -> bool {
        if self.order.soonest() > time {
            return true;
        }
        while let Some(head) = self.groups.get(slot).map(|group| group.head) {
            match self.nodes.get(head) {
                Some(node) if node.expiry <= time => self.remove(head),
                _ => return true,
            }
        }
        false
    }

    /// How many a key has, and their sum. What has expired is among them until it is [settled](Windowed::settle).
    pub(super) fn read(&self, key: Hashed<'_>) -> Option<(u32, i64)> {
        let group = self.groups.get(self.group(key)?)?;
        Some((group.count, group.total))
    }

    /// Whether adding a value of a key, which is settled, makes one more.
    pub(super) fn grows(&self, key: Hashed<'_>, value: &[u8]) -> bool {
        !self.distinct || self.group(key).is_none_or(|group| self.value(group, value).is_none())
    }

    /// Adds a value of a key, of which what has expired is taken out first.
    pub(super) fn add(&mut self, key: Hashed<'_>, value: &[u8], amount: i64, at: Moment) {
        let end = at.time.saturating_add(self.span);
        let group = match self.group(key).filter(|slot| self.settle_group(*slot, at.time)) {
            Some(group) => group,
            None => {
                let group = Group { key: key.bytes.into(), head: NONE, tail: NONE, count: 0, many: false, bits: 0, total: 0 };
                let slot = self.groups.put(group);
                self.by_key.insert(key.hash, slot);
                slot
            }
        };
        if self.distinct
            && let Some(slot) = self.value(group, value)
        {
            let Some(node) = self.nodes.get_mut(slot) else { return };
            node.expiry = end;
            // What was added last stays last.
            if node.after != NONE {
                self.unlink(slot);
                self.link(slot);
            }
            return;
        }
        let node = Node { group, value: value.into(), amount, expiry: end, age: at.change, before: NONE, after: NONE };
        let slot = self.nodes.put(node);
        self.order.push((end, at.change, slot));
        self.link(slot);
        if self.distinct {
            self.index(group, slot);
        }
        let nodes = &self.nodes;
        self.order.tidy(nodes.len(), |slot, age| expiry(nodes, slot, age));
    }

    /// Has the newest node of a group be found by its value.
    fn index(&mut self, slot: u32, newest: u32) {
        let Some(group) = self.groups.get(slot) else { return };
        let value = |node: u32| self.nodes.get(node).map_or(&[][..], |node| &*node.value);
        let (mut many, mut bits) = (group.many, group.bits | self.bit(value(newest)));
        if many {
            self.by_value.insert(self.hash_of(slot, value(newest)), newest);
        } else if group.count > FEW {
            many = true;
            for node in self.newest_first(group).collect::<Vec<_>>() {
                self.by_value.insert(self.hash_of(slot, self.nodes.get(node).map_or(&[][..], |node| &*node.value)), node);
            }
        } else if bits.count_ones() > group.count {
            bits = self.newest_first(group).map(|node| self.bit(value(node))).fold(0, |all, bit| all | bit);
        }
        if let Some(group) = self.groups.get_mut(slot) {
            (group.many, group.bits) = (many, bits);
        }
    }

    /// Puts a node at the end of its group, and counts it.
    fn link(&mut self, slot: u32) {
        let Some(&Node { group, amount, .. }) = self.nodes.get(slot) else { return };
        let Some(group) = self.groups.get_mut(group) else { return };
        let tail = std::mem::replace(&mut group.tail, slot);
        if group.count == 0 {
            group.head = slot;
        } else if let Some(node) = self.nodes.get_mut(tail) {
            node.after = slot;
        }
        group.count += 1;
        group.total = group.total.wrapping_add(amount);
        if let Some(node) = self.nodes.get_mut(slot) {
            (node.before, node.after) = (tail, NONE);
        }
    }

    /// Takes a node out of its group, which may be empty then.
    fn unlink(&mut self, slot: u32) {
        let Some(&Node { group, amount, before, after, .. }) = self.nodes.get(slot) else { return };
        let Some(group) = self.groups.get_mut(group) else { return };
        if group.tail == slot {
            group.tail = before;
        }
        if group.head == slot {
            group.head = after;
        } else {
            if let Some(node) = self.nodes.get_mut(before) {
                node.after = after;
            }
            if let Some(node) = self.nodes.get_mut(after) {
                node.before = before;
            }
        }
        group.count -= 1;
        group.total = group.total.wrapping_sub(amount);
    }

    /// Takes out a node, and its group where that was all.
    fn remove(&mut self, slot: u32) {
        self.unlink(slot);
        let Some(node) = self.nodes.take(slot) else { return };
        let Some(group) = self.groups.get(node.group) else { return };
        if group.many {
            self.by_value.remove(self.hash_of(node.group, &node.value), slot);
        }
        if group.count == 0 {
            self.by_key.remove(hash(&self.hasher, &*group.key), node.group);
            self.groups.take(node.group);
        }
    }

    /// What expires first of all.
    pub(super) fn first(&mut self) -> Option<Item> {
        let nodes = &self.nodes;
        self.order.first(|slot, age| expiry(nodes, slot, age))
    }

    /// Takes out what [`Windowed::first`] has just answered.
    pub(super) fn remove_first(&mut self, first: Item) {
        self.order.pop(first);
        self.remove(first.2);
    }

    pub(super) fn clear(&mut self, key: Hashed<'_>) {
        let Some(slot) = self.group(key) else { return };
        while let Some(head) = self.groups.get(slot).map(|group| group.head) {
            self.remove(head);
        }
    }

    /// All keys that have something which has not expired, with how many and their sum.
    pub(super) fn live(&self, time: i64) -> impl Iterator<Item = (&[u8], i64, i64)> {
        self.groups.iter().filter_map(move |group| {
            let (mut at, mut count, mut total) = (group.head, 0, 0_i64);
            while let Some(node) = self.nodes.get(at) {
                if node.expiry > time {
                    count += 1;
                    total = total.wrapping_add(node.amount);
                }
                at = node.after;
            }
            (count > 0).then_some((&*group.key, count, total))
        })
    }

    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let keys: usize = self.groups.iter().map(|group| group.key.elsewhere()).sum();
        let values: usize = self.nodes.iter().map(|node| node.value.elsewhere()).sum();
        let tables = self.groups.bytes() + self.nodes.bytes() + self.by_key.bytes() + self.by_value.bytes();
        keys + values + tables + self.order.bytes()
    }
}
