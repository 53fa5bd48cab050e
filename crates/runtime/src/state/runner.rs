//! What is done with a record, in the order of the text.

use foldhash::fast::RandomState;
use quintet_lang::ast::Span;
use quintet_lang::state::{Key, Read, StateKind};

use super::ahead::{Ahead, RecordKey};
use super::compute::Compute;
use super::key::{self, Hashed, hash};
use super::keyed::Moment;
use super::lower::{ActionPlan, ChangePlan, Item, StatePlan, Tail};
use super::session::SessionError;
use super::table::{Op, Part, Table};
use crate::backend::Instance;
use crate::call::CallError;
use crate::matches::{Matches, RecordId, RuleId};
use crate::output::{Form, Line};
use crate::owned::OwnedValue;
use crate::record::RecordRef;
use crate::trap::Trap;
use crate::value::Value;

/// The tables that a thread changes.
pub(super) trait Kept {
    /// To be called before a key's entry of a table is read.
    fn settle(&mut self, state: usize, key: Hashed<'_>, at: Moment);
    /// The value of a key's entry of a table.
    fn read(&self, state: usize, key: Hashed<'_>, at: Moment) -> Value<'_>;
    /// Changes a key's entry of a table.
    fn change(&mut self, state: usize, key: Hashed<'_>, op: Op<'_>, at: Moment);
    /// Whether the output of a step, of at most so many lines for a key, may give out one more; which it does then.
    fn may(&mut self, step: usize, key: Hashed<'_>, most: u32, at: Moment) -> bool;
}

/// All of the tables, of which a record's keys are in one part.
pub(super) struct Whole<'t> {
    pub(super) tables: &'t mut [Table],
    pub(super) limits: &'t mut [Option<Table>],
    pub(super) part: usize,
}

/// One part of each table, where there is room for whatever may come.
pub(super) struct Parts<'t> {
    pub(super) tables: Vec<&'t mut Part>,
    pub(super) limits: Vec<Option<&'t mut Part>>,
}

fn given(value: Value<'_>, most: u32) -> bool {
    matches!(value, Value::Int(given) if given >= i64::from(most))
}

impl Kept for Whole<'_> {
    fn settle(&mut self, state: usize, key: Hashed<'_>, at: Moment) {
        self.tables[state].part_mut(self.part).settle(key, at);
    }

    fn read(&self, state: usize, key: Hashed<'_>, at: Moment) -> Value<'_> {
        self.tables[state].part(self.part).read(key, at)
    }

    fn change(&mut self, state: usize, key: Hashed<'_>, op: Op<'_>, at: Moment) {
        self.tables[state].change(self.part, key, op, at);
    }

    fn may(&mut self, step: usize, key: Hashed<'_>, most: u32, at: Moment) -> bool {
        let Some(table) = &mut self.limits[step] else { return true };
        let may = !given(table.part(self.part).read(key, at), most);
        if may {
            table.change(self.part, key, Op::Add(1), at);
        }
        may
    }
}

impl Kept for Parts<'_> {
    fn settle(&mut self, state: usize, key: Hashed<'_>, at: Moment) {
        self.tables[state].settle(key, at);
    }

    fn read(&self, state: usize, key: Hashed<'_>, at: Moment) -> Value<'_> {
        self.tables[state].read(key, at)
    }

    fn change(&mut self, state: usize, key: Hashed<'_>, op: Op<'_>, at: Moment) {
        self.tables[state].change(key, op, at);
    }

    fn may(&mut self, step: usize, key: Hashed<'_>, most: u32, at: Moment) -> bool {
        let Some(part) = &mut self.limits[step] else { return true };
        let may = !given(part.read(key, at), most);
        if may {
            part.change(key, Op::Add(1), at);
        }
        may
    }
}

/// What is the same for all records of a batch.
pub(super) struct Batched<'b> {
    pub(super) plan: &'b StatePlan,
    /// What rules say of the records alone.
    pub(super) out: &'b Matches,
    /// How lines of outputs are made.
    pub(super) forms: &'b [Form],
}

/// A record, and when it comes.
#[derive(Clone, Copy)]
pub(super) struct Turn<'r> {
    pub(super) record: RecordRef<'r>,
    pub(super) at: Moment,
    /// Its place among those that are looked at ahead.
    pub(super) place: usize,
}

/// One thread's way to go through records.
pub(super) struct Runner {
    pub(super) instance: Box<dyn Instance>,
    /// Of each table, the key of the record at hand.
    keys: Vec<RecordKey>,
    ahead: Ahead,
    /// Rules that do not match the record at hand after all.
    cleared: Vec<usize>,
    key: Vec<u8>,
    hasher: RandomState,
    pub(super) results: Vec<Option<OwnedValue>>,
    pub(super) made: Made,
}

/// What a batch of records came to.
#[derive(Default)]
pub(super) struct Made {
    /// Rule and record of those that do not match after all.
    pub(super) cleared: Vec<(usize, usize)>,
    pub(super) traps: Vec<(usize, usize, (Trap, Span))>,
    /// Traps of what is computed for tables and outputs.
    pub(super) trapped: u64,
    /// All lines, one behind the other.
    pub(super) lines: Vec<u8>,
    /// Of each line, the record, the outlet and where it ends.
    pub(super) ends: Vec<(usize, usize, usize)>,
}

impl Made {
    /// Forgets all of it, but for the memory.
    pub(super) fn clear(&mut self) {
        self.cleared.clear();
        self.traps.clear();
        self.trapped = 0;
        self.lines.clear();
        self.ends.clear();
    }
}

impl Runner {
    pub(super) fn new(instance: Box<dyn Instance>, tables: usize, hasher: RandomState) -> Runner {
        Runner {
            instance,
            keys: (0..tables).map(|_| RecordKey::default()).collect(),
            ahead: Ahead::default(),
            cleared: Vec::new(),
            key: Vec::new(),
            hasher,
            results: Vec::new(),
            made: Made::default(),
        }
    }

    /// Looks at what these records, of the places that they say, will ask tables of one part for.
    pub(super) fn look(&mut self, plan: &StatePlan, tables: &[Table], turns: &[Turn<'_>]) {
        self.ahead.look(plan, (tables, &self.hasher), turns);
    }

    /// The record's key of a table, if it has one.
    pub(super) fn key_of(&mut self, plan: &StatePlan, state: usize, turn: Turn<'_>) -> Result<Option<Hashed<'_>>, SessionError> {
        if self.keys[state].of != turn.at.record + 1 {
            if let Some(key) = self.ahead.key(state, turn) {
                std::mem::swap(&mut self.keys[state], key);
            } else {
                let mut bytes = std::mem::take(&mut self.keys[state].bytes);
                let (spec, compute) = &plan.states[state];
                let there = self.compute_key(&spec.key, compute, turn.record, &mut bytes)?;
                let hash = hash(&self.hasher, &*bytes);
                self.keys[state] = RecordKey { of: turn.at.record + 1, there, bytes, hash };
            }
        }
        let key = &self.keys[state];
        Ok(key.there.then(|| key.hashed()))
    }

    /// Whether a record has a key, which `bytes` is then.
    fn compute_key(&mut self, key: &Key, compute: &Compute, record: RecordRef<'_>, bytes: &mut Vec<u8>) -> Result<bool, SessionError> {
        bytes.clear();
        match compute {
            Compute::Direct(sources) => {
                let values = sources.iter().map(|source| source.value(record, &|_| Value::Nil));
                Ok(key::push_all(&key.parts, values, bytes))
            }
            Compute::Call { function, .. } => match self.instance.call(*function, record, &[], &mut self.results) {
                Ok(()) => Ok(key::push_all(&key.parts, self.results.iter().map(plain), bytes)),
                Err(error) => self.trap(error).map(|()| false),
            },
        }
    }

    /// Does what is to be done with a record.
    pub(super) fn record(&mut self, batched: &Batched<'_>, kept: &mut dyn Kept, turn: Turn<'_>) -> Result<(), SessionError> {
        self.cleared.clear();
        let mut turn = turn;
        for item in &batched.plan.items {
            match *item {
                Item::Tail(rule) => {
                    if let Some(tail) =
                        batched.plan.tails[rule].as_ref().filter(|_| batched.out.get(RuleId(rule), RecordId(turn.record.index())))
                    {
                        self.tail(batched, kept, (rule, tail), turn)?;
                    }
                }
                Item::Step(place) => {
                    let step = &batched.plan.steps[place];
                    if batched.out.get(RuleId(step.rule), RecordId(turn.record.index())) && !self.cleared.contains(&step.rule) {
                        self.step(batched, kept, (&step.action, place), &mut turn)?;
                    }
                }
            }
        }
        Ok(())
    }

    fn tail(
        &mut self,
        batched: &Batched<'_>,
        kept: &mut dyn Kept,
        (rule, tail): (usize, &Tail),
        turn: Turn<'_>,
    ) -> Result<(), SessionError> {
        let index = turn.record.index();
        self.settle(batched.plan, kept, &tail.reads, turn)?;
        let see = Seen { keys: &self.keys, cleared: &self.cleared, kept: &*kept, out: batched.out, turn };
        let args: Vec<Value<'_>> = tail.reads.iter().map(|read| see.value(*read)).collect();
        let holds = match self.instance.call(tail.function, turn.record, &args, &mut self.results) {
            Ok(()) => matches!(self.results.first(), Some(Some(OwnedValue::Bool(true)))),
            Err(CallError::Trap(fault)) => {
                self.made.traps.push((rule, index, (fault.trap, fault.span)));
                false
            }
            Err(error) => return self.trap(error),
        };
        if !holds {
            self.cleared.push(rule);
            self.made.cleared.push((rule, index));
        }
        Ok(())
    }

    /// Makes the record's entries of tables ready to be read.
    fn settle(&mut self, plan: &StatePlan, kept: &mut dyn Kept, reads: &[Read], turn: Turn<'_>) -> Result<(), SessionError> {
        for read in reads {
            if let Read::State(state) = read
                && let Some(key) = self.key_of(plan, *state, turn)?
            {
                kept.settle(*state, key, turn.at);
            }
        }
        Ok(())
    }

    fn step(
        &mut self,
        batched: &Batched<'_>,
        kept: &mut dyn Kept,
        (action, place): (&ActionPlan, usize),
        turn: &mut Turn<'_>,
    ) -> Result<(), SessionError> {
        match action {
            ActionPlan::On(changes) => changes.iter().try_for_each(|change| {
                turn.at.change += 1;
                self.change(batched, kept, change, *turn)
            }),
            ActionPlan::Output { output, key, values, outlet } => {
                turn.at.change += 1;
                if !batched.forms[*outlet].is_open() {
                    return Ok(());
                }
                if let (Some(limit), Some(compute)) = (&output.limit, key) {
                    let mut bytes = std::mem::take(&mut self.key);
                    let there = self.compute_key(&limit.key, compute, turn.record, &mut bytes);
                    let key = Hashed { bytes: &bytes, hash: hash(&self.hasher, &*bytes) };
                    let may = there.map(|there| there && kept.may(place, key, limit.count, turn.at));
                    self.key = bytes;
                    if !may? {
                        return Ok(());
                    }
                }
                self.settle(batched.plan, kept, &values.reads(), *turn)?;
                let see = Seen { keys: &self.keys, cleared: &self.cleared, kept: &*kept, out: batched.out, turn: *turn };
                match values {
                    Compute::Direct(sources) => {
                        let values = sources.iter().map(|source| OwnedValue::of(&source.value(turn.record, &|read| see.value(read))));
                        self.results = values.collect();
                    }
                    Compute::Call { function, reads } => {
                        let args: Vec<Value<'_>> = reads.iter().map(|read| see.value(*read)).collect();
                        if let Err(error) = self.instance.call(*function, turn.record, &args, &mut self.results) {
                            return self.trap(error);
                        }
                    }
                }
                let line = Line { values: &self.results, time: turn.at.time };
                batched.forms[*outlet].line(line, &mut self.made.lines);
                self.made.ends.push((turn.record.index(), *outlet, self.made.lines.len()));
                Ok(())
            }
        }
    }

    fn change(
        &mut self,
        batched: &Batched<'_>,
        kept: &mut dyn Kept,
        (state, change): &(usize, ChangePlan),
        turn: Turn<'_>,
    ) -> Result<(), SessionError> {
        let (state, at) = (*state, turn.at);
        let Some(key) = self.key_of(batched.plan, state, turn)? else { return Ok(()) };
        let compute = match change {
            ChangePlan::Mark => {
                kept.change(state, key, Op::Add(1), at);
                return Ok(());
            }
            ChangePlan::Clear => {
                kept.change(state, key, Op::Clear, at);
                return Ok(());
            }
            ChangePlan::Add(compute) | ChangePlan::Set(compute) => compute,
        };
        let reads = compute.reads();
        self.settle(batched.plan, kept, &reads, turn)?;
        // A value of a table is copied, since tables change.
        let copied: Option<OwnedValue>;
        let value = match compute {
            Compute::Direct(sources) if reads.is_empty() => {
                sources.first().map_or(Value::Nil, |source| source.value(turn.record, &|_| Value::Nil))
            }
            Compute::Direct(sources) => {
                let see = Seen { keys: &self.keys, cleared: &self.cleared, kept: &*kept, out: batched.out, turn };
                copied = sources.first().and_then(|source| OwnedValue::of(&source.value(turn.record, &|read| see.value(read))));
                plain(&copied)
            }
            Compute::Call { function, reads } => {
                let see = Seen { keys: &self.keys, cleared: &self.cleared, kept: &*kept, out: batched.out, turn };
                let args: Vec<Value<'_>> = reads.iter().map(|read| see.value(*read)).collect();
                if let Err(error) = self.instance.call(*function, turn.record, &args, &mut self.results) {
                    return self.trap(error);
                }
                copied = self.results.pop().flatten();
                plain(&copied)
            }
        };
        let key = self.keys[state].hashed();
        match (change, value, batched.plan.states[state].0.kind) {
            (_, Value::Nil, _) => {}
            (ChangePlan::Set(_), value, _) => kept.change(state, key, Op::Set(value), at),
            (_, value, StateKind::Distinct) => {
                self.key.clear();
                key::push(&value, &mut self.key);
                kept.change(state, key, Op::Insert(&self.key), at);
            }
            (_, Value::Int(amount), _) => kept.change(state, key, Op::Add(amount), at),
            // The checker lets nothing else be added.
            _ => {}
        }
        Ok(())
    }

    /// What computes something for a table or an output has trapped: nothing comes of it, and it is counted.
    pub(super) fn trap(&mut self, error: CallError) -> Result<(), SessionError> {
        match error {
            CallError::Trap(_) => {
                self.made.trapped += 1;
                Ok(())
            }
            CallError::Run(error) => Err(error.into()),
            CallError::Arguments(what) => Err(SessionError::Misused(what)),
        }
    }
}

/// What can be read on a record.
struct Seen<'s> {
    keys: &'s [RecordKey],
    cleared: &'s [usize],
    kept: &'s dyn Kept,
    out: &'s Matches,
    turn: Turn<'s>,
}

impl<'s> Seen<'s> {
    /// What a table says of the record, whose key is known; or a rule's answer on it.
    fn value(&self, read: Read) -> Value<'s> {
        match read {
            Read::State(state) if self.keys[state].there => self.kept.read(state, self.keys[state].hashed(), self.turn.at),
            Read::State(_) => Value::Nil,
            Read::Rule(rule) => {
                Value::Bool(self.out.get(RuleId(rule), RecordId(self.turn.record.index())) && !self.cleared.contains(&rule))
            }
        }
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
