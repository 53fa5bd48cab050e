//! Looks at what the next records will ask large tables for, so that it is in the processor's caches when they do. That changes what a record
//! costs, and nothing else: each look by itself waits for memory, and many looks that do not depend on one another wait for it together.

use std::ops::Range;

use quintet_lang::state::StateKind;

use super::compute::{Compute, Source};
use super::key;
use super::lower::{ActionPlan, ChangePlan, StatePlan};
use super::runner::Turn;
use super::table::Table;
use crate::value::Value;

/// Records that are looked ahead for at once.
pub(super) const AHEAD: usize = 32;

/// Entries of a table that is larger than caches are.
const LARGE: usize = 16_384;

/// What one record will ask a table for.
pub(super) struct Asked {
    /// That of the key.
    pub(super) hash: u64,
    /// Where the key is among the bytes of all.
    pub(super) key: Range<usize>,
    /// Where the value is that will be added, if that is known.
    pub(super) value: Option<Range<usize>>,
}

/// What is kept from one look for the next: its memory.
#[derive(Default)]
pub(super) struct Ahead {
    bytes: Vec<u8>,
    asked: Vec<Asked>,
}

impl Ahead {
    /// Looks at what these records will ask for, in tables of one part.
    pub(super) fn look(&mut self, plan: &StatePlan, tables: &[Table], turns: &[Turn<'_>]) {
        for (state, ((spec, compute), table)) in plan.states.iter().zip(tables).enumerate() {
            let Compute::Direct(sources) = compute else { continue };
            if table.len() < LARGE {
                continue;
            }
            let added = if spec.kind == StateKind::Distinct { added(plan, state) } else { None };
            self.bytes.clear();
            self.asked.clear();
            for turn in turns {
                let start = self.bytes.len();
                let values = sources.iter().map(|source| source.value(turn.record, &|_| Value::Nil));
                if !key::push_all(&spec.key.parts, values, &mut self.bytes) {
                    self.bytes.truncate(start);
                    continue;
                }
                let key = start..self.bytes.len();
                let hash = table.part(0).hash(&self.bytes[key.clone()]);
                let value = added.map(|source| {
                    key::push(&source.value(turn.record, &|_| Value::Nil), &mut self.bytes);
                    key.end..self.bytes.len()
                });
                self.asked.push(Asked { hash, key, value });
            }
            table.part(0).look(&self.bytes, &self.asked);
            if !table.has_room(AHEAD) {
                table.part(0).look_at_first();
            }
        }
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
