//! What rules have in common is found out before they run: the answers are those of the rules as they are written, on every configuration.

use quintet::configurations;

#[test]
fn random_rules_answer_the_same_where_calls_and_look_ups_are_shared() {
    let found = quintet_testing::lifts(&configurations(), 600);
    println!("{found:?}");
    assert!(found.programs > 100 && found.traps > 100, "{found:?}");
}
