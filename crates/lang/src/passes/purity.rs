//! What an expression may do besides having a value, and what it costs.

use crate::ast::{Const, Expr, ExprKind, Needle, Program, Set};
use crate::limits::LOOKED_AT;
use crate::types::Type;

impl Expr {
    /// Whether evaluating makes values, which take memory: calls of functions, collected loops and what packs an array do.
    pub fn makes_values(&self) -> bool {
        let mut makes = false;
        self.walk(&mut |e| makes |= matches!(e.kind, ExprKind::Call { .. } | ExprKind::Collect(_) | ExprKind::Packed(_)));
        makes
    }

    /// Whether evaluating may trap, other than for the steps it takes: by division, by an element that an array may not have, and by making
    /// values, for which there may be too little memory.
    pub fn can_trap(&self) -> bool {
        let mut traps = match &self.kind {
            ExprKind::Call { .. } | ExprKind::Collect(_) | ExprKind::Packed(_) | ExprKind::Element { .. } => true,
            ExprKind::Arith { op, rhs, .. } if op.entry().traps => match (&self.ty, &rhs.kind) {
                (_, ExprKind::Const(Const::Int(i))) => *i == 0,
                (_, ExprKind::Const(Const::U32(u))) => *u == 0,
                (ty, _) => matches!(ty, Type::Int | Type::U32),
            },
            ExprKind::Const(_)
            | ExprKind::Field(_)
            | ExprKind::Local(_)
            | ExprKind::Count(_)
            | ExprKind::Intrinsic { .. }
            | ExprKind::Otherwise { .. }
            | ExprKind::Index { .. }
            | ExprKind::Key { .. }
            | ExprKind::Slice { .. }
            | ExprKind::Neg(_)
            | ExprKind::Not(_)
            | ExprKind::Arith { .. }
            | ExprKind::Compare { .. }
            | ExprKind::In { .. }
            | ExprKind::InList { .. }
            | ExprKind::Contains { .. }
            | ExprKind::Matches { .. }
            | ExprKind::Wildcard { .. }
            | ExprKind::Logic { .. }
            | ExprKind::Present(_)
            | ExprKind::Quantifier { .. } => false,
        };
        if !traps {
            self.children(&mut |child| traps = traps || child.can_trap());
        }
        traps
    }
}

/// Whether evaluating may count steps (see [`Limits::steps`](crate::Limits::steps)).
pub(super) fn counts(program: &Program, e: &Expr) -> bool {
    let long = |e: &Expr| !matches!(&e.kind, ExprKind::Const(Const::Bytes(text)) if text.len() < LOOKED_AT);
    let own = match &e.kind {
        ExprKind::Call { .. }
        | ExprKind::Quantifier { .. }
        | ExprKind::Collect(_)
        | ExprKind::Matches { .. }
        | ExprKind::Contains { .. }
        | ExprKind::Wildcard { .. } => true,
        ExprKind::Compare { lhs, rhs, .. } => lhs.ty == Type::Bytes && long(lhs) && long(rhs),
        ExprKind::In { set, .. } => match program.sets.get(set.index()) {
            Some(Set::Bytes(members)) => members.iter().any(|m| m.len() >= LOOKED_AT),
            Some(Set::Int(_) | Set::Ip(_)) | None => false,
        },
        ExprKind::InList { value, .. } => value.ty == Type::Bytes,
        ExprKind::Key { key, .. } => long(key),
        ExprKind::Const(_)
        | ExprKind::Field(_)
        | ExprKind::Local(_)
        | ExprKind::Element { .. }
        | ExprKind::Count(_)
        | ExprKind::Packed(_)
        | ExprKind::Intrinsic { .. }
        | ExprKind::Otherwise { .. }
        | ExprKind::Index { .. }
        | ExprKind::Slice { .. }
        | ExprKind::Neg(_)
        | ExprKind::Not(_)
        | ExprKind::Arith { .. }
        | ExprKind::Logic { .. }
        | ExprKind::Present(_) => false,
    };
    let mut found = own;
    if !found {
        e.children(&mut |child| found = found || counts(program, child));
    }
    found
}

/// About how long evaluating takes, in comparisons of integers.
pub(super) fn cost(e: &Expr) -> u64 {
    let own = match &e.kind {
        ExprKind::Const(_) | ExprKind::Field(_) | ExprKind::Local(_) | ExprKind::Count(_) => 0,
        ExprKind::Packed(_) => 48,
        ExprKind::Element { .. } | ExprKind::Intrinsic { .. } => 2,
        ExprKind::Otherwise { .. } => 1,
        ExprKind::Not(_) | ExprKind::Logic { .. } => 0,
        ExprKind::Neg(_) | ExprKind::Arith { .. } | ExprKind::Slice { .. } | ExprKind::Present(_) => 1,
        ExprKind::Compare { lhs, .. } => 1 + u64::from(lhs.ty == Type::Bytes),
        ExprKind::Index { .. } => 2,
        ExprKind::In { value, .. } if value.ty == Type::Int => 3,
        ExprKind::In { .. } => 4,
        ExprKind::Key { .. } | ExprKind::InList { .. } => 5,
        ExprKind::Contains { needle: Needle::Const(_), .. } => 8,
        ExprKind::Contains { .. } => 12,
        ExprKind::Wildcard { .. } => 16,
        ExprKind::Matches { .. } => 32,
        ExprKind::Call { .. } => 48,
        ExprKind::Quantifier { .. } | ExprKind::Collect(_) => 8,
    };
    // How many elements there will be is not known; some.
    let times = if matches!(e.kind, ExprKind::Quantifier { .. } | ExprKind::Collect(_)) { 4 } else { 1 };
    let mut below = 0u64;
    e.children(&mut |child| below = below.saturating_add(cost(child)));
    below.saturating_mul(times).saturating_add(own)
}
