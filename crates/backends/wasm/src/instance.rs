//! Running compiled programs.

use std::ops::Range;
use std::sync::Arc;

use quintet_lang::Limits;
use quintet_lang::ast::{FnId, Span};
use quintet_runtime::{
    ArenaKind, Batch, CallError, Candidates, Fault, FilterError, Instance, Interrupter, Linked, Matches, OwnedValue, RecordRef, RuleSet,
    RunError, Threshold, Trap, Value, WriteMatches, WriteRuleSet, admit, runs, set_bits,
};
use wasmtime::{Func, InstancePre, Store, TypedFunc};

use crate::config::{Memory, Setup};
use crate::host::{Host, counting};
use crate::module::{MEMORY, RUN, TEST};
use crate::places::{CONSTANTS, PEAK, Places, STACK_PEAK};
use crate::window::Window;

/// Scratch memory that is kept between calls.
const KEPT: u32 = 1 << 20;

/// Blocks of 64 records between two looks at whether a run was interrupted, where rules count steps.
const BETWEEN_LOOKS: usize = 4;

/// One thread's sandbox: a store with an instance and its memory.
pub(crate) struct Runner {
    program: Arc<Linked>,
    setup: Setup,
    places: Places,
    pub(crate) store: Store<Host>,
    pub(crate) instance: wasmtime::Instance,
    /// The entry points of the functions that were called.
    pub(crate) entries: Vec<(FnId, Func)>,
    /// Runs all rules: of 0, the addresses of the batch and the record, and how many records.
    run: TypedFunc<(u32, u32, u32, u32), u64>,
    /// Runs the rule of this number on up to 64 records, and answers with a bit for each. None where there are no rules.
    test: Option<TypedFunc<(u32, u32, u32, u32), u64>>,
    /// By rule: whether anything is left at its end.
    makes: Box<[bool]>,
    window: Window,
    /// Whether a rule counts steps, so that a run may take long.
    counts: bool,
    /// The bytes of the longest record on which rules that count only what they look at stay within the budget.
    within: usize,
    candidates: Option<Box<Candidates>>,
}

impl Drop for Runner {
    fn drop(&mut self) {
        self.store.data().hide_interrupts();
    }
}

impl Runner {
    pub(crate) fn new(
        program: Arc<Linked>,
        setup: Setup,
        pre: &InstancePre<Host>,
        (places, constants): (Places, &[u8]),
        host: Host,
        limits: &Limits,
    ) -> wasmtime::Result<Runner> {
        let mut store = Store::new(pre.module().engine(), host);
        let instance = pre.instantiate(&mut store)?;
        let run = instance.get_typed_func(&mut store, RUN)?;
        let test = (!program.program().rules.is_empty()).then(|| instance.get_typed_func(&mut store, TEST)).transpose()?;
        let makes = program.makes().into();
        let Some(memory) = instance.get_memory(&mut store, MEMORY) else { wasmtime::bail!("the module exports no memory") };
        let window = Window::new(&mut store, memory, setup.memory, places);
        store.data_mut().write(CONSTANTS, constants)?;
        store.data_mut().start(limits.calls)?;
        // SAFETY: the memory does not move, see `Window::tell`, and is the store's, which goes after `Runner::drop`.
        unsafe { store.data().show_interrupts() };
        let (counts, within) = counting(&program, limits.steps);
        let candidates = Candidates::new(&program, limits);
        let entries = Vec::new();
        Ok(Runner { program, setup, places, store, instance, entries, run, test, makes, window, counts, within, candidates })
    }

    #[cold]
    fn error(&self, error: impl std::fmt::Display) -> RunError {
        RunError::new(self.setup.id(), error)
    }

    /// The address of the batch in linear memory.
    #[inline]
    fn place(&mut self, batch: &Batch) -> Result<u32, RunError> {
        if !self.program.scheme().same(batch.scheme()) {
            return Err(RunError::scheme(self.setup.id()));
        }
        self.window.place(&mut self.store, batch.arena()).map_err(|e| self.error(e))
    }

    /// Whether the rules that count only what they look at are known to stay within the budget on the records of a batch, of which the host is told.
    #[inline(always)]
    fn set_within_for(&mut self, batch: &Batch) -> Result<bool, RunError> {
        if self.within == usize::MAX {
            return Ok(true);
        }
        let within = batch.longest() <= self.within;
        self.store.data_mut().set_within(within).map_err(|e| RunError::new(self.setup.id(), e))?;
        Ok(within)
    }

    /// [`Instance::run_batch`] where the budget might be passed.
    #[cold]
    fn one_by_one(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let mut hits = RuleSet::new();
        let row = out.row_words();
        let mut rows = vec![0; out.rules() * row];
        for record in batch.iter() {
            let id = self.setup.id();
            self.store.data().scratch().go_on(id)?;
            self.run(record, &mut hits)?;
            let at = record.index();
            hits.iter().for_each(|rule| rows[rule * row + at / 64] |= 1 << (at % 64));
            hits.traps().iter().for_each(|it| out.trap(it.rule, at, (it.trap, it.span)));
        }
        out.words_mut().copy_from_slice(&rows);
        out.finish();
        Ok(())
    }

    /// Runs all rules on `count` records from the address `record` on.
    #[inline]
    fn call(&mut self, base: u32, record: u32, count: u32) -> Result<(), RunError> {
        let done = self.run.call(&mut self.store, (0, base, record, count));
        done.map(|_| ()).map_err(|e| self.ended(&e))
    }

    /// Runs one rule on up to 64 records; answers a bit for each.
    #[inline]
    fn call_one(&mut self, rule: usize, base: u32, record: u32, count: u32) -> Result<u64, RunError> {
        let Some(test) = &self.test else { return Ok(0) };
        test.call(&mut self.store, (rule as u32, base, record, count)).map_err(|e| self.ended(&e))
    }

    /// How many rules there are.
    fn rules(&self) -> usize {
        self.program.program().rules.len()
    }

    /// Whether one rule matches a record on which it is not known to stay within the budget.
    fn call_alone(&mut self, rule: usize, base: u32, record: u32) -> Result<bool, RunError> {
        self.store.data_mut().begin_rule().map_err(|e| RunError::new(self.setup.id(), e))?;
        let hit = self.call_one(rule, base, record, 1)? != 0;
        let counts = self.store.data_mut().end_rule(rule, record).map_err(|e| RunError::new(self.setup.id(), e))?;
        Ok(hit && counts)
    }

    /// Adds the answers of all rules to those of a record, on which they are `within` the budget or not known to be.
    fn every(&mut self, within: bool, (base, record): (u32, u32), hits: &mut RuleSet) -> Result<(), RunError> {
        if !within {
            for rule in 0..self.rules() {
                if self.call_alone(rule, base, record)? {
                    hits.insert(rule);
                }
            }
            return Ok(());
        }
        self.call(base, record, 1)?;
        for (rule, word) in self.answers(self.rules())?.enumerate() {
            if word != 0 {
                hits.insert(rule);
            }
        }
        Ok(())
    }

    /// The same of some rules, a bit each.
    fn some(&mut self, asked: &[u64], within: bool, (base, record): (u32, u32), hits: &mut RuleSet) -> Result<(), RunError> {
        for rule in set_bits(asked) {
            let hit = if within { self.call_one(rule, base, record, 1)? != 0 } else { self.call_alone(rule, base, record)? };
            if hit {
                hits.insert(rule);
            }
        }
        Ok(())
    }

    /// Runs all rules on the records of a batch from its block `block` on, `count` of them, and stores their answers.
    fn all(&mut self, batch: &Batch, base: u32, (block, count): (usize, usize), out: &mut Matches) -> Result<(), RunError> {
        let blocks = count.div_ceil(64);
        self.call(base, base + record_offset(batch, block * 64), count as u32)?;
        let row = out.row_words();
        let mut answers = self.answers(out.rules() * blocks)?;
        for rule in out.words_mut().chunks_mut(row) {
            for (to, from) in rule[block..block + blocks].iter_mut().zip(&mut answers) {
                *to = from;
            }
        }
        Ok(())
    }

    /// Runs each rule on the records that it may match.
    fn candidates(&mut self, candidates: &mut Candidates, batch: &Batch, base: u32, out: &mut Matches) -> Result<(), RunError> {
        let id = self.setup.id();
        for block in 0..out.row_words() {
            self.store.data().scratch().go_on(id)?;
            let first = block * 64;
            let records = first..batch.len().min(first + 64);
            let Some(asked) = candidates.block(batch, records.clone(), out) else {
                self.all(batch, base, (block, records.len()), out)?;
                continue;
            };
            for (rule, mask) in asked {
                let mut bits = 0;
                for run in runs(*mask) {
                    let record = base + record_offset(batch, first + run.start);
                    bits |= self.call_one(*rule, base, record, run.len() as u32)? << run.start;
                }
                out.set_block(*rule, block, bits);
            }
        }
        Ok(())
    }

    #[inline(always)]
    fn test_alone(&mut self, rule: usize, record: RecordRef<'_>) -> Result<bool, FilterError> {
        let base = self.place(record.batch())?;
        let Some(makes) = self.makes.get(rule).copied() else {
            return Err(FilterError::no_rule(self.setup.id(), (rule, self.makes.len())));
        };
        let within = self.set_within_for(record.batch())?;
        let at = base + record.offset() as u32;
        let hit = if within { self.call_one(rule, base, at, 1)? != 0 } else { self.call_alone(rule, base, at)? };
        let host = self.store.data();
        if !host.traps.is_empty() {
            return Err(self.trapped(rule));
        }
        if makes || !host.scratch().is_tidy() {
            self.tidy()?;
        }
        Ok(hit)
    }

    /// Ends a call of one rule that trapped.
    #[cold]
    fn trapped(&mut self, rule: usize) -> FilterError {
        let first = self.store.data_mut().traps.drain(..).next();
        if let Err(error) = self.tidy() {
            return error.into();
        }
        let fault = first.and_then(|(_, _, code)| self.program.fault(rule, code));
        let (trap, span) = fault.unwrap_or((Trap::Budget, Span::default()));
        FilterError::trap(Fault { trap, span })
    }

    #[cold]
    fn ended(&mut self, error: &wasmtime::Error) -> RunError {
        self.store.data_mut().traps.clear();
        self.error(format_args!("{error:#}"))
    }

    /// So many words of answers.
    fn answers(&self, words: usize) -> Result<impl Iterator<Item = u64> + '_, RunError> {
        let bytes = self.store.data().bytes(self.places.answers, words as u32 * 8).map_err(|e| self.error(e))?;
        Ok(bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)))
    }

    /// Gives back what a run took and the next will hardly need.
    fn tidy(&mut self) -> Result<(), RunError> {
        let id = self.setup.id();
        for (word, start) in [(PEAK, self.places.scratch), (STACK_PEAK, self.places.stack)] {
            let peak = self.store.data().word32(word);
            if peak > start + KEPT {
                self.window.trim(&self.store, start, peak);
                self.store.data_mut().write32(word, start).map_err(|e| RunError::new(id, e))?;
            }
        }
        self.store.data_mut().scratch_mut().finish(id)
    }
}

/// Bytes from a batch's start to a record of it.
fn record_offset(batch: &Batch, record: usize) -> u32 {
    (batch.records_offset() + record * batch.layout().stride()) as u32
}

impl Instance for Runner {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        let base = self.place(record.batch())?;
        let rules = self.rules();
        hits.reset(rules);
        let within = self.set_within_for(record.batch())?;
        let mut candidates = self.candidates.take();
        let done = match candidates.as_mut().and_then(|it| it.record(record, hits)) {
            Some(asked) => self.some(asked, within, (base, base + record.offset() as u32), hits),
            None => self.every(within, (base, base + record.offset() as u32), hits),
        };
        self.candidates = candidates;
        done?;
        for (rule, _, code) in self.store.data_mut().traps.drain(..) {
            if let Some(fault) = self.program.fault(rule as usize, code) {
                hits.trap(rule as usize, fault);
            }
        }
        self.tidy()
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let base = self.place(batch)?;
        let rules = self.rules();
        out.reset(rules, batch.len());
        let within = self.set_within_for(batch)?;
        if !within {
            return self.one_by_one(batch, out);
        }
        let (first, stride) = (base + batch.records_offset() as u32, batch.layout().stride() as u32);
        let most = if self.counts { BETWEEN_LOOKS.min(self.places.blocks as usize) } else { self.places.blocks as usize };
        let (row, id) = (out.row_words(), self.setup.id());
        if row > 1 {
            self.program.exceeds(Threshold::WasmAnswerBytes, rules * row * 8);
        }
        if let Some(mut candidates) = self.candidates.take() {
            let done = self.candidates(&mut candidates, batch, base, out);
            self.candidates = Some(candidates);
            done?;
        } else {
            for block in (0..row).step_by(most) {
                self.store.data().scratch().go_on(id)?;
                self.all(batch, base, (block, (batch.len() - block * 64).min(most * 64)), out)?;
            }
        }
        if !self.store.data().traps.is_empty() {
            for (rule, record, code) in self.store.data_mut().traps.drain(..) {
                if let Some(fault) = self.program.fault(rule as usize, code) {
                    out.trap(rule as usize, ((record - first) / stride) as usize, fault);
                }
            }
        }
        out.finish();
        self.tidy()
    }

    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        let base = self.place(batch)?;
        let rules = self.rules();
        let id = self.setup.id();
        RunError::unless_has(id, (rule, rules), (&records, batch.len()))?;
        out.reset(1, records.len());
        let within = self.set_within_for(batch)?;
        let (first, stride) = (base + batch.records_offset() as u32, batch.layout().stride() as u32);
        let most = if within { 64 } else { 1 };
        for start in (0..records.len()).step_by(most) {
            self.store.data().scratch().go_on(id)?;
            let count = most.min(records.len() - start);
            let record = first + (records.start + start) as u32 * stride;
            let bits = if within { self.call_one(rule, base, record, count as u32)? } else { self.call_alone(rule, base, record)?.into() };
            out.words_mut()[start / 64] |= bits << (start % 64);
        }
        if !self.store.data().traps.is_empty() {
            for (_, record, code) in self.store.data_mut().traps.drain(..) {
                if let Some(fault) = self.program.fault(rule, code) {
                    out.trap(0, ((record - first) / stride) as usize - records.start, fault);
                }
            }
        }
        out.finish();
        self.tidy()
    }

    fn test(&mut self, rule: usize, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        match self.test_alone(rule, record) {
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
        let base = self.place(record.batch())?;
        let program = self.program.clone();
        let Some(function) = admit(&program, id, args, results)? else { return Ok(()) };
        let at = (base, base + record.offset() as u32);
        let done = self.call_function((id, function), at, args, results).map_err(|e| self.ended(&e))?;
        self.store.data().scratch().begin_steps();
        self.tidy()?;
        done.map_err(|code| CallError::Trap(program.call_fault(id, code).unwrap_or(Fault { trap: Trap::Memory, span: function.span })))
    }

    fn memory_bytes(&self) -> usize {
        // Constants, cells and answers, scratch memory as far as it is kept, and copies of batches.
        let own = (self.places.scratch as usize).min(self.places.answers as usize + (1 << 16));
        own + self.candidates.as_ref().map_or(0, |it| it.memory_bytes()) + self.window.copied_bytes() + self.store.data().memory_bytes()
    }

    fn interrupter(&self) -> Interrupter {
        self.store.data().interrupter()
    }

    fn reads_in_place(&self, arena: ArenaKind) -> bool {
        self.setup.memory == Memory::Mapped && arena == ArenaKind::Shared
    }
}
