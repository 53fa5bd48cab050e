//! Subscripts: `[3]`, `["key"]`, `[*]`, `[2:4]`.

use super::{Checked, Checker, Failed, Loop, Operand, Want};
use crate::ast::{Const, Expr, ExprKind, Place, Span};
use crate::diagnostic::Diagnostic;
use crate::intrinsic::{Intrinsic, Read};
use crate::syntax::{self, Subscript, SubscriptKind};
use crate::types::Type;

impl Checker<'_> {
    /// Parts of a value. `multi` if those of each value of a multi-valued field may stand here; otherwise they are an array.
    #[inline(never)]
    pub(super) fn subscripts(&mut self, base: &syntax::Expr, subscripts: &[Subscript], multi: bool) -> Checked<Operand> {
        if let Some(place) = self.place(base)? {
            return self.element_subscripts(place, base, subscripts);
        }
        // Only a slice is one of each value: other brackets take the array that the field is.
        let sliced = matches!(subscripts.first(), Some(Subscript { kind: SubscriptKind::Slice(..), .. }));
        let protocol = matches!(&base.kind, syntax::ExprKind::Word(word) if self.bytes_of(word).is_some());
        let mut operand = self.expr(base, Want { ty: protocol.then_some(&Type::Bytes), literal: false, multi: sliced })?;
        let start = base.span;
        for subscript in subscripts {
            let span = start.to(subscript.span);
            if let (Operand::Each(Loop { implicit: true, .. }), SubscriptKind::At(_)) = (&operand, &subscript.kind) {
                let (value, at) = (self.text(start), self.text(subscript.span));
                let slice = self.text(Span { start: start.end, end: subscript.span.start });
                let d = Diagnostic::error("no-elements", subscript.span, format!("this is of each value of `{value}` already"));
                return self.fail(d.help(format!("one value is taken before it is sliced: `{value}{at}{slice}`")));
            }
            operand = match &subscript.kind {
                SubscriptKind::Each => self.each(operand, span, subscript.span)?,
                SubscriptKind::At(at) => self.at(operand, at, span, subscript.span)?,
                SubscriptKind::Slice(from, to) => self.slice(operand, from.as_ref(), to.as_ref(), span, subscript.span)?,
            };
        }
        Ok(match operand {
            Operand::Each(each) if each.implicit && !multi => Operand::Plain(self.collect(each)),
            operand => operand,
        })
    }

    /// Parts of an array of the script.
    fn element_subscripts(&mut self, place: (Place, Type), base: &syntax::Expr, subscripts: &[Subscript]) -> Checked<Operand> {
        let Some((first, rest)) = subscripts.split_first() else { return Err(Failed) };
        let SubscriptKind::At(at) = &first.kind else {
            let d = Diagnostic::error("no-elements", first.span, "an array of a script is taken apart one element at a time");
            let name = self.text(base.span);
            return self.fail(d.help(format!("walk it: `for x in {name} {{ ... }}`")));
        };
        let mut operand = Operand::Plain(self.element(place, at, base.span.to(first.span))?);
        for subscript in rest {
            let span = base.span.to(subscript.span);
            operand = match &subscript.kind {
                SubscriptKind::Each => self.each(operand, span, subscript.span)?,
                SubscriptKind::At(at) => self.at(operand, at, span, subscript.span)?,
                SubscriptKind::Slice(from, to) => self.slice(operand, from.as_ref(), to.as_ref(), span, subscript.span)?,
            };
        }
        Ok(operand)
    }

    fn each(&mut self, operand: Operand, span: Span, bracket: Span) -> Checked<Operand> {
        let (clauses, mut elem) = match operand {
            Operand::Plain(expr) => {
                let mut clauses = Vec::new();
                if expr.ty.is_primitive() {
                    return self.no_elements(&expr.ty, bracket);
                }
                let elem = self.walk(&mut clauses, expr).ok_or(Failed)?;
                (clauses, elem)
            }
            Operand::Mapped(each) => {
                let mut clauses = each.clauses;
                let elem = self.bind(&mut clauses, each.elem);
                (clauses, elem)
            }
            Operand::Each(each) if each.elem.ty.is_primitive() => return self.no_elements(&each.elem.ty, bracket),
            Operand::Each(each) => {
                let mut clauses = each.clauses;
                let elem = self.walk(&mut clauses, each.elem).ok_or(Failed)?;
                (clauses, elem)
            }
        };
        elem.span = span;
        Ok(Operand::Each(Loop { clauses, elem, logical: false, implicit: false }))
    }

    fn no_elements<T>(&mut self, ty: &Type, bracket: Span) -> Checked<T> {
        let d = Diagnostic::error("no-elements", bracket, format!("{ty} has no elements"));
        self.fail(d.label("only arrays and maps take `[*]`").help("leave out `[*]`, and `any` or `all` around it"))
    }

    /// Applies `make` to a value, or to each value of a loop. In a loop that was written down, a result that may be nil is bound, so
    /// that elements that have none are left out.
    fn apply(&mut self, operand: Operand, make: impl FnOnce(&mut Self, Expr) -> Checked<Expr>) -> Checked<Operand> {
        match operand {
            Operand::Plain(expr) => make(self, expr).map(Operand::Plain),
            Operand::Mapped(each) => {
                let array = self.collect(each);
                make(self, array).map(Operand::Plain)
            }
            Operand::Each(Loop { clauses, elem, implicit: true, .. }) => {
                let elem = make(self, elem)?;
                Ok(Operand::Each(Loop { clauses, elem, logical: false, implicit: true }))
            }
            Operand::Each(Loop { mut clauses, elem, .. }) => {
                let value = make(self, elem)?;
                let elem = if value.nullable { self.bind(&mut clauses, value) } else { value };
                Ok(Operand::Each(Loop { clauses, elem, logical: false, implicit: false }))
            }
        }
    }

    fn at(&mut self, operand: Operand, at: &syntax::Expr, span: Span, bracket: Span) -> Checked<Operand> {
        self.apply(operand, |checker, base| match &base.ty {
            Type::Array(element) => {
                let ty = (**element).clone();
                let index = checker.index(at)?;
                if let ExprKind::Const(Const::Int(i)) = index.kind
                    && u32::try_from(i).is_err()
                {
                    let d = Diagnostic::error("index-range", at.span, "no array has an element with this number");
                    return checker.fail(d.help(format!("elements are numbered from 0 to at most {}", u32::MAX)));
                }
                let kind = ExprKind::Index { base: Box::new(base), index: Box::new(index) };
                Ok(Expr { kind, ty, nullable: true, span })
            }
            Type::Map(element) => {
                let ty = (**element).clone();
                let key = checker.value(at, Want { ty: Some(&Type::Bytes), literal: true, multi: false })?;
                if key.ty != Type::Bytes {
                    let d = Diagnostic::error("type-mismatch", at.span, format!("the keys of a map are Bytes, but this is {}", key.ty));
                    return checker.fail(d.label(key.ty.to_string()).help("a key stands in double quotes: `[\"key\"]`"));
                }
                let kind = ExprKind::Key { base: Box::new(base), key: Box::new(key) };
                Ok(Expr { kind, ty, nullable: true, span })
            }
            // A byte as Int.
            Type::Bytes => {
                let index = checker.value(at, Want { ty: Some(&Type::Int), literal: true, multi: false })?;
                let index = if index.ty == Type::U32 { checker.to_int(index) } else { index };
                if index.ty != Type::Int {
                    let d = Diagnostic::error("type-mismatch", at.span, format!("an Int is needed here, but this is {}", index.ty));
                    let help = "bytes are taken by a range, `x[0:1]`, and one of them as an Int: `x[0]`";
                    return checker.fail(d.label(index.ty.to_string()).help(help));
                }
                let op = Intrinsic::Read(Read { bytes: 1, big: false, signed: false });
                Ok(Expr { kind: ExprKind::Intrinsic { op, args: vec![base, index] }, ty: Type::Int, nullable: true, span })
            }
            ty => {
                let d = Diagnostic::error("no-elements", bracket, format!("{ty} has no elements"));
                checker.fail(d.label("only arrays, maps and bytes do").help("leave out the brackets"))
            }
        })
    }

    /// An Int inside brackets.
    fn index(&mut self, e: &syntax::Expr) -> Checked<Expr> {
        let index = self.value(e, Want { ty: Some(&Type::Int), literal: true, multi: false })?;
        if index.ty == Type::U32 {
            return Ok(self.to_int(index));
        }
        if index.ty != Type::Int {
            let d = Diagnostic::error("type-mismatch", e.span, format!("an Int is needed here, but this is {}", index.ty));
            return self.fail(d.label(index.ty.to_string()).help("elements are numbered from 0; only maps have keys"));
        }
        Ok(index)
    }

    fn slice(
        &mut self,
        operand: Operand,
        from: Option<&syntax::Expr>,
        to: Option<&syntax::Expr>,
        span: Span,
        bracket: Span,
    ) -> Checked<Operand> {
        self.apply(operand, |checker, base| {
            if base.ty != Type::Bytes {
                let d = Diagnostic::error("no-slice", bracket, format!("only Bytes have slices, but this is {}", base.ty));
                let help = match base.ty.element() {
                    Some(_) => "one element is `x[0]`, each is `x[*]`",
                    None => "leave out the brackets",
                };
                return checker.fail(d.help(help));
            }
            let start = from.map(|e| checker.index(e)).transpose()?;
            let end = to.map(|e| checker.index(e)).transpose()?;
            let nullable = base.nullable || [&start, &end].into_iter().flatten().any(|e| e.nullable);
            let kind = ExprKind::Slice { base: Box::new(base), start: start.map(Box::new), end: end.map(Box::new) };
            Ok(Expr { kind, ty: Type::Bytes, nullable, span })
        })
    }
}
