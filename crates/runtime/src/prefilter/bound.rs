//! What a rule that is not run would have taken: a rule may be left out only where it would have stayed within the limits.

use quintet_lang::ast::{Const, Expr, ExprKind};
use quintet_lang::{HARD_MEMORY_BYTES, HARD_STEPS, Limits};

use crate::cost::{LONGEST, longest_power, steps_at_most};
use crate::linked::Linked;

/// Whether an expression cannot trap other than for its steps and for memory, and what it takes of both is known from the length of a
/// record's values.
pub(super) fn is_bounded(linked: &Linked, expr: &Expr) -> bool {
    let mut bounded = true;
    expr.walk(&mut |e| {
        bounded &= match &e.kind {
            ExprKind::Call { site, .. } => linked.standard(*site).is_some(),
            // How many elements a list has is not known from the record.
            ExprKind::Count(_) => false,
            _ => !e.traps_itself(),
        };
    });
    bounded
}

/// The most bytes that the values of a record may take so that evaluating all of `exprs` is known to stay within the limits, as far as
/// powers of two go; 0 where no record is known to.
pub(super) fn longest_within(linked: &Linked, exprs: &[Expr], limits: &Limits) -> usize {
    let steps = limits.steps.min(HARD_STEPS);
    let memory = limits.memory_bytes.min(HARD_MEMORY_BYTES) as u64;
    let stays = |bytes: usize| {
        let sum = |most: &dyn Fn(&Expr) -> u64| exprs.iter().map(most).fold(0, u64::saturating_add);
        sum(&|e| steps_at_most(linked, e, bytes)) <= steps && sum(&|e| memory_at_most(linked, e, bytes)) <= memory
    };
    longest_power(stays(1 << LONGEST), LONGEST / 2, stays)
}

/// The most bytes that an expression that [`is_bounded`] charges on a record whose values take `bytes`.
fn memory_at_most(linked: &Linked, expr: &Expr, bytes: usize) -> u64 {
    let own = match &expr.kind {
        ExprKind::Call { site, args } => match linked.standard(*site) {
            // A folded text is as long as the text, which may be a constant.
            Some("lower" | "upper") => args.iter().map(longest_constant).fold(bytes as u64, u64::max),
            _ => 0,
        },
        _ => 0,
    };
    let mut below = 0u64;
    expr.children(&mut |child| below = below.saturating_add(memory_at_most(linked, child, bytes)));
    let times = if matches!(expr.kind, ExprKind::Quantifier { .. }) { (bytes as u64 / 8).max(1) } else { 1 };
    below.saturating_mul(times).saturating_add(own)
}

/// Bytes of the longest constant text in an expression.
fn longest_constant(expr: &Expr) -> u64 {
    let mut longest = 0;
    expr.walk(&mut |e| {
        if let ExprKind::Const(Const::Bytes(text)) = &e.kind {
            longest = longest.max(text.len() as u64);
        }
    });
    longest
}
