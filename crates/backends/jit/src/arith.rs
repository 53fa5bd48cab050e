//! Arithmetic.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::{InstBuilder, Value};
use quintet_lang::ast::ArithOp;
use quintet_runtime::Trap;

use crate::generator::{Generator, Made, Malformed};
use crate::symbols::Helper;

/// The kind of two whole numbers, and what is known of the second where it divides the first.
pub(crate) enum Whole {
    /// Ints, and the second where it is a constant.
    Int(Option<i64>),
    /// U32s, and whether the second is known not to be 0.
    U32(bool),
}

impl Generator<'_, '_> {
    /// Arithmetic on whole numbers.
    pub(crate) fn whole_arith(&mut self, op: ArithOp, a: Value, b: Value, kind: &Whole) -> Value {
        match (op, kind) {
            (ArithOp::Add, _) => self.b.ins().iadd(a, b),
            (ArithOp::Sub, _) => self.b.ins().isub(a, b),
            (ArithOp::Mul, _) => self.b.ins().imul(a, b),
            (ArithOp::And, _) => self.b.ins().band(a, b),
            (ArithOp::Or, _) => self.b.ins().bor(a, b),
            (ArithOp::Xor, _) => self.b.ins().bxor(a, b),
            // Counts are taken modulo the number of bits by these.
            (ArithOp::Shl, _) => self.b.ins().ishl(a, b),
            (ArithOp::Shr, Whole::Int(_)) => self.b.ins().sshr(a, b),
            (ArithOp::Shr, Whole::U32(_)) => self.b.ins().ushr(a, b),
            (ArithOp::Div | ArithOp::Rem, Whole::Int(divisor)) => self.divide(op == ArithOp::Div, a, b, *divisor),
            (ArithOp::Div | ArithOp::Rem, Whole::U32(divides)) => {
                if !divides {
                    let zero = self.compare_int(IntCC::Equal, b, 0);
                    self.trap_if(zero, Trap::DivisionByZero);
                }
                if op == ArithOp::Div { self.b.ins().udiv(a, b) } else { self.b.ins().urem(a, b) }
            }
        }
    }

    /// The machine's division faults on zero and on `MIN / -1`, so neither reaches it.
    fn divide(&mut self, quotient: bool, a: Value, b: Value, known: Option<i64>) -> Value {
        if known.is_none_or(|d| d == 0) {
            let zero = self.compare_int(IntCC::Equal, b, 0);
            self.trap_if(zero, Trap::DivisionByZero);
        }
        let direct = known.is_some_and(|d| d != 0 && d != -1);
        let minus_one = if direct { None } else { Some(self.compare_int(IntCC::Equal, b, -1)) };
        // By one instead of minus one: the remainder is 0 as well, and the quotient wants the other sign.
        let divisor = match minus_one {
            None => b,
            Some(minus_one) => {
                let one = self.int(1);
                self.b.ins().select(minus_one, one, b)
            }
        };
        if !quotient {
            return self.b.ins().srem(a, divisor);
        }
        let result = self.b.ins().sdiv(a, divisor);
        match minus_one {
            None => result,
            Some(minus_one) => {
                let negative = self.b.ins().ineg(a);
                self.b.ins().select(minus_one, negative, result)
            }
        }
    }

    /// Arithmetic on Floats.
    pub(crate) fn float_arith(&mut self, op: ArithOp, a: Value, b: Value) -> Made<Value> {
        Ok(match op {
            ArithOp::Add => self.b.ins().fadd(a, b),
            ArithOp::Sub => self.b.ins().fsub(a, b),
            ArithOp::Mul => self.b.ins().fmul(a, b),
            ArithOp::Div => self.b.ins().fdiv(a, b),
            ArithOp::Rem => return self.ask(Helper::FloatRem, &[a, b]),
            ArithOp::And | ArithOp::Or | ArithOp::Xor | ArithOp::Shl | ArithOp::Shr => return Err(Malformed),
        })
    }
}
