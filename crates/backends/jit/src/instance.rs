//! Running compiled rules.

use std::ops::Range;
use std::sync::Arc;

use quintet_lang::Limits;
use quintet_lang::ast::Span;
use quintet_native::Env;
use quintet_runtime::{
    Batch, Counting, FREE, Instance, Interrupter, Matches, RecordRef, RuleSet, RunError, Trap, WriteMatches, WriteRuleSet,
};

use crate::compile::Code;

/// Records that one call of a rule's function answers, and rules of a word of answers for one record: the bits of a word.
const BLOCK: usize = 64;

/// A rule's function: answers `count` records (1 to 64) from `first` on, whose arena starts at `arena`; bit `i` is record `i`. Where code is
/// made quickly it answers the first one alone, see [`Code::is_single`].
pub(crate) type RuleFn = unsafe extern "C" fn(state: *mut State, arena: *const u8, first: *const u8, count: usize) -> u64;

/// What generated code is handed.
#[repr(C)]
pub(crate) struct State {
    /// First, so that the state's address is that of the `Env` as well, which helpers want.
    env: Env,
    /// Traps since the last look: the record's address and the trap's code.
    traps: Vec<(usize, u32)>,
    /// Whether the rules' functions answer one record alone.
    single: bool,
}

impl State {
    /// What a rule's function answers for so many records, which lie `stride` bytes apart.
    ///
    /// # Safety
    /// As [`State::block`], of the records from the address on.
    #[inline(always)]
    unsafe fn bits(&mut self, function: RuleFn, arena: *const u8, address: *const u8, (count, stride): (usize, usize)) -> u64 {
        if !self.single {
            // SAFETY: as the caller promises; the state is ours alone.
            return unsafe { function(&raw mut *self, arena, address, count) };
        }
        // SAFETY: as above, for each of the records.
        (0..count).fold(0, |bits, i| bits | unsafe { function(&raw mut *self, arena, address.wrapping_add(i * stride), 1) } << i)
    }

    /// What a rule trapped with, and where.
    #[cold]
    fn fault(&self, rule: usize, code: u32) -> (Trap, Span) {
        self.env.linked().fault(rule, code).unwrap_or((Trap::Memory, Span::default()))
    }

    /// Hands over the traps since the last look.
    #[cold]
    fn drain(&mut self, mut each: impl FnMut(&State, usize, u32)) {
        let traps = std::mem::take(&mut self.traps);
        traps.iter().for_each(|(record, code)| each(self, *record, *code));
        self.traps = traps;
        self.traps.clear();
        // A rule that counts nothing must not find the budget of another used up.
        self.env.scratch().begin_steps();
    }
}

/// Notes a trap; generated code calls it.
///
/// # Safety
/// `state` is the address of a [`State`] that nobody else uses during the call.
#[cold]
pub(crate) unsafe extern "C" fn trap(state: *mut State, record: *const u8, code: u32) {
    // SAFETY: as the caller promises.
    let state = unsafe { &mut *state };
    let code = if state.env.scratch().is_exhausted() { Trap::Budget.instead_of(code) } else { code };
    state.traps.push((record as usize, code));
}

/// One thread's state, and the code.
pub(crate) struct Runner {
    code: Arc<Code>,
    /// By rule: how its steps are counted.
    counting: Box<[Counting]>,
    /// Boxed, so that moving the runner does not move it.
    state: Box<State>,
}

impl Runner {
    pub(crate) fn new(code: Arc<Code>, limits: &Limits) -> Runner {
        let env = Env::new(code.program().clone(), limits);
        let steps = limits.steps;
        let counting = (0..code.program().program().rules.len()).map(|rule| Counting::of(code.program(), rule, steps)).collect();
        let single = code.is_single();
        Runner { code, counting, state: Box::new(State { env, traps: Vec::new(), single }) }
    }

    fn check(&self, batch: &Batch) -> Result<(), RunError> {
        if self.code.program().scheme().same(batch.scheme()) { Ok(()) } else { Err(RunError::scheme(self.code.id())) }
    }
}

impl State {
    /// A rule's answer for one record: 0 or 1.
    ///
    /// # Safety
    /// The record is of the scheme that the function was made for and lies in the arena, and what the function's code refers to is alive.
    #[inline(always)]
    unsafe fn ask(
        &mut self,
        (function, counting): (RuleFn, Counting),
        (arena, record, longest): (*const u8, *const u8, usize),
        rule: usize,
        hits: &mut RuleSet,
    ) -> u64 {
        if let Counting::Within(most) = counting {
            if longest > most {
                // SAFETY: as the caller promises.
                return match unsafe { self.exact(function, arena, record) } {
                    Ok(hit) => hit,
                    Err(code) => {
                        hits.trap(rule, self.fault(rule, code));
                        0
                    }
                };
            }
            self.env.scratch().set_meter_word(FREE);
        }
        // SAFETY: as the caller promises; the state is ours alone.
        let hit = unsafe { function(&raw mut *self, arena, record, 1) };
        if !self.traps.is_empty() {
            self.drain(|state, _, code| hits.trap(rule, state.fault(rule, code)));
        }
        hit
    }
}

impl State {
    /// A rule's answers for the records of a block: the rule's number, and where in the answers they belong, a row and a word of it.
    ///
    /// # Safety
    /// As [`State::ask`], for the batch's scheme and arena; the batch has these records, which are 1 to 64.
    #[inline(always)]
    unsafe fn block(
        &mut self,
        (function, counting): (RuleFn, Counting),
        batch: &Batch,
        records: Range<usize>,
        (rule, row, block): (usize, usize, usize),
        out: &mut Matches,
    ) {
        let (arena, stride) = (batch.memory().as_ptr(), batch.layout().stride());
        let address = arena.wrapping_add(batch.records_offset() + records.start * stride);
        if let Counting::Within(most) = counting {
            if batch.longest() > most {
                let mut bits = 0;
                for record in 0..records.len() {
                    // SAFETY: as the caller promises.
                    match unsafe { self.exact(function, arena, address.wrapping_add(record * stride)) } {
                        Ok(hit) => bits |= hit << record,
                        Err(code) => out.trap(row, block * BLOCK + record, self.fault(rule, code)),
                    }
                }
                return out.set_block(row, block, bits);
            }
            self.env.scratch().set_meter_word(FREE);
        }
        // SAFETY: as the caller promises.
        let bits = unsafe { self.bits(function, arena, address, (records.len(), stride)) };
        out.set_block(row, block, bits);
        if !self.traps.is_empty() {
            self.drain(|state, record, code| out.trap(row, block * BLOCK + (record - address as usize) / stride, state.fault(rule, code)));
        }
    }

    /// A rule's answer for one record, with exact steps, for a rule that leaves their start and end to the instance.
    ///
    /// # Safety
    /// As [`State::ask`].
    #[cold]
    unsafe fn exact(&mut self, function: RuleFn, arena: *const u8, record: *const u8) -> Result<u64, u32> {
        self.env.scratch().begin_steps();
        // SAFETY: as the caller promises; the state is ours alone.
        let hit = unsafe { function(&raw mut *self, arena, record, 1) };
        let exhausted = self.env.scratch().is_exhausted();
        let mut first = None;
        self.drain(|_, _, code| first = first.or(Some(code)));
        match first {
            Some(code) => Err(code),
            None if exhausted => Err(Trap::Budget.code()),
            None => Ok(hit),
        }
    }
}

impl Runner {
    /// [`Instance::run`] for any number of rules, once scheme and `hits` are as they should be.
    #[inline(never)]
    fn run_many(&mut self, record: (*const u8, *const u8, usize), hits: &mut RuleSet) {
        let functions = self.code.functions().chunks(BLOCK).zip(self.counting.chunks(BLOCK));
        for (word, (functions, counting)) in functions.enumerate() {
            let mut bits = 0;
            for (bit, (function, counting)) in functions.iter().zip(counting).enumerate() {
                // SAFETY: as in `run`.
                bits |= unsafe { self.state.ask((*function, *counting), record, word * BLOCK + bit, hits) } << bit;
            }
            hits.set_word(word, bits);
        }
    }
}

impl Instance for Runner {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        self.check(record.batch())?;
        let functions = self.code.functions();
        hits.reset(functions.len());
        let arena = record.memory().as_ptr();
        let record = (arena, arena.wrapping_add(record.offset()), record.batch().longest());
        // A filter is a program of one rule: without a loop its call costs little more than the rule.
        match (functions, &*self.counting) {
            ([only], [counting]) => {
                // SAFETY: `code` keeps the function's pages mapped and the program that it refers to alive. The record is of the scheme
                // that the code was made for and lies in the arena, which the batch's borrow keeps as it is.
                let hit = unsafe { self.state.ask((*only, *counting), record, 0, hits) };
                hits.set_word(0, hit);
            }
            _ => self.run_many(record, hits),
        }
        self.state.env.finish(self.code.id())
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        let Runner { code, counting, state } = self;
        out.reset(code.functions().len(), batch.len());
        // Blocks outside, rules inside: a block's records stay in the cache for all rules.
        for (block, first) in (0..batch.len()).step_by(BLOCK).enumerate() {
            let records = first..(first + BLOCK).min(batch.len());
            for (rule, (function, counting)) in code.functions().iter().zip(counting.iter()).enumerate() {
                state.env.scratch().go_on(code.id())?;
                // SAFETY: as in `run`, for each of the records.
                unsafe { state.block((*function, *counting), batch, records.clone(), (rule, rule, block), out) };
            }
        }
        out.finish();
        state.env.finish(code.id())
    }

    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        let Runner { code, counting, state } = self;
        let functions = code.functions();
        RunError::unless_has(code.id(), (rule, functions.len()), (&records, batch.len()))?;
        out.reset(1, records.len());
        let asked = (functions[rule], counting[rule]);
        for (block, first) in records.clone().step_by(BLOCK).enumerate() {
            let records = first..(first + BLOCK).min(records.end);
            state.env.scratch().go_on(code.id())?;
            // SAFETY: as in `run`, for each of the records.
            unsafe { state.block(asked, batch, records, (rule, 0, block), out) };
        }
        out.finish();
        state.env.finish(code.id())
    }

    fn memory_bytes(&self) -> usize {
        size_of::<Runner>()
            + size_of_val(&*self.counting)
            + size_of::<State>()
            + self.state.env.memory_bytes()
            + self.state.traps.capacity() * size_of::<(usize, u32)>()
    }

    fn interrupter(&self) -> Interrupter {
        self.state.env.scratch().interrupter()
    }
}
