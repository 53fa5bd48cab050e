//! Tests, and the control flow of Bools.

use quintet_lang::ast::{Expr, ExprKind, LogicOp, Needle};
use quintet_runtime::{Searcher, Trap, Value, compare_steps};

use crate::machine::Machine;

impl<'a> Machine<'a> {
    /// The value of a Bool expression that is never nil. (One that is nil all the same counts as false.)
    pub(crate) fn test(&mut self, expr: &'a Expr) -> Result<bool, Trap> {
        Ok(match &expr.kind {
            ExprKind::Compare { op, lhs, rhs, on_nil } => {
                let lhs = self.value(lhs)?;
                if lhs.is_nil() {
                    return Ok(*on_nil);
                }
                let rhs = self.value(rhs)?;
                if rhs.is_nil() {
                    return Ok(*on_nil);
                }
                if let (Value::Bytes(a), Value::Bytes(b)) = (&lhs, &rhs) {
                    self.scratch.steps(compare_steps(*op, a.len(), b.len()))?;
                }
                op.holds(lhs.compare(&rhs))
            }
            ExprKind::In { value, set } => {
                let value = self.value(value)?;
                let set = self.program.set(*set);
                self.scratch.steps(set.steps(&value))?;
                set.contains(&value)
            }
            ExprKind::InList { value, list } => {
                let value = self.value(value)?;
                if let Value::Bytes(bytes) = &value {
                    self.scratch.look(bytes.len())?;
                }
                !value.is_nil() && self.program.in_list(*list, &value)
            }
            ExprKind::Contains { value, needle } => {
                let Value::Bytes(bytes) = self.value(value)? else {
                    return Ok(false);
                };
                match needle {
                    Needle::Const(id) => {
                        let searcher = self.program.searcher(*id);
                        self.scratch.steps(Searcher::steps(searcher.needle().len(), bytes.len()))?;
                        searcher.is_in(bytes)
                    }
                    Needle::Dynamic(needle) => match self.value(needle)? {
                        Value::Bytes(needle) => {
                            self.scratch.steps(Searcher::steps(needle.len(), bytes.len()))?;
                            Searcher::occurs(needle, bytes)
                        }
                        _ => false,
                    },
                }
            }
            ExprKind::Matches { value, regex } => match self.value(value)? {
                Value::Bytes(bytes) => {
                    let regex = self.program.regex(*regex);
                    self.scratch.steps(regex.steps(bytes.len()))?;
                    regex.is_match(bytes)
                }
                _ => false,
            },
            ExprKind::Wildcard { value, pattern } => match self.value(value)? {
                Value::Bytes(bytes) => {
                    let pattern = self.program.wildcard(*pattern);
                    self.scratch.steps(pattern.steps(bytes.len()))?;
                    pattern.is_match(bytes)
                }
                _ => false,
            },
            ExprKind::Not(operand) => !self.test(operand)?,
            ExprKind::Logic { op, items } => return self.logic(*op, items),
            ExprKind::Present(value) => !self.value(value)?.is_nil(),
            ExprKind::Quantifier { quantifier, each } => {
                let decisive = quantifier.decisive();
                let mut answer = !decisive;
                self.each(&each.clauses, self.is_leaf(each), &mut |machine| {
                    let decided = machine.test(&each.body)? == decisive;
                    if decided {
                        answer = decisive;
                    }
                    Ok(!decided)
                })?;
                answer
            }
            ExprKind::Const(_)
            | ExprKind::Field(_)
            | ExprKind::Local(_)
            | ExprKind::Index { .. }
            | ExprKind::Key { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Call { .. }
            | ExprKind::Element { .. }
            | ExprKind::Count(_)
            | ExprKind::Packed(_)
            | ExprKind::Intrinsic { .. }
            | ExprKind::Otherwise { .. }
            | ExprKind::Neg(_)
            | ExprKind::Arith { .. }
            | ExprKind::Collect(_) => matches!(self.value(expr)?, Value::Bool(true)),
        })
    }

    fn logic(&mut self, op: LogicOp, items: &'a [Expr]) -> Result<bool, Trap> {
        match op {
            LogicOp::And => {
                for item in items {
                    if !self.test(item)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            LogicOp::Or => {
                for item in items {
                    if self.test(item)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            LogicOp::Xor => {
                let mut odd = false;
                for item in items {
                    odd ^= self.test(item)?;
                }
                Ok(odd)
            }
        }
    }
}
