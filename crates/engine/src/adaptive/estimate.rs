//! What compiling a program will take, about.

use quintet_runtime::Linked;

/// Nanoseconds that code put together from stencils takes, with what running it takes longer for the first time: for a program, and for each
/// rule.
const QUICK: u64 = 1_000;
const QUICK_RULE: u64 = 300;

/// Nanoseconds that `jit` takes for a rule or function, and for each expression in it. `cargo run --release --example adaptive`
/// prints the estimate of each workload beside what it took.
const BEST_UNIT: u64 = 40_000;
const BEST_EXPRESSION: u64 = 11_000;

/// A rule that is asked for before it runs is compiled in one of so many parts of that.
const ASKED: u64 = 3;

/// Putting stencils together.
pub(super) fn quick(program: &Linked) -> u64 {
    QUICK + QUICK_RULE * program.program().rules.len() as u64
}

/// What compiling takes at least: known without looking at the rules.
pub(super) fn best_at_least(program: &Linked) -> u64 {
    BEST_UNIT * units(program) / ASKED
}

/// Compiling with the best code.
pub(super) fn best(program: &Linked) -> u64 {
    let (mut expressions, rules) = (0, program.program().rules.len());
    program.program().roots(&mut |root| root.walk(&mut |_| expressions += 1));
    let all = BEST_UNIT * units(program) + BEST_EXPRESSION * expressions;
    // As if all rules were as long.
    let asked = (0..rules).filter(|rule| program.is_asked(*rule)).count() as u64;
    all - all * asked / units(program) * (ASKED - 1) / ASKED
}

/// Whether most of what is compiled has statements.
pub(super) fn is_script(program: &Linked) -> bool {
    let rules = program.program().rules.iter().filter(|rule| !rule.is_expression()).count() + program.program().functions.len();
    rules as u64 * 2 > units(program)
}

fn units(program: &Linked) -> u64 {
    (program.program().rules.len() + program.program().functions.len()).max(1) as u64
}
