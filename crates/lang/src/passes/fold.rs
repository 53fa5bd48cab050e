//! What depends on constants alone.

use std::cmp::Ordering;

use super::{logic, take, test};
use crate::ast::{Clause, CompareOp, Const, Each, Expr, ExprKind, Needle, Program, Quantifier, Set};
use crate::intrinsic::Scalar;

/// The most work that a search in a constant is worth.
const SEARCH: usize = 1 << 20;

fn constant(e: &Expr) -> Option<&Const> {
    match &e.kind {
        ExprKind::Const(c) => Some(c),
        _ => None,
    }
}

/// The constant that an expression comes to, if it does.
pub(crate) fn value(program: &Program, mut e: Expr) -> Option<Const> {
    settle(program, &mut e);
    match e.kind {
        ExprKind::Const(value) => Some(value),
        _ => None,
    }
}

/// Folds an expression from the leaves up.
fn settle(program: &Program, e: &mut Expr) {
    e.children_mut(&mut |child| settle(program, child));
    let span = e.span;
    if let ExprKind::Logic { op, items } = &mut e.kind {
        let mut inverted = false;
        let items = logic::settled(*op, std::mem::take(items), &mut inverted);
        *e = logic::joined(*op, items, inverted, span);
    }
    fold(program, e);
}

/// Replaces an expression whose value is known by that value. Its children are folded already.
pub(super) fn fold(program: &Program, e: &mut Expr) {
    let span = e.span;
    let known = match &mut e.kind {
        ExprKind::Neg(inner) => match constant(inner) {
            Some(Const::Int(i)) => Some(Const::Int(i.wrapping_neg())),
            Some(Const::U32(u)) => Some(Const::U32(u.wrapping_neg())),
            Some(Const::Float(f)) => Some(Const::Float(-f)),
            _ => None,
        },
        ExprKind::Not(inner) => match constant(inner) {
            Some(Const::Bool(b)) => Some(Const::Bool(!b)),
            _ => None,
        },
        ExprKind::Arith { op, lhs, rhs } => match (constant(lhs), constant(rhs)) {
            (Some(Const::Int(a)), Some(Const::Int(b))) => op.int(*a, *b).map(Const::Int),
            (Some(Const::U32(a)), Some(Const::U32(b))) => op.u32(*a, *b).map(Const::U32),
            // No literal stands for what is not finite; the sign of a NaN besides is the machine's to choose.
            (Some(Const::Float(a)), Some(Const::Float(b))) => op.float(*a, *b).filter(|f| f.is_finite()).map(Const::Float),
            _ => None,
        },
        ExprKind::Compare { op, lhs, rhs, .. } => match (constant(lhs), constant(rhs)) {
            (Some(a), Some(b)) => Some(Const::Bool(op.holds(order(a, b)))),
            (None, Some(Const::Bool(b))) if !lhs.nullable && matches!(op, CompareOp::Eq | CompareOp::Ne) => {
                let same = *b == (*op == CompareOp::Eq);
                let value = take(lhs);
                *e = if same { value } else { test(ExprKind::Not(Box::new(value)), span) };
                return;
            }
            _ => None,
        },
        ExprKind::In { value, set } => match (constant(value), program.sets.get(set.index())) {
            (Some(c), Some(set)) => holds(set, c).map(Const::Bool),
            (None, Some(set)) if is_empty(set) && !value.can_trap() => Some(Const::Bool(false)),
            _ => None,
        },
        ExprKind::Contains { value, needle: Needle::Const(id) } => match (constant(value), program.needles.get(id.index())) {
            (Some(Const::Bytes(text)), Some(needle)) => occurs(text, needle).map(Const::Bool),
            (None, Some(needle)) if needle.is_empty() && !value.nullable && !value.can_trap() => Some(Const::Bool(true)),
            _ => None,
        },
        ExprKind::Intrinsic { op, args } => args.iter().map(|arg| constant(arg).and_then(scalar)).collect::<Option<Vec<_>>>().and_then(
            // One that comes to nil stays as it is: there is no constant for it.
            |args| {
                op.eval(&args).and_then(|value| match value {
                    Scalar::Bool(b) => Some(Const::Bool(b)),
                    Scalar::Int(i) => Some(Const::Int(i)),
                    Scalar::U32(u) => Some(Const::U32(u)),
                    Scalar::Float(f) => f.is_finite().then_some(Const::Float(f)),
                    Scalar::Bytes(_) => None,
                })
            },
        ),
        ExprKind::Otherwise { value, .. } if !value.nullable => {
            let value = take(value);
            *e = value;
            return;
        }
        ExprKind::Present(inner) if !inner.nullable && !inner.can_trap() => Some(Const::Bool(true)),
        ExprKind::Quantifier { quantifier, each } => {
            let decided = *quantifier == Quantifier::All;
            let idle = matches!(&each.body.kind, ExprKind::Const(Const::Bool(b)) if *b == decided);
            (idle && !clauses_trap(each)).then_some(Const::Bool(decided))
        }
        _ => None,
    };
    if let Some(known) = known {
        *e = Expr { ty: known.ty(), kind: ExprKind::Const(known), nullable: false, span };
    }
}

fn clauses_trap(each: &Each) -> bool {
    each.clauses.iter().any(|clause| match clause {
        Clause::For(sources) => sources.iter().any(|(_, s)| s.can_trap()),
        Clause::Let(_, value) => value.can_trap(),
    })
}

/// A constant as an operand of an intrinsic.
fn scalar(c: &Const) -> Option<Scalar<'_>> {
    Some(match c {
        Const::Bool(b) => Scalar::Bool(*b),
        Const::Int(i) => Scalar::Int(*i),
        Const::U32(u) => Scalar::U32(*u),
        Const::Float(f) => Scalar::Float(*f),
        Const::Bytes(text) => Scalar::Bytes(text),
        Const::Ip(_) => return None,
    })
}

fn order(a: &Const, b: &Const) -> Option<Ordering> {
    match (a, b) {
        (Const::Bool(a), Const::Bool(b)) => Some(a.cmp(b)),
        (Const::Int(a), Const::Int(b)) => Some(a.cmp(b)),
        (Const::U32(a), Const::U32(b)) => Some(a.cmp(b)),
        (Const::Float(a), Const::Float(b)) => a.partial_cmp(b),
        (Const::Bytes(a), Const::Bytes(b)) => Some(a.cmp(b)),
        (Const::Ip(a), Const::Ip(b)) if a.is_ipv4() == b.is_ipv4() => Some(a.cmp(b)),
        _ => None,
    }
}

fn holds(set: &Set, value: &Const) -> Option<bool> {
    match (set, value) {
        (Set::Int(all), Const::Int(i)) => Some(all.iter().any(|(a, b)| a <= i && i <= b)),
        (Set::Ip(all), Const::Ip(ip)) => Some(all.iter().any(|(a, b)| a.is_ipv4() == ip.is_ipv4() && a <= ip && ip <= b)),
        (Set::Bytes(all), Const::Bytes(text)) => Some(all.contains(text)),
        _ => None,
    }
}

fn is_empty(set: &Set) -> bool {
    match set {
        Set::Int(all) => all.is_empty(),
        Set::Ip(all) => all.is_empty(),
        Set::Bytes(all) => all.is_empty(),
    }
}

fn occurs(text: &[u8], needle: &[u8]) -> Option<bool> {
    if needle.is_empty() {
        return Some(true);
    }
    (text.len().saturating_mul(needle.len()) <= SEARCH).then(|| text.windows(needle.len()).any(|w| w == needle))
}
