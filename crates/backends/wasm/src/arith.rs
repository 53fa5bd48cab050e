//! Arithmetic on values that are on the stack.

use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, Const, Expr, ExprKind};
use quintet_runtime::Trap;
use wasm_encoder::ValType::{I32, I64};

use crate::generator::Generator;
use crate::import::Import;

impl Generator<'_> {
    /// The operator on the two values on the stack, of which `rhs` is the right one.
    pub(crate) fn arith(&mut self, op: ArithOp, rhs: &Expr) {
        match (&rhs.ty, op) {
            (Type::Float, _) => self.float(op),
            (Type::U32, ArithOp::Div | ArithOp::Rem) => {
                if !matches!(rhs.kind, ExprKind::Const(Const::U32(1..))) {
                    let mark = self.body.mark();
                    let divisor = self.body.pop(I32);
                    self.body.i().local_get(divisor).i32_eqz();
                    self.trap_if(Trap::DivisionByZero);
                    self.body.i().local_get(divisor);
                    self.body.release(mark);
                }
                self.u32(op);
            }
            (Type::U32, _) => self.u32(op),
            (_, ArithOp::Div | ArithOp::Rem) => self.divide(op, rhs),
            (_, ArithOp::Add | ArithOp::Sub | ArithOp::Mul | ArithOp::And | ArithOp::Or | ArithOp::Xor | ArithOp::Shl | ArithOp::Shr) => {
                self.int(op);
            }
        }
    }

    /// The instruction for the two U32s on the stack.
    fn u32(&mut self, op: ArithOp) {
        let mut i = self.body.i();
        match op {
            ArithOp::Add => i.i32_add(),
            ArithOp::Sub => i.i32_sub(),
            ArithOp::Mul => i.i32_mul(),
            ArithOp::Div => i.i32_div_u(),
            ArithOp::Rem => i.i32_rem_u(),
            ArithOp::And => i.i32_and(),
            ArithOp::Or => i.i32_or(),
            ArithOp::Xor => i.i32_xor(),
            // These two take the count modulo 32.
            ArithOp::Shl => i.i32_shl(),
            ArithOp::Shr => i.i32_shr_u(),
        };
    }

    /// The instruction for the two Ints on the stack.
    fn int(&mut self, op: ArithOp) {
        let mut i = self.body.i();
        match op {
            ArithOp::Add => i.i64_add(),
            ArithOp::Sub => i.i64_sub(),
            ArithOp::Mul => i.i64_mul(),
            ArithOp::Div => i.i64_div_s(),
            ArithOp::Rem => i.i64_rem_s(),
            ArithOp::And => i.i64_and(),
            ArithOp::Or => i.i64_or(),
            ArithOp::Xor => i.i64_xor(),
            // These two take the count modulo 64.
            ArithOp::Shl => i.i64_shl(),
            ArithOp::Shr => i.i64_shr_s(),
        };
    }

    /// A division of the two Ints on the stack, or its remainder.
    fn divide(&mut self, op: ArithOp, rhs: &Expr) {
        let known = if let ExprKind::Const(Const::Int(i)) = rhs.kind { Some(i) } else { None };
        let mark = self.body.mark();
        if known.is_none_or(|divisor| divisor == 0) {
            let divisor = self.body.pop(I64);
            self.body.i().local_get(divisor).i64_eqz();
            self.body.if_(None);
            self.trap(Trap::DivisionByZero);
            self.body.end();
            self.body.i().local_get(divisor);
        }
        if op == ArithOp::Div && known.is_none_or(|divisor| divisor == -1) {
            // WebAssembly's division traps on MIN / -1; its remainder does not.
            let divisor = self.body.pop(I64);
            let dividend = self.body.pop(I64);
            self.body.i().local_get(divisor).i64_const(-1).i64_eq();
            self.body.if_(Some(I64));
            self.body.i().i64_const(0).local_get(dividend).i64_sub();
            self.body.else_();
            self.body.i().local_get(dividend).local_get(divisor).i64_div_s();
            self.body.end();
        } else {
            self.int(op);
        }
        self.body.release(mark);
    }

    /// An operator on the two Floats on the stack.
    fn float(&mut self, op: ArithOp) {
        if op == ArithOp::Rem {
            return self.host(Import::FloatRem);
        }
        let mut i = self.body.i();
        match op {
            ArithOp::Add => i.f64_add(),
            ArithOp::Sub => i.f64_sub(),
            ArithOp::Mul => i.f64_mul(),
            ArithOp::Div => i.f64_div(),
            // The remainder is the host's, and the checker allows operators on bits for Ints alone. Should one come here, the instance ends.
            ArithOp::Rem | ArithOp::And | ArithOp::Or | ArithOp::Xor | ArithOp::Shl | ArithOp::Shr => i.unreachable(),
        };
    }
}
