//! A loop over what other loops collect, as one loop.
//!
//! Loops that meet in one expression run in lockstep, and what is more than a walk is collected first: in
//! `any(a[*] == 1 and len(b[*])[*] > 8)` the second one is. What it would collect is computed where the element is at hand instead, so that
//! nothing is kept, and nothing computed beyond the element that decides.

use super::Rewriter;
use crate::ast::{Clause, Each, Expr, ExprKind};

impl Rewriter<'_> {
    /// Makes one loop of a loop and of those that collect what it walks.
    pub(super) fn walk_together(&mut self, each: &mut Each) {
        let [Clause::For(sources), lets @ ..] = each.clauses.as_slice() else { return };
        let Some(values) = values(lets) else { return };
        let uses = |local| values.iter().chain([&&each.body]).map(|e| e.reads(local)).sum::<usize>();
        let opens: Vec<bool> = sources.iter().map(|(local, source)| is_whole(source) && uses(*local) <= 1).collect();
        if !opens.contains(&true) {
            return;
        }
        let (mut walked, mut bound, mut computed) = (Vec::new(), Vec::new(), Vec::new());
        let mut clauses = std::mem::take(&mut each.clauses).into_iter();
        if let Some(Clause::For(sources)) = clauses.next() {
            for ((local, source), opens) in sources.into_iter().zip(opens) {
                match source.kind {
                    ExprKind::Collect(inner) if opens => {
                        let (fors, lets): (Vec<_>, Vec<_>) = inner.clauses.into_iter().partition(|c| matches!(c, Clause::For(_)));
                        walked.extend(
                            fors.into_iter().flat_map(|clause| if let Clause::For(sources) = clause { sources } else { Vec::new() }),
                        );
                        bound.extend(lets);
                        computed.push((local, inner.body));
                    }
                    kind => walked.push((local, Expr { kind, ..source })),
                }
            }
        }
        let mut lets: Vec<Clause> = clauses.collect();
        for (local, value) in &computed {
            let bound = lets.iter_mut().filter_map(|clause| if let Clause::Let(_, value) = clause { Some(value) } else { None });
            bound.chain([&mut each.body]).for_each(|e| e.put(*local, value));
        }
        each.clauses = [Clause::For(walked)].into_iter().chain(bound).chain(lets).collect();
        self.top(&mut each.body);
    }
}

/// What clauses bind, if they do nothing else.
fn values(lets: &[Clause]) -> Option<Vec<&Expr>> {
    lets.iter().map(|clause| if let Clause::Let(_, value) = clause { Some(value) } else { None }).collect()
}

/// Whether a source is what one loop collects, a value for each element, and computing one later or not at all makes no difference.
fn is_whole(source: &Expr) -> bool {
    let ExprKind::Collect(each) = &source.kind else { return false };
    let [Clause::For(_), lets @ ..] = each.clauses.as_slice() else { return false };
    let is_there = |e: &Expr| !e.nullable && !e.can_trap();
    is_there(&each.body) && values(lets).is_some_and(|values| values.into_iter().all(is_there))
}
