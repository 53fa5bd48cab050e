//! Element-wise expressions: loops that are still open.
//!
//! `x[*]` opens a loop, everything that is computed from it stays inside, and `any` or `all` closes it. Where several loops meet
//! (`a[*] == 1 or b[*] == 2`) they run in lockstep and end with the shortest. Loops with the same clauses are the same loop; loops
//! that are just one walk become one walk over several arrays; any other loop is first collected into an array.

use super::Checker;
use super::compact::{self, Renamed};
use crate::ast::{Clause, CompareOp, Const, Each, Expr, ExprKind, LocalId};
use crate::same::{Distinct, same_clauses};
use crate::types::Type;

/// What an expression comes to while it is checked.
#[derive(Clone, Debug)]
pub(crate) enum Operand {
    /// A value.
    Plain(Expr),
    /// A call whose first argument has `[*]`: the array of its results, whose own `[*]` goes on with the loop.
    Mapped(Loop),
    /// A value for each element.
    Each(Loop),
}

/// An open loop: the clauses so far and the value for each element.
#[derive(Clone, Debug)]
pub(crate) struct Loop {
    pub clauses: Vec<Clause>,
    pub elem: Expr,
    /// Whether it stands for an `Array<Bool>` where an array is wanted: the result of a comparison or of logic. Otherwise it is
    /// values that a function maps over.
    pub logical: bool,
    /// Whether it is the values of a multi-valued field, which the comparison around it closes.
    pub implicit: bool,
}

impl Loop {
    /// The sources of the loop if it is nothing but one walk.
    fn single(&self) -> Option<&Vec<(LocalId, Expr)>> {
        match self.clauses.as_slice() {
            [Clause::For(sources)] => Some(sources),
            _ => None,
        }
    }
}

impl Checker<'_> {
    /// The array of a loop's values; missing ones are left out.
    pub(super) fn collect(&mut self, each: Loop) -> Expr {
        let Loop { mut clauses, elem, .. } = each;
        let body = if elem.nullable { self.bind(&mut clauses, elem) } else { elem };
        let (ty, span) = (Type::array(body.ty.clone()), body.span);
        Expr { kind: ExprKind::Collect(Box::new(Each { clauses, body })), ty, nullable: false, span }
    }

    /// The loop over the results of a mapped call.
    pub(super) fn unmap(&mut self, mapped: Loop) -> Loop {
        let Loop { mut clauses, elem, .. } = mapped;
        let elem = if elem.nullable { self.bind(&mut clauses, elem) } else { elem };
        Loop { clauses, elem, logical: true, implicit: false }
    }

    /// Makes one loop of several: its clauses, and the value of each in it.
    pub(super) fn zip(&mut self, mut loops: Vec<Loop>) -> (Vec<Clause>, Vec<Expr>) {
        if loops.len() < 2 {
            return loops.pop().map_or_else(Default::default, |l| (l.clauses, vec![l.elem]));
        }
        let (one, others) = loops.split_at(1);
        if others.iter().all(|l| same_clauses(&self.program, &l.clauses, &one[0].clauses)) {
            let first = bound(&loops[0].clauses);
            let elems = loops.iter_mut().map(|l| {
                let renamed: Renamed = bound(&l.clauses).into_iter().zip(first.iter().copied()).collect();
                let mut elem = std::mem::replace(&mut l.elem, nothing());
                compact::rename(&mut elem, &renamed);
                elem
            });
            let elems = elems.collect();
            return (loops.swap_remove(0).clauses, elems);
        }
        // Of the single walks' sources, in order, which are the same.
        let mut distinct = Distinct::new(&self.program);
        let single = loops.iter().filter_map(Loop::single).flatten();
        let mut places = single.map(|(_, source)| distinct.place(source)).collect::<Vec<_>>().into_iter();
        let mut firsts: Vec<LocalId> = Vec::new();
        let mut merged: Vec<(LocalId, Expr)> = Vec::new();
        let mut elems = Vec::with_capacity(loops.len());
        for each in loops {
            if each.single().is_none() {
                let each = Loop { elem: self.definite(each.elem), ..each };
                let source = self.collect(each);
                let mut clauses = Vec::new();
                if let Some(elem) = self.walk(&mut clauses, source) {
                    elems.push(elem);
                }
                merged.extend(clauses.into_iter().flat_map(sources));
                continue;
            }
            let mut renamed = Renamed::default();
            for ((local, source), place) in each.clauses.into_iter().flat_map(sources).zip(&mut places) {
                match firsts.get(place) {
                    Some(first) => {
                        renamed.insert(local, *first);
                    }
                    None => {
                        firsts.push(local);
                        merged.push((local, source));
                    }
                }
            }
            let mut elem = each.elem;
            compact::rename(&mut elem, &renamed);
            elems.push(elem);
        }
        (vec![Clause::For(merged)], elems)
    }

    /// A Bool that is never nil: a missing one is false. Other values are left as they are.
    pub(super) fn definite(&self, expr: Expr) -> Expr {
        if !expr.nullable || expr.ty != Type::Bool {
            return expr;
        }
        let span = expr.span;
        let rhs = Expr { kind: ExprKind::Const(Const::Bool(true)), ty: Type::Bool, nullable: false, span };
        test(ExprKind::Compare { op: CompareOp::Eq, lhs: Box::new(expr), rhs: Box::new(rhs), on_nil: false }, span)
    }
}

/// A Bool that is never nil.
pub(super) fn test(kind: ExprKind, span: crate::ast::Span) -> Expr {
    Expr { kind, ty: Type::Bool, nullable: false, span }
}

/// What stands for an expression that was moved elsewhere.
pub(super) fn nothing() -> Expr {
    Expr { kind: ExprKind::Const(Const::Bool(false)), ty: Type::Bool, nullable: false, span: Default::default() }
}

fn sources(clause: Clause) -> Vec<(LocalId, Expr)> {
    match clause {
        Clause::For(sources) => sources,
        Clause::Let(..) => Vec::new(),
    }
}

/// The locals that clauses bind, in order.
pub(super) fn bound(clauses: &[Clause]) -> Vec<LocalId> {
    let mut all = Vec::new();
    for clause in clauses {
        match clause {
            Clause::For(sources) => all.extend(sources.iter().map(|(id, _)| *id)),
            Clause::Let(id, _) => all.push(*id),
        }
    }
    all
}
