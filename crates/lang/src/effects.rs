//! What an expression may do besides having a value, and what it costs.

use crate::ast::{Clause, Const, Each, Expr, ExprKind, Needle, Program, Set, Wildcard};
use crate::limits::LOOKED_AT;
use crate::types::Type;

impl Expr {
    /// Whether it is a constant, a field or a local, in which all expressions end. What walks expressions looks here first, since most of what
    /// it meets is one.
    #[inline]
    pub(crate) fn is_end(&self) -> bool {
        matches!(self.kind, ExprKind::Const(_) | ExprKind::Field(_) | ExprKind::Local(_))
    }

    /// Whether evaluating makes values, which take memory: calls of functions, collected loops and what packs an array do.
    pub fn makes_values(&self) -> bool {
        let mut makes = false;
        self.walk(&mut |e| makes |= matches!(e.kind, ExprKind::Call { .. } | ExprKind::Collect(_) | ExprKind::Packed(_)));
        makes
    }

    /// Whether evaluating may trap, other than for the steps it takes: by division, by an element that an array may not have, and by making
    /// values, for which there may be too little memory.
    pub fn can_trap(&self) -> bool {
        let mut traps = self.traps_itself();
        if !traps && !self.is_end() {
            self.children(&mut |child| traps = traps || child.can_trap());
        }
        traps
    }

    /// The same of the expression alone, once its parts have values.
    pub fn traps_itself(&self) -> bool {
        match &self.kind {
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
        }
    }
}

/// How evaluating counts steps (see [`Limits::steps`](crate::Limits::steps)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Steps {
    /// It counts none.
    Never,
    /// Only those of texts and elements that it looks at: for a record whose values are short, less than any budget that is known.
    Looked,
    /// One by one too, or it makes values, so that each evaluation begins to count anew.
    Inline,
}

/// How evaluating an expression counts steps. An id without an entry in its table counts none.
pub fn steps(program: &Program, e: &Expr) -> Steps {
    if e.is_end() {
        return Steps::Never;
    }
    let looked = |looked: bool| if looked { Steps::Looked } else { Steps::Never };
    let long = |e: &Expr| !matches!(&e.kind, ExprKind::Const(Const::Bytes(text)) if text.len() < LOOKED_AT);
    let own = match &e.kind {
        ExprKind::Call { .. } | ExprKind::Collect(_) | ExprKind::Packed(_) => return Steps::Inline,
        ExprKind::Quantifier { each, .. } => match each.clauses.as_slice() {
            // All but its sources counts nothing; they may make values.
            [Clause::For(sources), ..] if is_leaf(program, each) => {
                return sources.iter().fold(Steps::Looked, |found, (_, source)| found.max(steps(program, source)));
            }
            _ => return Steps::Inline,
        },
        ExprKind::Matches { .. } => true,
        ExprKind::Contains { needle: Needle::Const(id), .. } => program.needles.get(id.index()).is_some_and(|needle| !needle.is_empty()),
        ExprKind::Contains { needle: Needle::Dynamic(_), .. } => true,
        ExprKind::Wildcard { pattern, .. } => program.wildcards.get(pattern.index()).is_some_and(Wildcard::takes_steps),
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
    let mut found = looked(own);
    e.children(&mut |child| {
        if found < Steps::Inline {
            found = found.max(steps(program, child));
        }
    });
    found
}

/// Whether a loop counts what it looks at before it begins, instead of one step for each element: it is one loop, and neither its body nor what it
/// binds for it counts anything.
pub fn is_leaf(program: &Program, each: &Each) -> bool {
    let [Clause::For(_), lets @ ..] = each.clauses.as_slice() else { return false };
    let counts = |e: &Expr| steps(program, e) > Steps::Never;
    !counts(&each.body) && lets.iter().all(|clause| matches!(clause, Clause::Let(_, value) if !counts(value)))
}

impl Wildcard {
    /// Bytes of the pattern without its stars.
    pub fn literal_len(&self) -> usize {
        self.parts.iter().map(Vec::len).sum()
    }

    /// Whether there are values that it takes steps to match: long ones where a part stands between stars, else those as long as the pattern
    /// where that is long.
    pub fn takes_steps(&self) -> bool {
        self.parts.iter().skip(1).rev().skip(1).any(|part| !part.is_empty()) || self.literal_len() >= LOOKED_AT
    }
}

/// About how long evaluating takes, in comparisons of integers.
pub fn cost(e: &Expr) -> u64 {
    if e.is_end() {
        return 0;
    }
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
