//! A table with one entry for each key.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use super::order::{Item, Order};
use super::table::Reading;

/// What an entry is.
struct Entry {
    key: Box<[u8]>,
    value: i64,
    bytes: Box<[u8]>,
    /// From when on it is no longer there.
    expiry: i64,
    /// Its age: the number of the change that made it.
    age: u64,
    /// The number of the record that made it.
    record: u64,
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
    /// The number of the change, in the order in which records and what changes on them come.
    pub(crate) change: u64,
}

/// A table with one entry for each key.
pub(super) struct Keyed {
    lasting: Lasting,
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    index: HashTable<u32>,
    hasher: RandomState,
    order: Order,
}

fn expiry(entries: &[Option<Entry>], slot: u32, age: u64) -> Option<i64> {
    entries.get(slot as usize)?.as_ref().filter(|entry| entry.age == age).map(|entry| entry.expiry)
}

impl Keyed {
    pub(super) fn new(lasting: Lasting) -> Keyed {
        Keyed {
            lasting,
            entries: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
            order: Order::default(),
        }
    }

    fn find(&self, key: &[u8]) -> Option<u32> {
        let is = |slot: &u32| self.entries[*slot as usize].as_ref().is_some_and(|entry| *entry.key == *key);
        self.index.find(self.hasher.hash_one(key), is).copied()
    }

    /// The entry of a key, if it has not expired.
    fn get(&self, key: &[u8], time: i64) -> Option<&Entry> {
        let slot = self.find(key)?;
        self.entries[slot as usize].as_ref().filter(|entry| entry.expiry > time)
    }

    pub(super) fn read(&self, key: &[u8], at: Moment) -> Option<Reading<'_>> {
        let entry = self.get(key, at.time)?;
        Some(Reading { value: entry.value, bytes: &entry.bytes, earlier: entry.record < at.record })
    }

    /// Whether a change of a key's entry makes one more.
    pub(super) fn grows(&self, key: &[u8]) -> bool {
        self.find(key).is_none()
    }

    /// The entry of a key, which is made where there is none, to be changed.
    fn entry(&mut self, key: &[u8], at: Moment) -> &mut Entry {
        let Lasting { span, renewed } = self.lasting;
        let end = span.map_or(i64::MAX, |span| at.time.saturating_add(span));
        let fresh = |key| Entry { key, value: 0, bytes: Box::default(), expiry: end, age: at.change, record: at.record };
        let slot = match self.find(key) {
            Some(slot) => slot,
            None => {
                let slot = self.free.pop().unwrap_or_else(|| {
                    self.entries.push(None);
                    self.entries.len() as u32 - 1
                });
                self.entries[slot as usize] = Some(fresh(key.into()));
                self.order.push((end, at.change, slot));
                let (entries, hasher) = (&self.entries, &self.hasher);
                let hash = |slot: &u32| entries[*slot as usize].as_ref().map_or(0, |entry| hasher.hash_one(&*entry.key));
                self.index.insert_unique(hasher.hash_one(key), slot, hash);
                slot
            }
        };
        let (live, entries) = (self.index.len(), &self.entries);
        self.order.tidy(live, |slot, age| expiry(entries, slot, age));
        // What the index has is there.
        let entry = self.entries[slot as usize].get_or_insert_with(|| fresh(key.into()));
        if entry.expiry <= at.time {
            *entry = fresh(std::mem::take(&mut entry.key));
            self.order.push((end, at.change, slot));
        } else if renewed {
            entry.expiry = end;
        }
        entry
    }

    /// The entry that expires first.
    pub(super) fn first(&mut self) -> Option<Item> {
        let entries = &self.entries;
        self.order.first(|slot, age| expiry(entries, slot, age))
    }

    /// Takes out an entry.
    pub(super) fn remove(&mut self, slot: u32) {
        let Some(entry) = self.entries.get_mut(slot as usize).and_then(Option::take) else { return };
        if let Ok(found) = self.index.find_entry(self.hasher.hash_one(&*entry.key), |other| *other == slot) {
            found.remove();
        }
        self.free.push(slot);
    }

    pub(super) fn add(&mut self, key: &[u8], amount: i64, at: Moment) {
        let entry = self.entry(key, at);
        entry.value = entry.value.wrapping_add(amount);
    }

    pub(super) fn set(&mut self, key: &[u8], value: i64, bytes: &[u8], at: Moment) {
        let entry = self.entry(key, at);
        entry.value = value;
        if *entry.bytes != *bytes {
            entry.bytes = bytes.into();
        }
    }

    pub(super) fn clear(&mut self, key: &[u8]) {
        if let Some(slot) = self.find(key) {
            self.remove(slot);
        }
    }

    /// All entries that have not expired: key, value and bytes.
    pub(super) fn live(&self, time: i64) -> impl Iterator<Item = (&[u8], i64, &[u8])> {
        let entries = self.entries.iter().flatten().filter(move |entry| entry.expiry > time);
        entries.map(|entry| (&*entry.key, entry.value, &*entry.bytes))
    }

    pub(super) fn len(&self) -> usize {
        self.index.len()
    }

    pub(super) fn bytes(&self) -> usize {
        let own: usize = self.entries.iter().flatten().map(|entry| entry.key.len() + entry.bytes.len()).sum();
        let slots =
            self.entries.capacity() * size_of::<Option<Entry>>() + (self.free.capacity() + self.index.capacity()) * size_of::<u32>();
        own + slots + self.order.bytes()
    }
}
