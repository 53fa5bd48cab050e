//! A table whose keys have several things that go one by one: distinct values, or the events of a sliding window.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;
use std::hint::black_box;

use super::ahead::{AHEAD, Asked};
use super::keyed::Moment;
use super::order::{Item, Order};
use super::short::Short;

/// No slot.
const NONE: u32 = u32::MAX;

/// A key that has something.
struct Group {
    key: Short,
    /// That of the key.
    hash: u64,
    /// What goes first and last of it.
    head: u32,
    tail: u32,
    count: u32,
    total: i64,
}

/// A value, or an event.
struct Node {
    group: u32,
    value: Short,
    /// That of group and value, where they are told apart.
    hash: u64,
    amount: i64,
    expiry: i64,
    age: u64,
    before: u32,
    after: u32,
}

/// Groups of values that expire.
pub(super) struct Windowed {
    span: i64,
    /// Whether equal values of a key are one.
    distinct: bool,
    groups: Vec<Option<Group>>,
    free_groups: Vec<u32>,
    nodes: Vec<Option<Node>>,
    free_nodes: Vec<u32>,
    by_key: HashTable<u32>,
    by_value: HashTable<u32>,
    hasher: RandomState,
    order: Order<u32>,
    live: usize,
}

fn expiry(nodes: &[Option<Node>], slot: u32, age: u64) -> Option<i64> {
    nodes.get(slot as usize)?.as_ref().filter(|node| node.age == age).map(|node| node.expiry)
}

/// Puts something into a free slot.
fn place<T>(all: &mut Vec<Option<T>>, free: &mut Vec<u32>, item: T) -> u32 {
    match free.pop() {
        Some(slot) => {
            all[slot as usize] = Some(item);
            slot
        }
        None => {
            all.push(Some(item));
            all.len() as u32 - 1
        }
    }
}

impl Windowed {
    pub(super) fn new(span: i64, distinct: bool) -> Windowed {
        Windowed {
            span,
            distinct,
            groups: Vec::new(),
            free_groups: Vec::new(),
            nodes: Vec::new(),
            free_nodes: Vec::new(),
            by_key: HashTable::new(),
            by_value: HashTable::new(),
            hasher: RandomState::default(),
            order: Order::default(),
            live: 0,
        }
    }

    /// The hash of a key.
    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Looks at what will be asked for.
    pub(super) fn look(&self, bytes: &[u8], asked: &[Asked]) {
        let mut groups = [NONE; AHEAD];
        for (group, Asked { hash, key, .. }) in groups.iter_mut().zip(asked) {
            *group = self.group_at(*hash, &bytes[key.clone()]).unwrap_or(NONE);
        }
        for (group, Asked { value, .. }) in groups.iter().zip(asked).filter(|(group, _)| **group != NONE) {
            let ends = self.groups[*group as usize].as_ref().map(|group| [group.head, group.tail]);
            for end in ends.into_iter().flatten() {
                black_box(self.nodes.get(end as usize).and_then(Option::as_ref).map(|node| node.after));
            }
            if let Some(value) = value.clone().filter(|_| self.distinct) {
                black_box(self.value(*group, &bytes[value]));
            }
        }
    }

    /// Looks at what will go first.
    pub(super) fn look_at_first(&self) {
        for (_, _, slot) in self.order.next(AHEAD) {
            let Some(node) = self.nodes.get(slot as usize).and_then(Option::as_ref) else { continue };
            black_box(self.by_value.find(node.hash, |other| *other == slot));
            if let Some(group) = &self.groups[node.group as usize] {
                black_box(self.by_key.find(group.hash, |other| *other == node.group));
            }
        }
    }

    fn group(&self, key: &[u8]) -> Option<u32> {
        self.group_at(self.hasher.hash_one(key), key)
    }

    fn group_at(&self, hash: u64, key: &[u8]) -> Option<u32> {
        let is = |slot: &u32| self.groups[*slot as usize].as_ref().is_some_and(|group| *group.key == *key);
        self.by_key.find(hash, is).copied()
    }

    fn value(&self, group: u32, value: &[u8]) -> Option<u32> {
        self.value_at(self.hash_of(group, value), group, value)
    }

    fn value_at(&self, hash: u64, group: u32, value: &[u8]) -> Option<u32> {
        let is = |slot: &u32| self.nodes[*slot as usize].as_ref().is_some_and(|node| node.group == group && *node.value == *value);
        self.by_value.find(hash, is).copied()
    }

    fn hash_of(&self, group: u32, value: &[u8]) -> u64 {
        self.hasher.hash_one((group, value))
    }

    /// Takes out what has expired of a key.
    pub(super) fn settle(&mut self, key: &[u8], time: i64) {
        if let Some(slot) = self.group(key) {
            self.settle_group(slot, time);
        }
    }

    /// Takes out what has expired of a group; whether something is left.
    fn settle_group(&mut self, slot: u32, time: i64) -> bool {
        while let Some(head) = self.groups[slot as usize].as_ref().map(|group| group.head) {
            match self.nodes.get(head as usize).and_then(Option::as_ref) {
                Some(node) if node.expiry <= time => self.remove(head),
                _ => return true,
            }
        }
        false
    }

    /// How many a key has, and their sum. What has expired is among them until it is [settled](Windowed::settle).
    pub(super) fn read(&self, key: &[u8]) -> Option<(u32, i64)> {
        let group = self.groups[self.group(key)? as usize].as_ref()?;
        Some((group.count, group.total))
    }

    /// Whether adding a value of a key, which is settled, makes one more.
    pub(super) fn grows(&self, key: &[u8], value: &[u8]) -> bool {
        !self.distinct || self.group(key).is_none_or(|group| self.value(group, value).is_none())
    }

    /// Adds a value of a key, of which what has expired is taken out first.
    pub(super) fn add(&mut self, key: &[u8], value: &[u8], amount: i64, at: Moment) {
        let end = at.time.saturating_add(self.span);
        let of_key = self.hasher.hash_one(key);
        let group = self.group_at(of_key, key).filter(|slot| self.settle_group(*slot, at.time));
        let group = match group {
            Some(group) => group,
            None => {
                let group = Group { key: key.into(), hash: of_key, head: NONE, tail: NONE, count: 0, total: 0 };
                let slot = place(&mut self.groups, &mut self.free_groups, group);
                let groups = &self.groups;
                self.by_key.insert_unique(of_key, slot, |slot| groups[*slot as usize].as_ref().map_or(0, |group| group.hash));
                slot
            }
        };
        let hash = if self.distinct { self.hash_of(group, value) } else { 0 };
        let known = if self.distinct { self.value_at(hash, group, value) } else { None };
        if let Some(slot) = known {
            let Some(node) = &mut self.nodes[slot as usize] else { return };
            node.expiry = end;
            // What was added last stays last.
            if node.after != NONE {
                self.unlink(slot);
                self.link(slot);
            }
            return;
        }
        let node = Node { group, value: value.into(), hash, amount, expiry: end, age: at.change, before: NONE, after: NONE };
        let slot = place(&mut self.nodes, &mut self.free_nodes, node);
        self.order.push((end, at.change, slot));
        self.live += 1;
        if self.distinct {
            let nodes = &self.nodes;
            self.by_value.insert_unique(hash, slot, |slot| nodes[*slot as usize].as_ref().map_or(0, |node| node.hash));
        }
        self.link(slot);
        let nodes = &self.nodes;
        self.order.tidy(self.live, |slot, age| expiry(nodes, slot, age));
    }

    /// Puts a node at the end of its group, and counts it.
    fn link(&mut self, slot: u32) {
        let Some(node) = &self.nodes[slot as usize] else { return };
        let (at, amount) = (node.group, node.amount);
        let Some(group) = &mut self.groups[at as usize] else { return };
        let tail = std::mem::replace(&mut group.tail, slot);
        group.count += 1;
        group.total = group.total.wrapping_add(amount);
        if tail == NONE {
            group.head = slot;
        }
        if let Some(node) = &mut self.nodes[slot as usize] {
            (node.before, node.after) = (tail, NONE);
        }
        if let Some(node) = self.nodes.get_mut(tail as usize).and_then(Option::as_mut) {
            node.after = slot;
        }
    }

    /// Takes a node out of its group, which may be empty then.
    fn unlink(&mut self, slot: u32) {
        let Some(node) = &self.nodes[slot as usize] else { return };
        let (at, amount, before, after) = (node.group, node.amount, node.before, node.after);
        if let Some(node) = self.nodes.get_mut(before as usize).and_then(Option::as_mut) {
            node.after = after;
        }
        if let Some(node) = self.nodes.get_mut(after as usize).and_then(Option::as_mut) {
            node.before = before;
        }
        let Some(group) = &mut self.groups[at as usize] else { return };
        if before == NONE {
            group.head = after;
        }
        if after == NONE {
            group.tail = before;
        }
        group.count -= 1;
        group.total = group.total.wrapping_sub(amount);
    }

    /// Takes out a node, and its group where that was all.
    fn remove(&mut self, slot: u32) {
        self.unlink(slot);
        let Some(node) = self.nodes.get_mut(slot as usize).and_then(Option::take) else { return };
        if self.distinct
            && let Ok(found) = self.by_value.find_entry(node.hash, |other| *other == slot)
        {
            found.remove();
        }
        self.free_nodes.push(slot);
        self.live -= 1;
        let empty = self.groups[node.group as usize].take_if(|group| group.count == 0);
        if let Some(group) = empty {
            if let Ok(found) = self.by_key.find_entry(group.hash, |other| *other == node.group) {
                found.remove();
            }
            self.free_groups.push(node.group);
        }
    }

    /// What expires first of all.
    pub(super) fn first(&mut self) -> Option<Item<u32>> {
        let nodes = &self.nodes;
        self.order.first(|slot, age| expiry(nodes, slot, age))
    }

    /// Takes out what expires first of all.
    pub(super) fn remove_first(&mut self) {
        if let Some((_, _, slot)) = self.first() {
            self.remove(slot);
        }
    }

    pub(super) fn clear(&mut self, key: &[u8]) {
        let Some(slot) = self.group(key) else { return };
        while let Some(head) = self.groups[slot as usize].as_ref().map(|group| group.head) {
            self.remove(head);
        }
    }

    /// All keys that have something which has not expired, with how many and their sum.
    pub(super) fn live(&self, time: i64) -> impl Iterator<Item = (&[u8], i64, i64)> {
        self.groups.iter().flatten().filter_map(move |group| {
            let (mut at, mut count, mut total) = (group.head, 0, 0_i64);
            while let Some(node) = self.nodes.get(at as usize).and_then(Option::as_ref) {
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
        self.live
    }

    pub(super) fn bytes(&self) -> usize {
        let keys: usize = self.groups.iter().flatten().map(|group| group.key.elsewhere()).sum();
        let values: usize = self.nodes.iter().flatten().map(|node| node.value.elsewhere()).sum();
        let slots = self.groups.capacity() * size_of::<Option<Group>>() + self.nodes.capacity() * size_of::<Option<Node>>();
        let free = self.free_groups.capacity() + self.free_nodes.capacity() + self.by_key.capacity() + self.by_value.capacity();
        keys + values + slots + free * size_of::<u32>() + self.order.bytes()
    }
}
