//! Sets of Ints.

use super::{holds, merge};

/// A set of Ints, as disjoint ranges in order.
#[derive(Clone, Debug, Default)]
pub struct IntSet {
    ranges: Vec<(i64, i64)>,
}

impl IntSet {
    /// The set of all members of inclusive ranges.
    pub fn new(ranges: impl IntoIterator<Item = (i64, i64)>) -> IntSet {
        IntSet { ranges: merge(ranges.into_iter().collect(), |i| i.checked_add(1)) }
    }

    /// Whether it holds `value`.
    #[inline]
    pub fn contains(&self, value: i64) -> bool {
        holds(&self.ranges, value)
    }

    /// The members as inclusive ranges: in order, apart from each other, as few as possible.
    pub fn ranges(&self) -> &[(i64, i64)] {
        &self.ranges
    }
}
