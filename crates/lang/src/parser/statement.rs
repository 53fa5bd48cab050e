//! Statements, blocks and types.

use super::{Parsed, Parser};
use crate::ast::{ArithOp, Span};
use crate::diagnostic::Diagnostic;
use crate::lexer::Token;
use crate::symbol::sym;
use crate::syntax::{Block, Expr, ExprKind, Name, Over, Stmt, StmtKind, TypeKind, TypeName};
use crate::types::Type;

/// Blocks that may stand inside one another, whatever the limit of nesting is: with those of all calls that go on at a time they take as
/// much stack as a thread has.
pub const HARD_BLOCKS: usize = 12;

impl<'s> Parser<'s> {
    /// Statements in braces.
    pub(super) fn block(&mut self) -> Parsed<Block<'s>> {
        let (token, open) = self.peek();
        if token != Token::Symbol(sym!("{")) {
            let d = Diagnostic::error("expected-block", open, "a block in braces was expected here");
            return self.fail(match token {
                Token::Word("then" | "do") => d.help("blocks stand in braces: `if x == 1 { ... }`"),
                Token::Symbol(sym!(":")) => d.help("blocks stand in braces, not after `:`"),
                _ => d.help("write `{ ... }`"),
            });
        }
        if self.blocks == HARD_BLOCKS {
            let d = Diagnostic::error("nesting", open, format!("more than {HARD_BLOCKS} blocks stand inside one another"));
            return self.fail(d.help("put the inner ones into a function"));
        }
        self.take(open);
        let outer = (std::mem::replace(&mut self.lines, true), std::mem::take(&mut self.right), std::mem::take(&mut self.depth));
        self.blocks += 1;
        let mut stmts = Vec::new();
        let end = loop {
            match self.peek() {
                (Token::Symbol(sym!("}")), end) => {
                    self.take(end);
                    break end;
                }
                (Token::Other(';'), semicolon) => self.take(semicolon),
                (Token::End, _) => {
                    let d = Diagnostic::error("unclosed", open, "this block is never closed").label("starts here");
                    return self.fail(d.help("close it with `}`"));
                }
                _ => {
                    let stmt = self.statement()?;
                    self.statement_ends(&stmt)?;
                    stmts.push(stmt);
                }
            }
        };
        self.blocks -= 1;
        (self.lines, self.right, self.depth) = outer;
        Ok(Block { stmts, span: open.to(end) })
    }

    /// Whether what comes after a statement may come there.
    fn statement_ends(&mut self, stmt: &Stmt<'s>) -> Parsed<()> {
        let closed = matches!(stmt.kind, StmtKind::If { .. } | StmtKind::While { .. } | StmtKind::For { .. });
        let (token, span) = self.peek();
        if closed || matches!(token, Token::Symbol(sym!("}")) | Token::Other(';') | Token::End) || self.line_ends(span) {
            return Ok(());
        }
        self.unexpected()
    }

    fn statement(&mut self) -> Parsed<Stmt<'s>> {
        let (token, span) = self.peek();
        let kind = match token {
            Token::Word("let") => {
                self.take(span);
                self.let_()?
            }
            Token::Word("if") => {
                self.take(span);
                self.if_()?
            }
            Token::Word("while") => {
                self.take(span);
                let condition = self.expr()?;
                StmtKind::While { condition, body: self.block()? }
            }
            Token::Word("for") => {
                self.take(span);
                self.for_()?
            }
            Token::Word("break") => {
                self.take(span);
                StmtKind::Break
            }
            Token::Word("continue") => {
                self.take(span);
                StmtKind::Continue
            }
            Token::Word("return") => {
                self.take(span);
                self.return_()?
            }
            Token::Word(word @ ("local" | "var" | "const" | "mut")) if self.declares(span) => {
                let d = Diagnostic::error("foreign-statement", span, format!("`{word}` declares nothing here"));
                return self.fail(d.help("a local is declared by `let NAME = ...`"));
            }
            Token::Word("else" | "elif" | "elseif" | "elsif") => {
                let d = Diagnostic::error("foreign-statement", span, "there is no `if` before this");
                return self.fail(d.help("write `else if ... { }` or `else { }` after the block of an `if`"));
            }
            Token::Word(word @ ("repeat" | "loop" | "do")) if self.opens_block(span) => {
                let d = Diagnostic::error("foreign-statement", span, format!("there is no `{word}`"));
                return self.fail(d.help("write `while true { ... }`, with a `break` where it ends"));
            }
            _ => self.assignment()?,
        };
        let end = match &kind {
            StmtKind::Let { value, .. } | StmtKind::Assign { value, .. } | StmtKind::Call(value) => value.span,
            StmtKind::If { arms, otherwise } => {
                otherwise.as_ref().map(|block| block.span).or(arms.last().map(|(_, block)| block.span)).unwrap_or(span)
            }
            StmtKind::While { body, .. } | StmtKind::For { body, .. } => body.span,
            StmtKind::Return(values) => values.last().map_or(span, |value| value.span),
            StmtKind::Break | StmtKind::Continue => span,
        };
        Ok(Stmt { kind, span: span.to(end) })
    }

    /// Whether a name follows the word at `span`.
    fn declares(&self, span: Span) -> bool {
        let mut ahead = self.lexer.clone();
        ahead.pos = span.end as usize;
        matches!(ahead.peek().0, Token::Word(_))
    }

    /// Whether a brace or a line end follows the word at `span`.
    fn opens_block(&self, span: Span) -> bool {
        let mut ahead = self.lexer.clone();
        ahead.pos = span.end as usize;
        let (token, next) = ahead.peek();
        token == Token::Symbol(sym!("{")) || self.lexer.source[span.end as usize..next.start as usize].contains('\n')
    }

    fn let_(&mut self) -> Parsed<StmtKind<'s>> {
        let mut names = Vec::new();
        let ty = match self.accept(sym!("(")) {
            Some(open) => {
                loop {
                    names.push(self.identifier("a local")?);
                    if self.accept(sym!(",")).is_none() {
                        break;
                    }
                }
                self.close(sym!(")"), open)?;
                None
            }
            None => {
                names.push(self.identifier("a local")?);
                if self.accept(sym!(":")).is_some() { Some(self.type_name()?) } else { None }
            }
        };
        if self.accept(sym!("=")).is_none() {
            let (_, span) = self.peek();
            let d = Diagnostic::error("expected", span, "`=` and a value were expected here");
            return self.fail(d.help("a local has a value from the start: `let n = 0`"));
        }
        let value = self.expr()?;
        Ok(StmtKind::Let { names, ty, value })
    }

    fn if_(&mut self) -> Parsed<StmtKind<'s>> {
        let mut arms = vec![(self.expr()?, self.block()?)];
        let mut otherwise = None;
        while let (Token::Word("else"), span) = self.peek() {
            self.take(span);
            if let (Token::Word("if"), span) = self.peek() {
                self.take(span);
                arms.push((self.expr()?, self.block()?));
            } else {
                otherwise = Some(self.block()?);
                break;
            }
        }
        Ok(StmtKind::If { arms, otherwise })
    }

    fn for_(&mut self) -> Parsed<StmtKind<'s>> {
        let name = self.identifier("a local")?;
        match self.peek() {
            (Token::Word("in"), span) => self.take(span),
            (token, span) => {
                let d = Diagnostic::error("expected", span, "`in` was expected here");
                return self.fail(match token {
                    Token::Symbol(sym!("=")) => d.help("numbers are counted by `for i in 0..10 { ... }`; the end is not included"),
                    _ => d.help("write `for x in bytes { ... }` or `for i in 0..10 { ... }`"),
                });
            }
        }
        let start = self.operand(false)?;
        let inclusive = match self.peek() {
            (Token::Symbol(sym!("..")), span) => {
                self.take(span);
                Some(false)
            }
            (Token::Symbol(sym!("..=")), span) => {
                self.take(span);
                Some(true)
            }
            _ => None,
        };
        let over = match inclusive {
            Some(inclusive) => Over::Range { start, end: self.operand(false)?, inclusive },
            None => Over::Each(start),
        };
        Ok(StmtKind::For { name, over, body: self.block()? })
    }

    fn return_(&mut self) -> Parsed<StmtKind<'s>> {
        let (token, span) = self.peek();
        if matches!(token, Token::Symbol(sym!("}")) | Token::Other(';') | Token::End) || self.line_ends(span) {
            return Ok(StmtKind::Return(Vec::new()));
        }
        let value = self.expr()?;
        Ok(StmtKind::Return(match value.kind {
            ExprKind::Tuple(values) => values,
            _ => vec![value],
        }))
    }

    /// An assignment, or a call.
    fn assignment(&mut self) -> Parsed<StmtKind<'s>> {
        let target = self.primary()?;
        let (token, span) = self.peek();
        let op = match token {
            Token::Symbol(sym!("=")) => Some(None),
            Token::Symbol(symbol) => symbol.text().strip_suffix('=').and_then(ArithOp::of_symbol).map(Some),
            _ => None,
        };
        let Some(op) = op else {
            return match target.kind {
                ExprKind::Call { .. } => Ok(StmtKind::Call(target)),
                _ => self.no_statement(&target, token, span),
            };
        };
        self.take(span);
        let targets = match target.kind {
            ExprKind::Tuple(targets) if op.is_none() => targets,
            _ => vec![target],
        };
        for target in &targets {
            let single = matches!(&target.kind, ExprKind::Subscript { subscripts, .. } if subscripts.len() == 1);
            if !single && !matches!(target.kind, ExprKind::Word(_)) {
                let d = Diagnostic::error("bad-target", target.span, "nothing can be assigned to this");
                return self.fail(d.help("assign to a local `x = ...`, or to an element of an array `a[i] = ...`"));
            }
        }
        let value = self.expr()?;
        Ok(StmtKind::Assign { targets, op, value })
    }

    /// What stands here is an expression alone.
    fn no_statement(&mut self, e: &Expr<'s>, token: Token<'_>, span: Span) -> Parsed<StmtKind<'s>> {
        let rest = self.lexer.source.get(span.start as usize..).unwrap_or("");
        let both = Span::new(span.start as usize, span.start as usize + 2);
        let d = Diagnostic::error("no-statement", e.span, "this is no statement");
        self.fail(match token {
            Token::Symbol(sym!("+")) if rest.starts_with("++") => d.help("write `x += 1`").mend(both, " += 1"),
            Token::Symbol(sym!("-")) if rest.starts_with("--") => d.help("write `x -= 1`").mend(both, " -= 1"),
            Token::Symbol(sym!(":")) if rest.starts_with(":=") => d.help("a local is declared by `let x = ...`, and set by `x = ...`"),
            Token::Symbol(sym!("..")) => d.help("bytes are joined by `+`"),
            _ => d.help("a value alone does nothing; assign it, or `return` it"),
        })
    }

    /// A name.
    pub(super) fn identifier(&mut self, what: &str) -> Parsed<Name<'s>> {
        self.lexer.skip();
        let name = self.lexer.identifier();
        let reserved = matches!(
            name.text,
            "let"
                | "if"
                | "else"
                | "while"
                | "for"
                | "in"
                | "break"
                | "continue"
                | "return"
                | "true"
                | "false"
                | "and"
                | "or"
                | "xor"
                | "not"
        );
        if name.text.is_empty() || reserved {
            let (_, span) = self.peek();
            let span = if reserved { name.span } else { span };
            let d = Diagnostic::error("expected-name", span, format!("the name of {what} was expected here"));
            return self.fail(d.help("names are letters, digits and `_`, start with no digit, and are no word of the language"));
        }
        if self.lexer.byte(0) == Some(b'.') && self.lexer.byte(1) != Some(b'.') {
            let d = Diagnostic::error("expected-name", name.span, format!("the name of {what} has no dots"));
            return self.fail(d.help("only fields of records have dots in their names"));
        }
        Ok(name)
    }

    pub(super) fn colon(&mut self, help: &str) -> Parsed<()> {
        match self.accept(sym!(":")) {
            Some(_) => Ok(()),
            None => {
                let (_, span) = self.peek();
                self.fail(Diagnostic::error("expected", span, "`:` and a type were expected here").help(help))
            }
        }
    }

    /// A type.
    pub(super) fn type_name(&mut self) -> Parsed<TypeName<'s>> {
        let (token, span) = self.peek();
        let (kind, mut span) = match token {
            Token::Symbol(sym!("[")) => {
                self.take(span);
                let element = Box::new(self.type_name()?);
                let len = match self.peek() {
                    (Token::Other(';'), semicolon) => {
                        self.take(semicolon);
                        Some(Box::new(self.binary(0)?))
                    }
                    _ => None,
                };
                let end = self.close(sym!("]"), span)?;
                (TypeKind::List(element, len), span.to(end))
            }
            Token::Word(word) => {
                self.take(span);
                let angle = self.peek();
                if angle.0 == Token::Symbol(sym!("<")) {
                    // The brackets of nested types would be read as shifts.
                    let rest = self.lexer.source.get(span.start as usize..).unwrap_or("");
                    let inside = rest.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '<' | '>' | ' ')).unwrap_or(rest.len());
                    let len = rest.get(..inside).and_then(|text| text.rfind('>')).map_or(word.len(), |last| last + 1);
                    let span = Span::new(span.start as usize, span.start as usize + len);
                    self.take(span);
                    let text = &rest[..len];
                    (text.parse::<Type>().map_or_else(|_| TypeKind::Unknown(text), TypeKind::Plain), span)
                } else {
                    let ty = if word == "U32" { Ok(Type::U32) } else { word.parse::<Type>() };
                    (ty.map_or_else(|_| TypeKind::Unknown(word), TypeKind::Plain), span)
                }
            }
            _ => {
                let d = Diagnostic::error("expected-type", span, "a type was expected here");
                return self.fail(d.help("types are Bool, Int, U32, Float, Bytes, Ip, [T], [T; N], Array<T> and Map<T>"));
            }
        };
        let nullable = match self.peek() {
            (Token::Other('?'), mark) => {
                self.take(mark);
                span = span.to(mark);
                true
            }
            _ => false,
        };
        Ok(TypeName { kind, nullable, span })
    }
}
