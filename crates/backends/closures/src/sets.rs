//! Sets and named lists.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ListId, Set, SetId};
use quintet_runtime::{IntSet, IpSet, Linked, SetMatcher, Threshold, Value, looked_at};

use crate::compare::{equal_bytes, head_mask, head_of};
use crate::context::{BoolFn, Ctx, test};
use crate::generator::Generator;
use crate::kind::{Any, Bytes, Int, Ip, Primitive, StoredBytes};
use crate::operand::{Operand, leaf, leaf_bytes, leaf_with};

/// Most ranges that a closure has a place for; see [`Threshold::ClosuresSetRanges`].
const FEW_RANGES: usize = 8;

impl Generator<'_> {
    /// Whether a literal set holds a value.
    pub(crate) fn in_set(&mut self, value: &Expr, id: SetId) -> BoolFn {
        match self.linked.set(id) {
            SetMatcher::Int(set) => {
                let operand = self.operand::<Int>(value);
                in_ints(self.linked, operand, set, id)
            }
            SetMatcher::Ip(set) => {
                let operand = self.operand::<Ip>(value);
                in_ips(self.linked, operand, set, id)
            }
            SetMatcher::Bytes(_) => {
                let operand = self.operand::<Bytes>(value);
                let members = match self.linked.program().sets.get(id.index()) {
                    Some(Set::Bytes(members)) => members.as_slice(),
                    _ => &[],
                };
                in_bytes(self.linked, operand, members, id)
            }
        }
    }

    /// Whether a named list holds a value.
    pub(crate) fn in_list(&mut self, value: &Expr, id: ListId) -> BoolFn {
        match value.ty {
            Type::Int => self.in_list_of::<Int>(value, id),
            Type::Ip => self.in_list_of::<Ip>(value, id),
            Type::Bytes => {
                let operand = self.operand::<Bytes>(value);
                leaf_with(operand, false, move |cx, bytes| {
                    cx.count(looked_at(bytes.len())) && cx.env.code.linked.in_list(id, &Value::Bytes(bytes))
                })
            }
            _ => {
                let value = self.closure::<Any>(value);
                test(move |cx| value(cx).is_some_and(|v| cx.env.code.linked.in_list(id, &v)))
            }
        }
    }

    fn in_list_of<K: Primitive>(&mut self, value: &Expr, id: ListId) -> BoolFn {
        let operand = self.operand::<K>(value);
        leaf_with(operand, false, move |cx, value| cx.env.code.linked.in_list(id, &K::value(value)))
    }
}

/// A range test in one comparison.
#[inline(always)]
fn within(value: i64, first: i64, span: u64) -> bool {
    value.wrapping_sub(first) as u64 <= span
}

fn in_ints(linked: &Linked, operand: Operand<Int>, set: &IntSet, id: SetId) -> BoolFn {
    let ranges = set.ranges();
    let span = |(first, last): (i64, i64)| last.wrapping_sub(first) as u64;
    match *ranges {
        [] => return leaf(operand, false, |_| false),
        [(only, last)] if only == last => return leaf(operand, false, move |i| i == only),
        [range] => {
            let (first, span) = (range.0, span(range));
            return leaf(operand, false, move |i| within(i, first, span));
        }
        _ => {}
    }
    let (first, last) = (ranges[0].0, ranges[ranges.len() - 1].1);
    let width = span((first, last));
    if width < 64 {
        let bits = ranges.iter().fold(0u64, |bits, &(a, b)| {
            let (from, to) = (span((first, a)), span((first, b)));
            bits | (u64::MAX >> (63 - (to - from))) << from
        });
        return leaf(operand, false, move |i| {
            let at = i.wrapping_sub(first) as u64;
            at < 64 && bits >> at & 1 != 0
        });
    }
    match *ranges {
        [a, b] => {
            let (a, b) = ((a.0, span(a)), (b.0, span(b)));
            leaf(operand, false, move |i| within(i, a.0, a.1) | within(i, b.0, b.1))
        }
        _ if !linked.exceeds(Threshold::ClosuresSetRanges, ranges.len()) && ranges.len() <= FEW_RANGES => {
            // Unused places repeat the first range.
            let mut few = [(ranges[0].0, span(ranges[0])); FEW_RANGES];
            for (place, range) in few.iter_mut().zip(ranges) {
                *place = (range.0, span(*range));
            }
            if ranges.len() <= FEW_RANGES / 2 {
                let few: [_; FEW_RANGES / 2] = [few[0], few[1], few[2], few[3]];
                return leaf(operand, false, move |i| few.iter().fold(false, |any, r| any | within(i, r.0, r.1)));
            }
            leaf(operand, false, move |i| few.iter().fold(false, |any, r| any | within(i, r.0, r.1)))
        }
        _ if usize::try_from(width).is_ok_and(|width| !linked.exceeds(Threshold::ClosuresBitmap, width.saturating_add(1))) => {
            let mut bits = vec![0u64; (width / 64 + 1) as usize];
            for &(a, b) in ranges {
                for at in span((first, a))..=span((first, b)) {
                    bits[(at / 64) as usize] |= 1 << (at % 64);
                }
            }
            let bits: Box<[u64]> = bits.into();
            leaf(operand, false, move |i| {
                let at = i.wrapping_sub(first) as u64;
                usize::try_from(at / 64).ok().and_then(|word| bits.get(word)).is_some_and(|word| word >> (at % 64) & 1 != 0)
            })
        }
        _ => leaf_with(operand, false, move |cx, i| match cx.env.code.linked.set(id) {
            SetMatcher::Int(set) => set.contains(i),
            _ => false,
        }),
    }
}

fn in_ips(linked: &Linked, operand: Operand<Ip>, set: &IpSet, id: SetId) -> BoolFn {
    /// Whether an address, if it is IPv4, is in a range.
    #[inline(always)]
    fn v4(ip: [u64; 3], first: u32, span: u32) -> bool {
        (ip[2] as u32).wrapping_sub(first) <= span
    }
    match (set.v4(), set.v6()) {
        ([], []) => leaf(operand, false, |_| false),
        (&[(first, last)], []) => {
            let span = last - first;
            leaf(operand, false, move |ip| (ip[0] == 4) & v4(ip, first, span))
        }
        (&[a, b], []) => {
            let (a, b) = ((a.0, a.1 - a.0), (b.0, b.1 - b.0));
            leaf(operand, false, move |ip| (ip[0] == 4) & (v4(ip, a.0, a.1) | v4(ip, b.0, b.1)))
        }
        (ranges @ [first, ..], []) if !linked.exceeds(Threshold::ClosuresSetRanges, ranges.len()) && ranges.len() <= FEW_RANGES => {
            let mut few = [(first.0, first.1 - first.0); FEW_RANGES];
            for (place, range) in few.iter_mut().zip(ranges) {
                *place = (range.0, range.1 - range.0);
            }
            leaf(operand, false, move |ip| ip[0] == 4 && few.iter().fold(false, |any, r| any | v4(ip, r.0, r.1)))
        }
        ([], &[(first, last)]) => leaf(operand, false, move |ip| {
            let value = (ip[1] as u128) << 64 | ip[2] as u128;
            ip[0] != 4 && first <= value && value <= last
        }),
        _ => leaf_with(operand, false, move |cx, ip: [u64; 3]| match cx.env.code.linked.set(id) {
            SetMatcher::Ip(set) => set.contains_words(ip[0], ip[1], ip[2]),
            _ => false,
        }),
    }
}

fn in_bytes(linked: &Linked, operand: Operand<Bytes>, members: &[Vec<u8>], id: SetId) -> BoolFn {
    let hashed = move |cx: &Ctx<'_>, bytes: &[u8]| match cx.env.code.linked.set(id) {
        SetMatcher::Bytes(set) => cx.count(set.steps(bytes.len())) && set.contains(bytes),
        _ => false,
    };
    match members {
        [only] if looked_at(only.len()) == 0 => equal_bytes(operand, only, false, true),
        _ => match FewBytes::new(linked, members) {
            Some(few) => leaf_bytes(operand, false, move |_, bytes| few.contains(bytes), hashed),
            None => leaf_with(operand, false, hashed),
        },
    }
}

/// Few byte strings, all shorter than [`FewBytes::LENGTHS`], compared by their first 8 bytes as a number.
struct FewBytes {
    /// By length: the place of the first member that is that long. The next length's place is where they end.
    starts: [u8; FewBytes::LENGTHS + 1],
    heads: Box<[u64]>,
    /// What follows the heads; none where all members are heads.
    rests: Box<[Box<[u8]>]>,
}

impl FewBytes {
    const LENGTHS: usize = 32;

    fn new(linked: &Linked, members: &[Vec<u8>]) -> Option<FewBytes> {
        let longest = members.iter().map(Vec::len).max().unwrap_or(0);
        let many = linked.exceeds(Threshold::ClosuresSetMembers, members.len());
        // The places below are numbers of a byte, and there is one for each length.
        if many || linked.exceeds(Threshold::ClosuresMemberBytes, longest) || longest >= FewBytes::LENGTHS {
            return None;
        }
        let mut members: Vec<&[u8]> = members.iter().map(Vec::as_slice).collect();
        members.sort_unstable_by_key(|m| m.len());
        let mut starts = [0; FewBytes::LENGTHS + 1];
        for member in &members {
            starts[member.len() + 1] += 1;
        }
        for len in 0..FewBytes::LENGTHS {
            starts[len + 1] += starts[len];
        }
        let rests: Box<[Box<[u8]>]> =
            if longest > 8 { members.iter().map(|m| m.get(8..).unwrap_or_default().into()).collect() } else { Box::default() };
        Some(FewBytes { starts, heads: members.iter().map(|m| head_of(m)).collect(), rests })
    }

    #[inline(always)]
    fn contains(&self, bytes: StoredBytes<'_>) -> bool {
        let len = bytes.len();
        if len >= FewBytes::LENGTHS {
            return false;
        }
        let (start, end) = (self.starts[len] as usize, self.starts[len + 1] as usize);
        if start == end {
            return false;
        }
        let head = bytes.head() & head_mask(len);
        if len <= 8 {
            return self.heads[start..end].iter().fold(false, |any, member| any | (*member == head));
        }
        (start..end).any(|i| self.heads[i] == head && bytes.get()[8..] == *self.rests[i])
    }
}
