//! Tables, in one part or in several: a part for each thread, so that threads change their own keys without waiting for one another.

use foldhash::fast::RandomState;
use quintet_lang::state::{Life, State, StateKind};

use super::ahead::Asked;
use super::key::Hashed;
use super::keyed::{Keyed, Lasting, Moment};
use super::order::Item;
use super::short::ShortText;
use super::windowed::Windowed;
use crate::value::Value;

/// A change of an entry.
#[derive(Clone, Copy)]
pub(super) enum Op<'v> {
    /// Adds to a count or sum, or marks a key.
    Add(i64),
    /// Adds a value to distinct ones.
    Insert(&'v [u8]),
    /// Sets the value.
    Set(Value<'v>),
    /// Takes the entry out.
    Clear,
}

/// A table of a program, with its entries.
pub(super) struct Table {
    max: usize,
    parts: Vec<Part>,
    /// Entries that went for want of room before they had expired.
    evicted: u64,
}

/// The entries of some of the keys.
pub(super) struct Part {
    kind: StateKind,
    entries: Entries,
}

enum Entries {
    Numbers(Keyed<i64>),
    Texts(Keyed<ShortText>),
    Windowed(Windowed),
}

impl Part {
    fn new(kind: StateKind, life: Life, hasher: &RandomState) -> Part {
        let keyed = |span, renewed| match kind {
            StateKind::Bytes => Entries::Texts(Keyed::new(Lasting { span, renewed }, hasher.clone())),
            StateKind::Count | StateKind::Sum | StateKind::Distinct | StateKind::Seen | StateKind::Int => {
                Entries::Numbers(Keyed::new(Lasting { span, renewed }, hasher.clone()))
            }
        };
        let entries = match (kind, life) {
            // Distinct values that never expire have all the time that there is.
            (StateKind::Distinct, _) => Entries::Windowed(Windowed::new(life.span().unwrap_or(i64::MAX), true, hasher.clone())),
            (_, Life::Sliding(span)) => Entries::Windowed(Windowed::new(span, false, hasher.clone())),
            (_, Life::Ever) => keyed(None, false),
            (_, Life::Fixed(span)) => keyed(Some(span), false),
            (_, Life::Kept(span)) => keyed(Some(span), true),
        };
        Part { kind, entries }
    }

    /// Looks at what will be asked for.
    pub(super) fn look(&self, bytes: &[u8], asked: &[Asked]) {
        match &self.entries {
            Entries::Numbers(entries) => entries.look(asked),
            Entries::Texts(entries) => entries.look(asked),
            Entries::Windowed(entries) => entries.look(bytes, asked),
        }
    }

    /// Looks at what will go first.
    pub(super) fn look_at_first(&self) {
        match &self.entries {
            Entries::Numbers(entries) => entries.look_at_first(),
            Entries::Texts(entries) => entries.look_at_first(),
            Entries::Windowed(entries) => entries.look_at_first(),
        }
    }

    /// To be called before the entry of a key is read.
    pub(super) fn settle(&mut self, key: Hashed<'_>, at: Moment) {
        if let Entries::Windowed(entries) = &mut self.entries {
            entries.settle(key, at.time);
        }
    }

    /// The value of a key's entry.
    pub(super) fn read(&self, key: Hashed<'_>, at: Moment) -> Value<'_> {
        match &self.entries {
            Entries::Numbers(entries) => {
                let found = entries.read(key, at);
                match self.kind {
                    StateKind::Seen => Value::Bool(found.is_some_and(|(_, earlier)| earlier)),
                    StateKind::Int => found.map_or(Value::Nil, |(value, _)| Value::Int(*value)),
                    StateKind::Count | StateKind::Sum | StateKind::Distinct | StateKind::Bytes => {
                        Value::Int(found.map_or(0, |(value, _)| *value))
                    }
                }
            }
            Entries::Texts(entries) => entries.read(key, at).map_or(Value::Nil, |(bytes, _)| Value::Bytes(bytes)),
            Entries::Windowed(entries) => {
                let (count, total) = entries.read(key).unwrap_or_default();
                Value::Int(if self.kind == StateKind::Sum { total } else { i64::from(count) })
            }
        }
    }

    /// Whether a change makes one more entry; the key is settled.
    fn grows(&self, key: Hashed<'_>, op: Op<'_>) -> bool {
        match (&self.entries, op) {
            (_, Op::Clear) => false,
            (Entries::Numbers(entries), _) => entries.grows(key),
            (Entries::Texts(entries), _) => entries.grows(key),
            (Entries::Windowed(entries), Op::Insert(value)) => entries.grows(key, value),
            (Entries::Windowed(entries), Op::Add(_) | Op::Set(_)) => entries.grows(key, &[]),
        }
    }

    /// Changes the entry of a key, where there is room.
    pub(super) fn change(&mut self, key: Hashed<'_>, op: Op<'_>, at: Moment) {
        match (&mut self.entries, op) {
            (Entries::Numbers(entries), Op::Clear) => entries.clear(key),
            (Entries::Texts(entries), Op::Clear) => entries.clear(key),
            (Entries::Windowed(entries), Op::Clear) => entries.clear(key),
            (Entries::Numbers(entries), Op::Add(amount)) => entries.change(key, at, |value| *value = value.wrapping_add(amount)),
            (Entries::Windowed(entries), Op::Add(amount)) => entries.add(key, &[], amount, at),
            (Entries::Windowed(entries), Op::Insert(value)) => entries.add(key, value, 1, at),
            (Entries::Numbers(entries), Op::Set(Value::Int(i))) => entries.change(key, at, |value| *value = i),
            (Entries::Texts(entries), Op::Set(Value::Bytes(bytes))) => entries.change(key, at, |value| {
                if **value != *bytes {
                    *value = bytes.into();
                }
            }),
            // The checker makes no such change.
            (Entries::Numbers(_), Op::Insert(_) | Op::Set(_))
            | (Entries::Texts(_), Op::Add(_) | Op::Insert(_) | Op::Set(_))
            | (Entries::Windowed(_), Op::Set(_)) => {}
        }
    }

    /// The entry that expires first.
    fn first(&mut self) -> Option<Item> {
        match &mut self.entries {
            Entries::Numbers(entries) => entries.first(),
            Entries::Texts(entries) => entries.first(),
            Entries::Windowed(entries) => entries.first(),
        }
    }

    /// Takes out the entry that expires first, which [`Part::first`] has just answered.
    fn remove_first(&mut self, first: Item) {
        match &mut self.entries {
            Entries::Numbers(entries) => entries.remove_first(first),
            Entries::Texts(entries) => entries.remove_first(first),
            Entries::Windowed(entries) => entries.remove_first(first),
        }
    }

    fn live(&self, time: i64, each: &mut dyn FnMut(&[u8], Value<'_>)) {
        match &self.entries {
            Entries::Numbers(entries) => entries.live(time).for_each(|(key, value)| match self.kind {
                StateKind::Seen => each(key, Value::Bool(true)),
                StateKind::Count | StateKind::Sum | StateKind::Distinct | StateKind::Int | StateKind::Bytes => {
                    each(key, Value::Int(*value))
                }
            }),
            Entries::Texts(entries) => entries.live(time).for_each(|(key, bytes)| each(key, Value::Bytes(bytes))),
            Entries::Windowed(entries) => entries
                .live(time)
                .for_each(|(key, count, total)| each(key, Value::Int(if self.kind == StateKind::Sum { total } else { count }))),
        }
    }

    fn len(&self) -> usize {
        match &self.entries {
            Entries::Numbers(entries) => entries.len(),
            Entries::Texts(entries) => entries.len(),
            Entries::Windowed(entries) => entries.len(),
        }
    }

    fn bytes(&self) -> usize {
        match &self.entries {
            Entries::Numbers(entries) => entries.bytes(),
            Entries::Texts(entries) => {
                let texts: usize = entries.live(i64::MIN).map(|(_, bytes)| bytes.elsewhere()).sum();
                entries.bytes() + texts
            }
            Entries::Windowed(entries) => entries.bytes(),
        }
    }
}

impl Table {
    pub(super) fn new(state: &State, parts: usize, hasher: &RandomState) -> Table {
        Table::of(state.kind, state.life, state.max, (parts, hasher))
    }

    pub(super) fn of(kind: StateKind, life: Life, max: u32, (parts, hasher): (usize, &RandomState)) -> Table {
        Table { max: max as usize, parts: (0..parts).map(|_| Part::new(kind, life, hasher)).collect(), evicted: 0 }
    }

    /// The part that has a record's key.
    pub(super) fn part(&self, part: usize) -> &Part {
        &self.parts[part]
    }

    pub(super) fn part_mut(&mut self, part: usize) -> &mut Part {
        &mut self.parts[part]
    }

    /// All parts, for as many threads. Where there is [room](Table::has_room) for all that they may do, none has to know of the others.
    pub(super) fn parts_mut(&mut self) -> impl Iterator<Item = &mut Part> {
        self.parts.iter_mut()
    }

    /// Whether so many more entries have room.
    pub(super) fn has_room(&self, entries: usize) -> bool {
        self.len().saturating_add(entries) <= self.max
    }

    /// Changes the entry of a key. Where there is no room for one more, that which expires first goes.
    pub(super) fn change(&mut self, part: usize, key: Hashed<'_>, op: Op<'_>, at: Moment) {
        if !self.has_room(1) {
            self.parts[part].settle(key, at);
            if !self.has_room(1) && self.parts[part].grows(key, op) {
                self.make_room(at);
            }
        }
        self.parts[part].change(key, op, at);
    }

    /// Takes out the entry that expires first.
    fn make_room(&mut self, at: Moment) {
        let firsts = self.parts.iter_mut().enumerate().filter_map(|(part, entries)| Some((entries.first()?, part)));
        let Some((first, part)) = firsts.min() else { return };
        self.parts[part].remove_first(first);
        self.evicted += u64::from(first.0 > at.time);
    }

    /// Calls `each` with the key and value of all entries that have not expired, in no order.
    pub(super) fn live(&self, time: i64, each: &mut dyn FnMut(&[u8], Value<'_>)) {
        self.parts.iter().for_each(|part| part.live(time, each));
    }

    /// How many entries went for want of room before they had expired.
    pub(super) fn evicted(&self) -> u64 {
        self.evicted
    }

    /// How many entries there are, with those that have expired and were not asked for since.
    pub(super) fn len(&self) -> usize {
        self.parts.iter().map(Part::len).sum()
    }

    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(Part::bytes).sum()
    }
}
