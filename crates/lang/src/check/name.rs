//! Words: fields and literals.

use super::{Checked, Checker, Operand, Want, constant, hint};
use crate::ast::{Clause, Const, Expr, ExprKind, Span};
use crate::diagnostic::{Diagnostic, nearest};
use crate::intrinsic::ROWS;
use crate::literal::{self, IntError};
use crate::scheme::{FieldId, Presence};
use crate::syntax;
use crate::types::Type;

use super::element::Loop;

/// What a word is as a literal.
enum Literal {
    Is(Const),
    /// It looks like an integer, but is none.
    Broken(IntError),
}

impl Checker<'_> {
    /// A word is a field, or else an address, an integer or a float. On the right of a comparison and in subscripts a literal that
    /// starts with a digit goes before a field of that name.
    #[inline(never)]
    pub(super) fn word(&mut self, word: &str, span: Span, want: Want<'_>) -> Checked<Operand> {
        let digit = word.starts_with(|c: char| c.is_ascii_digit());
        if want.literal
            && digit
            && let Some(Literal::Is(value)) = as_literal(word, want.ty)
        {
            return Ok(constant(value, span));
        }
        if let Some(named) = self.named(word, span) {
            return named;
        }
        if want.ty == Some(&Type::Bytes)
            && let Some(id) = self.bytes_of(word)
        {
            return Ok(self.field(id, span, want.multi));
        }
        let records = self.scheme.records().fields().len();
        // Of what is kept, nothing that begins with a digit goes before a literal.
        if let Some(id) = self.scheme.field_id(word).filter(|id| !digit || (id.0 as usize) < records) {
            if id.0 as usize >= records
                && let Some(kept) = self.kept(id, word, span)
            {
                return kept;
            }
            return Ok(self.field(id, span, want.multi));
        }
        if !digit && let Some(rule) = self.rule_named(word, span) {
            return rule;
        }
        if self.scheme.function_id(word).is_some() {
            let d = Diagnostic::error("not-called", span, format!("`{word}` is a function"));
            return self.fail(d.label("not called").help(format!("call it: `{word}(...)`")));
        }
        match as_literal(word, want.ty) {
            Some(Literal::Is(value)) => Ok(constant(value, span)),
            Some(Literal::Broken(IntError::Range)) => {
                let d = Diagnostic::error("int-range", span, format!("`{word}` does not fit in a 64-bit Int"));
                self.fail(d.help(format!("Int goes from {} to {}", i64::MIN, i64::MAX)))
            }
            Some(Literal::Broken(IntError::Digit(radix))) if !word.contains('.') && !self.is_near_name(word) => {
                let what = match radix {
                    8 => "an octal integer (it starts with 0)",
                    16 => "a hexadecimal integer",
                    _ => "an integer",
                };
                let d = Diagnostic::error("bad-int", span, format!("`{word}` is neither a known name nor {what}"));
                let strip = word.trim_start_matches('0');
                let help = (radix == 8 && literal::int(strip).is_some_and(|i| i.is_ok()))
                    .then(|| format!("a leading `0` makes it octal; write `{strip}` for the decimal number"));
                self.fail(d.help(help.unwrap_or_else(|| hint::number(word))))
            }
            _ => self.unknown(word, span, want),
        }
    }

    /// The field of a protocol's bytes, for the name of one that tells whether it is there: `tcp.bytes` for `tcp`. Where Bytes are wanted, the
    /// protocol stands for its bytes.
    pub(super) fn bytes_of(&self, word: &str) -> Option<FieldId> {
        let flag = self.scheme.field_id(word).filter(|id| self.scheme.field(*id).ty == Type::Bool);
        let bytes = flag.and_then(|_| self.scheme.field_id(&format!("{word}.bytes")))?;
        (self.scheme.field(bytes).ty == Type::Bytes && !self.is_named(word)).then_some(bytes)
    }

    /// A field's value, or, where it is multi-valued and that counts here, each of its values.
    pub(super) fn field(&mut self, id: FieldId, span: Span, multi: bool) -> Operand {
        let field = self.scheme.field(id);
        let nullable = field.presence == Presence::Optional;
        let expr = Expr { kind: ExprKind::Field(id), ty: field.ty.clone(), nullable, span };
        if multi && field.multi {
            let mut clauses: Vec<Clause> = Vec::new();
            if let Some(elem) = self.walk(&mut clauses, expr.clone()) {
                return Operand::Each(Loop { clauses, elem, logical: false, implicit: true });
            }
        }
        Operand::Plain(expr)
    }

    /// Hex pairs: bytes, unless something else is wanted or the other reading starts with a name that is known.
    #[inline(never)]
    pub(super) fn sequence(&mut self, bytes: &[u8], other: Option<&syntax::Expr>, span: Span, want: Want<'_>) -> Checked<Operand> {
        let Some(other) = other else { return Ok(self.bytes_or_address(bytes, span, want)) };
        let single = matches!(other.kind, syntax::ExprKind::Word(_));
        let known = |word: &str| self.is_named(word) || self.scheme.field_id(word).is_some();
        let first = first_word(other);
        let as_other = match want.ty {
            // One word is a field if there is one; several joined by `-` cannot be Bytes.
            Some(Type::Bytes) => single && first.is_some_and(|w| known(w) && !w.starts_with(|c: char| c.is_ascii_digit())),
            Some(_) => true,
            None => first.is_some_and(|w| known(w) || as_literal(w, None).is_some_and(|l| matches!(l, Literal::Is(_)))),
        };
        if as_other { self.expr(other, want) } else { Ok(self.bytes_or_address(bytes, span, want)) }
    }

    /// Eight pairs joined by colons are also an IPv6 address.
    fn bytes_or_address(&self, bytes: &[u8], span: Span, want: Want<'_>) -> Operand {
        match literal::ip(self.text(span)) {
            Some(ip) if want.ty == Some(&Type::Ip) => constant(Const::Ip(ip), span),
            _ => constant(Const::Bytes(bytes.to_vec()), span),
        }
    }

    /// Whether an expression is a literal, as far as its form and the scheme's names tell.
    pub(super) fn is_literal(&self, e: &syntax::Expr) -> bool {
        match &e.unparenthesised().kind {
            syntax::ExprKind::Bool(_) | syntax::ExprKind::Bytes(_) => true,
            syntax::ExprKind::Word(w) => !self.is_named(w) && self.scheme.field_id(w).is_none(),
            syntax::ExprKind::Sequence { other, .. } => other.as_ref().is_none_or(|o| self.is_literal(o)),
            syntax::ExprKind::Neg(inner) => self.is_literal(inner),
            _ => false,
        }
    }

    fn is_near_name(&self, word: &str) -> bool {
        self.near(word).is_some()
    }

    fn near(&self, word: &str) -> Option<&str> {
        let fields = self.scheme.fields().iter().map(|f| f.name.as_str());
        nearest(word, fields.chain(self.scheme.functions().iter().map(|f| f.name.as_str())).chain(self.names()).chain(self.known.above()))
    }

    fn unknown(&mut self, word: &str, span: Span, want: Want<'_>) -> Checked<Operand> {
        let digit = word.starts_with(|c: char| c.is_ascii_digit());
        let message = match want.ty {
            Some(Type::Ip) if digit => format!("`{word}` is no address"),
            Some(Type::Float | Type::Int) if digit => format!("`{word}` is no number"),
            _ => format!("there is no field `{word}`"),
        };
        let d = Diagnostic::error("unknown-name", span, message);
        let lower = word.to_ascii_lowercase();
        let (foreign, near) = (hint::foreign_word(word), self.near(word));
        let d = match (&foreign, near) {
            (Some(_), _) if matches!(lower.as_str(), "true" | "false") => d.instead(lower),
            (None, Some(name)) => d.instead(name),
            _ => d,
        };
        let help = match (foreign, near) {
            (Some(help), _) => Some(help),
            (None, Some(name)) => Some(format!("did you mean `{name}`?")),
            (None, None) => match want.ty {
                Some(Type::Bytes) => Some(format!("text stands in double quotes: `\"{word}\"`")),
                Some(Type::Ip) if digit => Some(hint::address(word)),
                _ if digit => Some(hint::number(word)),
                _ => {
                    let names: Vec<&str> = self.scheme.records().fields().iter().map(|f| f.name.as_str()).collect();
                    self.there_are("fields", word, &names)
                }
            },
        };
        self.fail(d.help(help.unwrap_or_else(|| "the scheme has no fields".into())))
    }

    pub(super) fn unknown_function<T>(&mut self, name: &syntax::Name) -> Checked<T> {
        let d = if self.scheme.field_id(name.text).is_some() {
            Diagnostic::error("not-a-function", name.span, format!("`{}` is a field and cannot be called", name.text))
                .help(format!("write `{}`, without parentheses", name.text))
        } else if hint::needs_service(name.text) {
            Diagnostic::error("no-service", name.span, format!("`{}` needs a service that Quintet does not have", name.text))
                .help("leave this test out, or let the host register a function of this name")
        } else if matches!(name.text, "bytes" | "pop" | "push" | "clear" | "fill") {
            Diagnostic::error("argument-type", name.span, format!("`{}` takes an array of the script", name.text))
                .help("an array is declared `let a: [Int] = []`")
        } else {
            let d = Diagnostic::error("unknown-function", name.span, format!("there is no function `{}`", name.text));
            let intrinsics = ROWS.iter().map(|row| row.name);
            let near =
                nearest(name.text, self.scheme.functions().iter().map(|f| f.name.as_str()).chain(self.function_names()).chain(intrinsics));
            let d = near.map_or(d.clone(), |n| d.instead(n));
            let help = near.map(|n| format!("did you mean `{n}`?")).or_else(|| {
                let names: Vec<&str> = self.scheme.functions().iter().map(|f| f.name.as_str()).collect();
                self.there_are("functions", name.text, &names)
            });
            d.help(help.unwrap_or_else(|| "the scheme has no functions".into()))
        };
        self.fail(d)
    }
}

/// The word that an expression starts with.
fn first_word<'s>(e: &syntax::Expr<'s>) -> Option<&'s str> {
    let mut e = e;
    loop {
        match &e.kind {
            syntax::ExprKind::Word(w) => return Some(w),
            syntax::ExprKind::Arith { lhs, .. } => e = lhs,
            _ => return None,
        }
    }
}

/// What a word is as a literal, preferably of type `want`.
fn as_literal(word: &str, want: Option<&Type>) -> Option<Literal> {
    let int = literal::int(word);
    if let Some(Ok(i)) = int {
        return Some(Literal::Is(match (want, u32::try_from(i)) {
            (Some(Type::U32), Ok(u)) => Const::U32(u),
            (Some(Type::Float), _) => Const::Float(i as f64),
            _ => Const::Int(i),
        }));
    }
    if let Some(ip) = literal::ip(word) {
        return Some(Literal::Is(Const::Ip(ip)));
    }
    match (literal::float(word), int) {
        (Some(f), _) => Some(Literal::Is(Const::Float(f))),
        (None, Some(Err(error))) => Some(Literal::Broken(error)),
        (None, _) => None,
    }
}
