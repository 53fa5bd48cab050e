//! What a text defines: rules, functions, constants, tables, outputs.

use std::collections::HashMap;

use super::{Failed, Parsed, Parser};
use crate::ast::Span;
use crate::diagnostic::{Diagnostic, position};
use crate::lexer::{Token, is_word};
use crate::symbol::sym;
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
    /// `rule NAME [`
    Described,
    /// `time =`
    Time,
    /// `state NAME [` or `state NAME :`
    State,
    /// `on NAME {`
    On,
    /// `output NAME on`
    Output,
}

/// Whether items start with a word.
fn starts_item(word: &str) -> bool {
    matches!(word, "rule" | "fn" | "const" | "time" | "state" | "on" | "output")
}

/// Words that stand between two values: after a field that is called `state`, `on` or `output` they begin no item.
const OPERATORS: [&str; 16] =
    ["and", "or", "xor", "eq", "ne", "lt", "le", "gt", "ge", "in", "not", "contains", "matches", "strict", "wildcard", "bitwise_and"];

impl Head {
    /// What definitions of its kind are called.
    fn kind(self) -> &'static str {
        match self {
            Head::Rule | Head::Script | Head::Described => "rule",
            Head::Function => "function",
            Head::Constant => "constant",
            Head::Time => "`time`",
            Head::State => "state",
            Head::On => "`on`",
            Head::Output => "output",
        }
    }

    /// What names its own must differ from, in words that say what of two of them is wrong; none where it has no name of its own.
    fn names(self) -> Option<(&'static str, &'static str, &'static str)> {
        match self {
            Head::Rule | Head::Script | Head::Described => Some(("rules", "duplicate-rule", "rules")),
            // Functions, constants and tables stand in expressions, so they share their names.
            Head::Function | Head::Constant => Some(("values", "duplicate-name", "functions or constants")),
            Head::State => Some(("values", "duplicate-name", "functions, constants or states")),
            Head::Time => Some(("time", "duplicate-name", "definitions of what is")),
            Head::Output => Some(("outputs", "duplicate-name", "outputs")),
            Head::On => None,
        }
    }
}

/// The start of an item.
pub(super) struct Start<'s> {
    head: Head,
    /// Where it starts.
    start: usize,
    pub(super) name: Name<'s>,
    /// Where its symbol starts, and where it ends; of an output the word `on`.
    symbol: Span,
}

impl<'s> Parser<'s> {
    pub(super) fn file(&mut self) -> Vec<Item<'s>> {
        if self.at_item().is_none() {
            let Ok(expr) = self.bare() else { return Vec::new() };
            let name = Name { text: "", span: Span::default() };
            return vec![Item::Rule(Rule { name, meta: Vec::new(), span: expr.span, body: RuleBody::Expr(expr) })];
        }
        let mut items = Vec::new();
        let mut names: HashMap<(&str, &str), Span> = HashMap::new();
        while let Some(start) = self.at_item() {
            if let Some((among, code, what)) = start.head.names() {
                let name = &start.name;
                if let Some(first) = names.get(&(among, name.text)) {
                    let line = position(self.lexer.source, first.start).line;
                    let message = format!("there are two {what} called `{}`", name.text);
                    self.diagnostics.push(Diagnostic::error(code, name.span, message).help(format!("the first is in line {line}")));
                } else {
                    names.insert((among, name.text), name.span);
                }
            }
            (self.depth, self.brackets, self.right, self.lines, self.blocks) = (0, 0, false, false, 0);
            self.arrays = start.head == Head::Constant;
            let after = start.symbol.end as usize;
            match self.item(start) {
                Ok(item) => items.push(item),
                Err(Failed) => self.skip_to_item(after),
            }
        }
        if let [Item::Time(time)] = items.as_slice() {
            // Alone it says nothing, and so it is not what was meant.
            let d = Diagnostic::error("no-rule", time.name.span, "this says what the time of records is, and nothing asks for it");
            self.diagnostics.push(d.help("`==` compares a field that is called `time`; rules stand beside what the time is"));
        }
        items
    }

    fn item(&mut self, start: Start<'s>) -> Parsed<Item<'s>> {
        let Start { head, start, name, symbol } = start;
        let item = match head {
            Head::Rule => {
                self.take(symbol);
                self.rule(start, name, Vec::new()).map(Item::Rule)?
            }
            Head::Script => {
                self.lexer.pos = symbol.start as usize;
                self.script(start, name, Vec::new()).map(Item::Rule)?
            }
            Head::Described => self.described(start, name, symbol).map(Item::Rule)?,
            Head::Time => self.time(name, symbol).map(Item::Time)?,
            Head::State => self.state(start, name).map(Item::State)?,
            Head::On => self.on(start, name, symbol).map(Item::On)?,
            Head::Output => self.output(start, name, symbol).map(Item::Output)?,
            Head::Function => self.function(start, name, symbol).map(Item::Function)?,
            Head::Constant => {
                self.take(symbol);
                let ty = self.type_name()?;
                let (token, span) = self.peek();
                if token != Token::Symbol(sym!("=")) {
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

    pub(super) fn rule(&mut self, start: usize, name: Name<'s>, meta: Vec<(Name<'s>, Expr<'s>)>) -> Parsed<Rule<'s>> {
        let expr = self.expr()?;
        Ok(Rule { name, meta, span: Span::new(start, expr.span.end as usize), body: RuleBody::Expr(expr) })
    }

    pub(super) fn script(&mut self, start: usize, name: Name<'s>, meta: Vec<(Name<'s>, Expr<'s>)>) -> Parsed<Rule<'s>> {
        let block = self.block()?;
        Ok(Rule { name, meta, span: Span::new(start, block.span.end as usize), body: RuleBody::Block(block) })
    }

    fn function(&mut self, start: usize, name: Name<'s>, open: Span) -> Parsed<Function<'s>> {
        self.take(open);
        let mut params = Vec::new();
        while self.accept(sym!(")")).is_none() {
            let name = self.identifier("a parameter")?;
            self.colon("a parameter is written `NAME: TYPE`")?;
            let ty = self.type_name()?;
            params.push((name, ty));
            if self.accept(sym!(",")).is_none() {
                self.close(sym!(")"), open)?;
                break;
            }
        }
        let mut results = Vec::new();
        if self.accept(sym!("->")).is_some() {
            match self.accept(sym!("(")) {
                Some(open) => loop {
                    results.push(self.type_name()?);
                    if self.accept(sym!(",")).is_none() {
                        self.close(sym!(")"), open)?;
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
        let Token::Word(word) = token else { return None };
        if !starts_item(word) {
            return None;
        }
        let mut ahead = self.lexer.clone();
        ahead.pos = span.end as usize;
        ahead.skip();
        let name = match word {
            "time" => Name { text: word, span },
            "rule" | "on" => ahead.rule_name(),
            _ => ahead.identifier(),
        };
        if matches!(word, "state" | "on" | "output") && OPERATORS.contains(&name.text) {
            return None;
        }
        let (token, symbol) = ahead.peek();
        let head = match (word, token) {
            ("rule", Token::Symbol(sym!("="))) => Head::Rule,
            ("rule", Token::Symbol(sym!("{"))) => Head::Script,
            ("rule", Token::Symbol(sym!("["))) => Head::Described,
            ("fn", Token::Symbol(sym!("("))) => Head::Function,
            ("const", Token::Symbol(sym!(":"))) => Head::Constant,
            ("time", Token::Symbol(sym!("="))) => Head::Time,
            ("state", Token::Symbol(sym!("[" | ":"))) => Head::State,
            ("on", Token::Symbol(sym!("{"))) => Head::On,
            ("output", Token::Word("on")) => Head::Output,
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
            let word = line.bytes().take_while(|b| is_word(*b)).count();
            if starts_item(&line[..word]) && self.at_item().is_some() {
                return;
            }
        }
        self.lexer.pos = self.lexer.source.trim_end().len();
    }
}
