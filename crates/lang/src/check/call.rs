//! Calls of functions.

use super::{Checked, Checker, Failed, Loop, Operand, Want, constant};
use crate::ast::{Clause, Expr, ExprKind, Site, SiteId, Span};
use crate::diagnostic::Diagnostic;
use crate::intrinsic::{Intrinsic, Row};
use crate::scheme::FunctionId;
use crate::signature::{ArgKind, NilRule, Pattern, Signature};
use crate::stdlib;
use crate::syntax::SubscriptKind::Slice;
use crate::syntax::{self, Name, Subscript};
use crate::types::Type;

use super::element::test;

/// The walk over the values that a function's arguments stand for.
struct Walk {
    clauses: Vec<Clause>,
    /// Whether they are those of multi-valued fields.
    implicit: bool,
}

impl Checker<'_> {
    /// A call. `multi` if a result for each value of a multi-valued field may stand here; otherwise such results are an array.
    #[inline(never)]
    pub(super) fn call(&mut self, name: &Name, args: &[syntax::Expr], span: Span, multi: bool) -> Checked<Operand> {
        if self.results_of(name.text).is_some() {
            return self.call_for_value(name, args, span);
        }
        if let Some(found) = self.array_call(name, args, span) {
            return found.map(Operand::Plain);
        }
        let Some(id) = self.scheme.function_id(name.text) else {
            if name.text == "present" {
                return self.present(args, span);
            }
            if Row::named(name.text).next().is_some() {
                return self.intrinsic(name, args, span, multi);
            }
            return self.unknown_function(name);
        };
        let scheme = self.scheme.clone();
        let signature = scheme.function(id);
        self.count(signature, args.len(), span)?;
        let mut bound: Vec<Option<Type>> = vec![None; signature.variables.len()];
        let mut clauses: Option<Walk> = None;
        let mut values = Vec::with_capacity(args.len());
        let mut failed = false;
        for i in 0..args.len() {
            match self.argument(signature, i, args, &mut bound, &mut clauses) {
                Ok(value) => values.push(value),
                Err(Failed) => failed = true,
            }
        }
        if failed {
            return Err(Failed);
        }
        for param in signature.params.iter().skip(args.len()) {
            if let Some(Operand::Plain(value)) = param.default.clone().map(|default| constant(default, span)) {
                values.push(value);
            }
        }
        let Some(ty) = signature.resolve(&signature.result, &bound) else {
            let message = format!("the arguments do not say what type `{}` results in", name.text);
            return self.fail(Diagnostic::error("unresolved-result", span, message).help(usage(signature)));
        };
        let expr = match values.as_slice() {
            // The standard function's bytes are counted in place.
            [value] if self.in_script() && value.ty == Type::Bytes && name.text == "len" && *signature == *stdlib::LEN => {
                let nullable = value.nullable;
                Expr { kind: ExprKind::Intrinsic { op: Intrinsic::Len, args: values }, ty, nullable, span }
            }
            _ => self.site(id, signature, values, ty, span),
        };
        Ok(match clauses {
            Some(Walk { clauses, implicit }) if implicit && multi => Operand::Each(Loop { clauses, elem: expr, logical: false, implicit }),
            Some(Walk { clauses, .. }) => Operand::Mapped(Loop { clauses, elem: expr, logical: false, implicit: false }),
            None => Operand::Plain(expr),
        })
    }

    pub(super) fn site(&mut self, function: FunctionId, signature: &Signature, args: Vec<Expr>, ty: Type, span: Span) -> Expr {
        let constants = args.iter().map(|a| match &a.kind {
            ExprKind::Const(c) => Some(c.clone()),
            _ => None,
        });
        let site = SiteId(self.program.sites.len() as u32);
        let constants = constants.collect();
        let types = args.iter().map(|a| a.ty.clone()).collect();
        self.program.sites.push(Site { function, args: types, constants, result: ty.clone(), span });
        let missing = signature.nil == NilRule::Propagates && args.iter().any(|a| a.nullable);
        Expr { kind: ExprKind::Call { site, args }, ty, nullable: missing || signature.may_be_nil, span }
    }

    fn count(&mut self, signature: &Signature, found: usize, span: Span) -> Checked<()> {
        let (least, most) = (signature.min_args(), signature.max_args());
        if (least..=most).contains(&found) {
            return Ok(());
        }
        let wanted = match (least, most) {
            (a, b) if a == b => format!("{a}"),
            (a, b) => format!("{a} to {b}"),
        };
        let s = if wanted == "1" { "" } else { "s" };
        let message = format!("`{}` takes {wanted} argument{s}, not {found}", signature.name);
        self.fail(Diagnostic::error("argument-count", span, message).help(usage(signature)))
    }

    fn argument(
        &mut self,
        signature: &Signature,
        i: usize,
        args: &[syntax::Expr],
        bound: &mut [Option<Type>],
        clauses: &mut Option<Walk>,
    ) -> Checked<Expr> {
        let (Some(param), Some(arg)) = (signature.param(i), args.get(i)) else { return Err(Failed) };
        let want = match &param.pattern {
            Pattern::Exact(ty) => Some(ty.clone()),
            Pattern::Variable(n) => bound.get(*n).cloned().flatten(),
            // A protocol stands for its bytes where a function takes those and no Bool.
            pattern
                if matches!(&arg.kind, syntax::ExprKind::Word(word) if self.bytes_of(word).is_some())
                    && accepts_one(signature, pattern, &Type::Bytes, bound)
                    && !accepts_one(signature, pattern, &Type::Bool, bound) =>
            {
                Some(Type::Bytes)
            }
            _ => None,
        };
        let want_each = Want { ty: want.as_ref(), literal: false, multi: self.takes_each(signature, arg, &param.pattern, bound) };
        let value = match self.expr(arg, want_each)? {
            Operand::Plain(expr) => expr,
            Operand::Mapped(each) => self.collect(each),
            Operand::Each(each) if each.logical => self.collect(each),
            Operand::Each(each) if each.implicit && !accepts_one(signature, &param.pattern, &each.elem.ty, bound) => self.collect(each),
            Operand::Each(each) if i == 0 || each.implicit => {
                match clauses {
                    // Each value of the one field meets each of the other, as in a comparison.
                    Some(walk) if walk.implicit => walk.clauses.extend(each.clauses),
                    Some(_) => return self.beside_elements(arg),
                    None => *clauses = Some(Walk { clauses: each.clauses, implicit: each.implicit }),
                }
                each.elem
            }
            Operand::Each(_) => {
                let d = Diagnostic::error("element-wise", arg.span, "only the first argument of a function may have `[*]`");
                let help = format!("write `[*]` in argument 1 of `{}`, or take one element: `[0]`", signature.name);
                return self.fail(d.label(format!("argument {}", i + 1)).help(help));
            }
        };
        // A function takes a U32 as the Int that it is.
        let value = if value.ty == Type::U32 { self.to_int(value) } else { value };
        let constant = matches!(value.kind, ExprKind::Const(_));
        let kind = match param.kind {
            ArgKind::Literal if !constant => Some("must be a literal"),
            ArgKind::Dynamic if constant => Some("must not be a literal"),
            _ => None,
        };
        if let Some(must) = kind {
            let message = format!("argument {} of `{}` ({}) {must}", i + 1, signature.name, param.name);
            return self.fail(Diagnostic::error("argument-kind", arg.span, message).help(usage(signature)));
        }
        if !signature.accepts(&param.pattern, &value.ty, bound) {
            let wanted = match want {
                Some(ty) => ty.to_string(),
                None => pattern(signature, &param.pattern),
            };
            let message = format!("argument {} of `{}` ({}) should be {wanted}, but is {}", i + 1, signature.name, param.name, value.ty);
            let d = Diagnostic::error("argument-type", arg.span, message).label(value.ty.to_string());
            let elements = value.ty.element().is_some_and(|t| accepts_one(signature, &param.pattern, t, bound));
            let text = self.text(arg.span);
            let each = (i == 0 && elements).then(|| format!("`{}({text}[*])` calls it for each element", signature.name));
            let help = self.one_value(signature, &args[..=i], &value.ty).or(each);
            return self.fail(d.help(help.unwrap_or_else(|| usage(signature))));
        }
        Ok(value)
    }

    fn beside_elements<T>(&mut self, arg: &syntax::Expr) -> Checked<T> {
        let d = Diagnostic::error("element-wise", arg.span, "a multi-valued field cannot be an argument beside one with `[*]`");
        self.fail(d.help(format!("take one of its values: `{}[0]`", self.text(arg.span))))
    }

    /// What to write where a function that sees missing arguments was given a multi-valued field and single values. Such a function
    /// is not called for each value: it would not be called where there is none.
    fn one_value(&self, signature: &Signature, args: &[syntax::Expr], found: &Type) -> Option<String> {
        if signature.nil != NilRule::Handled {
            return None;
        }
        let multi = |e: &syntax::Expr| {
            let word = match &e.unparenthesised().kind {
                syntax::ExprKind::Subscript { base, subscripts } if matches!(subscripts[..], [Subscript { kind: Slice(..), .. }]) => base,
                _ => e,
            };
            let syntax::ExprKind::Word(name) = &word.unparenthesised().kind else { return None };
            let field = self.scheme.field(self.scheme.field_id(name)?);
            (field.multi && (field.ty == *found || field.ty.element() == Some(found))).then_some(field.name.as_str())
        };
        let field = args.iter().rev().find_map(multi)?;
        Some(format!("`{field}` has several values: `{field}[0]` is the first, and nil where there is none"))
    }

    /// Whether an argument that is a multi-valued field stands for each of its values: where the function takes one, and has no
    /// answer where there is none.
    fn takes_each(&self, signature: &Signature, arg: &syntax::Expr, pattern: &Pattern, bound: &[Option<Type>]) -> bool {
        signature.nil == NilRule::Propagates
            && match &arg.unparenthesised().kind {
                syntax::ExprKind::Word(word) => {
                    let field = self.scheme.field_id(word).map(|id| self.scheme.field(id));
                    field.and_then(|f| f.ty.element()).is_some_and(|ty| accepts_one(signature, pattern, ty, bound))
                }
                syntax::ExprKind::Call { .. } | syntax::ExprKind::Subscript { .. } => true,
                _ => false,
            }
    }

    /// `present(x)`: whether a value is there. It is no function, since it must see any type, and gives way to one of this name.
    #[inline(never)]
    fn present(&mut self, args: &[syntax::Expr], span: Span) -> Checked<Operand> {
        let [arg] = args else {
            let d = Diagnostic::error("argument-count", span, format!("`present` takes 1 argument, not {}", args.len()));
            return self.fail(d.help("`present(value: any type) -> Bool`"));
        };
        let value = self.value(arg, Want::default())?;
        Ok(Operand::Plain(test(ExprKind::Present(Box::new(value)), span)))
    }
}

/// Whether an argument may be of a type, after those that bound `bound`.
fn accepts_one(signature: &Signature, pattern: &Pattern, ty: &Type, bound: &[Option<Type>]) -> bool {
    signature.accepts(pattern, ty, &mut bound.to_vec())
}

/// How a function is called.
fn usage(signature: &Signature) -> String {
    let mut text = format!("`{}(", signature.name);
    for (i, param) in signature.params.iter().enumerate() {
        let comma = if i > 0 { ", " } else { "" };
        let (open, close) = if param.default.is_some() { ("[", "]") } else { ("", "") };
        text.push_str(&format!("{open}{comma}{}: {}{close}", param.name, pattern(signature, &param.pattern)));
    }
    if let Some((param, _)) = &signature.rest {
        text.push_str(&format!(", {}: {}, ...", param.name, pattern(signature, &param.pattern)));
    }
    text.push_str(&format!(") -> {}`", pattern(signature, &signature.result)));
    text
}

/// A pattern in words; a variable is what it is bounded by.
fn pattern(signature: &Signature, p: &Pattern) -> String {
    match p {
        Pattern::Variable(n) => signature.variables.get(*n).map_or_else(|| p.to_string(), |bound| pattern(signature, bound)),
        _ => p.to_string(),
    }
}
