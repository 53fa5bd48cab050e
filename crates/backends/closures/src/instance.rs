//! Running compiled programs.
//!
//! Steps are counted exactly where they could pass the limit. In blocks of records they are not: a block is asked only where the longest
//! record of the batch cannot take more than half of the budget, which holds for all but hostile rules and records; what the
//! other operands of a rule count then begins at half of the budget, and where that passes the limit, the record is asked once more from
//! the start.

use std::cell::Cell;
use std::ops::Range;
use std::sync::Arc;

use quintet_lang::ast::{Expr, ExprKind, FnId, LogicOp, Span};
use quintet_lang::{HARD_CALLS, HARD_STEPS, Limits};
use quintet_runtime::{
    Batch, CallError, Candidates, FREE, Fault, FilterError, Instance, Interrupter, Linked, Matches, Memory, OwnedValue, RecordRef, RuleSet,
    RunError, Scratch, Trap, Value, WriteMatches, WriteRuleSet, admit, longest_within, set_bits,
};

use crate::code::{Filter, FnCode, Parts, RuleCode};
use crate::config::ID;
use crate::context::{Block, BoolFn, Ctx, Env};
use crate::frame::{Frames, Stack, ValueFrame};

/// One thread's way to run a compiled program.
pub(crate) struct Runner {
    code: Arc<Parts>,
    scratch: Scratch,
    state: State,
    candidates: Option<Box<Candidates>>,
}

/// What does not change between records but for its contents.
pub(crate) struct State {
    slots: Box<[Cell<usize>]>,
    pub(crate) trap: Cell<Option<Trap>>,
    pub(crate) place: Cell<u32>,
    /// Scratch memory that is never used, with steps that never end: for blocks.
    unbounded: Scratch,
    /// The word of steps at half of the budget.
    half_used: u64,
    half: u64,
    /// Where functions of the script run.
    pub(crate) stack: Stack,
    /// By rule: the bytes of the longest record with which its block takes no more than half of the budget, once that was asked.
    within: Box<[Cell<Option<usize>>]>,
}

/// Where the records are that are asked.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    pub(crate) memory: Memory<'a>,
    /// The index of the record's first word.
    pub(crate) record: usize,
}

impl Runner {
    pub(crate) fn new(code: Arc<Parts>, limits: &Limits) -> Runner {
        let slots = vec![Cell::new(0); code.locals].into();
        let within = vec![Cell::new(None); code.rules.len()].into();
        let scratch = Scratch::new(limits);
        let half = limits.steps.min(HARD_STEPS) / 2;
        scratch.begin_steps();
        // Half of the budget is within the budget.
        let _ = scratch.steps(half);
        let half_used = scratch.meter_word();
        let unbounded = Scratch::new(limits);
        unbounded.set_meter_word(FREE);
        let stack = Stack::new(limits.calls.min(HARD_CALLS), code.words, code.lists);
        Runner {
            candidates: Candidates::new(&code.linked, limits),
            code,
            scratch,
            state: State { slots, trap: Cell::new(None), place: Cell::new(0), unbounded, half_used, half, stack, within },
        }
    }
}

/// The answer of a test, where its steps are within the budget. Otherwise counting begins anew, for tests after it that count nothing and are
/// not to find it used up.
#[inline(always)]
fn within_budget(scratch: &Scratch, hit: bool) -> Result<bool, Trap> {
    if !scratch.is_exhausted() {
        return Ok(hit);
    }
    scratch.begin_steps();
    Err(Trap::Budget)
}

impl State {
    /// What tests see beside the record that make no values, and do not trap within the steps of `scratch`.
    #[inline(always)]
    fn plain<'a>(&'a self, code: &'a Parts, scratch: &'a Scratch) -> Env<'a> {
        self.env(code, scratch, &[])
    }

    /// What tests see beside the record, with these values of locals.
    #[inline(always)]
    pub(crate) fn env<'a>(&'a self, code: &'a Parts, scratch: &'a Scratch, values: ValueFrame<'a>) -> Env<'a> {
        let (values, words) = (Cell::new(values), Cell::new(<&[_]>::default()));
        Env {
            code,
            scratch,
            slots: &self.slots,
            values,
            words,
            lists: &self.stack.lists,
            frames: None,
            trap: &self.trap,
            place: &self.place,
        }
    }

    /// Whether the first operands of a rule, or all of a rule where `items` says nothing else, take at most half of the budget on records
    /// whose values take `longest` bytes.
    #[inline]
    fn is_within(&self, linked: &Linked, rule: usize, items: usize, longest: usize) -> bool {
        let Some(within) = self.within.get(rule) else { return false };
        let most = within.get().unwrap_or_else(|| {
            let most = self.longest_within(&linked.program().rules[rule].expr, linked, items);
            within.set(Some(most));
            most
        });
        longest <= most
    }

    #[cold]
    fn longest_within(&self, expr: &Expr, linked: &Linked, items: usize) -> usize {
        let items = match &expr.kind {
            ExprKind::Logic { op: LogicOp::And, items: all } => &all[..items.min(all.len())],
            _ => std::slice::from_ref(expr),
        };
        longest_within(linked, items.iter(), self.half)
    }

    /// Runs the tests of a rule on a record within the budget, whose steps begin at `word`, in memory that is reset.
    #[inline]
    fn full(
        &self,
        code: &Parts,
        scratch: &mut Scratch,
        (filter, test, values): (Option<&BoolFn>, &BoolFn, usize),
        Place { memory, record }: Place<'_>,
        word: Option<u64>,
    ) -> Result<bool, Trap> {
        scratch.reset();
        if let Some(word) = word {
            scratch.set_meter_word(word);
        }
        let scratch = &*scratch;
        let values = if values > 0 { Cell::from_mut(scratch.locals(values)).as_slice_of_cells() } else { &[] };
        let cx = Ctx { memory, record, env: &self.env(code, scratch, values) };
        let hit = filter.is_none_or(|filter| filter.test(&cx)) && !scratch.is_exhausted() && test.test(&cx);
        match self.trap.take() {
            Some(trap) => {
                scratch.begin_steps();
                Err(trap)
            }
            None => within_budget(scratch, hit),
        }
    }

    /// A rule's trap, with the place that its statements have noted.
    #[cold]
    fn fault(&self, code: &Parts, rule: usize, trap: Trap) -> (Trap, Span) {
        code.linked.fault(rule, trap.at(self.place.take())).unwrap_or((trap, Span::default()))
    }

    /// Runs a rule with statements on a record.
    fn script(
        &self,
        code: &Parts,
        scratch: &mut Scratch,
        (before, test): (&FnCode, &BoolFn),
        Place { memory, record }: Place<'_>,
    ) -> Result<bool, Trap> {
        scratch.reset();
        let scratch = &*scratch;
        let frames = Frames::new(&self.stack);
        let env = Env { frames: Some(&frames), ..self.env(code, scratch, &[]) };
        let cx = Ctx { memory, record, env: &env };
        let hit = frames.begin(&cx, before) && test.test(&cx);
        self.stack.give_back(frames.lists.get());
        match self.trap.take() {
            Some(trap) => {
                scratch.begin_steps();
                Err(trap)
            }
            None => within_budget(scratch, hit),
        }
    }

    /// Runs a test that may count steps on a record.
    #[inline]
    fn counting(&self, code: &Parts, scratch: &Scratch, test: &BoolFn, Place { memory, record }: Place<'_>) -> Result<bool, Trap> {
        scratch.begin_steps();
        let hit = test.test(&Ctx { memory, record, env: &self.plain(code, scratch) });
        within_budget(scratch, hit)
    }

    /// Runs a rule on a record, with exact steps.
    #[inline(never)]
    fn exact(&self, code: &Parts, scratch: &mut Scratch, rule: &RuleCode, place: Place<'_>) -> Result<bool, Trap> {
        let plain = |scratch: &Scratch, test: &BoolFn| {
            let Place { memory, record } = place;
            test.test(&Ctx { memory, record, env: &self.plain(code, scratch) })
        };
        match rule {
            RuleCode::Plain(test) => Ok(plain(scratch, test)),
            RuleCode::Counting(test) => self.counting(code, scratch, test, place),
            RuleCode::Script { before, test } => self.script(code, scratch, (before, test), place),
            RuleCode::Full { filter: Some(Filter { test: filter, counting: 0 }), test, values } => {
                if plain(scratch, filter) {
                    self.full(code, scratch, (None, test, *values), place, None)
                } else {
                    Ok(false)
                }
            }
            RuleCode::Full { filter, test, values } => {
                let filter = filter.as_ref().map(|filter| &filter.test);
                self.full(code, scratch, (filter, test, *values), place, None)
            }
        }
    }

    /// The answers of a rule on a block of records.
    fn block(
        &self,
        code: &Parts,
        scratch: &mut Scratch,
        (number, rule): (usize, &RuleCode),
        (memory, first, stride): (Memory<'_>, usize, usize),
        (all, longest): (u64, usize),
        trap: &mut dyn FnMut(usize, (Trap, Span)),
    ) -> u64 {
        let plain = |scratch: &Scratch, test: &BoolFn| test.block(&Block { memory, first, stride, env: &self.plain(code, scratch) }, all);
        // Records that are still to be asked one by one, and what of the rule is to be asked.
        let (mut rest, filter, within) = match rule {
            RuleCode::Plain(test) => return plain(scratch, test),
            RuleCode::Counting(test) if self.is_within(&code.linked, number, usize::MAX, longest) => {
                return plain(&self.unbounded, test);
            }
            RuleCode::Counting(_) | RuleCode::Script { .. } | RuleCode::Full { filter: None, .. } => (all, None, false),
            RuleCode::Full { filter: Some(Filter { test, counting: 0 }), .. } => (plain(scratch, test), Some(test), false),
            RuleCode::Full { filter: Some(Filter { test, counting }), .. } => {
                if self.is_within(&code.linked, number, *counting, longest) {
                    (plain(&self.unbounded, test), Some(test), true)
                } else {
                    (all, None, false)
                }
            }
        };
        let mut hits = 0;
        while rest != 0 {
            let bit = rest.trailing_zeros() as usize;
            rest &= rest - 1;
            let place = Place { memory, record: first + bit * stride };
            let answer = match rule {
                RuleCode::Full { test, values, .. } if filter.is_some() => {
                    let word = within.then_some(self.half_used);
                    match self.full(code, scratch, (None, test, *values), place, word) {
                        Err(Trap::Budget) if within => self.exact(code, scratch, rule, place),
                        answer => answer,
                    }
                }
                _ => self.exact(code, scratch, rule, place),
            };
            match answer {
                Ok(hit) => hits |= u64::from(hit) << bit,
                Err(kind) => trap(bit, self.fault(code, number, kind)),
            }
        }
        hits
    }
}

impl Runner {
    /// [`Instance::run`] for one rule, once scheme and `hits` are as they should be.
    #[inline(never)]
    fn run_one(&mut self, rule: usize, record: RecordRef<'_>) -> Result<bool, Trap> {
        let Runner { code, scratch, state, .. } = self;
        let place = Place { memory: record.memory(), record: record.offset() / 8 };
        state.exact(code, scratch, &code.rules[rule], place)
    }

    /// [`Instance::run`] for the rules that may match, once scheme and `hits` are as they should be; without doing anything where that is not
    /// known.
    #[inline(never)]
    fn run_some(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Option<()> {
        let Runner { code, scratch, state, candidates } = self;
        let place = Place { memory: record.memory(), record: record.offset() / 8 };
        for rule in set_bits(candidates.as_mut()?.record(record, hits)?) {
            match state.exact(code, scratch, &code.rules[rule], place) {
                Ok(true) => hits.insert(rule),
                Ok(false) => {}
                Err(trap) => hits.trap(rule, state.fault(code, rule, trap)),
            }
        }
        Some(())
    }

    /// [`Instance::run`] for any number of rules, once scheme and `hits` are as they should be.
    #[inline(never)]
    fn run_many(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        if self.run_some(record, hits).is_some() {
            return self.scratch.finish(ID);
        }
        let Runner { code, scratch, state, .. } = self;
        let place = Place { memory: record.memory(), record: record.offset() / 8 };
        let longest = record.batch().longest();
        // What makes no values and stays within the budget sees the same all along.
        let env = state.plain(code, &state.unbounded);
        let cx = Ctx { memory: place.memory, record: place.record, env: &env };
        for (word, rules) in code.rules.chunks(64).enumerate() {
            let mut bits = 0;
            for (bit, rule) in rules.iter().enumerate() {
                let hit = match rule {
                    RuleCode::Plain(test) => test.test(&cx),
                    RuleCode::Counting(test) if state.is_within(&code.linked, word * 64 + bit, usize::MAX, longest) => test.test(&cx),
                    rule => state.exact(code, scratch, rule, place).unwrap_or_else(|trap| {
                        hits.trap(word * 64 + bit, state.fault(code, word * 64 + bit, trap));
                        false
                    }),
                };
                bits |= u64::from(hit) << bit;
            }
            hits.set_word(word, bits);
        }
        scratch.finish(ID)
    }
}

impl Instance for Runner {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        let Runner { code, scratch, state, .. } = self;
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
            [RuleCode::Counting(test)] if state.is_within(&code.linked, 0, usize::MAX, record.batch().longest()) => {
                let env = state.plain(code, &state.unbounded);
                let hit = test.test(&Ctx { memory: record.memory(), record: record.offset() / 8, env: &env });
                hits.set_word(0, u64::from(hit));
                Ok(())
            }
            [_] => {
                match self.run_one(0, record) {
                    Ok(hit) => hits.set_word(0, u64::from(hit)),
                    Err(trap) => hits.trap(0, self.state.fault(&self.code, 0, trap)),
                }
                self.scratch.finish(ID)
            }
            _ => self.run_many(record, hits),
        }
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let Runner { code, scratch, state, candidates } = self;
        if !batch.scheme().same(code.linked.scheme()) {
            return Err(RunError::scheme(ID));
        }
        out.reset(code.rules.len(), batch.len());
        let (memory, stride) = (batch.memory(), batch.layout().stride() / 8);
        for index in 0..batch.len().div_ceil(64) {
            let records = (batch.len() - index * 64).min(64);
            let all = u64::MAX >> (64 - records);
            let first = batch.records_offset() / 8 + index * 64 * stride;
            let asked = candidates.as_mut().and_then(|it| it.block(batch, index * 64..index * 64 + records, out));
            for (number, rule) in code.rules.iter().enumerate() {
                let all = asked.map_or(all, |asked| asked[number]);
                if all == 0 {
                    continue;
                }
                scratch.go_on(ID)?;
                let mut trap = |bit: usize, fault: (Trap, Span)| out.trap(number, index * 64 + bit, fault);
                let hits = state.block(code, scratch, (number, rule), (memory, first, stride), (all, batch.longest()), &mut trap);
                out.set_block(number, index, hits & all);
            }
        }
        out.finish();
        scratch.finish(ID)
    }

    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        let Runner { code, scratch, state, .. } = self;
        if !batch.scheme().same(code.linked.scheme()) {
            return Err(RunError::scheme(ID));
        }
        RunError::unless_has(ID, (rule, code.rules.len()), (&records, batch.len()))?;
        out.reset(1, records.len());
        let (memory, stride) = (batch.memory(), batch.layout().stride() / 8);
        for index in 0..records.len().div_ceil(64) {
            scratch.go_on(ID)?;
            let all = u64::MAX >> (64 - (records.len() - index * 64).min(64));
            let first = batch.records_offset() / 8 + (records.start + index * 64) * stride;
            let mut trap = |bit: usize, fault: (Trap, Span)| out.trap(0, index * 64 + bit, fault);
            let place = (memory, first, stride);
            let hits = state.block(code, scratch, (rule, &code.rules[rule]), place, (all, batch.longest()), &mut trap);
            out.set_block(0, index, hits);
        }
        out.finish();
        scratch.finish(ID)
    }

    fn test(&mut self, rule: usize, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        let Runner { code, scratch, state, .. } = self;
        if !record.batch().scheme().same(code.linked.scheme()) {
            return FilterError::from(RunError::scheme(ID)).say(why);
        }
        match code.rules.get(rule) {
            Some(RuleCode::Plain(test)) => {
                Some(test.test(&Ctx { memory: record.memory(), record: record.offset() / 8, env: &state.plain(code, scratch) }))
            }
            Some(RuleCode::Counting(test)) if state.is_within(&code.linked, rule, usize::MAX, record.batch().longest()) => {
                let env = state.plain(code, &state.unbounded);
                Some(test.test(&Ctx { memory: record.memory(), record: record.offset() / 8, env: &env }))
            }
            Some(_) => {
                let answer = self.run_one(rule, record);
                if let Err(error) = self.scratch.finish(ID) {
                    return FilterError::from(error).say(why);
                }
                match answer {
                    Ok(hit) => Some(hit),
                    Err(trap) => {
                        let (trap, span) = self.state.fault(&self.code, rule, trap);
                        FilterError::trap(Fault { trap, span }).say(why)
                    }
                }
            }
            None => FilterError::no_rule(ID, (rule, code.rules.len())).say(why),
        }
    }

    fn call(
        &mut self,
        id: FnId,
        record: RecordRef<'_>,
        args: &[Value<'_>],
        results: &mut Vec<Option<OwnedValue>>,
    ) -> Result<(), CallError> {
        let Runner { code, scratch, state, .. } = self;
        if !record.batch().scheme().same(code.linked.scheme()) {
            return Err(RunError::scheme(ID).into());
        }
        let Some(function) = admit(&code.linked, id, args, results)? else { return Ok(()) };
        let place = Place { memory: record.memory(), record: record.offset() / 8 };
        let done = state.call(code, scratch, (id, function), place, (args, results));
        scratch.finish(ID)?;
        done.map_err(CallError::Trap)
    }

    fn memory_bytes(&self) -> usize {
        size_of::<Runner>()
            + size_of_val(&*self.state.slots)
            + size_of_val(&*self.state.within)
            + self.state.stack.bytes()
            + self.candidates.as_ref().map_or(0, |it| it.memory_bytes())
            + self.scratch.memory_bytes()
    }

    fn interrupter(&self) -> Interrupter {
        self.scratch.interrupter()
    }
}
