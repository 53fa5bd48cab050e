//! Random choices.

use proptest::prelude::Rng;
use proptest::test_runner::TestRng;

/// Makes random choices.
pub(crate) struct Dice<'r> {
    rng: &'r mut TestRng,
}

impl<'r> Dice<'r> {
    pub(crate) fn new(rng: &'r mut TestRng) -> Dice<'r> {
        Dice { rng }
    }

    /// A number below `n`, which must not be 0.
    pub(crate) fn below(&mut self, n: usize) -> usize {
        // The bias is far below what a test could notice.
        (self.rng.next_u64() % n as u64) as usize
    }

    /// True once in `n` times.
    pub(crate) fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    pub(crate) fn bits(&mut self) -> u64 {
        self.rng.next_u64()
    }

    /// One of the items.
    pub(crate) fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.below(items.len())]
    }

    /// The place of one of the weights, each as likely as it is heavy.
    pub(crate) fn weighted(&mut self, weights: &[usize]) -> usize {
        let mut at = self.below(weights.iter().sum());
        for (i, weight) in weights.iter().enumerate() {
            if at < *weight {
                return i;
            }
            at -= weight;
        }
        weights.len() - 1
    }
}
