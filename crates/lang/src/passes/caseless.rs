//! Tests of a text's lower- or upper-case copy as tests of the text itself, in either case, for which nothing is copied.
//!
//! `lower(x) == "get"` holds where the wildcard pattern `get` matches `x`, and `lower(x) contains "get"` where `*get*` does. The literal must be
//! in the copy's case: one that is not stays as it is.

use super::{Rewriter, take, test};
use crate::ast::{Clause, CompareOp, Const, Each, Expr, ExprKind, LocalId, Needle, Wildcard, WildcardId};
use crate::stdlib;

/// The case of a copy.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Case {
    Lower,
    Upper,
}

/// A test of a copy, as a wildcard pattern of the text.
struct Caseless {
    parts: Vec<Vec<u8>>,
    /// Whether it holds where the pattern does not match.
    negated: bool,
    /// Whether the text is on the right.
    turned: bool,
}

impl Case {
    /// Whether a text of this case can be like this.
    fn has(self, text: &[u8]) -> bool {
        match self {
            Case::Lower => !text.iter().any(u8::is_ascii_uppercase),
            Case::Upper => !text.iter().any(u8::is_ascii_lowercase),
        }
    }
}

impl Rewriter<'_> {
    /// Makes of a test of a copy one of the text.
    pub(super) fn caseless(&mut self, e: &mut Expr) {
        if let Some(found) = self.caseless_of(e, &|value| self.copied(value)) {
            self.make_caseless(e, found, |rewriter, value| rewriter.original(value));
        }
    }

    /// The same for copies that a loop makes of each element and does nothing with but test them.
    pub(super) fn caseless_each(&mut self, each: &mut Each) {
        let mut at = 0;
        while at < each.clauses.len() {
            match self.bound_copy(&each.clauses[at]) {
                Some((local, case)) if self.only_tested(each, local, case) => {
                    let Clause::Let(_, value) = each.clauses.remove(at) else { return };
                    let original = self.original(value);
                    each.clauses[at..].iter_mut().for_each(|clause| match clause {
                        Clause::For(sources) => {
                            sources.iter_mut().for_each(|(_, source)| self.test_original(source, local, case, &original))
                        }
                        Clause::Let(_, value) => self.test_original(value, local, case, &original),
                    });
                    self.test_original(&mut each.body, local, case, &original);
                }
                _ => at += 1,
            }
        }
    }

    /// The local that a clause makes a copy of a text that is there, and that costs nothing to look at again.
    fn bound_copy(&self, clause: &Clause) -> Option<(LocalId, Case)> {
        let Clause::Let(local, value) = clause else { return None };
        let case = self.copied(value).filter(|_| !value.nullable)?;
        let mut original = value;
        while let (Some(_), ExprKind::Call { args, .. }) = (self.copied(original), &original.kind) {
            original = args.first()?;
        }
        matches!(original.kind, ExprKind::Local(_) | ExprKind::Field(_)).then_some((*local, case))
    }

    /// Whether a loop does nothing with a local but test it in ways that can be written otherwise.
    fn only_tested(&self, each: &Each, local: LocalId, case: Case) -> bool {
        let (mut uses, mut tests) = (0, 0);
        let mut look = |e: &Expr| {
            e.walk(&mut |e| {
                uses += usize::from(is_local(e, local));
                tests += usize::from(self.caseless_of(e, &|value| is_local(value, local).then_some(case)).is_some());
            });
        };
        for clause in &each.clauses {
            match clause {
                Clause::For(sources) => sources.iter().for_each(|(_, source)| look(source)),
                Clause::Let(_, value) => look(value),
            }
        }
        look(&each.body);
        uses == tests
    }

    /// Rewrites the tests of a local that is a copy of `original`.
    fn test_original(&mut self, e: &mut Expr, local: LocalId, case: Case, original: &Expr) {
        e.children_mut(&mut |child| self.test_original(child, local, case, original));
        if let Some(found) = self.caseless_of(e, &|value| is_local(value, local).then_some(case)) {
            self.make_caseless(e, found, |_, _| original.clone());
        }
    }

    /// What a test of a copy is as one of the text, where `case` says what is a copy.
    fn caseless_of(&self, e: &Expr, case: &dyn Fn(&Expr) -> Option<Case>) -> Option<Caseless> {
        match &e.kind {
            ExprKind::Compare { op, lhs, rhs, on_nil } => {
                let (value, text, turned) = match (&lhs.kind, &rhs.kind) {
                    (_, ExprKind::Const(Const::Bytes(text))) => (lhs, text, false),
                    (ExprKind::Const(Const::Bytes(text)), _) => (rhs, text, true),
                    _ => return None,
                };
                let negated = match op {
                    CompareOp::Eq => false,
                    CompareOp::Ne => true,
                    CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => return None,
                };
                // A pattern does not match nil.
                let same_on_nil = !value.nullable || *on_nil == negated;
                (same_on_nil && case(value)?.has(text)).then(|| Caseless { parts: vec![text.to_vec()], negated, turned })
            }
            ExprKind::Contains { value, needle: Needle::Const(id) } => {
                let needle = self.program.needles.get(id.index()).filter(|needle| !needle.is_empty())?;
                let parts = || vec![Vec::new(), needle.to_vec(), Vec::new()];
                case(value)?.has(needle).then(|| Caseless { parts: parts(), negated: false, turned: false })
            }
            ExprKind::Wildcard { value, pattern } => {
                let Wildcard { parts, strict, .. } = self.program.wildcards.get(pattern.index())?;
                let case = case(value)?;
                let same = !strict || parts.iter().all(|part| case.has(part));
                same.then(|| Caseless { parts: parts.clone(), negated: false, turned: false })
            }
            _ => None,
        }
    }

    /// Puts the test of the text in the place of that of its copy, which `original` makes the text.
    fn make_caseless(&mut self, e: &mut Expr, found: Caseless, original: impl FnOnce(&mut Self, Expr) -> Expr) {
        let span = e.span;
        let copy = match &mut e.kind {
            ExprKind::Compare { rhs, .. } if found.turned => take(rhs),
            ExprKind::Compare { lhs: value, .. } | ExprKind::Contains { value, .. } | ExprKind::Wildcard { value, .. } => take(value),
            _ => return,
        };
        let pattern = WildcardId(self.program.wildcards.len() as u32);
        self.program.wildcards.push(Wildcard { parts: found.parts, strict: false, span });
        let matches = test(ExprKind::Wildcard { value: Box::new(original(self, copy)), pattern }, span);
        *e = if found.negated { test(ExprKind::Not(Box::new(matches)), span) } else { matches };
    }

    /// The case of what the standard `lower` or `upper` makes.
    fn copied(&self, e: &Expr) -> Option<Case> {
        let ExprKind::Call { site, .. } = &e.kind else { return None };
        let function = self.program.scheme.function(self.program.sites.get(site.index())?.function);
        match function.name.as_str() {
            "lower" if *function == *stdlib::LOWER => Some(Case::Lower),
            "upper" if *function == *stdlib::UPPER => Some(Case::Upper),
            _ => None,
        }
    }

    /// What a copy, or a copy of one, is made of.
    fn original(&self, mut copy: Expr) -> Expr {
        while self.copied(&copy).is_some() {
            let ExprKind::Call { args, .. } = &mut copy.kind else { break };
            let Some(text) = args.pop() else { break };
            copy = text;
        }
        copy
    }
}

fn is_local(e: &Expr, local: LocalId) -> bool {
    matches!(e.kind, ExprKind::Local(id) if id == local)
}
