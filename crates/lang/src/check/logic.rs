//! `and`, `or`, `xor`, `not`, `any`, `all`, and what counts as true.

use super::element::{nothing, test};
use super::{Checked, Checker, Failed, Loop, Operand, Want};
use crate::ast::{ArithOp, Block, Clause, CompareOp, Const, Each, Expr, ExprKind, LocalId, LogicOp, Quantifier, Span, Stmt, StmtKind};
use crate::diagnostic::Diagnostic;
use crate::syntax;
use crate::types::Type;

/// Something that is true or false, as a whole or for each element; never nil.
pub(super) enum Truth {
    One(Expr),
    Each(Loop),
}

/// What must be there for `all` to hold: fields, or clauses that bind it.
#[derive(Default)]
struct Required {
    fields: Vec<Expr>,
    bound: Vec<Clause>,
}

impl Checker<'_> {
    /// Takes an operand as a truth value. `x & k` means that a common bit is set.
    pub(super) fn truth(&mut self, operand: Operand, e: &syntax::Expr) -> Checked<Truth> {
        match operand {
            Operand::Plain(expr) if matches!(&expr.ty, Type::Array(element) if **element == Type::Bool) => {
                let mut clauses = Vec::new();
                let elem = self.walk(&mut clauses, expr).ok_or(Failed)?;
                Ok(Truth::Each(Loop { clauses, elem, logical: true, implicit: false }))
            }
            Operand::Plain(expr) => self.true_value(expr, e).map(Truth::One),
            Operand::Mapped(each) if each.elem.ty == Type::Bool => Ok(Truth::Each(self.unmap(each))),
            Operand::Mapped(each) => {
                let ty = Type::array(each.elem.ty);
                self.not_true(&ty, e)
            }
            Operand::Each(Loop { clauses, elem, implicit, .. }) => {
                let elem = self.true_value(elem, e)?;
                if implicit {
                    let span = e.span;
                    let each = Box::new(Each { clauses, body: elem });
                    return Ok(Truth::One(test(ExprKind::Quantifier { quantifier: Quantifier::Any, each }, span)));
                }
                Ok(Truth::Each(Loop { clauses, elem, logical: true, implicit }))
            }
        }
    }

    fn true_value(&mut self, expr: Expr, e: &syntax::Expr) -> Checked<Expr> {
        match (&expr.ty, &expr.kind) {
            (Type::Bool, _) => Ok(self.definite(expr)),
            (Type::Int | Type::U32, ExprKind::Arith { op: ArithOp::And, .. }) => {
                let span = expr.span;
                let zero = if expr.ty == Type::U32 { Const::U32(0) } else { Const::Int(0) };
                let zero = Expr { ty: zero.ty(), kind: ExprKind::Const(zero), nullable: false, span };
                let kind = ExprKind::Compare { op: CompareOp::Ne, lhs: Box::new(expr), rhs: Box::new(zero), on_nil: false };
                Ok(test(kind, span))
            }
            (ty, _) => {
                let ty = ty.clone();
                self.not_true(&ty, e)
            }
        }
    }

    fn not_true<T>(&mut self, ty: &Type, e: &syntax::Expr) -> Checked<T> {
        let text = self.text(e.span);
        let d = Diagnostic::error("expected-bool", e.span, format!("a Bool is needed here, but this is {ty}"));
        let simple = matches!(
            e.unparenthesised().kind,
            syntax::ExprKind::Word(_) | syntax::ExprKind::Subscript { .. } | syntax::ExprKind::Call { .. }
        );
        let help = match ty {
            Type::Array(_) | Type::Map(_) if simple => Some(format!("compare its elements: `any({text}[*] == ...)`")),
            Type::Int | Type::Bytes | Type::Float | Type::Ip if simple && !self.is_literal(e) => {
                Some(format!("compare it: `{text} == ...`"))
            }
            _ => None,
        };
        self.fail(d.label(ty.to_string()).help(help.unwrap_or_else(|| "compare it, with an operator such as `==`".into())))
    }

    pub(super) fn not(&mut self, inner: &syntax::Expr, span: Span) -> Checked<Operand> {
        let operand = self.expr(inner, Want { multi: true, ..Want::default() })?;
        Ok(match self.truth(operand, inner)? {
            Truth::One(expr) => Operand::Plain(test(ExprKind::Not(Box::new(expr)), span)),
            Truth::Each(each) => {
                let elem = test(ExprKind::Not(Box::new(each.elem)), span);
                Operand::Each(Loop { elem, ..each })
            }
        })
    }

    pub(super) fn logic(&mut self, op: LogicOp, items: &[syntax::Expr], span: Span) -> Checked<Operand> {
        let (mut ones, mut loops): (Vec<Expr>, Vec<Loop>) = (Vec::with_capacity(items.len()), Vec::new());
        let mut failed = false;
        // What is known so far, in a local, once an operand has needed statements before it.
        let mut known: Option<LocalId> = None;
        // All items are checked even after one has failed, so that each can report what is wrong with it.
        for item in items {
            let outer = std::mem::take(&mut self.out);
            let checked = self.expr(item, Want { multi: true, ..Want::default() }).and_then(|o| self.truth(o, item));
            let pending = std::mem::replace(&mut self.out, outer);
            if !pending.is_empty() && (!loops.is_empty() || ones.is_empty()) {
                self.out.extend(pending);
            } else if !pending.is_empty() {
                let Ok(Truth::One(expr)) = checked else {
                    failed = true;
                    continue;
                };
                let local = self.only_if_open(op, &mut known, std::mem::take(&mut ones), pending, expr, span);
                ones.push(local);
                continue;
            }
            match checked {
                Ok(Truth::One(_)) if !loops.is_empty() => failed |= self.mixed(op, item, "Bool", "Array<Bool>"),
                Ok(Truth::Each(_)) if !ones.is_empty() => failed |= self.mixed(op, item, "Array<Bool>", "Bool"),
                Ok(Truth::One(expr)) => ones.push(expr),
                Ok(Truth::Each(each)) => loops.push(each),
                Err(Failed) => failed = true,
            }
        }
        if failed {
            return Err(Failed);
        }
        if let ([_], true) = (ones.as_slice(), loops.is_empty()) {
            return ones.pop().map(Operand::Plain).ok_or(Failed);
        }
        if loops.is_empty() {
            return Ok(Operand::Plain(test(ExprKind::Logic { op, items: ones }, span)));
        }
        let (clauses, items) = self.zip(loops);
        let elem = test(ExprKind::Logic { op, items }, span);
        Ok(Operand::Each(Loop { clauses, elem, logical: true, implicit: false }))
    }

    /// Operands so far, and one more that needs statements before it: those run only where the operands so far do not decide. Answers what is
    /// known then.
    fn only_if_open(
        &mut self,
        op: LogicOp,
        known: &mut Option<LocalId>,
        mut ones: Vec<Expr>,
        mut pending: Block,
        next: Expr,
        span: Span,
    ) -> Expr {
        let local = match *known {
            Some(local) => local,
            None => self.local(Type::Bool, span).0,
        };
        let kept = || test(ExprKind::Local(local), span);
        // The local itself is the first operand where there were calls before.
        let before = match (ones.len(), ones.pop()) {
            (1, Some(one)) => one,
            (_, Some(last)) => {
                ones.push(last);
                test(ExprKind::Logic { op, items: ones }, span)
            }
            (_, None) => test(ExprKind::Const(Const::Bool(op == LogicOp::And)), span),
        };
        if !(matches!(before.kind, ExprKind::Local(id) if id == local)) {
            self.out.push(Stmt { kind: StmtKind::Set { local, value: before }, span });
        }
        *known = Some(local);
        let open = match op {
            LogicOp::And => kept(),
            LogicOp::Or => test(ExprKind::Not(Box::new(kept())), span),
            LogicOp::Xor => {
                self.out.append(&mut pending);
                let value = test(ExprKind::Logic { op, items: vec![kept(), next] }, span);
                self.out.push(Stmt { kind: StmtKind::Set { local, value }, span });
                return kept();
            }
        };
        pending.push(Stmt { kind: StmtKind::Set { local, value: next }, span });
        self.out.push(Stmt { kind: StmtKind::If { arms: vec![(open, pending)], otherwise: Block::new() }, span });
        kept()
    }

    fn mixed(&mut self, op: LogicOp, item: &syntax::Expr, found: &str, before: &str) -> bool {
        let message = format!("`{op}` joins Bools, or arrays of Bool, but not both");
        let d = Diagnostic::error("mixed-logic", item.span, message).label(format!("{found}, but {before} before"));
        let text = self.text(item.span);
        let help = match found {
            "Bool" => "close what has elements with `any(...)` or `all(...)` before it is joined".to_owned(),
            _ => format!("write `any({text})` or `all({text})`"),
        };
        self.diagnostics.push(d.help(help));
        true
    }

    pub(super) fn quantifier(&mut self, quantifier: Quantifier, arg: &syntax::Expr, span: Span) -> Checked<Operand> {
        self.quantifiers += 1;
        let found = self.expr(arg, Want::default());
        self.quantifiers -= 1;
        let mut operand = found?;
        // An array that stands in `all` as it is, not as part of a logical expression, must be there: nil is not `all` true.
        let direct = !matches!(arg.kind, syntax::ExprKind::Paren(_) | syntax::ExprKind::Not(_) | syntax::ExprKind::Logic { .. });
        let required = if direct && quantifier == Quantifier::All { self.required(&mut operand) } else { Required::default() };
        let each = match self.truth(operand, arg)? {
            Truth::Each(each) => each,
            Truth::One(_) => {
                let d =
                    Diagnostic::error("not-element-wise", arg.span, format!("`{quantifier}` needs a Bool for each element, not one Bool"));
                let d = d.label("Bool");
                return self.fail(d.help(format!("`[*]` gives each element of an array: `{quantifier}(x[*] == ...)`")));
            }
        };
        let each = Box::new(Each { clauses: each.clauses, body: each.elem });
        let mut expr = test(ExprKind::Quantifier { quantifier, each }, span);
        let Required { fields, bound } = required;
        if !bound.is_empty() {
            let each = Box::new(Each { clauses: bound, body: expr });
            expr = test(ExprKind::Quantifier { quantifier: Quantifier::Any, each }, span);
        }
        if !fields.is_empty() {
            let mut items: Vec<Expr> = fields.into_iter().map(|s| test(ExprKind::Present(Box::new(s)), span)).collect();
            items.push(expr);
            expr = test(ExprKind::Logic { op: LogicOp::And, items }, span);
        }
        Ok(Operand::Plain(expr))
    }

    /// What `all` needs to be there: the nullable sources of its first walk, or of the walks of multi-valued fields. A field is tested where it stands; anything else is bound,
    /// so that it is evaluated once and stands in the program once.
    fn required(&mut self, operand: &mut Operand) -> Required {
        let sources: Vec<&mut Expr> = match operand {
            Operand::Plain(expr) => vec![expr],
            Operand::Mapped(each) => {
                let clauses = each.clauses.iter_mut().enumerate().filter_map(|(i, clause)| match clause {
                    Clause::For(sources) => Some((i, sources)),
                    Clause::Let(..) => None,
                });
                let sources = clauses.flat_map(|(i, sources)| sources.iter_mut().map(move |(_, source)| (i, source)));
                sources.filter(|(i, s)| *i == 0 || matches!(s.kind, ExprKind::Field(_))).map(|(_, source)| source).collect()
            }
            Operand::Each(_) => Vec::new(),
        };
        let sources: Vec<&mut Expr> = sources.into_iter().filter(|s| s.nullable).collect();
        let mut required = Required::default();
        if sources.iter().all(|s| matches!(s.kind, ExprKind::Field(_))) {
            required.fields = sources.into_iter().map(|s| s.clone()).collect();
        } else {
            for source in sources {
                let value = std::mem::replace(source, nothing());
                *source = self.bind(&mut required.bound, value);
            }
        }
        required
    }
}
