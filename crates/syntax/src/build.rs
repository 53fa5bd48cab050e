//! From what the parser says of a text to the tree of all of it.
//!
//! The parser's spans say which stretch is which node; what stands between them is cut into tokens. So there is one grammar, and whatever the
//! parser says, no byte is lost.

use quintet_lang::ast::{LogicOp, Span};
use quintet_lang::syntax::{
    Block, Expr, ExprKind, File, Item, Member, Name, Over, RuleBody, Set, Stmt, StmtKind, SubscriptKind, TypeKind, TypeName,
};

use crate::classify;
use crate::kind::{Kind, NodeKind, TokenKind};
use crate::tree::{Entry, Tree};

pub(crate) fn build(text: &str, file: &File) -> Tree {
    let mut builder = Builder { text, at: 0, entries: Vec::new() };
    builder.node(NodeKind::File, text.len(), |b| {
        for item in &file.items {
            b.wrong(item.span().start as usize);
            b.item(item);
        }
        b.wrong(text.len());
    });
    Tree { text: text.to_owned(), entries: builder.entries }
}

struct Builder<'t> {
    text: &'t str,
    /// The first byte that is in no token yet.
    at: usize,
    entries: Vec<Entry>,
}

impl Builder<'_> {
    /// A node that ends at `end`.
    fn node(&mut self, kind: NodeKind, end: usize, children: impl FnOnce(&mut Self)) {
        let place = self.entries.len();
        self.entries.push(Entry { kind: Kind::Node(kind), after: 0, start: self.at as u32, end: self.at as u32 });
        children(self);
        self.gap(end);
        let (after, end) = (self.entries.len() as u32, self.at as u32);
        self.entries[place].after = after;
        self.entries[place].end = end;
    }

    /// A token of what is left up to `end`.
    fn token(&mut self, kind: TokenKind, end: usize) {
        if end > self.at {
            let after = self.entries.len() as u32 + 1;
            self.entries.push(Entry { kind: Kind::Token(kind), after, start: self.at as u32, end: end as u32 });
            self.at = end;
        }
    }

    /// The tokens up to `end`.
    fn gap(&mut self, end: usize) {
        if end > self.at {
            for (kind, span) in classify::tokens(self.text, self.at, end) {
                self.token(kind, span.end as usize);
            }
        }
    }

    /// Tokens of the parent up to a stretch, and a token of that.
    fn leaf(&mut self, kind: TokenKind, span: Span) {
        self.gap(span.start as usize);
        self.token(kind, span.end as usize);
    }

    /// Tokens of the parent up to a stretch, and a node of that.
    fn part(&mut self, kind: NodeKind, span: Span, children: impl FnOnce(&mut Self)) {
        self.gap(span.start as usize);
        self.node(kind, span.end as usize, children);
    }

    /// What belongs to no item: blanks and comments, and the rest as a node of its own.
    fn wrong(&mut self, end: usize) {
        if end <= self.at {
            return;
        }
        let tokens = classify::tokens(self.text, self.at, end);
        let wrong = |(kind, _): &(TokenKind, Span)| !kind.is_trivia();
        let (Some(first), Some(last)) = (tokens.iter().position(wrong), tokens.iter().rposition(wrong)) else {
            tokens.into_iter().for_each(|(kind, span)| self.token(kind, span.end as usize));
            return;
        };
        let take = |b: &mut Self, from: usize, to: usize| {
            for (kind, span) in &tokens[from..to] {
                b.token(*kind, span.end as usize);
            }
        };
        take(self, 0, first);
        self.node(NodeKind::Error, 0, |b| take(b, first, last + 1));
        take(self, last + 1, tokens.len());
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Rule(rule) => match &rule.body {
                // A bare expression is no rule of the text.
                RuleBody::Expr(e) if rule.name.text.is_empty() => self.expr(e),
                body => self.part(NodeKind::Rule, rule.span, |b| {
                    b.leaf(TokenKind::RuleName, rule.name.span);
                    b.entries(&rule.meta);
                    match body {
                        RuleBody::Expr(e) => b.expr(e),
                        RuleBody::Block(block) => b.block(block),
                    }
                }),
            },
            Item::Function(function) => self.part(NodeKind::Function, function.span, |b| {
                b.leaf(TokenKind::Function, function.name.span);
                for (name, ty) in &function.params {
                    b.part(NodeKind::Parameter, name.span.to(ty.span), |b| {
                        b.name(name);
                        b.type_name(ty);
                    });
                }
                function.results.iter().for_each(|ty| b.type_name(ty));
                b.block(&function.body);
            }),
            Item::Constant(constant) => self.part(NodeKind::Constant, constant.span, |b| {
                b.name(&constant.name);
                b.type_name(&constant.ty);
                b.expr(&constant.value);
            }),
            Item::Time(time) => self.part(NodeKind::Time, time.span, |b| {
                b.word("time", time.span);
                b.expr(&time.value);
            }),
            Item::State(state) => self.part(NodeKind::State, state.span, |b| {
                b.word("state", state.span);
                b.name(&state.name);
                state.keys.iter().for_each(|key| b.expr(key));
                b.leaf(TokenKind::TypeName, state.kind.span);
                for (word, value) in &state.bounds {
                    b.leaf(TokenKind::Keyword, word.span);
                    b.leaf(TokenKind::Number, value.span);
                }
            }),
            Item::On(on) => self.part(NodeKind::On, on.span, |b| {
                b.word("on", on.span);
                b.leaf(TokenKind::RuleName, on.rule.span);
                b.block(&on.body);
            }),
            Item::Output(output) => self.part(NodeKind::Output, output.span, |b| {
                b.word("output", output.span);
                b.name(&output.name);
                b.leaf(TokenKind::RuleName, output.rule.span);
                if let Some(limit) = &output.limit {
                    b.part(NodeKind::Limit, limit.span, |b| {
                        b.word("limit", limit.span);
                        b.leaf(TokenKind::Number, limit.count.span);
                        b.leaf(TokenKind::Number, limit.within.span);
                        limit.keys.iter().for_each(|key| b.expr(key));
                    });
                }
                b.leaf(TokenKind::Keyword, output.format.span);
                output.text.iter().for_each(|(_, span)| b.leaf(TokenKind::String, *span));
                output.values.iter().for_each(|(values, _)| b.entries(values));
            }),
        }
    }

    /// The word that a stretch begins with.
    fn word(&mut self, word: &str, of: Span) {
        self.leaf(TokenKind::Keyword, Span::new(of.start as usize, of.start as usize + word.len()));
    }

    fn entries(&mut self, entries: &[(Name, Expr)]) {
        for (name, value) in entries {
            self.part(NodeKind::Entry, name.span.to(value.span), |b| {
                b.name(name);
                b.expr(value);
            });
        }
    }

    fn name(&mut self, name: &Name) {
        self.leaf(TokenKind::Name, name.span);
    }

    fn type_name(&mut self, ty: &TypeName) {
        self.part(NodeKind::Type, ty.span, |b| match &ty.kind {
            TypeKind::List(element, len) => {
                b.type_name(element);
                len.iter().for_each(|len| b.expr(len));
            }
            TypeKind::Plain(_) => {}
            TypeKind::Unknown(_) => b.token(TokenKind::TypeName, ty.span.end as usize - usize::from(ty.nullable)),
        });
    }

    fn block(&mut self, block: &Block) {
        self.part(NodeKind::Block, block.span, |b| block.stmts.iter().for_each(|stmt| b.stmt(stmt)));
    }

    fn stmt(&mut self, stmt: &Stmt) {
        let kind = match &stmt.kind {
            StmtKind::Let { .. } => NodeKind::Let,
            StmtKind::Assign { .. } => NodeKind::Assign,
            StmtKind::Call(_) => NodeKind::CallStatement,
            StmtKind::If { .. } => NodeKind::If,
            StmtKind::While { .. } => NodeKind::While,
            StmtKind::For { .. } => NodeKind::For,
            StmtKind::Break => NodeKind::Break,
            StmtKind::Continue => NodeKind::Continue,
            StmtKind::Return(_) => NodeKind::Return,
        };
        self.part(kind, stmt.span, |b| match &stmt.kind {
            StmtKind::Let { names, ty, value } => {
                names.iter().for_each(|name| b.name(name));
                ty.iter().for_each(|ty| b.type_name(ty));
                b.expr(value);
            }
            StmtKind::Assign { targets, value, .. } => {
                targets.iter().for_each(|target| b.expr(target));
                b.expr(value);
            }
            StmtKind::Call(call) => b.expr(call),
            StmtKind::If { arms, otherwise } => {
                for (condition, body) in arms {
                    b.expr(condition);
                    b.block(body);
                }
                otherwise.iter().for_each(|body| b.block(body));
            }
            StmtKind::While { condition, body } => {
                b.expr(condition);
                b.block(body);
            }
            StmtKind::For { name, over, body } => {
                b.name(name);
                match over {
                    Over::Range { start, end, .. } => {
                        b.expr(start);
                        b.expr(end);
                    }
                    Over::Each(value) => b.expr(value),
                }
                b.block(body);
            }
            StmtKind::Break | StmtKind::Continue => {}
            StmtKind::Return(values) => values.iter().for_each(|value| b.expr(value)),
        });
    }

    fn expr(&mut self, e: &Expr) {
        let kind = match &e.kind {
            ExprKind::Word(word) => return self.leaf(classify::value(word), e.span),
            ExprKind::Bool(_) => return self.leaf(TokenKind::Boolean, e.span),
            ExprKind::Bytes(_) => return self.leaf(TokenKind::String, e.span),
            ExprKind::Sequence { other, .. } => {
                let number = other.as_ref().is_some_and(|o| matches!(&o.kind, ExprKind::Word(w) if classify::value(w) != TokenKind::Name));
                return self.leaf(if number { TokenKind::Number } else { TokenKind::Bytes }, e.span);
            }
            ExprKind::Paren(_) => NodeKind::Paren,
            ExprKind::Call { .. } => NodeKind::Call,
            ExprKind::Subscript { .. } => NodeKind::Subscript,
            ExprKind::Array(_) => NodeKind::Array,
            ExprKind::Repeat { .. } => NodeKind::Repeat,
            ExprKind::Tuple(_) => NodeKind::Tuple,
            ExprKind::Otherwise { .. } => NodeKind::Otherwise,
            ExprKind::Neg(_) => NodeKind::Negate,
            ExprKind::Flip(_) => NodeKind::Flip,
            ExprKind::Not(_) => NodeKind::Not,
            ExprKind::Arith { .. } => NodeKind::Arithmetic,
            ExprKind::Compare { .. } => NodeKind::Compare,
            ExprKind::In { .. } => NodeKind::In,
            ExprKind::Contains { .. } => NodeKind::Contains,
            ExprKind::Matches { .. } => NodeKind::Matches,
            ExprKind::Wildcard { .. } => NodeKind::Wildcard,
            ExprKind::Logic { op: LogicOp::And, .. } => NodeKind::And,
            ExprKind::Logic { op: LogicOp::Xor, .. } => NodeKind::Xor,
            ExprKind::Logic { op: LogicOp::Or, .. } => NodeKind::Or,
            ExprKind::Quantifier { .. } => NodeKind::Quantifier,
        };
        self.part(kind, e.span, |b| b.inside(e));
    }

    /// What is right below a node.
    fn inside(&mut self, e: &Expr) {
        match &e.kind {
            ExprKind::Subscript { base, subscripts } => {
                self.expr(base);
                for subscript in subscripts {
                    self.part(NodeKind::Brackets, subscript.span, |b| match &subscript.kind {
                        SubscriptKind::Each => {}
                        SubscriptKind::At(at) => b.expr(at),
                        SubscriptKind::Slice(start, end) => start.iter().chain(end).for_each(|e| b.expr(e)),
                    });
                }
            }
            ExprKind::Call { name, args } => {
                self.leaf(TokenKind::Function, name.span);
                args.iter().for_each(|arg| self.expr(arg));
            }
            _ => e.children(&mut |child| self.expr(child)),
        }
        match &e.kind {
            ExprKind::In { set: Set::List(name), .. } => self.leaf(TokenKind::List, name.span),
            ExprKind::In { set: Set::Literal { members, span }, .. } => self.part(NodeKind::Set, *span, |b| {
                for member in members {
                    match member {
                        Member::Bytes(_, span) => b.leaf(TokenKind::String, *span),
                        Member::Word(name) => b.leaf(classify::member(name.text), name.span),
                    }
                }
            }),
            ExprKind::Matches { pattern, .. } => self.leaf(TokenKind::Regex, pattern.span),
            ExprKind::Wildcard { pattern_span, .. } => self.leaf(TokenKind::String, *pattern_span),
            _ => {}
        }
    }
}
