//! Comparisons.

use cranelift_codegen::ir::condcodes::{FloatCC, IntCC};
use cranelift_codegen::ir::{Block, InstBuilder, Value};
use quintet_lang::ast::{CompareOp, Const, Expr, ExprKind};

use crate::generator::{Generator, Made, Malformed};
use crate::steps::length;
use crate::symbols::Helper;
use crate::value::{Run, Val};

pub(crate) fn signed(op: CompareOp) -> IntCC {
    match op {
        CompareOp::Eq => IntCC::Equal,
        CompareOp::Ne => IntCC::NotEqual,
        CompareOp::Lt => IntCC::SignedLessThan,
        CompareOp::Le => IntCC::SignedLessThanOrEqual,
        CompareOp::Gt => IntCC::SignedGreaterThan,
        CompareOp::Ge => IntCC::SignedGreaterThanOrEqual,
    }
}

/// With a NaN only `!=` holds.
pub(crate) fn float(op: CompareOp) -> FloatCC {
    match op {
        CompareOp::Eq => FloatCC::Equal,
        CompareOp::Ne => FloatCC::NotEqual,
        CompareOp::Lt => FloatCC::LessThan,
        CompareOp::Le => FloatCC::LessThanOrEqual,
        CompareOp::Gt => FloatCC::GreaterThan,
        CompareOp::Ge => FloatCC::GreaterThanOrEqual,
    }
}

impl<'p> Generator<'_, 'p> {
    /// Goes where a comparison says, and to `nil` where an operand is nil.
    pub(crate) fn compare(&mut self, op: CompareOp, lhs: &'p Expr, rhs: &'p Expr, nil: Block, yes: Block, no: Block) -> Made<()> {
        // A constant comes second: computing it does nothing, so the order of evaluation stays.
        let (op, lhs, rhs) = match lhs.kind {
            ExprKind::Const(_) => (op.mirrored(), rhs, lhs),
            _ => (op, lhs, rhs),
        };
        let a = self.value(lhs, nil)?;
        match (a, &rhs.kind, op) {
            (Val::Bytes(run), ExprKind::Const(Const::Bytes(bytes)), CompareOp::Eq) => return self.equals(run, bytes, yes, no),
            (Val::Bytes(run), ExprKind::Const(Const::Bytes(bytes)), CompareOp::Ne) => return self.equals(run, bytes, no, yes),
            _ => {}
        }
        let b = self.value(rhs, nil)?;
        let known = length(lhs).min(length(rhs));
        let holds = match (a, b) {
            (Val::Bool(a), Val::Bool(b)) | (Val::Int(a), Val::Int(b)) => self.b.ins().icmp(signed(op), a, b),
            (Val::U32(a), Val::U32(b)) => self.b.ins().icmp(signed(op).unsigned(), a, b),
            (Val::Float(a), Val::Float(b)) => self.b.ins().fcmp(float(op), a, b),
            (Val::Ip(a), Val::Ip(b)) => match op {
                CompareOp::Eq => self.same_address(a, b),
                CompareOp::Ne => {
                    let same = self.same_address(a, b);
                    self.branch(same, no, yes);
                    return Ok(());
                }
                _ => self.address_order(op, a, b, no),
            },
            (Val::Bytes(a), Val::Bytes(b)) => match op {
                CompareOp::Eq => return self.same_bytes(a, b, known, yes, no),
                CompareOp::Ne => return self.same_bytes(a, b, known, no, yes),
                CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {
                    let len = self.b.ins().umin(a.len, b.len);
                    self.look(len, known);
                    let order = self.ask(Helper::Compare, &[a.start, a.len, b.start, b.len])?;
                    self.compare_int(signed(op), order, 0)
                }
            },
            _ => return Err(Malformed),
        };
        self.branch(holds, yes, no);
        Ok(())
    }

    /// Whether two addresses are equal, as a bit.
    pub(crate) fn same_address(&mut self, a: [Value; 3], b: [Value; 3]) -> Value {
        let [family, high, low] = [0, 1, 2].map(|i| self.b.ins().bxor(a[i], b[i]));
        let halves = self.b.ins().bor(high, low);
        let differ = self.b.ins().bor(family, halves);
        self.compare_int(IntCC::Equal, differ, 0)
    }

    /// Whether an order holds between two addresses, as a bit; goes to `no` where they are of different families.
    fn address_order(&mut self, op: CompareOp, a: [Value; 3], b: [Value; 3], no: Block) -> Value {
        let family = self.b.ins().icmp(IntCC::Equal, a[0], b[0]);
        self.require(family, no);
        let order = signed(op).unsigned();
        self.wide_order(order, [a[1], a[2]], [b[1], b[2]])
    }

    /// Whether an order holds between two unsigned numbers of 128 bits (high and low half), as a bit.
    pub(crate) fn wide_order(&mut self, order: IntCC, a: [Value; 2], b: [Value; 2]) -> Value {
        let strictly = self.b.ins().icmp(order.without_equal(), a[0], b[0]);
        let high_same = self.b.ins().icmp(IntCC::Equal, a[0], b[0]);
        let low = self.b.ins().icmp(order, a[1], b[1]);
        let tie = self.b.ins().band(high_same, low);
        self.b.ins().bor(strictly, tie)
    }

    /// Goes where the equality of two runs of bytes, of which one is at most `known` long, says.
    fn same_bytes(&mut self, a: Run, b: Run, known: usize, yes: Block, no: Block) -> Made<()> {
        let lengths = self.b.ins().icmp(IntCC::Equal, a.len, b.len);
        self.require(lengths, no);
        self.look(a.len, known);
        self.ask_test(Helper::Same, &[a.start, b.start, a.len], yes, no)
    }
}
