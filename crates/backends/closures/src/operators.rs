//! Arithmetic and comparisons in scripts, made for the shapes of their operands.

use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, CompareOp, Const, Expr, ExprKind};
use quintet_runtime::Trap;

use crate::arith::binary;
use crate::compare::both;
use crate::context::{BoolFn, Ctx};
use crate::generator::Generator;
use crate::kind::{Float, Int, U32, ValFn};
use crate::operand::{Fixed, Source};
use crate::stmt::{Flow, StmtFn, stmt, trap};
use crate::word::{Scalar, by_arg, by_turn};

/// Computes from two values.
fn value<K: Scalar>(
    _: (),
    lhs: impl Source<K>,
    rhs: impl Source<K>,
    compute: impl for<'a> Fn(&Ctx<'a>, K::Out<'a>, K::Out<'a>) -> Option<K::Out<'a>> + Send + Sync + 'static,
) -> ValFn<K> {
    binary::<K>(lhs, rhs, compute)
}

/// Computes from two values what a local that is never nil becomes.
fn assignment<K: Scalar>(
    at: usize,
    lhs: impl Source<K>,
    rhs: impl Source<K>,
    compute: impl for<'a> Fn(&Ctx<'a>, K::Out<'a>, K::Out<'a>) -> Option<K::Out<'a>> + Send + Sync + 'static,
) -> StmtFn {
    stmt(move |cx| {
        let Some(lhs) = lhs.get(cx) else { return trap(cx, Trap::Nil) };
        let Some(rhs) = rhs.get(cx) else { return trap(cx, Trap::Nil) };
        match compute(cx, lhs, rhs) {
            Some(value) => {
                cx.set_local(at, K::word(value));
                Flow::On
            }
            None => trap(cx, Trap::Nil),
        }
    })
}

#[cold]
fn by_zero<T>(cx: &Ctx<'_>) -> Option<T> {
    cx.trap(Trap::DivisionByZero)
}

/// `make` of the operator's closure, of Ints or U32s.
macro_rules! whole {
    ($make:ident, $to:expr, $kind:ty, $op:expr, $lhs:expr, $rhs:expr) => {
        match $op {
            ArithOp::Add => $make::<$kind>($to, $lhs, $rhs, |_, a, b| Some(a.wrapping_add(b))),
            ArithOp::Sub => $make::<$kind>($to, $lhs, $rhs, |_, a, b| Some(a.wrapping_sub(b))),
            ArithOp::Mul => $make::<$kind>($to, $lhs, $rhs, |_, a, b| Some(a.wrapping_mul(b))),
            ArithOp::Div => $make::<$kind>($to, $lhs, $rhs, |cx, a, b| if b == 0 { by_zero(cx) } else { Some(a.wrapping_div(b)) }),
            ArithOp::Rem => $make::<$kind>($to, $lhs, $rhs, |cx, a, b| if b == 0 { by_zero(cx) } else { Some(a.wrapping_rem(b)) }),
            ArithOp::And => $make::<$kind>($to, $lhs, $rhs, |_, a, b| Some(a & b)),
            ArithOp::Or => $make::<$kind>($to, $lhs, $rhs, |_, a, b| Some(a | b)),
            ArithOp::Xor => $make::<$kind>($to, $lhs, $rhs, |_, a, b| Some(a ^ b)),
            ArithOp::Shl => $make::<$kind>($to, $lhs, $rhs, |_, a, b| Some(a.wrapping_shl(b as u32))),
            ArithOp::Shr => $make::<$kind>($to, $lhs, $rhs, |_, a, b| Some(a.wrapping_shr(b as u32))),
        }
    };
}

/// `make` of the closure of one of the two operators that mix bits, for which operands have more shapes.
macro_rules! mixed {
    ($make:ident, $to:expr, $op:expr, $lhs:expr, $rhs:expr) => {
        match $op {
            ArithOp::Add => $make::<U32>($to, $lhs, $rhs, |_, a, b| Some(a.wrapping_add(b))),
            _ => $make::<U32>($to, $lhs, $rhs, |_, a, b| Some(a ^ b)),
        }
    };
}

/// `make` of the operator's closure, of Floats; the operators on bits are not defined for them.
macro_rules! float {
    ($make:ident, $to:expr, $op:expr, $lhs:expr, $rhs:expr) => {
        match $op {
            ArithOp::Add => $make::<Float>($to, $lhs, $rhs, |_, a, b| Some(a + b)),
            ArithOp::Sub => $make::<Float>($to, $lhs, $rhs, |_, a, b| Some(a - b)),
            ArithOp::Mul => $make::<Float>($to, $lhs, $rhs, |_, a, b| Some(a * b)),
            ArithOp::Div => $make::<Float>($to, $lhs, $rhs, |_, a, b| Some(a / b)),
            ArithOp::Rem => $make::<Float>($to, $lhs, $rhs, |_, a, b| Some(a % b)),
            ArithOp::And | ArithOp::Or | ArithOp::Xor | ArithOp::Shl | ArithOp::Shr => {
                $make::<Float>($to, Fixed(0.0), Fixed(0.0), |_, _, _| None)
            }
        }
    };
}

/// `make` of a comparison.
macro_rules! comparison {
    ($kind:ty, $op:expr, $lhs:expr, $rhs:expr, $on_nil:expr) => {
        match $op {
            CompareOp::Eq => both::<$kind>($lhs, $rhs, $on_nil, |_, a, b| a == b),
            CompareOp::Ne => both::<$kind>($lhs, $rhs, $on_nil, |_, a, b| a != b),
            CompareOp::Lt => both::<$kind>($lhs, $rhs, $on_nil, |_, a, b| a < b),
            CompareOp::Le => both::<$kind>($lhs, $rhs, $on_nil, |_, a, b| a <= b),
            CompareOp::Gt => both::<$kind>($lhs, $rhs, $on_nil, |_, a, b| a > b),
            CompareOp::Ge => both::<$kind>($lhs, $rhs, $on_nil, |_, a, b| a >= b),
        }
    };
}

/// Whether a division by what may be zero is among what an operator does.
fn divides(op: ArithOp, rhs: &Expr) -> bool {
    op.entry().traps && !matches!(&rhs.kind, ExprKind::Const(Const::Int(1..) | Const::U32(1..)))
}

impl Generator<'_> {
    /// Arithmetic on Ints.
    pub(crate) fn int_operator(&mut self, op: ArithOp, lhs: &Expr, rhs: &Expr) -> ValFn<Int> {
        self.full |= divides(op, rhs);
        let lhs = self.arg::<Int>(lhs);
        match &rhs.kind {
            ExprKind::Const(Const::Int(i)) => by_arg!(lhs, lhs => whole!(value, (), Int, op, lhs, Fixed(*i))),
            _ => {
                let rhs = self.arg::<Int>(rhs);
                by_arg!(lhs, lhs => by_arg!(rhs, rhs => whole!(value, (), Int, op, lhs, rhs)))
            }
        }
    }

    /// Arithmetic on U32s.
    pub(crate) fn u32_operator(&mut self, op: ArithOp, lhs: &Expr, rhs: &Expr) -> ValFn<U32> {
        self.full |= divides(op, rhs);
        if let ArithOp::Add | ArithOp::Xor = op {
            let lhs = self.turn(lhs);
            return match &rhs.kind {
                ExprKind::Const(Const::U32(u)) => by_turn!(lhs, lhs => mixed!(value, (), op, lhs, Fixed(*u))),
                _ => {
                    let rhs = self.turn(rhs);
                    by_turn!(lhs, lhs => by_turn!(rhs, rhs => mixed!(value, (), op, lhs, rhs)))
                }
            };
        }
        let lhs = self.arg::<U32>(lhs);
        match &rhs.kind {
            ExprKind::Const(Const::U32(u)) => by_arg!(lhs, lhs => whole!(value, (), U32, op, lhs, Fixed(*u))),
            _ => {
                let rhs = self.arg::<U32>(rhs);
                by_arg!(lhs, lhs => by_arg!(rhs, rhs => whole!(value, (), U32, op, lhs, rhs)))
            }
        }
    }

    /// Arithmetic on Floats.
    pub(crate) fn float_operator(&mut self, op: ArithOp, lhs: &Expr, rhs: &Expr) -> ValFn<Float> {
        let lhs = self.arg::<Float>(lhs);
        match &rhs.kind {
            ExprKind::Const(Const::Float(f)) => by_arg!(lhs, lhs => float!(value, (), op, lhs, Fixed(*f))),
            _ => {
                let rhs = self.arg::<Float>(rhs);
                by_arg!(lhs, lhs => by_arg!(rhs, rhs => float!(value, (), op, lhs, rhs)))
            }
        }
    }

    /// Sets a local to what arithmetic on Ints answers.
    pub(crate) fn int_assignment(&mut self, at: usize, op: ArithOp, lhs: &Expr, rhs: &Expr) -> StmtFn {
        self.full |= divides(op, rhs);
        let lhs = self.arg::<Int>(lhs);
        match &rhs.kind {
            ExprKind::Const(Const::Int(i)) => by_arg!(lhs, lhs => whole!(assignment, at, Int, op, lhs, Fixed(*i))),
            _ => {
                let rhs = self.arg::<Int>(rhs);
                by_arg!(lhs, lhs => by_arg!(rhs, rhs => whole!(assignment, at, Int, op, lhs, rhs)))
            }
        }
    }

    /// Sets a local to what arithmetic on U32s answers.
    pub(crate) fn u32_assignment(&mut self, at: usize, op: ArithOp, lhs: &Expr, rhs: &Expr) -> StmtFn {
        self.full |= divides(op, rhs);
        if let ArithOp::Add | ArithOp::Xor = op {
            let lhs = self.turn(lhs);
            return match &rhs.kind {
                ExprKind::Const(Const::U32(u)) => by_turn!(lhs, lhs => mixed!(assignment, at, op, lhs, Fixed(*u))),
                _ => {
                    let rhs = self.turn(rhs);
                    by_turn!(lhs, lhs => by_turn!(rhs, rhs => mixed!(assignment, at, op, lhs, rhs)))
                }
            };
        }
        let lhs = self.arg::<U32>(lhs);
        match &rhs.kind {
            ExprKind::Const(Const::U32(u)) => by_arg!(lhs, lhs => whole!(assignment, at, U32, op, lhs, Fixed(*u))),
            _ => {
                let rhs = self.arg::<U32>(rhs);
                by_arg!(lhs, lhs => by_arg!(rhs, rhs => whole!(assignment, at, U32, op, lhs, rhs)))
            }
        }
    }

    /// Sets a local to what arithmetic on Floats answers.
    pub(crate) fn float_assignment(&mut self, at: usize, op: ArithOp, lhs: &Expr, rhs: &Expr) -> StmtFn {
        let lhs = self.arg::<Float>(lhs);
        match &rhs.kind {
            ExprKind::Const(Const::Float(f)) => by_arg!(lhs, lhs => float!(assignment, at, op, lhs, Fixed(*f))),
            _ => {
                let rhs = self.arg::<Float>(rhs);
                by_arg!(lhs, lhs => by_arg!(rhs, rhs => float!(assignment, at, op, lhs, rhs)))
            }
        }
    }

    /// A comparison in a script of what fits in a word.
    pub(crate) fn compare_words(&mut self, op: CompareOp, lhs: &Expr, rhs: &Expr, on_nil: bool) -> Option<BoolFn> {
        // A loop that waits for the test in its body is not made here.
        if !self.is_script() || self.fused.is_some() {
            return None;
        }
        // A constant has no effect, so it may stand behind.
        let (op, lhs, rhs) = if matches!(lhs.kind, ExprKind::Const(_)) { (op.mirrored(), rhs, lhs) } else { (op, lhs, rhs) };
        Some(match (&lhs.ty, &rhs.kind) {
            (Type::Int, ExprKind::Const(Const::Int(i))) => {
                by_arg!(self.arg::<Int>(lhs), lhs => comparison!(Int, op, lhs, Fixed(*i), on_nil))
            }
            (Type::Int, _) => {
                let (lhs, rhs) = (self.arg::<Int>(lhs), self.arg::<Int>(rhs));
                by_arg!(lhs, lhs => by_arg!(rhs, rhs => comparison!(Int, op, lhs, rhs, on_nil)))
            }
            (Type::U32, ExprKind::Const(Const::U32(u))) => {
                by_arg!(self.arg::<U32>(lhs), lhs => comparison!(U32, op, lhs, Fixed(*u), on_nil))
            }
            (Type::U32, _) => {
                let (lhs, rhs) = (self.arg::<U32>(lhs), self.arg::<U32>(rhs));
                by_arg!(lhs, lhs => by_arg!(rhs, rhs => comparison!(U32, op, lhs, rhs, on_nil)))
            }
            (Type::Float, ExprKind::Const(Const::Float(f))) => {
                by_arg!(self.arg::<Float>(lhs), lhs => comparison!(Float, op, lhs, Fixed(*f), on_nil))
            }
            (Type::Float, _) => {
                let (lhs, rhs) = (self.arg::<Float>(lhs), self.arg::<Float>(rhs));
                by_arg!(lhs, lhs => by_arg!(rhs, rhs => comparison!(Float, op, lhs, rhs, on_nil)))
            }
            _ => return None,
        })
    }
}
