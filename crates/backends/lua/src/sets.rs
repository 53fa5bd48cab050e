//! Conditions for literal sets: small ones are spelled out, large ones are asked of the runtime.

use quintet_lang::ast::SetId;
use quintet_runtime::plan::{BytesPlan, IntsPlan, IpsPlan, SetPlan};
use quintet_runtime::{BytesSet, IntSet, IpSet, SetMatcher};

use crate::generator::Generator;
use crate::ints::number_literal;
use crate::operand::{Bytes, Form, Int, Ip, Operand, int_literal};

/// Ranges that are spelled out at most, where the plan has bits for them.
const SPELLED: usize = 8;

/// Byte strings that are spelled out at most.
const SPELLED_MEMBERS: usize = 3;

/// Alternatives joined by `or`; none is false.
fn any(conditions: Vec<String>) -> String {
    if conditions.is_empty() { "false".into() } else { conditions.join(" or ") }
}

/// The condition that a number lies in a range.
fn within<T: PartialEq>(value: &str, first: T, last: T, literal: impl Fn(T) -> String) -> String {
    if first == last {
        return format!("{value} == {}", literal(first));
    }
    format!("{value} >= {} and {value} <= {}", literal(first), literal(last))
}

impl Generator<'_> {
    /// The condition under which a set holds a value that is not nil.
    #[inline(never)]
    pub(crate) fn in_set(&mut self, value: Operand, id: SetId) -> String {
        match (self.linked.set(id), self.linked.plan().set(id), value) {
            (SetMatcher::Int(set), SetPlan::Ints(plan), Operand::Int(value)) => self.in_ints(set, plan, value),
            (SetMatcher::Int(set), SetPlan::Ints(plan), Operand::U32(value)) => {
                let value = self.number_of_u32(&value);
                self.in_ints(set, plan, value)
            }
            (SetMatcher::Ip(set), SetPlan::Ips(plan), Operand::Ip(value)) => self.in_ips(set, *plan, value),
            (SetMatcher::Bytes(set), SetPlan::Bytes(plan), Operand::Bytes(value)) => self.in_bytes((set, *plan, id), value),
            // The checker tests values in sets of their type.
            _ => "false".into(),
        }
    }

    fn in_ints(&mut self, set: &IntSet, plan: &IntsPlan, value: Int) -> String {
        let ranges = set.ranges();
        // Bits of a word of 64 are dearer here than a call.
        let few = match plan {
            IntsPlan::Ranges => true,
            IntsPlan::Word { .. } => ranges.len() <= SPELLED,
            IntsPlan::Bitmap { .. } | IntsPlan::LookUp => false,
        };
        if !few {
            let x = self.data.address(set);
            return format!("in_ints(X[{x}], {}) ~= 0", value.text);
        }
        if let Some(place) = &value.place
            && ranges.iter().all(|(first, last)| *first >= 0 && *last <= i64::from(i32::MAX))
        {
            // No member has a high half, and as a signed number a low half past all members is negative.
            let low = self.bind(&place.low(0));
            let conditions = ranges.iter().map(|(first, last)| within(&low, *first, *last, |i| i.to_string())).collect();
            return format!("{} == 0 and ({})", place.high(0), any(conditions));
        }
        let text = self.bind(&value.text);
        let literal = |i| if value.form == Form::Wide { int_literal(i) } else { number_literal(i) };
        any(ranges.iter().map(|(first, last)| within(&text, *first, *last, literal)).collect())
    }

    fn in_ips(&mut self, set: &IpSet, plan: IpsPlan, value: Ip) -> String {
        // A range of IPv6 addresses takes as much as two others.
        let few = plan == IpsPlan::Ranges && 2 * set.v6().len() <= SPELLED;
        let spelled = few.then(|| set.v6().iter().map(|range| wide_range(&value, *range)).collect::<Option<Vec<_>>>()).flatten();
        let families = spelled.map(|v6| (set.v4(), v6));
        let Some((v4, v6)) = families else {
            let x = self.data.address(set);
            let place = &value.place;
            return format!("in_ips(X[{x}], {}, {}, {}) ~= 0", place.low(0), self.wide(place, 1), self.wide(place, 2));
        };
        let mut conditions = Vec::new();
        if !v4.is_empty() {
            let inner = any(v4.iter().map(|range| narrow_range(&value, *range)).collect());
            conditions.push(format!("{} == 4 and ({inner})", value.place.low(0)));
        }
        if !v6.is_empty() {
            conditions.push(format!("{} == 6 and ({})", value.place.low(0), any(v6)));
        }
        any(conditions)
    }

    fn in_bytes(&mut self, (set, plan, id): (&BytesSet, BytesPlan, SetId), value: Bytes) -> String {
        // More comparisons are dearer here than a call.
        if plan == BytesPlan::LookUp || set.len() > SPELLED_MEMBERS {
            let x = self.data.address(set);
            if set.has_long() {
                self.code.line(format!("look_up(E, X[{x}], {})", value.len));
            }
            return format!("in_bytes(X[{x}], {}, {}) ~= 0", value.address, value.len);
        }
        let members = self.linked.members(id);
        let conditions = members.into_iter().map(|member| {
            let member = self.constant_bytes(member);
            self.same_bytes(&value, &member)
        });
        any(conditions.collect())
    }
}

/// The condition that an IPv4 address lies in a range.
fn narrow_range(value: &Ip, (first, last): (u32, u32)) -> String {
    let size = last.wrapping_sub(first).wrapping_add(1);
    if size == 0 {
        "true".into()
    } else if size == 1 {
        format!("{} == {}", value.place.low(2), first as i32)
    } else if size.is_power_of_two() && first & (size - 1) == 0 {
        format!("band({}, {}) == {}", value.place.low(2), !(size - 1) as i32, first as i32)
    } else {
        within(&value.place.unsigned(2), first, last, |i| i.to_string())
    }
}

/// The condition that an IPv6 address lies in a range, where both ends have the same high half or the range is whole in its low half.
fn wide_range(value: &Ip, (first, last): (u128, u128)) -> Option<String> {
    let (first_high, first_low, last_high, last_low) = ((first >> 64) as u64, first as u64, (last >> 64) as u64, last as u64);
    let half = |n: usize, first: u64, last: u64| {
        let size = last.wrapping_sub(first).wrapping_add(1);
        if size == 0 {
            return Some("true".into());
        }
        // Prefixes: what the mask leaves must be the network.
        let mask = !(size - 1);
        let same = size.is_power_of_two() && first & !mask == 0;
        same.then(|| half_prefix(value, n, mask, first))
    };
    if first_high == last_high {
        let (high, low) = (half(1, first_high, first_high)?, half(2, first_low, last_low)?);
        Some(format!("{high} and {low}"))
    } else if first_low == 0 && last_low == u64::MAX {
        half(1, first_high, last_high)
    } else {
        None
    }
}

/// The condition that word `n` of an address has these bits under a mask: half by half, as plain numbers.
fn half_prefix(value: &Ip, n: usize, mask: u64, bits: u64) -> String {
    let part = |word: String, mask: u32, bits: u32| match mask {
        0 => None,
        u32::MAX => Some(format!("{word} == {}", bits as i32)),
        _ => Some(format!("band({word}, {}) == {}", mask as i32, bits as i32)),
    };
    let high = part(value.place.high(n), (mask >> 32) as u32, (bits >> 32) as u32);
    let low = part(value.place.low(n), mask as u32, bits as u32);
    [high, low].into_iter().flatten().collect::<Vec<_>>().join(" and ")
}
