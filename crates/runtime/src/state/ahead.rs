//! Looks at what the next records will ask large tables for, so that it is in the processor's caches when they do. That changes what a record
//! costs, and nothing else: each look by itself waits for memory, and many looks that do not depend on one another wait for it together.

use std::ops::Range;

use foldhash::fast::RandomState;
use quintet_lang::state::StateKind;

use super::compute::{Compute, Source};
use super::key::{self, Hashed};
use super::lower::{ActionPlan, ChangePlan, StatePlan};
use super::runner::Turn;
use super::table::Table;
use crate::value::Value;

/// Records that are looked ahead for at once.
pub(super) const AHEAD: usize = 64;

/// Entries of a table that is larger than caches are.
const LARGE: usize = 16_384;

/// What one record will ask a table for.
pub(super) struct Asked {
    /// That of the key.
    pub(super) hash: u32,
    /// Where the value is, among the bytes of all, that will be added, if that is known.
    pub(super) value: Option<Range<usize>>,
}

/// A record's key of a table.
#[derive(Default)]
pub(super) struct RecordKey {
    /// The number of the record, and one more.
    pub(super) of: u64,
    /// Whether it has one.
    pub(super) there: bool,
    pub(super) bytes: Vec<u8>,
    pub(super) hash: u32,
}

impl RecordKey {
    pub(super) fn hashed(&self) -> Hashed<'_> {
        Hashed { bytes: &self.bytes, hash: self.hash }
    }
}

/// What is known of the next records.
#[derive(Default)]
pub(super) struct Ahead {
    /// Of each table, their keys.
    keys: Vec<Vec<RecordKey>>,
    /// Of all values.
    bytes: Vec<u8>,
    asked: Vec<Asked>,
}

impl Ahead {
    /// Looks at what these records will ask for, in tables of one part.
    pub(super) fn look(&mut self, plan: &StatePlan, (tables, hasher): (&[Table], &RandomState), turns: &[Turn<'_>]) {
        self.keys.resize_with(tables.len(), Vec::new);
        for (state, (((spec, compute), table), keys)) in plan.states.iter().zip(tables).zip(&mut self.keys).enumerate() {
            let Compute::Direct(sources) = compute else { continue };
            if table.len() < LARGE {
                continue;
            }
            let added = if spec.kind == StateKind::Distinct { added(plan, state) } else { None };
            self.bytes.clear();
            self.asked.clear();
            keys.resize_with(AHEAD, RecordKey::default);
            for (turn, key) in turns.iter().zip(keys) {
                let values = sources.iter().map(|source| source.value(turn.record, &|_| Value::Nil));
                key.bytes.clear();
                key.of = turn.at.record + 1;
                key.there = key::push_all(&spec.key.parts, values, &mut key.bytes);
                if !key.there {
                    continue;
                }
                key.hash = key::hash(hasher, &*key.bytes);
                let value = added.map(|source| {
                    let start = self.bytes.len();
                    key::push(&source.value(turn.record, &|_| Value::Nil), &mut self.bytes);
                    start..self.bytes.len()
                });
                self.asked.push(Asked { hash: key.hash, value });
            }
            table.part(0).look(&self.bytes, &self.asked);
            if !table.has_room(AHEAD) {
                table.part(0).look_at_first();
            }
        }
    }

    /// A record's key of a table, if it was looked at.
    pub(super) fn key(&mut self, state: usize, turn: Turn<'_>) -> Option<&mut RecordKey> {
        self.keys.get_mut(state)?.get_mut(turn.place).filter(|key| key.of == turn.at.record + 1)
    }
}

/// What is added to a table first, if it stands in the record.
fn added(plan: &StatePlan, state: usize) -> Option<&Source> {
    let changes = plan.steps.iter().filter_map(|step| if let ActionPlan::On(changes) = &step.action { Some(changes) } else { None });
    changes.flatten().find_map(|(of, change)| match change {
        ChangePlan::Add(Compute::Direct(sources)) if *of == state => sources.first().filter(|source| matches!(source, Source::Field(_))),
        _ => None,
    })
}
