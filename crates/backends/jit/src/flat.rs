//! Tests without branches: a branch costs the compiler more than a comparison, and the processor where it guesses wrong. What a conjunction
//! begins with and neither traps, counts nor calls becomes one bit, together with one test for all fields that must be there.

use std::collections::BTreeMap;

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I32, I64};
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, CompareOp, Const, Expr, ExprKind, LogicOp, SetId};
use quintet_runtime::{SetMatcher, needed_fields};

use crate::compare::{float, signed};
use crate::equal::{number, words};
use crate::generator::{Generator, Made, Malformed};
use crate::value::{Run, Val, fixed, unaligned};

/// Most tests between two branches: what is false early should not be asked much more.
const IN_A_ROW: usize = 4;

/// Most bytes of a constant that are compared without looking at the length first; less than what may be read past a value.
const COMPARED: usize = 16;

/// Most ranges of a set, and most of them where compiling must be quick.
const RANGES: [usize; 2] = [2, 4];

impl<'p> Generator<'_, 'p> {
    /// Goes on where items of a conjunction hold, and to `no` where one does not; answers what is left to test in one branch, if anything is.
    /// `pending` is what is left of before.
    pub(crate) fn all_of(&mut self, mut pending: Option<Value>, items: &'p [Expr], no: Block) -> Made<Option<Value>> {
        let mut count = 0;
        for item in items {
            if count < IN_A_ROW && self.is_flat(item) {
                let bit = self.flat(item, no)?;
                pending = Some(self.and(pending, bit));
                count += 1;
                continue;
            }
            self.settle_pending(pending.take(), no);
            count = 0;
            if self.is_flat(item) {
                pending = Some(self.flat(item, no)?);
                count = 1;
                continue;
            }
            let next = self.block();
            self.test(item, next, no)?;
            self.b.switch_to_block(next);
        }
        Ok(pending)
    }

    /// Goes on where what is left to test holds.
    pub(crate) fn settle_pending(&mut self, pending: Option<Value>, no: Block) {
        if let Some(bit) = pending {
            self.require(bit, no);
            self.settled = self.known.len();
        }
    }

    /// Forgets what is known of fields beyond the first ones.
    pub(crate) fn unlearn(&mut self, known: usize) {
        self.known.truncate(known);
        self.settled = self.settled.min(known);
    }

    pub(crate) fn and(&mut self, pending: Option<Value>, bit: Value) -> Value {
        pending.map_or(bit, |pending| self.b.ins().band(pending, bit))
    }

    /// Whether several fields that a conjunction needs are all there, as a bit to be tested next; they are known to be from here on.
    pub(crate) fn need(&mut self, items: &'p [Expr]) -> Option<Value> {
        let mut fields = needed_fields(self.linked, items);
        fields.retain(|field| !self.known.contains(field));
        if fields.len() < 2 {
            return None;
        }
        let mut halves: BTreeMap<usize, u32> = BTreeMap::new();
        for field in &fields {
            let slot = self.linked.layout().slot(*field);
            *halves.entry(slot.presence_offset + slot.presence_bit as usize / 32 * 4).or_default() |= 1 << (slot.presence_bit % 32);
        }
        let mut all = None;
        for (at, bits) in halves {
            let half = self.b.ins().load(I32, fixed(), self.record, at as i32);
            let mask = i64::from(bits as i32);
            let set = self.b.ins().band_imm_s(half, mask);
            let bit = self.b.ins().icmp_imm_s(IntCC::Equal, set, mask);
            all = Some(self.and(all, bit));
        }
        self.known.extend(fields);
        all
    }

    /// Whether it is a field that is there.
    fn is_there(&self, expr: &Expr) -> bool {
        matches!(expr.kind, ExprKind::Field(field) if !expr.nullable || self.known.contains(&field))
    }

    /// Whether it is a field whose bytes may be read: that of a field that is not there may have any offset.
    fn is_settled(&self, expr: &Expr) -> bool {
        matches!(expr.kind, ExprKind::Field(field) if !expr.nullable || self.known[..self.settled].contains(&field))
    }

    /// Whether a value is made of fields that are there without a branch or a call.
    fn is_plain(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Const(_) => true,
            ExprKind::Neg(operand) => self.is_plain(operand),
            ExprKind::Arith { op, lhs, rhs } => {
                let simple = !matches!(op, ArithOp::Div | ArithOp::Rem);
                simple && self.is_plain(lhs) && self.is_plain(rhs)
            }
            _ => self.is_there(expr),
        }
    }

    /// Most ranges of a set that are compared one by one, all of them.
    pub(crate) fn ranges(&self) -> usize {
        RANGES[usize::from(self.lean)]
    }

    /// Whether a test needs no branch.
    pub(crate) fn is_flat(&self, expr: &Expr) -> bool {
        match &expr.kind {
            ExprKind::Const(Const::Bool(_)) => true,
            ExprKind::Field(_) => expr.ty == Type::Bool && self.is_there(expr),
            ExprKind::Not(operand) => self.is_flat(operand),
            ExprKind::Logic { items, .. } => items.len() <= IN_A_ROW && items.iter().all(|item| self.is_flat(item)),
            ExprKind::Compare { op, lhs, rhs, .. } => {
                let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
                let simple = match (&lhs.ty, &rhs.kind) {
                    (Type::Bool | Type::Int | Type::Float, ExprKind::Const(_)) => true,
                    (Type::Bool | Type::Int | Type::Float, _) => self.is_plain(rhs),
                    (Type::Ip, ExprKind::Const(_)) => equality,
                    (Type::Bytes, ExprKind::Const(Const::Bytes(bytes))) => equality && bytes.len() <= COMPARED,
                    _ => false,
                };
                simple && self.is_plain(lhs) && (lhs.ty != Type::Bytes || self.is_settled(lhs))
            }
            ExprKind::In { value, set } => {
                let ranges = match self.linked.set(*set) {
                    SetMatcher::Int(set) => set.ranges().len(),
                    SetMatcher::Ip(set) => set.v4().len() + set.v6().len(),
                    SetMatcher::Bytes(_) => return false,
                };
                ranges <= self.ranges() && self.is_there(value)
            }
            _ => false,
        }
    }

    /// The answer of a test that needs no branch, as a bit of 8; nothing goes to `no`.
    pub(crate) fn flat(&mut self, expr: &'p Expr, no: Block) -> Made<Value> {
        self.standing_at(expr.span, |g| g.flat_here(expr, no))
    }

    fn flat_here(&mut self, expr: &'p Expr, no: Block) -> Made<Value> {
        match &expr.kind {
            ExprKind::Const(Const::Bool(b)) => Ok(self.b.ins().iconst(I8, i64::from(*b))),
            ExprKind::Field(_) => {
                let value = self.value(expr, no)?.bool()?;
                Ok(self.compare_int(IntCC::NotEqual, value, 0))
            }
            ExprKind::Not(operand) => {
                let bit = self.flat(operand, no)?;
                Ok(self.b.ins().bxor_imm_u(bit, 1))
            }
            ExprKind::Logic { op, items } => {
                let (first, rest) = items.split_first().ok_or(Malformed)?;
                let mut bits = self.flat(first, no)?;
                for item in rest {
                    let bit = self.flat(item, no)?;
                    bits = match op {
                        LogicOp::And => self.b.ins().band(bits, bit),
                        LogicOp::Or => self.b.ins().bor(bits, bit),
                        LogicOp::Xor => self.b.ins().bxor(bits, bit),
                    };
                }
                Ok(bits)
            }
            ExprKind::Compare { op, lhs, rhs, .. } => self.flat_compare(*op, lhs, rhs, no),
            ExprKind::In { value, set } => {
                let value = self.value(value, no)?;
                self.flat_in(*set, value)
            }
            _ => Err(Malformed),
        }
    }

    fn flat_compare(&mut self, op: CompareOp, lhs: &'p Expr, rhs: &'p Expr, no: Block) -> Made<Value> {
        let a = self.value(lhs, no)?;
        match (a, &rhs.kind) {
            (Val::Bytes(run), ExprKind::Const(Const::Bytes(bytes))) => return Ok(self.flat_equals(op, run, bytes)),
            (Val::Int(a), ExprKind::Const(Const::Int(b))) => return Ok(self.compare_int(signed(op), a, *b)),
            (Val::Bool(a), ExprKind::Const(Const::Bool(b))) => return Ok(self.compare_int(signed(op), a, i64::from(*b))),
            (Val::Ip([family, _, low]), ExprKind::Const(Const::Ip(std::net::IpAddr::V4(b)))) => {
                let family = self.compare_int(IntCC::Equal, family, 4);
                let low = self.compare_int(IntCC::Equal, low, i64::from(b.to_bits()));
                let same = self.b.ins().band(family, low);
                return Ok(self.or_not(op, same));
            }
            _ => {}
        }
        match (a, self.value(rhs, no)?) {
            (Val::Bool(a), Val::Bool(b)) | (Val::Int(a), Val::Int(b)) => Ok(self.b.ins().icmp(signed(op), a, b)),
            (Val::Float(a), Val::Float(b)) => Ok(self.b.ins().fcmp(float(op), a, b)),
            (Val::Ip(a), Val::Ip(b)) => {
                let same = self.same_address(a, b);
                Ok(self.or_not(op, same))
            }
            _ => Err(Malformed),
        }
    }

    /// A bit that says that two values are the same, or its opposite for `Ne`.
    fn or_not(&mut self, op: CompareOp, same: Value) -> Value {
        if op == CompareOp::Ne { self.b.ins().bxor_imm_u(same, 1) } else { same }
    }

    /// Whether bytes are equal, or not, to a constant. More are read than there are where they are shorter.
    fn flat_equals(&mut self, op: CompareOp, run: Run, constant: &[u8]) -> Value {
        let mut differ = self.b.ins().bxor_imm_s(run.len, constant.len() as i64);
        if !constant.is_empty() {
            for (at, size) in words(constant.len()) {
                let found = self.load_bytes(size, run.start, at, unaligned());
                let bits = self.b.ins().bxor_imm_s(found, number(&constant[at..at + size]));
                differ = self.b.ins().bor(differ, bits);
            }
        }
        self.compare_int(if op == CompareOp::Ne { IntCC::NotEqual } else { IntCC::Equal }, differ, 0)
    }

    /// Whether a small set of numbers or networks holds a value.
    fn flat_in(&mut self, set: SetId, value: Val<'p>) -> Made<Value> {
        let linked = self.linked;
        match (linked.set(set), value) {
            (SetMatcher::Int(set), Val::Int(value)) => Ok(self.in_any(value, set.ranges().iter().copied())),
            (SetMatcher::Ip(set), Val::Ip([family, high, low])) => {
                let is_v4 = self.compare_int(IntCC::Equal, family, 4);
                let narrow = match set.v4() {
                    [] => None,
                    ranges => {
                        let any = self.in_any(low, ranges.iter().map(|(a, b)| (i64::from(*a), i64::from(*b))));
                        Some(self.b.ins().band(is_v4, any))
                    }
                };
                let mut wide = None;
                for (first, last) in set.v6() {
                    let inside = self.in_wide_range(high, low, *first, *last);
                    wide = Some(wide.map_or(inside, |wide| self.b.ins().bor(wide, inside)));
                }
                let wide = wide.map(|wide| self.b.ins().band_not(wide, is_v4));
                Ok(match (narrow, wide) {
                    (Some(narrow), Some(wide)) => self.b.ins().bor(narrow, wide),
                    (Some(bit), None) | (None, Some(bit)) => bit,
                    (None, None) => self.b.ins().iconst(I8, 0),
                })
            }
            _ => Err(Malformed),
        }
    }

    fn in_any(&mut self, value: Value, ranges: impl Iterator<Item = (i64, i64)>) -> Value {
        let mut any = None;
        for (low, high) in ranges {
            let inside = self.in_range(value, low, high);
            any = Some(any.map_or(inside, |any| self.b.ins().bor(any, inside)));
        }
        any.unwrap_or_else(|| self.b.ins().iconst(I8, 0))
    }

    /// The answer of a rule's expression as a word, for code that answers one record; goes to `no` where it may as well.
    pub(crate) fn answer(&mut self, expr: &'p Expr, no: Block) -> Made<Value> {
        self.standing_at(expr.span, |g| g.answer_here(expr, no))
    }

    fn answer_here(&mut self, expr: &'p Expr, no: Block) -> Made<Value> {
        if let ExprKind::Logic { op: LogicOp::And, items } = &expr.kind {
            let (last, before) = items.split_last().ok_or(Malformed)?;
            let there = self.need(items);
            let pending = self.all_of(there, before, no)?;
            if self.is_flat(last) {
                let bit = self.flat(last, no)?;
                let bit = self.and(pending, bit);
                return Ok(self.b.ins().uextend(I64, bit));
            }
            self.settle_pending(pending, no);
            return self.answer(last, no);
        }
        if self.is_flat(expr) {
            let bit = self.flat(expr, no)?;
            return Ok(self.b.ins().uextend(I64, bit));
        }
        if let Some(bit) = self.asked(expr, no)? {
            return Ok(self.b.ins().uextend(I64, bit));
        }
        let yes = self.block();
        self.test(expr, yes, no)?;
        self.b.switch_to_block(yes);
        Ok(self.int(1))
    }
}
