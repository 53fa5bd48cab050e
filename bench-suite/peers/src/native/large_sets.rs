//! `large-sets`: sorted slices for addresses and ports, a hash set for names. The members are the rules' own.

use std::collections::HashSet;

use quintet_lang::Program;
use quintet_lang::ast::{ExprKind, Set};
use quintet_runtime::{RecordRef, ip_words};

use super::Rules;
use super::read::{Address, Field, Fields, bit};

pub(super) struct LargeSets {
    src: Field,
    srcport: Field,
    name: Field,
    v6_dst: Field,
    addresses: Ranges<Address>,
    ports: Ranges<i64>,
    names: HashSet<Box<[u8]>>,
    v6: Ranges<Address>,
}

/// Inclusive ranges in order, apart from each other.
struct Ranges<T> {
    firsts: Vec<T>,
    lasts: Vec<T>,
}

impl<T: Copy + Ord> Ranges<T> {
    fn new(mut ranges: Vec<(T, T)>) -> Ranges<T> {
        ranges.sort_unstable();
        let mut made = Ranges { firsts: Vec::new(), lasts: Vec::new() };
        for (first, last) in ranges {
            match made.lasts.last_mut() {
                Some(end) if first <= *end => *end = last.max(*end),
                _ => {
                    made.firsts.push(first);
                    made.lasts.push(last);
                }
            }
        }
        made
    }

    #[inline]
    fn contains(&self, value: T) -> bool {
        let after = self.firsts.partition_point(|first| *first <= value);
        after > 0 && value <= self.lasts[after - 1]
    }
}

impl LargeSets {
    pub(super) fn new(f: &Fields<'_>, program: &Program) -> Result<LargeSets, String> {
        let set = |rule: usize| {
            let mut found = None;
            program.rules[rule].expr.walk(&mut |e| {
                if let ExprKind::In { set, .. } = e.kind {
                    found = Some(&program.sets[set.index()]);
                }
            });
            found.ok_or_else(|| format!("rule {rule} has no set"))
        };
        let addresses = |rule| match set(rule)? {
            Set::Ip(ranges) => Ok(Ranges::new(ranges.iter().map(|(a, b)| (ip_words(*a), ip_words(*b))).collect())),
            _ => Err(format!("the set of rule {rule} is not of addresses")),
        };
        let (Set::Int(ports), Set::Bytes(names)) = (set(1)?, set(2)?) else {
            return Err("the sets of rules 1 and 2 are not of ports and names".to_owned());
        };
        Ok(LargeSets {
            src: f.get("ip.src", "Array<Ip>")?,
            srcport: f.get("tcp.srcport", "Int")?,
            name: f.get("dns.qry.name", "Bytes")?,
            v6_dst: f.get("ipv6.dst", "Array<Ip>")?,
            addresses: addresses(0)?,
            ports: Ranges::new(ports.clone()),
            names: names.iter().map(|name| name.as_slice().into()).collect(),
            v6: addresses(3)?,
        })
    }
}

impl Rules for LargeSets {
    #[inline]
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        bit(0, self.src.ips(r).any(|ip| self.addresses.contains(ip)))
            | bit(1, self.srcport.int(r).is_some_and(|port| self.ports.contains(port)))
            | bit(2, self.name.bytes(r).is_some_and(|name| self.names.contains(name)))
            | bit(3, self.v6_dst.ips(r).any(|ip| self.v6.contains(ip)))
    }
}
