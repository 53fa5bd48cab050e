//! Sorted lists of ranges with an index of where to look.

/// Ranges of which lists are looked along without an index.
const FEW: usize = 64;

/// A number that ranges are of.
pub(super) trait Bound: Copy + Ord {
    /// How far it is above a smaller one.
    fn above(self, least: Self) -> u128;
    /// The number that follows, if there is one.
    fn next(self) -> Option<Self>;
}

macro_rules! bounds {
    ($($t:ty: $unsigned:ty),*) => {$(
        impl Bound for $t {
            #[inline]
            fn above(self, least: $t) -> u128 {
                self.wrapping_sub(least) as $unsigned as u128
            }

            #[inline]
            fn next(self) -> Option<$t> {
                self.checked_add(1)
            }
        }
    )*};
}

bounds!(i64: u64, u32: u32, u128: u128);

/// Disjoint inclusive ranges in order. Of many, an index says between which a value can be: what lies between the first range and the last is
/// cut into about as many pieces as there are ranges, so that a look-up takes as long in a large set as in a small one where members are
/// spread out, and as long as bisecting where they crowd.
#[derive(Clone, Debug)]
pub(super) struct Ranges<T> {
    ranges: Vec<(T, T)>,
    /// A piece has two to the power of this many numbers.
    shift: u32,
    /// By piece: how many ranges begin before it; one more for the end of the last. Empty where there are few.
    before: Vec<u32>,
}

impl<T> Default for Ranges<T> {
    fn default() -> Self {
        Ranges { ranges: Vec::new(), shift: 0, before: Vec::new() }
    }
}

impl<T: Bound> Ranges<T> {
    /// All members of these ranges, which may overlap; ranges that end before they start have none.
    pub(super) fn new(mut ranges: Vec<(T, T)>) -> Ranges<T> {
        ranges.retain(|(first, last)| first <= last);
        ranges.sort_unstable();
        let mut merged: Vec<(T, T)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some((_, end)) if end.next().is_none_or(|after| first <= after) => *end = last.max(*end),
                _ => merged.push((first, last)),
            }
        }
        let (shift, before) = index(&merged);
        Ranges { ranges: merged, shift, before }
    }

    /// The ranges: in order, apart from each other, as few as possible.
    pub(super) fn as_slice(&self) -> &[(T, T)] {
        &self.ranges
    }

    /// Whether one of them holds a value: compares along short lists, bisects longer ones and looks into the index of long ones.
    #[inline]
    pub(super) fn contains(&self, value: T) -> bool {
        let ranges = self.ranges.as_slice();
        if ranges.len() <= 8 {
            return ranges.iter().any(|(first, last)| *first <= value && value <= *last);
        }
        let (mut from, mut to) = (0, ranges.len());
        if !self.before.is_empty() {
            if value < ranges[0].0 {
                return false;
            }
            let piece = usize::try_from(value.above(ranges[0].0) >> self.shift).unwrap_or(usize::MAX);
            // What lies behind the last piece can only be in the last range.
            let piece = piece.min(self.before.len() - 2);
            (from, to) = (self.before[piece] as usize, self.before[piece + 1] as usize);
        }
        let after = from + ranges[from..to].partition_point(|(first, _)| *first <= value);
        after > 0 && value <= ranges[after - 1].1
    }
}

/// The index of some ranges.
fn index<T: Bound>(ranges: &[(T, T)]) -> (u32, Vec<u32>) {
    let (Some((least, _)), Some((most, _)), Ok(count)) = (ranges.first(), ranges.last(), u32::try_from(ranges.len())) else {
        return (0, Vec::new());
    };
    if ranges.len() <= FEW {
        return (0, Vec::new());
    }
    let span = most.above(*least);
    // The fewest pieces that are at least as many as ranges, up to twice as many.
    let mut shift = 0;
    while span >> shift >= 2 * u128::from(count) {
        shift += 1;
    }
    let pieces = (span >> shift) as usize + 1;
    let mut before = Vec::with_capacity(pieces + 1);
    for (number, (first, _)) in ranges.iter().enumerate() {
        let piece = (first.above(*least) >> shift) as usize;
        while before.len() <= piece {
            before.push(number as u32);
        }
    }
    before.push(count);
    (shift, before)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that follow no pattern.
    fn numbers(count: usize) -> impl Iterator<Item = u64> {
        let mut state = 1u64;
        (0..count).map(move |_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            state ^ state >> 29
        })
    }

    fn check<T: Bound + std::fmt::Debug>(members: Vec<(T, T)>, asked: impl Iterator<Item = T>) {
        let set = Ranges::new(members.clone());
        assert!(members.iter().all(|(first, last)| first > last || set.contains(*first) && set.contains(*last)));
        for value in asked {
            let wanted = set.as_slice().iter().any(|(first, last)| *first <= value && value <= *last);
            assert_eq!(set.contains(value), wanted, "{value:?} of {} ranges", set.as_slice().len());
        }
    }

    #[test]
    fn look_ups_are_those_of_every_range() {
        for count in [0, 1, 8, 9, 64, 65, 66, 1000] {
            // Spread out, crowded, at the ends, and in ranges that touch.
            for spread in [1u64, 3, 1 << 20, u64::MAX >> 8, u64::MAX] {
                let ints = || numbers(count).map(|n| (n % spread) as i64);
                let ends = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
                let asked = || ints().flat_map(|n| [n.wrapping_sub(1), n, n.wrapping_add(1), n.wrapping_add(5)]).chain(ends);
                check(ints().map(|n| (n, n)).collect(), asked());
                check(ints().map(|n| (n, n.saturating_add(3))).chain(ends.map(|n| (n, n))).collect(), asked());
                check(ints().map(|n| (n as u32, n as u32)).collect(), asked().map(|n| n as u32));
                check(
                    ints().map(|n| (u128::from(n as u64) << 60, (u128::from(n as u64) << 60) + 9)).collect(),
                    asked().flat_map(|n| [u128::from(n as u64) << 60, (u128::from(n as u64) << 60) + 10, n as u128, u128::MAX]),
                );
            }
        }
    }

    #[test]
    fn a_large_set_is_cut_into_about_as_many_pieces_as_it_has_ranges() {
        let set = Ranges::new(numbers(10_000).map(|n| (n as i64, n as i64)).collect());
        assert!((10_000..=20_002).contains(&set.before.len()), "{}", set.before.len());
        let most = set.before.windows(2).map(|ends| ends[1] - ends[0]).max();
        assert!(most < Some(12), "{most:?}");
    }
}
