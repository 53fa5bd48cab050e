//! Running rules on records.

use std::ops::Range;
use std::sync::Arc;

use quintet_lang::ast::Span;
use quintet_lang::{HARD_CALLS, Limits};
use quintet_runtime::{
    Batch, Instance, Interrupter, Linked, Matches, RecordRef, RuleSet, RunError, Scratch, Trap, WriteMatches, WriteRuleSet,
};

use crate::compile::Leaves;
use crate::config::ID;
use crate::machine::Machine;

/// One thread's scratch memory and the program.
pub(crate) struct Runner {
    program: Arc<Linked>,
    rooms: Arc<[usize]>,
    leaves: Arc<Leaves>,
    scratch: Scratch,
    most_calls: usize,
}

impl Runner {
    pub(crate) fn new(program: Arc<Linked>, rooms: Arc<[usize]>, leaves: Arc<Leaves>, limits: &Limits) -> Runner {
        Runner { program, rooms, leaves, scratch: Scratch::new(limits), most_calls: limits.calls.min(HARD_CALLS) }
    }

    fn rules(&self) -> usize {
        self.program.program().rules.len()
    }

    fn check(&self, batch: &Batch) -> Result<(), RunError> {
        if self.program.scheme().same(batch.scheme()) { Ok(()) } else { Err(RunError::scheme(ID)) }
    }

    /// Whether rule `rule` matches `record`.
    #[inline]
    fn test(&mut self, rule: usize, record: RecordRef<'_>) -> Result<bool, (Trap, Span)> {
        self.scratch.reset();
        let it = &self.program.program().rules[rule];
        Machine::new(&self.program, (&self.leaves, &self.rooms), record, &self.scratch, (rule, self.most_calls)).rule(it)
    }

    /// Fills `row` of the answers with those of rule `rule` on `records`.
    fn row(&mut self, rule: usize, batch: &Batch, records: Range<usize>, row: usize, out: &mut Matches) -> Result<(), RunError> {
        for block in 0..out.row_words() {
            self.scratch.go_on(ID)?;
            let first = records.start + block * 64;
            let mut bits = 0;
            for record in first..records.end.min(first + 64) {
                match self.test(rule, batch.record(record)) {
                    Ok(hit) => bits |= u64::from(hit) << (record - first),
                    Err(fault) => out.trap(row, record - records.start, fault),
                }
            }
            out.set_block(row, block, bits);
        }
        Ok(())
    }
}

impl Instance for Runner {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        self.check(record.batch())?;
        hits.reset(self.rules());
        for rule in 0..self.rules() {
            match self.test(rule, record) {
                Ok(true) => hits.insert(rule),
                Ok(false) => {}
                Err(fault) => hits.trap(rule, fault),
            }
        }
        self.scratch.finish(ID)
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        out.reset(self.rules(), batch.len());
        for rule in 0..self.rules() {
            self.row(rule, batch, 0..batch.len(), rule, out)?;
        }
        out.finish();
        self.scratch.finish(ID)
    }

    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        RunError::unless_has(ID, (rule, self.rules()), (&records, batch.len()))?;
        out.reset(1, records.len());
        self.row(rule, batch, records, 0, out)?;
        out.finish();
        self.scratch.finish(ID)
    }

    fn memory_bytes(&self) -> usize {
        size_of::<Runner>() + self.scratch.memory_bytes()
    }

    fn interrupter(&self) -> Interrupter {
        self.scratch.interrupter()
    }
}
