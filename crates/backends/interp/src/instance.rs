//! Running rules on records.

use std::cell::OnceCell;
use std::ops::Range;
use std::sync::Arc;

use quintet_lang::ast::{FnId, Frame, Span};
use quintet_lang::{HARD_CALLS, Limits};
use quintet_runtime::{
    Batch, CallError, Candidates, Fault, FilterError, Instance, Interrupter, Linked, Matches, OwnedValue, RecordRef, RuleSet, RunError,
    Scratch, Trap, Value, WriteMatches, WriteRuleSet, admit, hand_out, set_bits,
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
    candidates: Option<Box<Candidates>>,
}

impl Runner {
    pub(crate) fn new(program: Arc<Linked>, rooms: Arc<[usize]>, leaves: Arc<Leaves>, limits: &Limits) -> Runner {
        let filters = vec![OnceCell::new(); program.program().rules.len()].into();
        let (scratch, unbounded) = (Scratch::new(limits), Scratch::new(limits));
        let candidates = Candidates::new(&program, limits);
        let (steps, most_calls) = (limits.steps, limits.calls.min(HARD_CALLS));
        Runner { program, rooms, leaves, scratch, unbounded, filters, steps, most_calls, candidates }
    }

    fn rules(&self) -> usize {
        self.program.program().rules.len()
    }

    fn check(&self, batch: &Batch) -> Result<(), RunError> {
        if self.program.scheme().same(batch.scheme()) { Ok(()) } else { Err(RunError::scheme(ID)) }
    }

    /// Whether rule `rule` matches `record`.
    #[inline]
    fn ask(&mut self, rule: usize, record: RecordRef<'_>) -> Result<bool, (Trap, Span)> {
        self.scratch.reset();
        let it = &self.program.program().rules[rule];
        let needs = (&it.frame, self.rooms[rule], self.most_calls);
        Machine::new(&self.program, (&self.leaves, &self.rooms), record, &self.scratch, needs).rule(it)
    }

    /// Adds the answer of rule `rule` to those of a record.
    #[inline]
    fn add(&mut self, rule: usize, record: RecordRef<'_>, hits: &mut RuleSet) {
        match self.ask(rule, record) {
            Ok(true) => hits.insert(rule),
            Ok(false) => {}
            Err(fault) => hits.trap(rule, fault),
        }
    }

    /// Fills `row` of the answers with those of rule `rule` on `records`.
    fn row(&mut self, rule: usize, batch: &Batch, records: Range<usize>, row: usize, out: &mut Matches) -> Result<(), RunError> {
        for block in 0..out.row_words() {
            let first = records.start + block * 64;
            let mask = u64::MAX >> (64 - (records.end - first).min(64));
            self.block(rule, batch, (first, mask), (row, block), out)?;
        }
        Ok(())
    }

    /// Fills a word of the answers with those of rule `rule` on the records of a mask.
    fn block(
        &mut self,
        rule: usize,
        batch: &Batch,
        (first, mask): (usize, u64),
        (row, block): (usize, usize),
        out: &mut Matches,
    ) -> Result<(), RunError> {
        self.scratch.go_on(ID)?;
        let filter = self.filters[rule].get_or_init(|| Filter::of(&self.program, rule, self.steps));
        let filter = filter.filter(|filter| batch.longest() <= filter.within);
        let mut rest = filter.map_or(mask, |filter| {
            let Runner { program, leaves, rooms, unbounded, .. } = self;
            Block { linked: program, leaves, rooms, batch, rule, first, scratch: unbounded }.filter(filter, mask)
        });
        let mut bits = 0;
        if filter.is_some_and(|filter| filter.whole) {
            (bits, rest) = (rest, 0);
        }
        for bit in set_bits(&[rest]) {
            match self.ask(rule, batch.record(first + bit)) {
                Ok(hit) => bits |= u64::from(hit) << bit,
                Err(fault) => out.trap(row, block * 64 + bit, fault),
            }
        }
        out.set_block(row, block, bits);
        Ok(())
    }

    /// Fills the answers with those of each rule on the records that it may match.
    fn candidates(&mut self, candidates: &mut Candidates, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        for block in 0..out.row_words() {
            let first = block * 64;
            let records = first..batch.len().min(first + 64);
            let all = u64::MAX >> (64 - records.len());
            match candidates.block(batch, records, out) {
                None => (0..self.rules()).try_for_each(|rule| self.block(rule, batch, (first, all), (rule, block), out))?,
                Some(asked) => asked.iter().try_for_each(|(rule, mask)| self.block(*rule, batch, (first, *mask), (*rule, block), out))?,
            }
        }
        Ok(())
    }
}

impl Instance for Runner {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        self.check(record.batch())?;
        hits.reset(self.rules());
        let mut candidates = self.candidates.take();
        match candidates.as_mut().and_then(|it| it.record(record, hits)) {
            Some(rules) => set_bits(rules).for_each(|rule| self.add(rule, record, hits)),
            None => (0..self.rules()).for_each(|rule| self.add(rule, record, hits)),
        }
        self.candidates = candidates;
        self.scratch.finish(ID)
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        self.check(batch)?;
        out.reset(self.rules(), batch.len());
        match self.candidates.take() {
            Some(mut candidates) => {
                let done = self.candidates(&mut candidates, batch, out);
                self.candidates = Some(candidates);
                done?;
            }
            None => (0..self.rules()).try_for_each(|rule| self.row(rule, batch, 0..batch.len(), rule, out))?,
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

    fn test(&mut self, rule: usize, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        if let Err(error) = self.check(record.batch()) {
            return FilterError::from(error).say(why);
        }
        if rule >= self.rules() {
            return FilterError::no_rule(ID, (rule, self.rules())).say(why);
        }
        let answer = self.ask(rule, record);
        if let Err(error) = self.scratch.finish(ID) {
            return FilterError::from(error).say(why);
        }
        match answer {
            Ok(hit) => Some(hit),
            Err((trap, span)) => FilterError::trap(Fault { trap, span }).say(why),
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
        let Some(function) = admit(&self.program, id, args, results)? else { return Ok(()) };
        self.scratch.reset();
        // What comes before the function has no locals of its own.
        let outside = Frame::default();
        let needs = (&outside, args.len(), self.most_calls);
        let mut machine = Machine::new(&self.program, (&self.leaves, &self.rooms), record, &self.scratch, needs);
        let done = machine.call_for_host(id, args).and_then(|()| {
            let values = machine.calls().returned.iter().copied();
            hand_out(values, &self.scratch, results).map_err(|trap| Fault { trap, span: function.span })
        });
        drop(machine);
        self.scratch.finish(ID)?;
        done.map_err(CallError::Trap)
    }

    fn memory_bytes(&self) -> usize {
        size_of::<Runner>()
            + size_of_val(&*self.filters)
            + self.scratch.memory_bytes()
            + self.unbounded.memory_bytes()
            + self.candidates.as_ref().map_or(0, |it| it.memory_bytes())
    }

    fn interrupter(&self) -> Interrupter {
        self.scratch.interrupter()
    }
}
