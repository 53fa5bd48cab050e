//! Operands: arithmetic, subscripts, calls and literals.

use super::{Parsed, Parser, mistake};
use crate::ast::{ArithOp, Quantifier, Span};
use crate::diagnostic::Diagnostic;
use crate::lexer::{Token, is_word};
use crate::literal;
use crate::symbol::{Symbol, sym};
use crate::syntax::{Expr, ExprKind, Name, Subscript, SubscriptKind};

impl<'s> Parser<'s> {
    /// One side of a comparison, which may be a byte sequence. Where that and another reading end at the same place, both are
    /// kept for the checker; otherwise the longer one counts.
    pub(super) fn operand(&mut self, right: bool) -> Parsed<Expr<'s>> {
        let outer = std::mem::replace(&mut self.right, right);
        let found = match self.sequence() {
            Some((bytes, len)) => self.operand_or(bytes, len),
            None => self.binary(0),
        };
        self.right = outer;
        found
    }

    /// An operand that may be the byte sequence that starts here.
    fn operand_or(&mut self, bytes: Vec<u8>, len: usize) -> Parsed<Expr<'s>> {
        let start = self.lexer.pos;
        let end = start + len;
        let (known, depth, brackets) = (self.diagnostics.total(), self.depth, self.brackets);
        match self.binary(0) {
            Ok(expr) if expr.span.end as usize > end => Ok(expr),
            // A reading that goes wrong after the sequence is the one that was meant.
            Err(failed) if self.lexer.pos > end => Err(failed),
            other => {
                self.diagnostics.truncate(known);
                (self.depth, self.brackets) = (depth, brackets);
                self.lexer.pos = end;
                let other = other.ok().filter(|e| e.span.end as usize == end);
                let chain = other.as_ref().map_or(0, |e| e.chain);
                let kind = ExprKind::Sequence { bytes, other: other.map(Box::new) };
                Ok(self.node(kind, Span::new(start, end), chain))
            }
        }
    }

    /// The byte sequence that is next, if it does not run into a longer word.
    #[inline]
    fn sequence(&mut self) -> Option<(Vec<u8>, usize)> {
        // By its third byte most of what may be one is not.
        self.peek();
        match self.lexer.byte(2) {
            Some(b':' | b'-' | b'.') => self.sequence_here(),
            _ => None,
        }
    }

    fn sequence_here(&self) -> Option<(Vec<u8>, usize)> {
        let rest = self.lexer.left();
        let (bytes, len) = literal::sequence(rest)?;
        let after = &rest[len..];
        let word = after.iter().take_while(|b| is_word(**b)).count();
        let ends = word == 0 || (self.right && matches!(&after[..word], b"or" | b"xor"));
        (ends && after.first() != Some(&b'[')).then_some((bytes, len))
    }

    /// Operators that bind at least as tightly as `least`; 0 is `??`.
    pub(super) fn binary(&mut self, least: u8) -> Parsed<Expr<'s>> {
        let first = self.unary();
        // Most operands end here.
        if first.is_ok() && self.no_arith_follows() {
            return first;
        }
        let mut lhs = first?;
        while let Some((op, span)) = self.arith_operator().filter(|(op, _)| op.entry().power >= least) {
            self.take(span);
            let rhs = self.binary(op.entry().power + 1)?;
            let (span, below) = (lhs.span.to(rhs.span), lhs.chain.max(rhs.chain));
            lhs = self.link(ExprKind::Arith { op, lhs: Box::new(lhs), rhs: Box::new(rhs) }, span, below)?;
        }
        while let Some(mark) = self.otherwise().filter(|_| least == 0) {
            self.take(mark);
            let default = self.binary(1)?;
            let (span, below) = (lhs.span.to(default.span), lhs.chain.max(default.chain));
            lhs = self.link(ExprKind::Otherwise { value: Box::new(lhs), default: Box::new(default) }, span, below)?;
        }
        Ok(lhs)
    }

    /// Whether what is next can be seen not to go on with arithmetic.
    #[inline]
    fn no_arith_follows(&mut self) -> bool {
        match self.peek().0 {
            Token::Symbol(symbol) => symbol.arith().is_none(),
            Token::End | Token::Quote => true,
            Token::Word(word) => word != "bitwise_and",
            Token::Other(c) => c != '?',
        }
    }

    /// The `??` that is next, if one is.
    fn otherwise(&mut self) -> Option<Span> {
        let (token, span) = self.peek();
        let both = Span::new(span.start as usize, span.start as usize + 2);
        (token == Token::Other('?') && self.lexer.source.get(both.start as usize..both.end as usize) == Some("??")).then_some(both)
    }

    fn arith_operator(&mut self) -> Option<(ArithOp, Span)> {
        let (token, span) = self.peek();
        // A line that begins with a minus begins a statement.
        if token == Token::Symbol(sym!("-")) && self.line_ends(span) {
            return None;
        }
        let op = match token {
            // `//` is no operator; that it starts no comment either is said where the expression turns out not to go on.
            Token::Symbol(sym!("/")) if self.lexer.rest().starts_with("//") => None,
            Token::Symbol(symbol) => symbol.arith(),
            Token::Word("bitwise_and") => Some(ArithOp::And),
            _ => None,
        }?;
        Some((op, span))
    }

    fn unary(&mut self) -> Parsed<Expr<'s>> {
        let (token, minus) = self.peek();
        match token {
            Token::Symbol(sym!("-")) => self.take(minus),
            Token::Symbol(sym!("~")) => {
                self.take(minus);
                self.enter(minus)?;
                let operand = self.unary()?;
                self.leave();
                let (span, below) = (minus.to(operand.span), operand.chain);
                return self.link(ExprKind::Flip(Box::new(operand)), span, below);
            }
            _ => return self.primary(),
        }
        if let Some(word) = self.negative_number(minus) {
            let span = Span::new(minus.start as usize, self.lexer.pos);
            return Ok(self.node(ExprKind::Word(word), span, 0));
        }
        self.enter(minus)?;
        let operand = self.unary()?;
        self.leave();
        let (span, below) = (minus.to(operand.span), operand.chain);
        self.link(ExprKind::Neg(Box::new(operand)), span, below)
    }

    /// The number right after a minus sign, with the sign.
    fn negative_number(&mut self, minus: Span) -> Option<&'s str> {
        if !self.lexer.byte(0)?.is_ascii_digit() {
            return None;
        }
        let (Token::Word(word), _) = self.peek() else { return None };
        let word = self.number_before_keyword(word).unwrap_or(word);
        let text = self.lexer.source.get(minus.start as usize..self.lexer.pos + word.len())?;
        if literal::int(text).is_some_and(|i| !matches!(i, Err(literal::IntError::Digit(_)))) || literal::float(text).is_some() {
            self.lexer.pos += word.len();
            return Some(text);
        }
        None
    }

    /// On the right of a comparison: the number or address that a following `or` or `xor` is glued to.
    fn number_before_keyword<'w>(&self, word: &'w str) -> Option<&'w str> {
        if !self.right || !word.ends_with("or") {
            return None;
        }
        let number = word.strip_suffix("xor").or(word.strip_suffix("or"))?;
        if !number.as_bytes().first().is_some_and(u8::is_ascii_digit) {
            return None;
        }
        let literal = matches!(literal::int(number), Some(Ok(_))) || literal::float(number).is_some() || literal::ip(number).is_some();
        literal.then_some(number)
    }

    pub(super) fn primary(&mut self) -> Parsed<Expr<'s>> {
        let (token, span) = self.peek();
        let expr = match token {
            Token::Quote => {
                let (bytes, span) = self.string()?;
                self.node(ExprKind::Bytes(bytes), span, 0)
            }
            Token::Symbol(sym!("(")) => {
                self.enter(span)?;
                self.take(span);
                let inner = self.inside(Self::expr)?;
                if self.blocks > 0 && self.peek().0 == Token::Symbol(sym!(",")) {
                    self.tuple(inner, span)?
                } else {
                    let end = self.close(sym!(")"), span)?;
                    self.leave();
                    let chain = inner.chain;
                    self.node(ExprKind::Paren(Box::new(inner)), span.to(end), chain)
                }
            }
            Token::Symbol(sym!("[")) => self.array(span)?,
            Token::Word(word) => self.word(word, span)?,
            Token::Other('\'') => match self.single_quoted() {
                Some((bytes, span)) => self.node(ExprKind::Bytes(bytes.into()), span, 0),
                None => return self.no_operand(),
            },
            _ => return self.no_operand(),
        };
        self.subscripts(expr)
    }

    /// The rest of several values in parentheses.
    fn tuple(&mut self, first: Expr<'s>, open: Span) -> Parsed<Expr<'s>> {
        let mut values = vec![first];
        while self.accept(sym!(",")).is_some() {
            values.push(self.inside(Self::expr)?);
        }
        let end = self.close(sym!(")"), open)?;
        self.leave();
        let chain = values.iter().map(|v| v.chain).max().unwrap_or(0);
        Ok(self.node(ExprKind::Tuple(values), open.to(end), chain))
    }

    /// An array that is written out.
    fn array(&mut self, open: Span) -> Parsed<Expr<'s>> {
        if self.blocks == 0 && !self.arrays {
            return self.no_operand();
        }
        self.enter(open)?;
        self.take(open);
        let mut items = Vec::new();
        let kind = if let Some(end) = self.accept(sym!("]")) {
            self.leave();
            return Ok(self.node(ExprKind::Array(items), open.to(end), 0));
        } else {
            items.push(self.inside(Self::expr)?);
            if let (Token::Other(';'), semicolon) = self.peek() {
                self.take(semicolon);
                let value = Box::new(items.swap_remove(0));
                ExprKind::Repeat { value, count: Box::new(self.inside(|parser| parser.binary(0))?) }
            } else {
                while self.accept(sym!(",")).is_some() && self.peek().0 != Token::Symbol(sym!("]")) {
                    items.push(self.inside(Self::expr)?);
                }
                ExprKind::Array(items)
            }
        };
        let end = self.close(sym!("]"), open)?;
        self.leave();
        let chain = match &kind {
            ExprKind::Array(items) => items.iter().map(|e| e.chain).max().unwrap_or(0),
            ExprKind::Repeat { value, count } => value.chain.max(count.chain),
            _ => 0,
        };
        Ok(self.node(kind, open.to(end), chain))
    }

    /// A word, and what belongs to it.
    fn word(&mut self, word: &'s str, span: Span) -> Parsed<Expr<'s>> {
        match self.opens(word, span)? {
            Ok(open) => {
                self.enter(span)?;
                self.take(open);
                let expr = match word {
                    "any" => self.quantifier(Quantifier::Any, span, open)?,
                    "all" => self.quantifier(Quantifier::All, span, open)?,
                    _ => self.call(word, span, open)?,
                };
                self.leave();
                Ok(expr)
            }
            Err(expr) => Ok(expr),
        }
    }

    /// The parenthesis after a word that is called, or else what the word is alone.
    fn opens(&mut self, word: &'s str, span: Span) -> Parsed<Result<Span, Expr<'s>>> {
        if let Some(number) = self.number_before_keyword(word) {
            self.lexer.pos += number.len();
            let span = Span::new(span.start as usize, self.lexer.pos);
            return Ok(Err(self.node(ExprKind::Word(number), span, 0)));
        }
        match word {
            "true" | "false" => {
                self.take(span);
                return Ok(Err(self.node(ExprKind::Bool(word == "true"), span, 0)));
            }
            "rule" => {
                if let Some(start) = self.at_item() {
                    let message = format!("an expression was expected, but here the rule `{}` starts", start.name.text);
                    let d = Diagnostic::error("expected-operand", span, message);
                    return self.fail(d.help("write the expression of the rule before it, or remove what is unfinished"));
                }
            }
            "not" => {
                let d = Diagnostic::error("unexpected", span, "`not` cannot stand inside an operand");
                return self.fail(d.help("put it in parentheses: `(not ...)`"));
            }
            _ => {}
        }
        self.take(span);
        if let (Token::Symbol(sym!("(")), open) = self.peek()
            && !self.line_ends(open)
        {
            return Ok(Ok(open));
        }
        if matches!(word, "and" | "or" | "xor") && !self.goes_on() {
            self.lexer.pos = span.start as usize;
            return self.no_operand();
        }
        Ok(Err(self.node(ExprKind::Word(word), span, 0)))
    }

    fn quantifier(&mut self, quantifier: Quantifier, span: Span, open: Span) -> Parsed<Expr<'s>> {
        let arg = self.inside(Self::expr)?;
        if let (Token::Symbol(sym!(",")), comma) = self.peek() {
            let d = Diagnostic::error("quantifier-arguments", comma, format!("`{quantifier}` takes one expression"));
            return self.fail(d.help("join several with `and` or `or`"));
        }
        let end = self.close(sym!(")"), open)?;
        let chain = arg.chain;
        Ok(self.node(ExprKind::Quantifier { quantifier, arg: Box::new(arg) }, span.to(end), chain))
    }

    fn call(&mut self, word: &'s str, span: Span, open: Span) -> Parsed<Expr<'s>> {
        let outer = std::mem::replace(&mut self.arrays, true);
        let arguments = self.arguments(open);
        self.arrays = outer;
        let (args, end) = arguments?;
        let chain = args.iter().map(|a| a.chain).max().unwrap_or(0);
        let name = Name { text: word, span };
        Ok(self.node(ExprKind::Call { name, args }, span.to(end), chain))
    }

    /// Whether what stands here can follow an operand, other than as an operand of its own.
    fn goes_on(&mut self) -> bool {
        match self.peek().0 {
            Token::End => true,
            Token::Symbol(s) => !matches!(s, sym!("!" | "(" | "{" | "$" | "-")),
            Token::Word(w) => matches!(
                w,
                "and" | "or" | "xor" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "in" | "contains" | "matches" | "wildcard" | "strict"
            ),
            Token::Quote | Token::Other(_) => false,
        }
    }

    fn arguments(&mut self, open: Span) -> Parsed<(Vec<Expr<'s>>, Span)> {
        let mut args = Vec::new();
        if let Some(end) = self.accept(sym!(")")) {
            return Ok((args, end));
        }
        loop {
            args.push(self.inside(Self::expr)?);
            if self.accept(sym!(",")).is_none() {
                let end = self.close(sym!(")"), open)?;
                return Ok((args, end));
            }
        }
    }

    /// Parses what stands inside brackets, where the outer comparison does not matter.
    fn inside<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parsed<T>) -> Parsed<T> {
        let outer = (std::mem::take(&mut self.right), std::mem::take(&mut self.lines));
        let found = parse(self);
        (self.right, self.lines) = outer;
        found
    }

    pub(super) fn close(&mut self, symbol: Symbol, open: Span) -> Parsed<Span> {
        match self.accept(symbol) {
            Some(span) => Ok(span),
            None if symbol == sym!("]") || self.peek().0 == Token::End || self.at_item().is_some() => {
                let symbol = symbol.text();
                let d = Diagnostic::error("unclosed", open, format!("`{symbol}` is missing")).label("for this one");
                self.fail(d.help(format!("close it with `{symbol}`")))
            }
            None => self.unexpected(),
        }
    }

    /// Any brackets right after an operand.
    fn subscripts(&mut self, base: Expr<'s>) -> Parsed<Expr<'s>> {
        let mut subscripts = Vec::new();
        let mut span = base.span;
        let mut chain = base.chain;
        // The next token may have been looked at already, and then blanks were skipped: brackets stand right behind what they take apart. Only
        // a field that is called like an operator may have blanks before them.
        let mut at = match base.kind {
            ExprKind::Word("and" | "or" | "xor") => self.lexer.pos,
            _ => span.end as usize,
        };
        while self.lexer.source.as_bytes().get(at) == Some(&b'[') {
            let open = Span::new(at, at + 1);
            self.brackets = self.lengthen(open, self.brackets)?;
            self.take(open);
            let kind = self.inside(Self::subscript)?;
            let end = self.close(sym!("]"), open)?;
            self.brackets -= 1;
            let inner = match &kind {
                SubscriptKind::Each => 0,
                SubscriptKind::At(e) => e.chain,
                SubscriptKind::Slice(a, b) => a.iter().chain(b).map(|e| e.chain).max().unwrap_or(0),
            };
            (span, at) = (span.to(end), end.end as usize);
            chain = self.lengthen(span, chain.max(inner) as usize)? as u32;
            subscripts.push(Subscript { kind, span: open.to(end) });
        }
        if subscripts.is_empty() {
            return Ok(base);
        }
        Ok(self.node(ExprKind::Subscript { base: Box::new(base), subscripts }, span, chain))
    }

    fn subscript(&mut self) -> Parsed<SubscriptKind<'s>> {
        if self.accept(sym!("*")).is_some() {
            return Ok(SubscriptKind::Each);
        }
        if self.accept(sym!(":")).is_some() {
            return Ok(SubscriptKind::Slice(None, self.slice_end()?));
        }
        let at = self.binary(0)?;
        if self.accept(sym!(":")).is_some() {
            return Ok(SubscriptKind::Slice(Some(at), self.slice_end()?));
        }
        Ok(SubscriptKind::At(at))
    }

    fn slice_end(&mut self) -> Parsed<Option<Expr<'s>>> {
        if self.peek().0 == Token::Symbol(sym!("]")) { Ok(None) } else { self.binary(0).map(Some) }
    }

    /// Nothing that could be an operand stands here.
    fn no_operand<T>(&mut self) -> Parsed<T> {
        let quoted = self.in_quotes().unwrap_or_else(|| "\"...\"".into());
        let (token, span) = self.peek();
        let text = &self.lexer.source[span.start as usize..span.end as usize];
        let d = Diagnostic::error("expected-operand", span, format!("an expression was expected, not `{text}`"));
        self.fail(match token {
            Token::End => {
                let d = Diagnostic::error("unexpected-end", span, "an expression was expected, but the text ends here");
                let empty = self.lexer.source.trim().is_empty();
                d.help(if empty { "write a test such as `tcp.port == 80`" } else { "write what is missing, or remove the operator before" })
            }
            Token::Other('\'') => mistake::single_quotes(span, &quoted),
            Token::Symbol(sym!("{")) => d.help("a set stands after `in`"),
            Token::Symbol(sym!("$")) => d.help("a list stands after `in`"),
            Token::Symbol(sym!("/" | "*" | "^" | "..")) if self.right => d.help(format!("text stands in double quotes: `{quoted}`")),
            Token::Symbol(sym!("=")) => d.help("`==` compares"),
            Token::Symbol(sym!("[")) => d.help("an array is not a value that can be written out; sets are written `{1 2 3}`"),
            Token::Symbol(sym!(")" | "]")) => d.help("something must stand before it"),
            Token::Symbol(sym!(",")) => d.help("something must stand before the comma"),
            Token::Symbol(sym!("!")) | Token::Word("not") => d.help("put it in parentheses: `(not ...)`"),
            Token::Symbol(_) | Token::Word(_) => d.help("an operator stands between two values"),
            Token::Other(c) => d.help(mistake::stray(c)),
            Token::Quote => d,
        })
    }
}
