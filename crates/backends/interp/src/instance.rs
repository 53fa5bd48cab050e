//! Running rules on records.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use quintet_lang::ast::Span;
use quintet_lang::{HARD_CALLS, Limits};
use quintet_runtime::{
    Batch, Instance, Interrupter, Linked, Matches, RecordRef, RuleSet, RunError, Scratch, Trap, WriteMatches, WriteRuleSet,
};

use crate::block::{Block, Filter};
use crate::compile::Leaves;
use crate::config::ID;
use crate::machine::Machine;

/// One thread's scratch memory and the program.
pub(crate) struct Runner {
    program: Arc<Linked>,
    rooms: Arc<[usize]>,
    leaves: Arc<Leaves>,
    scratch: Scratch,
    /// Scratch memory of what blocks ask one by one, with steps that never end.
    unbounded: Scratch,
    /// What is asked of blocks, by rule, once it was found out.
    filters: Box<[OnceCell<Option<Filter>>]>,
    steps: u64,
    most_calls: usize,
}

impl Runner {
    pub(crate) fn new(program: Arc<Linked>, rooms: Arc<[usize]>, leaves: Arc<Leaves>, limits: &Limits) -> Runner {
        let filters = vec![OnceCell::new(); program.program().rules.len()].into();
        let (scratch, unbounded) = (Scratch::new(limits), Scratch::new(limits));
        Runner { program, rooms, leaves, scratch, unbounded, filters, steps: limits.steps, most_calls: limits.calls.min(HARD_CALLS) }
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
            let all = u64::MAX >> (64 - (records.end - first).min(64));
            let filter = self.filters[rule].get_or_init(|| Filter::of(&self.program, rule, self.steps));
            let filter = filter.filter(|filter| batch.longest() <= filter.within);
            let mut rest = filter.map_or(all, |filter| {
                let Runner { program, leaves, rooms, unbounded, .. } = self;
                Block { linked: program, leaves, rooms, batch, rule, first, scratch: unbounded }.filter(filter, all)
            });
            let mut bits = 0;
            if filter.is_some_and(|filter| filter.whole) {
                (bits, rest) = (rest, 0);
            }
            while rest != 0 {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                match self.test(rule, batch.record(first + bit)) {
                    Ok(hit) => bits |= u64::from(hit) << bit,
                    Err(fault) => out.trap(row, first + bit - records.start, fault),
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
        size_of::<Runner>() + size_of_val(&*self.filters) + self.scratch.memory_bytes() + self.unbounded.memory_bytes()
    }

    fn interrupter(&self) -> Interrupter {
        self.scratch.interrupter()
    }
}
