//! How long rules take by each backend. All must answer alike before anything is timed, and take turns while it is.

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use quintet::backend::{Backend, Compiled, Linked};
use quintet::{Batch, Instance, Interrupter, Limits, Matches, RuleSet, RunError, configurations};
use serde::Serialize;

/// How often each backend compiles.
const COMPILES: usize = 5;

/// How often each has its turn at running.
const ROUNDS: usize = 9;

/// How long a turn lasts, or one run where that is longer.
const TURN: Duration = Duration::from_millis(2);

/// How often what does not end is interrupted again.
const AGAIN: Duration = Duration::from_millis(10);

/// What was measured.
#[derive(Serialize)]
pub struct Measured {
    /// Records of the batch.
    records: usize,
    backends: Vec<Row>,
}

/// What one backend takes, in nanoseconds; or why it does not run the rules.
#[derive(Serialize)]
#[serde(untagged)]
enum Row {
    Runs {
        id: String,
        /// From rules that are ready for all backends to compiled ones.
        compile: Spread,
        /// From compiled rules to an instance and its first answer.
        first: f64,
        /// All rules on one record, which is handed over alone.
        single: Spread,
        /// The same in a batch.
        batch: Spread,
        code_bytes: usize,
    },
    Refuses {
        id: String,
        refused: String,
    },
}

/// The middle of several values, the least and the greatest.
#[derive(Serialize)]
struct Spread {
    median: f64,
    low: f64,
    high: f64,
}

/// A backend that runs the rules.
struct Lane {
    backend: Arc<dyn Backend>,
    compiled: Arc<dyn Compiled>,
    instance: Box<dyn Instance>,
    compile: Vec<f64>,
    first: f64,
    single: Vec<f64>,
    batch: Vec<f64>,
}

/// Measures rules on records alone, and on those of a batch. `adaptive` has no row: it is `closures` first and `jit` later.
pub fn measure(linked: &Arc<Linked>, limits: &Limits, once: &Batch, many: &Batch, deadline: Instant) -> Result<Measured, String> {
    let begun = Begun::default();
    let (done, ends) = channel::<()>();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let ends = ends;
            let mut wait = deadline.saturating_duration_since(Instant::now());
            while ends.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                begun.interrupt();
                wait = AGAIN;
            }
        });
        let measured = measured(linked, limits, (once, many), deadline, &begun);
        drop(done);
        measured
    })
}

/// The instances so far, to be interrupted.
#[derive(Default)]
struct Begun(Mutex<Vec<Interrupter>>);

impl Begun {
    fn add(&self, instance: &dyn Instance) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(instance.interrupter());
    }

    fn interrupt(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().for_each(Interrupter::interrupt);
    }
}

fn measured(
    linked: &Arc<Linked>,
    limits: &Limits,
    (once, many): (&Batch, &Batch),
    deadline: Instant,
    begun: &Begun,
) -> Result<Measured, String> {
    let (mut lanes, mut refused) = (Vec::new(), Vec::new());
    for backend in configurations().into_iter().filter(|b| b.id().name != "adaptive") {
        match compiled(&*backend, linked, deadline) {
            Ok(made) => lanes.push(Lane::new(backend, made, limits, once, begun)?),
            Err(why) => refused.push(Row::Refuses { id: backend.id().to_string(), refused: why }),
        }
    }
    run(&mut lanes, once, many, deadline)?;
    Ok(Measured { records: many.len(), backends: lanes.into_iter().map(Lane::row).chain(refused).collect() })
}

/// What a backend makes of rules, and how long that took each time.
fn compiled(backend: &dyn Backend, linked: &Arc<Linked>, deadline: Instant) -> Result<(Arc<dyn Compiled>, Vec<f64>), String> {
    backend.supports(linked).map_err(|e| e.to_string())?;
    let mut times = Vec::with_capacity(COMPILES);
    loop {
        let begun = Instant::now();
        let compiled = backend.compile(linked).map_err(|e| e.to_string())?;
        times.push(begun.elapsed().as_nanos() as f64);
        if times.len() == COMPILES || Instant::now() >= deadline {
            return Ok((compiled, times));
        }
    }
}

/// Compares what all answer, then lets them run by turns: as often as there is time for, at least once.
fn run(lanes: &mut [Lane], once: &Batch, many: &Batch, deadline: Instant) -> Result<(), String> {
    let mut expected: Option<Matches> = None;
    let mut found = Matches::new();
    for lane in &mut *lanes {
        lane.instance.run_batch(many, &mut found).map_err(ended)?;
        match &expected {
            None => expected = Some(found.clone()),
            Some(expected) if *expected == found => {}
            Some(_) => return Err(format!("{} answers otherwise than the others, so that nothing was measured", lane.backend.id())),
        }
    }
    for round in 0..ROUNDS {
        if round > 0 && Instant::now() >= deadline {
            break;
        }
        for lane in &mut *lanes {
            lane.turn(once, many, &mut found).map_err(ended)?;
        }
    }
    Ok(())
}

fn ended(e: RunError) -> String {
    if e.is_interrupted() { "the rules take too long to be measured on these records".into() } else { e.to_string() }
}

impl Lane {
    fn new(
        backend: Arc<dyn Backend>,
        (compiled, compile): (Arc<dyn Compiled>, Vec<f64>),
        limits: &Limits,
        once: &Batch,
        begun: &Begun,
    ) -> Result<Lane, String> {
        let start = Instant::now();
        let mut instance = compiled.instantiate(limits).map_err(|e| e.to_string())?;
        begun.add(&*instance);
        instance.run(once.record(0), &mut RuleSet::new()).map_err(ended)?;
        let first = start.elapsed().as_nanos() as f64;
        Ok(Lane { backend, compiled, instance, compile, first, single: Vec::new(), batch: Vec::new() })
    }

    fn turn(&mut self, once: &Batch, many: &Batch, out: &mut Matches) -> Result<(), RunError> {
        let (instance, mut hits) = (&mut self.instance, RuleSet::new());
        self.single.push(per_record(once.len(), || once.iter().try_for_each(|record| instance.run(record, &mut hits)))?);
        self.batch.push(per_record(many.len(), || instance.run_batch(many, out))?);
        Ok(())
    }

    fn row(self) -> Row {
        Row::Runs {
            id: self.backend.id().to_string(),
            compile: spread(self.compile),
            first: self.first,
            single: spread(self.single),
            batch: spread(self.batch),
            code_bytes: self.compiled.artifact().code_bytes,
        }
    }
}

/// The nanoseconds that a record takes, where `run` is for so many, repeated for a turn.
fn per_record(records: usize, mut run: impl FnMut() -> Result<(), RunError>) -> Result<f64, RunError> {
    let (begun, mut runs, mut next) = (Instant::now(), 0_usize, 1);
    loop {
        for _ in 0..next {
            run()?;
        }
        runs += next;
        let taken = begun.elapsed();
        if taken >= TURN {
            return Ok(taken.as_nanos() as f64 / (runs * records) as f64);
        }
        // Twice as many each time, so that the clock is not what is measured.
        next *= 2;
    }
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_by(f64::total_cmp);
    let at = |place: usize| values.get(place).copied().unwrap_or_default();
    Spread { median: at(values.len() / 2), low: at(0), high: at(values.len().saturating_sub(1)) }
}
