//! `and`, `or`, `xor` and `not`.

use super::{Rewriter, boolean, take, test};
use crate::ast::{CompareOp, Const, Expr, ExprKind, LogicOp, Program, Span};
use crate::effects::{Steps, cost, steps};
use crate::types::Type;

impl Rewriter<'_> {
    pub(super) fn logic(&mut self, e: &mut Expr) {
        let ExprKind::Logic { op, items } = &mut e.kind else { return };
        let (op, span) = (*op, e.span);
        let mut items = std::mem::take(items);
        if self.passes.flatten {
            items = flat(op, items);
        }
        let mut inverted = false;
        if self.passes.fold {
            items = settled(op, items, &mut inverted);
        }
        if self.passes.ranges && op == LogicOp::And || self.passes.sets && op == LogicOp::Or {
            items = self.fused(op, items);
            if self.passes.fold {
                items = settled(op, items, &mut inverted);
            }
        }
        if self.passes.order && op != LogicOp::Xor {
            order(self.program, &mut items);
        }
        *e = joined(op, items, inverted, span);
    }

    /// `not not x`, and `not` of a comparison that has an opposite.
    pub(super) fn not(&mut self, e: &mut Expr) {
        let ExprKind::Not(inner) = &mut e.kind else { return };
        match &mut inner.kind {
            ExprKind::Not(twice) => *e = take(twice),
            ExprKind::Compare { op, lhs, rhs, on_nil } => {
                let nullable = lhs.nullable || rhs.nullable;
                // Between families of addresses, and with NaN, `<` and `>=` are both false.
                let total = !matches!(lhs.ty, Type::Ip | Type::Float);
                let opposite = match op {
                    CompareOp::Eq => CompareOp::Ne,
                    CompareOp::Ne => CompareOp::Eq,
                    CompareOp::Lt if total => CompareOp::Ge,
                    CompareOp::Le if total => CompareOp::Gt,
                    CompareOp::Gt if total => CompareOp::Le,
                    CompareOp::Ge if total => CompareOp::Lt,
                    _ => return,
                };
                // The answer on nil must be the one that the language gives this operator, or the text would mean something else.
                let usual = opposite == CompareOp::Ne && self.program.scheme.nil_not_equal();
                if nullable && usual == *on_nil {
                    return;
                }
                *op = opposite;
                *on_nil = usual;
                *e = take(inner);
            }
            _ => {}
        }
    }
}

/// The operands, with those of operands that are the same operator in their place.
fn flat(op: LogicOp, items: Vec<Expr>) -> Vec<Expr> {
    if !items.iter().any(|item| matches!(item.kind, ExprKind::Logic { op: inner, .. } if inner == op)) {
        return items;
    }
    let mut out = Vec::with_capacity(items.len());
    for item in items {
        match item.kind {
            ExprKind::Logic { op: inner, items } if inner == op => out.extend(items),
            _ => out.push(item),
        }
    }
    out
}

/// The operands without the constants, which decide or change nothing. A constant that decides makes the operands before it needless
/// too, unless one might trap. Of `xor`, `true` inverts the rest.
pub(super) fn settled(op: LogicOp, items: Vec<Expr>, inverted: &mut bool) -> Vec<Expr> {
    if !items.is_empty() && !items.iter().any(|item| matches!(item.kind, ExprKind::Const(Const::Bool(_)))) {
        return items;
    }
    let mut out: Vec<Expr> = Vec::with_capacity(items.len());
    for item in items {
        let ExprKind::Const(Const::Bool(value)) = item.kind else {
            out.push(item);
            continue;
        };
        match op.decisive() {
            None => *inverted ^= value,
            Some(decisive) if value != decisive => {}
            Some(_) => {
                while out.pop_if(|last| !last.can_trap()).is_some() {}
                out.push(item);
                break;
            }
        }
    }
    if out.is_empty() && op == LogicOp::Xor {
        out.push(boolean(false, Default::default()));
    }
    out
}

/// What operands come to: one alone is all there is, none is what decides nothing.
pub(super) fn joined(op: LogicOp, mut items: Vec<Expr>, inverted: bool, span: Span) -> Expr {
    let found = match items.len() {
        0 => boolean(op.decisive() == Some(false), span),
        1 => items.swap_remove(0),
        _ => test(ExprKind::Logic { op, items }, span),
    };
    match found.kind {
        _ if !inverted => found,
        ExprKind::Const(Const::Bool(b)) => boolean(!b, span),
        _ => test(ExprKind::Not(Box::new(found)), span),
    }
}

/// Sorts each run of operands that cannot trap by cost. Those that count steps keep their order, after those that do not: none may come to
/// be evaluated where it was not.
fn order(program: &Program, items: &mut [Expr]) {
    let rank = |item: &Expr| if steps(program, item) > Steps::Never { u64::MAX } else { cost(item) };
    let mut costs: Vec<Option<u64>> = items.iter().map(|i| (!i.can_trap()).then(|| rank(i))).collect();
    let mut start = 0;
    while start < items.len() {
        let end = (start..items.len()).find(|i| costs[*i].is_none()).unwrap_or(items.len());
        if !costs[start..end].is_sorted() {
            let mut run: Vec<(Option<u64>, Expr)> = costs[start..end].iter().copied().zip(items[start..end].iter_mut().map(take)).collect();
            run.sort_by_key(|(cost, _)| *cost);
            for (i, (cost, item)) in run.into_iter().enumerate() {
                costs[start + i] = cost;
                items[start + i] = item;
            }
        }
        start = end + 1;
    }
}
