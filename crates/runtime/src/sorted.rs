//! Looking numbers up among sorted ones.

/// Numbers that are bisected without an index.
const FEW: usize = 64;

/// A number that can be sorted.
pub(crate) trait Bound: Copy + Ord {
    /// How far it is above a smaller one.
    fn above(self, least: Self) -> u128;
    /// How far it is above a smaller one, shifted right by fewer bits than it has.
    fn piece(self, least: Self, shift: u32) -> usize;
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
            fn piece(self, least: $t, shift: u32) -> usize {
                // In registers of the number's own size.
                usize::try_from((self.wrapping_sub(least) as $unsigned).wrapping_shr(shift)).unwrap_or(usize::MAX)
            }

            #[inline]
            fn next(self) -> Option<$t> {
                self.checked_add(1)
            }
        }
    )*};
}

bounds!(i64: u64, u32: u32, u128: u128);

/// An index of where to look among many sorted numbers: what lies between the first and the last is cut into about as many pieces as there are
/// numbers, so that a look-up takes as long among many as among few where they are spread out, and as long as bisecting where they crowd.
#[derive(Clone, Debug, Default)]
pub struct Spread {
    /// A piece has two to the power of this many numbers.
    shift: u32,
    /// By piece: how many of the sorted numbers are before it; one more for the end of the last. Empty where there are few.
    before: Vec<u32>,
}

impl Spread {
    /// The index of what is sorted by `number`.
    pub(crate) fn new<S, T: Bound>(sorted: &[S], number: impl Fn(&S) -> T) -> Spread {
        let (Some(least), Some(most), Ok(count)) = (sorted.first(), sorted.last(), u32::try_from(sorted.len())) else {
            return Spread::default();
        };
        if sorted.len() <= FEW {
            return Spread::default();
        }
        let (least, span) = (number(least), number(most).above(number(least)));
        // The fewest pieces that are at least as many as numbers, up to twice as many.
        let mut shift = 0;
        while span >> shift >= 2 * u128::from(count) {
            shift += 1;
        }
        let pieces = (span >> shift) as usize + 1;
        let mut before = Vec::with_capacity(pieces + 1);
        for (place, it) in (0..).zip(sorted) {
            let piece = (number(it).above(least) >> shift) as usize;
            while before.len() <= piece {
                before.push(place);
            }
        }
        before.push(count);
        Spread { shift, before }
    }

    /// How many are at most `value`, of what the index was made of.
    #[inline]
    pub(crate) fn at_most<S, T: Bound>(&self, sorted: &[S], number: impl Fn(&S) -> T, value: T) -> usize {
        let (mut from, mut to) = (0, sorted.len());
        if !self.before.is_empty() {
            let least = number(&sorted[0]);
            if value < least {
                return 0;
            }
            let piece = value.piece(least, self.shift);
            // What lies behind the last piece has only numbers of it or of those before it below.
            let piece = piece.min(self.before.len() - 2);
            (from, to) = (self.before[piece] as usize, self.before[piece + 1] as usize);
        }
        from + sorted[from..to].partition_point(|it| number(it) <= value)
    }

    /// What is above the first number is shifted right by so many bits to the number of its piece.
    pub fn shift(&self) -> u32 {
        self.shift
    }

    /// By piece: how many of the sorted numbers are before it; one more for the end of the last. Empty where there are few, which are bisected
    /// without.
    pub fn before(&self) -> &[u32] {
        &self.before
    }

    /// Bytes of memory.
    pub(crate) fn memory_bytes(&self) -> usize {
        size_of_val(&*self.before)
    }
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

    fn check<T: Bound + std::fmt::Debug>(numbers: impl Iterator<Item = T>, asked: impl Iterator<Item = T>) {
        let mut sorted: Vec<T> = numbers.collect();
        sorted.sort_unstable();
        let spread = Spread::new(&sorted, |it| *it);
        for value in asked {
            let wanted = sorted.iter().filter(|it| **it <= value).count();
            assert_eq!(spread.at_most(&sorted, |it| *it, value), wanted, "{value:?} among {}", sorted.len());
        }
    }

    #[test]
    fn look_ups_count_what_is_at_most_a_value() {
        for count in [0, 1, 64, 65, 66, 1000] {
            // Spread out, crowded, the same, and at the ends.
            for spread in [1u64, 3, 1 << 20, u64::MAX >> 8, u64::MAX] {
                let ints = || numbers(count).map(|n| (n % spread) as i64);
                let ends = [i64::MIN, i64::MIN + 1, -1, 0, 1, i64::MAX - 1, i64::MAX];
                let asked = || ints().flat_map(|n| [n.wrapping_sub(1), n, n.wrapping_add(1), n.wrapping_add(5)]).chain(ends);
                check(ints(), asked());
                check(ints().chain(ends), asked());
                check(ints().map(|n| n as u32), asked().map(|n| n as u32));
                let wide = |n: i64| u128::from(n as u64) << 60;
                check(ints().map(wide), asked().flat_map(|n| [wide(n), wide(n) + 10, n as u128, u128::MAX]));
            }
        }
    }

    #[test]
    fn many_are_cut_into_about_as_many_pieces() {
        let mut sorted: Vec<i64> = numbers(10_000).map(|n| n as i64).collect();
        sorted.sort_unstable();
        let spread = Spread::new(&sorted, |it| *it);
        assert!((10_000..=20_002).contains(&spread.before.len()), "{}", spread.before.len());
        let most = spread.before.windows(2).map(|ends| ends[1] - ends[0]).max();
        assert!(most < Some(12), "{most:?}");
    }
}
