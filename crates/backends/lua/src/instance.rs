//! Running rules on records.

use std::cell::UnsafeCell;
use std::ops::Range;
use std::sync::Arc;

use mlua::Function;
use quintet_lang::{HARD_CALLS, Limits};
use quintet_native::Env;
use quintet_runtime::{Batch, Counting, Instance, Interrupter, Matches, RecordRef, RuleSet, RunError, WriteMatches, WriteRuleSet};

use crate::chunk::GROUP;
use crate::compile::Chunk;
use crate::loops::Kind;
use crate::memory::Memory;
use crate::natives::Note;
use crate::pool::Taken;
use crate::state::{Loaded, Loops};

/// Records between two looks at whether a run was interrupted, where rules count steps; a multiple of 64.
const BETWEEN_LOOKS: usize = 256;

/// One thread's Lua state and what the generated code in it works on. The functions have the addresses of the boxes and of the chunk's
/// tables, so all of them live here together; during a call nobody but the generated code touches the cells.
pub(crate) struct Runner {
    chunk: Arc<Chunk>,
    /// What answers for a record, and tests.
    loaded: Loaded,
    /// Write answers to a batch; made when one comes.
    loops: Option<Loops>,
    /// What the program was loaded with.
    scalars: [f64; 9],
    /// After all that is in it, which must be gone before another has it.
    state: Taken,
    env: Box<UnsafeCell<Env>>,
    frame: Box<[UnsafeCell<u64>]>,
    notes: Box<UnsafeCell<Vec<Note>>>,
    memory: Box<UnsafeCell<Memory>>,
    /// Whether a rule counts steps, so that a run may take long.
    counts: bool,
    /// The bytes of the longest record on which rules that count only what they look at stay within the budget.
    within: usize,
    /// Answers for one record, 32 rules each.
    words: Box<[UnsafeCell<u32>]>,
}

// SAFETY: as for `State`, whose handles `loaded` and `loops` are; everything else is owned by the runner and only reached through
// `&mut self`. The environment borrows nothing from outside.
unsafe impl Send for Runner {}

impl Runner {
    pub(crate) fn new(chunk: Arc<Chunk>, limits: &Limits) -> mlua::Result<Runner> {
        let state = chunk.pool.take()?;
        let env = Box::new(UnsafeCell::new(Env::new(chunk.program.clone(), limits)));
        let frame: Box<[UnsafeCell<u64>]> = chunk.tables.frame().iter().map(|word| UnsafeCell::new(*word)).collect();
        let notes = Box::new(UnsafeCell::new(Vec::new()));
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
        let loaded = unsafe { state.load(&chunk.bytecode, chunk.tables.addresses(), scalars)? };
        let program = chunk.program.program();
        let counting = || (0..program.rules.len()).map(|rule| Counting::of(&chunk.program, rule, limits.steps));
        let counts = counting().any(|counting| counting != Counting::Never);
        let within = counting().filter_map(|counting| if let Counting::Within(most) = counting { Some(most) } else { None });
        let within = within.min().unwrap_or(usize::MAX);
        Ok(Runner { chunk, loaded, loops: None, scalars, state, env, frame, notes, memory, counts, within, words })
    }

    fn check(&self, batch: &Batch) -> Result<(), RunError> {
        if self.chunk.program.scheme().same(batch.scheme()) { Ok(()) } else { Err(RunError::scheme(self.chunk.pool.config().id())) }
    }

    /// [`Instance::run_batch`] where the budget might be passed.
    #[cold]
    fn one_by_one(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let mut hits = RuleSet::new();
        let mut rows = vec![0; out.rules() * out.row_words()];
        let row = out.row_words();
        for record in batch.iter() {
            self.env.get_mut().scratch().go_on(self.chunk.pool.config().id())?;
            self.run(record, &mut hits)?;
            let at = record.index();
            hits.iter().for_each(|rule| rows[rule * row + at / 64] |= 1 << (at % 64));
            hits.traps().iter().for_each(|it| out.trap(it.rule, at, (it.trap, it.span)));
        }
        out.words_mut().copy_from_slice(&rows);
        out.finish();
        Ok(())
    }

    fn finish(&mut self) -> Result<(), RunError> {
        self.memory.get_mut().finish();
        self.env.get_mut().finish(self.chunk.pool.config().id())
    }

    /// The loops of the rules.
    fn loops(&mut self) -> mlua::Result<Loops> {
        if let Some(loops) = &self.loops {
            return Ok(loops.clone());
        }
        let program = &self.chunk.program;
        let kinds = (0..program.program().rules.len()).map(|rule| Kind::of(program, rule));
        // SAFETY: the program was loaded with these.
        let loops = unsafe { self.state.loops(&self.loaded.tests, kinds, program.layout().stride() / 8, self.scalars)? };
        Ok(self.loops.insert(loops).clone())
    }

    /// What failed; the state is not used for another program.
    #[cold]
    fn fail(&mut self, error: mlua::Error) -> RunError {
        self.state.spoil();
        RunError::new(self.chunk.pool.config().id(), error)
    }
}

impl Instance for Runner {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        self.check(record.batch())?;
        hits.reset(self.chunk.program.program().rules.len());
        self.env.get_mut().set_within(record.batch().longest() <= self.within);
        let base = record.memory().as_ptr() as usize;
        let (word, base) = ((base + record.offset()) as f64 / 8.0, base as f64);
        let mut insert = |group: usize, mut bits: u32| {
            while bits != 0 {
                hits.insert(group * GROUP + bits.trailing_zeros() as usize);
                bits &= bits - 1;
            }
        };
        if self.words.len() == 1 {
            let bits: i32 = self.loaded.one.call((word, base)).map_err(|e| self.fail(e))?;
            insert(0, bits as u32);
        } else {
            self.loaded.one.call::<()>((word, base, self.words.as_ptr() as usize as f64 / 4.0)).map_err(|e| self.fail(e))?;
            for (group, word) in self.words.iter_mut().enumerate() {
                insert(group, *word.get_mut());
            }
        }
        for (rule, _, code) in self.notes.get_mut().drain(..) {
            if let Some(fault) = self.chunk.program.fault(rule, code) {
                hits.trap(rule, fault);
            }
        }
        self.finish()
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        out.reset(self.chunk.program.program().rules.len(), batch.len());
        if batch.is_empty() {
            return Ok(());
        }
        let loops = self.loops().map_err(|e| self.fail(e))?;
        let within = batch.longest() <= self.within;
        self.env.get_mut().set_within(within);
        if !within {
            return self.one_by_one(batch, out);
        }
        let base = batch.memory().as_ptr() as usize;
        let word = (base + batch.records_offset()) as f64 / 8.0;
        let row = out.row_words() * 2;
        let answers = out.words_mut().as_mut_ptr() as usize as f64 / 4.0;
        // So many records at a time, words of the answers of a rule, and words from record to record.
        let (most, stride) = if self.counts { (BETWEEN_LOOKS, batch.layout().stride() / 8) } else { (batch.len(), 0) };
        for first in (0..batch.len()).step_by(most) {
            self.env.get_mut().scratch().go_on(self.chunk.pool.config().id())?;
            let count = most.min(batch.len() - first);
            let (word, answers) = (word + (first * stride) as f64, answers + (first / 32) as f64);
            let done = loops.all.call::<()>((word, base as f64, count as f64, answers, row as f64));
            done.map_err(|e| self.fail(e))?;
            for (rule, record, code) in self.notes.get_mut().drain(..) {
                if let Some(fault) = self.chunk.program.fault(rule, code) {
                    out.trap(rule, first + record, fault);
                }
            }
        }
        out.finish();
        self.finish()
    }

    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        let rules = self.chunk.program.program().rules.len();
        RunError::unless_has(self.chunk.pool.config().id(), (rule, rules), (&records, batch.len()))?;
        out.reset(1, records.len());
        let function: Function = self.loops().and_then(|loops| loops.rules.raw_get(rule + 1)).map_err(|e| self.fail(e))?;
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
            self.env.get_mut().scratch().go_on(self.chunk.pool.config().id())?;
            let count = most.min(records.len() - first);
            let answers = if within { out.words_mut()[first / 64..].as_mut_ptr() } else { &raw mut alone };
            let (word, answers) = (word + (first * stride) as f64, answers as usize as f64 / 4.0);
            function.call::<()>((word, base as f64, count as f64, answers)).map_err(|e| self.fail(e))?;
            if !within {
                out.words_mut()[first / 64] |= (alone & 1) << (first % 64);
            }
            for (_, record, code) in self.notes.get_mut().drain(..) {
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
        env + memory + self.state.memory_bytes() + self.frame.len() * 8 + self.words.len() * 4
    }
}
