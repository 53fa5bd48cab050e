//! A table with one entry for each key.

use std::hint::black_box;

use foldhash::fast::RandomState;

use super::ahead::{AHEAD, Asked};
use super::index::Index;
use super::key::{Hashed, hash};
use super::order::{Item, Order};
use super::short::ShortKey;
use super::slots::Slots;

/// What an entry is: as much as a cache line or two.
#[repr(align(64))]
struct Entry<V> {
    key: ShortKey,
    value: V,
    /// From when on it is no longer there.
    expiry: i64,
    /// Its age: the number of the change that made it.
    age: u64,
}

/// How long entries live, and whether changes make it longer.
#[derive(Clone, Copy)]
pub(super) struct Lasting {
    pub(super) span: Option<i64>,
    pub(super) renewed: bool,
}

/// When something happens.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    /// The time, in microseconds.
    pub(crate) time: i64,
    /// The number of the record.
    pub(crate) record: u64,
    /// The number that changes on the record begin with, and those on the records before it stay below.
    pub(crate) first: u64,
    /// The number of the change, in the order in which records and what changes on them come.
    pub(crate) change: u64,
}

/// A table with one entry for each key.
pub(super) struct Keyed<V> {
    lasting: Lasting,
    entries: Slots<Entry<V>>,
    by_key: Index,
    hasher: RandomState,
    order: Order,
}

/// When the entry of a slot and age expires, if it is still there.
fn expiry<V>(entries: &Slots<Entry<V>>, slot: u32, age: u64) -> Option<i64> {
    entries.get(slot).filter(|entry| entry.age == age).map(|entry| entry.expiry)
}

impl<V: Default> Keyed<V> {
    /// An empty table for keys that this hashes.
    pub(super) fn new(lasting: Lasting, hasher: RandomState) -> Keyed<V> {
        Keyed { lasting, entries: Slots::default(), by_key: Index::default(), hasher, order: Order::default() }
    }

    /// Looks at what will be asked for.
    pub(super) fn look(&self, asked: &[Asked]) {
        asked.iter().for_each(|asked| self.by_key.look(asked.hash));
        for Asked { hash, .. } in asked {
            black_box(self.by_key.first(*hash).and_then(|slot| self.entries.get(slot)).map(|entry| entry.age));
        }
    }

    /// Looks at what will go first.
    pub(super) fn look_at_first(&self) {
        for (_, age, slot) in self.order.next(AHEAD) {
            if let Some(entry) = self.entries.get(slot).filter(|entry| entry.age == age) {
                self.by_key.look(hash(&self.hasher, &*entry.key));
            }
        }
    }

    fn slot(&self, key: Hashed<'_>) -> Option<u32> {
        self.by_key.find(key.hash, |slot| self.entries.get(slot).is_some_and(|entry| *entry.key == *key.bytes))
    }

    /// The value of a key's entry, and whether an earlier record made it; `None` where it has none or has expired.
    pub(super) fn read(&self, key: Hashed<'_>, at: Moment) -> Option<(&V, bool)> {
        let entry = self.entries.get(self.slot(key)?)?;
        (entry.expiry > at.time).then_some((&entry.value, entry.age < at.first))
    }

    /// Whether a change of a key's entry makes one more.
    pub(super) fn grows(&self, key: Hashed<'_>) -> bool {
        self.slot(key).is_none()
    }

    /// Changes the value of a key's entry, which is made where there is none.
    pub(super) fn change(&mut self, key: Hashed<'_>, at: Moment, change: impl FnOnce(&mut V)) {
        let Lasting { span, renewed } = self.lasting;
        let end = span.map_or(i64::MAX, |span| at.time.saturating_add(span));
        let slot = match self.slot(key) {
            Some(slot) => slot,
            // As one that has expired.
            None => {
                let slot = self.entries.put(Entry { key: key.bytes.into(), value: V::default(), expiry: i64::MIN, age: 0 });
                self.by_key.insert(key.hash, slot);
                slot
            }
        };
        let Some(entry) = self.entries.get_mut(slot) else { return };
        let begins = entry.expiry <= at.time;
        if begins {
            (entry.value, entry.age) = (V::default(), at.change);
        }
        if begins || renewed {
            entry.expiry = end;
        }
        change(&mut entry.value);
        if !begins {
            return;
        }
        self.order.push((end, at.change, slot));
        let entries = &self.entries;
        self.order.tidy(entries.len(), |slot, age| expiry(entries, slot, age));
    }

    /// The entry that expires first.
    pub(super) fn first(&mut self) -> Option<Item> {
        let entries = &self.entries;
        self.order.first(|slot, age| expiry(entries, slot, age))
    }

    /// Takes out the entry that [`Keyed::first`] has just answered.
    pub(super) fn remove_first(&mut self, first: Item) {
        self.order.pop(first);
        self.remove(first.2);
    }

    fn remove(&mut self, slot: u32) {
        if let Some(entry) = self.entries.take(slot) {
            self.by_key.remove(hash(&self.hasher, &*entry.key), slot);
        }
    }

    pub(super) fn clear(&mut self, key: Hashed<'_>) {
        if let Some(slot) = self.slot(key) {
            self.remove(slot);
        }
    }

    /// All entries that have not expired.
    pub(super) fn live(&self, time: i64) -> impl Iterator<Item = (&[u8], &V)> {
        self.entries.iter().filter(move |entry| entry.expiry > time).map(|entry| (&*entry.key, &entry.value))
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Bytes that it holds, but for what values hold elsewhere.
    pub(super) fn bytes(&self) -> usize {
        let keys: usize = self.entries.iter().map(|entry| entry.key.elsewhere()).sum();
        keys + self.entries.bytes() + self.by_key.bytes() + self.order.bytes()
    }
}
