//! Sorted lists of ranges.

use crate::sorted::{Bound, Spread};

/// Disjoint inclusive ranges in order.
#[derive(Clone, Debug)]
pub(super) struct Ranges<T> {
    ranges: Vec<(T, T)>,
    /// Where to look among their first members.
    spread: Spread,
}

impl<T> Default for Ranges<T> {
    fn default() -> Self {
        Ranges { ranges: Vec::new(), spread: Spread::default() }
    }
}

impl<T: Bound> Ranges<T> {
    /// All members of these ranges, which may overlap; ranges that end before they start have none.
    pub(super) fn new(mut ranges: Vec<(T, T)>) -> Ranges<T> {
        ranges.retain(|(first, last)| first <= last);
        ranges.sort_unstable();
        ranges.dedup_by(|(first, last), (_, end)| {
            let joined = end.next().is_none_or(|after| *first <= after);
            if joined {
                *end = (*last).max(*end);
            }
            joined
        });
        ranges.shrink_to_fit();
        let spread = Spread::new(&ranges, |(first, _)| *first);
        Ranges { ranges, spread }
    }

    /// The ranges: in order, apart from each other, as few as possible.
    pub(super) fn as_slice(&self) -> &[(T, T)] {
        &self.ranges
    }

    /// Where to look among many of them, by their first members.
    pub(super) fn spread(&self) -> &Spread {
        &self.spread
    }

    /// Whether one of them holds a value: compares along short lists, bisects longer ones and looks into the index of long ones.
    #[inline(always)]
    pub(super) fn contains(&self, value: T) -> bool {
        let ranges = self.ranges.as_slice();
        if ranges.len() <= 8 {
            return ranges.iter().any(|(first, last)| *first <= value && value <= *last);
        }
        let after = self.spread.at_most(ranges, |(first, _)| *first, value);
        after > 0 && value <= ranges[after - 1].1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Bound + std::fmt::Debug>(members: Vec<(T, T)>, asked: impl Iterator<Item = T>) {
        let set = Ranges::new(members.clone());
        assert!(set.as_slice().windows(2).all(|pair| pair[0].1.next().is_some_and(|after| after < pair[1].0)));
        assert!(members.iter().all(|(first, last)| first > last || set.contains(*first) && set.contains(*last)));
        for value in asked {
            let wanted = members.iter().any(|(first, last)| *first <= value && value <= *last);
            assert_eq!(set.contains(value), wanted, "{value:?} of {} ranges", set.as_slice().len());
        }
    }

    #[test]
    fn look_ups_are_those_of_every_range() {
        let ends = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
        for count in [0, 1, 8, 9, 64, 65, 500i64] {
            // Apart, touching, overlapping, and at the ends.
            for apart in [1, 4, 5, 1 << 40] {
                let firsts = || (0..count).map(move |i| i * 7 % count * apart);
                let asked = || firsts().flat_map(|n| [n - 1, n, n + 3, n + 4]).chain(ends);
                check(firsts().map(|n| (n, n + 3)).collect(), asked());
                check(firsts().map(|n| (n, n)).chain(ends.map(|n| (n, n))).collect(), asked());
                check(firsts().map(|n| (n as u32, (n as u32).saturating_add(3))).collect(), asked().map(|n| n as u32));
                check(firsts().map(|n| ((n as u128) << 60, ((n as u128) << 60) + 9)).collect(), asked().map(|n| (n as u128) << 60 | 9));
            }
        }
    }
}
