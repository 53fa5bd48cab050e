//! Running compiled programs.

use std::cell::Cell;
use std::sync::Arc;

use quintet_lang::Limits;
use quintet_runtime::{Batch, Instance, Matches, Memory, RecordRef, RuleSet, RunError, Scratch, Trap};

use crate::code::{Parts, RuleCode};
use crate::config::ID;
use crate::context::{Block, BoolFn, Ctx, Env};

/// One thread's way to run a compiled program.
pub(crate) struct Runner {
    code: Arc<Parts>,
    scratch: Scratch,
    state: State,
}

/// What does not change between records but for its contents.
struct State {
    slots: Box<[Cell<usize>]>,
    trap: Cell<Option<Trap>>,
}

impl Runner {
    pub(crate) fn new(code: Arc<Parts>, limits: &Limits) -> Runner {
        let slots = vec![Cell::new(0); code.locals].into();
        Runner { code, scratch: Scratch::new(limits.memory_bytes), state: State { slots, trap: Cell::new(None) } }
    }
}

impl State {
    /// What tests that neither trap nor make values see beside the record.
    #[inline(always)]
    fn plain<'a>(&'a self, code: &'a Parts, scratch: &'a Scratch) -> Env<'a> {
        Env { code, scratch, slots: &self.slots, values: &[], trap: &self.trap }
    }

    /// Runs a test that may trap and make values, in memory that is reset.
    #[inline]
    fn full(
        &self,
        code: &Parts,
        scratch: &mut Scratch,
        (test, values): (&BoolFn, usize),
        memory: Memory<'_>,
        record: usize,
    ) -> Result<bool, Trap> {
        scratch.reset();
        let scratch = &*scratch;
        let values = if values > 0 { Cell::from_mut(scratch.locals(values)).as_slice_of_cells() } else { &[] };
        let env = Env { code, scratch, slots: &self.slots, values, trap: &self.trap };
        let hit = test.test(&Ctx { memory, record, env: &env });
        match self.trap.take() {
            Some(trap) => Err(trap),
            None => Ok(hit),
        }
    }
}

impl Runner {
    /// [`Instance::run`] for one rule that may trap or make values, once scheme and `hits` are as they should be.
    #[inline(never)]
    fn run_full(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        let Runner { code, scratch, state } = self;
        let (memory, record) = (record.memory(), record.offset() / 8);
        if let [RuleCode::Full { filter, test, values }] = &*code.rules {
            let plain = |test: &BoolFn| test.test(&Ctx { memory, record, env: &state.plain(code, scratch) });
            if filter.as_ref().is_none_or(plain) {
                match state.full(code, scratch, (test, *values), memory, record) {
                    Ok(hit) => hits.set_word(0, u64::from(hit)),
                    Err(trap) => hits.trap(0, trap),
                }
            }
        }
        Ok(())
    }

    /// [`Instance::run`] for any number of rules, once scheme and `hits` are as they should be.
    #[inline(never)]
    fn run_many(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        let Runner { code, scratch, state } = self;
        let (memory, record) = (record.memory(), record.offset() / 8);
        let mut env = state.plain(code, scratch);
        for (word, rules) in code.rules.chunks(64).enumerate() {
            let mut bits = 0;
            for (bit, rule) in rules.iter().enumerate() {
                let plain = |test: &BoolFn| test.test(&Ctx { memory, record, env: &env });
                let hit = match rule {
                    RuleCode::Plain(test) => plain(test),
                    RuleCode::Full { filter: Some(filter), .. } if !plain(filter) => false,
                    RuleCode::Full { test, values, .. } => {
                        let hit = state.full(code, scratch, (test, *values), memory, record);
                        env = state.plain(code, scratch);
                        hit.unwrap_or_else(|trap| {
                            hits.trap(word * 64 + bit, trap);
                            false
                        })
                    }
                };
                bits |= u64::from(hit) << bit;
            }
            hits.set_word(word, bits);
        }
        Ok(())
    }
}

impl Instance for Runner {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        let Runner { code, scratch, state } = self;
        if !record.batch().scheme().same(code.linked.scheme()) {
            return Err(RunError::scheme(ID));
        }
        hits.reset(code.rules.len());
        // A filter is a program of one rule: without a loop its call costs little more than the rule.
        match &*code.rules {
            [RuleCode::Plain(test)] => {
                let hit = test.test(&Ctx { memory: record.memory(), record: record.offset() / 8, env: &state.plain(code, scratch) });
                hits.set_word(0, u64::from(hit));
                Ok(())
            }
            [RuleCode::Full { .. }] => self.run_full(record, hits),
            _ => self.run_many(record, hits),
        }
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let Runner { code, scratch, state } = self;
        if !batch.scheme().same(code.linked.scheme()) {
            return Err(RunError::scheme(ID));
        }
        out.reset(code.rules.len(), batch.len());
        let (memory, stride) = (batch.memory(), batch.layout().stride() / 8);
        for index in 0..batch.len().div_ceil(64) {
            let records = (batch.len() - index * 64).min(64);
            let all = u64::MAX >> (64 - records);
            let first = batch.records_offset() / 8 + index * 64 * stride;
            for (rule, tests) in code.rules.iter().enumerate() {
                let plain =
                    |scratch: &Scratch, test: &BoolFn| test.block(&Block { memory, first, stride, env: &state.plain(code, scratch) }, all);
                let hits = match tests {
                    RuleCode::Plain(test) => plain(scratch, test),
                    RuleCode::Full { filter, test, values } => {
                        let mut rest = filter.as_ref().map_or(all, |filter| plain(scratch, filter));
                        let mut hits = 0;
                        while rest != 0 {
                            let bit = rest.trailing_zeros() as usize;
                            rest &= rest - 1;
                            match state.full(code, scratch, (test, *values), memory, first + bit * stride) {
                                Ok(hit) => hits |= (hit as u64) << bit,
                                Err(trap) => out.trap(rule, index * 64 + bit, trap),
                            }
                        }
                        hits
                    }
                };
                out.set_block(rule, index, hits);
            }
        }
        if !out.traps().is_empty() {
            out.sort_traps();
        }
        Ok(())
    }

    fn memory_bytes(&self) -> usize {
        size_of::<Runner>() + size_of_val(&*self.state.slots)
    }
}
