//! Sets of addresses, and addresses as words.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::ranges::Ranges;
use crate::sorted::Spread;

/// A set of addresses, as disjoint ranges in order for each family.
#[derive(Clone, Debug, Default)]
pub struct IpSet {
    v4: Ranges<u32>,
    v6: Ranges<u128>,
}

impl IpSet {
    /// The set of all members of inclusive ranges; a range across families has none.
    pub fn new(ranges: impl IntoIterator<Item = (IpAddr, IpAddr)>) -> IpSet {
        let mut ranges = ranges.into_iter();
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        while let Some(range) = ranges.next() {
            let left = ranges.size_hint().0;
            match range {
                (IpAddr::V4(first), IpAddr::V4(last)) => push(&mut v4, (first.to_bits(), last.to_bits()), left),
                (IpAddr::V6(first), IpAddr::V6(last)) => push(&mut v6, (first.to_bits(), last.to_bits()), left),
                _ => {}
            }
        }
        IpSet { v4: Ranges::new(v4), v6: Ranges::new(v6) }
    }

    /// Whether it holds `ip`.
    #[inline]
    pub fn contains(&self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) => self.v4.contains(ip.to_bits()),
            IpAddr::V6(ip) => self.v6.contains(ip.to_bits()),
        }
    }

    /// Whether it holds the address in this slot form (see [`ip_words`]).
    #[inline]
    pub fn contains_words(&self, family: u64, high: u64, low: u64) -> bool {
        match family {
            4 => self.v4.contains(low as u32),
            _ => self.v6.contains((high as u128) << 64 | low as u128),
        }
    }

    /// The IPv4 members as inclusive ranges: in order, apart from each other, as few as possible.
    pub fn v4(&self) -> &[(u32, u32)] {
        self.v4.as_slice()
    }

    /// Where to look among many IPv4 [`ranges`](IpSet::v4), by their first members.
    #[doc(hidden)]
    pub fn v4_spread(&self) -> &Spread {
        self.v4.spread()
    }

    /// The IPv6 members as inclusive ranges: in order, apart from each other, as few as possible.
    pub fn v6(&self) -> &[(u128, u128)] {
        self.v6.as_slice()
    }
}

/// Adds to a list, with room for all that are left once it has its first.
fn push<T>(list: &mut Vec<T>, it: T, left: usize) {
    if list.is_empty() {
        list.reserve_exact(left + 1);
    }
    list.push(it);
}

/// The words of an address's slot: its family (4 or 6), then the high and the low half of the address as a number.
#[inline]
pub fn ip_words(ip: IpAddr) -> [u64; 3] {
    match ip {
        IpAddr::V4(ip) => [4, 0, ip.to_bits() as u64],
        IpAddr::V6(ip) => [6, (ip.to_bits() >> 64) as u64, ip.to_bits() as u64],
    }
}

/// The address with these words.
#[inline]
pub fn ip_from_words(words: [u64; 3]) -> IpAddr {
    match words {
        [4, _, low] => IpAddr::V4(Ipv4Addr::from_bits(low as u32)),
        [_, high, low] => IpAddr::V6(Ipv6Addr::from_bits((high as u128) << 64 | low as u128)),
    }
}
