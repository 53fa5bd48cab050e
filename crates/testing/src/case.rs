//! Cases, running them, and telling answers apart.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use quintet_lang::ast::Span;
use quintet_lang::{Limits, Passes, Program, Scheme, compile, compile_value, optimise};
use quintet_runtime::{
    ArenaKind, Backend, Batch, EvaluateError, FilterError, Instance, Linked, Matches, RecordError, RecordId, RecordRef, RuleId, RuleSet,
    Threshold, Thresholds, Trap, ValueInstance,
};

use crate::strategy::source;
use crate::term::Term;
use crate::world::{World, world};
use quintet_cases::{Record, batch};

/// A generated program and records to run it on.
#[derive(Clone, Debug)]
pub struct Case {
    /// Whether `nil != x` is true.
    pub nil_not_equal: bool,
    /// The rules.
    pub rules: Vec<Term>,
    /// The records.
    pub records: Vec<Record>,
    /// Whether batches are of more than 64 records, by repeating these.
    pub wide: bool,
    /// The limit on memory, where it is not the default.
    pub memory_bytes: Option<usize>,
    /// The limit on steps, where it is not the default.
    pub steps: Option<u64>,
    /// The sizes at which backends make other code.
    pub thresholds: Thresholds,
}

/// What a program makes of one record: whether each rule matches, or why not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The rules that match.
    pub hits: Vec<usize>,
    /// The rules that trapped, and where.
    pub traps: BTreeMap<usize, (Trap, Span)>,
}

impl Answer {
    /// The same answer without the places of its traps, for answers that are written down.
    pub fn without_places(&self) -> Answer {
        Answer { hits: self.hits.clone(), traps: self.traps.iter().map(|(rule, (trap, _))| (*rule, (*trap, Span::default()))).collect() }
    }

    /// Whether a rule trapped like this.
    pub fn traps_with(&self, trap: Trap) -> bool {
        self.traps.values().any(|(found, _)| *found == trap)
    }
}

/// The trap that test data calls by a short name.
///
/// # Errors
/// When there is none.
pub fn trap_named(name: &str) -> Result<Trap, String> {
    Ok(match name {
        "division" => Trap::DivisionByZero,
        "memory" => Trap::Memory,
        "budget" => Trap::Budget,
        "index" => Trap::Index,
        "nil" => Trap::Nil,
        "calls" => Trap::Calls,
        other => return Err(format!("there is no trap `{other}`")),
    })
}

/// A way to run records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode {
    /// As a batch; otherwise one by one.
    pub batch: bool,
    /// In shared memory; otherwise in ordinary memory.
    pub shared: bool,
}

impl Mode {
    /// All ways.
    pub const ALL: [Mode; 4] = [
        Mode { batch: false, shared: false },
        Mode { batch: false, shared: true },
        Mode { batch: true, shared: false },
        Mode { batch: true, shared: true },
    ];
}

/// Records, ready to be run each way.
#[derive(Debug)]
pub struct Batches {
    pub(crate) plain: Batch,
    pub(crate) shared: Batch,
}

impl Batches {
    /// Batches of these records; `wide` repeats them until there are more than 64.
    ///
    /// # Errors
    /// When a record does not fit the scheme.
    pub fn new(scheme: &Scheme, records: &[Record], wide: bool) -> Result<Batches, RecordError> {
        let count = if wide { WIDE.max(records.len()) } else { records.len() };
        let of = |kind| batch(scheme, records.iter().cycle().take(count), kind);
        Ok(Batches { plain: of(ArenaKind::Plain)?, shared: of(ArenaKind::Shared)? })
    }
}

/// A batch of more than 64 records has this many.
pub(crate) const WIDE: usize = 70;

impl Case {
    /// The source of the program.
    pub fn source(&self) -> String {
        source(&self.rules)
    }

    /// The limits that it runs with.
    pub fn limits(&self) -> Limits {
        limits(self.memory_bytes, self.steps)
    }

    /// What it is checked and linked with.
    pub fn world(&self) -> &'static World {
        world(self.nil_not_equal)
    }

    /// Its rules after these passes.
    ///
    /// # Errors
    /// What is wrong with the source, in words.
    pub fn link(&self, passes: &Passes) -> Result<Arc<Linked>, String> {
        self.linked(passes, compile(&self.source(), &self.world().scheme, &self.limits()).map_err(|d| format!("{d:?}"))?)
    }

    /// Its source as a value expression, after these passes.
    ///
    /// # Errors
    /// What is wrong with the source, in words.
    pub fn link_value(&self, passes: &Passes) -> Result<Arc<Linked>, String> {
        self.linked(passes, compile_value(&self.source(), &self.world().scheme, &self.limits()).map_err(|d| format!("{d:?}"))?)
    }

    fn linked(&self, passes: &Passes, program: Program) -> Result<Arc<Linked>, String> {
        let (world, limits) = (self.world(), self.limits());
        let thresholds = filtered(self.thresholds, passes);
        Linked::with_thresholds(optimise(&program, passes), &world.library, &world.lists, &limits, thresholds).map_err(|e| e.to_string())
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rules {:?} match", self.hits)?;
        self.traps.iter().try_for_each(|(rule, (trap, at))| write!(f, ", rule {rule} traps ({trap} at {}..{})", at.start, at.end))
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (call, memory) = (if self.batch { "run_batch" } else { "run" }, if self.shared { "shared" } else { "plain" });
        write!(f, "{call} in {memory} memory")
    }
}

/// The default limits, but for memory and steps.
pub(crate) fn limits(memory_bytes: Option<usize>, steps: Option<u64>) -> Limits {
    let default = Limits::default();
    Limits { memory_bytes: memory_bytes.unwrap_or(default.memory_bytes), steps: steps.unwrap_or(default.steps), ..default }
}

/// Compiles and links a source in the world of that setting.
///
/// # Errors
/// What is wrong with it, in words.
pub fn link(source: &str, nil_not_equal: bool, limits: &Limits) -> Result<Arc<Linked>, String> {
    link_with(source, nil_not_equal, limits, &Passes::none(), Thresholds::default())
}

/// As [`link`], after these passes and with these thresholds.
pub(crate) fn link_with(
    source: &str,
    nil_not_equal: bool,
    limits: &Limits,
    passes: &Passes,
    thresholds: Thresholds,
) -> Result<Arc<Linked>, String> {
    let world = world(nil_not_equal);
    let program = compile(source, &world.scheme, limits).map_err(|d| d.to_string())?;
    let (program, thresholds) = (optimise(&program, passes), filtered(thresholds, passes));
    Linked::with_thresholds(program, &world.library, &world.lists, limits, thresholds).map_err(|e| e.to_string())
}

/// The thresholds with which the pass `prefilter` is on for programs of any size, where it is one of `passes`.
fn filtered(thresholds: Thresholds, passes: &Passes) -> Thresholds {
    if passes.prefilter { thresholds.with(Threshold::PrefilterRules, 0) } else { thresholds }
}

/// An instance of a linked program.
///
/// # Errors
/// When the backend cannot compile or instantiate it.
pub fn instance(backend: &dyn Backend, program: &Arc<Linked>, limits: &Limits) -> Result<Box<dyn Instance>, String> {
    backend.supports(program).map_err(|e| e.to_string())?;
    let compiled = backend.compile(program).map_err(|e| e.to_string())?;
    compiled.instantiate(limits).map_err(|e| e.to_string())
}

/// What a program makes of records, by one way of running them.
///
/// # Errors
/// When the instance ends, or its answers have not the form that they must have.
pub fn answers(instance: &mut dyn Instance, program: &Linked, batches: &Batches, mode: Mode) -> Result<Vec<Answer>, String> {
    let batch = if mode.shared { &batches.shared } else { &batches.plain };
    let (rules, count) = (program.program().rules.len(), batch.len());
    if !mode.batch {
        let mut hits = RuleSet::new();
        return batch
            .iter()
            .map(|record| {
                instance.run(record, &mut hits).map_err(|e| e.to_string())?;
                if !hits.traps().is_sorted_by_key(|it| it.rule) {
                    return Err("the traps are not in order".into());
                }
                let answer =
                    Answer { hits: hits.iter().collect(), traps: hits.traps().iter().map(|it| (it.rule, (it.trap, it.span))).collect() };
                (0..rules).try_for_each(|rule| asked_alone(instance, record, rule, &answer))?;
                Ok(answer)
            })
            .collect();
    }
    let mut matches = Matches::new();
    instance.run_batch(batch, &mut matches).map_err(|e| e.to_string())?;
    if (matches.rules(), matches.records()) != (rules, count) {
        return Err(format!("the answers are of {} rules x {} records, not {rules} x {count}", matches.rules(), matches.records()));
    }
    if !matches.traps().is_sorted_by_key(|t| (t.record, t.rule)) {
        return Err("the traps are not in order".into());
    }
    let past_the_end = |rule: usize| count % 64 != 0 && matches.row(rule).last().is_some_and(|word| word >> (count % 64) != 0);
    if let Some(rule) = (0..rules).find(|rule| past_the_end(*rule)) {
        return Err(format!("rule {rule} has bits after the last record"));
    }
    let mut all: Vec<Answer> = (0..count)
        .map(|record| Answer {
            hits: (0..rules).filter(|rule| matches.get(RuleId(*rule), RecordId(record))).collect(),
            traps: BTreeMap::new(),
        })
        .collect();
    for trap in matches.traps() {
        all[trap.record].traps.insert(trap.rule, (trap.trap, trap.span));
    }
    for rule in 0..rules {
        // All records, and some from the middle, which are in no place of a word that they were in before.
        for records in [0..count, count / 3..count - count / 4] {
            rule_alone(instance, batch, rule, records, &all)?;
        }
    }
    Ok(all)
}

/// Asks one rule alone about one record.
///
/// # Errors
/// When it answers otherwise than among the others.
fn asked_alone(instance: &mut dyn Instance, record: RecordRef<'_>, rule: usize, answer: &Answer) -> Result<(), String> {
    let mut why = None;
    let found = match (instance.test(rule, record, &mut why), why.map(FilterError::into_cause)) {
        (Some(hit), None) => (hit, None),
        (None, Some(EvaluateError::Trap(fault))) => (false, Some((fault.trap, fault.span))),
        (answer, why) => return Err(format!("rule {rule} alone answers {answer:?} and {why:?}")),
    };
    let wanted = (answer.hits.contains(&rule), answer.traps.get(&rule).copied());
    if found == wanted { Ok(()) } else { Err(format!("rule {rule} alone answers {found:?}, and {wanted:?} among the others")) }
}

/// Asks one rule alone for some records of a batch.
///
/// # Errors
/// When it answers otherwise than among the others.
fn rule_alone(instance: &mut dyn Instance, batch: &Batch, rule: usize, records: Range<usize>, all: &[Answer]) -> Result<(), String> {
    let mut alone = Matches::new();
    instance.run_rule(rule, batch, records.clone(), &mut alone).map_err(|e| e.to_string())?;
    if (alone.rules(), alone.records()) != (1, records.len()) {
        return Err(format!("rule {rule} alone answers {} rules x {} records", alone.rules(), alone.records()));
    }
    let mut traps: BTreeMap<usize, (Trap, Span)> = alone.traps().iter().map(|t| (t.record, (t.trap, t.span))).collect();
    for (at, record) in records.enumerate() {
        let (hit, trap) = (alone.get(RuleId(0), RecordId(at)), traps.remove(&at));
        let (wanted_hit, wanted_trap) = (all[record].hits.contains(&rule), all[record].traps.get(&rule).copied());
        if (hit, trap) != (wanted_hit, wanted_trap) {
            return Err(format!(
                "rule {rule} alone answers {hit} and {trap:?} to record {record}, and {wanted_hit} and {wanted_trap:?} among the others"
            ));
        }
    }
    if traps.is_empty() { Ok(()) } else { Err(format!("rule {rule} alone traps on records that there are not: {traps:?}")) }
}

/// What an instance of a value expression makes of records, in plain and then in shared memory: the value as text, `nil`, or the trap.
///
/// # Errors
/// When the instance ends.
pub fn values_of(instance: Box<dyn Instance>, program: &Program, batches: &Batches) -> Result<Vec<String>, String> {
    let mut instance = ValueInstance::new(instance, program);
    let records = batches.plain.iter().chain(batches.shared.iter());
    let text = |record| match instance.evaluate(record) {
        Ok(Some(value)) => Ok(value.to_string()),
        Ok(None) => Ok("nil".to_owned()),
        Err(EvaluateError::Trap(fault)) => Ok(format!("trap: {fault}")),
        Err(e) => Err(e.to_string()),
    };
    records.map(text).collect()
}
