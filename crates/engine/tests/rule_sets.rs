//! Sets of rules answer as rule by rule, on every configuration, with traps and small limits.

use quintet::{Trap, configurations};

#[test]
fn random_rule_sets_answer_as_rule_by_rule() {
    let found = quintet_testing::rule_sets(&configurations(), 100);
    println!("{found:?}");
    let traps = |trap: Trap| Trap::ALL.into_iter().zip(found.traps).find(|(it, _)| *it == trap).map_or(0, |it| it.1);
    assert!(found.hits > 1000, "{found:?}");
    for trap in [Trap::DivisionByZero, Trap::Memory, Trap::Budget] {
        assert!(traps(trap) > 20, "{trap}: {found:?}");
    }
}
