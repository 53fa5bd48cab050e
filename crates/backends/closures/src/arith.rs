//! Arithmetic.

use quintet_lang::ast::{ArithOp, Const, Expr, ExprKind};
use quintet_runtime::Trap;

use crate::context::Ctx;
use crate::generator::Generator;
use crate::kind::{Float, Int, Primitive, ValFn, val};
use crate::operand::{Fixed, Side, Source, by_side};

/// Computes from two values; a nil one makes the result nil, and the second is not looked at after a nil first.
pub(crate) fn binary<K: Primitive>(
    lhs: impl Source<K>,
    rhs: impl Source<K>,
    compute: impl for<'a> Fn(&Ctx<'a>, K::Out<'a>, K::Out<'a>) -> Option<K::Out<'a>> + Send + Sync + 'static,
) -> ValFn<K> {
    val::<K>(move |cx| {
        let lhs = lhs.get(cx)?;
        compute(cx, lhs, rhs.get(cx)?)
    })
}

/// The second operand.
enum Right<K: Primitive, T> {
    Fixed(Fixed<T>),
    Side(Side<K>),
}

/// Closures for an operator and the shapes of its operands.
macro_rules! by_sides {
    ($kind:ty, $lhs:expr, $rhs:expr, $compute:expr) => {
        by_side!($lhs, lhs => match $rhs {
            Right::Fixed(rhs) => binary::<$kind>(lhs, rhs, $compute),
            Right::Side(rhs) => by_side!(rhs, rhs => binary::<$kind>(lhs, rhs, $compute)),
        })
    };
}

impl Generator<'_> {
    /// Arithmetic on Ints.
    pub(crate) fn int_arith(&mut self, op: ArithOp, lhs: &Expr, rhs: &Expr) -> ValFn<Int> {
        let lhs = self.side::<Int>(lhs);
        let divides = matches!(op, ArithOp::Div | ArithOp::Rem);
        let rhs = match rhs.kind {
            ExprKind::Const(Const::Int(i)) => {
                self.full |= divides && i == 0;
                Right::Fixed(Fixed(i))
            }
            _ => {
                let side = self.side::<Int>(rhs);
                self.full |= divides;
                Right::Side(side)
            }
        };
        match op {
            ArithOp::Add => by_sides!(Int, lhs, rhs, |_, a, b| Some(a.wrapping_add(b))),
            ArithOp::Sub => by_sides!(Int, lhs, rhs, |_, a, b| Some(a.wrapping_sub(b))),
            ArithOp::Mul => by_sides!(Int, lhs, rhs, |_, a, b| Some(a.wrapping_mul(b))),
            ArithOp::Div => by_sides!(Int, lhs, rhs, |cx, a, b| if b == 0 { by_zero(cx) } else { Some(a.wrapping_div(b)) }),
            ArithOp::Rem => by_sides!(Int, lhs, rhs, |cx, a, b| if b == 0 { by_zero(cx) } else { Some(a.wrapping_rem(b)) }),
            ArithOp::And => by_sides!(Int, lhs, rhs, |_, a, b| Some(a & b)),
            ArithOp::Or => by_sides!(Int, lhs, rhs, |_, a, b| Some(a | b)),
            ArithOp::Xor => by_sides!(Int, lhs, rhs, |_, a, b| Some(a ^ b)),
            ArithOp::Shl => by_sides!(Int, lhs, rhs, |_, a, b| Some(a.wrapping_shl(b as u32))),
            ArithOp::Shr => by_sides!(Int, lhs, rhs, |_, a, b| Some(a.wrapping_shr(b as u32))),
        }
    }

    /// Arithmetic on Floats; the operators on bits are not defined for them.
    pub(crate) fn float_arith(&mut self, op: ArithOp, lhs: &Expr, rhs: &Expr) -> ValFn<Float> {
        let lhs = self.side::<Float>(lhs);
        let rhs = match rhs.kind {
            ExprKind::Const(Const::Float(f)) => Right::Fixed(Fixed(f)),
            _ => Right::Side(self.side::<Float>(rhs)),
        };
        match op {
            ArithOp::Add => by_sides!(Float, lhs, rhs, |_, a, b| Some(a + b)),
            ArithOp::Sub => by_sides!(Float, lhs, rhs, |_, a, b| Some(a - b)),
            ArithOp::Mul => by_sides!(Float, lhs, rhs, |_, a, b| Some(a * b)),
            ArithOp::Div => by_sides!(Float, lhs, rhs, |_, a, b| Some(a / b)),
            ArithOp::Rem => by_sides!(Float, lhs, rhs, |_, a, b| Some(a % b)),
            ArithOp::And | ArithOp::Or | ArithOp::Xor | ArithOp::Shl | ArithOp::Shr => val::<Float>(|_| None),
        }
    }
}

#[cold]
fn by_zero(cx: &Ctx<'_>) -> Option<i64> {
    cx.trap(Trap::DivisionByZero)
}
