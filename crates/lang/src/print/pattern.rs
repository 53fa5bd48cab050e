//! Shapes of the AST that a shorter text stands for.

use crate::ast::{ArithOp, Clause, CompareOp, Const, Each, Expr, ExprKind, LocalId, LogicOp, Needle, Program, Quantifier};
use crate::same::same_expr;
use crate::signature::NilRule;
use crate::types::Type;

/// What a comparison is the truth of: a Bool that may be nil compared with `true`, or bits compared with 0.
pub(super) fn truth(e: &Expr) -> Option<&Expr> {
    let ExprKind::Compare { op, lhs, rhs, on_nil: false } = &e.kind else { return None };
    match (op, &rhs.kind) {
        (CompareOp::Eq, ExprKind::Const(Const::Bool(true))) if lhs.nullable && !uses_locals(lhs) => Some(lhs),
        (CompareOp::Ne, ExprKind::Const(Const::Int(0))) if is_bit_test(lhs) => Some(lhs),
        _ => None,
    }
}

fn is_bit_test(e: &Expr) -> bool {
    matches!(e.kind, ExprKind::Arith { op: ArithOp::And, .. })
}

fn uses_locals(e: &Expr) -> bool {
    let mut found = false;
    e.walk(&mut |e| found |= matches!(e.kind, ExprKind::Local(_)));
    found
}

/// Whether an array of Bool is one that can be written down, and not what a loop makes.
pub(super) fn is_whole_array(source: &Expr) -> bool {
    let bools = matches!(&source.ty, Type::Array(t) if **t == Type::Bool);
    bools && !matches!(source.kind, ExprKind::Collect(_)) && !uses_locals(source)
}

/// The value of a loop's last clause if that is a call and all there is to the body.
pub(super) fn bound_last(each: &Each) -> Option<&Expr> {
    match (each.clauses.last(), &each.body.kind) {
        (Some(Clause::Let(id, value)), ExprKind::Local(body)) if id == body && matches!(value.kind, ExprKind::Call { .. }) => Some(value),
        _ => None,
    }
}

/// Whether a loop can stand in `any` or `all` without its own `[*]`: an array of Bool, or a call that walks its arguments.
pub(super) fn is_direct(each: &Each) -> bool {
    let Some(Clause::For(sources)) = each.clauses.first() else { return false };
    let array = || match (each.clauses.as_slice(), sources.as_slice(), &each.body.kind) {
        ([_], [(id, source)], ExprKind::Local(body)) => id == body && is_whole_array(source),
        _ => false,
    };
    let call = || matches!(each.body.kind, ExprKind::Call { .. }) || bound_last(each).is_some_and(|v| v.nullable);
    array() || call()
}

/// The sources whose absence leaves nothing to walk: those of the first walk, and the multi-valued fields that a call walks besides.
pub(super) fn walked(each: &Each) -> impl Iterator<Item = &Expr> {
    let clauses = each.clauses.iter().enumerate().filter_map(|(i, clause)| match clause {
        Clause::For(sources) => Some((i, sources)),
        Clause::Let(..) => None,
    });
    let sources = clauses.flat_map(|(i, sources)| sources.iter().map(move |(_, source)| (i, source)));
    sources.filter(|(i, s)| *i == 0 || matches!(s.kind, ExprKind::Field(_))).map(|(_, source)| source)
}

/// `all` of an array that must be there: the tests that it is, and `all`.
pub(super) fn all_present<'p>(program: &Program, e: &'p Expr) -> Option<&'p Each> {
    let ExprKind::Logic { op: LogicOp::And, items } = &e.kind else { return None };
    let (last, tests) = items.split_last()?;
    let ExprKind::Quantifier { quantifier: Quantifier::All, each } = &last.kind else { return None };
    let needed: Vec<&Expr> = walked(each).filter(|s| s.nullable).collect();
    (is_direct(each) && !needed.is_empty() && are_tests_of(program, tests, &needed)).then_some(each)
}

/// The same where what must be there is bound first: the clauses that bind it, and the loop that walks it.
pub(super) fn all_bound(e: &Expr) -> Option<(&[Clause], &Each)> {
    let ExprKind::Quantifier { quantifier: Quantifier::Any, each: outer } = &e.kind else { return None };
    let ExprKind::Quantifier { quantifier: Quantifier::All, each } = &outer.body.kind else { return None };
    let Some(Clause::For(sources)) = each.clauses.first() else { return None };
    let walked = sources.iter().filter_map(|(_, s)| if let ExprKind::Local(id) = s.kind { Some(id) } else { None });
    let mut values = Vec::with_capacity(outer.clauses.len());
    for clause in &outer.clauses {
        let Clause::Let(id, value) = clause else { return None };
        values.push((*id, value));
    }
    let array = match (values.as_slice(), sources.as_slice(), &each.body.kind) {
        ([(_, value)], [(id, _)], ExprKind::Local(body)) => each.clauses.len() == 1 && id == body && is_whole_array(value),
        _ => false,
    };
    let call = matches!(each.body.kind, ExprKind::Call { .. }) || bound_last(each).is_some_and(|v| v.nullable);
    let bound = values.iter().any(|(_, v)| !matches!(v.kind, ExprKind::Field(_))) && values.iter().all(|(_, v)| v.nullable);
    let all = walked.eq(values.iter().map(|(id, _)| *id)) && sources.iter().all(|(_, s)| !s.nullable);
    (bound && all && (array || call)).then_some((&outer.clauses, each))
}

/// Whether tests are those that these values are there, in order.
fn are_tests_of(program: &Program, tests: &[Expr], values: &[&Expr]) -> bool {
    let is_test = |test: &Expr, value: &Expr| matches!(&test.kind, ExprKind::Present(inner) if same_expr(program, inner, value));
    tests.len() == values.len() && tests.iter().zip(values).all(|(test, value)| is_test(test, value))
}

/// Multi-valued fields that are there, none of whose values equals. With no field that may be missing, `not` stands alone. Around it
/// there may be a loop that binds the other operand, which then must be there too; its clauses come first.
pub(super) fn multi_not_equal<'p>(program: &Program, e: &'p Expr) -> Option<(&'p [Clause], &'p Each)> {
    let (mut last, tests) = match &e.kind {
        ExprKind::Logic { op: LogicOp::And, items } => items.split_last()?,
        _ => (e, [].as_slice()),
    };
    let mut needed: &[Clause] = &[];
    if let ExprKind::Quantifier { quantifier: Quantifier::Any, each } = &last.kind
        && !each.clauses.is_empty()
        && each.clauses.iter().all(|c| matches!(c, Clause::Let(..)))
        && !program.scheme.nil_not_equal()
    {
        (needed, last) = (&each.clauses, &each.body);
    }
    let each = none_equals(program, last)?;
    let mut fields = Vec::new();
    for clause in &each.clauses {
        if let Clause::For(sources) = clause {
            fields.extend(sources.iter().filter(|(_, s)| s.nullable).map(|(_, s)| s));
        }
    }
    are_tests_of(program, tests, &fields).then_some((needed, each))
}

/// The loop of a test that no element equals: `not any(==)`, or `all(!=)` where an element may be nil and nil is not `!=` anything.
fn none_equals<'p>(program: &Program, e: &'p Expr) -> Option<&'p Each> {
    match &e.kind {
        ExprKind::Not(inner) => match &inner.kind {
            ExprKind::Quantifier { quantifier: Quantifier::Any, each } => {
                let ExprKind::Compare { op: CompareOp::Eq, lhs, rhs, .. } = &each.body.kind else { return None };
                // Where nil is not `!=` anything, `!=` asks that its operands are there; `not ==` does not.
                let alike = program.scheme.nil_not_equal() || !(lhs.nullable || rhs.nullable);
                (alike && is_multi_test(program, each, false)).then_some(each)
            }
            _ => None,
        },
        ExprKind::Quantifier { quantifier: Quantifier::All, each } => {
            let ExprKind::Compare { op: CompareOp::Ne, lhs, rhs, .. } = &each.body.kind else { return None };
            let nullable = || [lhs, rhs].into_iter().filter(|e| e.nullable);
            let shown = !program.scheme.nil_not_equal() && nullable().count() > 0 && nullable().all(|e| uses_locals(e));
            let (bound, mut used) = (multi_values(program, each)?, Vec::new());
            let once = operands(program, lhs, &bound, &mut used) && operands(program, rhs, &bound, &mut used) && used == bound;
            (shown && once).then_some(each)
        }
        _ => None,
    }
}

/// Whether a loop is one that a test of bare multi-valued fields makes: a walk of each field, and a test that uses each of
/// their values once, in that order, as an operand.
pub(super) fn is_multi_test(program: &Program, each: &Each, truth: bool) -> bool {
    let Some(bound) = multi_values(program, each) else { return false };
    let mut used = Vec::new();
    let mut operand = |e| operands(program, e, &bound, &mut used);
    let simple = match &each.body.kind {
        ExprKind::Compare { op: CompareOp::Ne, lhs, .. } => truth && self::truth(&each.body).is_some() && is_bit_test(lhs) && operand(lhs),
        ExprKind::Compare { lhs, rhs, .. } => operand(lhs) && operand(rhs),
        ExprKind::In { value, .. }
        | ExprKind::InList { value, .. }
        | ExprKind::Matches { value, .. }
        | ExprKind::Wildcard { value, .. }
        | ExprKind::Contains { value, needle: Needle::Const(_) } => operand(value),
        ExprKind::Contains { value, needle: Needle::Dynamic(needle) } => operand(value) && operand(needle),
        ExprKind::Local(_) | ExprKind::Call { .. } if each.body.ty == Type::Bool => truth && operand(&each.body),
        _ => false,
    };
    simple && used == bound
}

/// The values that a loop walks, if it walks nothing but multi-valued fields.
fn multi_values(program: &Program, each: &Each) -> Option<Vec<LocalId>> {
    each.clauses.iter().map(|clause| multi_value(program, clause)).collect()
}

/// The value that a clause walks, if that is one of a multi-valued field.
fn multi_value(program: &Program, clause: &Clause) -> Option<LocalId> {
    match clause {
        Clause::For(sources) => match sources.as_slice() {
            [(id, Expr { kind: ExprKind::Field(field), .. })] if program.scheme.field(*field).multi => Some(*id),
            _ => None,
        },
        Clause::Let(..) => None,
    }
}

/// The slice of each value of a bare multi-valued field, of which a loop makes an array.
pub(super) fn multi_slice<'p>(program: &Program, each: &'p Each) -> Option<&'p Expr> {
    let (clauses, value) = match (each.clauses.split_last(), &each.body.kind) {
        (Some((Clause::Let(id, value), clauses)), ExprKind::Local(body)) if id == body && value.nullable => (clauses, value),
        _ => (each.clauses.as_slice(), &each.body),
    };
    let bound: Vec<LocalId> = clauses.iter().map(|clause| multi_value(program, clause)).collect::<Option<_>>()?;
    let mut used = Vec::new();
    let slice = matches!(value.kind, ExprKind::Slice { .. }) && operands(program, value, &bound, &mut used);
    (slice && !bound.is_empty() && used == bound).then_some(value)
}

/// The values of multi-valued fields that a loop walks, if they can only stand as bare fields: as a later argument of a call, inside
/// a call whose result is an argument or is sliced, or in a slice that may be nil, which a loop with `[*]` would bind.
pub(super) fn bare_values(program: &Program, each: &Each) -> Vec<LocalId> {
    let bound: Vec<LocalId> = each.clauses.iter().filter_map(|clause| multi_value(program, clause)).collect();
    let uses = |e: &Expr| {
        let mut found = false;
        e.walk(&mut |e| found |= matches!(&e.kind, ExprKind::Local(id) if bound.contains(id)));
        found
    };
    let values = || {
        each.clauses.iter().filter_map(|clause| match clause {
            Clause::Let(_, value) => Some(value),
            Clause::For(_) => None,
        })
    };
    let mut bare = false;
    let mut look = |e: &Expr| match &e.kind {
        ExprKind::Call { args, .. } => {
            if let Some((first, others)) = args.split_first() {
                bare |= others.iter().any(uses) || is_called(first) && uses(first);
            }
        }
        ExprKind::Slice { base, .. } => {
            let unbound = e.nullable && !values().any(|value| std::ptr::eq(value, e));
            bare |= (unbound || is_called(base)) && uses(base);
        }
        _ => {}
    };
    values().chain([&each.body]).for_each(|e| e.walk(&mut look));
    if bare { bound } else { Vec::new() }
}

/// Whether an expression is a call, or a slice of one.
fn is_called(e: &Expr) -> bool {
    match &e.kind {
        ExprKind::Call { .. } => true,
        ExprKind::Slice { base, .. } => is_called(base),
        _ => false,
    }
}

/// Collects the uses of `bound` in an operand; false if one stands where a bare field would mean the whole array.
fn operands(program: &Program, e: &Expr, bound: &[LocalId], used: &mut Vec<LocalId>) -> bool {
    let clean = |e: &Expr| {
        let mut clean = true;
        e.walk(&mut |e| clean &= !matches!(&e.kind, ExprKind::Local(id) if bound.contains(id)));
        clean
    };
    match &e.kind {
        ExprKind::Local(id) => {
            if bound.contains(id) {
                used.push(*id);
            }
            true
        }
        ExprKind::Neg(inner) => operands(program, inner, bound, used),
        ExprKind::Arith { lhs, rhs, .. } => operands(program, lhs, bound, used) && operands(program, rhs, bound, used),
        ExprKind::Slice { base, start, end } => {
            let each = matches!(base.kind, ExprKind::Local(_) | ExprKind::Call { .. } | ExprKind::Slice { .. });
            let base = if each { operands(program, base, bound, used) } else { clean(base) };
            base && [start, end].into_iter().flatten().all(|e| clean(e))
        }
        // A call takes each value of a bare field that is an argument, or that of another such call or of a slice.
        ExprKind::Call { site, args } => {
            let function = program.sites.get(site.0 as usize).map(|site| program.scheme.function(site.function));
            let each = function.is_some_and(|f| f.nil == NilRule::Propagates);
            let argument = |e: &Expr| match e.kind {
                ExprKind::Local(_) | ExprKind::Call { .. } | ExprKind::Slice { .. } if each => operands(program, e, bound, used),
                _ => clean(e),
            };
            args.iter().all(argument)
        }
        // A scalar function takes each value of its first operand.
        ExprKind::Intrinsic { args, .. } => {
            let Some((first, others)) = args.split_first() else { return true };
            operands(program, first, bound, used) && others.iter().all(clean)
        }
        _ => clean(e),
    }
}
