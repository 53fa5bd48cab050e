//! The optimising passes change no answer and no trap: each alone on the interpreter, all together on every configuration.

use quintet::configurations;

#[test]
fn random_programs_answer_as_without_passes() {
    quintet_testing::passes(&[], 2_500);
    quintet_testing::passes(&configurations(), 300);
}
