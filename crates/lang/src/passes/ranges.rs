//! Sets of integers and of addresses as sorted ranges.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::ast::{CompareOp, Const, Set};

const INT: u8 = 0;
const V4: u8 = 4;
const V6: u8 = 6;

/// `(family, first, last)`. An Int is moved up by 2^63.
type Range = (u8, u128, u128);

/// Ranges: sorted, apart from each other, as few as possible.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Ranges {
    ip: bool,
    list: Vec<Range>,
}

fn int(i: i64) -> u128 {
    u128::from((i as u64) ^ (1 << 63))
}

fn back(place: u128) -> i64 {
    ((place as u64) ^ (1 << 63)) as i64
}

fn address(ip: IpAddr) -> (u8, u128) {
    match ip {
        IpAddr::V4(ip) => (V4, u128::from(u32::from(ip))),
        IpAddr::V6(ip) => (V6, u128::from(ip)),
    }
}

fn last(family: u8) -> u128 {
    match family {
        INT => u128::from(u64::MAX),
        V4 => u128::from(u32::MAX),
        _ => u128::MAX,
    }
}

impl Ranges {
    fn new(ip: bool, mut list: Vec<Range>) -> Ranges {
        let apart = |(f, _, b): &Range, (g, a, _): &Range| f < g || f == g && b.checked_add(1).is_some_and(|next| next < *a);
        if list.iter().all(|(_, a, b)| a <= b) && list.is_sorted_by(apart) {
            return Ranges { ip, list };
        }
        list.retain(|(_, a, b)| a <= b);
        list.sort_unstable();
        let mut out: Vec<Range> = Vec::with_capacity(list.len());
        for (family, a, b) in list {
            match out.last_mut() {
                Some((f, _, end)) if *f == family && a <= end.saturating_add(1) => *end = b.max(*end),
                _ => out.push((family, a, b)),
            }
        }
        Ranges { ip, list: out }
    }

    fn families(ip: bool) -> &'static [u8] {
        if ip { &[V4, V6] } else { &[INT] }
    }

    /// The members of a set of Int or Ip; none of one of Bytes.
    pub(crate) fn of_set(set: &Set) -> Ranges {
        match set {
            Set::Int(all) => Ranges::new(false, all.iter().map(|(a, b)| (INT, int(*a), int(*b))).collect()),
            Set::Ip(all) => {
                let within = all.iter().filter(|(a, b)| a.is_ipv4() == b.is_ipv4());
                Ranges::new(true, within.map(|(a, b)| (address(*a).0, address(*a).1, address(*b).1)).collect())
            }
            Set::Bytes(_) => Ranges::new(false, Vec::new()),
        }
    }

    /// The values `x` for which `x op constant` holds.
    pub(crate) fn of_compare(op: CompareOp, constant: &Const) -> Option<Ranges> {
        let (ip, family, at) = match constant {
            Const::Int(i) => (false, INT, int(*i)),
            Const::Ip(a) => (true, address(*a).0, address(*a).1),
            _ => return None,
        };
        let most = last(family);
        let below = || if at == 0 { Vec::new() } else { vec![(family, 0, at - 1)] };
        let above = || if at == most { Vec::new() } else { vec![(family, at + 1, most)] };
        let list = match op {
            CompareOp::Eq => vec![(family, at, at)],
            CompareOp::Ne => return Some(Ranges { ip, list: vec![(family, at, at)] }.complement()),
            CompareOp::Lt => below(),
            CompareOp::Le => vec![(family, 0, at)],
            CompareOp::Gt => above(),
            CompareOp::Ge => vec![(family, at, most)],
        };
        // One range at most.
        Some(Ranges { ip, list })
    }

    /// Everything else of the type.
    pub(crate) fn complement(&self) -> Ranges {
        let mut list = Vec::with_capacity(self.list.len() + 2);
        for family in Ranges::families(self.ip) {
            let mut next = Some(0);
            for (_, a, b) in self.list.iter().filter(|(f, ..)| f == family) {
                if let Some(start) = next.filter(|start| start < a) {
                    list.push((*family, start, a - 1));
                }
                next = (*b < last(*family)).then(|| b + 1);
            }
            if let Some(start) = next {
                list.push((*family, start, last(*family)));
            }
        }
        Ranges { ip: self.ip, list }
    }

    /// What is in any of them, which must be of one type.
    pub(crate) fn union(all: impl IntoIterator<Item = Ranges>) -> Option<Ranges> {
        let mut all = all.into_iter();
        let first = all.next()?;
        let (ip, mut list) = (first.ip, first.list);
        for ranges in all {
            if ranges.ip != ip {
                return None;
            }
            list.extend(ranges.list);
        }
        Some(Ranges::new(ip, list))
    }

    /// The ranges.
    pub(crate) fn list(&self) -> &[Range] {
        &self.list
    }

    /// The only member, if there is just one.
    pub(crate) fn point(&self) -> Option<Const> {
        match self.list.as_slice() {
            [(INT, a, b)] if a == b => Some(Const::Int(back(*a))),
            [(family, a, b)] if a == b => Some(Const::Ip(ip(*family, *a))),
            _ => None,
        }
    }

    /// The comparison that says the same, if a single one of Int does.
    pub(crate) fn bound(&self) -> Option<(CompareOp, Const)> {
        match self.list.as_slice() {
            [(INT, 0, b)] => Some((CompareOp::Le, Const::Int(back(*b)))),
            [(INT, a, b)] if *b == last(INT) => Some((CompareOp::Ge, Const::Int(back(*a)))),
            _ => None,
        }
    }

    /// The same as a literal set.
    pub(crate) fn to_set(&self) -> Set {
        if self.ip {
            Set::Ip(self.list.iter().map(|(f, a, b)| (ip(*f, *a), ip(*f, *b))).collect())
        } else {
            Set::Int(self.list.iter().map(|(_, a, b)| (back(*a), back(*b))).collect())
        }
    }
}

fn ip(family: u8, at: u128) -> IpAddr {
    match family {
        V4 => Ipv4Addr::from(at as u32).into(),
        _ => Ipv6Addr::from(at).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algebra() {
        let set = Ranges::of_set(&Set::Int(vec![(5, 9), (1, 2), (3, 4), (20, i64::MAX)]));
        assert_eq!(set.to_set(), Set::Int(vec![(1, 9), (20, i64::MAX)]));
        assert_eq!(set.complement().to_set(), Set::Int(vec![(i64::MIN, 0), (10, 19)]));
        assert_eq!(set.complement().complement(), set);
        let ips = Ranges::of_compare(CompareOp::Ne, &Const::Ip("0.0.0.0".parse().unwrap())).unwrap();
        assert_eq!(ips.list().len(), 2);
        assert_eq!(ips.complement().point(), Some(Const::Ip("0.0.0.0".parse().unwrap())));
        assert!(Ranges::of_compare(CompareOp::Lt, &Const::Int(i64::MIN)).unwrap().list().is_empty());
        let all = Ranges::of_compare(CompareOp::Le, &Const::Int(i64::MAX)).unwrap();
        assert!(all.complement().list().is_empty());
    }
}
