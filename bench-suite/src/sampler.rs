//! The interleaved sampler: in every round each backend takes its turn at every phase, so that what disturbs the machine disturbs all.

use std::hint::black_box;
use std::sync::Arc;
use std::time::{Duration, Instant};

use quintet::{ArenaKind, Backend, Batch, Instance, Matches, RuleSet, Rules};
use quintet_results::{Again, FrontEnd, Measure, Memory, Phase, Row, RowKind, WorkloadResult};

use crate::load::Loaded;
use crate::verify::{Verified, VerifyError, verify};

/// How much to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// Rounds.
    pub rounds: usize,
    /// The time that each sample is stretched to by repeating what it measures.
    pub sample: Duration,
}

impl Effort {
    /// For a first look: seconds per workload.
    pub const QUICK: Effort = Effort { rounds: 7, sample: Duration::from_millis(3) };
    /// For decisions.
    pub const FULL: Effort = Effort { rounds: 31, sample: Duration::from_millis(20) };
}

/// Why measuring ended early.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MeasureError {
    /// The answers could not be verified; nothing was timed.
    #[error(transparent)]
    Verify(#[from] VerifyError),
    /// A backend failed.
    #[error("{0}")]
    Backend(String),
}

fn failed(error: impl std::fmt::Display) -> MeasureError {
    MeasureError::Backend(error.to_string())
}

/// Nanoseconds that one of `repeats` calls of `work` takes.
fn time<T>(repeats: usize, mut work: impl FnMut() -> Result<T, MeasureError>) -> Result<f64, MeasureError> {
    let start = Instant::now();
    for _ in 0..repeats {
        black_box(work()?);
    }
    Ok(start.elapsed().as_nanos() as f64 / repeats as f64)
}

/// How often `work` must be repeated to fill a sample, judged after one call that warms up.
fn repeats<T>(sample: Duration, mut work: impl FnMut() -> Result<T, MeasureError>) -> Result<usize, MeasureError> {
    black_box(work()?);
    let start = Instant::now();
    black_box(work()?);
    let once = start.elapsed().as_nanos().max(1);
    Ok((sample.as_nanos() / once).clamp(1, 1_000_000) as usize)
}

/// One backend's turn: what it has compiled, and how often each phase is repeated.
struct Turn {
    backend: Arc<dyn Backend>,
    rules: Rules,
    instance: Box<dyn Instance>,
    /// Batches in memory that the backend must copy; empty where it reads all in place.
    copied: Vec<Batch>,
    compile: usize,
    instantiate: usize,
    single: usize,
    batch: usize,
    row: Row,
}

/// Verifies a workload and measures it. `progress` is told about each round that ends, and how many there are.
///
/// # Errors
/// When backends differ or one fails.
pub fn measure(
    loaded: &Loaded,
    backends: &[Arc<dyn Backend>],
    effort: Effort,
    heap: &dyn Fn() -> usize,
    progress: &mut dyn FnMut(usize, usize),
) -> Result<WorkloadResult, MeasureError> {
    let verified = verify(loaded, backends)?;
    let mut turns = backends.iter().map(|b| Turn::new(loaded, b, effort, heap)).collect::<Result<Vec<_>, _>>()?;
    let mut front_end = FrontEnd::default();
    let (mut no_op, mut again) = (Measure::default(), None);
    let records = loaded.records() as f64;
    let front = Front::new(loaded, effort)?;
    for round in 0..effort.rounds {
        front.sample(loaded, &mut front_end)?;
        no_op.ns.push(time(front.no_op, || Ok(walk(&loaded.batches)))? / records);
        // Each round begins with another backend, so that none always runs after the same one.
        for turn in 0..turns.len() {
            let place = (turn + round) % turns.len();
            turns[place].sample(loaded)?;
        }
        if let Some(first) = turns.first_mut() {
            let ns = first.time_batch(&loaded.batches)? / records;
            again.get_or_insert_with(|| Again { id: first.row.id.clone(), batch: Measure::default() }).batch.ns.push(ns);
        }
        progress(round + 1, effort.rounds);
    }
    Ok(result(loaded, &verified, effort.rounds, front_end, turns, no_op, again))
}

fn result(
    loaded: &Loaded,
    verified: &Verified,
    rounds: usize,
    front_end: FrontEnd,
    turns: Vec<Turn>,
    no_op: Measure,
    again: Option<Again>,
) -> WorkloadResult {
    let rules = &loaded.linked.program().rules;
    WorkloadResult {
        name: loaded.workload.name.clone(),
        about: loaded.workload.about.clone(),
        rules: rules.len(),
        records: loaded.records(),
        record_bytes: loaded.batches.iter().map(|b| b.arena().len()).sum(),
        matches: rules.iter().map(|r| r.name.clone()).zip(verified.matches.iter().copied()).collect(),
        traps: verified.traps,
        verified_pairs: verified.pairs,
        difference: None,
        rounds,
        front_end,
        rows: turns.into_iter().map(|t| t.row).collect(),
        absent: Vec::new(),
        no_op,
        again,
    }
}

/// Touches every record as a batch run would, and evaluates nothing.
fn walk(batches: &[Batch]) -> u64 {
    batches.iter().flat_map(Batch::iter).fold(0, |sum, r| sum ^ black_box(r.memory().word(r.offset())))
}

/// How often the phases before any backend are repeated.
struct Front {
    parse: usize,
    check: usize,
    link: usize,
    read: usize,
    no_op: usize,
}

impl Front {
    fn new(loaded: &Loaded, effort: Effort) -> Result<Front, MeasureError> {
        let scheme = loaded.linked.scheme();
        let limits = loaded.engine.limits();
        let source = &loaded.workload.rules;
        let parsed = quintet_lang::parse(source, limits).map_err(failed)?;
        Ok(Front {
            parse: repeats(effort.sample, || quintet_lang::parse(source, limits).map_err(failed))?,
            check: repeats(effort.sample, || quintet_lang::check(&parsed, scheme, limits).map_err(failed))?,
            link: repeats(effort.sample, || loaded.engine.link(loaded.linked.program().clone()).map_err(failed))?,
            read: repeats(effort.sample, || loaded.read_again().map_err(failed))?,
            no_op: repeats(effort.sample, || Ok(walk(&loaded.batches)))?,
        })
    }

    fn sample(&self, loaded: &Loaded, front_end: &mut FrontEnd) -> Result<(), MeasureError> {
        let scheme = loaded.linked.scheme();
        let limits = loaded.engine.limits();
        let source = &loaded.workload.rules;
        let parsed = quintet_lang::parse(source, limits).map_err(failed)?;
        front_end.parse.ns.push(time(self.parse, || quintet_lang::parse(source, limits).map_err(failed))?);
        front_end.check.ns.push(time(self.check, || quintet_lang::check(&parsed, scheme, limits).map_err(failed))?);
        front_end.link.ns.push(time(self.link, || loaded.engine.link(loaded.linked.program().clone()).map_err(failed))?);
        front_end.read.ns.push(time(self.read, || loaded.read_again().map_err(failed))? / loaded.records() as f64);
        Ok(())
    }
}

impl Turn {
    fn new(loaded: &Loaded, backend: &Arc<dyn Backend>, effort: Effort, heap: &dyn Fn() -> usize) -> Result<Turn, MeasureError> {
        let compile = || loaded.engine.compile_linked(&loaded.linked, &**backend).map_err(failed);
        let before = heap();
        let rules = compile()?;
        let heap_bytes = heap().saturating_sub(before);
        let instance = rules.instance().map_err(failed)?;
        let artifact = rules.compiled().artifact();
        let mut turn = Turn {
            backend: backend.clone(),
            copied: if instance.reads_in_place(ArenaKind::Plain) { Vec::new() } else { loaded.read(ArenaKind::Plain).map_err(failed)?.0 },
            compile: repeats(effort.sample, compile)?,
            instantiate: repeats(effort.sample, || rules.instance().map_err(failed))?,
            single: 1,
            batch: 1,
            row: Row {
                id: backend.id().to_string(),
                kind: RowKind::Backend,
                engine: backend.id().name.into(),
                configuration: backend.id().config.into(),
                passes: false,
                traits: None,
                phases: Default::default(),
                latency: None,
                memory: Some(Memory {
                    code_bytes: artifact.code_bytes,
                    data_bytes: artifact.data_bytes,
                    heap_bytes,
                    instance_bytes: instance.memory_bytes(),
                }),
            },
            rules,
            instance,
        };
        let mut matches = Matches::new();
        turn.batch = repeats(effort.sample, || turn.instance.run_batch_all(&loaded.batches, &mut matches))?;
        let mut hits = RuleSet::new();
        turn.single = repeats(effort.sample, || turn.instance.run_all(&loaded.batches, &mut hits))?;
        if let Some(memory) = &mut turn.row.memory {
            memory.instance_bytes = turn.instance.memory_bytes();
        }
        Ok(turn)
    }

    fn sample(&mut self, loaded: &Loaded) -> Result<(), MeasureError> {
        let records = loaded.records() as f64;
        let compile = || loaded.engine.compile_linked(&loaded.linked, &*self.backend).map_err(failed);
        self.push(Phase::Compile, time(self.compile, compile)?);
        self.push(Phase::Instantiate, time(self.instantiate, || self.rules.instance().map_err(failed))?);
        self.push(Phase::FirstCall, self.first_call(&loaded.batches[0])?);
        let mut hits = RuleSet::new();
        let single = time(self.single, || self.instance.run_all(&loaded.batches, &mut hits))?;
        self.push(Phase::Single, single / records);
        let batch = self.time_batch(&loaded.batches)?;
        self.push(Phase::Batch, batch / records);
        if !self.copied.is_empty() {
            let copied = self.time_copied()?;
            self.push(Phase::BatchCopied, copied / records);
        }
        Ok(())
    }

    fn push(&mut self, phase: Phase, ns: f64) {
        self.row.phases.entry(phase).or_default().ns.push(ns);
    }

    /// The first call of a fresh instance on one record.
    fn first_call(&self, batch: &Batch) -> Result<f64, MeasureError> {
        let mut instance = self.rules.instance().map_err(failed)?;
        let mut hits = RuleSet::new();
        time(1, || instance.run(batch.record(0), &mut hits).map_err(failed))
    }

    /// As [`Turn::time_batch`], for batches that look new each time, so that no copy can be kept.
    fn time_copied(&mut self) -> Result<f64, MeasureError> {
        let mut matches = Matches::new();
        time(self.batch, || {
            self.copied.iter_mut().for_each(Batch::touch);
            self.instance.run_batch_all(&self.copied, &mut matches)
        })
    }

    fn time_batch(&mut self, batches: &[Batch]) -> Result<f64, MeasureError> {
        let mut matches = Matches::new();
        time(self.batch, || self.instance.run_batch_all(batches, &mut matches))
    }
}

/// Whole workloads through an instance.
trait RunAll {
    fn run_batch_all(&mut self, batches: &[Batch], matches: &mut Matches) -> Result<(), MeasureError>;
    fn run_all(&mut self, batches: &[Batch], hits: &mut RuleSet) -> Result<(), MeasureError>;
}

impl RunAll for Box<dyn Instance> {
    fn run_batch_all(&mut self, batches: &[Batch], matches: &mut Matches) -> Result<(), MeasureError> {
        for batch in batches {
            self.run_batch(batch, matches).map_err(failed)?;
            black_box(&matches);
        }
        Ok(())
    }

    fn run_all(&mut self, batches: &[Batch], hits: &mut RuleSet) -> Result<(), MeasureError> {
        for record in batches.iter().flat_map(Batch::iter) {
            self.run(record, hits).map_err(failed)?;
            black_box(&hits);
        }
        Ok(())
    }
}
