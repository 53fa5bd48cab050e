//! Cutting expressions that are too large or too deep for one Lua function.
//!
//! LuaJIT bounds the length of jumps (32,768 instructions), the depth of blocks (200), and the locals of a function (200). An expression
//! within [`Threshold::LuaFunctionNodes`] and [`Threshold::LuaFunctionDepth`] stays within all of them; of a larger one, parts become functions of their own.

use std::collections::HashSet;

use quintet_lang::Type;
use quintet_lang::ast::{Clause, Expr, ExprKind};
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
    expr.children(&mut |child| {
        let (nodes, depth) = weigh(linked, child, cuts);
        parts.push((nodes, depth, child));
    });
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

/// Whether an expression has an `and`, `or` or `xor` of more operands than one function takes.
pub(crate) fn is_wide(linked: &Linked, expr: &Expr) -> bool {
    let mut wide = false;
    expr.walk(&mut |e| wide |= matches!(&e.kind, ExprKind::Logic { items, .. } if linked.exceeds(Threshold::LuaOperands, items.len())));
    wide
}

/// The same expression with lists of more than `most` operands grouped into a tree: `and`, `or` and `xor` are associative, and the order of
/// evaluation stays.
pub(crate) fn group(expr: &mut Expr, most: usize) {
    expr.children_mut(&mut |child| group(child, most));
    let ExprKind::Logic { op, items } = &mut expr.kind else { return };
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

/// Whether evaluating an expression may trap, steps counted.
pub(crate) fn can_trap(expr: &Expr) -> bool {
    let mut loops = false;
    expr.walk(&mut |e| loops |= matches!(e.kind, ExprKind::Quantifier { .. }));
    loops || expr.can_trap()
}
