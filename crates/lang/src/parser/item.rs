//! What a text defines: rules, functions, constants.

use std::collections::HashMap;

use super::{Failed, Parsed, Parser};
use crate::ast::Span;
use crate::diagnostic::{Diagnostic, position};
use crate::lexer::Token;
use crate::syntax::{Constant, Expr, Function, Item, Name, Rule, RuleBody};

/// What starts an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Head {
    /// `rule NAME =`
    Rule,
    /// `rule NAME {`
    Script,
    /// `fn NAME (`
    Function,
    /// `const NAME :`
    Constant,
}

impl Head {
    /// What definitions of its kind are called.
    fn kind(self) -> &'static str {
        match self {
            Head::Rule | Head::Script => "rule",
            Head::Function => "function",
            Head::Constant => "constant",
        }
    }
}

/// The start of an item.
pub(super) struct Start<'s> {
    head: Head,
    /// Where it starts.
    start: usize,
    pub(super) name: Name<'s>,
    /// Where its symbol starts, and where it ends.
    symbol: Span,
}

impl Start<'_> {
    /// Whether a rule starts here, rather than a function or constant.
    pub(super) fn is_rule(&self) -> bool {
        self.head.kind() == "rule"
    }
}

impl<'s> Parser<'s> {
    pub(super) fn file(&mut self) -> Vec<Item<'s>> {
        if self.at_item().is_none() {
            let Ok(expr) = self.bare() else { return Vec::new() };
            let name = Name { text: "", span: Span::default() };
            return vec![Item::Rule(Rule { name, span: expr.span, body: RuleBody::Expr(expr) })];
        }
        let mut items = Vec::new();
        let mut names: HashMap<(&str, &str), Span> = HashMap::new();
        while let Some(start) = self.at_item() {
            // Functions and constants stand in expressions, so they share their names.
            let (code, what) = if start.is_rule() { ("duplicate-rule", "rules") } else { ("duplicate-name", "functions or constants") };
            let name = &start.name;
            if let Some(first) = names.get(&(what, name.text)) {
                let line = position(self.lexer.source, first.start).line;
                let message = format!("there are two {what} called `{}`", name.text);
                self.diagnostics.push(Diagnostic::error(code, name.span, message).help(format!("the first is in line {line}")));
            } else {
                names.insert((what, name.text), name.span);
            }
            (self.depth, self.brackets, self.right, self.lines, self.blocks) = (0, 0, false, false, 0);
            self.arrays = start.head == Head::Constant;
            let after = start.symbol.end as usize;
            match self.item(start) {
                Ok(item) => items.push(item),
                Err(Failed) => self.skip_to_item(after),
            }
        }
        items
    }

    fn item(&mut self, start: Start<'s>) -> Parsed<Item<'s>> {
        let Start { head, start, name, symbol } = start;
        let item = match head {
            Head::Rule => {
                self.take(symbol);
                let expr = self.expr()?;
                Item::Rule(Rule { name, span: Span::new(start, expr.span.end as usize), body: RuleBody::Expr(expr) })
            }
            Head::Script => {
                self.lexer.pos = symbol.start as usize;
                let block = self.block()?;
                Item::Rule(Rule { name, span: Span::new(start, block.span.end as usize), body: RuleBody::Block(block) })
            }
            Head::Function => self.function(start, name, symbol).map(Item::Function)?,
            Head::Constant => {
                self.take(symbol);
                let ty = self.type_name()?;
                let (token, span) = self.peek();
                if token != Token::Symbol("=") {
                    return self.fail(
                        Diagnostic::error("expected", span, "`=` and the constant's value were expected here")
                            .help("write `const NAME: TYPE = VALUE`"),
                    );
                }
                self.take(span);
                let value = self.expr()?;
                Item::Constant(Constant { name, ty, span: Span::new(start, value.span.end as usize), value })
            }
        };
        if self.at_item().is_some() || self.peek().0 == Token::End { Ok(item) } else { self.unexpected() }
    }

    fn function(&mut self, start: usize, name: Name<'s>, open: Span) -> Parsed<Function<'s>> {
        self.take(open);
        let mut params = Vec::new();
        while self.accept(")").is_none() {
            let name = self.identifier("a parameter")?;
            self.colon("a parameter is written `NAME: TYPE`")?;
            let ty = self.type_name()?;
            params.push((name, ty));
            if self.accept(",").is_none() {
                self.close(")", open)?;
                break;
            }
        }
        let mut results = Vec::new();
        if self.accept("->").is_some() {
            match self.accept("(") {
                Some(open) => loop {
                    results.push(self.type_name()?);
                    if self.accept(",").is_none() {
                        self.close(")", open)?;
                        break;
                    }
                },
                None => results.push(self.type_name()?),
            }
        }
        let body = self.block()?;
        Ok(Function { name, params, results, span: Span::new(start, body.span.end as usize), body })
    }

    fn bare(&mut self) -> Parsed<Expr<'s>> {
        let expr = self.expr()?;
        if let Some(start) = self.at_item() {
            let line = position(self.lexer.source, start.start as u32).line;
            let kind = start.head.kind();
            return self.fail(
                Diagnostic::error("bare-expression", expr.span, format!("an expression without a name stands before a {kind}"))
                    .help(format!("name it: `rule NAME = ...`, or remove the {kind}s from line {line} on")),
            );
        }
        if self.peek().0 == Token::End { Ok(expr) } else { self.unexpected() }
    }

    /// The item that starts here, if one does.
    pub(super) fn at_item(&mut self) -> Option<Start<'s>> {
        let (token, span) = self.peek();
        let Token::Word(word @ ("rule" | "fn" | "const")) = token else { return None };
        let mut ahead = self.lexer.clone();
        ahead.pos = span.end as usize;
        ahead.skip();
        let name = if word == "rule" { ahead.rule_name() } else { ahead.identifier() };
        let (token, symbol) = ahead.peek();
        let Token::Symbol(text) = token else { return None };
        let head = match (word, text) {
            ("rule", "=") => Head::Rule,
            ("rule", "{") => Head::Script,
            ("fn", "(") => Head::Function,
            ("const", ":") => Head::Constant,
            _ => return None,
        };
        (!name.text.is_empty()).then_some(Start { head, start: span.start as usize, name, symbol })
    }

    /// After an error: goes on at the next line that starts an item.
    fn skip_to_item(&mut self, after: usize) {
        self.lexer.pos = self.lexer.pos.max(after);
        if self.at_item().is_some() {
            return;
        }
        while let Some(next) = self.lexer.rest().find('\n') {
            self.lexer.pos += next + 1;
            let line = self.lexer.rest().trim_start_matches([' ', '\t']);
            if ["rule", "fn", "const"].iter().any(|word| line.starts_with(word)) && self.at_item().is_some() {
                return;
            }
        }
        self.lexer.pos = self.lexer.source.trim_end().len();
    }
}
