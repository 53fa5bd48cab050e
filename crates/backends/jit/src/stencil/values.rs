//! Values in registers: an Int or Bool in `x`, Bytes with their address in `x` and their length in `y`, an address in `x`, `y` and `z`.

use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, Const, Expr, ExprKind, Needle};
use quintet_lang::intrinsic::Intrinsic;

use crate::stencil::asm::Label;
use crate::stencil::each::Bound;
use crate::stencil::place::Slot;
use crate::stencil::rule::{Known, Rules};
use crate::stencil::shapes::Shape;

impl<'p> Rules<'p> {
    /// Sets `x` to an Int or Bool; goes to `nil` where there is none.
    pub(crate) fn int(&mut self, expr: &'p Expr, nil: Label) -> Known<()> {
        if let Some((at, _)) = self.value_of(expr) {
            self.asm.load_x(at);
            return Some(());
        }
        match &expr.kind {
            ExprKind::Field(_) | ExprKind::Index { .. } | ExprKind::Key { .. } | ExprKind::Local(_) => {
                let slot = self.slot(expr, nil)?;
                if !matches!(slot.ty, Type::Int | Type::Bool) {
                    return None;
                }
                self.put(Shape::LoadX, &[slot.at]);
                self.back(&slot);
                Some(())
            }
            ExprKind::Call { site, args } if matches!(expr.ty, Type::Int | Type::Bool) => {
                let result = self.call_site(*site, args, nil)?;
                self.asm.load_x(result);
                Some(())
            }
            ExprKind::Const(Const::Int(i)) => {
                self.asm.set_x(*i as u64);
                Some(())
            }
            ExprKind::Neg(operand) if expr.ty == Type::Int => {
                self.int(operand, nil)?;
                self.put(Shape::Negate, &[]);
                Some(())
            }
            ExprKind::Intrinsic { op: Intrinsic::Len, args } => {
                let [arg] = args.as_slice() else { return None };
                if matches!((&arg.kind, &arg.ty), (ExprKind::Field(_), Type::Bytes) | (_, Type::Array(_))) {
                    let slot = self.slot(arg, nil)?;
                    self.put(Shape::HalfX, &[slot.at + 4]);
                    self.back(&slot);
                } else {
                    self.bytes(arg, nil)?;
                    self.asm.x_from_y();
                }
                Some(())
            }
            ExprKind::Arith { op, lhs, rhs } if expr.ty == Type::Int => {
                let shape = match op {
                    ArithOp::Add => Shape::Add,
                    ArithOp::Sub => Shape::Subtract,
                    ArithOp::Mul => Shape::Multiply,
                    ArithOp::And => Shape::And,
                    ArithOp::Or => Shape::Or,
                    ArithOp::Xor => Shape::Xor,
                    ArithOp::Div | ArithOp::Rem | ArithOp::Shl | ArithOp::Shr => return None,
                };
                self.int(lhs, nil)?;
                self.second_int(rhs, nil)?;
                self.put(shape, &[]);
                Some(())
            }
            ExprKind::Not(_)
            | ExprKind::Logic { .. }
            | ExprKind::Compare { .. }
            | ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { needle: Needle::Const(_), .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. }
            | ExprKind::Present(_)
            | ExprKind::Quantifier { .. } => self.truth(expr),
            _ => None,
        }
    }

    /// Sets `z` to an Int or Bool and keeps `x`.
    pub(crate) fn second_int(&mut self, expr: &'p Expr, nil: Label) -> Known<()> {
        match expr.kind {
            ExprKind::Const(Const::Int(i)) => self.asm.set_z(i as u64),
            ExprKind::Field(_) if matches!(expr.ty, Type::Int | Type::Bool) => {
                let slot = self.slot(expr, nil)?;
                self.put(Shape::LoadZ, &[slot.at]);
            }
            _ => {
                let first = self.take(8)?;
                self.asm.store_x(first);
                self.int(expr, nil)?;
                self.asm.z_from_x();
                self.asm.load_x(first);
                self.give(first);
            }
        }
        Some(())
    }

    /// Where on the stack the words of a loop's local are, and whether its bytes are in the batch's arena; none where it is an element.
    fn value_of(&self, expr: &Expr) -> Known<(i32, bool)> {
        match expr.kind {
            ExprKind::Local(local) => match self.bound(local)? {
                Bound::Value { at, padded } => Some((at, padded)),
                Bound::Element { .. } => None,
            },
            _ => None,
        }
    }

    /// Sets the lower half of `x` to a U32.
    pub(crate) fn half(&mut self, expr: &'p Expr, nil: Label) -> Known<()> {
        match &expr.kind {
            ExprKind::Intrinsic { op: Intrinsic::ToU32, args } => {
                let [arg] = args.as_slice() else { return None };
                if arg.ty != Type::Int {
                    return None;
                }
                self.int(arg, nil)
            }
            _ => None,
        }
    }

    /// Sets `x` and `y` to Bytes; goes to `nil` where there are none. Answers whether they are in the batch's arena.
    pub(crate) fn bytes(&mut self, expr: &'p Expr, nil: Label) -> Known<bool> {
        if let Some((at, padded)) = self.value_of(expr) {
            self.asm.load_x(at);
            self.asm.load_y(at + 8);
            return Some(padded);
        }
        match &expr.kind {
            ExprKind::Field(_) | ExprKind::Index { .. } | ExprKind::Key { .. } | ExprKind::Local(_) => {
                let slot = self.slot(expr, nil)?;
                if *slot.ty != Type::Bytes {
                    return None;
                }
                self.put(Shape::HalfY, &[slot.at + 4]);
                self.put(Shape::Start, &[slot.at]);
                self.back(&slot);
                Some(true)
            }
            ExprKind::Call { site, args } if expr.ty == Type::Bytes => {
                let result = self.call_site(*site, args, nil)?;
                self.asm.load_x(result);
                self.asm.load_y(result + 8);
                Some(false)
            }
            ExprKind::Slice { base, start, end } => {
                let [start, end] = [start, end].map(|bound| bound.as_deref().map(constant));
                let padded = self.bytes(base, nil)?;
                match (start, end) {
                    (None, None) => {}
                    (Some(Some(start @ 0..)), None) => self.start(start),
                    (Some(Some(start)), None) => self.put(Shape::StartBefore, &[start]),
                    (None, Some(Some(end))) => self.end(end),
                    // A place from the start is the same whatever the end is.
                    (Some(Some(start @ 0..)), Some(Some(end))) => {
                        self.end(end);
                        self.start(start);
                    }
                    _ => return None,
                }
                Some(padded)
            }
            _ => None,
        }
    }

    fn start(&mut self, start: i64) {
        self.asm.set_z(start as u64);
        self.put(Shape::StartAt, &[]);
    }

    fn end(&mut self, end: i64) {
        if end < 0 {
            self.put(Shape::EndBefore, &[end]);
        } else {
            self.asm.set_z(end as u64);
            self.put(Shape::EndAt, &[]);
        }
    }

    /// Sets `x`, `y` and `z` to the words of an address in a slot.
    pub(crate) fn address(&mut self, slot: &Slot<'p>) {
        self.put(Shape::LoadX, &[slot.at]);
        self.put(Shape::LoadY, &[slot.at + 8]);
        self.put(Shape::LoadZ, &[slot.at + 16]);
        self.back(slot);
    }
}

/// A bound of a slice, where it is a constant that fits a hole.
fn constant(expr: &Expr) -> Option<i64> {
    match expr.kind {
        ExprKind::Const(Const::Int(i)) => i32::try_from(i).ok().map(i64::from),
        _ => None,
    }
}
