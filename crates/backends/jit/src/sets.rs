//! Membership in literal sets: small ones become comparisons, large ones are asked.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::I64;
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_lang::ast::SetId;
use quintet_runtime::plan::{BytesPlan, IntsPlan, IpsPlan, SetPlan};
use quintet_runtime::{IntSet, IpSet, SetMatcher};

use crate::generator::{Generator, Made, Malformed};
use crate::symbols::Helper;
use crate::value::{Run, Val, fixed};

/// Ranges that are compared one after the other; more are bisected first.
const IN_A_ROW: usize = 4;

impl<'p> Generator<'_, 'p> {
    /// Goes where the membership of a value in a set says.
    pub(crate) fn in_set(&mut self, id: SetId, value: Val<'p>, yes: Block, no: Block) -> Made<()> {
        let many = |members: usize| self.lean && members > self.ranges();
        match (self.linked.set(id), self.linked.plan().set(id), value) {
            (SetMatcher::Int(set), SetPlan::Ints(IntsPlan::Ranges), Val::Int(value)) if many(set.ranges().len()) => {
                self.in_ints((id, set, &IntsPlan::LookUp), value, yes, no)
            }
            (SetMatcher::Int(set), SetPlan::Ints(plan), Val::Int(value)) => self.in_ints((id, set, plan), value, yes, no),
            (SetMatcher::Ip(set), SetPlan::Ips(IpsPlan::Ranges), Val::Ip(words)) if !many(set.v4().len().max(set.v6().len())) => {
                self.in_networks(words, set, yes, no);
                Ok(())
            }
            (SetMatcher::Ip(set), SetPlan::Ips(_), Val::Ip([family, high, low])) => {
                let name = self.symbols.part("set", id.index(), set);
                let set = self.address(name);
                self.ask_test(Helper::InIps, &[set, family, high, low], yes, no)
            }
            (SetMatcher::Bytes(_), SetPlan::Bytes(BytesPlan::Members), Val::Bytes(run)) if !self.lean => {
                let mut members = self.linked.members(id);
                members.sort_by_key(|m| m.len());
                self.in_members(run, &members, yes, no)
            }
            (SetMatcher::Bytes(set), SetPlan::Bytes(_), Val::Bytes(run)) => {
                let name = self.symbols.part("set", id.index(), set);
                let has_long = set.has_long();
                let set = self.address(name);
                if has_long {
                    self.call(Helper::LookUp, &[self.state, set, run.len]);
                }
                self.ask_test(Helper::InBytes, &[set, run.start, run.len], yes, no)
            }
            _ => Err(Malformed),
        }
    }

    fn in_ints(&mut self, (id, set, plan): (SetId, &IntSet, &IntsPlan), value: Value, yes: Block, no: Block) -> Made<()> {
        match plan {
            IntsPlan::Ranges => {
                self.in_ranges(value, set.ranges(), yes, no);
                Ok(())
            }
            IntsPlan::Word { first, bits } => {
                let at = self.b.ins().iadd_imm_s(value, first.wrapping_neg());
                let near = self.b.ins().icmp_imm_u(IntCC::UnsignedLessThan, at, 64);
                self.require(near, no);
                let bits = self.int(*bits as i64);
                self.branch_on_bit(bits, at, yes, no);
                Ok(())
            }
            IntsPlan::Bitmap { first, words } => {
                let at = self.b.ins().iadd_imm_s(value, first.wrapping_neg());
                let near = self.compare_int(IntCC::UnsignedLessThan, at, words.len() as i64 * 64);
                self.require(near, no);
                let word = self.b.ins().ushr_imm_u(at, 6);
                let offset = self.b.ins().ishl_imm_u(word, 3);
                // The plan keeps the words where they are as long as the code lives.
                let name = self.symbols.part("bitmap", id.index(), &words[0]);
                let table = self.address(name);
                let address = self.b.ins().iadd(table, offset);
                let bits = self.b.ins().load(I64, fixed(), address, 0);
                self.branch_on_bit(bits, at, yes, no);
                Ok(())
            }
            IntsPlan::LookUp => {
                let name = self.symbols.part("set", id.index(), set);
                let set = self.address(name);
                self.ask_test(Helper::InInts, &[set, value], yes, no)
            }
        }
    }

    /// Goes where a bit of a word says; of its number the low six bits count.
    fn branch_on_bit(&mut self, bits: Value, at: Value, yes: Block, no: Block) {
        let found = self.b.ins().ushr(bits, at);
        let bit = self.b.ins().band_imm_u(found, 1);
        self.branch(bit, yes, no);
    }

    /// Ranges in order and apart, one after the other, after bisecting where they are many.
    fn in_ranges(&mut self, value: Value, ranges: &[(i64, i64)], yes: Block, no: Block) {
        if ranges.len() > IN_A_ROW {
            let (before, after) = ranges.split_at(ranges.len() / 2);
            let [low, high] = std::array::from_fn(|_| self.block());
            let is_before = self.compare_int(IntCC::SignedLessThan, value, after[0].0);
            self.branch(is_before, low, high);
            self.b.switch_to_block(low);
            self.in_ranges(value, before, yes, no);
            self.b.switch_to_block(high);
            self.in_ranges(value, after, yes, no);
            return;
        }
        self.any_of(ranges, yes, no, |g, (low, high)| g.in_range(value, *low, *high));
    }

    /// Whether a number is in a range, as a bit.
    pub(crate) fn in_range(&mut self, value: Value, low: i64, high: i64) -> Value {
        match (low, high) {
            (low, high) if low == high => self.compare_int(IntCC::Equal, value, low),
            (i64::MIN, high) => self.compare_int(IntCC::SignedLessThanOrEqual, value, high),
            (low, i64::MAX) => self.compare_int(IntCC::SignedGreaterThanOrEqual, value, low),
            (low, high) => {
                let at = self.b.ins().iadd_imm_s(value, low.wrapping_neg());
                self.compare_int(IntCC::UnsignedLessThanOrEqual, at, high.wrapping_sub(low))
            }
        }
    }

    /// Goes to `yes` where the test for any of the items holds.
    fn any_of<T>(&mut self, items: &[T], yes: Block, no: Block, mut test: impl FnMut(&mut Self, &T) -> Value) {
        for (i, item) in items.iter().enumerate() {
            let holds = test(self, item);
            let next = if i + 1 == items.len() { no } else { self.block() };
            self.branch(holds, yes, next);
            if next != no {
                self.b.switch_to_block(next);
            }
        }
        if items.is_empty() {
            self.jump(no);
        }
    }

    /// Ranges of addresses, for each family.
    fn in_networks(&mut self, [family, high, low]: [Value; 3], set: &IpSet, yes: Block, no: Block) {
        let is_v4 = self.compare_int(IntCC::Equal, family, 4);
        let wide = match (set.v4(), set.v6()) {
            ([], []) => return self.jump(no),
            (_, []) => {
                self.require(is_v4, no);
                None
            }
            ([], _) => {
                let wide = self.block();
                self.branch(is_v4, no, wide);
                Some(wide)
            }
            _ => {
                let [narrow, wide] = std::array::from_fn(|_| self.block());
                self.branch(is_v4, narrow, wide);
                self.b.switch_to_block(narrow);
                Some(wide)
            }
        };
        if !set.v4().is_empty() {
            let ranges: Vec<(i64, i64)> = set.v4().iter().map(|(a, b)| (i64::from(*a), i64::from(*b))).collect();
            self.in_ranges(low, &ranges, yes, no);
        }
        if let Some(wide) = wide {
            self.b.switch_to_block(wide);
            self.any_of(set.v6(), yes, no, |g, (first, last)| g.in_wide_range(high, low, *first, *last));
        }
    }

    /// Whether a number of 128 bits is in a range, as a bit.
    pub(crate) fn in_wide_range(&mut self, high: Value, low: Value, first: u128, last: u128) -> Value {
        let halves = |n: u128| [(n >> 64) as u64 as i64, n as u64 as i64];
        let ([first_high, first_low], [last_high, last_low]) = (halves(first), halves(last));
        let within = |g: &mut Self, value: Value, from: i64, to: i64| {
            if from == to {
                return g.compare_int(IntCC::Equal, value, from);
            }
            let at = g.b.ins().iadd_imm_s(value, from.wrapping_neg());
            g.compare_int(IntCC::UnsignedLessThanOrEqual, at, to.wrapping_sub(from))
        };
        if first_low == 0 && last_low == -1 {
            return within(self, high, first_high, last_high);
        }
        if first_high == last_high {
            let (same, inside) = (self.compare_int(IntCC::Equal, high, first_high), within(self, low, first_low, last_low));
            return self.b.ins().band(same, inside);
        }
        let [first, last] = [[first_high, first_low], [last_high, last_low]].map(|n| n.map(|half| self.int(half)));
        let after = self.wide_order(IntCC::UnsignedGreaterThanOrEqual, [high, low], first);
        let before = self.wide_order(IntCC::UnsignedLessThanOrEqual, [high, low], last);
        self.b.ins().band(after, before)
    }

    /// Byte strings in order of length: first the length, then those of that length.
    fn in_members(&mut self, run: Run, members: &[&[u8]], yes: Block, no: Block) -> Made<()> {
        let mut groups = members.chunk_by(|a, b| a.len() == b.len()).peekable();
        while let Some(group) = groups.next() {
            let (len, matching) = (group[0].len(), self.block());
            let other = if groups.peek().is_some() { self.block() } else { no };
            let same_len = self.compare_int(IntCC::Equal, run.len, len as i64);
            self.branch(same_len, matching, other);
            self.b.switch_to_block(matching);
            for (i, member) in group.iter().enumerate() {
                let next = if i + 1 == group.len() { no } else { self.block() };
                self.begins(run.start, member, yes, next)?;
                if next != no {
                    self.b.switch_to_block(next);
                }
            }
            if other != no {
                self.b.switch_to_block(other);
            }
        }
        if members.is_empty() {
            self.jump(no);
        }
        Ok(())
    }
}
