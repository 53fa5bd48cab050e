//! Membership in literal sets.

use quintet_lang::Type;
use quintet_lang::ast::{Expr, SetId};
use quintet_runtime::plan::{BytesPlan, IntsPlan, IpsPlan, SetPlan};
use quintet_runtime::{IntSet, IpSet, SetMatcher, Spread, Threshold};
use wasm_encoder::ValType::{I32, I64};

use crate::body::{Label, at as at_address};
use crate::expr::Ip;
use crate::generator::Generator;
use crate::helpers::Helper;
use crate::import::Import;

/// Ranges of IPv6 that are compared with one by one.
const FEW: usize = 8;

impl Generator<'_> {
    /// Pushes whether the set holds the value.
    pub(crate) fn in_set(&mut self, value: &Expr, id: SetId, nil: Label) {
        let mark = self.body.mark();
        let linked = self.linked;
        match (linked.set(id), linked.plan().set(id), &value.ty) {
            (SetMatcher::Int(set), SetPlan::Ints(plan), Type::Int) => {
                let [value, ..] = self.evaluate(value, nil);
                self.in_ints(value, set, plan, id);
            }
            (SetMatcher::Ip(set), SetPlan::Ips(plan), Type::Ip) => {
                let ip = self.ip(value, nil);
                self.in_ips(ip, set, *plan, id);
            }
            (SetMatcher::Bytes(_), SetPlan::Bytes(plan), Type::Bytes) => {
                let [bytes, len, _] = self.evaluate(value, nil);
                self.in_bytes(bytes, len, *plan, id);
            }
            // The checker pairs no others; nothing is in a set of another type.
            _ => {
                self.evaluate(value, nil);
                self.body.i().i32_const(0);
            }
        }
        self.body.release(mark);
    }

    fn in_ints(&mut self, value: u32, set: &IntSet, plan: &IntsPlan, id: SetId) {
        match plan {
            IntsPlan::Ranges => self.in_ranges(value, set.ranges()),
            IntsPlan::Word { first, bits } => {
                let mark = self.body.mark();
                let at = self.body.local(I64);
                self.body.i().local_get(value).i64_const(*first).i64_sub().local_tee(at).i64_const(64).i64_lt_u();
                self.body.i().i64_const(*bits as i64).local_get(at).i64_shr_u().i32_wrap_i64().i32_and();
                self.body.release(mark);
            }
            IntsPlan::Bitmap { first, words } => {
                let mark = self.body.mark();
                let at = self.body.local(I64);
                let table: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
                let address = self.builder.constant(&table);
                self.body.i().local_get(value).i64_const(*first).i64_sub().local_tee(at).i64_const(table.len() as i64 * 8).i64_lt_u();
                self.body.if_(Some(I32));
                let mut sink = self.body.i();
                sink.local_get(at).i64_const(3).i64_shr_u().i32_wrap_i64().i32_load8_u(at_address(address));
                sink.local_get(at).i32_wrap_i64().i32_const(7).i32_and().i32_shr_u().i32_const(1).i32_and();
                self.body.else_();
                self.body.i().i32_const(0);
                self.body.end();
                self.body.release(mark);
            }
            IntsPlan::LookUp if self.linked.exceeds(Threshold::WasmTableRanges, set.ranges().len()) => {
                let mut sink = self.body.i();
                sink.i32_const(id.0 as i32).local_get(value).i32_wrap_i64();
                sink.local_get(value).i64_const(32).i64_shr_u().i32_wrap_i64();
                self.host(Import::InInts);
            }
            IntsPlan::LookUp => self.in_table(value, set.ranges(), set.spread()),
        }
    }

    /// Pushes whether the i64 in a local is in one of many ranges, which are in order.
    fn in_table(&mut self, value: u32, ranges: &[(i64, i64)], spread: &Spread) {
        let table: Vec<u8> = ranges.iter().flat_map(|(first, last)| [first.to_le_bytes(), last.to_le_bytes()]).flatten().collect();
        let address = self.builder.constant(&table);
        let (Some((least, _)), [_, .., _]) = (ranges.first(), spread.before()) else {
            self.body.i().i32_const(address as i32).i32_const(0).i32_const(ranges.len() as i32).local_get(value);
            return Helper::InRanges.call(&mut self.body);
        };
        let before: Vec<u8> = spread.before().iter().flat_map(|place| place.to_le_bytes()).collect();
        let (places, last) = (self.builder.constant(&before), spread.before().len() as i64 - 2);
        let mark = self.body.mark();
        let piece = self.body.local(I64);
        // What lies behind the last piece has only ranges of it or of those before it below.
        self.body.i().local_get(value).i64_const(*least).i64_sub().i64_const(spread.shift().into()).i64_shr_u().local_tee(piece);
        self.body.i().i64_const(last).local_get(piece).i64_const(last).i64_lt_u().select();
        self.body.i().i32_wrap_i64().i32_const(2).i32_shl();
        let place = self.body.pop(I32);
        self.body.i().i32_const(address as i32);
        self.body.i().local_get(place).i32_load(at_address(places)).local_get(place).i32_load(at_address(places + 4)).local_get(value);
        Helper::InRanges.call(&mut self.body);
        // What is less than all seems to lie behind them.
        self.body.i().local_get(value).i64_const(*least).i64_ge_s().i32_and();
        self.body.release(mark);
    }

    /// Pushes whether the i64 in a local is in one of the ranges, which are in order.
    fn in_ranges(&mut self, value: u32, ranges: &[(i64, i64)]) {
        if ranges.is_empty() {
            self.body.i().i32_const(0);
        }
        for (i, (first, last)) in ranges.iter().enumerate() {
            let mut sink = self.body.i();
            sink.local_get(value).i64_const(*first);
            if first == last {
                sink.i64_eq();
            } else {
                // As unsigned numbers, what lies before the range is far behind it.
                sink.i64_sub().i64_const(last.wrapping_sub(*first)).i64_le_u();
            }
            if i > 0 {
                sink.i32_or();
            }
        }
    }

    fn in_ips(&mut self, ip: Ip, set: &IpSet, plan: IpsPlan, id: SetId) {
        let is_large = |e: &Self| e.linked.exceeds(Threshold::WasmTableRanges, set.v4().len());
        if plan == IpsPlan::LookUp && (set.v6().len() > FEW || is_large(self)) {
            self.body.i().i32_const(id.0 as i32);
            for word in 0..3 {
                self.ip_word(ip, word);
            }
            return self.host(Import::InIps);
        }
        let v4: Vec<(i64, i64)> = set.v4().iter().map(|(first, last)| ((*first).into(), (*last).into())).collect();
        self.ip_word(ip, 0);
        self.body.i().i64_const(4).i64_eq();
        if set.v6().is_empty() && v4.len() == 1 {
            self.v4(ip, &v4, set.v4_spread(), plan);
            self.body.i().i32_and();
            return;
        }
        self.body.if_(Some(I32));
        self.v4(ip, &v4, set.v4_spread(), plan);
        self.body.else_();
        self.v6(ip, set.v6());
        self.body.end();
    }

    fn v4(&mut self, ip: Ip, ranges: &[(i64, i64)], spread: &Spread, plan: IpsPlan) {
        let mark = self.body.mark();
        self.ip_word(ip, 2);
        let low = self.body.pop(I64);
        match plan {
            IpsPlan::Ranges => self.in_ranges(low, ranges),
            IpsPlan::LookUp => self.in_table(low, ranges, spread),
        }
        self.body.release(mark);
    }

    fn v6(&mut self, ip: Ip, ranges: &[(u128, u128)]) {
        if ranges.is_empty() {
            self.body.i().i32_const(0);
        }
        let halves = |n: u128| ((n >> 64) as i64, n as i64);
        for (i, (first, last)) in ranges.iter().enumerate() {
            let ((first_high, first_low), (last_high, last_low)) = (halves(*first), halves(*last));
            if first_low == 0 && last_low == -1 {
                // A network of at most 64 bits: the high half decides.
                self.ip_word(ip, 1);
                let difference = last_high.wrapping_sub(first_high);
                self.body.i().i64_const(first_high).i64_sub().i64_const(difference).i64_le_u();
            } else {
                self.ip_less(ip, Ip::Const([6, first_high as u64, first_low as u64]));
                self.ip_less(Ip::Const([6, last_high as u64, last_low as u64]), ip);
                self.body.i().i32_or().i32_eqz();
            }
            if i > 0 {
                self.body.i().i32_or();
            }
        }
    }

    fn in_bytes(&mut self, bytes: u32, len: u32, plan: BytesPlan, id: SetId) {
        if plan == BytesPlan::LookUp {
            self.body.i().i32_const(id.0 as i32).local_get(bytes).local_get(len);
            return self.host(Import::InBytes);
        }
        let mark = self.body.mark();
        let answer = self.body.local(I32);
        self.body.i().i32_const(1).local_set(answer);
        let found = self.body.block();
        for member in self.linked.members(id) {
            let other = self.body.block();
            self.same_as(bytes, len, member, other);
            self.body.br(found);
            self.body.end();
        }
        self.body.i().i32_const(0).local_set(answer);
        self.body.end();
        self.body.i().local_get(answer);
        self.body.release(mark);
    }
}
