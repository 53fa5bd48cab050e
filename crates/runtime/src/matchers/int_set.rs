//! Sets of Ints.

use super::ranges::Ranges;
use crate::sorted::Spread;

/// A set of Ints, as disjoint ranges in order.
#[derive(Clone, Debug, Default)]
pub struct IntSet {
    ranges: Ranges<i64>,
}

impl IntSet {
    /// The set of all members of inclusive ranges.
    pub fn new(ranges: impl IntoIterator<Item = (i64, i64)>) -> IntSet {
        IntSet { ranges: Ranges::new(ranges.into_iter().collect()) }
    }

    /// Whether it holds `value`.
    #[inline]
    pub fn contains(&self, value: i64) -> bool {
        self.ranges.contains(value)
    }

    /// The members as inclusive ranges: in order, apart from each other, as few as possible.
    pub fn ranges(&self) -> &[(i64, i64)] {
        self.ranges.as_slice()
    }

    /// Where to look among many of the [`ranges`](IntSet::ranges), by their first members.
    #[doc(hidden)]
    pub fn spread(&self) -> &Spread {
        self.ranges.spread()
    }
}
