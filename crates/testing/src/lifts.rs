//! Rules that have calls and look-ups in common, with these found out before the rules run and as the rules are written.

use std::cell::Cell;
use std::fmt::Write;
use std::sync::Arc;

use proptest::test_runner::{TestCaseError, TestError};
use quintet_cases::batch;
use quintet_interp::Interp;
use quintet_lang::{Passes, Program, compile, optimise};
use quintet_runtime::{ArenaKind as Kind, Backend, Lifted, Lifts, Linked, Matches, RunError, Threshold, Thresholds};

use crate::case::{Case, WIDE, instance};
use crate::differential::{caught, runner, setting};
use crate::strategy::case;

/// What was lifted in a run, so that a test can see that it was worth it.
#[derive(Clone, Copy, Debug, Default)]
pub struct LiftedCases {
    /// Programs of which anything was lifted.
    pub programs: usize,
    /// Rules and records on which a rule that was run like this trapped.
    pub traps: usize,
}

/// Runs `cases` random programs on each of `backends`, each rule several times over so that rules have all in common, and compares with the
/// interpreter on the rules as they are written. The environment variables of [`differential`](crate::differential()) count here too.
///
/// # Panics
/// When an answer, a trap or its place is another one; the message has the smallest rules that were found.
pub fn lifts(backends: &[Arc<dyn Backend>], cases: u32) -> LiftedCases {
    let cases = setting("QUINTET_CASES").map_or(cases, |n| n as u32);
    let found = Cell::new(LiftedCases::default());
    let result = runner(cases).run(&case(), |case| match difference(backends, &case, &found) {
        None => Ok(()),
        Some(_) => Err(TestCaseError::fail("the answers differ")),
    });
    match result {
        Ok(()) => found.get(),
        Err(TestError::Fail(_, case)) => {
            let difference = difference(backends, &case, &found).unwrap_or_else(|| "not the same each time".to_owned());
            panic!("{difference}\nsteps {:?}, memory {:?}\n{}\n{:?}", case.steps, case.memory_bytes, source(&case), case.records)
        }
        Err(TestError::Abort(reason)) => panic!("the generator gave up: {reason}"),
    }
}

/// Each rule of a case in five forms, all of which evaluate it on every record.
fn source(case: &Case) -> String {
    let mut source = String::new();
    for (i, rule) in case.rules.iter().enumerate() {
        for (n, form) in ["{}", "not ({})", "({}) xor true", "({}) or flag", "({}) and flag"].into_iter().enumerate() {
            _ = writeln!(source, "rule r{i}_{n} = {}", form.replace("{}", &rule.to_string()));
        }
    }
    source
}

/// The first batch whose answers are others, in words. A program that does not compile, or of which nothing is lifted, has none.
fn difference(backends: &[Arc<dyn Backend>], case: &Case, found: &Cell<LiftedCases>) -> Option<String> {
    let (world, limits) = (case.world(), case.limits());
    let passes = Passes::default();
    let link = |program: &Program, prefilter: usize| -> Option<Arc<Linked>> {
        let thresholds = Thresholds::default().with(Threshold::PrefilterRules, prefilter).with(Threshold::LiftLookUps, 3);
        Linked::with_thresholds(optimise(program, &passes), &world.library, &world.lists, &limits, thresholds).ok()
    };
    // What is asked for first is not counted, so the prefilter is only on for the rules that read.
    let never = Threshold::PrefilterRules.default();
    let written = link(&compile(&source(case), &world.scheme, &limits).ok()?, never)?;
    let lifts = Lifts::of(&written, &world.library, true);
    if lifts.is_empty() {
        return None;
    }
    let scheme = lifts.declare(&world.scheme).ok()?;
    let exact = link(&written.program().clone().projected(&scheme)?, never)?;
    let lifts = lifts.projected(written.scheme(), &scheme)?;
    let fast = [never, 0].map(|prefilter| link(&lifts.apply(&exact), prefilter));
    let count = if case.wide { WIDE } else { case.records.len() };
    let records = |kind| batch(&scheme, case.records.iter().cycle().take(count), kind).ok();
    let mut wanted = Matches::new();
    instance(&Interp::new(), &exact, &limits).ok()?.run_batch(&records(Kind::Plain)?, &mut wanted).ok()?;
    let LiftedCases { programs, traps } = found.get();
    found.set(LiftedCases { programs: programs + 1, traps: traps + wanted.traps().len() });
    for backend in backends {
        for (fast, kind) in fast.iter().zip([Kind::Shared, Kind::Plain]) {
            let fast = fast.as_ref()?;
            let mut batch = records(kind)?;
            let run = || -> Result<Matches, String> {
                let (other, program, of) = (backend.clone(), exact.clone(), limits.clone());
                let id = backend.id();
                let make = Box::new(move || instance(&*other, &program, &of).map_err(|e| RunError::new(id, e)));
                let reading = instance(&**backend, fast, &limits)?;
                let mut lifted = Lifted::new(&lifts, (fast, &world.library), reading, make).ok_or("a function has no such form")?;
                let mut matches = Matches::new();
                // Once more, when the fields are set already.
                for _ in 0..2 {
                    lifted.run_batch(&mut batch, &mut matches).map_err(|e| e.to_string())?;
                }
                Ok(matches)
            };
            match caught(run) {
                Ok(matches) if matches == wanted => {}
                Ok(matches) => return Some(format!("{}, {kind:?}\n{lifts}\nwanted {wanted:?}\nfound  {matches:?}", backend.id())),
                Err(e) => return Some(format!("{}, {kind:?}\n{lifts}\n{e}", backend.id())),
            }
        }
    }
    None
}
