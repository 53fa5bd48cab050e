//! Running rules that keep state, record after record.

use std::sync::Arc;

use quintet_lang::state::{Life, OutputLimit, StateKind};

use super::ahead::AHEAD;
use super::clock::Clock;
use super::compute::Compute;
use super::dump::DumpedState;
use super::key;
use super::keyed::Moment;
use super::lower::{ActionPlan, StatePlan};
use super::runner::{Batched, Made, Parts, Runner, Turn, Whole};
use super::table::Table;
use crate::backend::{Instance, InstantiateError, RunError};
use crate::batch::Batch;
use crate::linked::Linked;
use crate::matches::{Matches, WriteMatches};
use crate::output::{Form, Outlet, Sink, SinkError, outputs};
use crate::owned::OwnedValue;
use crate::value::Value;

/// Records of a batch that something is left to do for, from which on several threads are worth their beginning.
const MANY: usize = 2048;

/// Rules on a stream of records: their tables, and where their outputs go.
///
/// Records are given in order, in batches of any size, and the answers are those of one after the other: a rule sees what the records before,
/// and what stands above it in the text, have made of the tables.
pub struct Session {
    linked: Arc<Linked>,
    /// At least one. With several there are as many parts of each table.
    runners: Vec<Runner>,
    tables: Vec<Table>,
    /// The tables that limit outputs, by step.
    limits: Vec<Option<Table>>,
    clock: Clock,
    /// How many records there were.
    records: u64,
    /// How lines are made, and where they go: one of each for each output.
    forms: Vec<Form>,
    outlets: Vec<Outlet>,
    trapped: u64,
    many: usize,
    active: Vec<u64>,
    times: Vec<i64>,
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

fn stateless() -> SessionError {
    SessionError::Misused("the rules keep no state and have no output".into())
}

impl Session {
    /// A stream with empty tables. `instances` are of the program, at least one. Where there are several, and all that rules change on a record
    /// has one and the same key that stands in it, threads share the records of large batches by key; otherwise all but the first are left
    /// aside. The answers are the same.
    ///
    /// # Errors
    /// [`SessionError::Misused`] where the program keeps no state, or there is no instance.
    pub fn new(linked: Arc<Linked>, mut instances: Vec<Box<dyn Instance>>) -> Result<Session, SessionError> {
        let plan = linked.state().ok_or_else(stateless)?;
        if instances.is_empty() {
            return Err(SessionError::Misused("a session has at least one instance".into()));
        }
        if !plan.has_one_key() {
            instances.truncate(1);
        }
        let (parts, hasher) = (instances.len(), key::hasher());
        let tables: Vec<Table> = plan.states.iter().map(|(state, _)| Table::new(state, parts, &hasher)).collect();
        let limits = plan.steps.iter().map(|step| match &step.action {
            ActionPlan::Output { output, .. } => {
                let table = |limit: &OutputLimit| Table::of(StateKind::Count, Life::Fixed(limit.within), limit.max, (parts, &hasher));
                output.limit.as_ref().map(table)
            }
            ActionPlan::On(_) => None,
        });
        let limits = limits.collect();
        let (forms, outlets) = outputs(&linked, plan);
        let runners = instances.into_iter().map(|instance| Runner::new(instance, tables.len(), hasher.clone())).collect();
        let (clock, active, times) = (Clock::default(), Vec::new(), Vec::new());
        Ok(Session { runners, tables, limits, clock, records: 0, forms, outlets, trapped: 0, many: MANY, active, times, linked })
    }

    /// Goes on where the session of other rules, or of the same ones, has ended: with its time, with those of its tables, and of what limits
    /// outputs, that are declared as they are here, and with the sinks of outputs of the same names. A table whose declaration is another one, or that
    /// has another name, is empty, and so is each where the sessions have not as many threads. Only the words of the declaration count: what
    /// functions in a key answer, and how rules change the table, may be different.
    pub fn succeed(&mut self, before: Session) {
        let (now, then) = (self.linked.clone(), before.linked.clone());
        let (Some(plan), Some(old)) = (now.state(), then.state()) else { return };
        if self.threads() == before.threads() {
            let mut tables: Vec<Option<Table>> = before.tables.into_iter().map(Some).collect();
            let kept = plan.declared.iter().map(|text| tables.get_mut(old.declared.iter().position(|it| it == text)?)?.take());
            self.tables.iter_mut().zip(kept).for_each(|(table, kept)| {
                if let Some(kept) = kept {
                    *table = kept
                }
            });
            let mut limits = before.limits;
            let kept = plan.steps.iter().map(|step| limits.get_mut(old.steps.iter().position(|it| it.text == step.text)?)?.take());
            self.limits.iter_mut().zip(kept).for_each(|(table, kept)| *table = kept.or(table.take()));
        }
        // Changes are numbered on behind those that entries are as old as.
        self.records = before.records.saturating_mul(old.changes).div_ceil(plan.changes);
        self.clock = before.clock;
        self.trapped = before.trapped;
        for outlet in before.outlets {
            if let Some((own, form)) = self.outlets.iter_mut().zip(&mut self.forms).find(|(own, _)| own.name() == outlet.name()) {
                own.succeed(form, outlet);
            }
        }
    }

    /// Threads that share large batches.
    pub fn threads(&self) -> usize {
        self.runners.len()
    }

    /// Has several threads share batches from so many records on, of those that something is left to do for. That changes what a batch costs,
    /// never what it comes to.
    #[doc(hidden)]
    pub fn share_from(&mut self, records: usize) {
        self.many = records;
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
        match self.outlets.iter_mut().zip(&mut self.forms).find(|(outlet, _)| outlet.name() == output) {
            Some((outlet, form)) => Ok(outlet.attach(form, sink)),
            None => Err(SessionError::Misused(format!("there is no output `{output}`"))),
        }
    }

    /// Which rules match which records of the next batch; `out` is reset first. Lines of outputs are handed to their sinks.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), SessionError> {
        self.runners[0].instance.run_batch(batch, out)?;
        self.finish(batch, out)
    }

    /// Makes of what [`Instance::run_batch`] has answered for the next batch the answers: what looks at records alone can be run elsewhere, and
    /// in any order. Lines of outputs are handed to their sinks.
    ///
    /// # Errors
    /// See [`SessionError`].
    pub fn finish(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), SessionError> {
        let linked = self.linked.clone();
        let plan = linked.state().ok_or_else(stateless)?;
        if out.rules() != plan.tails.len() || out.records() != batch.len() {
            return Err(SessionError::Misused("these are not the answers for this batch".into()));
        }
        if !batch.scheme().same(linked.scheme()) {
            return Err(SessionError::Misused("the records are of another scheme than the program".into()));
        }
        self.tell_times(plan, batch)?;
        self.find_active(plan, out);
        let turns = Turns { batch, active: &self.active, times: &self.times, first: self.records, changes: plan.changes };
        let batched = Batched { plan, out, forms: &self.forms };
        let left: usize = self.active.iter().map(|word| word.count_ones() as usize).sum();
        let (growth, limits) = plan.growth();
        let has_room = |table: &Table, by: usize| table.has_room(left.saturating_mul(by));
        let room = self.tables.iter().zip(growth).all(|(table, by)| has_room(table, by))
            && self.limits.iter().zip(limits).all(|(table, by)| table.as_ref().is_none_or(|table| has_room(table, by)));
        if self.runners.len() > 1 && left >= self.many && room {
            shared(&mut self.runners, (self.tables.as_mut_slice(), self.limits.as_mut_slice()), &batched, &turns)?;
        } else {
            let parts = self.runners.len();
            let (mut turns, mut next) = (turns.iter(), Vec::with_capacity(AHEAD));
            loop {
                next.clear();
                next.extend(turns.by_ref().take(AHEAD).enumerate().map(|(place, turn)| Turn { place, ..turn }));
                if next.is_empty() {
                    break;
                }
                if parts == 1 {
                    self.runners[0].look(plan, &self.tables, &next);
                }
                for turn in &next {
                    let part = part_of(&mut self.runners[0], plan, *turn, parts)?;
                    let mut whole = Whole { tables: &mut self.tables, limits: &mut self.limits, part };
                    self.runners[0].record(&batched, &mut whole, *turn)?;
                }
            }
        }
        self.records += batch.len() as u64;
        self.take(out)
    }

    /// Takes in what the runners have made, and hands over the lines.
    fn take(&mut self, out: &mut Matches) -> Result<(), SessionError> {
        let made: Vec<Made> = self.runners.iter_mut().map(|runner| std::mem::take(&mut runner.made)).collect();
        let mut trapped = false;
        for made in &made {
            made.cleared.iter().for_each(|(rule, record)| out.clear(*rule, *record));
            made.traps.iter().for_each(|(rule, record, fault)| out.trap(*rule, *record, *fault));
            trapped |= !made.traps.is_empty();
            self.trapped += made.trapped;
        }
        if trapped {
            out.finish();
        }
        // A record is one runner's, and each goes through its records in order.
        let mut lines: Vec<(usize, usize, &[u8])> = Vec::new();
        for made in &made {
            let mut begin = 0;
            for (record, outlet, end) in &made.ends {
                lines.push((*record, *outlet, made.lines.get(begin..*end).unwrap_or(&[])));
                begin = *end;
            }
        }
        if made.len() > 1 {
            lines.sort_by_key(|(record, _, _)| *record);
        }
        lines.into_iter().for_each(|(_, outlet, line)| self.outlets[outlet].append(line));
        for (runner, mut made) in self.runners.iter_mut().zip(made) {
            made.clear();
            runner.made = made;
        }
        self.outlets.iter_mut().try_for_each(Outlet::hand_over).map_err(SessionError::Sink)
    }

    /// Finds out the time of each record.
    fn tell_times(&mut self, plan: &StatePlan, batch: &Batch) -> Result<(), SessionError> {
        self.times.clear();
        let Some(time) = &plan.time else {
            self.times.resize(batch.len(), self.clock.now());
            return Ok(());
        };
        let runner = &mut self.runners[0];
        for record in batch.iter() {
            let now = match time {
                Compute::Direct(sources) => match sources.first() {
                    Some(source) => self.clock.tick(&source.value(record, &|_| Value::Nil)),
                    None => self.clock.now(),
                },
                Compute::Call { function, .. } => match runner.instance.call(*function, record, &[], &mut runner.results) {
                    Ok(()) => match runner.results.first() {
                        Some(Some(OwnedValue::Int(seconds))) => self.clock.tick(&Value::Int(*seconds)),
                        Some(Some(OwnedValue::Float(seconds))) => self.clock.tick(&Value::Float(*seconds)),
                        _ => self.clock.now(),
                    },
                    Err(error) => {
                        runner.trap(error)?;
                        self.clock.now()
                    }
                },
            };
            self.times.push(now);
        }
        Ok(())
    }

    /// Finds the records that something is left to do for.
    fn find_active(&mut self, plan: &StatePlan, out: &Matches) {
        self.active.clear();
        self.active.resize(out.row_words(), 0);
        let tails = plan.tails.iter().enumerate().filter(|(_, tail)| tail.is_some()).map(|(rule, _)| rule);
        for rule in tails.chain(plan.steps.iter().map(|step| step.rule)) {
            self.active.iter_mut().zip(out.row(rule)).for_each(|(all, word)| *all |= word);
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

/// The records of a batch that something is left to do for.
struct Turns<'b> {
    batch: &'b Batch,
    /// A bit for each of them.
    active: &'b [u64],
    times: &'b [i64],
    /// The number of the batch's first record.
    first: u64,
    /// More than there are changes on a record.
    changes: u64,
}

impl<'b> Turns<'b> {
    fn iter(&self) -> impl Iterator<Item = Turn<'b>> {
        let Turns { batch, active, times, first, changes } = *self;
        active.iter().enumerate().flat_map(move |(place, word)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros() as usize)?;
                left &= left - 1;
                let index = place * 64 + bit;
                let record = first + index as u64;
                let at = Moment { time: times[index], record, first: record * changes, change: record * changes };
                Some(Turn { record: batch.record(index), at, place: 0 })
            })
        })
    }
}

/// The part of the tables that a record's key is in: by the bits of the hash that they do not look at first.
fn part_of(runner: &mut Runner, plan: &StatePlan, turn: Turn<'_>, parts: usize) -> Result<usize, SessionError> {
    if parts == 1 {
        return Ok(0);
    }
    let key = runner.key_of(plan, 0, turn)?;
    Ok(key.map_or(0, |key| ((u64::from(key.hash) * parts as u64) >> 32) as usize))
}

/// Goes through records on several threads, each of which takes those whose keys are in its part of the tables.
fn shared(
    runners: &mut [Runner],
    (tables, limits): (&mut [Table], &mut [Option<Table>]),
    batched: &Batched<'_>,
    turns: &Turns<'_>,
) -> Result<(), SessionError> {
    let parts = runners.len();
    let mut tables: Vec<_> = tables.iter_mut().map(Table::parts_mut).collect();
    let mut limits: Vec<_> = limits.iter_mut().map(|table| table.as_mut().map(Table::parts_mut)).collect();
    std::thread::scope(|scope| {
        let mut threads = Vec::with_capacity(parts);
        for (own, runner) in runners.iter_mut().enumerate() {
            let mut kept = Parts {
                tables: tables.iter_mut().filter_map(Iterator::next).collect(),
                limits: limits.iter_mut().map(|parts| parts.as_mut().and_then(Iterator::next)).collect(),
            };
            threads.push(scope.spawn(move || -> Result<(), SessionError> {
                for turn in turns.iter() {
                    if part_of(runner, batched.plan, turn, parts)? == own {
                        runner.record(batched, &mut kept, turn)?;
                    }
                }
                Ok(())
            }));
        }
        let failed = || Err(SessionError::Misused("a thread has failed".into()));
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| failed()))
    })
}
