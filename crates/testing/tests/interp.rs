//! The interpreter answers alike whether records come one by one, which the other backends are compared to, or in batches.

use quintet_interp::Interp;

#[test]
fn regressions() {
    quintet_testing::regressions(&Interp::new());
}

#[test]
fn differential() {
    quintet_testing::differential(&Interp::new(), 20_000);
}

#[test]
fn scripts() {
    quintet_testing::scripts(&Interp::new(), 1_000);
}
