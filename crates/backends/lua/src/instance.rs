//! Running rules on records.

use std::cell::UnsafeCell;
use std::ops::Range;
use std::sync::Arc;

use mlua::{Function, Table};
use quintet_lang::{HARD_CALLS, Limits};
use quintet_native::Env;
use quintet_runtime::{
    Batch, Candidates, Counting, Instance, Interrupter, Matches, RecordRef, RuleSet, RunError, WriteMatches, WriteRuleSet, runs, set_bits,
};

use crate::chunk::GROUP;
use crate::compile::Chunk;
use crate::memory::Memory;
use crate::natives::Notes;
use crate::state::State;

/// Records between two looks at whether a run was interrupted, where rules count steps; a multiple of 64.
const BETWEEN_LOOKS: usize = 256;

/// Words of an order of [`SOME`](crate::chunk::SOME).
const ORDER: usize = 5;

/// One thread's Lua state and what the generated code in it works on. The functions have the addresses of the boxes and of the chunk's
/// tables, so all of them live here together; during a call nobody but the generated code touches the cells.
pub(crate) struct Runner {
    chunk: Arc<Chunk>,
    /// Writes the answers of all rules to a batch; none for a program without rules.
    batch: Option<Function>,
    /// Answers which rules match a record.
    one: Option<Function>,
    /// Writes the answers of one rule to a batch, by the rule's place counted from 1; empty where there is one rule.
    rules: Table,
    /// Runs some rules on some records; see [`SOME`](crate::chunk::SOME).
    some: Option<Function>,
    state: State,
    env: Box<UnsafeCell<Env>>,
    frame: Box<[UnsafeCell<u64>]>,
    notes: Box<UnsafeCell<Notes>>,
    memory: Box<UnsafeCell<Memory>>,
    /// Whether a rule counts steps, so that a run may take long.
    counts: bool,
    /// The bytes of the longest record on which rules that count only what they look at stay within the budget.
    within: usize,
    /// Answers for one record, 32 rules each.
    words: Box<[UnsafeCell<u32>]>,
    candidates: Option<Box<Candidates>>,
    /// What `some` is to do, and what it answers.
    orders: Vec<u32>,
}

// SAFETY: as for `State`, whose handles `batch`, `one` and `rules` are; everything else is owned by the runner and only reached through
// `&mut self`. The environment borrows nothing from outside.
unsafe impl Send for Runner {}

impl Runner {
    pub(crate) fn new(chunk: Arc<Chunk>, limits: &Limits) -> mlua::Result<Runner> {
        let state = State::new(chunk.config)?;
        let env = Box::new(UnsafeCell::new(Env::new(chunk.program.clone(), limits)));
        let frame: Box<[UnsafeCell<u64>]> = chunk.tables.frame().iter().map(|word| UnsafeCell::new(*word)).collect();
        let notes = Box::new(UnsafeCell::new(Notes::default()));
        let memory = Box::new(UnsafeCell::new(Memory::default()));
        let words = (0..chunk.program.program().rules.len().div_ceil(GROUP)).map(|_| UnsafeCell::new(0)).collect();
        let address = env.get() as usize;
        let scalars = [
            address as f64,
            frame.as_ptr() as usize as f64 / 8.0,
            chunk.tables.constants() as f64,
            notes.get() as usize as f64,
            (address + Env::METER) as f64 / 4.0,
            (address + Env::METER_START) as f64 / 4.0,
            (address + Env::START_IF_WITHIN) as f64 / 4.0,
            memory.get() as usize as f64,
            limits.calls.min(HARD_CALLS) as f64,
        ];
        // SAFETY: the chunk's bytecode and tables were made together, and everything that the functions are told the address of lives in
        // the runner for as long as they do.
        let (batch, one, rules, some) = unsafe { state.load(&chunk.bytecode, chunk.tables.addresses(), scalars)? };
        let program = chunk.program.program();
        let counting = || (0..program.rules.len()).map(|rule| Counting::of(&chunk.program, rule, limits.steps));
        let counts = counting().any(|counting| counting != Counting::Never);
        let within = counting().filter_map(|counting| if let Counting::Within(most) = counting { Some(most) } else { None });
        let within = within.min().unwrap_or(usize::MAX);
        let candidates = Candidates::new(&chunk.program, limits);
        let orders = Vec::new();
        Ok(Runner { candidates, orders, some, chunk, batch, one, rules, state, env, frame, notes, memory, counts, within, words })
    }

    fn check(&self, batch: &Batch) -> Result<(), RunError> {
        if self.chunk.program.scheme().same(batch.scheme()) { Ok(()) } else { Err(RunError::scheme(self.chunk.config.id())) }
    }

    /// [`Instance::run_batch`] where the budget might be passed.
    #[cold]
    fn one_by_one(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let mut hits = RuleSet::new();
        let mut rows = vec![0; out.rules() * out.row_words()];
        let row = out.row_words();
        for record in batch.iter() {
            self.env.get_mut().scratch().go_on(self.chunk.config.id())?;
            self.run(record, &mut hits)?;
            let at = record.index();
            hits.iter().for_each(|rule| rows[rule * row + at / 64] |= 1 << (at % 64));
            hits.traps().iter().for_each(|it| out.trap(it.rule, at, (it.trap, it.span)));
        }
        out.words_mut().copy_from_slice(&rows);
        out.finish();
        Ok(())
    }

    /// Runs the orders, for records from word `word` on of a block at `base`.
    fn obey(&mut self, word: f64, base: f64) -> Result<(), RunError> {
        let Some(some) = self.some.as_ref().filter(|_| !self.orders.is_empty()) else { return Ok(()) };
        let stride = self.chunk.program.layout().stride() / 8;
        let (orders, count) = (self.orders.as_mut_ptr() as usize as f64 / 4.0, self.orders.len() / ORDER);
        some.call::<()>((word, base, orders, count as f64, stride as f64)).map_err(|e| self.fail(e))
    }

    /// Adds the answers of some rules, a bit each, to those of a record.
    fn some(&mut self, asked: &[u64], word: f64, base: f64, hits: &mut RuleSet) -> Result<(), RunError> {
        self.orders.clear();
        set_bits(asked).for_each(|rule| self.orders.extend([rule as u32 + 1, 0, 1, 0, 0]));
        self.obey(word, base)?;
        let (orders, _) = self.orders.as_chunks::<ORDER>();
        orders.iter().filter(|order| order[3] != 0).for_each(|order| hits.insert(order[0] as usize - 1));
        Ok(())
    }

    /// Adds the answers of all rules to those of a record.
    fn every(&mut self, word: f64, base: f64, hits: &mut RuleSet) -> Result<(), RunError> {
        let Some(one) = &self.one else { return Ok(()) };
        let mut insert = |group: usize, mut bits: u32| {
            while bits != 0 {
                hits.insert(group * GROUP + bits.trailing_zeros() as usize);
                bits &= bits - 1;
            }
        };
        if self.words.len() == 1 {
            let bits: i32 = one.call((word, base)).map_err(|e| self.fail(e))?;
            insert(0, bits as u32);
        } else {
            one.call::<()>((word, base, self.words.as_ptr() as usize as f64 / 4.0)).map_err(|e| self.fail(e))?;
            for (group, word) in self.words.iter_mut().enumerate() {
                insert(group, *word.get_mut());
            }
        }
        Ok(())
    }

    /// Runs all rules on `count` records of a batch from `first` on, a multiple of 64, and stores their answers.
    fn all(&mut self, batch: &Batch, first: usize, count: usize, out: &mut Matches) -> Result<(), RunError> {
        let Some(function) = &self.batch else { return Ok(()) };
        let (word, base) = place(batch, first);
        let (row, answers) = (out.row_words() * 2, out.words_mut().as_mut_ptr() as usize as f64 / 4.0 + (first / 32) as f64);
        function.call::<()>((word, base, count as f64, answers, row as f64)).map_err(|e| self.fail(e))?;
        self.noted(first, out);
        Ok(())
    }

    /// Hands over the traps of records from `first` on.
    fn noted(&mut self, first: usize, out: &mut Matches) {
        for (rule, record, code) in self.notes.get_mut().list.drain(..) {
            if let Some(fault) = self.chunk.program.fault(rule, code) {
                out.trap(rule, first + record, fault);
            }
        }
    }

    /// Runs each rule on the records that it may match.
    fn candidates(&mut self, candidates: &mut Candidates, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        for block in 0..out.row_words() {
            self.env.get_mut().scratch().go_on(self.chunk.config.id())?;
            let first = block * 64;
            let records = first..batch.len().min(first + 64);
            let Some(asked) = candidates.block(batch, records.clone()) else {
                self.all(batch, first, records.len(), out)?;
                continue;
            };
            self.orders.clear();
            for (rule, mask) in asked.iter().enumerate().filter(|(_, mask)| **mask != 0) {
                runs(*mask).for_each(|run| self.orders.extend([rule as u32 + 1, run.start as u32, run.len() as u32, 0, 0]));
            }
            let (word, base) = place(batch, first);
            self.obey(word, base)?;
            let (orders, _) = self.orders.as_chunks::<ORDER>();
            let row = out.row_words();
            for [rule, start, _, low, high] in orders {
                out.words_mut()[(*rule as usize - 1) * row + block] |= (u64::from(*low) | u64::from(*high) << 32) << start;
            }
            self.noted(first, out);
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), RunError> {
        self.memory.get_mut().finish();
        self.env.get_mut().finish(self.chunk.config.id())
    }

    fn fail(&self, error: mlua::Error) -> RunError {
        RunError::new(self.chunk.config.id(), error)
    }
}

/// The words of a record of a batch, and the address of the batch.
fn place(batch: &Batch, record: usize) -> (f64, f64) {
    let base = batch.memory().as_ptr() as usize;
    ((base + batch.records_offset() + record * batch.layout().stride()) as f64 / 8.0, base as f64)
}

impl Instance for Runner {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        self.check(record.batch())?;
        hits.reset(self.chunk.program.program().rules.len());
        self.env.get_mut().set_within(record.batch().longest() <= self.within);
        let base = record.memory().as_ptr() as usize;
        let (word, base) = ((base + record.offset()) as f64 / 8.0, base as f64);
        let mut candidates = self.candidates.take();
        let done = match candidates.as_mut().and_then(|it| it.record(record)) {
            Some(asked) => self.some(asked, word, base, hits),
            None => self.every(word, base, hits),
        };
        self.candidates = candidates;
        done?;
        for (rule, _, code) in self.notes.get_mut().list.drain(..) {
            if let Some(fault) = self.chunk.program.fault(rule, code) {
                hits.trap(rule, fault);
            }
        }
        self.finish()
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        out.reset(self.chunk.program.program().rules.len(), batch.len());
        if self.batch.is_none() || batch.is_empty() {
            return Ok(());
        }
        let within = batch.longest() <= self.within;
        self.env.get_mut().set_within(within);
        if !within {
            return self.one_by_one(batch, out);
        }
        if let Some(mut candidates) = self.candidates.take() {
            let done = self.candidates(&mut candidates, batch, out);
            self.candidates = Some(candidates);
            done?;
        } else {
            // So many records at a time.
            let most = if self.counts { BETWEEN_LOOKS } else { batch.len() };
            for first in (0..batch.len()).step_by(most) {
                self.env.get_mut().scratch().go_on(self.chunk.config.id())?;
                self.all(batch, first, most.min(batch.len() - first), out)?;
            }
        }
        out.finish();
        self.finish()
    }

    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        let rules = self.chunk.program.program().rules.len();
        RunError::unless_has(self.chunk.config.id(), (rule, rules), (&records, batch.len()))?;
        out.reset(1, records.len());
        let function = match &self.batch {
            Some(all) if rules == 1 => all.clone(),
            _ => self.rules.raw_get::<Function>(rule + 1).map_err(|e| self.fail(e))?,
        };
        let within = batch.longest() <= self.within;
        self.env.get_mut().set_within(within);
        let base = batch.memory().as_ptr() as usize;
        let stride = batch.layout().stride() / 8;
        let word = (base + batch.records_offset()) as f64 / 8.0 + (records.start * stride) as f64;
        let most = match (within, self.counts) {
            (false, _) => 1,
            (true, true) => BETWEEN_LOOKS * rules,
            (true, false) => usize::MAX,
        };
        // The answer of a record that comes alone, where the budget might be passed.
        let mut alone = 0u64;
        for first in (0..records.len()).step_by(most) {
            self.env.get_mut().scratch().go_on(self.chunk.config.id())?;
            let count = most.min(records.len() - first);
            let answers = if within { out.words_mut()[first / 64..].as_mut_ptr() } else { &raw mut alone };
            let (word, answers) = (word + (first * stride) as f64, answers as usize as f64 / 4.0);
            function.call::<()>((word, base as f64, count as f64, answers, 0.0)).map_err(|e| self.fail(e))?;
            if !within {
                out.words_mut()[first / 64] |= (alone & 1) << (first % 64);
            }
            for (_, record, code) in self.notes.get_mut().list.drain(..) {
                if let Some(fault) = self.chunk.program.fault(rule, code) {
                    out.trap(0, first + record, fault);
                }
            }
        }
        out.finish();
        self.finish()
    }

    fn interrupter(&self) -> Interrupter {
        // SAFETY: generated code, which is all that writes here besides `&mut self`, does not run now.
        unsafe { &*self.env.get() }.scratch().interrupter()
    }

    fn memory_bytes(&self) -> usize {
        // SAFETY: as in `interrupter`.
        let env = unsafe { &*self.env.get() }.memory_bytes();
        // SAFETY: as in `interrupter`.
        let memory = unsafe { &*self.memory.get() }.memory_bytes();
        let candidates = self.candidates.as_ref().map_or(0, |it| it.memory_bytes()) + self.orders.capacity() * 4;
        env + memory + candidates + self.state.memory_bytes() + self.frame.len() * 8 + self.words.len() * 4
    }
}
