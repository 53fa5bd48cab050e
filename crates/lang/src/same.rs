//! Whether expressions compute the same, whatever their locals are called and wherever they stand in the source.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use foldhash::fast::{FoldHasher, RandomState};

use crate::ast::{Clause, Const, Each, Expr, ExprKind, ListId, LocalId, Needle, Place, Program, RegexId, SiteId, WildcardId};

/// Whether two expressions compute the same.
pub(crate) fn same_expr(program: &Program, a: &Expr, b: &Expr) -> bool {
    Same { program, bound: Vec::new() }.expr(a, b)
}

/// The same for the clauses of two loops.
pub(crate) fn same_clauses(program: &Program, a: &[Clause], b: &[Clause]) -> bool {
    Same { program, bound: Vec::new() }.clauses(a, b)
}

/// Expressions that are unlike each other, each with a place of its own, from 0.
pub(crate) struct Distinct<'e> {
    program: &'e Program,
    hasher: RandomState,
    /// By place.
    known: Vec<&'e Expr>,
    /// The places of each hash; only once there are more than a few.
    places: HashMap<u64, Vec<usize>, RandomState>,
}

/// So many are looked through one by one.
const FEW: usize = 8;

impl<'e> Distinct<'e> {
    pub(crate) fn new(program: &'e Program) -> Distinct<'e> {
        let hasher = RandomState::default();
        Distinct { program, hasher, known: Vec::new(), places: Default::default() }
    }

    /// The place of the first expression that is like this one; this one's own where there is none.
    pub(crate) fn place(&mut self, e: &'e Expr) -> usize {
        let alike = |place: &usize| same_expr(self.program, self.known[*place], e);
        let found = match self.known.len() <= FEW {
            true => (0..self.known.len()).find(alike),
            false => self.places.get(&self.hash(e)).and_then(|places| places.iter().copied().find(alike)),
        };
        found.unwrap_or_else(|| {
            let place = self.known.len();
            self.known.push(e);
            // The first of more than a few brings the others along.
            let behind = if place == FEW { 0 } else { place };
            if place >= FEW {
                (behind..=place).for_each(|place| self.places.entry(self.hash(self.known[place])).or_default().push(place));
            }
            place
        })
    }

    fn hash(&self, e: &Expr) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        hash(e, &mut hasher);
        hasher.finish()
    }
}

/// What equal expressions have in common: their kinds, and what they name of their own.
fn hash(e: &Expr, into: &mut FoldHasher<'_>) {
    std::mem::discriminant(&e.kind).hash(into);
    match &e.kind {
        ExprKind::Field(id) => id.hash(into),
        ExprKind::Const(Const::Bytes(text)) => text.hash(into),
        ExprKind::Const(Const::Int(i)) => i.hash(into),
        ExprKind::Const(Const::U32(u)) => u.hash(into),
        ExprKind::Const(Const::Float(f)) => f.to_bits().hash(into),
        ExprKind::Const(Const::Ip(ip)) => ip.hash(into),
        _ => {}
    }
    e.children(&mut |child| hash(child, into));
}

struct Same<'p> {
    program: &'p Program,
    /// Locals that loops in the expressions bind, of the one and of the other.
    bound: Vec<(LocalId, LocalId)>,
}

impl Same<'_> {
    fn local(&self, a: LocalId, b: LocalId) -> bool {
        match self.bound.iter().rev().find(|(x, y)| *x == a || *y == b) {
            Some(both) => *both == (a, b),
            None => a == b,
        }
    }

    fn place(&self, a: Place, b: Place) -> bool {
        match (a, b) {
            (Place::Local(a), Place::Local(b)) => self.local(a, b),
            (Place::Table(a), Place::Table(b)) => a == b,
            (Place::Local(_), Place::Table(_)) | (Place::Table(_), Place::Local(_)) => false,
        }
    }

    fn all<'e>(&mut self, a: impl IntoIterator<Item = &'e Expr>, b: impl IntoIterator<Item = &'e Expr>) -> bool {
        let (mut a, mut b) = (a.into_iter(), b.into_iter());
        loop {
            match (a.next(), b.next()) {
                (Some(a), Some(b)) if self.expr(a, b) => {}
                (None, None) => return true,
                _ => return false,
            }
        }
    }

    fn expr(&mut self, a: &Expr, b: &Expr) -> bool {
        use ExprKind as K;
        let program = self.program;
        if a.ty != b.ty || a.nullable != b.nullable {
            return false;
        }
        match (&a.kind, &b.kind) {
            (K::Const(a), K::Const(b)) => same_const(a, b),
            (K::Field(a), K::Field(b)) => a == b,
            (K::Local(a), K::Local(b)) => self.local(*a, *b),
            (K::Count(a), K::Count(b)) | (K::Packed(a), K::Packed(b)) => self.place(*a, *b),
            (K::Element { array: a, index: i }, K::Element { array: b, index: j }) => self.place(*a, *b) && self.expr(i, j),
            (K::Index { base: a, index: i }, K::Index { base: b, index: j })
            | (K::Key { base: a, key: i }, K::Key { base: b, key: j })
            | (K::Otherwise { value: a, default: i }, K::Otherwise { value: b, default: j }) => self.expr(a, b) && self.expr(i, j),
            (K::Slice { base: a, start: s, end: e }, K::Slice { base: b, start: t, end: f }) => {
                let both = |x: &Option<Box<Expr>>, y: &Option<Box<Expr>>| x.is_some() == y.is_some();
                both(s, t) && both(e, f) && self.expr(a, b) && self.all(s.as_deref(), t.as_deref()) && self.all(e.as_deref(), f.as_deref())
            }
            (K::Call { site: s, args: a }, K::Call { site: t, args: b }) => {
                let function = |site: SiteId| program.sites.get(site.index()).map(|site| site.function);
                function(*s) == function(*t) && self.all(a, b)
            }
            (K::Intrinsic { op: s, args: a }, K::Intrinsic { op: t, args: b }) => s == t && self.all(a, b),
            (K::Neg(a), K::Neg(b)) | (K::Not(a), K::Not(b)) | (K::Present(a), K::Present(b)) => self.expr(a, b),
            (K::Arith { op: s, lhs: a, rhs: i }, K::Arith { op: t, lhs: b, rhs: j }) => s == t && self.expr(a, b) && self.expr(i, j),
            (K::Compare { op: s, lhs: a, rhs: i, on_nil: m }, K::Compare { op: t, lhs: b, rhs: j, on_nil: n }) => {
                s == t && m == n && self.expr(a, b) && self.expr(i, j)
            }
            (K::In { value: a, set: s }, K::In { value: b, set: t }) => {
                let table = &program.sets;
                (s == t || table.get(s.index()) == table.get(t.index())) && self.expr(a, b)
            }
            (K::InList { value: a, list: s }, K::InList { value: b, list: t }) => {
                let name = |id: &ListId| program.lists.get(id.index()).map(|list| &list.name);
                name(s) == name(t) && self.expr(a, b)
            }
            (K::Contains { value: a, needle: s }, K::Contains { value: b, needle: t }) => {
                let needles = match (s, t) {
                    (Needle::Const(s), Needle::Const(t)) => program.needles.get(s.index()) == program.needles.get(t.index()),
                    (Needle::Dynamic(s), Needle::Dynamic(t)) => self.expr(s, t),
                    (Needle::Const(_), Needle::Dynamic(_)) | (Needle::Dynamic(_), Needle::Const(_)) => false,
                };
                needles && self.expr(a, b)
            }
            (K::Matches { value: a, regex: s }, K::Matches { value: b, regex: t }) => {
                let pattern = |id: &RegexId| program.regexes.get(id.index()).map(|regex| &regex.pattern);
                pattern(s) == pattern(t) && self.expr(a, b)
            }
            (K::Wildcard { value: a, pattern: s }, K::Wildcard { value: b, pattern: t }) => {
                let parts = |id: &WildcardId| program.wildcards.get(id.index()).map(|w| (w.strict, &w.parts));
                parts(s) == parts(t) && self.expr(a, b)
            }
            (K::Logic { op: s, items: a }, K::Logic { op: t, items: b }) => s == t && self.all(a, b),
            (K::Quantifier { quantifier: s, each: a }, K::Quantifier { quantifier: t, each: b }) => s == t && self.each(a, b),
            (K::Collect(a), K::Collect(b)) => self.each(a, b),
            // Of different kinds.
            _ => false,
        }
    }

    fn each(&mut self, a: &Each, b: &Each) -> bool {
        let outer = self.bound.len();
        let same = self.clauses(&a.clauses, &b.clauses) && self.expr(&a.body, &b.body);
        self.bound.truncate(outer);
        same
    }

    fn clauses(&mut self, a: &[Clause], b: &[Clause]) -> bool {
        a.len() == b.len()
            && a.iter().zip(b).all(|both| match both {
                (Clause::For(a), Clause::For(b)) => {
                    let same = a.len() == b.len() && a.iter().zip(b).all(|((_, a), (_, b))| self.expr(a, b));
                    self.bound.extend(a.iter().zip(b).map(|((a, _), (b, _))| (*a, *b)));
                    same
                }
                (Clause::Let(a, value), Clause::Let(b, other)) => {
                    let same = self.expr(value, other);
                    self.bound.push((*a, *b));
                    same
                }
                (Clause::For(_), Clause::Let(..)) | (Clause::Let(..), Clause::For(_)) => false,
            })
    }
}

/// Zeros of both signs are not the same, and a NaN is.
fn same_const(a: &Const, b: &Const) -> bool {
    match (a, b) {
        (Const::Float(a), Const::Float(b)) => a.to_bits() == b.to_bits(),
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Limits, Scheme, Type};

    fn program(text: &str) -> Program {
        let scheme = Scheme::builder()
            .mandatory("x", Type::Int)
            .mandatory("f", Type::Float)
            .optional("h", Type::Bytes)
            .mandatory("a", Type::array(Type::Int))
            .mandatory("b", Type::array(Type::Bytes))
            .functions(crate::stdlib::signatures())
            .build()
            .unwrap();
        crate::compile(text, &scheme, &Limits::default()).unwrap()
    }

    /// The operands of the text's `or`.
    fn items(program: &Program) -> &[Expr] {
        match &program.rules[0].expr.kind {
            ExprKind::Logic { items, .. } => items,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_written_alike_is_the_same_and_nothing_else() {
        let texts = [
            "x == 1",
            "x == 2",
            "x != 1",
            "x in {1 2}",
            "x in {1 3}",
            "h contains \"a\"",
            "h contains \"b\"",
            "h contains h",
            "h ~ \"a\"",
            "h ~ \"b\"",
            "h wildcard \"a*\"",
            "h strict wildcard \"a*\"",
            "lower(h) == \"a\"",
            "upper(h) == \"a\"",
            "h[0:1] == \"a\"",
            "h[1:] == \"a\"",
            "h[:1] == \"a\"",
            "f == 0.0",
            "f == -0.0",
            "any(a[*] == 1)",
            "any(a[*] == 2)",
            "all(a[*] == 1)",
            "any(b[*] == \"x\")",
            "any(lower(b[*])[*] == \"x\")",
            "a[0] == 1",
            "a[x] == 1",
            "not x == 1",
            "x + 1 == 1",
            "x - 1 == 1",
            "-x == 1",
            "(x == 1 and x == 2)",
            "(x == 1 xor x == 2)",
        ];
        let both: Vec<&str> = texts.iter().chain(&texts).copied().collect();
        let program = program(&both.join(" or "));
        let items = items(&program);
        assert_eq!(items.len(), 2 * texts.len());
        let mut distinct = Distinct::new(&program);
        for (i, a) in items.iter().enumerate() {
            assert_eq!(distinct.place(a), i % texts.len(), "{}", both[i]);
            for (j, b) in items.iter().enumerate() {
                assert_eq!(same_expr(&program, a, b), both[i] == both[j], "{} and {}", both[i], both[j]);
            }
        }
    }

    #[test]
    fn locals_of_loops_are_told_apart_by_what_binds_them() {
        let program = program("any(a[*] == 1 and b[*] == \"x\") or any(a[*] == 1 and b[*] == \"x\") or any(b[*] == \"x\" and a[*] == 1)");
        let [first, second, third] = items(&program) else { panic!("three operands") };
        assert!(same_expr(&program, first, second));
        assert!(!same_expr(&program, first, third));
    }
}
