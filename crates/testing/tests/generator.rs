//! The generator makes programs that compile and whose answers differ, so that a wrong backend is found out.

use quintet_testing::{KINDS, statistics};

#[test]
fn generated_cases_are_not_degenerate() {
    let s = statistics(2_500);
    let share = |n: usize| n as f64 / s.answers as f64;
    println!(
        "{} programs, {} rules, {} answers: {:.1} % true, {:.1} % traps ({} of the memory limit); {:.1} % of rules are constant over their records\n{:?}",
        s.programs,
        s.rules,
        s.answers,
        100.0 * share(s.hits),
        100.0 * share(s.traps),
        s.memory_traps,
        100.0 * s.constant_rules as f64 / s.rules as f64,
        s.kinds,
    );
    assert!(
        s.rejected.is_empty(),
        "{} of {} programs do not compile:\n{}",
        s.rejected.len(),
        s.programs,
        s.rejected[..s.rejected.len().min(5)].join("\n")
    );
    assert!(s.answers >= 20_000);
    assert!(share(s.hits) > 0.15, "almost nothing matches");
    assert!(1.0 - share(s.hits) - share(s.traps) > 0.15, "almost everything matches");
    assert!(share(s.traps) > 0.002, "almost nothing traps");
    assert!(s.memory_traps >= 20, "almost nothing reaches the memory limit");
    assert!(s.constant_rules * 10 < s.rules * 7, "most rules do not depend on the record");
    let missing: Vec<_> = KINDS.iter().filter(|k| s.kinds.get(**k).copied().unwrap_or(0) < 50).collect();
    assert!(missing.is_empty(), "these kinds of expressions are rare: {missing:?}");
}
