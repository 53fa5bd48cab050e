//! What is known of Ints before there are records: an index that cannot be outside of its array needs no look.
//!
//! All that is known of a local holds wherever it is read: one statement alone sets it, a loop over what has bounds or an assignment of what
//! has.

use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, Const, Expr, ExprKind, LocalId, Over, Place};
use quintet_lang::intrinsic::Intrinsic;

use crate::expr::Emitter;
use crate::list::List;

/// The least and the greatest that an Int can be.
pub(crate) type Bounds = (i64, i64);

impl Emitter<'_> {
    /// The bounds of an Int, where it is not nil.
    pub(crate) fn bounds(&self, expr: &Expr) -> Option<Bounds> {
        match &expr.kind {
            ExprKind::Const(Const::Int(int)) => Some((*int, *int)),
            ExprKind::Local(local) => self.script.bounds.get(local.index()).copied().flatten(),
            ExprKind::Count(Place::Local(local)) => match self.script.arrays.get(local.index()) {
                Some((List::Fixed { len, .. }, _)) => Some((i64::from(*len), i64::from(*len))),
                _ => None,
            },
            ExprKind::Otherwise { value, default } => {
                let ((a, b), (c, d)) = (self.bounds(value)?, self.bounds(default)?);
                Some((a.min(c), b.max(d)))
            }
            ExprKind::Intrinsic { op, args } => self.of_intrinsic(*op, args),
            ExprKind::Arith { op, lhs, rhs } if expr.ty == Type::Int => self.of_arith(*op, lhs, rhs),
            _ => None,
        }
    }

    fn of_intrinsic(&self, op: Intrinsic, args: &[Expr]) -> Option<Bounds> {
        match (op, args) {
            (Intrinsic::Read(read), _) if !read.signed && read.bytes < 8 => Some((0, (1 << (8 * read.bytes)) - 1)),
            (Intrinsic::ToInt, [arg]) if arg.ty == Type::U32 => Some((0, u32::MAX.into())),
            (Intrinsic::ToInt, [arg]) if arg.ty == Type::Bool => Some((0, 1)),
            (Intrinsic::Len, _) => Some((0, u32::MAX.into())),
            (Intrinsic::Min, [a, b]) => {
                let ((a, b), (c, d)) = (self.bounds(a)?, self.bounds(b)?);
                Some((a.min(c), b.min(d)))
            }
            (Intrinsic::Max, [a, b]) => {
                let ((a, b), (c, d)) = (self.bounds(a)?, self.bounds(b)?);
                Some((a.max(c), b.max(d)))
            }
            _ => None,
        }
    }

    fn of_arith(&self, op: ArithOp, lhs: &Expr, rhs: &Expr) -> Option<Bounds> {
        let (left, right) = (self.bounds(lhs), self.bounds(rhs));
        match op {
            // What wraps has no bounds.
            ArithOp::Add => Some((left?.0.checked_add(right?.0)?, left?.1.checked_add(right?.1)?)),
            ArithOp::Sub => Some((left?.0.checked_sub(right?.1)?, left?.1.checked_sub(right?.0)?)),
            ArithOp::Mul => {
                let ((a, b), (c, d)) = (left?, right?);
                let corners = [a.checked_mul(c)?, a.checked_mul(d)?, b.checked_mul(c)?, b.checked_mul(d)?];
                Some((*corners.iter().min()?, *corners.iter().max()?))
            }
            // Neither has bits that the other has not.
            ArithOp::And => {
                let most = [left, right].into_iter().flatten().filter(|bounds| bounds.0 >= 0).map(|bounds| bounds.1).min()?;
                Some((0, most))
            }
            ArithOp::Rem => {
                let (least, most) = right.filter(|bounds| bounds.0 > 0).map(|bounds| (1 - bounds.1, bounds.1 - 1))?;
                match left {
                    Some((0.., greatest)) => Some((0, most.min(greatest))),
                    _ => Some((least, most)),
                }
            }
            ArithOp::Div => match (left?, right?) {
                ((least @ 0.., most), (1.., divisor)) => Some((least / divisor, most)),
                _ => None,
            },
            ArithOp::Shr => match (left?, right?) {
                ((least, most), (by @ 0..64, to)) if by == to => Some((least >> by, most >> by)),
                _ => None,
            },
            ArithOp::Or | ArithOp::Xor | ArithOp::Shl => None,
        }
    }

    /// Whether an index is that of an element in any case, where it is not nil.
    pub(crate) fn is_inside(&self, list: List, index: &Expr) -> bool {
        let (List::Fixed { len, .. } | List::Table { len, .. }) = list else { return false };
        self.bounds(index).is_some_and(|(least, most)| least >= 0 && most < i64::from(len))
    }

    /// Remembers the bounds of what a local is set to, where nothing else sets it.
    pub(crate) fn learn(&mut self, local: LocalId, bounds: Option<Bounds>) {
        if self.script.assignments.get(local.index()) == Some(&1) {
            self.script.bounds[local.index()] = bounds;
        }
    }

    /// The bounds of what a loop goes over.
    pub(crate) fn over_bounds(&self, over: &Over) -> Option<Bounds> {
        match over {
            Over::Range { start, end, inclusive } => {
                let ((least, _), (_, end)) = (self.bounds(start)?, self.bounds(end)?);
                let most = if *inclusive { end } else { end.checked_sub(1)? };
                // Where there is no turn, nothing is read.
                Some((least, most.max(least)))
            }
            Over::Value(value) if value.ty == Type::Bytes => Some((0, 255)),
            Over::Value(_) | Over::Array(_) => None,
        }
    }
}
