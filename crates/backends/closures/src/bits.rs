//! Shapes of operands of type U32: what mixes the bits of locals is read within the closure that uses it. None of it can trap but [`TableAt`].

use quintet_lang::ast::{ArithOp, Const, Expr, ExprKind, Place};
use quintet_lang::intrinsic::Intrinsic;

use crate::context::Ctx;
use crate::generator::Generator;
use crate::kind::U32;
use crate::operand::Source;
use crate::word::{Arg, outside};

/// A local turned to the right, of which some bits are kept.
#[derive(Clone, Copy)]
pub(crate) struct Turned {
    local: usize,
    by: u32,
    keep: u32,
}

/// The exclusive or of three of them.
pub(crate) struct TurnedThree([Turned; 3]);

/// The bits that two locals share, after those of the first that are named were flipped.
#[derive(Clone, Copy)]
pub(crate) struct Masked {
    local: usize,
    flip: u32,
    mask: usize,
}

/// The exclusive or of two of them.
pub(crate) struct MaskedTwo([Masked; 2]);

/// The exclusive or of three of them.
pub(crate) struct MaskedThree([Masked; 3]);

/// The sum of two locals.
#[derive(Clone, Copy)]
pub(crate) struct Sum(usize, usize);

/// An element of a constant array at a place that a local says.
pub(crate) struct TableAt {
    words: Box<[u64]>,
    index: usize,
}

impl Source<U32> for Turned {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<u32> {
        cx.local(self.local).map(|word| (word as u32).rotate_right(self.by) & self.keep)
    }
}

impl Source<U32> for TurnedThree {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<u32> {
        let [a, b, c] = &self.0;
        Some(a.get(cx)? ^ b.get(cx)? ^ c.get(cx)?)
    }
}

impl Source<U32> for Masked {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<u32> {
        Some((cx.local(self.local)? as u32 ^ self.flip) & cx.local(self.mask)? as u32)
    }
}

impl Source<U32> for MaskedTwo {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<u32> {
        let [a, b] = &self.0;
        Some(a.get(cx)? ^ b.get(cx)?)
    }
}

impl Source<U32> for MaskedThree {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<u32> {
        let [a, b, c] = &self.0;
        Some(a.get(cx)? ^ b.get(cx)? ^ c.get(cx)?)
    }
}

impl Source<U32> for Sum {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<u32> {
        Some((cx.local(self.0)? as u32).wrapping_add(cx.local(self.1)? as u32))
    }
}

impl Source<U32> for TableAt {
    #[inline(always)]
    fn get<'a>(&self, cx: &Ctx<'a>) -> Option<u32> {
        match self.words.get(crate::word::place(cx.local(self.index)? as i64)) {
            Some(word) => Some(*word as u32),
            None => outside(cx),
        }
    }
}

/// The shape of an operand of type U32.
pub(crate) enum Turn {
    Turned(Turned),
    TurnedThree(TurnedThree),
    Masked(Masked),
    MaskedTwo(MaskedTwo),
    MaskedThree(MaskedThree),
    Sum(Sum),
    Table(TableAt),
    Arg(Arg<U32>),
}

/// The same expression for each shape of an operand of type U32.
macro_rules! by_turn {
    ($arg:expr, $source:ident => $body:expr) => {
        match $arg {
            $crate::bits::Turn::Turned($source) => $body,
            $crate::bits::Turn::TurnedThree($source) => $body,
            $crate::bits::Turn::Masked($source) => $body,
            $crate::bits::Turn::MaskedTwo($source) => $body,
            $crate::bits::Turn::MaskedThree($source) => $body,
            $crate::bits::Turn::Sum($source) => $body,
            $crate::bits::Turn::Table($source) => $body,
            $crate::bits::Turn::Arg(arg) => $crate::word::by_arg!(arg, $source => $body),
        }
    };
}
pub(crate) use by_turn;

impl Generator<'_> {
    /// The shape of an operand of type U32.
    pub(crate) fn turn(&mut self, expr: &Expr) -> Turn {
        // A local on its own has a shape that takes less.
        if self.word_local(expr).is_none()
            && let Some(turned) = self.turned(expr)
        {
            return Turn::Turned(turned);
        }
        if let Some(masked) = self.masked(expr) {
            return Turn::Masked(masked);
        }
        match &expr.kind {
            ExprKind::Arith { op, lhs, rhs } => {
                if let Some(shape) = self.mixture(*op, lhs, rhs) {
                    return shape;
                }
            }
            ExprKind::Element { array: Place::Table(table), index } => {
                if let Some(index) = self.word_local(index) {
                    self.full = true;
                    return Turn::Table(TableAt { words: self.table(*table), index });
                }
            }
            _ => {}
        }
        Turn::Arg(self.arg::<U32>(expr))
    }

    /// The shape of an operation on U32s of whose operands all are locals in the end.
    pub(crate) fn mixture(&self, op: ArithOp, lhs: &Expr, rhs: &Expr) -> Option<Turn> {
        match op {
            ArithOp::Add => Some(Turn::Sum(Sum(self.word_local(lhs)?, self.word_local(rhs)?))),
            ArithOp::Xor => {
                let mut operands = Vec::new();
                xored(lhs, 1, &mut operands);
                xored(rhs, 1, &mut operands);
                if let [a, b, c] = operands.as_slice()
                    && let (Some(a), Some(b), Some(c)) = (self.turned(a), self.turned(b), self.turned(c))
                {
                    return Some(Turn::TurnedThree(TurnedThree([a, b, c])));
                }
                match operands.as_slice() {
                    [a, b] => Some(Turn::MaskedTwo(MaskedTwo([self.masked(a)?, self.masked(b)?]))),
                    [a, b, c] => Some(Turn::MaskedThree(MaskedThree([self.masked(a)?, self.masked(b)?, self.masked(c)?]))),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// A local, turned or shifted by a constant.
    fn turned(&self, expr: &Expr) -> Option<Turned> {
        match &expr.kind {
            ExprKind::Local(local) => Some(Turned { local: self.word_of(*local)?, by: 0, keep: u32::MAX }),
            ExprKind::Intrinsic { op: op @ (Intrinsic::Rotl | Intrinsic::Rotr), args } => {
                let [value, by] = args.as_slice() else { return None };
                let ExprKind::Const(Const::Int(by)) = by.kind else { return None };
                let by = if *op == Intrinsic::Rotr { by } else { by.wrapping_neg() };
                Some(Turned { local: self.word_local(value)?, by: (by & 31) as u32, keep: u32::MAX })
            }
            ExprKind::Arith { op: op @ (ArithOp::Shl | ArithOp::Shr), lhs, rhs } => {
                let ExprKind::Const(Const::U32(by)) = rhs.kind else { return None };
                let by = by & 31;
                let local = self.word_local(lhs)?;
                Some(match op {
                    ArithOp::Shl => Turned { local, by: by.wrapping_neg() & 31, keep: u32::MAX << by },
                    _ => Turned { local, by, keep: u32::MAX >> by },
                })
            }
            _ => None,
        }
    }

    /// The bits that two locals share, the first of which may have its bits flipped.
    fn masked(&self, expr: &Expr) -> Option<Masked> {
        let ExprKind::Arith { op: ArithOp::And, lhs, rhs } = &expr.kind else { return None };
        let mask = self.word_local(rhs)?;
        if let ExprKind::Arith { op: ArithOp::Xor, lhs, rhs } = &lhs.kind {
            let ExprKind::Const(Const::U32(flip)) = rhs.kind else { return None };
            return Some(Masked { local: self.word_local(lhs)?, flip, mask });
        }
        Some(Masked { local: self.word_local(lhs)?, flip: 0, mask })
    }
}

/// The operands of an exclusive or that may have further ones in it, so many levels down.
fn xored<'e>(expr: &'e Expr, levels: usize, operands: &mut Vec<&'e Expr>) {
    match &expr.kind {
        ExprKind::Arith { op: ArithOp::Xor, lhs, rhs } if levels > 0 => {
            xored(lhs, levels - 1, operands);
            xored(rhs, levels - 1, operands);
        }
        _ => operands.push(expr),
    }
}
