//! What rules and functions may do, and what they take.

use std::collections::BTreeSet;

use quintet_lang::HARD_CALLS;
use quintet_lang::ast::{Block, Expr, ExprKind, FnId, Function, LogicOp, Program, Rule, StmtKind};
use quintet_lang::effects::{Steps, cost, steps};
use quintet_lang::{FieldId, Presence};

use crate::arrays::call_bytes;

/// What a rule may do and costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RulePlan {
    /// Whether it is one expression, without statements before it.
    pub is_expression: bool,
    /// Whether it may trap, other than for the steps it takes.
    pub traps: bool,
    /// Whether it makes values, which take memory.
    pub makes_values: bool,
    /// How it counts steps.
    pub steps: Steps,
    /// About how long it takes, in comparisons of integers, where no operand decides early; statements are not in it.
    pub cost: u64,
    /// The fields without which the rule neither matches nor traps nor counts a step: an operand of its `and` is false then, and none before
    /// it does more than test.
    pub required: Box<[FieldId]>,
}

/// What a function of the program may do and takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FunctionPlan {
    /// Bytes of memory that a call is charged for its fixed arrays.
    pub fixed_bytes: usize,
    /// The functions that it calls.
    pub calls: Box<[FnId]>,
    /// Whether it can come to call itself.
    pub recursive: bool,
}

impl RulePlan {
    pub(super) fn new(program: &Program, rule: &Rule) -> RulePlan {
        let is_expression = rule.is_expression();
        RulePlan {
            is_expression,
            traps: !is_expression || rule.expr.can_trap(),
            makes_values: !is_expression || rule.expr.makes_values(),
            steps: if is_expression { steps(program, &rule.expr) } else { Steps::Inline },
            cost: cost(&rule.expr),
            required: if is_expression { required(program, &rule.expr) } else { Box::default() },
        }
    }
}

/// The fields of [`RulePlan::required`], in order.
fn required(program: &Program, test: &Expr) -> Box<[FieldId]> {
    let mut fields = BTreeSet::new();
    let items = match &test.kind {
        ExprKind::Logic { op: LogicOp::And, items } => items.as_slice(),
        _ => std::slice::from_ref(test),
    };
    for item in items.iter().take_while(|item| !item.can_trap()) {
        of_test(program, item, &mut fields);
        if steps(program, item) > Steps::Never {
            break;
        }
    }
    fields.into_iter().collect()
}

/// The fields without which a test is false and counts nothing.
fn of_test(program: &Program, test: &Expr, fields: &mut BTreeSet<FieldId>) {
    match &test.kind {
        ExprKind::Compare { lhs, rhs, on_nil: false, .. } => {
            of_value(program, lhs, fields);
            of_value(program, rhs, fields);
        }
        ExprKind::In { value, .. }
        | ExprKind::InList { value, .. }
        | ExprKind::Contains { value, .. }
        | ExprKind::Matches { value, .. }
        | ExprKind::Wildcard { value, .. }
        | ExprKind::Present(value) => of_value(program, value, fields),
        // A Bool that is no test is true of some records, or not without more than a field.
        ExprKind::Compare { on_nil: true, .. }
        | ExprKind::Const(_)
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
        | ExprKind::Not(_)
        | ExprKind::Arith { .. }
        | ExprKind::Logic { .. }
        | ExprKind::Quantifier { .. }
        | ExprKind::Collect(_) => {}
    }
}

/// The field without which a value is nil, where it is an optional field or a part of one.
fn of_value(program: &Program, value: &Expr, fields: &mut BTreeSet<FieldId>) {
    match &value.kind {
        ExprKind::Field(field) if program.scheme.field(*field).presence == Presence::Optional => {
            fields.insert(*field);
        }
        ExprKind::Index { base, .. } | ExprKind::Key { base, .. } | ExprKind::Slice { base, .. } => of_value(program, base, fields),
        _ => {}
    }
}

impl FunctionPlan {
    pub(super) fn all(program: &Program) -> Box<[FunctionPlan]> {
        if program.functions.is_empty() {
            return Box::default();
        }
        let calls: Vec<Box<[FnId]>> = program.functions.iter().map(|function| called(&function.body)).collect();
        let plan = |(at, function): (usize, &Function)| FunctionPlan {
            fixed_bytes: call_bytes(function),
            calls: calls[at].clone(),
            recursive: reaches(&calls, at),
        };
        program.functions.iter().enumerate().map(plan).collect()
    }
}

/// The functions that a block calls, each once, in order.
fn called(block: &Block) -> Box<[FnId]> {
    let mut found = BTreeSet::new();
    for stmt in block {
        stmt.walk(&mut |stmt| {
            if let StmtKind::Call { function, .. } = &stmt.kind {
                found.insert(*function);
            }
        });
    }
    found.into_iter().collect()
}

/// Whether a function can come to call itself.
fn reaches(calls: &[Box<[FnId]>], function: usize) -> bool {
    let mut seen = vec![false; calls.len()];
    let mut open = vec![function];
    while let Some(at) = open.pop() {
        for callee in calls.get(at).into_iter().flatten().map(|id| id.index()) {
            if callee == function {
                return true;
            }
            if let Some(seen @ false) = seen.get_mut(callee) {
                *seen = true;
                open.push(callee);
            }
        }
    }
    false
}

/// The most bytes of native stack that calls of functions inside one another take together, where each takes as many as its frame says and
/// no more than [`HARD_CALLS`] go on; and the function whose frame is largest.
pub(super) fn deepest(functions: &[FunctionPlan], frames: &[u64]) -> Option<(u64, FnId)> {
    // What a call takes with those inside it, of which there may be one more each time.
    let mut taken = vec![0u64; frames.len()];
    for _ in 0..HARD_CALLS {
        let inside = |calls: &[FnId]| calls.iter().filter_map(|id| taken.get(id.index())).max().copied().unwrap_or(0);
        let next: Vec<u64> = frames.iter().zip(functions).map(|(frame, function)| frame + inside(&function.calls)).collect();
        if next == taken {
            break;
        }
        taken = next;
    }
    let (widest, _) = frames.iter().enumerate().max_by_key(|(_, frame)| **frame)?;
    Some((taken.into_iter().max()?, FnId(widest as u32)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(calls: &[&[u32]]) -> Vec<FunctionPlan> {
        let plan = |calls: &&[u32]| FunctionPlan { fixed_bytes: 0, calls: calls.iter().map(|id| FnId(*id)).collect(), recursive: false };
        calls.iter().map(plan).collect()
    }

    #[test]
    fn what_calls_itself_counts_as_often_as_it_may() {
        let most = HARD_CALLS as u64;
        assert_eq!(deepest(&[], &[]), None);
        assert_eq!(deepest(&functions(&[&[1], &[]]), &[100, 50]), Some((150, FnId(0))));
        assert_eq!(deepest(&functions(&[&[0]]), &[16]), Some((16 * most, FnId(0))));
        // The second and third call each other; the first only calls them.
        let (taken, widest) = deepest(&functions(&[&[1], &[2], &[1]]), &[1000, 48, 64]).unwrap();
        assert_eq!((taken, widest), (1000 + (48 + 64) * (most / 2) - 64, FnId(0)));
    }

    #[test]
    fn a_function_is_recursive_where_it_comes_back() {
        let calls: Vec<Box<[FnId]>> = [&[FnId(1)][..], &[FnId(2)], &[FnId(1)], &[]].iter().map(|ids| (*ids).into()).collect();
        assert_eq!([0, 1, 2, 3].map(|at| reaches(&calls, at)), [false, true, true, false]);
    }
}
