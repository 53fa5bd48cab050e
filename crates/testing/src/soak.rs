//! Very many pairs of a program and a record, on all backends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use proptest::test_runner::{RngAlgorithm, TestRng};
use quintet_interp::Interp;
use quintet_lang::Passes;
use quintet_runtime::{ArenaKind, Backend, Batch, Matches, TrapAt};

use crate::case::{Case, instance};
use crate::dice::Dice;
use crate::differential::{caught, report};
use crate::strategy::{enlarge, random_case, random_record, shrunk_case};
use crate::world::world;
use quintet_cases::{Record, batch};

/// What [`soak`] runs.
#[derive(Clone, Copy, Debug)]
pub struct Soak {
    /// Pairs of a program and a record; each is run on all backends. The last programs run to their end, so it becomes a few more.
    pub pairs: u64,
    /// Threads.
    pub threads: usize,
    /// The programs and records of two runs with the same seed and number of threads are the same.
    pub seed: u64,
}

/// Records of a pool, which many programs run on. So many that compiling a program takes less than running it.
const RECORDS: usize = 4096;
/// Programs that run on one pool.
const PROGRAMS: u64 = 128;

/// Records that programs run on, as batches: of each world, in ordinary and in shared memory.
struct Pool {
    records: Vec<Record>,
    batches: [[Batch; 2]; 2],
}

impl Pool {
    fn new(records: Vec<Record>) -> Result<Pool, String> {
        let of = |nil_not_equal, kind| batch(&world(nil_not_equal).scheme, records.iter(), kind).map_err(|e| e.to_string());
        let both = |nil_not_equal| Ok::<_, String>([of(nil_not_equal, ArenaKind::Plain)?, of(nil_not_equal, ArenaKind::Shared)?]);
        Ok(Pool { batches: [both(false)?, both(true)?], records })
    }

    fn many(dice: &mut Dice<'_>) -> Result<Pool, String> {
        Pool::new((0..RECORDS).map(|_| random_record(dice)).collect())
    }

    /// Few records with large values: as large as a batch holds.
    fn large(dice: &mut Dice<'_>) -> Result<Pool, String> {
        let mut pool = Err(String::new());
        for most in [2_000, 200, 20] {
            let record = |dice: &mut Dice<'_>| {
                let mut record = random_record(dice);
                (0..4).for_each(|_| enlarge(dice, &mut record, most));
                record
            };
            pool = Pool::new((0..16).map(|_| record(dice)).collect());
            if pool.is_ok() {
                break;
            }
        }
        pool
    }
}

/// What a backend makes of a batch.
#[derive(PartialEq)]
struct Outcome {
    words: Vec<u64>,
    traps: Vec<TrapAt>,
}

fn outcome(backend: &dyn Backend, program: &Arc<quintet_runtime::Linked>, case: &Case, batch: &Batch) -> Result<Outcome, String> {
    let mut instance = instance(backend, program, &case.limits())?;
    let mut matches = Matches::new();
    instance.run_batch(batch, &mut matches).map_err(|e| e.to_string())?;
    let words = (0..matches.rules()).flat_map(|rule| matches.row(rule).to_vec()).collect();
    Ok(Outcome { words, traps: matches.traps().to_vec() })
}

/// The records for which the answers are not the same.
fn differing(records: usize, rules: usize, a: &Outcome, b: &Outcome) -> Vec<usize> {
    let row = records.div_ceil(64);
    let hit = |o: &Outcome, rule: usize, record: usize| o.words.get(rule * row + record / 64).is_some_and(|w| w >> (record % 64) & 1 != 0);
    let traps =
        |o: &Outcome, record: usize| o.traps.iter().filter(|t| t.record == record).map(|t| (t.rule, t.trap, t.span)).collect::<Vec<_>>();
    let same =
        |record: &usize| (0..rules).all(|rule| hit(a, rule, *record) == hit(b, rule, *record)) && traps(a, *record) == traps(b, *record);
    (0..records).filter(|record| !same(record)).collect()
}

/// Runs a program on a pool. Answers the number of its pairs, or what a backend answered otherwise.
fn run(backends: &[Arc<dyn Backend>], case: Case, pool: &Pool, shared: bool) -> Result<u64, String> {
    // What the generator makes compiles; see the tests of this crate.
    let program = case.link(&Passes::none()).map_err(|e| format!("does not compile: {e}\n{}", case.source()))?;
    let batch = &pool.batches[usize::from(case.nil_not_equal)][usize::from(shared)];
    let wanted = outcome(&Interp::new(), &program, &case, batch)?;
    for backend in backends {
        let found = caught(|| outcome(&**backend, &program, &case, batch));
        let suspects = match found {
            Ok(found) if found == wanted => continue,
            Ok(found) => differing(batch.len(), program.program().rules.len(), &wanted, &found),
            Err(_) => (0..batch.len()).collect(),
        };
        return Err(explain(&**backend, &case, pool, &suspects));
    }
    Ok(batch.len() as u64)
}

/// The difference as [`differential`](crate::differential()) reports it: with the smallest program and record that were found in a minute.
fn explain(backend: &dyn Backend, case: &Case, pool: &Pool, suspects: &[usize]) -> String {
    let differs = |case: &Case| !report(backend, case).contains("does not answer the same each time");
    let alone = suspects.iter().filter_map(|record| pool.records.get(*record)).map(|r| Case { records: vec![r.clone()], ..case.clone() });
    let Some(mut best) = alone.take(64).find(differs) else {
        let source = case.source();
        return format!("{} differs on records {suspects:?} of the pool, and on none of them alone:\n{case:?}\n{source}", backend.id());
    };
    let end = Instant::now() + Duration::from_secs(60);
    while let Some(smaller) = shrunk_case(&best).into_iter().take_while(|_| Instant::now() < end).find(differs) {
        best = smaller;
    }
    report(backend, &best)
}

/// Runs random programs on pools of records, on all of `backends`, until there are as many pairs as asked for, and compares hits and traps
/// with those of the interpreter. Thresholds and limits of memory are low at random, and some values large. `progress` is told the number
/// of pairs and of programs now and then; answers both.
///
/// # Errors
/// The first difference, with a line for the files of [`regressions`](crate::regressions).
pub fn soak(backends: &[Arc<dyn Backend>], soak: Soak, progress: &(dyn Fn(u64, u64) + Sync)) -> Result<(u64, u64), String> {
    let (pairs, programs, stop) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let worker = |thread: usize| -> Result<(), String> {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&soak.seed.to_le_bytes());
        seed[8..16].copy_from_slice(&(thread as u64 + 1).to_le_bytes());
        let mut rng = TestRng::from_seed(RngAlgorithm::ChaCha, &seed);
        let mut dice = Dice::new(&mut rng);
        loop {
            let (many, large) = (Pool::many(&mut dice)?, Pool::large(&mut dice)?);
            for _ in 0..PROGRAMS {
                if stop.load(Ordering::Relaxed) || pairs.load(Ordering::Relaxed) >= soak.pairs {
                    return Ok(());
                }
                let case = random_case(&mut dice);
                let pool = if dice.one_in(16) { &large } else { &many };
                // The sandboxes copy what is in ordinary memory, for each program anew.
                let done = run(backends, case, pool, !dice.one_in(8)).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
                let (pairs, programs) = (pairs.fetch_add(done, Ordering::Relaxed) + done, programs.fetch_add(1, Ordering::Relaxed) + 1);
                if programs % 500 == 0 {
                    progress(pairs, programs);
                }
            }
        }
    };
    let found = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..soak.threads.max(1))
            .map(|thread| {
                scope.spawn({
                    let worker = &worker;
                    move || worker(thread)
                })
            })
            .collect();
        let ended = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a thread panicked".into())));
        ended.filter_map(Result::err).next()
    });
    let counts = (pairs.into_inner(), programs.into_inner());
    found.map_or(Ok(counts), |difference| Err(format!("after {} pairs of {} programs: {difference}", counts.0, counts.1)))
}
