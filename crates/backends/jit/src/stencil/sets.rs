//! Membership in literal sets: small ones become comparisons, large ones are asked.

use quintet_lang::Type;
use quintet_lang::ast::{CompareOp, Expr, SetId};
use quintet_runtime::plan::{BytesPlan, IntsPlan, IpsPlan, SetPlan};
use quintet_runtime::{IpSet, Linked, SetMatcher};

use crate::stencil::asm::Label;
use crate::stencil::helpers;
use crate::stencil::rule::{Known, Rules, Ways};
use crate::stencil::shapes::Shape;

/// Ranges that are compared one after the other; more are bisected first.
const IN_A_ROW: usize = 4;

impl<'p> Rules<'p> {
    pub(crate) fn in_set(&mut self, value: &'p Expr, id: SetId, ways: Ways) -> Known<()> {
        let linked: &'p Linked = self.linked;
        match (linked.set(id), linked.plan().set(id)) {
            (SetMatcher::Int(set), SetPlan::Ints(plan)) => {
                self.int(value, ways.no)?;
                match plan {
                    // Bits where the first number fits a hole.
                    IntsPlan::Ranges | IntsPlan::Word { .. } => self.in_ranges(set.ranges(), false, ways),
                    IntsPlan::Bitmap { first, words } => {
                        let back = negative(*first, false)?;
                        let most = i64::from(i32::try_from(words.len() * 64 - 1).ok()?);
                        self.require(Shape::Within, &[back, most], ways.no);
                        // The plan keeps the words where they are as long as the code lives.
                        self.asm.z_from_address(words.as_ptr() as usize, || format!("the bitmap of set {}", id.index()));
                        self.put_test(Shape::BitIn, &[back], ways);
                    }
                    IntsPlan::LookUp => {
                        self.ask(helpers::in_ints as *const () as usize, "in_ints", &raw const *set as usize, id.index(), ways);
                    }
                }
            }
            (SetMatcher::Ip(set), SetPlan::Ips(plan)) => {
                let slot = self.slot(value, ways.no)?;
                if *slot.ty != Type::Ip {
                    return None;
                }
                match plan {
                    IpsPlan::Ranges => self.reading(&slot, ways, |g, ways| g.in_networks(slot.at, set, ways)),
                    IpsPlan::LookUp => {
                        self.address(&slot);
                        self.ask(helpers::in_ips as *const () as usize, "in_ips", &raw const *set as usize, id.index(), ways);
                    }
                }
            }
            (SetMatcher::Bytes(set), SetPlan::Bytes(plan)) => {
                self.bytes(value, ways.no)?;
                match plan {
                    BytesPlan::Members => {
                        let mut members = self.linked.members(id);
                        members.sort_by_key(|m| m.len());
                        self.in_members(&members, ways);
                    }
                    BytesPlan::LookUp => {
                        self.ask(helpers::in_bytes as *const () as usize, "in_bytes", &raw const *set as usize, id.index(), ways);
                    }
                }
            }
            _ => return None,
        }
        Some(())
    }

    /// Whether the bit of `x` is set, where all that are lie within a word whose first stands for a number of which minus is `back`.
    fn in_word(&mut self, back: i64, bits: u64, narrow: bool, ways: Ways) {
        let within = if narrow { Shape::LowWithin } else { Shape::Within };
        self.require(within, &[back, 63], ways.no);
        self.asm.set_z(bits);
        // Only the lower bits of the sum matter.
        self.put_test(Shape::Bit, &[back], ways);
    }

    /// Whether `x` is in ranges in order and apart: a bitmap where they are close together, else comparisons, after bisecting where they
    /// are many. Addresses of 32 bits are `narrow`.
    fn in_ranges(&mut self, ranges: &[(i64, i64)], narrow: bool, ways: Ways) {
        let first = ranges.first().map_or(0, |range| range.0);
        let span = ranges.last().and_then(|last| last.1.checked_sub(first)).filter(|span| *span < 64);
        if let (3.., Some(_), Some(back)) = (ranges.len(), span, negative(first, narrow)) {
            let bits = ranges.iter().flat_map(|(a, b)| *a..=*b).fold(0u64, |bits, i| bits | 1 << (i - first));
            return self.in_word(back, bits, narrow, ways);
        }
        if ranges.len() > IN_A_ROW {
            let (before, after) = ranges.split_at(ranges.len() / 2);
            let [low, high] = std::array::from_fn(|_| self.asm.label());
            self.compare_x(CompareOp::Lt, after[0].0, Ways { yes: low, no: high, next: low });
            self.asm.bind(low);
            // What comes next is the higher half.
            self.in_ranges(before, narrow, Ways { next: high, ..ways });
            self.asm.bind(high);
            return self.in_ranges(after, narrow, ways);
        }
        self.any_of(ranges, ways, |g, (low, high), ways| {
            if !narrow {
                g.in_range(*low, *high, ways);
            } else if low == high {
                g.put_test(Shape::LowEqual, &[*low], ways);
            } else {
                g.put_test(Shape::LowWithin, &[low.wrapping_neg(), high.wrapping_sub(*low)], ways);
            }
        });
    }

    /// Whether `x` is in a range.
    fn in_range(&mut self, low: i64, high: i64, ways: Ways) {
        match (low, high) {
            (low, high) if low == high => self.compare_x(CompareOp::Eq, low, ways),
            (i64::MIN, high) => self.compare_x(CompareOp::Le, high, ways),
            (low, i64::MAX) => self.compare_x(CompareOp::Ge, low, ways),
            (low, high) => match (negative(low, false), high.checked_sub(low).filter(|span| *span <= i64::from(i32::MAX))) {
                (Some(back), Some(span)) => self.put_test(Shape::Within, &[back, span], ways),
                _ => {
                    let above = self.asm.label();
                    self.compare_x(CompareOp::Ge, low, Ways { yes: above, no: ways.no, next: above });
                    self.asm.bind(above);
                    self.compare_x(CompareOp::Le, high, ways);
                }
            },
        }
    }

    /// Goes to `yes` where the test for any of the items says so.
    fn any_of<T>(&mut self, items: &[T], ways: Ways, mut test: impl FnMut(&mut Self, &T, Ways)) {
        let Some((last, before)) = items.split_last() else {
            return self.asm.go(ways.no, ways.next);
        };
        for item in before {
            let next = self.asm.label();
            test(self, item, Ways { yes: ways.yes, no: next, next });
            self.asm.bind(next);
        }
        test(self, last, ways);
    }

    /// Whether the address in the record at `at` is in ranges of its family.
    fn in_networks(&mut self, at: i64, set: &IpSet, ways: Ways) {
        let ranges: Vec<(i64, i64)> = set.v4().iter().map(|(low, high)| (i64::from(*low), i64::from(*high))).collect();
        let narrow = |g: &mut Self, ways: Ways| {
            g.put(Shape::HalfX, &[at + 16]);
            g.in_ranges(&ranges, true, ways);
        };
        let wide = |g: &mut Self, ways: Ways| g.any_of(set.v6(), ways, |g, (first, last), ways| g.in_wide_range(at, *first, *last, ways));
        match (set.v4(), set.v6()) {
            ([], []) => self.asm.go(ways.no, ways.next),
            (_, []) => {
                self.require(Shape::FieldEqual, &[at, 4], ways.no);
                narrow(self, ways);
            }
            ([], _) => {
                self.require(Shape::FieldEqual, &[at, 6], ways.no);
                wide(self, ways);
            }
            _ => {
                let six = self.asm.label();
                self.require(Shape::FieldEqual, &[at, 4], six);
                narrow(self, Ways { next: six, ..ways });
                self.asm.bind(six);
                wide(self, ways);
            }
        }
    }

    /// Whether the number of 128 bits behind the family at `at` is in a range.
    fn in_wide_range(&mut self, at: i64, first: u128, last: u128, ways: Ways) {
        let halves = |n: u128| [(n >> 64) as u64, n as u64];
        let ([first_high, first_low], [last_high, last_low]) = (halves(first), halves(last));
        let (high, low) = (at + 8, at + 16);
        if first_high == last_high {
            self.asm.set_z(first_high);
            self.require(Shape::WideEqual, &[high], ways.no);
            return self.in_halves(low, first_low, last_low, ways);
        }
        if first_low == 0 && last_low == u64::MAX {
            return self.in_halves(high, first_high, last_high, ways);
        }
        // Below the first, then above the last: by the higher half unless it is the same.
        let inside = self.asm.label();
        self.pass_bound(high, low, (first_high, first_low), (Shape::WideLess, Shape::WideMore), ways.no, inside);
        self.asm.bind(inside);
        let end = self.asm.label();
        self.pass_bound(high, low, (last_high, last_low), (Shape::WideMore, Shape::WideLess), ways.no, end);
        self.asm.bind(end);
        self.asm.go(ways.yes, ways.next);
    }

    /// Goes to `no` where a number is on the `outside` of a bound, and to `inside`, which comes next, else.
    fn pass_bound(&mut self, high: i64, low: i64, to: (u64, u64), (outside, within): (Shape, Shape), no: Label, inside: Label) {
        self.asm.set_z(to.0);
        self.go_if(outside, &[high], no);
        self.go_if(within, &[high], inside);
        self.asm.set_z(to.1);
        self.go_if(outside, &[low], no);
    }

    /// Whether a word of the record is between two numbers, without signs.
    fn in_halves(&mut self, at: i64, first: u64, last: u64, ways: Ways) {
        if first == last {
            self.asm.set_z(first);
            return self.put_test(Shape::WideEqual, &[at], ways);
        }
        if first != 0 {
            self.asm.set_z(first);
            self.go_if(Shape::WideLess, &[at], ways.no);
        }
        self.asm.set_z(last);
        self.put_test(Shape::WideMore, &[at], ways.swapped());
    }

    /// Bytes in order of length: first the length, then those of that length.
    fn in_members(&mut self, members: &[&[u8]], ways: Ways) {
        let groups: Vec<&[&[u8]]> = members.chunk_by(|a, b| a.len() == b.len()).collect();
        self.any_of_groups(&groups, ways);
    }

    fn any_of_groups(&mut self, groups: &[&[&[u8]]], ways: Ways) {
        let Some((last, before)) = groups.split_last() else {
            return self.asm.go(ways.no, ways.next);
        };
        for group in before {
            let other = self.asm.label();
            self.require(Shape::LengthEqual, &[group[0].len() as i64], other);
            self.in_group(group, Ways { next: other, ..ways });
            self.asm.bind(other);
        }
        self.require(Shape::LengthEqual, &[last[0].len() as i64], ways.no);
        self.in_group(last, ways);
    }

    /// Whether bytes of the right length are one of a group.
    fn in_group(&mut self, group: &[&[u8]], ways: Ways) {
        self.any_of(group, ways, |g, member, ways| match member {
            [] => g.asm.go(ways.yes, ways.next),
            _ => g.begins(member, ways),
        });
    }
}

/// Minus a number, where that fits a hole, in which it wraps around for numbers of 32 bits.
fn negative(number: i64, narrow: bool) -> Option<i64> {
    number.checked_neg().filter(|n| narrow || i32::try_from(*n).is_ok())
}
