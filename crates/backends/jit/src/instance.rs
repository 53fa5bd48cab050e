//! Running compiled rules.

use std::ops::Range;
use std::sync::Arc;

use quintet_lang::ast::{FnId, Function, Span};
use quintet_lang::{HARD_CALLS, Limits, Scheme};
use quintet_native::Env;
use quintet_runtime::{
    BackendId, Batch, CallError, Candidates, Counting, FREE, Fault, FilterError, Instance, Interrupter, Matches, OwnedValue, RecordRef,
    RuleSet, RunError, Trap, Value, WriteMatches, WriteRuleSet, admit, hand_out, runs, set_bits,
};

use crate::compile::Code;
use crate::entry::{self, EntryFn, argument_words};
use crate::script::answer_words;

/// Records that one call of a rule's function answers, and rules of a word of answers for one record: the bits of a word.
const BLOCK: usize = 64;

/// A rule's function: answers `count` records (1 to 64) from `first` on, whose arena starts at `arena`. The highest bit is the last record, the
/// one below it the record before, and so on; the bits below are 0. Where code is made quickly it answers the first record alone, see
/// [`Code::is_single`]. Of one record the answer is other than 0 where it matches.
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
    /// What a rule's function answers for so many records, which lie `stride` bytes apart, from bit 0 on.
    ///
    /// # Safety
    /// As [`State::block`], of the records from the address on.
    #[inline(always)]
    unsafe fn bits(&mut self, function: RuleFn, arena: *const u8, address: *const u8, (count, stride): (usize, usize)) -> u64 {
        if !self.single {
            // SAFETY: as the caller promises; the state is ours alone.
            return unsafe { function(&raw mut *self, arena, address, count) } >> (BLOCK - count);
        }
        // SAFETY: as above, for each of the records.
        (0..count).fold(0, |bits, i| bits | u64::from(unsafe { self.bit(function, arena, address.wrapping_add(i * stride)) }) << i)
    }

    /// Whether a rule's function says that a record matches.
    ///
    /// # Safety
    /// As [`State::ask`].
    #[inline(always)]
    unsafe fn bit(&mut self, function: RuleFn, arena: *const u8, record: *const u8) -> bool {
        // SAFETY: as the caller promises; the state is ours alone.
        unsafe { function(&raw mut *self, arena, record, 1) != 0 }
    }

    /// What a rule trapped with, and where.
    #[cold]
    fn fault(&self, rule: usize, code: u32) -> (Trap, Span) {
        self.env.linked().fault(rule, code).unwrap_or((Trap::Memory, Span::default()))
    }

    #[cold]
    fn filter_error(&self, rule: usize, code: u32) -> FilterError {
        let (trap, span) = self.fault(rule, code);
        FilterError::trap(Fault { trap, span })
    }

    /// Ends a call of one rule that trapped, or that has something to leave.
    #[inline(never)]
    fn end_test(&mut self, rule: usize, id: BackendId, hit: bool, why: &mut Option<FilterError>) -> Option<bool> {
        let mut first = None;
        if !self.traps.is_empty() {
            self.drain(|state, _, code| first = first.take().or_else(|| Some(state.filter_error(rule, code))));
        }
        match (self.env.finish(id), first) {
            (Err(error), _) => FilterError::from(error).say(why),
            (Ok(()), Some(trap)) => trap.say(why),
            (Ok(()), None) => Some(hit),
        }
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

/// What asking a rule alone takes.
struct Asked {
    function: RuleFn,
    /// The bytes of the longest record on which it is known to stay within the budget.
    most: usize,
    /// Whether it counts what it looks at.
    looks: bool,
    /// Whether anything is left at its end.
    makes: bool,
}

/// One thread's state, and the code: what [`Compiled::instantiate`](quintet_runtime::Compiled::instantiate) makes.
pub struct Runner {
    code: Arc<Code>,
    /// By rule: how its steps are counted.
    counting: Box<[Counting]>,
    /// By rule: what asking it alone takes.
    asked: Box<[Asked]>,
    /// The bytes of the longest record on which all rules whose steps are so counted are known to stay within the budget.
    most: usize,
    /// Calls of functions that may go on inside one another.
    most_calls: u32,
    /// Boxed, so that moving the runner does not move it.
    state: Box<State>,
    candidates: Option<Box<Candidates>>,
}

impl Runner {
    pub(crate) fn new(code: Arc<Code>, limits: &Limits) -> Runner {
        let env = Env::new(code.program().clone(), limits);
        let counting: Box<[Counting]> = code.program().countings(limits.steps).into();
        let candidates = Candidates::new(code.program(), limits);
        let single = code.is_single();
        let of = |((makes, counting), function): ((&bool, &Counting), &RuleFn)| Asked {
            function: *function,
            most: if let Counting::Within(most) = counting { *most } else { usize::MAX },
            looks: matches!(counting, Counting::Within(_)),
            makes: *makes,
        };
        let asked = code.program().makes().iter().zip(&counting).zip(code.functions()).map(of).collect();
        let most =
            counting.iter().filter_map(|c| if let Counting::Within(most) = c { Some(*most) } else { None }).min().unwrap_or(usize::MAX);
        Runner {
            code,
            counting,
            asked,
            most,
            most_calls: limits.calls.min(HARD_CALLS) as u32,
            state: Box::new(State { env, traps: Vec::new(), single }),
            candidates,
        }
    }

    fn check(&self, batch: &Batch) -> Result<(), RunError> {
        if self.code.program().scheme().same(batch.scheme()) { Ok(()) } else { Err(RunError::scheme(self.code.id())) }
    }
}

impl State {
    /// A rule's answer for one record.
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
    ) -> bool {
        if let Counting::Within(most) = counting {
            if longest > most {
                // SAFETY: as the caller promises.
                return match unsafe { self.exact(function, arena, record) } {
                    Ok(hit) => hit,
                    Err(code) => {
                        hits.trap(rule, self.fault(rule, code));
                        false
                    }
                };
            }
            self.env.scratch().set_meter_word(FREE);
        }
        // SAFETY: as the caller promises.
        let hit = unsafe { self.bit(function, arena, record) };
        if !self.traps.is_empty() {
            self.drain(|state, _, code| hits.trap(rule, state.fault(rule, code)));
        }
        hit
    }
}

/// 1 to 64 records of a batch.
struct Records {
    arena: *const u8,
    /// Where the first one begins.
    first: *const u8,
    count: usize,
    /// Bytes from one to the next.
    stride: usize,
    /// The bytes of the longest record of the batch.
    longest: usize,
}

impl Records {
    #[inline(always)]
    fn of(batch: &Batch, records: Range<usize>) -> Records {
        let (arena, stride) = (batch.memory().as_ptr(), batch.layout().stride());
        let first = arena.wrapping_add(batch.records_offset() + records.start * stride);
        Records { arena, first, count: records.len(), stride, longest: batch.longest() }
    }
}

impl State {
    /// A rule's answers for 1 to 64 records, from bit 0 on. `trap` is told the place among them of records on which it traps.
    ///
    /// # Safety
    /// As [`State::ask`], for each of the records.
    #[inline(always)]
    unsafe fn block(
        &mut self,
        (function, counting): (RuleFn, Counting),
        records: &Records,
        rule: usize,
        trap: &mut dyn FnMut(usize, (Trap, Span)),
    ) -> u64 {
        if let Counting::Within(most) = counting {
            if records.longest > most {
                // SAFETY: as the caller promises.
                return unsafe { self.block_exactly(function, records, rule, trap) };
            }
            self.env.scratch().set_meter_word(FREE);
        }
        // SAFETY: as the caller promises.
        let bits = unsafe { self.bits(function, records.arena, records.first, (records.count, records.stride)) };
        if !self.traps.is_empty() {
            self.tell(records, rule, trap);
        }
        bits
    }

    /// The same where the budget might be passed.
    ///
    /// # Safety
    /// As [`State::block`].
    #[cold]
    #[inline(never)]
    unsafe fn block_exactly(&mut self, function: RuleFn, records: &Records, rule: usize, trap: &mut dyn FnMut(usize, (Trap, Span))) -> u64 {
        let mut bits = 0;
        for record in 0..records.count {
            // SAFETY: as the caller promises.
            match unsafe { self.exact(function, records.arena, records.first.wrapping_add(record * records.stride)) } {
                Ok(hit) => bits |= u64::from(hit) << record,
                Err(code) => trap(record, self.fault(rule, code)),
            }
        }
        bits
    }

    /// Tells of traps that were noted.
    #[cold]
    #[inline(never)]
    fn tell(&mut self, records: &Records, rule: usize, trap: &mut dyn FnMut(usize, (Trap, Span))) {
        let place = |record: usize| (record - records.first as usize) / records.stride;
        self.drain(|state, record, code| trap(place(record), state.fault(rule, code)));
    }

    /// A rule's answer for one record, with exact steps, for a rule that leaves their start and end to the instance.
    ///
    /// # Safety
    /// As [`State::ask`].
    #[cold]
    unsafe fn exact(&mut self, function: RuleFn, arena: *const u8, record: *const u8) -> Result<bool, u32> {
        self.env.scratch().begin_steps();
        // SAFETY: as the caller promises.
        let hit = unsafe { self.bit(function, arena, record) };
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

impl State {
    /// Calls a function and copies its results; answers a trap's code.
    ///
    /// # Safety
    /// As [`State::ask`], and the entry is the function's, which takes these arguments.
    unsafe fn call(
        &mut self,
        (entry, most_calls): (EntryFn, u32),
        function: &Function,
        record: RecordRef<'_>,
        (args, results): (&[Value<'_>], &mut Vec<Option<OwnedValue>>),
    ) -> Result<(), u32> {
        self.env.begin();
        self.env.scratch().step().map_err(Trap::code)?;
        let inside = most_calls.checked_sub(1).ok_or(Trap::Calls.code())?;
        let words = argument_words(function, args, self.env.scratch()).map_err(Trap::code)?;
        let mut answers = vec![0u64; answer_words(function)];
        let arena = record.memory().as_ptr();
        let record = arena.wrapping_add(record.offset());
        // SAFETY: as the caller promises; the state is ours alone, and there is a word for each part of arguments and results.
        let code = unsafe { entry(&raw mut *self, arena, record, inside, words.as_ptr(), answers.as_mut_ptr()) };
        if code != 0 {
            return Err(if self.env.scratch().is_exhausted() { Trap::Budget.instead_of(code) } else { code });
        }
        // SAFETY: the function answered these words, and nothing has run since.
        hand_out(unsafe { entry::results(function, &answers) }, self.env.scratch(), results).map_err(Trap::code)
    }
}

impl Runner {
    /// [`Instance::test`] where the budget might be passed, or where there is nothing to ask.
    #[cold]
    fn test_exactly(&mut self, rule: usize, record: RecordRef<'_>) -> Result<bool, FilterError> {
        self.check(record.batch())?;
        let Runner { code, state, .. } = self;
        let Some(function) = code.functions().get(rule) else {
            return Err(FilterError::no_rule(code.id(), (rule, code.functions().len())));
        };
        let arena = record.memory().as_ptr();
        // SAFETY: as in `run`.
        let answer = unsafe { state.exact(*function, arena, arena.wrapping_add(record.offset())) };
        answer.map_err(|number| state.filter_error(rule, number))
    }

    /// [`Instance::run`] for any number of rules, once scheme and `hits` are as they should be.
    #[inline(never)]
    fn run_many(&mut self, it: RecordRef<'_>, (arena, record, longest): (*const u8, *const u8, usize), hits: &mut RuleSet) {
        let Runner { code, counting, most, state, candidates, .. } = self;
        if let Some(rules) = candidates.as_mut().and_then(|candidates| candidates.record(it, hits)) {
            for rule in set_bits(rules) {
                // SAFETY: as in `run`.
                if unsafe { state.ask((code.functions()[rule], counting[rule]), (arena, record, longest), rule, hits) } {
                    hits.insert(rule);
                }
            }
            return;
        }
        for (word, functions) in code.functions().chunks(BLOCK).enumerate() {
            let mut bits = 0;
            for (bit, function) in functions.iter().enumerate() {
                let rule = word * BLOCK + bit;
                if longest > *most {
                    // SAFETY: as in `run`.
                    let hit = unsafe { state.ask((*function, counting[rule]), (arena, record, longest), rule, hits) };
                    bits |= u64::from(hit) << bit;
                    continue;
                }
                // Rules that count exactly set the word themselves.
                state.env.scratch().set_meter_word(FREE);
                // SAFETY: as in `run`.
                bits |= u64::from(unsafe { state.bit(*function, arena, record) }) << bit;
                if !state.traps.is_empty() {
                    state.drain(|state, _, code| hits.trap(rule, state.fault(rule, code)));
                }
            }
            hits.set_word(word, bits);
        }
    }
}

/// A runner that is asked one of its rules, for whoever knows that the instance is this backend's.
pub struct Alone {
    runner: Box<Runner>,
    rule: usize,
    scheme: Scheme,
    /// Its function, where it only answers: it leaves nothing, does not trap, and counts nothing but what it looks at.
    function: Option<RuleFn>,
    /// The bytes of the longest record on which what it looks at stays within the budget.
    most: usize,
}

impl Alone {
    /// Asks the rule of this number.
    pub fn new(runner: Box<Runner>, rule: usize) -> Alone {
        let program = runner.code.program();
        let only_answers = |asked: &&Asked| !asked.makes && !program.rule_plan(rule).traps;
        let asked = runner.asked.get(rule).filter(only_answers);
        let (function, most) = match (asked, runner.counting.get(rule)) {
            (Some(asked), Some(Counting::Never)) => (Some(asked.function), usize::MAX),
            (Some(asked), Some(Counting::Within(most))) => (Some(asked.function), *most),
            (_, Some(Counting::Inline) | None) | (None, _) => (None, 0),
        };
        Alone { rule, scheme: program.scheme().clone(), function, most, runner }
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
        if self.scheme.same(record.batch().scheme()) {
            let (state, arena) = (&mut *self.runner.state, record.memory().as_ptr());
            let it = arena.wrapping_add(record.offset());
            // One way for all, as every jump that is taken shows beside a comparison.
            if let Some(function) = self.function
                && record.batch().longest() <= self.most
            {
                state.env.scratch().set_meter_word(FREE);
                // SAFETY: as in `run`; the state is the runner's alone.
                return Some(unsafe { function(state, arena, it, 1) } != 0);
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
        self.check(record.batch())?;
        let functions = self.code.functions();
        hits.reset(functions.len());
        let arena = record.memory().as_ptr();
        let place = (arena, arena.wrapping_add(record.offset()), record.batch().longest());
        // A filter is a program of one rule: without a loop its call costs little more than the rule.
        match (functions, &*self.counting) {
            ([only], [counting]) => {
                // SAFETY: `code` keeps the function's pages mapped and the program that it refers to alive. The record is of the scheme
                // that the code was made for and lies in the arena, which the batch's borrow keeps as it is.
                let hit = unsafe { self.state.ask((*only, *counting), place, 0, hits) };
                hits.set_word(0, u64::from(hit));
            }
            _ => self.run_many(record, place, hits),
        }
        self.state.env.finish(self.code.id())
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        let Runner { code, counting, state, candidates, .. } = self;
        out.reset(code.functions().len(), batch.len());
        // Blocks outside, rules inside: a block's records stay in the cache for all rules.
        for (block, first) in (0..batch.len()).step_by(BLOCK).enumerate() {
            let records = first..(first + BLOCK).min(batch.len());
            let asked = candidates.as_mut().and_then(|it| it.block(batch, records.clone(), out));
            let mut ask = |out: &mut Matches, rule: usize, start: usize, records: &Records| {
                state.env.scratch().go_on(code.id())?;
                let mut trap = |record, fault| out.trap(rule, start + record, fault);
                // SAFETY: as in `run`, for each of the records.
                Ok(unsafe { state.block((code.functions()[rule], counting[rule]), records, rule, &mut trap) })
            };
            match asked {
                None => {
                    let records = Records::of(batch, records);
                    for rule in 0..code.functions().len() {
                        let bits = ask(out, rule, first, &records)?;
                        out.set_block(rule, block, bits);
                    }
                }
                Some(asked) => {
                    for (rule, mask) in asked {
                        let bits = runs(*mask).try_fold(0, |bits, run| {
                            let start = first + run.start;
                            let found = ask(out, *rule, start, &Records::of(batch, start..first + run.end))?;
                            Ok::<u64, RunError>(bits | found << run.start)
                        })?;
                        out.set_block(*rule, block, bits);
                    }
                }
            }
        }
        out.finish();
        state.env.finish(code.id())
    }

    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        let Runner { code, counting, state, .. } = self;
        let functions = code.functions();
        RunError::unless_has(code.id(), (rule, functions.len()), (&records, batch.len()))?;
        out.reset(1, records.len());
        let asked = (functions[rule], counting[rule]);
        for (block, first) in records.clone().step_by(BLOCK).enumerate() {
            let records = first..(first + BLOCK).min(records.end);
            state.env.scratch().go_on(code.id())?;
            let mut trap = |record, fault| out.trap(0, block * BLOCK + record, fault);
            // SAFETY: as in `run`, for each of the records.
            let bits = unsafe { state.block(asked, &Records::of(batch, records), rule, &mut trap) };
            out.set_block(0, block, bits);
        }
        out.finish();
        state.env.finish(code.id())
    }

    fn test(&mut self, rule: usize, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        let Runner { code, asked, state, .. } = self;
        let batch = record.batch();
        if let Some(Asked { function, most, looks, makes }) = asked.get(rule)
            && code.program().scheme().same(batch.scheme())
            && batch.longest() <= *most
        {
            if *looks {
                state.env.scratch().set_meter_word(FREE);
            }
            let arena = record.memory().as_ptr();
            // SAFETY: as in `run`; the state is ours alone.
            let hit = unsafe { state.bit(*function, arena, arena.wrapping_add(record.offset())) };
            if state.traps.is_empty() && !makes && state.env.scratch().is_tidy() {
                return Some(hit);
            }
            return state.end_test(rule, code.id(), hit, why);
        }
        match self.test_exactly(rule, record) {
            Ok(hit) => Some(hit),
            Err(error) => error.say(why),
        }
    }

    fn call(
        &mut self,
        id: FnId,
        record: RecordRef<'_>,
        args: &[Value<'_>],
        results: &mut Vec<Option<OwnedValue>>,
    ) -> Result<(), CallError> {
        self.check(record.batch())?;
        let Runner { code, state, most_calls, .. } = self;
        let Some(function) = admit(code.program(), id, args, results)? else { return Ok(()) };
        let entry = code.entry(id).map_err(|e| RunError::new(code.id(), e))?;
        // SAFETY: `code` keeps the entry's and the functions' pages mapped and the program that they refer to alive. The record is of the
        // scheme that the code was made for and lies in its arena, which the batch's borrow keeps as it is; the arguments fit.
        let done = unsafe { state.call((entry, *most_calls), function, record, (args, results)) };
        // A rule that counts nothing must not find the budget used up.
        state.env.scratch().begin_steps();
        state.env.finish(code.id())?;
        done.map_err(|number| {
            CallError::Trap(code.program().call_fault(id, number).unwrap_or(Fault { trap: Trap::Memory, span: function.span }))
        })
    }

    fn memory_bytes(&self) -> usize {
        size_of::<Runner>()
            + size_of_val(&*self.counting)
            + size_of::<State>()
            + self.state.env.memory_bytes()
            + self.candidates.as_ref().map_or(0, |it| it.memory_bytes())
            + self.state.traps.capacity() * size_of::<(usize, u32)>()
    }

    fn interrupter(&self) -> Interrupter {
        self.state.env.scratch().interrupter()
    }
}
