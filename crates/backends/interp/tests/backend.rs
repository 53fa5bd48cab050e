//! The interpreter is the oracle of the differential test; here it must agree with the answers in files, and with itself whichever way
//! it is run.

use quintet_interp::Interp;

#[test]
fn cases_in_files_are_answered_right() {
    quintet_testing::regressions(&Interp::new());
}

#[test]
fn records_and_batches_get_the_same_answers() {
    quintet_testing::differential(&Interp::new(), 2_500);
}

#[test]
fn scripts() {
    quintet_testing::scripts(&Interp::new(), 2_000);
}
