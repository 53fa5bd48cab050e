//! Several tests of one value as one.
//!
//! A comparison with a constant, `in {..}` and the negation of either hold for a set of values and answer one thing for nil. `and`
//! intersects the sets, `or` unites them. Only operands that cannot trap move, and none moves past one that may.

use std::collections::BTreeSet;

use super::ranges::Ranges;
use super::{Rewriter, boolean, test};
use crate::ast::{CompareOp, Const, Expr, ExprKind, LogicOp, Program, Set, SetId, Span};
use crate::limits::LOOKED_AT;
use crate::same::Distinct;
use crate::types::Type;

/// The values that a test holds for.
enum Members {
    Ranges(Ranges),
    /// These texts, or all others.
    Texts {
        texts: BTreeSet<Vec<u8>>,
        others: bool,
    },
}

/// A test of a value.
struct Test<'e> {
    value: &'e Expr,
    members: Members,
    nil: bool,
}

impl Members {
    fn complement(self) -> Members {
        match self {
            Members::Ranges(r) => Members::Ranges(r.complement()),
            Members::Texts { texts, others } => Members::Texts { texts, others: !others },
        }
    }

    /// The complement of members that are used themselves too.
    fn others(&self) -> Members {
        match self {
            Members::Ranges(r) => Members::Ranges(r.complement()),
            Members::Texts { texts, others } => Members::Texts { texts: texts.clone(), others: !others },
        }
    }

    fn union(all: Vec<Members>) -> Option<Members> {
        let mut ranges = Vec::new();
        let mut any_of = BTreeSet::new();
        let mut all_but: Option<BTreeSet<Vec<u8>>> = None;
        for members in all {
            match members {
                Members::Ranges(r) => ranges.push(r),
                Members::Texts { texts, others: false } => any_of.extend(texts),
                Members::Texts { texts, others: true } => {
                    all_but = Some(match all_but {
                        None => texts,
                        Some(before) => before.intersection(&texts).cloned().collect(),
                    });
                }
            }
        }
        match (ranges.is_empty(), any_of.is_empty() && all_but.is_none()) {
            (false, true) => Ranges::union(ranges).map(Members::Ranges),
            (true, _) => Some(match all_but {
                None => Members::Texts { texts: any_of, others: false },
                Some(but) => Members::Texts { texts: but.difference(&any_of).cloned().collect(), others: true },
            }),
            (false, false) => None,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Members::Ranges(r) => r.list().is_empty(),
            Members::Texts { texts, others } => !others && texts.is_empty(),
        }
    }

    /// How large a set literal of them is; `None` where there is none.
    fn size(&self) -> Option<usize> {
        match self {
            Members::Ranges(r) => Some(r.list().len()),
            Members::Texts { texts, others } => (!others).then_some(texts.len()),
        }
    }
}

impl Rewriter<'_> {
    /// The operands, with tests of one value made one where it stands first.
    pub(super) fn fused(&mut self, op: LogicOp, items: Vec<Expr>) -> Vec<Expr> {
        if !self.has_alike(&items) {
            return items;
        }
        let mut out: Vec<Expr> = Vec::with_capacity(items.len());
        let mut run = Vec::with_capacity(items.len());
        for item in items {
            if item.can_trap() {
                self.fuse_run(op, std::mem::take(&mut run), &mut out);
                out.push(item);
            } else {
                run.push(item);
            }
        }
        self.fuse_run(op, run, &mut out);
        out
    }

    /// Whether there are two tests of one value.
    fn has_alike(&self, items: &[Expr]) -> bool {
        let mut known = Distinct::new(self.program);
        items.iter().filter_map(|item| tested(self.program, item)).enumerate().any(|(i, value)| known.place(value) != i)
    }

    fn fuse_run(&mut self, op: LogicOp, run: Vec<Expr>, out: &mut Vec<Expr>) {
        if run.len() < 2 {
            return out.extend(run);
        }
        // The places of each value's tests, by the order of the first.
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut known = Distinct::new(self.program);
        for (i, item) in run.iter().enumerate() {
            if let Some(value) = tested(self.program, item) {
                let group = known.place(value);
                match groups.get_mut(group) {
                    Some(places) => places.push(i),
                    None => groups.push(vec![i]),
                }
            }
        }
        // What stands in place of an operand: nothing, where it is part of one before it.
        let mut replaced: Vec<Option<Option<Expr>>> = Vec::new();
        replaced.resize_with(run.len(), || None);
        for places in groups.iter().filter(|g| g.len() > 1) {
            if let Some(one) = self.fuse(op, places.iter().map(|i| &run[*i])) {
                places.iter().for_each(|i| replaced[*i] = Some(None));
                replaced[places[0]] = Some(Some(one));
            }
        }
        for (item, replaced) in run.into_iter().zip(replaced) {
            match replaced {
                None => out.push(item),
                Some(one) => out.extend(one),
            }
        }
    }

    fn fuse<'e>(&mut self, op: LogicOp, items: impl Iterator<Item = &'e Expr>) -> Option<Expr> {
        // A run of `and` holds where none of its tests fails, one of `or` where one holds.
        let all_must_hold = !op.decisive()?;
        let (mut value, mut nil, mut span, mut all) = (None, all_must_hold, None::<Span>, Vec::new());
        for item in items {
            let test = read(self.program, item)?;
            span = Some(span.map_or(item.span, |s| s.to(item.span)));
            value = value.or(Some(test.value));
            if all_must_hold {
                nil &= test.nil;
                all.push(test.members.complement());
            } else {
                nil |= test.nil;
                all.push(test.members);
            }
        }
        let union = Members::union(all)?;
        let others = union.others();
        let (members, rest) = if all_must_hold { (others, union) } else { (union, others) };
        let value = value?;
        // A loop whose body is constant could not be written down.
        if (members.is_empty() || rest.is_empty()) && uses_locals(value) {
            return None;
        }
        Some(self.write(value, members, rest, nil, span?))
    }

    /// The shortest test that holds for these values and for none of the rest, and answers `nil` for nil.
    fn write(&mut self, value: &Expr, members: Members, rest: Members, nil: bool, span: Span) -> Expr {
        let nullable = value.nullable;
        let present = || test(ExprKind::Present(Box::new(value.clone())), span);
        if members.is_empty() {
            return if nullable && nil { test(ExprKind::Not(Box::new(present())), span) } else { boolean(false, span) };
        }
        if rest.is_empty() {
            return if nullable && !nil { present() } else { boolean(true, span) };
        }
        let direct = if nullable { !nil } else { members.size().is_some_and(|size| rest.size().is_none_or(|other| size <= other)) };
        // A value that may be nil, is false for nil, and tests for all texts but a few has no form of its own but this.
        if direct && members.size().is_none() {
            let not = self.member(value, rest, span);
            let items = vec![present(), test(ExprKind::Not(Box::new(not)), span)];
            return test(ExprKind::Logic { op: LogicOp::And, items }, span);
        }
        if !direct && rest.size().is_none() {
            let not = test(ExprKind::Not(Box::new(present())), span);
            let items = vec![not, self.member(value, members, span)];
            return test(ExprKind::Logic { op: LogicOp::Or, items }, span);
        }
        if direct {
            return self.member(value, members, span);
        }
        let usual = self.program.scheme.nil_not_equal();
        if let Some(point) = point(&rest).filter(|_| usual || !nullable) {
            return compare(CompareOp::Ne, value, point, usual, span);
        }
        let member = self.member(value, rest, span);
        test(ExprKind::Not(Box::new(member)), span)
    }

    /// The test that holds for these values and not for nil.
    fn member(&mut self, value: &Expr, members: Members, span: Span) -> Expr {
        if let Some(point) = point(&members) {
            return compare(CompareOp::Eq, value, point, false, span);
        }
        let set = match members {
            Members::Ranges(r) => match r.bound() {
                Some((op, constant)) => return compare(op, value, constant, false, span),
                None => r.to_set(),
            },
            Members::Texts { texts, .. } => Set::Bytes(texts.into_iter().collect()),
        };
        let id = SetId(self.program.sets.len() as u32);
        self.program.sets.push(set);
        test(ExprKind::In { value: Box::new(value.clone()), set: id }, span)
    }
}

fn uses_locals(e: &Expr) -> bool {
    let mut found = false;
    e.walk(&mut |e| found |= matches!(e.kind, ExprKind::Local(_)));
    found
}

fn point(members: &Members) -> Option<Const> {
    match members {
        Members::Ranges(r) => r.point(),
        Members::Texts { texts, others: false } if texts.len() == 1 => texts.first().cloned().map(Const::Bytes),
        Members::Texts { .. } => None,
    }
}

fn compare(op: CompareOp, value: &Expr, constant: Const, on_nil: bool, span: Span) -> Expr {
    let rhs = Expr { ty: constant.ty(), kind: ExprKind::Const(constant), nullable: false, span };
    test(ExprKind::Compare { op, lhs: Box::new(value.clone()), rhs: Box::new(rhs), on_nil }, span)
}

/// The value that a test looks at, if it is of a kind that can be fused.
fn tested<'e>(program: &Program, e: &'e Expr) -> Option<&'e Expr> {
    match &e.kind {
        ExprKind::Not(inner) => tested(program, inner),
        // Looking at long texts counts steps, which must not be counted sooner than they are.
        ExprKind::In { value, set } => match program.sets.get(set.index())? {
            Set::Bytes(members) if members.iter().any(|m| m.len() >= LOOKED_AT) => None,
            Set::Bytes(_) | Set::Int(_) | Set::Ip(_) => Some(value),
        },
        ExprKind::Compare { op, lhs, rhs, .. } => {
            let (value, op, constant) = sides(*op, lhs, rhs)?;
            match (&value.ty, constant) {
                (Type::Int | Type::Ip, _) => Some(value),
                (Type::Bytes, Const::Bytes(text)) if matches!(op, CompareOp::Eq | CompareOp::Ne) && text.len() < LOOKED_AT => Some(value),
                _ => None,
            }
        }
        _ => None,
    }
}

/// A comparison with a constant as `value op constant`.
fn sides<'e>(op: CompareOp, lhs: &'e Expr, rhs: &'e Expr) -> Option<(&'e Expr, CompareOp, &'e Const)> {
    match (&lhs.kind, &rhs.kind) {
        (ExprKind::Const(_), ExprKind::Const(_)) => None,
        (_, ExprKind::Const(c)) => Some((lhs, op, c)),
        (ExprKind::Const(c), _) => {
            let turned = match op {
                CompareOp::Lt => CompareOp::Gt,
                CompareOp::Le => CompareOp::Ge,
                CompareOp::Gt => CompareOp::Lt,
                CompareOp::Ge => CompareOp::Le,
                op => op,
            };
            Some((rhs, turned, c))
        }
        _ => None,
    }
}

fn read<'e>(program: &Program, e: &'e Expr) -> Option<Test<'e>> {
    match &e.kind {
        ExprKind::Not(inner) => {
            let Test { value, members, nil } = read(program, inner)?;
            Some(Test { value, members: members.complement(), nil: !nil })
        }
        ExprKind::In { value, set } => {
            let members = match program.sets.get(set.index())? {
                Set::Bytes(all) => Members::Texts { texts: all.iter().cloned().collect(), others: false },
                set => Members::Ranges(Ranges::of_set(set)),
            };
            Some(Test { value, members, nil: false })
        }
        ExprKind::Compare { op, lhs, rhs, on_nil } => {
            let (value, op, constant) = sides(*op, lhs, rhs)?;
            let members = match constant {
                Const::Bytes(text) => Members::Texts { texts: BTreeSet::from([text.clone()]), others: op == CompareOp::Ne },
                constant => Members::Ranges(Ranges::of_compare(op, constant)?),
            };
            Some(Test { value, members, nil: *on_nil })
        }
        _ => None,
    }
}
