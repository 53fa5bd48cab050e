//! Arrays of scripts, and operations that scripts have beside those of rules.

use super::{Checked, Checker, Failed, Loop, Operand, Want, constant};
use crate::ast::{ArithOp, Const, Expr, ExprKind, Filling, LocalId, Place, Span, Stmt, StmtKind};
use crate::diagnostic::Diagnostic;
use crate::intrinsic::{Intrinsic, Row};
use crate::syntax::{self, Name};
use crate::types::Type;

impl Checker<'_> {
    /// Element `index` of an array.
    pub(super) fn element(&mut self, (array, ty): (Place, Type), at: &syntax::Expr, span: Span) -> Checked<Expr> {
        let Type::List(element, _) = ty else { return Err(Failed) };
        let index = Box::new(self.int_index(at)?);
        let nullable = index.nullable;
        Ok(self.spilled(Expr { kind: ExprKind::Element { array, index }, ty: *element, nullable, span }))
    }

    /// An Int inside brackets.
    pub(super) fn int_index(&mut self, at: &syntax::Expr) -> Checked<Expr> {
        let index = self.value(at, Want { ty: Some(&Type::Int), literal: true, multi: false })?;
        match index.ty {
            Type::Int => Ok(index),
            Type::U32 => Ok(self.to_int(index)),
            _ => {
                let d = Diagnostic::error("type-mismatch", at.span, format!("an Int is needed here, but this is {}", index.ty));
                self.fail(d.label(index.ty.to_string()).help("elements are numbered from 0"))
            }
        }
    }

    /// A U32 as an Int.
    pub(super) fn to_int(&self, value: Expr) -> Expr {
        let (nullable, span) = (value.nullable, value.span);
        Expr { kind: ExprKind::Intrinsic { op: Intrinsic::ToInt, args: vec![value] }, ty: Type::Int, nullable, span }
    }

    /// The number of elements of an array.
    pub(super) fn count_of(&mut self, array: Place, span: Span) -> Expr {
        self.spilled(Expr { kind: ExprKind::Count(array), ty: Type::Int, nullable: false, span })
    }

    /// What is read from an array, kept in a local where a later call in the same expression may change the array.
    fn spilled(&mut self, read: Expr) -> Expr {
        if !self.script.ordered {
            return read;
        }
        let span = read.span;
        let (local, kept) = self.local(read.ty.clone(), span);
        self.out.push(Stmt { kind: StmtKind::Set { local, value: read }, span });
        kept
    }

    pub(super) fn misplaced_array(&mut self, span: Span) -> Checked<Operand> {
        let d = Diagnostic::error("whole-array", span, "an array cannot stand here");
        self.fail(d.help("give it a name: `let a = [...]`; sets are written `{1 2 3}`"))
    }

    pub(super) fn misplaced_tuple(&mut self, span: Span) -> Checked<Operand> {
        let d = Diagnostic::error("several-values", span, "several values cannot stand here");
        self.fail(d.help("several values are only returned, and taken apart by `let (a, b) = ...`"))
    }

    /// A new array of a type, filled with what is written.
    pub(super) fn filled(&mut self, e: &syntax::Expr, ty: &Type) -> Checked<LocalId> {
        let (with, _) = self.filling(e, Some(ty))?;
        let (local, _) = self.local(ty.clone(), e.span);
        self.out.push(Stmt { kind: StmtKind::Fill { array: local, with }, span: e.span });
        Ok(local)
    }

    /// Whether an expression stands for an array as a whole.
    pub(super) fn is_array(&mut self, e: &syntax::Expr) -> bool {
        match &e.unparenthesised().kind {
            syntax::ExprKind::Array(_) | syntax::ExprKind::Repeat { .. } => true,
            syntax::ExprKind::Word(_) => matches!(self.place(e), Ok(Some(_))),
            syntax::ExprKind::Call { name, .. } => matches!(self.results_of(name.text), Some([Type::List(..)])),
            _ => false,
        }
    }

    /// What an array is filled with, and the type of the array that is written.
    pub(super) fn filling(&mut self, e: &syntax::Expr, want: Option<&Type>) -> Checked<(Filling, Type)> {
        let (wanted, fixed) = match want {
            Some(Type::List(element, len)) => (Some((**element).clone()), *len),
            Some(ty) => {
                let d = Diagnostic::error("type-mismatch", e.span, format!("{ty} is wanted here, but this is an array"));
                return self.fail(d.help("the type of an array is `[T]` or `[T; N]`"));
            }
            None => (None, None),
        };
        let (with, found) = match &e.unparenthesised().kind {
            syntax::ExprKind::Array(items) => {
                let mut element = wanted.clone();
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    let value = self.item(item, element.as_ref())?;
                    element.get_or_insert_with(|| value.ty.clone());
                    values.push(value);
                }
                let Some(element) = element else {
                    let d = Diagnostic::error("unknown-type", e.span, "nothing says what this array is to hold");
                    return self.fail(d.help("write its type: `let a: [Int] = []`"));
                };
                let len = values.len() as u32;
                (Filling::Items(values), Type::list(element, Some(len)))
            }
            syntax::ExprKind::Repeat { value, count } => {
                let value = self.item(value, wanted.as_ref())?;
                let element = value.ty.clone();
                if want.is_some() && fixed.is_none() {
                    let count = self.int_index(count)?;
                    return Ok((Filling::Repeat(value, count), Type::list(element, None)));
                }
                let len = self.list_len(count)?;
                let span = count.span;
                let count = Expr { kind: ExprKind::Const(Const::Int(i64::from(len))), ty: Type::Int, nullable: false, span };
                (Filling::Repeat(value, count), Type::list(element, Some(len)))
            }
            _ => {
                let Some((place, ty)) = self.place(e)? else {
                    let d = Diagnostic::error("type-mismatch", e.span, "an array is wanted here");
                    return self.fail(d.help("write `[1, 2, 3]`, `[0; 256]` or the name of an array"));
                };
                (Filling::Copy(place), ty)
            }
        };
        let (Some(wanted), Type::List(element, len)) = (wanted, &found) else { return Ok((with, found)) };
        let fits = wanted == **element && fixed.is_none_or(|fixed| *len == Some(fixed));
        if !fits {
            let message = format!("{} is wanted here, but this is {found}", want.map_or_else(String::new, Type::to_string));
            let d = Diagnostic::error("type-mismatch", e.span, message).label(found.to_string());
            return self.fail(d.help("a fixed array has just as many elements as its type says"));
        }
        Ok((with, found))
    }

    /// An element that is written out.
    fn item(&mut self, e: &syntax::Expr, want: Option<&Type>) -> Checked<Expr> {
        let value = self.value(e, Want { ty: want, literal: true, multi: false })?;
        match want {
            Some(ty) if value.ty != *ty => self.wrong_type(ty, &value.ty, e),
            None if !value.ty.is_primitive() => {
                let d = Diagnostic::error("type-mismatch", e.span, format!("an array holds no {}", value.ty));
                self.fail(d.help("arrays hold Bool, Int, U32, Float, Bytes or Ip"))
            }
            _ => Ok(value),
        }
    }

    /// Functions of arrays that stand in expressions: `len(a)`, `bytes(a)`, `pop(a)`.
    pub(super) fn array_call(&mut self, name: &Name, args: &[syntax::Expr], span: Span) -> Option<Checked<Expr>> {
        let [arg] = args else { return None };
        if !matches!(name.text, "len" | "bytes" | "pop") {
            return None;
        }
        let (place, ty) = match self.place(arg) {
            Ok(Some(found)) => found,
            Ok(None) => return None,
            Err(Failed) => return Some(Err(Failed)),
        };
        let Type::List(element, len) = ty else { return None };
        Some(match name.text {
            "len" => Ok(self.count_of(place, span)),
            "bytes" if matches!(*element, Type::Int | Type::U32) => {
                Ok(self.spilled(Expr { kind: ExprKind::Packed(place), ty: Type::Bytes, nullable: false, span }))
            }
            "bytes" => {
                let d = Diagnostic::error("argument-type", arg.span, format!("`bytes` takes an array of Int or U32, not of {element}"));
                self.fail(d.help("the low 8 bits of each element become a byte"))
            }
            _ => self.growing(arg, place, len).map(|array| {
                let (local, value) = self.local(*element, span);
                self.out.push(Stmt { kind: StmtKind::Pop { local: Some(local), array }, span });
                value
            }),
        })
    }

    /// The local of an array that can change its length.
    fn growing(&mut self, arg: &syntax::Expr, place: Place, len: Option<u32>) -> Checked<LocalId> {
        match (place, len) {
            (Place::Local(local), None) => Ok(local),
            (Place::Local(_), Some(len)) => {
                let d = Diagnostic::error("fixed-array", arg.span, format!("this array has {len} elements, no more and no less"));
                self.fail(d.help("a growing array is declared `let a: [Int] = []`"))
            }
            (Place::Table(_), _) => self.constant_changed(arg.span),
        }
    }

    pub(super) fn constant_changed<T>(&mut self, span: Span) -> Checked<T> {
        let d = Diagnostic::error("assign-constant", span, "a constant cannot be changed");
        self.fail(d.help("copy it into a local: `let a = ...`"))
    }

    /// Functions of arrays that are statements: `push(a, x)`, `pop(a)`, `clear(a)`, `fill(a, x)`.
    pub(super) fn array_statement(&mut self, name: &Name, args: &[syntax::Expr], span: Span) -> Option<Checked<()>> {
        let wanted = match name.text {
            "push" | "fill" => 2,
            "pop" | "clear" => 1,
            _ => return None,
        };
        if args.len() != wanted {
            let s = if wanted == 1 { "" } else { "s" };
            let message = format!("`{}` takes {wanted} argument{s}, not {}", name.text, args.len());
            let d = Diagnostic::error("argument-count", span, message);
            return Some(self.fail(d.help("`push(a, x)`, `pop(a)`, `clear(a)`, `fill(a, x)`")));
        }
        Some(self.array_changed(name, args, span))
    }

    fn array_changed(&mut self, name: &Name, args: &[syntax::Expr], span: Span) -> Checked<()> {
        let Some((place, Type::List(element, len))) = self.place(&args[0])? else {
            let d = Diagnostic::error("argument-type", args[0].span, format!("`{}` takes an array of the script", name.text));
            return self.fail(d.help("an array is declared `let a: [Int] = []`"));
        };
        let kind = match name.text {
            "push" => {
                let value = self.item(&args[1], Some(&element))?;
                StmtKind::Push { array: self.growing(&args[0], place, len)?, value }
            }
            "pop" => StmtKind::Pop { local: None, array: self.growing(&args[0], place, len)? },
            "clear" => StmtKind::Fill { array: self.growing(&args[0], place, len)?, with: Filling::Items(Vec::new()) },
            _ => {
                let value = self.item(&args[1], Some(&element))?;
                let Place::Local(array) = place else { return self.constant_changed(args[0].span) };
                StmtKind::Fill { array, with: Filling::Each(value) }
            }
        };
        self.out.push(Stmt { kind, span });
        Ok(())
    }

    /// `value ?? default`.
    pub(super) fn otherwise(&mut self, value: &syntax::Expr, default: &syntax::Expr, span: Span, want: Want<'_>) -> Checked<Operand> {
        let first = self.value(value, Want { multi: false, ..want })?;
        let ty = first.ty.clone();
        let outer = std::mem::take(&mut self.out);
        let second = self.value(default, Want { ty: Some(&ty), literal: true, multi: false });
        let pending = std::mem::replace(&mut self.out, outer);
        let second = second?;
        if second.ty != ty {
            return self.wrong_type(&ty, &second.ty, default);
        }
        if pending.is_empty() {
            let nullable = first.nullable && second.nullable;
            let kind = ExprKind::Otherwise { value: Box::new(first), default: Box::new(second) };
            return Ok(Operand::Plain(Expr { kind, ty, nullable, span }));
        }
        // Calls of the default are made only where there is no value.
        let (local, kept) = self.local(ty, span);
        self.out.push(Stmt { kind: StmtKind::Set { local, value: first }, span });
        let there = super::element::test(ExprKind::Present(Box::new(kept.clone())), span);
        let missing = super::element::test(ExprKind::Not(Box::new(there)), span);
        let mut then = pending;
        then.push(Stmt { kind: StmtKind::Set { local, value: second }, span });
        self.out.push(Stmt { kind: StmtKind::If { arms: vec![(missing, then)], otherwise: Vec::new() }, span });
        Ok(Operand::Plain(kept))
    }

    /// `~x`.
    pub(super) fn flip(&mut self, inner: &syntax::Expr, span: Span, want: Want<'_>) -> Checked<Operand> {
        let value = self.value(inner, Want { multi: false, ..want })?;
        let ones = match value.ty {
            Type::Int => Const::Int(-1),
            Type::U32 => Const::U32(u32::MAX),
            _ => {
                let d = Diagnostic::error("operator-type", inner.span, format!("`~` works on Int and U32, not on {}", value.ty));
                return self
                    .fail(d.label(value.ty.to_string()).help("before a text, `~` stands between it and what is searched: `x ~ \"...\"`"));
            }
        };
        let Operand::Plain(ones) = constant(ones, span) else { return Err(Failed) };
        let (ty, nullable) = (value.ty.clone(), value.nullable);
        let kind = ExprKind::Arith { op: ArithOp::Xor, lhs: Box::new(value), rhs: Box::new(ones) };
        Ok(Operand::Plain(Expr { kind, ty, nullable, span }))
    }

    /// A call of an intrinsic.
    pub(super) fn intrinsic(&mut self, name: &Name, args: &[syntax::Expr], span: Span, multi: bool) -> Checked<Operand> {
        let rows: Vec<&'static Row> = Row::named(name.text).filter(|row| row.params.len() == args.len()).collect();
        if rows.is_empty() {
            let least = Row::named(name.text).map(|row| row.params.len()).min().unwrap_or(0);
            let s = if least == 1 { "" } else { "s" };
            let message = format!("`{}` takes {least} argument{s}, not {}", name.text, args.len());
            return self.fail(Diagnostic::error("argument-count", span, message).help(usage(name.text)));
        }
        // Literals take the type that the others have, so those come first.
        let mut operands: Vec<Option<Operand>> = args.iter().map(|_| None).collect();
        let fits = |row: &Row, found: &[Option<Operand>]| {
            row.params.iter().zip(found).all(|(ty, operand)| operand.as_ref().is_none_or(|operand| operand.ty() == *ty))
        };
        for literal in [false, true] {
            for (place, arg) in args.iter().enumerate() {
                if self.is_literal(arg) != literal {
                    continue;
                }
                let left: Vec<&&Row> = rows.iter().filter(|row| fits(row, &operands)).collect();
                let ty = left.first().map(|row| row.params[place].clone());
                let same = left.iter().all(|row| Some(&row.params[place]) == ty.as_ref());
                let want = ty.filter(|_| same || literal && left.len() < rows.len());
                let multi = place == 0;
                operands[place] = Some(self.expr(arg, Want { ty: want.as_ref(), literal: true, multi })?);
            }
        }
        let Some(row) = rows.iter().find(|row| fits(row, &operands)) else {
            let types: Vec<String> = operands.iter().flatten().map(|operand| operand.ty().to_string()).collect();
            let message = format!("`{}` does not take {}", name.text, types.join(" and "));
            return self.fail(Diagnostic::error("argument-type", span, message).help(usage(name.text)));
        };
        let mut clauses = None;
        let mut values = Vec::with_capacity(args.len());
        for (place, (operand, arg)) in operands.into_iter().flatten().zip(args).enumerate() {
            values.push(match operand {
                Operand::Plain(value) => value,
                Operand::Each(each) if place == 0 => {
                    clauses = Some((each.clauses, each.implicit));
                    each.elem
                }
                Operand::Mapped(_) | Operand::Each(_) => return self.misplaced_each(arg.span),
            });
        }
        if let (Intrinsic::ToU32, [Expr { kind: ExprKind::Const(Const::Int(i)), .. }]) = (row.op, values.as_slice()) {
            return Ok(constant(Const::U32(*i as u32), span));
        }
        let nullable = row.nullable || values.iter().any(|v| v.nullable);
        let elem = Expr { kind: ExprKind::Intrinsic { op: row.op, args: values }, ty: row.result.clone(), nullable, span };
        Ok(match clauses {
            None => Operand::Plain(elem),
            Some((clauses, true)) if multi => Operand::Each(Loop { clauses, elem, logical: false, implicit: true }),
            Some((clauses, _)) => Operand::Mapped(Loop { clauses, elem, logical: false, implicit: false }),
        })
    }
}

/// How an intrinsic is called.
fn usage(name: &str) -> String {
    let rows: Vec<String> = Row::named(name)
        .map(|row| {
            let params: Vec<String> = row.params.iter().map(Type::to_string).collect();
            format!("`{name}({}) -> {}{}`", params.join(", "), row.result, if row.nullable { "?" } else { "" })
        })
        .collect();
    rows.join(" or ")
}
