//! Evaluating expressions: `test` answers Bools that are never nil, `value` (in `value.rs`) everything.

use quintet_lang::ast::{Expr, ExprKind, Frame, LogicOp, Needle, Rule, Span};
use quintet_runtime::{Linked, Memory, RecordRef, Scratch, Searcher, Trap, Value, compare_steps};

use crate::compile::Leaves;
use crate::stmt::Calls;

/// One evaluation of one rule on one record.
pub(crate) struct Machine<'a> {
    pub(crate) program: &'a Linked,
    pub(crate) leaves: &'a Leaves,
    pub(crate) memory: Memory<'a>,
    /// Bytes from the memory's start to the record.
    pub(crate) record: usize,
    pub(crate) scratch: &'a Scratch,
    /// The locals, then a stack of call arguments and loop sources.
    pub(crate) slots: &'a mut [Value<'a>],
    /// The first slot that is free.
    pub(crate) top: usize,
    /// The frame whose locals the first slots are.
    pub(crate) frame: &'a Frame,
    /// The room of each rule, then of each function.
    pub(crate) rooms: &'a [usize],
    /// Calls that may go on inside one another.
    pub(crate) most_calls: usize,
    pub(crate) calls: Calls<'a>,
    /// Where it trapped, if that was in a statement.
    pub(crate) fault: Option<Span>,
}

impl<'a> Machine<'a> {
    /// A machine for a rule, with the slots that it needs.
    #[inline]
    pub(crate) fn new(
        program: &'a Linked,
        (leaves, rooms): (&'a Leaves, &'a [usize]),
        record: RecordRef<'a>,
        scratch: &'a Scratch,
        (rule, most_calls): (usize, usize),
    ) -> Machine<'a> {
        let (frame, room) = (&program.program().rules[rule].frame, rooms[rule]);
        let slots = if room == 0 { Default::default() } else { scratch.locals(room) };
        let (memory, record, top, calls) = (record.memory(), record.offset(), frame.locals.len(), Calls::default());
        Machine { program, leaves, memory, record, scratch, slots, top, frame, rooms, most_calls, calls, fault: None }
    }

    /// Whether the rule matches; else what trapped, and where.
    #[inline]
    pub(crate) fn rule(&mut self, rule: &'a Rule) -> Result<bool, (Trap, Span)> {
        self.answer(rule).map_err(|trap| (trap, self.fault.unwrap_or(rule.expr.span)))
    }

    #[inline]
    fn answer(&mut self, rule: &'a Rule) -> Result<bool, Trap> {
        if !rule.is_expression() {
            self.begin_rule(&rule.frame)?;
            self.block(&rule.before)?;
        }
        self.test(&rule.expr)
    }

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
