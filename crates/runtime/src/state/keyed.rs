//! A table with one entry for each key.

use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher;

use super::order::Order;
use super::table::Reading;

/// What an entry is.
struct Entry {
    key: Box<[u8]>,
    value: i64,
    bytes: Box<[u8]>,
    /// From when on it is no longer there.
    expiry: i64,
    /// Its age: how many entries were made before it.
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

/// When something happens: the time, and the number of the record.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    pub(crate) time: i64,
    pub(crate) record: u64,
}

/// A table with one entry for each key.
pub(super) struct Keyed {
    lasting: Lasting,
    max: usize,
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    index: HashTable<u32>,
    hasher: RandomState,
    order: Order,
    made: u64,
    pub(super) evicted: u64,
}

fn expiry(entries: &[Option<Entry>], slot: u32, age: u64) -> Option<i64> {
    entries.get(slot as usize)?.as_ref().filter(|entry| entry.age == age).map(|entry| entry.expiry)
}

impl Keyed {
    pub(super) fn new(lasting: Lasting, max: usize) -> Keyed {
        Keyed {
            lasting,
            max,
            entries: Vec::new(),
            free: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
            order: Order::default(),
            made: 0,
            evicted: 0,
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

    /// The entry of a key, which is made where there is none, to be changed.
    fn entry(&mut self, key: &[u8], at: Moment) -> &mut Entry {
        let Lasting { span, renewed } = self.lasting;
        let end = span.map_or(i64::MAX, |span| at.time.saturating_add(span));
        let fresh = |key, age| Entry { key, value: 0, bytes: Box::default(), expiry: end, age, record: at.record };
        let slot = match self.find(key) {
            Some(slot) => {
                // What the index has is there.
                let entry = self.entries[slot as usize].get_or_insert_with(|| fresh(key.into(), u64::MAX));
                if entry.expiry <= at.time {
                    *entry = fresh(std::mem::take(&mut entry.key), self.made);
                    self.order.push((end, self.made, slot));
                    self.made += 1;
                } else if renewed {
                    entry.expiry = end;
                }
                slot
            }
            None => {
                if self.index.len() >= self.max {
                    self.make_room(at.time);
                }
                let entry = Some(fresh(key.into(), self.made));
                let slot = match self.free.pop() {
                    Some(slot) => {
                        self.entries[slot as usize] = entry;
                        slot
                    }
                    None => {
                        self.entries.push(entry);
                        self.entries.len() as u32 - 1
                    }
                };
                self.order.push((end, self.made, slot));
                self.made += 1;
                let (entries, hasher) = (&self.entries, &self.hasher);
                let hash = |slot: &u32| entries[*slot as usize].as_ref().map_or(0, |entry| hasher.hash_one(&*entry.key));
                self.index.insert_unique(hasher.hash_one(key), slot, hash);
                slot
            }
        };
        let (live, entries) = (self.index.len(), &self.entries);
        self.order.tidy(live, |slot, age| expiry(entries, slot, age));
        self.entries[slot as usize].get_or_insert_with(|| fresh(key.into(), u64::MAX))
    }

    /// Takes out the entry that expires first.
    fn make_room(&mut self, time: i64) {
        let entries = &self.entries;
        let Some(slot) = self.order.pop(|slot, age| expiry(entries, slot, age)) else { return };
        if let Some(entry) = self.remove(slot) {
            self.evicted += u64::from(entry.expiry > time);
        }
    }

    fn remove(&mut self, slot: u32) -> Option<Entry> {
        let entry = self.entries.get_mut(slot as usize)?.take()?;
        if let Ok(found) = self.index.find_entry(self.hasher.hash_one(&*entry.key), |other| *other == slot) {
            found.remove();
        }
        self.free.push(slot);
        Some(entry)
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
        let slots = self.entries.capacity() * size_of::<Option<Entry>>() + (self.free.capacity() + self.index.capacity()) * size_of::<u32>();
        own + slots + self.order.bytes()
    }
}
