//! Tables, what changes them, outputs, and what is said of rules.

use super::{Parsed, Parser};
use crate::ast::Span;
use crate::diagnostic::Diagnostic;
use crate::lexer::Token;
use crate::symbol::{Symbol, sym};
use crate::syntax::{Expr, Name, On, Output, OutputLimit, Rule, State, Time};

/// Names with values.
type Named<'s> = Vec<(Name<'s>, Expr<'s>)>;

impl<'s> Parser<'s> {
    /// A rule that something is said of in brackets.
    pub(super) fn described(&mut self, start: usize, name: Name<'s>, open: Span) -> Parsed<Rule<'s>> {
        self.take(open);
        let meta = self.named(sym!("]"), open, "what is said of a rule is written `[sid: 1, msg: \"...\"]`")?;
        match self.peek() {
            (Token::Symbol(sym!("=")), span) => {
                self.take(span);
                self.rule(start, name, meta)
            }
            (Token::Symbol(sym!("{")), _) => self.script(start, name, meta),
            (_, span) => {
                let d = Diagnostic::error("expected", span, "`=` and what the rule tests were expected here");
                self.fail(d.help("a rule is written `rule NAME [sid: 1] = ...`"))
            }
        }
    }

    /// Names with values up to a closing bracket.
    fn named(&mut self, close: Symbol, open: Span, help: &str) -> Parsed<Named<'s>> {
        let mut named = Vec::new();
        while self.accept(close).is_none() {
            let name = self.identifier("a value")?;
            if self.accept(sym!(":")).is_none() {
                let (_, span) = self.peek();
                return self.fail(Diagnostic::error("expected", span, "`:` and a value were expected here").help(help));
            }
            named.push((name, self.expr()?));
            if self.accept(sym!(",")).is_none() {
                self.close(close, open)?;
                break;
            }
        }
        Ok(named)
    }

    pub(super) fn time(&mut self, name: Name<'s>, symbol: Span) -> Parsed<Time<'s>> {
        self.take(symbol);
        let value = self.expr()?;
        Ok(Time { span: name.span.to(value.span), name, value })
    }

    pub(super) fn state(&mut self, start: usize, name: Name<'s>) -> Parsed<State<'s>> {
        self.lexer.pos = name.span.end as usize;
        let mut keys = Vec::new();
        if let Some(open) = self.accept(sym!("[")) {
            loop {
                keys.push(self.expr()?);
                if self.accept(sym!(",")).is_none() {
                    self.close(sym!("]"), open)?;
                    break;
                }
            }
        }
        const HELP: &str = "a table is written `state NAME[KEY]: KIND within 60s max 1000`";
        if self.accept(sym!(":")).is_none() {
            let (_, span) = self.peek();
            return self.fail(Diagnostic::error("expected", span, "`:` and what the table holds were expected here").help(HELP));
        }
        let kind = self.plain_word("what the table holds was expected here", "kinds are count, sum, distinct, seen, Int and Bytes")?;
        let (mut end, mut bounds) = (kind.span, Vec::new());
        while let (Token::Word(word @ ("within" | "keep" | "max" | "sliding")), span) = self.peek() {
            self.take(span);
            let name = Name { text: word, span };
            let value = match word {
                "sliding" => Name { text: "", span },
                "max" => self.plain_word("a number of entries was expected here", "write `max 1000`")?,
                _ => self.plain_word("a time was expected here", "times are written `150s`, `5m`, `1h`, `250ms`")?,
            };
            end = value.span;
            bounds.push((name, value));
        }
        Ok(State { name, keys, kind, bounds, span: Span::new(start, end.end as usize) })
    }

    /// A word, whatever it is.
    fn plain_word(&mut self, wanted: &str, help: &str) -> Parsed<Name<'s>> {
        match self.peek() {
            (Token::Word(text), span) => {
                self.take(span);
                Ok(Name { text, span })
            }
            (_, span) => self.fail(Diagnostic::error("expected", span, wanted).help(help)),
        }
    }

    pub(super) fn on(&mut self, start: usize, rule: Name<'s>, symbol: Span) -> Parsed<On<'s>> {
        self.lexer.pos = symbol.start as usize;
        let body = self.block()?;
        Ok(On { rule, span: Span::new(start, body.span.end as usize), body })
    }

    pub(super) fn output(&mut self, start: usize, name: Name<'s>, on: Span) -> Parsed<Output<'s>> {
        self.take(on);
        self.lexer.skip();
        let rule = self.lexer.rule_name();
        if rule.text.is_empty() {
            let (_, span) = self.peek();
            let d = Diagnostic::error("expected-name", span, "the name of a rule was expected here");
            return self.fail(d.help("an output is written `output NAME on RULE = json { ... }`"));
        }
        let limit = match self.peek() {
            (Token::Word("limit"), span) => {
                self.take(span);
                Some(self.output_limit(span)?)
            }
            _ => None,
        };
        if self.accept(sym!("=")).is_none() {
            let (_, span) = self.peek();
            let d = Diagnostic::error("expected", span, "`=` and the form of the output were expected here");
            return self.fail(d.help("write `= json { ... }`, `= csv { ... }`, `= text \"...\" { ... }` or `= eve`"));
        }
        let format = self.plain_word("the form of the output was expected here", "forms are json, csv, text and eve")?;
        let mut end = format.span;
        let text = match self.peek() {
            (Token::Quote, _) => {
                let (text, span) = self.string()?;
                end = span;
                Some((text, span))
            }
            // What begins a line is the next item.
            (Token::Word(word), span) if !self.lexer.source[format.span.end as usize..span.start as usize].contains('\n') => {
                let form = format.text;
                let d = Diagnostic::error("unexpected", span, format!("unexpected `{word}`"));
                return self.fail(match form {
                    "eve" | "text" => d.help(format!("`{form}` takes text in double quotes: `{form} \"{word}\"`")),
                    _ => d.help(format!("write `{form} {{ NAME: VALUE }}`")),
                });
            }
            _ => None,
        };
        let values = match self.accept(sym!("{")) {
            Some(open) => {
                let values = self.named(sym!("}"), open, "a value is written `NAME: EXPRESSION`")?;
                // What was taken last is the brace.
                end = Span::new(self.lexer.pos - 1, self.lexer.pos);
                Some((values, open.to(end)))
            }
            None => None,
        };
        Ok(Output { name, rule, limit, format, text, values, span: Span::new(start, end.end as usize) })
    }

    fn output_limit(&mut self, start: Span) -> Parsed<OutputLimit<'s>> {
        const HELP: &str = "write `limit 1 within 60s by ip.src`";
        let count = self.plain_word("a number of lines was expected here", HELP)?;
        let (token, span) = self.peek();
        if token != Token::Word("within") {
            return self.fail(Diagnostic::error("expected", span, "`within` was expected here").help(HELP));
        }
        self.take(span);
        let within = self.plain_word("a time was expected here", "times are written `150s`, `5m`, `1h`, `250ms`")?;
        let (mut keys, mut end) = (Vec::new(), within.span);
        if let (Token::Word("by"), span) = self.peek() {
            self.take(span);
            loop {
                // An operand, since `=` comes after it.
                let key = self.operand(false)?;
                end = key.span;
                keys.push(key);
                if self.accept(sym!(",")).is_none() {
                    break;
                }
            }
        }
        Ok(OutputLimit { count, within, keys, span: start.to(end) })
    }
}
