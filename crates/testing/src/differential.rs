//! Comparing a backend with the interpreter on random programs and records.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestError, TestRng, TestRunner};
use quintet_interp::Interp;
use quintet_lang::Passes;
use quintet_runtime::{Backend, Thresholds};

use crate::case::{Answer, Batches, Case, Mode, answers, instance};
use crate::regression::Regression;
use crate::strategy::case;
use crate::tally::Tally;

/// A backend's answer that is not the interpreter's.
#[derive(Clone, Debug)]
struct Difference {
    mode: Mode,
    /// The place of the record, and in how large a batch.
    record: usize,
    of: usize,
    wanted: Answer,
    found: Result<Answer, String>,
}

/// Runs `cases` random programs on eight records each, on the backend and on the interpreter: one by one and as batches, in plain
/// and in shared memory, some of them of more than 64 records. The programs are the same in every run, unless the environment
/// variable `QUINTET_SEED` is set to another number; `QUINTET_CASES` sets another count. With `QUINTET_TRACE` set, each program goes to
/// standard error before it runs, for backends that take the process down with them.
///
/// Half of the programs are compiled with thresholds set low, and some are large. The counts of those that went beyond each threshold of
/// the backend are printed.
///
/// # Panics
/// When no program of a thousand or more went beyond, or none stayed within, one of the backend's thresholds; and when the backend answers otherwise than the interpreter. The message has the smallest program and record that was found, and a
/// line for the files of [`regressions`](crate::regressions).
pub fn differential(backend: &dyn Backend, cases: u32) {
    let cases = setting("QUINTET_CASES").map_or(cases, |n| n as u32);
    let mut runner = runner(cases);
    let tally = RefCell::new(Tally::new(backend.id()));
    let result = runner.run(&case(), |case| match difference(backend, &case, &mut tally.borrow_mut()) {
        None => Ok(()),
        Some(_) => Err(TestCaseError::fail("the answers differ")),
    });
    match result {
        Ok(()) => tally.borrow().check(cases),
        Err(TestError::Fail(_, case)) => panic!("{}", report(backend, &case)),
        Err(TestError::Abort(reason)) => panic!("the generator gave up: {reason}"),
    }
}

/// A runner with the seed of the environment.
pub(crate) fn runner(cases: u32) -> TestRunner {
    let mut seed = [0; 32];
    seed[..8].copy_from_slice(&setting("QUINTET_SEED").unwrap_or(0).to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 50_000, max_shrink_time: 60_000, ..Config::default() };
    TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &seed))
}

pub(crate) fn setting(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// The first answer of the backend that is not the interpreter's. A program that does not compile has none.
fn difference(backend: &dyn Backend, case: &Case, tally: &mut Tally) -> Option<Difference> {
    let limits = case.limits();
    let program = case.link(&Passes::none()).ok()?;
    if std::env::var_os("QUINTET_TRACE").is_some() {
        eprintln!("--- nil != x is {}\n{}", case.nil_not_equal, case.source());
    }
    // Rule by rule, whatever the case's thresholds say.
    let plain = Case { thresholds: Thresholds::default(), ..case.clone() }.link(&Passes::none()).ok()?;
    let batches = Batches::new(program.scheme(), &case.records, case.wide).ok()?;
    let mut oracle = instance(&Interp::new(), &plain, &limits).ok()?;
    let wanted = answers(&mut *oracle, &plain, &batches, Mode::ALL[0]).ok()?;
    let fails = |mode, message: String| {
        let wanted = wanted.first().cloned().unwrap_or_default();
        Some(Difference { mode, record: 0, of: case.records.len(), wanted, found: Err(message) })
    };
    let mut instance = match caught(|| instance(backend, &program, &limits)) {
        Ok(instance) => instance,
        Err(message) => return fails(Mode::ALL[0], message),
    };
    for mode in Mode::ALL {
        let found = match caught(|| answers(&mut *instance, &program, &batches, mode)) {
            Ok(found) => found,
            Err(message) => return fails(mode, message),
        };
        for (record, (wanted, found)) in wanted.iter().zip(found).enumerate() {
            if *wanted != found {
                return Some(Difference { mode, record, of: case.records.len(), wanted: wanted.clone(), found: Ok(found) });
            }
        }
    }
    tally.add(&program, case);
    None
}

/// What `run` answers, with a panic as an error.
pub(crate) fn caught<T>(run: impl FnOnce() -> Result<T, String>) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().cloned().or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
        Err(format!("panic: {}", message.unwrap_or_default()))
    })
}

pub(crate) fn report(backend: &dyn Backend, case: &Case) -> String {
    let id = backend.id();
    let Some(difference) = difference(backend, case, &mut Tally::new(id)) else {
        return format!("{id} does not answer the same each time:\n{}", case.source());
    };
    let Difference { mode, record, of, wanted, found } = difference;
    let found = found.map_or_else(|message| format!("error: {message}"), |answer| answer.to_string());
    let record = record % of.max(1);
    let line = Regression {
        source: case.source(),
        nil_not_equal: case.nil_not_equal,
        memory_bytes: case.memory_bytes,
        steps: case.steps,
        thresholds: case.thresholds,
        record: case.records.get(record).cloned().unwrap_or_default(),
        answer: Some(wanted.clone()),
        note: format!("{id} differed"),
    };
    let wide = if case.wide { ", repeated to 70" } else { "" };
    format!(
        "{id} and interp differ ({mode}, record {record} of {of}{wide}, nil != x is {}):\n{}\n\n  interp: {wanted}\n  {id}: {found}\n\n\
         a line for crates/testing/cases:\n{}\n",
        case.nil_not_equal,
        case.source(),
        line.to_json(),
    )
}
