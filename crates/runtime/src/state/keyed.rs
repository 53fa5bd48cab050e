//! A table with one entry for each key.
//!
//! Entries stand in the hash table itself, with their keys, so that finding one touches as little memory as can be.

use std::hash::BuildHasher;
use std::hint::black_box;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use super::ahead::{AHEAD, Asked};
use super::order::{Item, Order};
use super::short::Short;

/// What an entry is.
struct Entry<V> {
    key: Short,
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
    entries: HashTable<Entry<V>>,
    hasher: RandomState,
    /// By hash.
    order: Order<u64>,
}

/// When the entry of a hash and age expires, if it is still there.
fn expiry<V>(entries: &HashTable<Entry<V>>, hash: u64, age: u64) -> Option<i64> {
    entries.find(hash, |entry| entry.age == age).map(|entry| entry.expiry)
}

impl<V: Default> Keyed<V> {
    pub(super) fn new(lasting: Lasting) -> Keyed<V> {
        Keyed { lasting, entries: HashTable::new(), hasher: RandomState::default(), order: Order::default() }
    }

    /// The hash of a key.
    pub(super) fn hash(&self, key: &[u8]) -> u64 {
        self.hasher.hash_one(key)
    }

    /// Looks at what will be asked for.
    pub(super) fn look(&self, bytes: &[u8], asked: &[Asked]) {
        for Asked { hash, key, .. } in asked {
            let key = &bytes[key.clone()];
            black_box(self.entries.find(*hash, |entry| *entry.key == *key).map(|entry| entry.expiry));
        }
    }

    /// Looks at what will go first.
    pub(super) fn look_at_first(&self) {
        for (_, age, hash) in self.order.next(AHEAD) {
            black_box(expiry(&self.entries, hash, age));
        }
    }

    /// The value of a key's entry, and whether an earlier record made it; `None` where it has none or has expired.
    pub(super) fn read(&self, key: &[u8], at: Moment) -> Option<(&V, bool)> {
        let entry = self.entries.find(self.hasher.hash_one(key), |entry| *entry.key == *key)?;
        (entry.expiry > at.time).then_some((&entry.value, entry.age < at.first))
    }

    /// Whether a change of a key's entry makes one more.
    pub(super) fn grows(&self, key: &[u8]) -> bool {
        self.entries.find(self.hasher.hash_one(key), |entry| *entry.key == *key).is_none()
    }

    /// The value of a key's entry, which is made where there is none, to be changed.
    pub(super) fn change(&mut self, key: &[u8], at: Moment) -> &mut V {
        let Lasting { span, renewed } = self.lasting;
        let end = span.map_or(i64::MAX, |span| at.time.saturating_add(span));
        let hash = self.hasher.hash_one(key);
        self.tidy();
        let (hasher, order) = (&self.hasher, &mut self.order);
        let place = self.entries.entry(hash, |entry| *entry.key == *key, |entry| hasher.hash_one(&*entry.key));
        let entry = match place {
            hashbrown::hash_table::Entry::Occupied(place) => {
                let entry = place.into_mut();
                if entry.expiry <= at.time {
                    (entry.value, entry.expiry, entry.age) = (V::default(), end, at.change);
                    order.push((end, at.change, hash));
                } else if renewed {
                    entry.expiry = end;
                }
                entry
            }
            hashbrown::hash_table::Entry::Vacant(place) => {
                order.push((end, at.change, hash));
                place.insert(Entry { key: key.into(), value: V::default(), expiry: end, age: at.change }).into_mut()
            }
        };
        &mut entry.value
    }

    fn tidy(&mut self) {
        let entries = &self.entries;
        self.order.tidy(entries.len(), |hash, age| expiry(entries, hash, age));
    }

    /// The entry that expires first.
    pub(super) fn first(&mut self) -> Option<Item<u64>> {
        let entries = &self.entries;
        self.order.first(|hash, age| expiry(entries, hash, age))
    }

    /// Takes out the entry that expires first.
    pub(super) fn remove_first(&mut self) {
        if let Some((_, age, hash)) = self.first()
            && let Ok(found) = self.entries.find_entry(hash, |entry| entry.age == age)
        {
            found.remove();
        }
    }

    pub(super) fn clear(&mut self, key: &[u8]) {
        if let Ok(found) = self.entries.find_entry(self.hasher.hash_one(key), |entry| *entry.key == *key) {
            found.remove();
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
        keys + self.entries.allocation_size() + self.order.bytes()
    }
}
