//! What a workload's result holds beside its measurements: the rules' text, what backends make of it, and figures that are cited.

use std::hint::black_box;
use std::time::Instant;

use quintet::backend::Backend;
use quintet_results::{Source, Sources, WorkloadResult, median};

use crate::lineup::Lineup;
use crate::load::Loaded;

/// Most rules of a workload whose emitted forms are kept: more are not read side by side.
const MOST_RULES: usize = 5;

/// Most bytes of one text.
const MOST_BYTES: usize = 32 * 1024;

/// Adds the rules' text, the emitted forms and the cited figures to a workload's result.
pub fn beside(result: &mut WorkloadResult, loaded: &Loaded, lineup: &Lineup) {
    result.sources = Some(sources(loaded, lineup));
    result.cited = loaded.workload.cited.clone();
    if !result.cited.is_empty() {
        let ns = pointer_call();
        result.cited.iter_mut().filter(|c| c.unit == UNIT).for_each(|c| c.unit_ns = Some(ns));
    }
}

fn sources(loaded: &Loaded, lineup: &Lineup) -> Sources {
    let program = loaded.linked.program();
    let mut sources = Sources { rules: Source::new("rules", None, &loaded.workload.rules, MOST_BYTES), forms: Vec::new() };
    if program.rules.len() > MOST_RULES {
        return sources;
    }
    sources.forms.push(Source::new("ast", None, &quintet_lang::dump::dump(program), MOST_BYTES));
    let mut shown: Vec<&str> = Vec::new();
    for backend in &lineup.backends {
        // Configurations of one backend make much the same: the first of them is shown.
        if !shown.contains(&backend.id().name) {
            shown.push(backend.id().name);
            sources.forms.extend(emitted(loaded, &**backend));
        }
    }
    sources
}

/// Everything that a backend can show of the rules, after the passes.
fn emitted(loaded: &Loaded, backend: &dyn Backend) -> Vec<Source> {
    let id = backend.id().to_string();
    let one = |form: &quintet::backend::Emit| {
        let text = backend.emit(&loaded.linked, *form).unwrap_or_else(|e| format!("cannot be shown: {e}\n"));
        Source::new(form.name(), Some(&id), &text, MOST_BYTES)
    };
    backend.emits().iter().map(one).collect()
}

/// The unit that is timed here; cited figures in other units stand without it.
const UNIT: &str = "call through a function pointer";

/// How long a native call through a function pointer takes, ns: the median of laps of several loops that lie elsewhere each. Where a loop
/// happens to lie makes it a cycle or two quicker or slower.
pub fn pointer_call() -> f64 {
    const ROUNDS: usize = 7;
    #[inline(never)]
    fn called(x: &u64) -> bool {
        *x == 80
    }
    let f: fn(&u64) -> bool = black_box(called);
    let loops = [lap::<0>, lap::<1>, lap::<2>, lap::<3>, lap::<4>];
    median(&(0..ROUNDS).flat_map(|_| loops.map(|lap| lap(f))).collect::<Vec<_>>())
}

/// ns that a call takes in loop `LOOP`.
#[inline(never)]
fn lap<const LOOP: u64>(f: fn(&u64) -> bool) -> f64 {
    const CALLS: u32 = 100_000;
    let value = black_box(81 + LOOP);
    // Different code, so that the loops are not merged and are not aligned alike.
    for _ in 0..LOOP {
        black_box(LOOP);
    }
    let start = Instant::now();
    for _ in 0..CALLS {
        black_box(f(black_box(&value)));
    }
    start.elapsed().as_nanos() as f64 / f64::from(CALLS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_call_takes_a_few_cycles() {
        let ns = pointer_call();
        assert!(ns > 0.1 && ns < 1000.0, "{ns} ns");
    }
}
