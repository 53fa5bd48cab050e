//! Operations that are written as calls.

use quintet_lang::Type;
use quintet_lang::ast::{Const, Expr, ExprKind};
use quintet_lang::intrinsic::{Intrinsic, Read, Scalar as Operand};

use crate::bits::by_turn;
use crate::generator::Generator;
use crate::kind::{Bool, Bytes, Float, Int, U32, ValFn, val};
use crate::operand::{Source, by_side};
use crate::word::{Arg, by_arg};

/// Of one operand.
macro_rules! unary {
    ($from:ty, $to:ty, $arg:expr, $compute:expr) => {{
        let arg: Arg<$from> = $arg;
        by_arg!(arg, arg => val::<$to>(move |cx| Source::<$from>::get(&arg, cx).map($compute)))
    }};
}

/// Of two operands, the first of which is a source.
macro_rules! binary {
    ($first:ty, $second:ty, $to:ty, $source:expr, $arg:expr, |$a:ident, $b:ident| $compute:expr) => {{
        let (first, second): (_, Arg<$second>) = ($source, $arg);
        by_arg!(second, second => val::<$to>(move |cx| {
            let $a = Source::<$first>::get(&first, cx)?;
            let $b = Source::<$second>::get(&second, cx)?;
            Some($compute)
        }))
    }};
}

/// An integer of so many bytes at an offset.
fn read<const N: usize>(text: impl Source<Bytes>, at: impl Source<Int>, Read { big, signed, .. }: Read) -> ValFn<Int> {
    val::<Int>(move |cx| {
        let text: &[u8] = text.get(cx)?;
        let at = usize::try_from(at.get(cx)?).ok()?;
        let found: &[u8; N] = text.get(at..)?.first_chunk()?;
        let fold = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
        let word = if big { found.iter().fold(0, fold) } else { found.iter().rev().fold(0, fold) };
        let above = 64 - 8 * N as u32;
        Some(if signed { (word << above) as i64 >> above } else { word as i64 })
    })
}

/// A byte at an offset.
fn byte(text: impl Source<Bytes>, at: impl Source<Int>) -> ValFn<Int> {
    val::<Int>(move |cx| {
        let text: &[u8] = text.get(cx)?;
        text.get(crate::word::place(at.get(cx)?)).map(|byte| i64::from(*byte))
    })
}

impl Generator<'_> {
    /// One that answers an Int.
    pub(crate) fn int_intrinsic(&mut self, op: Intrinsic, args: &[Expr]) -> ValFn<Int> {
        match (op, args) {
            (Intrinsic::Len, [array]) if array.ty != Type::Bytes => self.count_of(array),
            (Intrinsic::Len, [text]) => {
                let text = self.side::<Bytes>(text);
                by_side!(text, text => val::<Int>(move |cx| Source::<Bytes>::get(&text, cx).map(|text: &[u8]| text.len() as i64)))
            }
            (Intrinsic::Read(how), [text, at]) => {
                let (text, at) = (self.side::<Bytes>(text), self.arg::<Int>(at));
                by_side!(text, text => by_arg!(at, at => match how.bytes {
                    1 if !how.signed => byte(text, at),
                    1 => read::<1>(text, at, how),
                    2 => read::<2>(text, at, how),
                    4 => read::<4>(text, at, how),
                    8 => read::<8>(text, at, how),
                    // There are no others.
                    _ => val::<Int>(|_| None),
                }))
            }
            (Intrinsic::ToInt, [arg]) => match arg.ty {
                Type::Bool => unary!(Bool, Int, self.arg(arg), i64::from),
                Type::U32 => unary!(U32, Int, self.arg(arg), i64::from),
                Type::Float => unary!(Float, Int, self.arg(arg), |f| f as i64),
                _ => val::<Int>(|_| None),
            },
            (Intrinsic::Abs, [arg]) => unary!(Int, Int, self.arg(arg), i64::wrapping_abs),
            (Intrinsic::Min, [a, b]) => {
                let (a, b) = (self.arg::<Int>(a), self.arg::<Int>(b));
                by_arg!(a, a => binary!(Int, Int, Int, a, b, |a, b| a.min(b)))
            }
            (Intrinsic::Max, [a, b]) => {
                let (a, b) = (self.arg::<Int>(a), self.arg::<Int>(b));
                by_arg!(a, a => binary!(Int, Int, Int, a, b, |a, b| a.max(b)))
            }
            // The others answer something else.
            _ => val::<Int>(|_| None),
        }
    }

    /// One that answers a U32.
    pub(crate) fn u32_intrinsic(&mut self, op: Intrinsic, args: &[Expr]) -> ValFn<U32> {
        match (op, args) {
            (Intrinsic::ToU32, [arg]) => unary!(Int, U32, self.arg(arg), |i| i as u32),
            (Intrinsic::Rotl | Intrinsic::Rotr, [value, by]) => {
                let value = self.arg::<U32>(value);
                if let ExprKind::Const(Const::Int(by)) = by.kind {
                    let by = (by & 31) as u32;
                    let right = if op == Intrinsic::Rotr { by } else { (32 - by) & 31 };
                    return unary!(U32, U32, value, move |u| u.rotate_right(right));
                }
                let by = self.arg::<Int>(by);
                match op {
                    Intrinsic::Rotl => by_arg!(value, value => binary!(U32, Int, U32, value, by, |u, by| u.rotate_left(by as u32 & 31))),
                    _ => by_arg!(value, value => binary!(U32, Int, U32, value, by, |u, by| u.rotate_right(by as u32 & 31))),
                }
            }
            (Intrinsic::Min, [a, b]) => {
                let (a, b) = (self.turn(a), self.arg::<U32>(b));
                by_turn!(a, a => binary!(U32, U32, U32, a, b, |a, b| a.min(b)))
            }
            (Intrinsic::Max, [a, b]) => {
                let (a, b) = (self.turn(a), self.arg::<U32>(b));
                by_turn!(a, a => binary!(U32, U32, U32, a, b, |a, b| a.max(b)))
            }
            // The others answer something else.
            _ => val::<U32>(|_| None),
        }
    }

    /// One that answers a Float.
    pub(crate) fn float_intrinsic(&mut self, op: Intrinsic, args: &[Expr]) -> ValFn<Float> {
        match (op, args) {
            (Intrinsic::ToFloat, [arg]) => match arg.ty {
                Type::Int => unary!(Int, Float, self.arg(arg), |i| i as f64),
                Type::U32 => unary!(U32, Float, self.arg(arg), f64::from),
                _ => val::<Float>(|_| None),
            },
            (Intrinsic::Abs, [arg]) => unary!(Float, Float, self.arg(arg), f64::abs),
            // The standard library's square root is the processor's, and rounds as the one that all backends agree on.
            (Intrinsic::Sqrt, [arg]) => unary!(Float, Float, self.arg(arg), f64::sqrt),
            (_, [arg]) => by_arg!(self.arg::<Float>(arg), arg => val::<Float>(move |cx| op.unary(Source::<Float>::get(&arg, cx)?))),
            (_, [a, b]) => {
                let (a, b) = (self.closure::<Float>(a), self.closure::<Float>(b));
                val::<Float>(move |cx| match op.eval(&[Operand::Float(a(cx)?), Operand::Float(b(cx)?)]) {
                    Some(Operand::Float(f)) => Some(f),
                    _ => None,
                })
            }
            // There are no others.
            _ => val::<Float>(|_| None),
        }
    }
}
