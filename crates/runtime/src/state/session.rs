//! Running rules that keep state, record after record.

use std::sync::Arc;

use quintet_lang::state::{Key, Life, Read, StateKind};

use super::clock::Clock;
use super::compute::Compute;
use super::dump::DumpedState;
use super::key;
use super::keyed::Moment;
use super::lower::{ActionPlan, ChangePlan, StatePlan};
use super::table::Table;
use crate::backend::{Instance, InstantiateError, RunError};
use crate::batch::Batch;
use crate::call::CallError;
use crate::linked::Linked;
use crate::matches::{Matches, WriteMatches};
use crate::output::{Line, Outlet, Sink, SinkError};
use crate::owned::OwnedValue;
use crate::record::RecordRef;
use crate::value::Value;

/// Rules on a stream of records: their tables, and where their outputs go.
///
/// Records are given in order, in batches of any size, and the answers are those of one after the other: a rule sees what the records before,
/// and what stands above it in the text, have made of the tables.
pub struct Session {
    linked: Arc<Linked>,
    instance: Box<dyn Instance>,
    tables: Vec<Table>,
    /// Of each table, the key of the record at hand.
    keys: Vec<RecordKey>,
    clock: Clock,
    /// How many records there were.
    records: u64,
    outlets: Vec<Outlet>,
    /// The tables that limit outputs, by step.
    limits: Vec<Option<Table>>,
    trapped: u64,
    scratch: Scratch,
}

/// What is used again for each record.
#[derive(Default)]
struct Scratch {
    key: Vec<u8>,
    results: Vec<Option<OwnedValue>>,
    active: Vec<u64>,
    times: Vec<i64>,
}

/// A record's key of a table, once it was asked for.
#[derive(Default)]
struct RecordKey {
    /// The number of the record, and one more.
    of: u64,
    there: bool,
    bytes: Vec<u8>,
}

/// Why records have no answers.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SessionError {
    /// The instance cannot go on, or the records are of another scheme than the program.
    #[error(transparent)]
    Run(#[from] RunError),
    /// No instance can be made.
    #[error(transparent)]
    Instantiate(#[from] InstantiateError),
    /// An output cannot be written.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// The program keeps no state, or the batch and its answers do not belong together.
    #[error("{0}")]
    Misused(String),
}

/// How a table was used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateCount {
    /// The table's name; that of the output for what limits one.
    pub name: String,
    /// Its entries, with those that have expired and were not asked for since.
    pub entries: usize,
    /// Entries that went for want of room before they had expired.
    pub evicted: u64,
    /// Bytes that it holds.
    pub bytes: usize,
}

impl Session {
    /// A stream with empty tables. `instance` is one of the program's.
    ///
    /// # Errors
    /// [`SessionError::Misused`] where the program keeps no state.
    pub fn new(linked: Arc<Linked>, instance: Box<dyn Instance>) -> Result<Session, SessionError> {
        let plan = linked.state().ok_or_else(|| SessionError::Misused("the rules keep no state and have no output".into()))?;
        let tables: Vec<Table> = plan.states.iter().map(|(state, _)| Table::new(state)).collect();
        let limits = plan.steps.iter().map(|step| match &step.action {
            ActionPlan::Output { output, .. } => {
                let table = |limit: &quintet_lang::state::OutputLimit| Table::of(StateKind::Count, Life::Fixed(limit.within), limit.max);
                output.limit.as_ref().map(table)
            }
            ActionPlan::On(_) => None,
        });
        let (limits, outlets) = (limits.collect(), Outlet::all(&linked, plan));
        let keys = tables.iter().map(|_| RecordKey::default()).collect();
        let (clock, scratch) = (Clock::default(), Scratch::default());
        Ok(Session { instance, tables, keys, clock, records: 0, outlets, limits, trapped: 0, scratch, linked })
    }

    /// The names of the outputs, in the order of the text.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.outlets.iter().map(Outlet::name)
    }

    /// Has the lines of an output go to a sink from now on; the one before is given back. Lines of an output without a sink are not made.
    ///
    /// # Errors
    /// [`SessionError::Misused`] where there is no such output.
    pub fn attach(&mut self, output: &str, sink: Box<dyn Sink>) -> Result<Option<Box<dyn Sink>>, SessionError> {
        match self.outlets.iter_mut().find(|outlet| outlet.name() == output) {
            Some(outlet) => Ok(outlet.attach(sink)),
            None => Err(SessionError::Misused(format!("there is no output `{output}`"))),
        }
    }

    /// Which rules match which records of the next batch; `out` is reset first. Lines of outputs are handed to their sinks.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), SessionError> {
        self.instance.run_batch(batch, out)?;
        self.finish(batch, out)
    }

    /// Makes of what [`Instance::run_batch`] has answered for the next batch the answers: what looks at records alone can be run elsewhere, and
    /// in any order. Lines of outputs are handed to their sinks.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn finish(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), SessionError> {
        let linked = self.linked.clone();
        let plan = linked.state().ok_or_else(|| SessionError::Misused("the rules keep no state and have no output".into()))?;
        if out.rules() != plan.tails.len() || out.records() != batch.len() {
            return Err(SessionError::Misused("these are not the answers for this batch".into()));
        }
        if !batch.scheme().same(linked.scheme()) {
            return Err(SessionError::Misused("the records are of another scheme than the program".into()));
        }
        let times = self.times(plan, batch)?;
        let active = self.active(plan, out);
        let mut trapped = false;
        for (place, word) in active.iter().enumerate() {
            let mut left = *word;
            while left != 0 {
                let record = place * 64 + left.trailing_zeros() as usize;
                left &= left - 1;
                let at = Moment { time: times[record], record: self.records + record as u64 };
                trapped |= self.record(plan, batch.record(record), at, out)?;
            }
        }
        self.records += batch.len() as u64;
        (self.scratch.times, self.scratch.active) = (times, active);
        if trapped {
            out.finish();
        }
        self.outlets.iter_mut().try_for_each(Outlet::hand_over).map_err(SessionError::Sink)
    }

    /// The time of each record.
    fn times(&mut self, plan: &StatePlan, batch: &Batch) -> Result<Vec<i64>, SessionError> {
        let mut times = std::mem::take(&mut self.scratch.times);
        times.clear();
        let Some(time) = &plan.time else {
            times.resize(batch.len(), self.clock.now());
            return Ok(times);
        };
        for record in batch.iter() {
            let now = match time {
                Compute::Direct(sources) => match sources.first() {
                    Some(source) => self.clock.tick(&source.value(record, &|_| Value::Nil)),
                    None => self.clock.now(),
                },
                Compute::Call { function, .. } => match self.instance.call(*function, record, &[], &mut self.scratch.results) {
                    Ok(()) => match self.scratch.results.first() {
                        Some(Some(OwnedValue::Int(seconds))) => self.clock.tick(&Value::Int(*seconds)),
                        Some(Some(OwnedValue::Float(seconds))) => self.clock.tick(&Value::Float(*seconds)),
                        _ => self.clock.now(),
                    },
                    Err(error) => {
                        self.trap(error)?;
                        self.clock.now()
                    }
                },
            };
            times.push(now);
        }
        Ok(times)
    }

    /// A bit for each record that something is left to do for.
    fn active(&mut self, plan: &StatePlan, out: &Matches) -> Vec<u64> {
        let mut active = std::mem::take(&mut self.scratch.active);
        active.clear();
        active.resize(out.row_words(), 0);
        let tails = plan.tails.iter().enumerate().filter(|(_, tail)| tail.is_some()).map(|(rule, _)| rule);
        for rule in tails.chain(plan.steps.iter().map(|step| step.rule)) {
            active.iter_mut().zip(out.row(rule)).for_each(|(all, word)| *all |= word);
        }
        active
    }

    /// Does what is to be done with a record, in the order of the text. Answers whether a rule trapped.
    fn record(&mut self, plan: &StatePlan, record: RecordRef<'_>, at: Moment, out: &mut Matches) -> Result<bool, SessionError> {
        let index = record.index();
        let mut trapped = false;
        let mut steps = plan.steps.iter().zip(0..).peekable();
        for (rule, tail) in plan.tails.iter().enumerate() {
            while let Some((step, place)) = steps.next_if(|(step, _)| step.after <= rule) {
                if out.get(step.rule, index) {
                    self.step(plan, (&step.action, place), record, at, out)?;
                }
            }
            let Some(tail) = tail.as_ref().filter(|_| out.get(rule, index)) else { continue };
            self.settle(plan, &tail.reads, record, at)?;
            let args: Vec<Value<'_>> = tail.reads.iter().map(|kept| read(&self.tables, &self.keys, (*kept, at), (out, index))).collect();
            match self.instance.call(tail.function, record, &args, &mut self.scratch.results) {
                Ok(()) => {
                    if !matches!(self.scratch.results.first(), Some(Some(OwnedValue::Bool(true)))) {
                        out.clear(rule, index);
                    }
                }
                Err(CallError::Trap(fault)) => {
                    out.clear(rule, index);
                    out.trap(rule, index, (fault.trap, fault.span));
                    trapped = true;
                }
                Err(error) => self.trap(error)?,
            }
        }
        for (step, place) in steps {
            if out.get(step.rule, index) {
                self.step(plan, (&step.action, place), record, at, out)?;
            }
        }
        Ok(trapped)
    }

    /// Makes the record's entries of tables ready to be read.
    fn settle(&mut self, plan: &StatePlan, reads: &[Read], record: RecordRef<'_>, at: Moment) -> Result<(), SessionError> {
        for read in reads {
            let Read::State(state) = read else { continue };
            self.key_of(plan, *state, record, at)?;
            let (key, table) = (&self.keys[*state], &mut self.tables[*state]);
            if key.there {
                table.settle(&key.bytes, at);
            }
        }
        Ok(())
    }

    /// The record's key of a table.
    fn key_of(&mut self, plan: &StatePlan, state: usize, record: RecordRef<'_>, at: Moment) -> Result<(), SessionError> {
        if self.keys[state].of == at.record + 1 {
            return Ok(());
        }
        let mut bytes = std::mem::take(&mut self.keys[state].bytes);
        let (spec, compute) = &plan.states[state];
        let there = self.key(&spec.key, compute, record, &mut bytes)?;
        self.keys[state] = RecordKey { of: at.record + 1, there, bytes };
        Ok(())
    }

    /// Whether a record has a key, which `bytes` is then.
    fn key(&mut self, key: &Key, compute: &Compute, record: RecordRef<'_>, bytes: &mut Vec<u8>) -> Result<bool, SessionError> {
        bytes.clear();
        match compute {
            Compute::Direct(sources) => {
                let values = sources.iter().map(|source| source.value(record, &|_| Value::Nil));
                Ok(key::push_all(&key.parts, values, bytes))
            }
            Compute::Call { function, .. } => match self.instance.call(*function, record, &[], &mut self.scratch.results) {
                Ok(()) => Ok(key::push_all(&key.parts, self.scratch.results.iter().map(plain), bytes)),
                Err(error) => self.trap(error).map(|()| false),
            },
        }
    }

    fn step(
        &mut self,
        plan: &StatePlan,
        (action, place): (&ActionPlan, usize),
        record: RecordRef<'_>,
        at: Moment,
        out: &Matches,
    ) -> Result<(), SessionError> {
        match action {
            ActionPlan::On(changes) => changes.iter().try_for_each(|change| self.change(plan, change, record, at, out)),
            ActionPlan::Output { output, key, values } => {
                let Some(outlet) = self.outlets.iter().position(|outlet| outlet.is_at(place) && outlet.is_open()) else { return Ok(()) };
                if let (Some(limit), Some(compute)) = (&output.limit, key) {
                    let mut bytes = std::mem::take(&mut self.scratch.key);
                    let there = self.key(&limit.key, compute, record, &mut bytes);
                    let may = there.map(|there| there && self.may(place, &bytes, limit.count, at));
                    self.scratch.key = bytes;
                    if !may? {
                        return Ok(());
                    }
                }
                let reads = values.reads();
                self.settle(plan, &reads, record, at)?;
                let (tables, keys) = (&self.tables, &self.keys);
                let kept = |kept: Read| read(tables, keys, (kept, at), (out, record.index()));
                match values {
                    Compute::Direct(sources) => {
                        let values = sources.iter().map(|source| OwnedValue::of(&source.value(record, &kept)));
                        self.scratch.results = values.collect();
                    }
                    Compute::Call { function, reads } => {
                        let args: Vec<Value<'_>> = reads.iter().map(|read| kept(*read)).collect();
                        if let Err(error) = self.instance.call(*function, record, &args, &mut self.scratch.results) {
                            return self.trap(error);
                        }
                    }
                }
                self.outlets[outlet].line(Line { values: &self.scratch.results, time: at.time });
                Ok(())
            }
        }
    }

    /// Whether an output may give out one more line for a key.
    fn may(&mut self, place: usize, key: &[u8], most: u32, at: Moment) -> bool {
        let Some(Some(table)) = self.limits.get_mut(place) else { return true };
        let given = matches!(table.read(key, at), Value::Int(given) if given >= i64::from(most));
        if !given {
            table.mark(key, at);
        }
        !given
    }

    fn change(
        &mut self,
        plan: &StatePlan,
        (state, change): &(usize, ChangePlan),
        record: RecordRef<'_>,
        at: Moment,
        out: &Matches,
    ) -> Result<(), SessionError> {
        let state = *state;
        self.key_of(plan, state, record, at)?;
        if !self.keys[state].there {
            return Ok(());
        }
        let compute = match change {
            ChangePlan::Mark => {
                self.tables[state].mark(&self.keys[state].bytes, at);
                return Ok(());
            }
            ChangePlan::Clear => {
                self.tables[state].clear(&self.keys[state].bytes);
                return Ok(());
            }
            ChangePlan::Add(compute) | ChangePlan::Set(compute) => compute,
        };
        let reads = compute.reads();
        self.settle(plan, &reads, record, at)?;
        let (tables, keys) = (&self.tables, &self.keys);
        let tabled = |kept: Read| read(tables, keys, (kept, at), (out, record.index()));
        // A value of a table is copied, since tables change.
        let kept: Option<OwnedValue>;
        let value = match compute {
            Compute::Direct(sources) if reads.is_empty() => sources.first().map_or(Value::Nil, |source| source.value(record, &|_| Value::Nil)),
            Compute::Direct(sources) => {
                kept = sources.first().and_then(|source| OwnedValue::of(&source.value(record, &tabled)));
                plain(&kept)
            }
            Compute::Call { function, reads } => {
                let args: Vec<Value<'_>> = reads.iter().map(|read| tabled(*read)).collect();
                if let Err(error) = self.instance.call(*function, record, &args, &mut self.scratch.results) {
                    return self.trap(error);
                }
                kept = self.scratch.results.pop().flatten();
                plain(&kept)
            }
        };
        if value.is_nil() {
            return Ok(());
        }
        let (key, table) = (&self.keys[state].bytes, &mut self.tables[state]);
        match (change, &value, plan.states[state].0.kind) {
            (ChangePlan::Set(_), _, _) => table.set(key, &value, at),
            (_, _, StateKind::Distinct) => {
                self.scratch.key.clear();
                key::push(&value, &mut self.scratch.key);
                table.insert(key, &self.scratch.key, at);
            }
            (_, Value::Int(amount), _) => table.add(key, *amount, at),
            // The checker lets nothing else be added to.
            _ => {}
        }
        Ok(())
    }

    /// What computes something for a table or an output has trapped: nothing comes of it, and it is counted.
    fn trap(&mut self, error: CallError) -> Result<(), SessionError> {
        match error {
            CallError::Trap(_) => {
                self.trapped += 1;
                Ok(())
            }
            CallError::Run(error) => Err(error.into()),
            CallError::Arguments(what) => Err(SessionError::Misused(what)),
        }
    }

    /// What the tables hold at the time of the last record.
    pub fn dump(&self) -> Vec<DumpedState> {
        let Some(plan) = self.linked.state() else { return Vec::new() };
        plan.states.iter().zip(&self.tables).map(|((state, _), table)| DumpedState::of(&state.name, table, self.clock.now())).collect()
    }

    /// How the tables were used, and then those that limit outputs.
    pub fn counts(&self) -> Vec<StateCount> {
        let Some(plan) = self.linked.state() else { return Vec::new() };
        let count = |name: &str, table: &Table| StateCount {
            name: name.to_owned(),
            entries: table.len(),
            evicted: table.evicted(),
            bytes: table.bytes(),
        };
        let tables = plan.states.iter().zip(&self.tables).map(|((state, _), table)| count(&state.name, table));
        let limits = plan.steps.iter().zip(&self.limits).filter_map(|(step, table)| match (&step.action, table) {
            (ActionPlan::Output { output, .. }, Some(table)) => Some(count(&output.name, table)),
            _ => None,
        });
        tables.chain(limits).collect()
    }

    /// How often what computes a key, a time, or a value for a table or an output trapped. Nothing came of it: no entry, no line.
    pub fn trapped(&self) -> u64 {
        self.trapped
    }

    /// The lines and bytes that were handed to the sink of each output.
    pub fn written(&self) -> impl Iterator<Item = (&str, u64, u64)> {
        self.outlets.iter().map(|outlet| (outlet.name(), outlet.lines(), outlet.bytes()))
    }
}

/// What a table says of the record at hand, whose key is known; or a rule's answer on it.
fn read<'t>(tables: &'t [Table], keys: &[RecordKey], (read, at): (Read, Moment), (out, record): (&Matches, usize)) -> Value<'t> {
    match read {
        Read::State(state) if keys[state].there => tables[state].read(&keys[state].bytes, at),
        Read::State(_) => Value::Nil,
        Read::Rule(rule) => Value::Bool(out.get(rule, record)),
    }
}

/// A value that can be told apart, or one that is added or set.
fn plain(value: &Option<OwnedValue>) -> Value<'_> {
    match value {
        Some(OwnedValue::Bool(b)) => Value::Bool(*b),
        Some(OwnedValue::Int(i)) => Value::Int(*i),
        Some(OwnedValue::Float(f)) => Value::Float(*f),
        Some(OwnedValue::Bytes(bytes)) => Value::Bytes(bytes),
        Some(OwnedValue::Ip(ip)) => Value::Ip(*ip),
        Some(OwnedValue::Array(_) | OwnedValue::Map(_)) | None => Value::Nil,
    }
}
