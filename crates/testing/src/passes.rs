//! Programs and value expressions after the optimising passes, compared with the interpreter's answers without.

use std::fmt;
use std::sync::Arc;

use proptest::strategy::Strategy;
use proptest::test_runner::{TestCaseError, TestError};
use quintet_interp::Interp;
use quintet_lang::Passes;
use quintet_runtime::{Backend, Linked, Trap};

use crate::case::{Batches, Case, Mode, answers, instance, values_of};
use crate::differential::{caught, runner, setting};
use crate::strategy::{case, value_case};

/// A way to run a program that must answer as the interpreter does without passes.
struct Variant {
    backend: Arc<dyn Backend>,
    name: String,
    passes: Passes,
}

/// The first answer of a variant that is another.
struct Difference {
    variant: String,
    record: usize,
    wanted: String,
    found: String,
}

/// Runs `cases` random programs on the interpreter with each pass alone, and on each of `backends` with all passes. The environment
/// variables of [`differential`](crate::differential()) count here too.
///
/// # Panics
/// When an answer or a trap is not that of the interpreter without passes.
pub fn passes(backends: &[Arc<dyn Backend>], cases: u32) {
    let all = backends.iter().map(|backend| variant(backend, "all passes", Passes::default()));
    check(cases, &case(), &alone().chain(all).collect::<Vec<_>>(), Case::link, rule_answers);
}

/// Runs `cases` random expressions of all types on the interpreter with each pass alone, and on each of `backends` without passes and with
/// all of them.
///
/// # Panics
/// When a value, nil or a trap is not that of the interpreter without passes.
pub fn values(backends: &[Arc<dyn Backend>], cases: u32) {
    let settings = [("no pass", Passes::none()), ("all passes", Passes::default())];
    let all = backends.iter().flat_map(|backend| settings.map(|(name, passes)| variant(backend, name, passes)));
    check(cases, &value_case(), &alone().chain(all).collect::<Vec<_>>(), Case::link_value, value_answers);
}

fn variant(backend: &Arc<dyn Backend>, name: &str, passes: Passes) -> Variant {
    Variant { backend: backend.clone(), name: format!("{} with {name}", backend.id()), passes }
}

/// The interpreter with each pass alone.
fn alone() -> impl Iterator<Item = Variant> {
    let interp: Arc<dyn Backend> = Arc::new(Interp::new());
    Passes::NAMES.into_iter().map(move |name| variant(&interp, name, name.parse().expect("the name of a pass")))
}

type Link = fn(&Case, &Passes) -> Result<Arc<Linked>, String>;
type Run = fn(&dyn Backend, &Arc<Linked>, &Case) -> Result<Vec<String>, String>;

fn check(cases: u32, of: &impl Strategy<Value = Case>, variants: &[Variant], link: Link, run: Run) {
    let cases = setting("QUINTET_CASES").map_or(cases, |n| n as u32);
    let result = runner(cases).run(of, |case| match difference(&case, variants, link, run) {
        None => Ok(()),
        Some(_) => Err(TestCaseError::fail("the answers differ")),
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(_, case)) => match difference(&case, variants, link, run) {
            Some(difference) => panic!("{}", Report { difference, case }),
            None => panic!("the answers are not the same each time:\n{}", case.source()),
        },
        Err(TestError::Abort(reason)) => panic!("the generator gave up: {reason}"),
    }
}

/// A program that does not compile has no difference.
fn difference(case: &Case, variants: &[Variant], link: Link, run: Run) -> Option<Difference> {
    let wanted = run(&Interp::new(), &link(case, &Passes::none()).ok()?, case).ok()?;
    for variant in variants {
        let found = caught(|| run(&*variant.backend, &link(case, &variant.passes)?, case));
        let differs = |record: usize, found: String| {
            let wanted = wanted.get(record).cloned().unwrap_or_default();
            Some(Difference { variant: variant.name.clone(), record: record % case.records.len().max(1), wanted, found })
        };
        match found {
            Err(message) => return differs(0, format!("error: {message}")),
            Ok(found) => {
                // Passes may lower the count of steps and the memory that is taken, and never raise them.
                let lowered = |wanted: &String| {
                    (case.steps.is_some() && wanted.contains(&Trap::Budget.to_string()))
                        || (case.memory_bytes.is_some() && wanted.contains(&Trap::Memory.to_string()))
                };
                if let Some(record) = wanted.iter().zip(&found).position(|(a, b)| a != b && !lowered(a)) {
                    return differs(record, found[record].clone());
                }
            }
        }
    }
    None
}

fn rule_answers(backend: &dyn Backend, program: &Arc<Linked>, case: &Case) -> Result<Vec<String>, String> {
    let batches = Batches::new(program.scheme(), &case.records, case.wide).map_err(|e| e.to_string())?;
    let mut instance = instance(backend, program, &case.limits())?;
    let found = answers(&mut *instance, program, &batches, Mode { batch: true, shared: true })?;
    Ok(found.into_iter().map(|answer| answer.to_string()).collect())
}

fn value_answers(backend: &dyn Backend, program: &Arc<Linked>, case: &Case) -> Result<Vec<String>, String> {
    let batches = Batches::new(program.scheme(), &case.records, false).map_err(|e| e.to_string())?;
    let instance = instance(backend, program, &case.limits())?;
    values_of(instance, program.program(), &batches)
}

struct Report {
    difference: Difference,
    case: Case,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (Difference { variant, record, wanted, found }, case) = (&self.difference, &self.case);
        writeln!(f, "{variant} answers otherwise than interp without passes (nil != x is {}):", case.nil_not_equal)?;
        writeln!(f, "{}\n\n  interp: {wanted}\n  {variant}: {found}", case.source())?;
        let json = case.records.get(*record).map(|r| quintet_cases::record_to_json(&case.world().scheme, r));
        writeln!(f, "  limits: memory {:?}, steps {:?}\n  record: {}", case.memory_bytes, case.steps, json.unwrap_or_default())
    }
}
