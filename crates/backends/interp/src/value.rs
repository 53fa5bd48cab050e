//! Evaluating expressions to values.

use quintet_lang::ast::{ArithOp, Expr, ExprKind, SiteId};
use quintet_lang::signature::NilRule;
use quintet_runtime::{Trap, Value, slice};

use crate::expr::Machine;

impl<'a> Machine<'a> {
    /// The value of an expression, or nil.
    pub(crate) fn value(&mut self, expr: &'a Expr) -> Result<Value<'a>, Trap> {
        Ok(match &expr.kind {
            ExprKind::Const(constant) => Value::of(constant),
            ExprKind::Field(field) => {
                let slot = self.program.layout().slot(*field);
                if self.memory.word(self.record + slot.presence_offset) >> slot.presence_bit & 1 == 0 {
                    return Ok(Value::Nil);
                }
                Value::load(self.memory, self.record + slot.offset, &expr.ty)
            }
            ExprKind::Local(local) => self.slots[local.index()],
            ExprKind::Index { base, index } => {
                let Value::Array(array) = self.value(base)? else {
                    return Ok(Value::Nil);
                };
                match self.value(index)? {
                    Value::Int(index) => usize::try_from(index).map_or(Value::Nil, |i| array.get(i)),
                    _ => Value::Nil,
                }
            }
            ExprKind::Key { base, key } => {
                let Value::Map(map) = self.value(base)? else {
                    return Ok(Value::Nil);
                };
                match self.value(key)? {
                    Value::Bytes(key) => {
                        self.scratch.look(key.len())?;
                        map.get(key)
                    }
                    _ => Value::Nil,
                }
            }
            ExprKind::Slice { base, start, end } => {
                let Value::Bytes(bytes) = self.value(base)? else {
                    return Ok(Value::Nil);
                };
                let mut bounds = [None, None];
                for (bound, expr) in bounds.iter_mut().zip([start, end]) {
                    if let Some(expr) = expr {
                        let Value::Int(i) = self.value(expr)? else {
                            return Ok(Value::Nil);
                        };
                        *bound = Some(i);
                    }
                }
                Value::Bytes(slice(bytes, bounds[0], bounds[1]))
            }
            ExprKind::Call { site, args } => return self.call(*site, args),
            ExprKind::Neg(operand) => match self.value(operand)? {
                Value::Int(i) => Value::Int(i.wrapping_neg()),
                Value::Float(f) => Value::Float(-f),
                _ => Value::Nil,
            },
            ExprKind::Arith { op, lhs, rhs } => {
                let lhs = self.value(lhs)?;
                if lhs.is_nil() {
                    return Ok(Value::Nil);
                }
                match (lhs, self.value(rhs)?) {
                    (Value::Int(a), Value::Int(b)) => Value::Int(int(*op, a, b)?),
                    (Value::Float(a), Value::Float(b)) => float(*op, a, b),
                    _ => Value::Nil,
                }
            }
            ExprKind::Collect(each) => return self.collect(each),
            ExprKind::Not(_)
            | ExprKind::Compare { .. }
            | ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. }
            | ExprKind::Logic { .. }
            | ExprKind::Present(_)
            | ExprKind::Quantifier { .. } => Value::Bool(self.test(expr)?),
        })
    }

    fn call(&mut self, site: SiteId, args: &'a [Expr]) -> Result<Value<'a>, Trap> {
        let program = self.program.program();
        let function = program.sites[site.index()].function;
        let stops_at_nil = program.scheme.function(function).nil == NilRule::Propagates;
        let first = self.top;
        self.top += args.len();
        for (i, arg) in args.iter().enumerate() {
            let value = self.value(arg)?;
            if value.is_nil() && stops_at_nil {
                self.top = first;
                return Ok(Value::Nil);
            }
            self.slots[first + i] = value;
        }
        let result = self.program.function(site).call(&self.slots[first..self.top], self.scratch);
        self.top = first;
        result
    }
}

fn int(op: ArithOp, a: i64, b: i64) -> Result<i64, Trap> {
    Ok(match op {
        ArithOp::Add => a.wrapping_add(b),
        ArithOp::Sub => a.wrapping_sub(b),
        ArithOp::Mul => a.wrapping_mul(b),
        ArithOp::Div | ArithOp::Rem if b == 0 => return Err(Trap::DivisionByZero),
        ArithOp::Div => a.wrapping_div(b),
        ArithOp::Rem => a.wrapping_rem(b),
        ArithOp::And => a & b,
        ArithOp::Or => a | b,
        ArithOp::Xor => a ^ b,
        // The count is taken modulo 64 by these two.
        ArithOp::Shl => a.wrapping_shl(b as u32),
        ArithOp::Shr => a.wrapping_shr(b as u32),
    })
}

fn float<'a>(op: ArithOp, a: f64, b: f64) -> Value<'a> {
    Value::Float(match op {
        ArithOp::Add => a + b,
        ArithOp::Sub => a - b,
        ArithOp::Mul => a * b,
        ArithOp::Div => a / b,
        ArithOp::Rem => a % b,
        ArithOp::And | ArithOp::Or | ArithOp::Xor | ArithOp::Shl | ArithOp::Shr => return Value::Nil,
    })
}
