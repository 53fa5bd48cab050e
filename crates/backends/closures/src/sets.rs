//! Sets and named lists.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, ListId, SetId};
use quintet_runtime::plan::{BytesPlan, IntsPlan, IpsPlan, SetPlan};
use quintet_runtime::{IntSet, IpSet, SetMatcher, StoredBytes, Value, looked_at};

use crate::compare::{equal_bytes, head_mask, head_of};
use crate::context::{BoolFn, Ctx, test};
use crate::generator::Generator;
use crate::kind::{Any, Bytes, Int, Ip, Primitive};
use crate::operand::{Operand, leaf, leaf_bytes, leaf_with};

impl Generator<'_> {
    /// Whether a literal set holds a value.
    pub(crate) fn in_set(&mut self, value: &Expr, id: SetId) -> BoolFn {
        match (self.linked.set(id), self.linked.plan().set(id)) {
            (SetMatcher::Int(set), SetPlan::Ints(plan)) => in_ints(self.operand::<Int>(value), set, plan, id),
            (SetMatcher::Ip(set), plan) => in_ips(self.operand::<Ip>(value), set, *plan == SetPlan::Ips(IpsPlan::Ranges), id),
            (SetMatcher::Bytes(_), plan) => {
                let members = if *plan == SetPlan::Bytes(BytesPlan::Members) { self.linked.members(id) } else { Vec::new() };
                in_bytes(self.operand::<Bytes>(value), &members, id)
            }
            // Each set is planned as what it is.
            (SetMatcher::Int(_), SetPlan::Ips(_) | SetPlan::Bytes(_)) => test(|_| false),
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
                    cx.count(looked_at(bytes.len())) && cx.env.kept.code.linked.in_list(id, &Value::Bytes(bytes))
                })
            }
            _ => {
                let value = self.closure::<Any>(value);
                test(move |cx| value(cx).is_some_and(|v| cx.env.kept.code.linked.in_list(id, &v)))
            }
        }
    }

    fn in_list_of<K: Primitive>(&mut self, value: &Expr, id: ListId) -> BoolFn {
        let operand = self.operand::<K>(value);
        leaf_with(operand, false, move |cx, value| cx.env.kept.code.linked.in_list(id, &K::value(value)))
    }
}

/// A range test in one comparison.
#[inline(always)]
fn within(value: i64, first: i64, span: u64) -> bool {
    value.wrapping_sub(first) as u64 <= span
}

fn in_ints(operand: Operand<Int>, set: &IntSet, plan: &IntsPlan, id: SetId) -> BoolFn {
    let span = |(first, last): (i64, i64)| last.wrapping_sub(first) as u64;
    match plan {
        IntsPlan::Ranges => match *set.ranges() {
            [] => leaf(operand, false, |_| false),
            [(only, last)] if only == last => leaf(operand, false, move |i| i == only),
            [range] => {
                let (first, span) = (range.0, span(range));
                leaf(operand, false, move |i| within(i, first, span))
            }
            [a, b] => {
                let (a, b) = ((a.0, span(a)), (b.0, span(b)));
                leaf(operand, false, move |i| within(i, a.0, a.1) | within(i, b.0, b.1))
            }
            ref ranges => match ranges.len() {
                ..=4 => in_few(operand, few::<_, 4>(ranges.iter().map(|r| (r.0, span(*r))))),
                5..=8 => in_few(operand, few::<_, 8>(ranges.iter().map(|r| (r.0, span(*r))))),
                _ => look_up(operand, id),
            },
        },
        IntsPlan::Word { first, bits } => {
            let (first, bits) = (*first, *bits);
            leaf(operand, false, move |i| {
                let at = i.wrapping_sub(first) as u64;
                at < 64 && bits >> at & 1 != 0
            })
        }
        IntsPlan::Bitmap { first, words } => {
            let (first, words) = (*first, words.clone());
            leaf(operand, false, move |i| {
                let at = i.wrapping_sub(first) as u64;
                usize::try_from(at / 64).ok().and_then(|word| words.get(word)).is_some_and(|word| word >> (at % 64) & 1 != 0)
            })
        }
        IntsPlan::LookUp => look_up(operand, id),
    }
}

/// As many places as a closure has, those that are left over repeating the first.
fn few<T: Copy + Default, const N: usize>(items: impl Iterator<Item = T> + Clone) -> [T; N] {
    let mut few = [items.clone().next().unwrap_or_default(); N];
    few.iter_mut().zip(items).for_each(|(place, item)| *place = item);
    few
}

fn in_few<const N: usize>(operand: Operand<Int>, few: [(i64, u64); N]) -> BoolFn {
    leaf(operand, false, move |i| few.iter().any(|r| within(i, r.0, r.1)))
}

fn look_up(operand: Operand<Int>, id: SetId) -> BoolFn {
    leaf_with(operand, false, move |cx, i| match cx.env.kept.code.linked.set(id) {
        SetMatcher::Int(set) => set.contains(i),
        SetMatcher::Ip(_) | SetMatcher::Bytes(_) => false,
    })
}

fn in_ips(operand: Operand<Ip>, set: &IpSet, few_ranges: bool, id: SetId) -> BoolFn {
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
        (ranges, []) if few_ranges && ranges.len() <= 8 => {
            let few: [(u32, u32); 8] = few(ranges.iter().map(|range| (range.0, range.1 - range.0)));
            leaf(operand, false, move |ip| ip[0] == 4 && few.iter().fold(false, |any, r| any | v4(ip, r.0, r.1)))
        }
        ([], &[(first, last)]) => leaf(operand, false, move |ip| {
            let value = (ip[1] as u128) << 64 | ip[2] as u128;
            ip[0] != 4 && first <= value && value <= last
        }),
        _ => leaf_with(operand, false, move |cx, ip: [u64; 3]| match cx.env.kept.code.linked.set(id) {
            SetMatcher::Ip(set) => set.contains_words(ip[0], ip[1], ip[2]),
            SetMatcher::Int(_) | SetMatcher::Bytes(_) => false,
        }),
    }
}

/// Whether a set holds byte strings; where it has few members, they are given.
fn in_bytes(operand: Operand<Bytes>, members: &[&[u8]], id: SetId) -> BoolFn {
    let hashed = move |cx: &Ctx<'_>, bytes: &[u8]| match cx.env.kept.code.linked.set(id) {
        SetMatcher::Bytes(set) => cx.count(set.steps(bytes.len())) && set.contains(bytes),
        SetMatcher::Int(_) | SetMatcher::Ip(_) => false,
    };
    match members {
        [] => leaf_with(operand, false, hashed),
        [only] if looked_at(only.len()) == 0 => equal_bytes(operand, only, false, true),
        members => match FewBytes::new(members) {
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

    /// The places are numbers of a byte, and there is one for each length; for others there are no few.
    fn new(members: &[&[u8]]) -> Option<FewBytes> {
        let longest = members.iter().map(|m| m.len()).max().unwrap_or(0);
        if members.len() > u8::MAX.into() || longest >= FewBytes::LENGTHS {
            return None;
        }
        let mut members = members.to_vec();
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
        let len = bytes.size();
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
