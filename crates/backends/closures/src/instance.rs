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
use quintet_lang::{HARD_CALLS, HARD_STEPS, Limits, Scheme};
use quintet_runtime::{
    Batch, CallError, Candidates, FREE, Fault, FilterError, Instance, Interrupter, Linked, Matches, Memory, OwnedValue, RecordRef, RuleSet,
    RunError, Scratch, Trap, Value, WriteMatches, WriteRuleSet, admit, longest_within, set_bits,
};

use crate::code::{Executable, Filter, FnCode, RuleCode};
use crate::config::ID;
use crate::context::{Block, BoolFn, Ctx, Env, Kept};
use crate::frame::{Frames, Stack};

/// One thread's way to run a compiled program: what [`Compiled::instantiate`](quintet_runtime::Compiled::instantiate) makes.
pub struct Runner {
    /// What tests see that make no values and do not trap: their steps never end.
    free: Kept,
    state: State,
    candidates: Option<Box<Candidates>>,
}

/// What tests see that may trap or make values.
pub(crate) struct State {
    pub(crate) kept: Kept,
    /// The word of steps at half of the budget.
    half_used: u64,
    half: u64,
    /// By rule: the bytes of the longest record with which its block takes no more than half of the budget, once that was asked; of no rule
    /// where none counts steps in blocks.
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
    pub(crate) fn new(code: Arc<Executable>, limits: &Limits) -> Box<Runner> {
        let within = if code.counts() { vec![Cell::new(None); code.rules.len()].into() } else { Box::default() };
        let (scratch, unbounded) = (Scratch::new(limits), Scratch::new(limits));
        let half = limits.steps.min(HARD_STEPS) / 2;
        scratch.begin_steps();
        // Half of the budget is within the budget.
        let _ = scratch.steps(half);
        let half_used = scratch.meter_word();
        unbounded.set_meter_word(FREE);
        let stack = Stack::new(limits.calls.min(HARD_CALLS), code.words, code.lists);
        Box::new(Runner {
            candidates: Candidates::new(&code.linked, limits),
            free: Kept::new(code.clone(), unbounded, Stack::default()),
            state: State { kept: Kept::new(code, scratch, stack), half_used, half, within },
        })
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
    /// Whether the first operands of a rule, or all of a rule where `items` says nothing else, take at most half of the budget on records
    /// whose values take `longest` bytes.
    #[inline]
    fn is_within(&self, rule: usize, items: usize, longest: usize) -> bool {
        longest <= self.most_within(rule, items)
    }

    /// The bytes of the longest record on which they do.
    #[inline]
    fn most_within(&self, rule: usize, items: usize) -> usize {
        let Some(within) = self.within.get(rule) else { return 0 };
        within.get().unwrap_or_else(|| {
            let linked = &self.kept.code.linked;
            let most = self.longest_within(&linked.program().rules[rule].expr, linked, items);
            within.set(Some(most));
            most
        })
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
        &mut self,
        (filter, test, values): (Option<&BoolFn>, &BoolFn, usize),
        Place { memory, record }: Place<'_>,
        word: Option<u64>,
    ) -> Result<bool, Trap> {
        self.kept.scratch.reset();
        let Kept { scratch, trap, .. } = &self.kept;
        if let Some(word) = word {
            scratch.set_meter_word(word);
        }
        let values = if values > 0 { Cell::from_mut(scratch.locals(values)).as_slice_of_cells() } else { &[] };
        let cx = Ctx { memory, record, env: &Env { values: Cell::new(values), ..self.kept.env() } };
        let hit = filter.is_none_or(|filter| filter.test(&cx)) && !scratch.is_exhausted() && test.test(&cx);
        match trap.take() {
            Some(trap) => {
                scratch.begin_steps();
                Err(trap)
            }
            None => within_budget(scratch, hit),
        }
    }

    /// A rule's trap, with the place that its statements have noted.
    #[cold]
    fn fault(&self, rule: usize, trap: Trap) -> (Trap, Span) {
        self.kept.code.linked.fault(rule, trap.at(self.kept.place.take())).unwrap_or((trap, Span::default()))
    }

    /// Runs a rule with statements on a record.
    fn script(&mut self, (before, test): (&FnCode, &BoolFn), Place { memory, record }: Place<'_>) -> Result<bool, Trap> {
        self.kept.scratch.reset();
        let Kept { scratch, stack, trap, .. } = &self.kept;
        let frames = Frames::new(stack);
        let cx = Ctx { memory, record, env: &Env { frames: Some(&frames), ..self.kept.env() } };
        let hit = frames.begin(&cx, before) && test.test(&cx);
        stack.give_back(frames.lists.get());
        match trap.take() {
            Some(trap) => {
                scratch.begin_steps();
                Err(trap)
            }
            None => within_budget(scratch, hit),
        }
    }

    /// Runs a rule on a record, with exact steps.
    #[inline(never)]
    fn exact(&mut self, free: &Kept, rule: &RuleCode, place: Place<'_>) -> Result<bool, Trap> {
        match rule {
            RuleCode::Plain(test) => Ok(place.test(free, test)),
            RuleCode::Counting(test) => {
                self.kept.scratch.begin_steps();
                let hit = place.test(&self.kept, test);
                within_budget(&self.kept.scratch, hit)
            }
            RuleCode::Script { before, test } => self.script((before, test), place),
            RuleCode::Full { filter: Some(Filter { test: filter, counting: 0 }), test, values } => {
                if place.test(free, filter) {
                    self.full((None, test, *values), place, None)
                } else {
                    Ok(false)
                }
            }
            RuleCode::Full { filter, test, values } => {
                let filter = filter.as_ref().map(|filter| &filter.test);
                self.full((filter, test, *values), place, None)
            }
        }
    }

    /// The answers of a rule on a block of records.
    fn block(
        &mut self,
        free: &Kept,
        (number, rule): (usize, &RuleCode),
        (memory, first, stride): (Memory<'_>, usize, usize),
        (all, longest): (u64, usize),
        trap: &mut dyn FnMut(usize, (Trap, Span)),
    ) -> u64 {
        let plain = |test: &BoolFn| test.block(&Block { memory, first, stride, env: &free.env() }, all);
        // Records that are still to be asked one by one, and what of the rule is to be asked.
        let (mut rest, filter, within) = match rule {
            RuleCode::Plain(test) => return plain(test),
            RuleCode::Counting(test) if self.is_within(number, usize::MAX, longest) => return plain(test),
            RuleCode::Counting(_) | RuleCode::Script { .. } | RuleCode::Full { filter: None, .. } => (all, None, false),
            RuleCode::Full { filter: Some(Filter { test, counting: 0 }), .. } => (plain(test), Some(test), false),
            RuleCode::Full { filter: Some(Filter { test, counting }), .. } => {
                if self.is_within(number, *counting, longest) {
                    (plain(test), Some(test), true)
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
                    match self.full((None, test, *values), place, word) {
                        Err(Trap::Budget) if within => self.exact(free, rule, place),
                        answer => answer,
                    }
                }
                _ => self.exact(free, rule, place),
            };
            match answer {
                Ok(hit) => hits |= u64::from(hit) << bit,
                Err(kind) => trap(bit, self.fault(number, kind)),
            }
        }
        hits
    }
}

impl Place<'_> {
    /// Whether a test holds here that makes no values and does not trap within the steps that there are.
    #[inline(always)]
    fn test(self, kept: &Kept, test: &BoolFn) -> bool {
        test.test(&Ctx { memory: self.memory, record: self.record, env: &kept.env() })
    }
}

impl<'a> From<RecordRef<'a>> for Place<'a> {
    #[inline(always)]
    fn from(record: RecordRef<'a>) -> Place<'a> {
        Place { memory: record.memory(), record: record.offset() / 8 }
    }
}

impl Runner {
    /// [`Instance::run`] for the rules that may match, once scheme and `hits` are as they should be; without doing anything where that is not
    /// known.
    #[inline(never)]
    fn run_some(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Option<()> {
        let Runner { free, state, candidates } = self;
        for rule in set_bits(candidates.as_mut()?.record(record, hits)?) {
            match state.exact(free, &free.code.rules[rule], record.into()) {
                Ok(true) => hits.insert(rule),
                Ok(false) => {}
                Err(trap) => hits.trap(rule, state.fault(rule, trap)),
            }
        }
        Some(())
    }

    /// [`Instance::run`] for any number of rules, once scheme and `hits` are as they should be.
    #[inline(never)]
    fn run_many(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        if self.run_some(record, hits).is_some() {
            return self.state.kept.scratch.finish(ID);
        }
        let Runner { free, state, .. } = self;
        let place = Place::from(record);
        let longest = record.batch().longest();
        // What makes no values and stays within the budget sees the same all along.
        let cx = Ctx { memory: place.memory, record: place.record, env: &free.env() };
        for (word, rules) in free.code.rules.chunks(64).enumerate() {
            let mut bits = 0;
            for (bit, rule) in rules.iter().enumerate() {
                let number = word * 64 + bit;
                let hit = match rule {
                    RuleCode::Plain(test) => test.test(&cx),
                    RuleCode::Counting(test) if state.is_within(number, usize::MAX, longest) => test.test(&cx),
                    rule => state.exact(free, rule, place).unwrap_or_else(|trap| {
                        hits.trap(number, state.fault(number, trap));
                        false
                    }),
                };
                bits |= u64::from(hit) << bit;
            }
            hits.set_word(word, bits);
        }
        state.kept.scratch.finish(ID)
    }

    /// [`Instance::test`] of a rule that may trap or make values, or that there is not.
    #[inline(never)]
    fn test_fully(&mut self, rule: usize, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        let Runner { free, state, .. } = self;
        if !record.batch().scheme().same(free.code.linked.scheme()) {
            return FilterError::from(RunError::scheme(ID)).say(why);
        }
        let Some(code) = free.code.rules.get(rule) else {
            return FilterError::no_rule(ID, (rule, free.code.rules.len())).say(why);
        };
        let answer = state.exact(free, code, record.into());
        match (state.kept.scratch.finish(ID), answer) {
            (Err(error), _) => FilterError::from(error).say(why),
            (Ok(()), Ok(hit)) => Some(hit),
            (Ok(()), Err(trap)) => {
                let (trap, span) = state.fault(rule, trap);
                FilterError::trap(Fault { trap, span }).say(why)
            }
        }
    }
}

/// A runner that is asked one of its rules, for whoever knows that the instance is this backend's.
pub struct Alone {
    runner: Box<Runner>,
    rule: usize,
    scheme: Scheme,
    /// The bytes of the longest record on which a rule that counts steps stays within the budget.
    most: usize,
}

impl Alone {
    /// Asks the rule of this number.
    pub fn new(runner: Box<Runner>, rule: usize) -> Alone {
        let Runner { free, state, .. } = &*runner;
        let most = match free.code.rules.get(rule) {
            Some(RuleCode::Counting(_)) => state.most_within(rule, usize::MAX),
            Some(_) | None => 0,
        };
        Alone { rule, scheme: free.code.linked.scheme().clone(), most, runner }
    }

    /// The instance.
    pub fn instance(&self) -> &Runner {
        &self.runner
    }

    /// The instance.
    pub fn instance_mut(&mut self) -> &mut Runner {
        &mut self.runner
    }

    /// The instance.
    pub fn into_instance(self) -> Box<Runner> {
        self.runner
    }

    /// What [`Instance::test`] answers.
    #[inline(always)]
    pub fn ask(&mut self, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        let free = &self.runner.free;
        if self.scheme.same(record.batch().scheme()) {
            match free.code.rules.get(self.rule) {
                Some(RuleCode::Plain(test)) => return Some(Place::from(record).test(free, test)),
                Some(RuleCode::Counting(test)) if record.batch().longest() <= self.most => {
                    return Some(Place::from(record).test(free, test));
                }
                Some(_) | None => {}
            }
        }
        self.ask_otherwise(record, why)
    }

    /// The same where there is more to do. Cold, so that the shortest calls run straight on, whatever the rules of others take.
    #[cold]
    #[inline(never)]
    fn ask_otherwise(&mut self, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        self.runner.test(self.rule, record, why)
    }
}

impl Instance for Runner {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        let Runner { free, state, .. } = self;
        if !record.batch().scheme().same(free.code.linked.scheme()) {
            return Err(RunError::scheme(ID));
        }
        hits.reset(free.code.rules.len());
        // A filter is a program of one rule: without a loop its call costs little more than the rule.
        match &*free.code.rules {
            [RuleCode::Plain(test)] => {
                hits.set_word(0, u64::from(Place::from(record).test(free, test)));
                Ok(())
            }
            [RuleCode::Counting(test)] if state.is_within(0, usize::MAX, record.batch().longest()) => {
                hits.set_word(0, u64::from(Place::from(record).test(free, test)));
                Ok(())
            }
            [rule] => {
                match state.exact(free, rule, record.into()) {
                    Ok(hit) => hits.set_word(0, u64::from(hit)),
                    Err(trap) => hits.trap(0, state.fault(0, trap)),
                }
                state.kept.scratch.finish(ID)
            }
            _ => self.run_many(record, hits),
        }
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let Runner { free, state, candidates } = self;
        let code = &*free.code;
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
            // What makes no values and stays within the budget sees the same all along.
            let block = Block { memory, first, stride, env: &free.env() };
            let mut run = |number: usize, asked: u64| {
                state.kept.scratch.go_on(ID)?;
                let hits = match &code.rules[number] {
                    RuleCode::Plain(test) => test.block(&block, asked),
                    rule => {
                        let mut trap = |bit: usize, fault: (Trap, Span)| out.trap(number, index * 64 + bit, fault);
                        state.block(free, (number, rule), (memory, first, stride), (asked, batch.longest()), &mut trap)
                    }
                };
                out.set_block(number, index, hits & asked);
                Ok(())
            };
            match asked {
                None => (0..code.rules.len()).try_for_each(|number| run(number, all))?,
                Some(asked) => asked.iter().try_for_each(|(number, records)| run(*number, *records))?,
            }
        }
        out.finish();
        state.kept.scratch.finish(ID)
    }

    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        let Runner { free, state, .. } = self;
        let code = &*free.code;
        if !batch.scheme().same(code.linked.scheme()) {
            return Err(RunError::scheme(ID));
        }
        RunError::unless_has(ID, (rule, code.rules.len()), (&records, batch.len()))?;
        out.reset(1, records.len());
        let (memory, stride) = (batch.memory(), batch.layout().stride() / 8);
        for index in 0..records.len().div_ceil(64) {
            state.kept.scratch.go_on(ID)?;
            let all = u64::MAX >> (64 - (records.len() - index * 64).min(64));
            let first = batch.records_offset() / 8 + (records.start + index * 64) * stride;
            let mut trap = |bit: usize, fault: (Trap, Span)| out.trap(0, index * 64 + bit, fault);
            let place = (memory, first, stride);
            let hits = state.block(free, (rule, &code.rules[rule]), place, (all, batch.longest()), &mut trap);
            out.set_block(0, index, hits);
        }
        out.finish();
        state.kept.scratch.finish(ID)
    }

    fn test(&mut self, rule: usize, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        let Runner { free, state, .. } = self;
        if record.batch().scheme().same(free.code.linked.scheme()) {
            match free.code.rules.get(rule) {
                Some(RuleCode::Plain(test)) => return Some(Place::from(record).test(free, test)),
                Some(RuleCode::Counting(test)) if state.is_within(rule, usize::MAX, record.batch().longest()) => {
                    return Some(Place::from(record).test(free, test));
                }
                Some(_) | None => {}
            }
        }
        self.test_fully(rule, record, why)
    }

    fn call(
        &mut self,
        id: FnId,
        record: RecordRef<'_>,
        args: &[Value<'_>],
        results: &mut Vec<Option<OwnedValue>>,
    ) -> Result<(), CallError> {
        let Runner { free, state, .. } = self;
        if !record.batch().scheme().same(free.code.linked.scheme()) {
            return Err(RunError::scheme(ID).into());
        }
        let Some(function) = admit(&free.code.linked, id, args, results)? else { return Ok(()) };
        let done = state.call((id, function), record.into(), (args, results));
        state.kept.scratch.finish(ID)?;
        done.map_err(CallError::Trap)
    }

    fn memory_bytes(&self) -> usize {
        let Runner { free, state, candidates } = self;
        let kept = |kept: &Kept| size_of_val(&*kept.slots) + kept.stack.bytes() + kept.scratch.memory_bytes();
        size_of::<Runner>()
            + size_of_val(&*state.within)
            + kept(free)
            + kept(&state.kept)
            + candidates.as_ref().map_or(0, |it| it.memory_bytes())
    }

    fn interrupter(&self) -> Interrupter {
        self.state.kept.scratch.interrupter()
    }
}
