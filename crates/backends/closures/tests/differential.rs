//! The closures answer as the interpreter does.

use quintet_closures::Closures;

#[test]
fn regressions() {
    quintet_testing::regressions(&Closures::new());
}

#[test]
fn differential() {
    quintet_testing::differential(&Closures::new(), 20_000);
}

#[test]
fn scripts() {
    quintet_testing::scripts(&Closures::new(), 9_500);
}
