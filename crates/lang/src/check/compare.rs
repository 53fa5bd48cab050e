//! Comparisons, tests and arithmetic.

use std::borrow::Cow;
use std::mem::discriminant;

use super::element::{bound, nothing, test};
use super::{Checked, Checker, Failed, Loop, Operand, Want};
use crate::ast::{ArithOp, Clause, CompareOp, Const, Each, Expr, ExprKind, LocalId, LogicOp, Needle, NeedleId, Quantifier, Span};
use crate::diagnostic::Diagnostic;
use crate::intrinsic::Intrinsic;
use crate::literal;
use crate::syntax;
use crate::types::Type;

/// Operands of one operator, side by side.
struct Together {
    /// Their values, in order.
    values: Vec<Expr>,
    /// The loop of those with `[*]`.
    outer: Option<Vec<Clause>>,
    /// The loops of multi-valued fields among them.
    inner: Vec<Clause>,
}

impl Operand {
    /// The type of the value, or of each value.
    pub(super) fn ty(&self) -> Type {
        self.value_type().into_owned()
    }

    /// The same, where it is only looked at.
    fn value_type(&self) -> Cow<'_, Type> {
        match self {
            Operand::Plain(expr) => Cow::Borrowed(&expr.ty),
            Operand::Mapped(each) => Cow::Owned(Type::array(each.elem.ty.clone())),
            Operand::Each(each) => Cow::Borrowed(&each.elem.ty),
        }
    }
}

impl Checker<'_> {
    fn together(&mut self, operands: Vec<Operand>) -> Together {
        let mut values: Vec<Option<Expr>> = Vec::with_capacity(operands.len());
        let mut inner = Vec::new();
        let (mut loops, mut places) = (Vec::new(), Vec::new());
        for operand in operands {
            match operand {
                Operand::Plain(expr) => values.push(Some(expr)),
                Operand::Mapped(each) => {
                    let array = self.collect(each);
                    values.push(Some(array));
                }
                Operand::Each(each) if each.implicit => {
                    inner.extend(each.clauses);
                    values.push(Some(each.elem));
                }
                Operand::Each(each) => {
                    places.push(values.len());
                    values.push(None);
                    loops.push(each);
                }
            }
        }
        let mut outer = None;
        if !loops.is_empty() {
            let (clauses, elems) = self.zip(loops);
            outer = Some(clauses);
            for (place, elem) in places.into_iter().zip(elems) {
                values[place] = Some(elem);
            }
        }
        Together { values: values.into_iter().flatten().collect(), outer, inner }
    }

    /// A test of one operand, closed over it where it is a multi-valued field.
    fn tested_one(&mut self, operand: Operand, span: Span, make: impl FnOnce(Box<Expr>) -> ExprKind) -> Operand {
        match operand {
            Operand::Plain(value) => Operand::Plain(test(make(Box::new(value)), span)),
            Operand::Each(each) if !each.implicit => wrap(Some(each.clauses), test(make(Box::new(each.elem)), span)),
            operand => self.tested(vec![operand], span, |_, mut values| match values.pop() {
                Some(value) => test(make(Box::new(value)), span),
                None => test(ExprKind::Const(Const::Bool(false)), span),
            }),
        }
    }

    /// A test of operands, closed over multi-valued fields among them.
    fn tested(&mut self, operands: Vec<Operand>, span: Span, make: impl FnOnce(&mut Self, Vec<Expr>) -> Expr) -> Operand {
        let Together { values, outer, inner } = self.together(operands);
        let mut body = make(self, values);
        if !inner.is_empty() {
            body = any(inner, body, span);
        }
        wrap(outer, body)
    }

    /// Two operands, of which a literal takes the type of the other.
    fn pair(&mut self, lhs: &syntax::Expr, rhs: &syntax::Expr) -> Checked<(Operand, Operand)> {
        // Most often what stands right is one, and that is told sooner than that the other is not.
        if !self.is_literal(rhs) && self.is_literal(lhs) {
            // A string is Bytes whatever it is compared with, so that hex pairs on the other side are Bytes too.
            let string = matches!(lhs.unparenthesised().kind, syntax::ExprKind::Bytes(_) | syntax::ExprKind::Sequence { other: None, .. });
            let right = self.expr(rhs, Want { ty: string.then_some(&Type::Bytes), literal: false, multi: true })?;
            let ty = right.value_type();
            let left = self.expr(lhs, Want { ty: Some(&ty), literal: false, multi: true })?;
            return Ok((left, right));
        }
        match self.expr(lhs, Want { multi: true, ..Want::default() }) {
            Ok(left) => {
                let ty = left.value_type();
                let right = self.expr(rhs, Want { ty: Some(&ty), literal: true, multi: true })?;
                Ok((left, right))
            }
            Err(failed) => {
                // Without the left type nothing can be said about a literal, but an expression may have errors of its own.
                if !self.is_literal(rhs) {
                    let _ = self.expr(rhs, Want { literal: true, multi: true, ..Want::default() });
                }
                Err(failed)
            }
        }
    }

    #[inline(never)]
    pub(super) fn compare(&mut self, op: CompareOp, lhs: &syntax::Expr, rhs: &syntax::Expr, span: Span) -> Checked<Operand> {
        self.no_network(op, lhs, rhs)?;
        let (left, right) = match self.pair(lhs, rhs)? {
            // Most comparisons: of two values, or of each element with one.
            (Operand::Plain(lhs), Operand::Plain(rhs)) if of_one_type(&lhs, &rhs) => {
                let on_nil = op == CompareOp::Ne && self.scheme.nil_not_equal();
                return Ok(Operand::Plain(compared(op, lhs, rhs, on_nil, span)));
            }
            (Operand::Each(each), Operand::Plain(rhs)) if !each.implicit && of_one_type(&each.elem, &rhs) => {
                let on_nil = op == CompareOp::Ne && self.scheme.nil_not_equal();
                return Ok(wrap(Some(each.clauses), compared(op, each.elem, rhs, on_nil, span)));
            }
            operands => operands,
        };
        self.comparable(&left, lhs, op.symbol(), span)?;
        self.comparable(&right, rhs, op.symbol(), span)?;
        let (l, r) = (left.ty(), right.ty());
        if l != r {
            let d = Diagnostic::error("type-mismatch", rhs.span, format!("{l} cannot be compared with {r}")).label(r.to_string());
            let text = self.text(rhs.span);
            let is_literal = self.is_literal(rhs);
            let unquoted = text.trim_matches(['"', '\'']);
            let help = match (&l, &r) {
                (Type::Ip, Type::Bytes) if is_literal && unquoted.contains('/') => Some(self.in_set(op, lhs, unquoted)),
                (Type::Bool, Type::Int) if matches!(text, "0" | "1") => Some(format!("write `{}`", text == "1")),
                (Type::Bool, Type::Bytes) if matches!(unquoted, "true" | "false") => Some(format!("write `{unquoted}`, without quotes")),
                (Type::Bytes, Type::Int | Type::Ip | Type::Float) if is_literal => {
                    Some(format!("text stands in double quotes: `\"{text}\"`"))
                }
                (Type::Int | Type::Ip | Type::Float, Type::Bytes) if is_literal && literal::stands_for(unquoted, &l) => {
                    Some(format!("{l} stands without quotes: `{unquoted}`"))
                }
                (Type::Float, Type::Int) | (Type::Int, Type::Float) => Some("there is no implicit conversion".into()),
                (Type::Int, Type::Bytes) if matches!(&left, Operand::Plain(Expr { kind: ExprKind::Intrinsic { .. }, .. })) => {
                    Some("one byte is an Int, such as 97; bytes are taken by a range: `x[0:1]`".into())
                }
                _ => None,
            };
            let help = help.unwrap_or_else(|| format!("both sides of `{}` must have one type", op.symbol()));
            return self.fail(d.help(help));
        }
        let not_equal = self.scheme.nil_not_equal();
        let Together { values, outer, inner } = self.together(vec![left, right]);
        let mut values = values.into_iter();
        let (Some(lhs), Some(rhs)) = (values.next(), values.next()) else { return Err(Failed) };
        let body = match op {
            _ if inner.is_empty() => compared(op, lhs, rhs, op == CompareOp::Ne && not_equal, span),
            CompareOp::Ne => self.none_equals(inner, lhs, rhs, span),
            _ => any(inner, compared(op, lhs, rhs, false, span), span),
        };
        Ok(wrap(outer, body))
    }

    /// `!=` of multi-valued fields, whose loops are `inner`: the fields are there, and none of their values equals. Where nil is not
    /// `!=` anything, an operand that is missing decides as a missing field does.
    fn none_equals(&mut self, inner: Vec<Clause>, mut lhs: Expr, mut rhs: Expr, span: Span) -> Expr {
        let mut items: Vec<Expr> = Vec::new();
        for clause in &inner {
            if let Clause::For(sources) = clause {
                let nullable = sources.iter().filter(|(_, s)| s.nullable);
                items.extend(nullable.map(|(_, s)| test(ExprKind::Present(Box::new(s.clone())), span)));
            }
        }
        let mut needed = Vec::new();
        let strict = !self.scheme.nil_not_equal();
        if strict {
            let values = bound(&inner);
            for operand in [&mut lhs, &mut rhs] {
                if operand.nullable && !uses(operand, &values) {
                    let local = self.bind(&mut needed, std::mem::replace(operand, nothing()));
                    *operand = local;
                }
            }
        }
        let none = if strict && (lhs.nullable || rhs.nullable) {
            let each = Box::new(Each { clauses: inner, body: compared(CompareOp::Ne, lhs, rhs, false, span) });
            test(ExprKind::Quantifier { quantifier: Quantifier::All, each }, span)
        } else {
            test(ExprKind::Not(Box::new(any(inner, compared(CompareOp::Eq, lhs, rhs, false, span), span))), span)
        };
        items.push(if needed.is_empty() { none } else { any(needed, none, span) });
        match items.len() {
            1 => items.swap_remove(0),
            _ => test(ExprKind::Logic { op: LogicOp::And, items }, span),
        }
    }

    /// Whether an operand of a comparison is no array or map.
    fn comparable(&mut self, operand: &Operand, e: &syntax::Expr, op: &str, whole: Span) -> Checked<()> {
        let ty = operand.ty();
        if ty.is_primitive() {
            return Ok(());
        }
        self.needs_elements(&ty, e, op, whole)
    }

    fn needs_elements<T>(&mut self, ty: &Type, e: &syntax::Expr, op: &str, whole: Span) -> Checked<T> {
        let text = self.text(e.span);
        let before = self.text(Span { start: whole.start, end: e.span.start });
        let after = self.text(Span { start: e.span.end, end: whole.end });
        let d = Diagnostic::error("whole-array", e.span, format!("`{op}` does not work on {ty} as a whole")).label(ty.to_string());
        let arith = ArithOp::of_symbol(op).is_some();
        // An array of arrays, or a map of them, has elements only two brackets deeper.
        let stars = "[*]".repeat(std::iter::successors(ty.element(), |t| t.element()).count());
        let elements = format!("{before}{text}{stars}{after}{}", if arith && op != "&" { " == ..." } else { "" });
        let elements = if elements.len() > 80 { format!("{text}{stars} {op} ...") } else { elements };
        let help = match (self.quantifiers, ty) {
            (0, Type::Map(_)) => {
                let key = self.scheme.function_id("has_key").map(|_| format!(", `has_key({text}, ...)` whether it has a key"));
                format!("`any({elements})` tests all values{}; `{text}[\"key\"]` is the value of a key", key.unwrap_or_default())
            }
            (0, _) => format!("write `any({elements})` or `all({elements})`"),
            _ => format!("write `{elements}` to test each element"),
        };
        self.fail(d.help(help))
    }

    /// Whether an operand has one of these types.
    fn needs(&mut self, operand: &Operand, e: &syntax::Expr, op: &str, types: &[Type], whole: Span) -> Checked<()> {
        if matches!(operand, Operand::Plain(value) if types.contains(&value.ty)) {
            return Ok(());
        }
        let ty = operand.ty();
        if types.contains(&ty) {
            return Ok(());
        }
        if std::iter::successors(ty.element(), |t| t.element()).any(|t| types.contains(t)) {
            return self.needs_elements(&ty, e, op, whole);
        }
        let names: Vec<String> = types.iter().map(Type::to_string).collect();
        let names = match names.split_last() {
            Some((last, others)) if !others.is_empty() => format!("{} and {last}", others.join(", ")),
            _ => names.concat(),
        };
        let d = Diagnostic::error("operator-type", e.span, format!("`{op}` works on {names}, not on {ty}"));
        let help = self.instead(op, &ty, e);
        self.fail(d.label(ty.to_string()).help(help))
    }

    #[inline(never)]
    pub(super) fn contained(&mut self, value: &syntax::Expr, negated: bool, set: &syntax::Set, span: Span) -> Checked<Operand> {
        let mut operand = self.expr(value, Want { multi: true, ..Want::default() })?;
        if let Operand::Plain(value) = &mut operand
            && value.ty == Type::U32
        {
            let inner = std::mem::replace(value, nothing());
            *value = self.to_int(inner);
        }
        let found = match set {
            syntax::Set::Literal { members, .. } => {
                self.needs(&operand, value, "in", &[Type::Int, Type::Ip, Type::Bytes], span)?;
                let set = self.literal_set(&operand.value_type(), members)?;
                self.tested_one(operand, span, |value| ExprKind::In { value, set })
            }
            syntax::Set::List(name) => {
                let ty = operand.ty();
                if !self.scheme.has_lists(&ty) {
                    if ty.element().is_some_and(|t| self.scheme.has_lists(t)) {
                        return self.needs_elements(&ty, value, "in", span);
                    }
                    let d = Diagnostic::error("no-lists", name.span, format!("there are no lists of {ty} here"));
                    let types: Vec<String> = self.scheme.list_types().map(Type::to_string).collect();
                    let help = if types.is_empty() {
                        "write the members out: `in {...}`".into()
                    } else {
                        format!("there are lists of {}", types.join(", "))
                    };
                    return self.fail(d.label(format!("the value is {ty}")).help(help));
                }
                let list = self.list(name, ty);
                self.tested_one(operand, span, |value| ExprKind::InList { value, list })
            }
        };
        if !negated {
            return Ok(found);
        }
        let not = |expr| test(ExprKind::Not(Box::new(expr)), span);
        Ok(match found {
            Operand::Plain(expr) => Operand::Plain(not(expr)),
            Operand::Each(each) | Operand::Mapped(each) => Operand::Each(Loop { elem: not(each.elem), ..each }),
        })
    }

    /// A test of one value that is Bytes.
    pub(super) fn bytes_test(
        &mut self,
        value: &syntax::Expr,
        op: &str,
        span: Span,
        make: impl FnOnce(Box<Expr>) -> ExprKind,
    ) -> Checked<Operand> {
        let operand = self.expr(value, Want { ty: Some(&Type::Bytes), multi: true, ..Want::default() })?;
        self.needs(&operand, value, op, &[Type::Bytes], span)?;
        Ok(self.tested_one(operand, span, make))
    }

    #[inline(never)]
    pub(super) fn contains(&mut self, value: &syntax::Expr, needle: &syntax::Expr, span: Span) -> Checked<Operand> {
        let searched = self.expr(value, Want { ty: Some(&Type::Bytes), multi: true, ..Want::default() });
        let sought = self.expr(needle, Want { ty: Some(&Type::Bytes), literal: true, multi: true });
        let (searched, sought) = (searched?, sought?);
        self.needs(&searched, value, "contains", &[Type::Bytes], span)?;
        self.needs(&sought, needle, "contains", &[Type::Bytes], span)?;
        let (searched, sought) = match (searched, sought) {
            (Operand::Plain(value), Operand::Plain(needle)) => return Ok(Operand::Plain(self.search(value, needle, span))),
            operands => operands,
        };
        Ok(self.tested(vec![searched, sought], span, |checker, values| {
            let mut values = values.into_iter();
            match (values.next(), values.next()) {
                (Some(value), Some(needle)) => checker.search(value, needle, span),
                _ => test(ExprKind::Const(Const::Bool(false)), span),
            }
        }))
    }

    fn search(&mut self, value: Expr, needle: Expr, span: Span) -> Expr {
        let needle = match needle.kind {
            ExprKind::Const(Const::Bytes(bytes)) => {
                self.program.needles.push(bytes);
                Needle::Const(NeedleId(self.program.needles.len() as u32 - 1))
            }
            kind => Needle::Dynamic(Box::new(Expr { kind, ..needle })),
        };
        test(ExprKind::Contains { value: Box::new(value), needle }, span)
    }

    #[inline(never)]
    pub(super) fn arith(&mut self, op: ArithOp, lhs: &syntax::Expr, rhs: &syntax::Expr, span: Span, want: Want<'_>) -> Checked<Operand> {
        // A literal takes the type that its place wants, where that is a U32, and else that of the other operand, as in a comparison.
        let wanted = want.ty.filter(|ty| **ty == Type::U32);
        let want = Want { ty: wanted, ..want };
        let (left, right) = (self.expr(lhs, want), self.expr(rhs, Want { literal: true, ..want }));
        let (mut left, mut right) = match (left?, right?) {
            (Operand::Plain(lhs), Operand::Plain(rhs))
                if of_one_type(&lhs, &rhs) && matches!(lhs.ty, Type::Int | Type::Float) && op.works_on(&lhs.ty) =>
            {
                let (ty, nullable) = (lhs.ty.clone(), lhs.nullable || rhs.nullable);
                let kind = ExprKind::Arith { op, lhs: Box::new(lhs), rhs: Box::new(rhs) };
                return Ok(Operand::Plain(Expr { kind, ty, nullable, span }));
            }
            operands => operands,
        };
        if op.entry().counts {
            self.shift_count(&left, &mut right);
        } else if left.ty() == Type::U32 && right.ty() == Type::Int {
            as_u32(&mut right);
        } else if left.ty() == Type::Int && right.ty() == Type::U32 {
            as_u32(&mut left);
        }
        if op == ArithOp::Add
            && let (Operand::Plain(a), Operand::Plain(b)) = (&left, &right)
            && a.ty == Type::Bytes
            && b.ty == Type::Bytes
        {
            return self.joined(a.clone(), b.clone(), span).map(Operand::Plain);
        }
        let types: &[Type] = if op.works_on(&Type::Float) { &[Type::Int, Type::Float, Type::U32] } else { &[Type::Int, Type::U32] };
        let types = if left.ty() == Type::U32 || right.ty() == Type::U32 { types } else { &types[..types.len() - 1] };
        self.needs(&left, lhs, op.symbol(), types, span)?;
        self.needs(&right, rhs, op.symbol(), types, span)?;
        let (ty, r) = (left.ty(), right.ty());
        if ty != r {
            let d = Diagnostic::error("type-mismatch", span, format!("`{}` needs two Ints or two Floats, not {ty} and {r}", op.symbol()));
            let literal = [(lhs, &ty), (rhs, &r)].into_iter().find(|(e, t)| **t == Type::Int && self.is_literal(e));
            let help = literal.map(|(e, _)| format!("write `{}.0`", self.text(e.span)));
            return self.fail(d.help(help.unwrap_or_else(|| "there is no implicit conversion".into())));
        }
        self.computed(vec![left, right], span, |values| {
            let mut values = values.into_iter();
            let (Some(lhs), Some(rhs)) = (values.next(), values.next()) else { return None };
            let nullable = lhs.nullable || rhs.nullable;
            Some(Expr { kind: ExprKind::Arith { op, lhs: Box::new(lhs), rhs: Box::new(rhs) }, ty, nullable, span })
        })
    }

    /// `left op right` of two values that are there.
    pub(super) fn operated(
        &mut self,
        op: ArithOp,
        (left, l): (Expr, &syntax::Expr),
        (right, r): (Expr, &syntax::Expr),
        span: Span,
    ) -> Checked<Expr> {
        let (left, mut right) = (Operand::Plain(left), Operand::Plain(right));
        if op.entry().counts {
            self.shift_count(&left, &mut right);
        }
        let (Operand::Plain(lhs), Operand::Plain(rhs)) = (left, right) else { return Err(Failed) };
        if op == ArithOp::Add && lhs.ty == Type::Bytes && rhs.ty == Type::Bytes {
            return self.joined(lhs, rhs, span);
        }
        if !op.works_on(&lhs.ty) {
            let message = format!("`{}` does not work on {}", op.symbol(), lhs.ty);
            let d = Diagnostic::error("operator-type", l.span, message).label(lhs.ty.to_string());
            return self.fail(d.help("numbers are computed with; bytes are joined by `+`"));
        }
        if lhs.ty != rhs.ty {
            return self.wrong_type(&lhs.ty, &rhs.ty, r);
        }
        let (ty, nullable) = (lhs.ty.clone(), lhs.nullable || rhs.nullable);
        Ok(Expr { kind: ExprKind::Arith { op, lhs: Box::new(lhs), rhs: Box::new(rhs) }, ty, nullable, span })
    }

    /// A count of bits has the type of what is shifted: an Int count of a U32 is taken by its low bits.
    fn shift_count(&self, left: &Operand, right: &mut Operand) {
        let (l, r) = (left.ty(), right.ty());
        let Operand::Plain(count) = right else { return };
        let convert = |count: &mut Expr, op: Intrinsic, ty: Type| {
            let inner = std::mem::replace(count, nothing());
            let (nullable, span) = (inner.nullable, inner.span);
            *count = Expr { kind: ExprKind::Intrinsic { op, args: vec![inner] }, ty, nullable, span };
        };
        match (&l, &r, &count.kind) {
            (Type::U32, Type::Int, ExprKind::Const(Const::Int(_))) => as_u32(right),
            (Type::U32, Type::Int, _) => convert(count, Intrinsic::ToU32, Type::U32),
            (Type::Int, Type::U32, _) => convert(count, Intrinsic::ToInt, Type::Int),
            _ => {}
        }
    }

    /// Two texts as one: a call of the standard function.
    fn joined(&mut self, lhs: Expr, rhs: Expr, span: Span) -> Checked<Expr> {
        let Some(id) = self.scheme.function_id("concat") else {
            let d = Diagnostic::error("unknown-function", span, "texts are joined by the function `concat`, which the scheme lacks");
            return self.fail(d.help("build the scheme with the standard library"));
        };
        let scheme = self.scheme.clone();
        Ok(self.site(id, scheme.function(id), vec![lhs, rhs], Type::Bytes, span))
    }

    #[inline(never)]
    pub(super) fn neg(&mut self, inner: &syntax::Expr, span: Span, want: Want<'_>) -> Checked<Operand> {
        let operand = self.expr(inner, want)?;
        if operand.ty() != Type::U32 {
            self.needs(&operand, inner, "-", &[Type::Int, Type::Float], span)?;
        }
        let ty = operand.ty();
        self.computed(vec![operand], span, |mut values| {
            let value = values.pop()?;
            let nullable = value.nullable;
            let kind = match value.kind {
                ExprKind::Const(Const::Int(i)) => ExprKind::Const(Const::Int(i.wrapping_neg())),
                ExprKind::Const(Const::U32(u)) => ExprKind::Const(Const::U32(u.wrapping_neg())),
                ExprKind::Const(Const::Float(f)) => ExprKind::Const(Const::Float(-f)),
                kind => ExprKind::Neg(Box::new(Expr { kind, ..value })),
            };
            Some(Expr { kind, ty, nullable, span })
        })
    }

    /// A value that is computed from operands.
    fn computed(&mut self, operands: Vec<Operand>, span: Span, make: impl FnOnce(Vec<Expr>) -> Option<Expr>) -> Checked<Operand> {
        let Together { values, outer, inner } = self.together(operands);
        let value = make(values).ok_or(Failed)?;
        match (outer, inner.is_empty()) {
            (None, true) => Ok(Operand::Plain(value)),
            (None, false) => Ok(Operand::Each(Loop { clauses: inner, elem: value, logical: false, implicit: true })),
            (Some(clauses), true) => Ok(Operand::Each(Loop { clauses, elem: value, logical: false, implicit: false })),
            (Some(_), false) => self.fail(
                Diagnostic::error("element-wise", span, "a multi-valued field and `[*]` cannot be computed with together")
                    .help("write the field with `[*]` too"),
            ),
        }
    }
}

/// Makes a literal Int a U32, if it can be one.
fn as_u32(operand: &mut Operand) {
    if let Operand::Plain(Expr { kind: ExprKind::Const(c), ty, .. }) = operand
        && let Const::Int(i) = c
        && let Ok(u) = u32::try_from(*i)
    {
        *c = Const::U32(u);
        *ty = Type::U32;
    }
}

/// Whether two values are of one type, and no arrays or maps.
fn of_one_type(a: &Expr, b: &Expr) -> bool {
    a.ty.is_primitive() && discriminant(&a.ty) == discriminant(&b.ty)
}

fn compared(op: CompareOp, lhs: Expr, rhs: Expr, on_nil: bool, span: Span) -> Expr {
    test(ExprKind::Compare { op, lhs: Box::new(lhs), rhs: Box::new(rhs), on_nil }, span)
}

/// Whether any of these locals occurs in an expression.
fn uses(e: &Expr, locals: &[LocalId]) -> bool {
    let mut found = false;
    e.walk(&mut |e| found |= matches!(&e.kind, ExprKind::Local(id) if locals.contains(id)));
    found
}

fn any(clauses: Vec<Clause>, body: Expr, span: Span) -> Expr {
    test(ExprKind::Quantifier { quantifier: Quantifier::Any, each: Box::new(Each { clauses, body }) }, span)
}

fn wrap(outer: Option<Vec<Clause>>, body: Expr) -> Operand {
    match outer {
        Some(clauses) => Operand::Each(Loop { clauses, elem: body, logical: true, implicit: false }),
        None => Operand::Plain(body),
    }
}
