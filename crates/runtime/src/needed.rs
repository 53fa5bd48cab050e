//! Which fields a conjunction cannot do without.

use quintet_lang::FieldId;
use quintet_lang::ast::{Expr, ExprKind, LogicOp};

use crate::cost::counts_steps;
use crate::linked::Linked;

/// The fields without which the conjunction of `items` does not hold, as far as asking for all of them first, in one test, changes nothing: what
/// would have been evaluated before neither traps nor counts steps. Those of a record that are always there are not among them.
pub fn needed_fields(linked: &Linked, items: &[Expr]) -> Vec<FieldId> {
    let mut fields = Vec::new();
    all_needed(linked, items, &mut fields);
    fields
}

/// Answers whether evaluating all of the items shows in nothing but their answer.
fn all_needed(linked: &Linked, items: &[Expr], fields: &mut Vec<FieldId>) -> bool {
    items.iter().all(|item| needed(linked, item, fields))
}

fn needed(linked: &Linked, expr: &Expr, fields: &mut Vec<FieldId>) -> bool {
    let mut field = |value: &Expr| of_value(value, fields);
    match &expr.kind {
        ExprKind::Logic { op: LogicOp::And, items } => return all_needed(linked, items, fields),
        ExprKind::Compare { lhs, rhs, on_nil: false, .. } => {
            // What stands first is asked first.
            field(lhs);
            if is_simple(lhs) {
                field(rhs);
            }
        }
        ExprKind::In { value, .. }
        | ExprKind::InList { value, .. }
        | ExprKind::Contains { value, .. }
        | ExprKind::Matches { value, .. }
        | ExprKind::Wildcard { value, .. }
        | ExprKind::Present(value) => field(value),
        ExprKind::Field(_) => field(expr),
        ExprKind::Compare { on_nil: true, .. }
        | ExprKind::Logic { op: LogicOp::Or | LogicOp::Xor, .. }
        | ExprKind::Not(_)
        | ExprKind::Quantifier { .. }
        | ExprKind::Element { .. }
        | ExprKind::Count(_)
        | ExprKind::Packed(_)
        | ExprKind::Intrinsic { .. }
        | ExprKind::Otherwise { .. }
        | ExprKind::Const(_)
        | ExprKind::Local(_)
        | ExprKind::Index { .. }
        | ExprKind::Key { .. }
        | ExprKind::Slice { .. }
        | ExprKind::Call { .. }
        | ExprKind::Neg(_)
        | ExprKind::Arith { .. }
        | ExprKind::Collect(_) => {}
    }
    !expr.can_trap() && !expr.makes_values() && !counts_steps(linked, expr)
}

/// Whether evaluating a value shows in nothing but the value, or that there is none.
fn is_simple(value: &Expr) -> bool {
    match &value.kind {
        ExprKind::Field(_) | ExprKind::Const(_) => true,
        ExprKind::Neg(_) | ExprKind::Arith { .. } => {
            !value.can_trap() && !value.makes_values() && {
                let mut simple = true;
                value.children(&mut |child| simple &= is_simple(child));
                simple
            }
        }
        _ => false,
    }
}

/// The fields without which there is no value.
fn of_value(value: &Expr, fields: &mut Vec<FieldId>) {
    match &value.kind {
        ExprKind::Field(id) if value.nullable && !fields.contains(id) => fields.push(*id),
        // What it is taken from comes first.
        ExprKind::Slice { base, .. } | ExprKind::Index { base, .. } | ExprKind::Key { base, .. } => of_value(base, fields),
        ExprKind::Neg(_) | ExprKind::Arith { .. } if is_simple(value) => value.children(&mut |child| of_value(child, fields)),
        _ => {}
    }
}
