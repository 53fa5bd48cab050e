//! The machine code answers as the interpreter does, in each configuration. Cranelift's verifier checks all of it.

use quintet_jit::Jit;

#[test]
fn regressions() {
    quintet_testing::regressions(&Jit::best().verified());
    quintet_testing::regressions(&Jit::fast().verified());
}

#[test]
fn best() {
    quintet_testing::differential(&Jit::best().verified(), 3_000);
}

#[test]
fn fast() {
    quintet_testing::differential(&Jit::fast().verified(), 3_000);
}

#[test]
fn scripts_of_best() {
    quintet_testing::scripts(&Jit::best().verified(), 1_500);
}

#[test]
fn scripts_of_fast() {
    quintet_testing::scripts(&Jit::fast().verified(), 2_000);
}
