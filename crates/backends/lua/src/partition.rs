//! Cutting expressions that are too large or too deep for one Lua function.
//!
//! LuaJIT bounds the length of jumps (32,768 instructions), the depth of blocks (200), and the locals of a function (200). An expression
//! within [`Threshold::LuaFunctionNodes`] and [`Threshold::LuaFunctionDepth`] stays within all of them; of a larger one, parts become functions of their own.

use std::collections::HashSet;

use quintet_lang::Type;
use quintet_lang::ast::{ArithOp, Clause, Const, Each, Expr, ExprKind, Needle};

use quintet_runtime::{Linked, Threshold};

/// How a rule is cut.
#[derive(Default)]
pub(crate) struct Cuts {
    /// The expressions that become functions of their own, by address.
    parts: HashSet<*const Expr>,
    /// Whether anything at all becomes a function of its own.
    pub(crate) in_parts: bool,
}

impl Cuts {
    /// How expressions are cut, each on its own. A function that has one of them has its locals where its parts see them.
    pub(crate) fn new<'e>(linked: &Linked, roots: impl IntoIterator<Item = &'e Expr>) -> Cuts {
        let mut cuts = Cuts::default();
        for root in roots {
            weigh(linked, root, &mut cuts);
        }
        cuts.in_parts |= !cuts.parts.is_empty();
        cuts
    }

    /// Whether an expression becomes a function of its own.
    pub(crate) fn holds(&self, expr: &Expr) -> bool {
        self.in_parts && self.parts.contains(&(expr as *const Expr))
    }
}

/// Nodes and depth of what remains of an expression after cutting.
fn weigh(linked: &Linked, expr: &Expr, cuts: &mut Cuts) -> (usize, usize) {
    let mut parts: Vec<(usize, usize, &Expr)> = Vec::new();
    for child in children(expr) {
        let (nodes, depth) = weigh(linked, child, cuts);
        parts.push((nodes, depth, child));
    }
    let own = 1 + parts.len() + if matches!(expr.kind, ExprKind::In { .. }) { 6 } else { 0 };
    let mut total = own + parts.iter().map(|p| p.0).sum::<usize>();
    let mut deepest = 0;
    cuts.in_parts |= match &expr.kind {
        ExprKind::Call { args, .. } => linked.exceeds(Threshold::LuaArguments, args.len()),
        ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => each
            .clauses
            .iter()
            .any(|clause| matches!(clause, Clause::For(sources) if linked.exceeds(Threshold::LuaLoopSources, sources.len()))),
        _ => false,
    };
    parts.sort_by_key(|p| std::cmp::Reverse(p.0));
    for (nodes, depth, child) in parts {
        let (large, deep) = (linked.exceeds(Threshold::LuaFunctionNodes, total), linked.exceeds(Threshold::LuaFunctionDepth, depth + 1));
        if (large && nodes > 3) || deep {
            cuts.parts.insert(child);
            total = total - nodes + 2;
            deepest = deepest.max(1);
        } else {
            deepest = deepest.max(depth);
        }
    }
    (total, deepest + 1)
}

/// The expressions directly below one, in order of evaluation.
pub(crate) fn children(expr: &Expr) -> Vec<&Expr> {
    match &expr.kind {
        ExprKind::Const(_) | ExprKind::Field(_) | ExprKind::Local(_) | ExprKind::Count(_) | ExprKind::Packed(_) => vec![],
        ExprKind::Element { index, .. } => vec![index],
        ExprKind::Intrinsic { args, .. } => args.iter().collect(),
        ExprKind::Otherwise { value: base, default: other }
        | ExprKind::Index { base, index: other }
        | ExprKind::Key { base, key: other } => vec![base, other],
        ExprKind::Slice { base, start, end } => [Some(base), start.as_ref(), end.as_ref()].into_iter().flatten().map(|e| &**e).collect(),
        ExprKind::Call { args, .. } => args.iter().collect(),
        ExprKind::Neg(e) | ExprKind::Not(e) | ExprKind::Present(e) => vec![e],
        ExprKind::Arith { lhs, rhs, .. } | ExprKind::Compare { lhs, rhs, .. } => vec![lhs, rhs],
        ExprKind::In { value, .. }
        | ExprKind::InList { value, .. }
        | ExprKind::Matches { value, .. }
        | ExprKind::Wildcard { value, .. }
        | ExprKind::Contains { value, needle: Needle::Const(_) } => vec![value],
        ExprKind::Contains { value, needle: Needle::Dynamic(needle) } => vec![value, needle],
        ExprKind::Logic { items, .. } => items.iter().collect(),
        ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => parts_of(each),
    }
}

fn parts_of(each: &Each) -> Vec<&Expr> {
    let mut parts = Vec::new();
    for clause in &each.clauses {
        match clause {
            Clause::For(sources) => parts.extend(sources.iter().map(|(_, s)| s)),
            Clause::Let(_, value) => parts.push(value),
        }
    }
    parts.push(&each.body);
    parts
}

/// Whether an expression has an `and`, `or` or `xor` of more operands than one function takes.
pub(crate) fn is_wide(linked: &Linked, expr: &Expr) -> bool {
    let mut wide = false;
    expr.walk(&mut |e| wide |= matches!(&e.kind, ExprKind::Logic { items, .. } if linked.exceeds(Threshold::LuaOperands, items.len())));
    wide
}

/// The same expression with lists of more than `most` operands grouped into a tree: `and`, `or` and `xor` are associative, and the order of
/// evaluation stays.
pub(crate) fn group(expr: &mut Expr, most: usize) {
    match &mut expr.kind {
        ExprKind::Const(_) | ExprKind::Field(_) | ExprKind::Local(_) | ExprKind::Count(_) | ExprKind::Packed(_) => {}
        ExprKind::Element { index, .. } => group(index, most),
        ExprKind::Intrinsic { args, .. } => args.iter_mut().for_each(|e| group(e, most)),
        ExprKind::Otherwise { value: base, default: other }
        | ExprKind::Index { base, index: other }
        | ExprKind::Key { base, key: other } => {
            group(base, most);
            group(other, most);
        }
        ExprKind::Slice { base, start, end } => {
            group(base, most);
            [start, end].into_iter().flatten().for_each(|e| group(e, most));
        }
        ExprKind::Call { args, .. } => args.iter_mut().for_each(|e| group(e, most)),
        ExprKind::Neg(e) | ExprKind::Not(e) | ExprKind::Present(e) => group(e, most),
        ExprKind::Arith { lhs, rhs, .. } | ExprKind::Compare { lhs, rhs, .. } => {
            group(lhs, most);
            group(rhs, most);
        }
        ExprKind::In { value, .. }
        | ExprKind::InList { value, .. }
        | ExprKind::Matches { value, .. }
        | ExprKind::Wildcard { value, .. }
        | ExprKind::Contains { value, needle: Needle::Const(_) } => group(value, most),
        ExprKind::Contains { value, needle: Needle::Dynamic(needle) } => {
            group(value, most);
            group(needle, most);
        }
        ExprKind::Quantifier { each, .. } | ExprKind::Collect(each) => {
            for clause in &mut each.clauses {
                match clause {
                    Clause::For(sources) => sources.iter_mut().for_each(|(_, s)| group(s, most)),
                    Clause::Let(_, value) => group(value, most),
                }
            }
            group(&mut each.body, most);
        }
        ExprKind::Logic { op, items } => {
            items.iter_mut().for_each(|e| group(e, most));
            while items.len() > most {
                let mut rest = std::mem::take(items).into_iter().peekable();
                while rest.peek().is_some() {
                    let mut part: Vec<Expr> = rest.by_ref().take(most).collect();
                    items.push(match part.pop() {
                        Some(only) if part.is_empty() => only,
                        Some(last) => {
                            let span = part[0].span.to(last.span);
                            part.push(last);
                            Expr { kind: ExprKind::Logic { op: *op, items: part }, ty: Type::Bool, nullable: false, span }
                        }
                        None => break,
                    });
                }
            }
        }
    }
}

/// Whether evaluating an expression can trap.
pub(crate) fn can_trap(expr: &Expr) -> bool {
    let mut found = needs_reset(expr);
    expr.walk(&mut |e| {
        found |= matches!(e.kind, ExprKind::Quantifier { .. } | ExprKind::Element { .. });
        if let ExprKind::Arith { op: ArithOp::Div | ArithOp::Rem, rhs, .. } = &e.kind {
            found |= match rhs.kind {
                ExprKind::Const(Const::Int(i)) => i == 0,
                ExprKind::Const(Const::U32(u)) => u == 0,
                _ => e.ty != Type::Float,
            };
        }
    });
    found
}

/// Whether evaluating an expression makes values in scratch memory.
pub(crate) fn needs_reset(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |e| found |= matches!(e.kind, ExprKind::Call { .. } | ExprKind::Collect(_) | ExprKind::Packed(_)));
    found
}
