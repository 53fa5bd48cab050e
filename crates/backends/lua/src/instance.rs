//! Running rules on records.

use std::cell::UnsafeCell;
use std::ops::Range;
use std::sync::Arc;

use mlua::{Function, Table};
use quintet_lang::ast::FnId;
use quintet_lang::{HARD_CALLS, Limits};
use quintet_native::{Cell, Env};
use quintet_runtime::{
    Batch, CallError, Candidates, Counting, Fault, FilterError, Instance, Interrupter, Matches, OwnedValue, RecordId, RecordRef, RuleId,
    RuleSet, RunError, Trap, Value, WriteMatches, WriteRuleSet, admit, hand_out, runs, set_bits,
};

use crate::chunk::{GROUP, record};
use crate::compile::Chunk;
use crate::crossing::Crossing;
use crate::data::CELL;
use crate::entry::Cells;
use crate::loops::Kind;
use crate::memory::Memory;
use crate::natives::Notes;
use crate::pool::Taken;
use crate::script::{has_memory, makes_anywhere};
use crate::state::Loops;

/// Records between two looks at whether a run was interrupted, where rules count steps; a multiple of 64.
const BETWEEN_LOOKS: usize = 256;

/// Words of an order of [`SOME`](crate::loops::SOME).
const ORDER: usize = 5;

/// One thread's Lua state and what the generated code in it works on. The functions have the addresses of the boxes and of the chunk's
/// tables, so all of them live here together; during a call nobody but the generated code touches the cells.
pub(crate) struct Runner {
    chunk: Arc<Chunk>,
    /// Answers which rules match a record; made when one comes.
    record: Option<Record>,
    /// By rule: whether anything is left at its end.
    makes: Box<[bool]>,
    /// The tests of the rules, counted from 1.
    tests: Table,
    /// Write answers to a batch; made when one comes.
    loops: Option<Loops>,
    /// What calls of functions need, once there was one.
    calls: Option<Entries>,
    /// After all handles into it, which must be gone before another has it.
    state: Taken,
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
    /// What every chunk is told but for its own cells and constants.
    scalars: [f64; 9],
    most_calls: usize,
}

/// What answers which rules match a record.
enum Record {
    /// With a bit for each of as many rules as stand in a group.
    Group(Crossing),
    /// By words.
    Groups(Function),
}

/// The functions that the host calls.
struct Entries {
    /// By function; counted from 1.
    functions: Table,
    /// Those that were called.
    called: Vec<(FnId, Function)>,
    /// Arguments, results and what calls of library functions need.
    frame: Box<[UnsafeCell<u64>]>,
}

// SAFETY: as for `State`, whose handles `tests` and those in `record`, `loops` and `calls` are; everything else is owned by the runner and only
// reached through `&mut self`. The environment borrows nothing from outside.
unsafe impl Send for Runner {}

impl Runner {
    pub(crate) fn new(chunk: Arc<Chunk>, limits: &Limits) -> mlua::Result<Runner> {
        let state = chunk.pool.take()?;
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
        let tests: Table = unsafe { state.load(&chunk.bytecode, chunk.tables.addresses(), scalars)? };
        let program = chunk.program.program();
        let anywhere = makes_anywhere(program);
        let makes = program.rules.iter().map(|rule| anywhere || has_memory(&rule.frame)).collect();
        let countings = chunk.program.countings(limits.steps);
        let counts = countings.iter().any(|counting| *counting != Counting::Never);
        let within = countings.iter().filter_map(|counting| if let Counting::Within(most) = counting { Some(*most) } else { None });
        let within = within.min().unwrap_or(usize::MAX);
        let most_calls = limits.calls.min(HARD_CALLS);
        Ok(Runner {
            candidates: Candidates::new(&chunk.program, limits),
            orders: Vec::new(),
            chunk,
            record: None,
            makes,
            tests,
            loops: None,
            calls: None,
            state,
            env,
            frame,
            notes,
            memory,
            counts,
            within,
            words,
            scalars,
            most_calls,
        })
    }

    fn check(&self, batch: &Batch) -> Result<(), RunError> {
        if self.chunk.program.scheme().same(batch.scheme()) { Ok(()) } else { Err(RunError::scheme(self.chunk.id())) }
    }

    /// [`Instance::run_batch`] where the budget might be passed.
    #[cold]
    fn one_by_one(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let mut hits = RuleSet::new();
        let mut rows = vec![0; out.rules() * out.row_words()];
        let row = out.row_words();
        for record in batch.iter() {
            self.env.get_mut().scratch().go_on(self.chunk.id())?;
            self.run(record, &mut hits)?;
            let at = record.index();
            hits.iter().for_each(|rule| rows[rule * row + at / 64] |= 1 << (at % 64));
            hits.traps().iter().for_each(|it| out.trap(it.rule, at, (it.trap, it.span)));
        }
        out.words_mut().copy_from_slice(&rows);
        out.finish();
        Ok(())
    }

    #[inline(always)]
    fn test_alone(&mut self, rule: usize, record: RecordRef<'_>) -> Result<bool, FilterError> {
        self.check(record.batch())?;
        let id = self.chunk.id();
        let (Some(makes), rules) = (self.makes.get(rule).copied(), self.makes.len()) else {
            return Err(FilterError::no_rule(id, (rule, self.makes.len())));
        };
        if rules > 1 {
            return self.test_one_of_several(rule, record);
        }
        if self.record.is_none() {
            self.make_record()?;
        }
        let Some(Record::Group(group)) = &mut self.record else { return Ok(false) };
        if self.within != usize::MAX {
            self.env.get_mut().set_within(record.batch().longest() <= self.within);
        }
        let base = record.memory().as_ptr() as usize;
        let answer = group.call((base + record.offset()) as f64 / 8.0, base as f64);
        let bits = answer.map_err(|e| self.failed(&e))?;
        if !self.notes.get_mut().list.is_empty() {
            return Err(self.trapped(rule));
        }
        if makes || !self.env.get_mut().scratch().is_tidy() {
            self.finish()?;
        }
        Ok(bits != 0.0)
    }

    /// [`Instance::test`] where the group's function would run other rules too.
    fn test_one_of_several(&mut self, rule: usize, record: RecordRef<'_>) -> Result<bool, FilterError> {
        let mut out = Matches::new();
        self.run_rule(rule, record.batch(), record.index()..record.index() + 1, &mut out)?;
        match out.traps().first() {
            Some(at) => Err(FilterError::trap(Fault { trap: at.trap, span: at.span })),
            None => Ok(out.get(RuleId(0), RecordId(0))),
        }
    }

    /// Ends a call of one rule that trapped.
    #[cold]
    fn trapped(&mut self, rule: usize) -> FilterError {
        let first = self.notes.get_mut().list.drain(..).next();
        if let Err(error) = self.finish() {
            return error.into();
        }
        let fault = first.and_then(|(_, _, code)| self.chunk.program.fault(rule, code));
        let (trap, span) = fault.unwrap_or((Trap::Budget, quintet_lang::ast::Span::default()));
        FilterError::trap(Fault { trap, span })
    }

    /// The function by which the host calls one, and where its arguments and results lie.
    fn entry(&mut self, id: FnId) -> Result<(Function, Cells), RunError> {
        let Runner { chunk, state, calls, scalars, .. } = self;
        let failed = |e: &dyn std::fmt::Display| RunError::new(chunk.id(), e);
        let made = chunk.calls(|source| state.compile(source)).map_err(|e| failed(&e))?;
        let cells = made.cells.get(id.index()).copied().flatten().ok_or_else(|| failed(&"there is no such function to call"))?;
        let entries = match calls {
            Some(entries) => entries,
            None => {
                let frame: Box<[UnsafeCell<u64>]> = made.tables.frame().iter().map(|word| UnsafeCell::new(*word)).collect();
                let mut scalars = *scalars;
                (scalars[1], scalars[2]) = (frame.as_ptr() as usize as f64 / 8.0, made.tables.constants() as f64);
                // SAFETY: as in `new`; the bytecode's tables are the chunk's, and the cells live in the runner.
                let functions = unsafe { state.load(&made.bytecode, made.tables.addresses(), scalars) }.map_err(|e| failed(&e))?;
                calls.insert(Entries { functions, called: Vec::new(), frame })
            }
        };
        if let Some((_, function)) = entries.called.iter().find(|(of, _)| *of == id) {
            return Ok((function.clone(), cells));
        }
        let function: Function = entries.functions.raw_get(id.index() + 1).map_err(|e| failed(&e))?;
        entries.called.push((id, function.clone()));
        Ok((function, cells))
    }

    /// Calls a function that takes these arguments, and copies its results; answers a trap's code.
    fn call_function(
        &mut self,
        (id, function): (FnId, &quintet_lang::ast::Function),
        record: RecordRef<'_>,
        args: &[Value<'_>],
        results: &mut Vec<Option<OwnedValue>>,
    ) -> Result<Result<(), u32>, RunError> {
        let (entry, cells) = self.entry(id)?;
        let Some(Entries { frame, .. }) = &mut self.calls else { return Ok(Ok(())) };
        self.memory.get_mut().restart();
        let env = self.env.get_mut();
        env.reset();
        let passed = args.iter().zip(&function.frame.locals).enumerate().try_for_each(|(place, (arg, param))| {
            let Cell { present, words } = Cell::store(&param.ty, *arg, env.scratch())?;
            let to = frame.iter_mut().skip(cells.args + place * CELL);
            to.zip(std::iter::once(present).chain(words)).for_each(|(to, word)| *to.get_mut() = word);
            Ok(())
        });
        let begun = env.scratch().step().and(if self.most_calls == 0 { Err(Trap::Calls) } else { passed });
        if let Err(trap) = begun {
            return Ok(Err(trap.code()));
        }
        let base = record.memory().as_ptr() as usize;
        let code: u32 = entry.call(((base + record.offset()) as f64 / 8.0, base as f64)).map_err(|e| self.fail(e))?;
        let env = self.env.get_mut();
        if code != 0 {
            return Ok(Err(if env.scratch().is_exhausted() { Trap::Budget.instead_of(code) } else { code }));
        }
        let Some(Entries { frame, .. }) = &mut self.calls else { return Ok(Ok(())) };
        let mut words = frame.iter_mut().skip(cells.results).map(|word| *word.get_mut());
        let found: Vec<Cell> = function
            .results
            .iter()
            .map(|_| {
                let mut next = || words.next().unwrap_or_default();
                Cell { present: next(), words: [next(), next(), next()] }
            })
            .collect();
        // SAFETY: the function put values of these types there, and nothing has run since.
        let values = function.results.iter().zip(&found).map(|(answer, cell)| unsafe { cell.load(&answer.ty) });
        Ok(hand_out(values, env.scratch(), results).map_err(Trap::code))
    }

    /// Runs the orders, for records from word `word` on of a block at `base`.
    fn obey(&mut self, word: f64, base: f64) -> Result<(), RunError> {
        if self.orders.is_empty() {
            return Ok(());
        }
        let loops = ready(&self.chunk, &self.state, (&self.tests, self.scalars), &mut self.loops);
        let some = loops.and_then(|loops| loops.some(&self.state, self.scalars));
        let stride = self.chunk.program.layout().stride() / 8;
        let (orders, count) = (self.orders.as_mut_ptr() as usize as f64 / 4.0, self.orders.len() / ORDER);
        let done = some.and_then(|some| some.call::<()>((word, base, orders, count as f64, stride as f64)));
        done.map_err(|e| self.fail(e))
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
        let mut insert = |group: usize, mut bits: u32| {
            while bits != 0 {
                hits.insert(group * GROUP + bits.trailing_zeros() as usize);
                bits &= bits - 1;
            }
        };
        if self.record.is_none() {
            self.make_record()?;
        }
        match &mut self.record {
            Some(Record::Group(group)) => {
                let answer = group.call(word, base);
                let bits = answer.map_err(|e| self.failed(&e))?;
                insert(0, bits as i64 as u32);
            }
            Some(Record::Groups(groups)) => {
                groups.call::<()>((word, base, self.words.as_ptr() as usize as f64 / 4.0)).map_err(|e| self.fail(e))?;
                for (group, word) in self.words.iter_mut().enumerate() {
                    insert(group, *word.get_mut());
                }
            }
            // There are no rules.
            None => {}
        }
        Ok(())
    }

    /// Makes what answers for one record, where there are rules.
    #[cold]
    fn make_record(&mut self) -> Result<(), RunError> {
        let rules = self.chunk.program.program().rules.len();
        if rules == 0 {
            return Ok(());
        }
        let Runner { chunk, state, tests, scalars, .. } = self;
        let failed = |e: &dyn std::fmt::Display| RunError::new(chunk.id(), e);
        let bytecode = if rules == 1 {
            // It is the same for all rules of a kind.
            Kind::of(&chunk.program, 0).record_bytecode(state, || record(&chunk.program)).map_err(|e| failed(&e))?
        } else {
            chunk.record(|source| state.compile(source)).map_err(|e| failed(&e))?
        };
        // SAFETY: the bytecode is of this program, which was loaded with these.
        let made = unsafe { state.record(bytecode, tests, *scalars) }.map_err(|e| failed(&e))?;
        self.record = Some(if rules > GROUP { Record::Groups(made) } else { Record::Group(state.crossing(made).map_err(|e| failed(&e))?) });
        Ok(())
    }

    /// Runs all rules on `count` records of a batch from `first` on, a multiple of 64, and stores their answers.
    fn all(&mut self, batch: &Batch, first: usize, count: usize, out: &mut Matches) -> Result<(), RunError> {
        let (word, base) = place(batch, first);
        let (row, answers) = (out.row_words() * 2, out.words_mut().as_mut_ptr() as usize as f64 / 4.0 + (first / 32) as f64);
        let loops = ready(&self.chunk, &self.state, (&self.tests, self.scalars), &mut self.loops);
        let done = loops.and_then(|loops| loops.all.call::<()>((word, base, count as f64, answers, row as f64)));
        done.map_err(|e| self.fail(e))?;
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
            self.env.get_mut().scratch().go_on(self.chunk.id())?;
            let first = block * 64;
            let records = first..batch.len().min(first + 64);
            let Some(asked) = candidates.block(batch, records.clone(), out) else {
                self.all(batch, first, records.len(), out)?;
                continue;
            };
            self.orders.clear();
            for (rule, mask) in asked {
                runs(*mask).for_each(|run| self.orders.extend([*rule as u32 + 1, run.start as u32, run.len() as u32, 0, 0]));
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
        self.env.get_mut().finish(self.chunk.id())
    }

    /// What failed; the state is not used for another program.
    #[cold]
    fn fail(&mut self, error: mlua::Error) -> RunError {
        self.failed(&error)
    }

    /// See [`Runner::fail`].
    #[cold]
    fn failed(&mut self, error: &dyn std::fmt::Display) -> RunError {
        self.state.spoil();
        RunError::new(self.chunk.id(), error)
    }
}

/// The loops of the rules of a program that was loaded with these scalars.
fn ready<'l>(
    chunk: &Chunk,
    state: &Taken,
    (tests, scalars): (&Table, [f64; 9]),
    loops: &'l mut Option<Loops>,
) -> mlua::Result<&'l mut Loops> {
    Ok(match loops {
        Some(loops) => loops,
        none => {
            let program = &chunk.program;
            let kinds = (0..program.program().rules.len()).map(|rule| Kind::of(program, rule));
            // SAFETY: the program was loaded with these.
            none.insert(unsafe { state.loops(tests, kinds, program.layout().stride() / 8, scalars)? })
        }
    })
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
        let done = match candidates.as_mut().and_then(|it| it.record(record, hits)) {
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
        if out.rules() == 0 || batch.is_empty() {
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
                self.env.get_mut().scratch().go_on(self.chunk.id())?;
                self.all(batch, first, most.min(batch.len() - first), out)?;
            }
        }
        out.finish();
        self.finish()
    }

    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        let rules = self.chunk.program.program().rules.len();
        RunError::unless_has(self.chunk.id(), (rule, rules), (&records, batch.len()))?;
        out.reset(1, records.len());
        let loops = ready(&self.chunk, &self.state, (&self.tests, self.scalars), &mut self.loops);
        let function: Function = loops.and_then(|loops| loops.rules.raw_get(rule + 1)).map_err(|e| self.fail(e))?;
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
            self.env.get_mut().scratch().go_on(self.chunk.id())?;
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
        self.check(record.batch())?;
        let chunk = self.chunk.clone();
        let Some(function) = admit(&chunk.program, id, args, results)? else { return Ok(()) };
        let done = self.call_function((id, function), record, args, results)?;
        // A rule that counts nothing must not find the budget used up.
        self.env.get_mut().scratch().begin_steps();
        self.finish()?;
        done.map_err(|code| {
            CallError::Trap(chunk.program.call_fault(id, code).unwrap_or(Fault { trap: Trap::Memory, span: function.span }))
        })
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
        let calls = self.calls.as_ref().map_or(0, |calls| calls.frame.len() * 8);
        env + memory + candidates + self.state.memory_bytes() + self.frame.len() * 8 + self.words.len() * 4 + calls
    }
}
