//! What compiling a program will take, about.

use quintet_runtime::Linked;

/// Nanoseconds that code put together from stencils takes, with what running it takes longer for the first time: for a program, and for each
/// rule.
const QUICK: u64 = 4_000;
const QUICK_RULE: u64 = 500;

/// Nanoseconds that `jit` takes for a rule or function, and for each expression in it. `cargo run --release --example adaptive`
/// prints the estimate of each workload beside what it took.
const BEST_UNIT: u64 = 60_000;
const BEST_EXPRESSION: u64 = 25_000;

/// Putting stencils together.
pub(super) fn quick(program: &Linked) -> u64 {
    QUICK + QUICK_RULE * program.program().rules.len() as u64
}

/// What compiling takes at least: known without looking at the rules.
pub(super) fn best_at_least(program: &Linked) -> u64 {
    BEST_UNIT * units(program)
}

/// Compiling with the best code.
pub(super) fn best(program: &Linked) -> u64 {
    let mut expressions = 0;
    program.program().roots(&mut |root| root.walk(&mut |_| expressions += 1));
    best_at_least(program) + BEST_EXPRESSION * expressions
}

fn units(program: &Linked) -> u64 {
    (program.program().rules.len() + program.program().functions.len()).max(1) as u64
}
