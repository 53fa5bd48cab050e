//! A backend's turn.

use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

use quintet::backend::Isolation;
use quintet::{ArenaKind, Batch, EvaluateError, Instance, Matches, RecordRef, RuleSet, Rules};
use quintet_results::{Memory, Phase, Row, RowKind, Traits, has_one_cost};

use super::clock::{Clock, raw, repeats};
use super::effort::Effort;
use super::totals::Totals;
use super::turns::{Pick, Turn, WARMING, fitting};
use super::{MeasureError, failed};
use crate::lineup::Entry;
use crate::load::Loaded;

/// Compiled copies of the rules of which the heap is the mean: as many as [`COPYING`] allows, and at least one beside the rules that are
/// measured.
const COPIES: usize = 8;

/// The time after which no further copy is compiled.
const COPYING: Duration = Duration::from_millis(200);

/// What a backend has compiled, and how often each sample repeats its phase.
pub(super) struct BackendTurn<'l> {
    loaded: &'l Loaded,
    picks: Rc<[Pick]>,
    entry: Entry,
    rules: Rules,
    instance: Box<dyn Instance>,
    matches: Matches,
    hits: RuleSet,
    /// Whether there is a single rule.
    only: bool,
    /// Batches in memory that the backend must copy; empty where it reads all in place.
    copied: Vec<Batch>,
    /// What is measured in all, of a row whose cost is not so much once and so much for each record.
    totals: Option<Totals<'l>>,
    compile: usize,
    instantiate: usize,
    single: usize,
    batch: usize,
    copy: usize,
    row: Row,
}

impl<'l> BackendTurn<'l> {
    pub(super) fn new(
        loaded: &'l Loaded,
        entry: &Entry,
        effort: &Effort,
        picks: &Rc<[Pick]>,
        heap: &dyn Fn() -> usize,
    ) -> Result<BackendTurn<'l>, MeasureError> {
        let id = entry.backend.id();
        let (rules, heap_bytes) = compile_copies(loaded, entry, heap)?;
        let instance = rules.instance().map_err(failed)?;
        let artifact = rules.compiled().artifact();
        let only = rules.program().rules.len() == 1;
        let mut turn = BackendTurn {
            loaded,
            picks: picks.clone(),
            entry: entry.clone(),
            copied: if instance.reads_in_place(ArenaKind::Plain) { Vec::new() } else { loaded.read(ArenaKind::Plain).map_err(failed)?.0 },
            rules,
            instance,
            matches: Matches::new(),
            hits: RuleSet::new(),
            only,
            totals: None,
            compile: 1,
            instantiate: 1,
            single: 1,
            batch: 1,
            copy: 1,
            row: Row {
                id: entry.id(),
                kind: RowKind::Backend,
                engine: id.name.into(),
                configuration: id.config.into(),
                passes: entry.passes,
                traits: Some(traits(entry.backend.traits())),
                phases: Default::default(),
                totals: Vec::new(),
                latency: None,
                memory: None,
                note: None,
            },
        };
        let short = effort.sample / 4;
        turn.compile = repeats(short, || compile(loaded, entry))?;
        turn.instantiate = repeats(short, || turn.rules.instance().map_err(failed))?;
        repeats(WARMING * effort.sample, || run_batches(&mut *turn.instance, &loaded.batches, &mut turn.matches))?;
        turn.batch = repeats(effort.sample, || run_batches(&mut *turn.instance, &loaded.batches, &mut turn.matches))?;
        repeats(WARMING * effort.sample, || run_records(&mut *turn.instance, records(loaded), &mut turn.hits, only))?;
        turn.single = repeats(effort.sample, || run_records(&mut *turn.instance, records(loaded), &mut turn.hits, only))?;
        let start = Instant::now();
        run_records(&mut *turn.instance, records(loaded), &mut turn.hits, only)?;
        turn.picks = fitting(picks, effort.sample, start.elapsed(), loaded.records());
        if !turn.copied.is_empty() {
            turn.copy = repeats(short, || run_copied(&mut *turn.instance, &mut turn.copied, &mut turn.matches))?;
        }
        if entry.passes || !has_one_cost(&turn.row.id) {
            turn.totals = Some(Totals::new(loaded, entry, effort)?);
        }
        turn.row.memory = Some(Memory {
            code_bytes: artifact.code_bytes,
            data_bytes: artifact.data_bytes,
            heap_bytes,
            // After it has run, with the scratch space that the rules need.
            instance_bytes: turn.instance.memory_bytes(),
        });
        Ok(turn)
    }
}

impl Turn for BackendTurn<'_> {
    fn row(&self) -> &Row {
        &self.row
    }

    fn row_mut(&mut self) -> &mut Row {
        &mut self.row
    }

    fn sample(&mut self, clock: &Clock) -> Result<(), MeasureError> {
        let (loaded, number) = (self.loaded, self.loaded.records() as f64);
        let ns = clock.time(self.compile, || compile(loaded, &self.entry))?;
        self.push(Phase::Compile, ns);
        let ns = clock.time(self.instantiate, || self.rules.instance().map_err(failed))?;
        self.push(Phase::Instantiate, ns);
        let mut fresh = self.rules.instance().map_err(failed)?;
        let mut hits = RuleSet::new();
        let ns = clock.once(|| fresh.run(loaded.batches[0].record(0), &mut hits).map_err(failed))?;
        self.push(Phase::FirstCall, ns);
        drop(fresh);
        let ns = clock.time(self.single, || run_records(&mut *self.instance, records(loaded), &mut self.hits, self.only))?;
        self.push(Phase::Single, ns / number);
        let calls = self.picks.iter().map(|pick| {
            let record = loaded.batches[pick.batch].record(pick.in_batch);
            raw(|| {
                if self.only {
                    answer(&mut *self.instance, record).map(|_| ())
                } else {
                    self.instance.run(record, &mut self.hits).map_err(failed)
                }
            })
        });
        let quantiles = clock.latency(calls)?;
        self.push_latency(quantiles);
        let ns = self.batch(clock)?;
        self.push(Phase::Batch, ns);
        if !self.copied.is_empty() {
            let ns = clock.time(self.copy, || run_copied(&mut *self.instance, &mut self.copied, &mut self.matches))?;
            self.push(Phase::BatchCopied, ns / number);
        }
        if let Some(totals) = &mut self.totals {
            for (records, mode, ns) in totals.sample(clock)? {
                self.push_total(records, mode, ns);
            }
        }
        Ok(())
    }

    fn batch(&mut self, clock: &Clock) -> Result<f64, MeasureError> {
        let ns = clock.time(self.batch, || run_batches(&mut *self.instance, &self.loaded.batches, &mut self.matches))?;
        Ok(ns / self.loaded.records() as f64)
    }
}

pub(super) fn compile(loaded: &Loaded, entry: &Entry) -> Result<Rules, MeasureError> {
    loaded.engine.compile_linked(entry.linked(loaded), &*entry.backend).map_err(failed)
}

/// The compiled rules, and the bytes of the Rust heap that they hold: what is given back when copies of them are dropped. What the heap
/// grows by while they are compiled would not do, for a backend's compiler may keep or free memory of its own meanwhile, as the garbage
/// collector of LuaJIT's state does.
fn compile_copies(loaded: &Loaded, entry: &Entry, heap: &dyn Fn() -> usize) -> Result<(Rules, usize), MeasureError> {
    let start = Instant::now();
    let rules = compile(loaded, entry)?;
    let mut others = vec![compile(loaded, entry)?];
    while others.len() + 1 < COPIES && start.elapsed() < COPYING {
        others.push(compile(loaded, entry)?);
    }
    let (held, copies) = (heap(), others.len());
    others.clear();
    Ok((rules, held.saturating_sub(heap()) / copies))
}

/// The whole workload, record by record.
fn records(loaded: &Loaded) -> impl Iterator<Item = RecordRef<'_>> {
    loaded.batches.iter().flat_map(Batch::iter)
}

/// The whole workload, batch by batch.
fn run_batches(instance: &mut dyn Instance, batches: &[Batch], matches: &mut Matches) -> Result<(), MeasureError> {
    for batch in batches {
        instance.run_batch(batch, matches).map_err(failed)?;
        black_box(&*matches);
    }
    Ok(())
}

/// As [`run_batches`], for batches that look new each time, so that no copy can be kept.
fn run_copied(instance: &mut dyn Instance, batches: &mut [Batch], matches: &mut Matches) -> Result<(), MeasureError> {
    batches.iter_mut().for_each(Batch::touch);
    run_batches(instance, batches, matches)
}

/// Records one by one: a single rule is asked as a filter is.
pub(super) fn run_records<'r>(
    instance: &mut dyn Instance,
    records: impl Iterator<Item = RecordRef<'r>>,
    hits: &mut RuleSet,
    only: bool,
) -> Result<(), MeasureError> {
    if only {
        for record in records {
            black_box(answer(instance, record)?);
        }
        return Ok(());
    }
    for record in records {
        instance.run(record, hits).map_err(failed)?;
        black_box(&*hits);
    }
    Ok(())
}

/// The answer of the only rule; false where it traps.
#[inline]
fn answer(instance: &mut dyn Instance, record: RecordRef<'_>) -> Result<bool, MeasureError> {
    let mut why = None;
    match instance.test(0, record, &mut why) {
        Some(hit) => Ok(hit),
        None => match why {
            Some(error) if !matches!(error.cause(), EvaluateError::Trap(_)) => Err(failed(error)),
            Some(_) | None => Ok(false),
        },
    }
}

/// A backend's traits in the form of result files.
fn traits(traits: quintet::backend::Traits) -> Traits {
    Traits {
        executable_memory: traits.executable_memory,
        isolation: match traits.isolation {
            Isolation::SafeRust => quintet_results::Isolation::SafeRust,
            Isolation::Sandbox => quintet_results::Isolation::Sandbox,
            Isolation::None => quintet_results::Isolation::None,
        },
    }
}
