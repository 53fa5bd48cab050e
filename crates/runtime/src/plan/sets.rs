//! How literal sets are looked into.

use crate::matchers::{BytesSet, IntSet, IpSet, SetMatcher};
use crate::thresholds::Threshold;

/// How a literal set is looked into, by the type of its members.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetPlan {
    /// Of Ints.
    Ints(IntsPlan),
    /// Of addresses.
    Ips(IpsPlan),
    /// Of byte strings.
    Bytes(BytesPlan),
}

/// How a set of Ints is looked into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IntsPlan {
    /// Few ranges, which are compared one after the other.
    Ranges,
    /// All members are less than 64 from the first: a bit for each in one word.
    Word {
        /// The least member, which bit 0 stands for.
        first: i64,
        /// The members.
        bits: u64,
    },
    /// All members are close together: a bit for each, 64 in a word.
    Bitmap {
        /// The least member, which bit 0 of the first word stands for.
        first: i64,
        /// The members.
        words: Box<[u64]>,
    },
    /// Many ranges far apart: a look-up in [`IntSet`].
    LookUp,
}

/// How a set of addresses is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IpsPlan {
    /// Few ranges of each family, which are compared one after the other.
    Ranges,
    /// A binary search of [`IpSet`].
    LookUp,
}

/// How a set of byte strings is looked into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BytesPlan {
    /// Few short members, which are compared: first the length, then those of that length.
    Members,
    /// The hash table of [`BytesSet`].
    LookUp,
}

impl SetPlan {
    pub(super) fn new(set: &SetMatcher, exceeds: &dyn Fn(Threshold, usize) -> bool) -> SetPlan {
        match set {
            SetMatcher::Int(set) => SetPlan::Ints(IntsPlan::new(set, exceeds)),
            SetMatcher::Ip(set) => SetPlan::Ips(IpsPlan::new(set, exceeds)),
            SetMatcher::Bytes(set) => SetPlan::Bytes(BytesPlan::new(set, exceeds)),
        }
    }
}

impl IntsPlan {
    fn new(set: &IntSet, exceeds: &dyn Fn(Threshold, usize) -> bool) -> IntsPlan {
        let ranges = set.ranges();
        let ([(first, _), _, .., (_, last)], false) = (ranges, ranges.len() < 3) else {
            // One or two comparisons are as quick as anything.
            return IntsPlan::Ranges;
        };
        let width = last.wrapping_sub(*first) as u64;
        let bits = || {
            let mut words = vec![0u64; (width / 64 + 1) as usize];
            for (a, b) in ranges {
                for at in a.wrapping_sub(*first)..=b.wrapping_sub(*first) {
                    words[(at / 64) as usize] |= 1 << (at % 64);
                }
            }
            words
        };
        if width < 64 {
            return IntsPlan::Word { first: *first, bits: bits()[0] };
        }
        if !exceeds(Threshold::SetRanges, ranges.len()) {
            return IntsPlan::Ranges;
        }
        match usize::try_from(width) {
            Ok(width) if !exceeds(Threshold::SetBitmap, width.saturating_add(1)) => {
                IntsPlan::Bitmap { first: *first, words: bits().into() }
            }
            _ => IntsPlan::LookUp,
        }
    }
}

impl IpsPlan {
    fn new(set: &IpSet, exceeds: &dyn Fn(Threshold, usize) -> bool) -> IpsPlan {
        if exceeds(Threshold::SetRanges, set.v4().len().max(set.v6().len())) { IpsPlan::LookUp } else { IpsPlan::Ranges }
    }
}

impl BytesPlan {
    fn new(set: &BytesSet, exceeds: &dyn Fn(Threshold, usize) -> bool) -> BytesPlan {
        let many = exceeds(Threshold::SetMembers, set.len());
        if many || exceeds(Threshold::MemberBytes, set.longest()) { BytesPlan::LookUp } else { BytesPlan::Members }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::thresholds::Thresholds;

    fn ints(ranges: &[(i64, i64)]) -> IntsPlan {
        let thresholds = Thresholds::default();
        IntsPlan::new(&IntSet::new(ranges.iter().copied()), &|threshold, size| size > thresholds.get(threshold))
    }

    #[test]
    fn sets_of_ints_are_bits_where_they_are_close_together() {
        assert_eq!(ints(&[]), IntsPlan::Ranges);
        assert_eq!(ints(&[(i64::MIN, i64::MAX)]), IntsPlan::Ranges);
        assert_eq!(ints(&[(80, 80), (443, 443), (8080, 8081)]), IntsPlan::Ranges);
        assert_eq!(ints(&[(-3, -3), (0, 1), (60, 60)]), IntsPlan::Word { first: -3, bits: 1 | 1 << 3 | 1 << 4 | 1 << 63 });
        let ports: Vec<(i64, i64)> = (1..20).map(|i| (i * 100, i * 100)).collect();
        let IntsPlan::Bitmap { first: 100, words } = ints(&ports) else { panic!("no bitmap") };
        assert!((0..64 * words.len() as i64).all(|at| (words[(at / 64) as usize] >> (at % 64) & 1 != 0) == (at % 100 == 0 && at <= 1800)));
        let far: Vec<(i64, i64)> = (1..20).map(|i| (i << 40, i << 40)).collect();
        assert_eq!(ints(&far), IntsPlan::LookUp);
        assert_eq!(ints(&[(i64::MIN, i64::MIN), (0, 0), (i64::MAX, i64::MAX)]), IntsPlan::Ranges);
    }
}
