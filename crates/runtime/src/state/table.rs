//! Tables.

use quintet_lang::state::{Life, State, StateKind};

use super::keyed::{Keyed, Lasting, Moment};
use super::windowed::Windowed;
use crate::value::Value;

/// What an entry holds.
pub(super) struct Reading<'t> {
    pub(super) value: i64,
    pub(super) bytes: &'t [u8],
    /// Whether an earlier record made it.
    pub(super) earlier: bool,
}

/// A table of a program, with its entries.
pub(crate) struct Table {
    kind: StateKind,
    entries: Entries,
}

enum Entries {
    Keyed(Keyed),
    Windowed(Windowed),
}

impl Table {
    pub(crate) fn new(state: &State) -> Table {
        Table::of(state.kind, state.life, state.max)
    }

    pub(crate) fn of(kind: StateKind, life: Life, max: u32) -> Table {
        let max = max as usize;
        let keyed = |span, renewed| Entries::Keyed(Keyed::new(Lasting { span, renewed }, max));
        let entries = match (kind, life) {
            // Distinct values that never expire have all the time that there is.
            (StateKind::Distinct, _) => Entries::Windowed(Windowed::new(life.span().unwrap_or(i64::MAX), true, max)),
            (_, Life::Sliding(span)) => Entries::Windowed(Windowed::new(span, false, max)),
            (_, Life::Ever) => keyed(None, false),
            (_, Life::Fixed(span)) => keyed(Some(span), false),
            (_, Life::Kept(span)) => keyed(Some(span), true),
        };
        Table { kind, entries }
    }

    /// To be called before the entry of a key is read.
    pub(crate) fn settle(&mut self, key: &[u8], at: Moment) {
        if let Entries::Windowed(entries) = &mut self.entries {
            entries.settle(key, at.time);
        }
    }

    /// The value of a key's entry.
    pub(crate) fn read(&self, key: &[u8], at: Moment) -> Value<'_> {
        match &self.entries {
            Entries::Keyed(entries) => {
                let found = entries.read(key, at);
                match self.kind {
                    StateKind::Count | StateKind::Sum | StateKind::Distinct => Value::Int(found.map_or(0, |found| found.value)),
                    StateKind::Seen => Value::Bool(found.is_some_and(|found| found.earlier)),
                    StateKind::Int => found.map_or(Value::Nil, |found| Value::Int(found.value)),
                    StateKind::Bytes => found.map_or(Value::Nil, |found| Value::Bytes(found.bytes)),
                }
            }
            Entries::Windowed(entries) => {
                let (count, total) = entries.read(key).unwrap_or_default();
                Value::Int(if self.kind == StateKind::Sum { total } else { i64::from(count) })
            }
        }
    }

    /// Adds one, or the record.
    pub(crate) fn mark(&mut self, key: &[u8], at: Moment) {
        self.add(key, 1, at);
    }

    /// Adds to a count or sum.
    pub(crate) fn add(&mut self, key: &[u8], amount: i64, at: Moment) {
        match &mut self.entries {
            Entries::Keyed(entries) => entries.add(key, amount, at),
            Entries::Windowed(entries) => entries.add(key, &[], amount, at),
        }
    }

    /// Adds a value to distinct ones.
    pub(crate) fn insert(&mut self, key: &[u8], value: &[u8], at: Moment) {
        match &mut self.entries {
            Entries::Keyed(entries) => entries.add(key, 1, at),
            Entries::Windowed(entries) => entries.add(key, value, 1, at),
        }
    }

    /// Sets what is not nil.
    pub(crate) fn set(&mut self, key: &[u8], value: &Value<'_>, at: Moment) {
        let Entries::Keyed(entries) = &mut self.entries else { return };
        match value {
            Value::Int(i) => entries.set(key, *i, &[], at),
            Value::Bytes(bytes) => entries.set(key, 0, bytes, at),
            _ => {}
        }
    }

    pub(crate) fn clear(&mut self, key: &[u8]) {
        match &mut self.entries {
            Entries::Keyed(entries) => entries.clear(key),
            Entries::Windowed(entries) => entries.clear(key),
        }
    }

    /// Calls `each` with the key and value of all entries that have not expired, in no order.
    pub(crate) fn live(&self, time: i64, each: &mut dyn FnMut(&[u8], Value<'_>)) {
        match &self.entries {
            Entries::Keyed(entries) => entries.live(time).for_each(|(key, value, bytes)| match self.kind {
                StateKind::Count | StateKind::Sum | StateKind::Distinct | StateKind::Int => each(key, Value::Int(value)),
                StateKind::Seen => each(key, Value::Bool(true)),
                StateKind::Bytes => each(key, Value::Bytes(bytes)),
            }),
            Entries::Windowed(entries) => entries
                .live(time)
                .for_each(|(key, count, total)| each(key, Value::Int(if self.kind == StateKind::Sum { total } else { count }))),
        }
    }

    /// How many entries went for want of room before they had expired.
    pub(crate) fn evicted(&self) -> u64 {
        match &self.entries {
            Entries::Keyed(entries) => entries.evicted,
            Entries::Windowed(entries) => entries.evicted,
        }
    }

    /// How many entries there are, with those that have expired and were not asked for since.
    pub(crate) fn len(&self) -> usize {
        match &self.entries {
            Entries::Keyed(entries) => entries.len(),
            Entries::Windowed(entries) => entries.len(),
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        match &self.entries {
            Entries::Keyed(entries) => entries.bytes(),
            Entries::Windowed(entries) => entries.bytes(),
        }
    }
}
