//! Logic and comparisons.

use std::borrow::Cow;

use super::{Failed, Parsed, Parser, mistake};
use crate::ast::{CompareOp, LogicOp, Span};
use crate::diagnostic::Diagnostic;
use crate::lexer::Token;
use crate::symbol::sym;
use crate::syntax::{Expr, ExprKind, Member, Name, Set};

/// An operator between an operand and what it is compared with.
enum Test {
    Compare(CompareOp),
    In { negated: bool },
    Contains,
    Matches,
    Wildcard { strict: bool },
}

/// Words that may be glued to a number that follows them.
const GLUED: [(&str, CompareOp); 6] = [
    ("eq", CompareOp::Eq),
    ("ne", CompareOp::Ne),
    ("ge", CompareOp::Ge),
    ("le", CompareOp::Le),
    ("gt", CompareOp::Gt),
    ("lt", CompareOp::Lt),
];

impl<'s> Parser<'s> {
    /// A whole expression. All three levels of logic are parsed by one loop, so a chain of any length takes no stack.
    pub(super) fn expr(&mut self) -> Parsed<Expr<'s>> {
        let first = self.not()?;
        // Most expressions are one comparison.
        let Some(mut op) = self.logic_operator() else { return Ok(first) };
        let (mut ors, mut xors, mut ands) = (Vec::new(), Vec::new(), Vec::with_capacity(4));
        ands.push(first);
        loop {
            match op {
                LogicOp::And => {}
                LogicOp::Xor => xors.push(self.join(LogicOp::And, &mut ands)?),
                LogicOp::Or => {
                    xors.push(self.join(LogicOp::And, &mut ands)?);
                    ors.push(self.join(LogicOp::Xor, &mut xors)?);
                }
            }
            ands.push(self.not()?);
            match self.logic_operator() {
                Some(next) => op = next,
                None => break,
            }
        }
        xors.push(self.join(LogicOp::And, &mut ands)?);
        ors.push(self.join(LogicOp::Xor, &mut xors)?);
        self.join(LogicOp::Or, &mut ors)
    }

    /// One node of all `items`, or the only one.
    fn join(&mut self, op: LogicOp, items: &mut Vec<Expr<'s>>) -> Parsed<Expr<'s>> {
        if items.len() < 2 {
            return items.pop().ok_or(Failed);
        }
        let items = std::mem::take(items);
        let chain = items.iter().map(|i| i.chain).max().unwrap_or(0);
        let span = items.iter().fold(items[0].span, |span, i| span.to(i.span));
        Ok(self.node(ExprKind::Logic { op, items }, span, chain))
    }

    fn logic_operator(&mut self) -> Option<LogicOp> {
        let (token, span) = self.peek();
        let op = match token {
            Token::Word("and") | Token::Symbol(sym!("&&")) => LogicOp::And,
            Token::Word("xor") | Token::Symbol(sym!("^^")) => LogicOp::Xor,
            Token::Word("or") | Token::Symbol(sym!("||")) => LogicOp::Or,
            _ => return None,
        };
        self.take(span);
        Some(op)
    }

    /// Any number of `not` and a comparison.
    #[inline]
    fn not(&mut self) -> Parsed<Expr<'s>> {
        match self.peek().0 {
            Token::Word("not") | Token::Symbol(sym!("!")) => self.negated(),
            _ => self.comparison(),
        }
    }

    #[inline(never)]
    fn negated(&mut self) -> Parsed<Expr<'s>> {
        let mut nots = Vec::new();
        while let (Token::Word("not") | Token::Symbol(sym!("!")), span) = self.peek() {
            self.enter(span)?;
            self.take(span);
            nots.push(span);
        }
        let mut expr = self.comparison()?;
        for start in nots.into_iter().rev() {
            self.leave();
            let (span, chain) = (start.to(expr.span), expr.chain);
            expr = self.node(ExprKind::Not(Box::new(expr)), span, chain);
        }
        Ok(expr)
    }

    #[inline(never)]
    fn comparison(&mut self) -> Parsed<Expr<'s>> {
        let lhs = self.operand(false)?;
        match self.test()? {
            Some(test) => self.compared(lhs, test),
            None => {
                self.no_foreign_word(&lhs)?;
                Ok(lhs)
            }
        }
    }

    /// The right side of a comparison.
    fn compared(&mut self, lhs: Expr<'s>, test: Test) -> Parsed<Expr<'s>> {
        let (start, chain) = (lhs.span, lhs.chain);
        let expr = match test {
            Test::Compare(op) => {
                let rhs = self.operand(true)?;
                let (span, chain) = (start.to(rhs.span), chain.max(rhs.chain));
                self.node(ExprKind::Compare { op, sides: Box::new([lhs, rhs]) }, span, chain)
            }
            Test::In { negated } => {
                let (set, end) = self.set()?;
                self.node(ExprKind::In { value: Box::new(lhs), negated, set }, start.to(end), chain)
            }
            Test::Contains => {
                if let (Token::Symbol(sym!("{")), span) = self.peek() {
                    return self.fail(
                        Diagnostic::error("contains-set", span, "`contains` takes one value, not a set")
                            .help("write one `contains` for each value, joined by `or`"),
                    );
                }
                let needle = self.operand(true)?;
                let (span, chain) = (start.to(needle.span), chain.max(needle.chain));
                self.node(ExprKind::Contains { value: Box::new(lhs), needle: Box::new(needle) }, span, chain)
            }
            Test::Matches => {
                self.literal_string("matches", "a regular expression")?;
                let pattern = match self.lexer.regex() {
                    Ok(pattern) => Box::new(pattern),
                    Err(d) => return self.fail(d),
                };
                let span = start.to(pattern.span);
                self.node(ExprKind::Matches { value: Box::new(lhs), pattern }, span, chain)
            }
            Test::Wildcard { strict } => {
                self.literal_string("wildcard", "a wildcard pattern")?;
                let (pattern, pattern_span) = self.string()?;
                self.node(ExprKind::Wildcard { value: Box::new(lhs), strict, pattern, pattern_span }, start.to(pattern_span), chain)
            }
        };
        self.not_chained()?;
        Ok(expr)
    }

    pub(super) fn string(&mut self) -> Parsed<(Cow<'s, [u8]>, Span)> {
        self.lexer.skip();
        match self.lexer.string() {
            Ok(found) => Ok(found),
            Err(d) => self.fail(d),
        }
    }

    /// The operator of a comparison, if one is next.
    fn test(&mut self) -> Parsed<Option<Test>> {
        let (token, span) = self.peek();
        self.no_foreign_operator()?;
        let test = match token {
            Token::Symbol(s) => match s {
                sym!("==") => Test::Compare(CompareOp::Eq),
                sym!("!=") => Test::Compare(CompareOp::Ne),
                sym!("<") => Test::Compare(CompareOp::Lt),
                sym!("<=") => Test::Compare(CompareOp::Le),
                sym!(">") => Test::Compare(CompareOp::Gt),
                sym!(">=") => Test::Compare(CompareOp::Ge),
                sym!("~") => Test::Matches,
                sym!("=") => {
                    // Read on as if it were `==`, so that the rest of the rule is checked too.
                    self.diagnostics.push(
                        Diagnostic::error("single-equals", span, "`=` does not compare").label("here").help("write `==`").instead("=="),
                    );
                    Test::Compare(CompareOp::Eq)
                }
                _ => return Ok(None),
            },
            Token::Word(word) => {
                let test = match word {
                    "eq" => Test::Compare(CompareOp::Eq),
                    "ne" => Test::Compare(CompareOp::Ne),
                    "lt" => Test::Compare(CompareOp::Lt),
                    "le" => Test::Compare(CompareOp::Le),
                    "gt" => Test::Compare(CompareOp::Gt),
                    "ge" => Test::Compare(CompareOp::Ge),
                    "in" => Test::In { negated: false },
                    "contains" => Test::Contains,
                    "matches" => Test::Matches,
                    "wildcard" => Test::Wildcard { strict: false },
                    "not" => return self.two_words(span, "not", "in", Test::In { negated: true }),
                    "strict" => return self.two_words(span, "strict", "wildcard", Test::Wildcard { strict: true }),
                    _ => {
                        let glued = GLUED
                            .iter()
                            .find(|(op, _)| word.strip_prefix(op).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit())));
                        let Some((op, compare)) = glued else { return Ok(None) };
                        self.lexer.pos = span.start as usize + op.len();
                        return Ok(Some(Test::Compare(*compare)));
                    }
                };
                self.take(span);
                return Ok(Some(test));
            }
            _ => return Ok(None),
        };
        self.take(span);
        Ok(Some(test))
    }

    /// An operator of two words whose first is next.
    fn two_words(&mut self, span: Span, first: &str, second: &str, test: Test) -> Parsed<Option<Test>> {
        self.take(span);
        match self.peek() {
            (Token::Word(word), next) if word == second => {
                self.take(next);
                Ok(Some(test))
            }
            (_, next) => {
                let d = Diagnostic::error("unexpected", next, format!("`{second}` was expected after `{first}`")).label("here");
                self.fail(d.help(format!("write `{first} {second}`, or join two tests with `and` or `or`")))
            }
        }
    }

    fn not_chained(&mut self) -> Parsed<()> {
        self.no_foreign_operator()?;
        let (token, span) = self.peek();
        let another = match token {
            Token::Symbol(s) => matches!(s, sym!("==" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "=")),
            Token::Word(w) => matches!(w, "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "in" | "contains" | "matches" | "wildcard"),
            _ => false,
        };
        if another {
            return self.fail(
                Diagnostic::error("chained-comparison", span, "comparisons cannot follow one another")
                    .help("join them with `and`, or put one in parentheses"),
            );
        }
        Ok(())
    }

    fn literal_string(&mut self, operator: &str, what: &str) -> Parsed<()> {
        match self.peek() {
            (Token::Quote, _) => Ok(()),
            (token, span) => {
                let d = Diagnostic::error("expected-string", span, format!("`{operator}` takes {what} in double quotes"));
                let d = d.label("here");
                let quoted = if operator == "matches" { self.regex_in_quotes() } else { self.in_quotes() };
                let help = match quoted {
                    Some(text) if token != Token::End => format!("write `{operator} {text}`"),
                    _ => format!("write `{operator} \"...\"`"),
                };
                self.fail(d.help(help))
            }
        }
    }

    /// The right side of `in`.
    fn set(&mut self) -> Parsed<(Set<'s>, Span)> {
        let (token, open) = self.peek();
        match token {
            Token::Symbol(sym!("{")) => {
                self.take(open);
                self.members(open)
            }
            Token::Symbol(sym!("$")) => {
                self.take(open);
                let name = self.lexer.list_name();
                let end = name.span;
                let next = self.lexer.byte(0).is_some_and(|b| crate::lexer::is_word(b) || b == b'-');
                if name.text.is_empty() || name.text.starts_with('.') || name.text.ends_with('.') || next {
                    return self.fail(
                        Diagnostic::error("bad-list-name", open.to(end), "this is no name of a list")
                            .help("names of lists are lower-case letters, digits, `_` and inner dots, right after the `$`"),
                    );
                }
                let name = Name { span: open.to(name.span), ..name };
                Ok((Set::List(name), end))
            }
            _ => {
                let d = Diagnostic::error("expected-set", open, "`in` takes a set or a list").label("here");
                let help = self.in_braces();
                self.fail(d.help(help))
            }
        }
    }

    fn members(&mut self, open: Span) -> Parsed<(Set<'s>, Span)> {
        let mut members = Vec::new();
        loop {
            self.lexer.skip();
            // What starts like this is a member, which need not be looked at as a token.
            match self.lexer.byte(0) {
                Some(b'0'..=b'9') => {
                    members.push(Member::Word(self.lexer.member()));
                    self.comma();
                    continue;
                }
                Some(b'"') => {
                    let (bytes, span) = self.string()?;
                    members.push(Member::Bytes(bytes, span));
                    self.comma();
                    continue;
                }
                _ => {}
            }
            let (token, span) = self.peek();
            match token {
                Token::Symbol(sym!("}")) => {
                    self.take(span);
                    let span = open.to(span);
                    return Ok((Set::Literal { members, span }, span));
                }
                Token::End => {
                    return self.fail(
                        Diagnostic::error("unclosed", open, "this set is never closed").label("starts here").help("close it with `}`"),
                    );
                }
                Token::Quote => {
                    let (bytes, span) = self.string()?;
                    members.push(Member::Bytes(bytes, span));
                }
                Token::Symbol(sym!("{")) => {
                    return self.fail(
                        Diagnostic::error("nested-set", span, "a set cannot hold another set")
                            .help("write all members in one pair of braces"),
                    );
                }
                Token::Other('\'') => match self.single_quoted() {
                    Some((bytes, span)) => members.push(Member::Bytes(bytes.into(), span)),
                    None => return self.fail(mistake::single_quotes(span, "\"...\"")),
                },
                _ => {
                    let member = self.lexer.member();
                    if member.text.is_empty() {
                        let d = Diagnostic::error("unexpected", span, "a member of the set was expected here");
                        return self.fail(d.help("between two members stands a blank or one comma"));
                    }
                    members.push(Member::Word(member));
                }
            }
            self.comma();
        }
    }

    /// Takes the comma that may stand after each member.
    fn comma(&mut self) {
        self.lexer.skip();
        if self.lexer.byte(0) == Some(b',') {
            self.lexer.pos += 1;
        }
    }
}
