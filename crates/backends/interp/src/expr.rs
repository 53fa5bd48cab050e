//! Evaluating expressions to values.

use quintet_lang::ast::{Expr, ExprKind};
use quintet_lang::intrinsic::{Intrinsic, Scalar};
use quintet_runtime::{Trap, Value, slice};

use crate::machine::Machine;

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
            ExprKind::Element { array, index } => match self.value(index)? {
                Value::Int(index) => usize::try_from(index).ok().and_then(|index| self.at(*array, index)).ok_or(Trap::Index)?,
                _ => Value::Nil,
            },
            ExprKind::Count(array) => Value::Int(self.count(*array) as i64),
            ExprKind::Packed(array) => return self.packed(*array),
            ExprKind::Intrinsic { op, args } => return self.intrinsic(*op, args),
            ExprKind::Otherwise { value, default } => match self.value(value)? {
                Value::Nil => return self.value(default),
                value => value,
            },
            ExprKind::Neg(operand) => match self.value(operand)? {
                Value::Int(i) => Value::Int(i.wrapping_neg()),
                Value::U32(u) => Value::U32(u.wrapping_neg()),
                Value::Float(f) => Value::Float(-f),
                _ => Value::Nil,
            },
            ExprKind::Arith { op, lhs, rhs } => {
                let lhs = self.value(lhs)?;
                if lhs.is_nil() {
                    return Ok(Value::Nil);
                }
                match (lhs, self.value(rhs)?) {
                    (Value::Int(a), Value::Int(b)) => op.int(a, b).map(Value::Int).ok_or(Trap::DivisionByZero)?,
                    (Value::U32(a), Value::U32(b)) => op.u32(a, b).map(Value::U32).ok_or(Trap::DivisionByZero)?,
                    (Value::Float(a), Value::Float(b)) => op.float(a, b).map_or(Value::Nil, Value::Float),
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

    fn intrinsic(&mut self, op: Intrinsic, args: &'a [Expr]) -> Result<Value<'a>, Trap> {
        let mut operands = [Scalar::Bool(false); 2];
        for (operand, arg) in operands.iter_mut().zip(args) {
            *operand = match self.value(arg)? {
                Value::Bool(b) => Scalar::Bool(b),
                Value::Int(i) => Scalar::Int(i),
                Value::U32(u) => Scalar::U32(u),
                Value::Float(f) => Scalar::Float(f),
                Value::Bytes(text) => Scalar::Bytes(text),
                Value::Array(array) if op == Intrinsic::Len => return Ok(Value::Int(array.len() as i64)),
                Value::Nil | Value::Ip(_) | Value::Array(_) | Value::Map(_) => return Ok(Value::Nil),
            };
        }
        Ok(match op.eval(&operands[..args.len().min(2)]) {
            Some(Scalar::Bool(b)) => Value::Bool(b),
            Some(Scalar::Int(i)) => Value::Int(i),
            Some(Scalar::U32(u)) => Value::U32(u),
            Some(Scalar::Float(f)) => Value::Float(f),
            Some(Scalar::Bytes(text)) => Value::Bytes(text),
            None => Value::Nil,
        })
    }
}
