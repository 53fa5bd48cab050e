//! The untyped syntax tree: what a text says before names and types are known.
//!
//! The parser does not know a scheme, so a [`Word`](ExprKind::Word) may yet turn out to be a field, an integer, a float or an
//! address; the checker decides by the type that is wanted. Chains of `and`, `or` and `xor` are flat, and all other nesting is
//! bounded by [`Limits::nesting`](crate::Limits::nesting), so walking or dropping a tree needs little stack.

use std::sync::Arc;

use crate::ast::{ArithOp, CompareOp, LogicOp, Quantifier, Span};

/// A parsed text.
#[derive(Clone, Debug)]
pub struct File {
    /// The text, to which all spans refer.
    pub source: Arc<str>,
    /// What it defines, in order; a bare expression is one rule with the empty name.
    pub items: Vec<Item>,
}

/// Something that a text defines.
#[derive(Clone, Debug)]
pub enum Item {
    /// `const NAME: TYPE = ...`.
    Constant(Constant),
    /// `fn name(...) { ... }`.
    Function(Function),
    /// `rule NAME = ...` or `rule NAME { ... }`.
    Rule(Rule),
}

/// A constant.
#[derive(Clone, Debug)]
pub struct Constant {
    /// The name.
    pub name: Name,
    /// The type.
    pub ty: TypeName,
    /// The value: an expression of literals and other constants, or an array of such.
    pub value: Expr,
    /// All of it.
    pub span: Span,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function {
    /// The name.
    pub name: Name,
    /// The parameters.
    pub params: Vec<(Name, TypeName)>,
    /// The types of the results.
    pub results: Vec<TypeName>,
    /// What it does.
    pub body: Block,
    /// All of it.
    pub span: Span,
}

/// A type as it is written.
#[derive(Clone, Debug)]
pub struct TypeName {
    /// The type.
    pub kind: TypeKind,
    /// Whether `?` follows it: it may be nil.
    pub nullable: bool,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of types.
#[derive(Clone, Debug)]
pub enum TypeKind {
    /// A type of records, or U32.
    Plain(crate::types::Type),
    /// `[T]`, or with a number of elements `[T; N]`.
    List(Box<TypeName>, Option<Box<Expr>>),
    /// A name that is no type.
    Unknown(String),
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The name.
    pub name: Name,
    /// What it tests.
    pub body: RuleBody,
    /// All of it.
    pub span: Span,
}

/// What a rule tests.
#[derive(Clone, Debug)]
pub enum RuleBody {
    /// An expression.
    Expr(Expr),
    /// What its statements return.
    Block(Block),
}

/// Statements in braces.
#[derive(Clone, Debug)]
pub struct Block {
    /// The statements.
    pub stmts: Vec<Stmt>,
    /// The braces and what is in them.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt {
    /// What it is.
    pub kind: StmtKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of statements.
#[derive(Clone, Debug)]
pub enum StmtKind {
    /// `let x = e`, `let x: T = e`, `let (x, y) = e`.
    Let {
        /// What is declared: one, or several in parentheses.
        names: Vec<Name>,
        /// The type, where it is written.
        ty: Option<TypeName>,
        /// The value.
        value: Expr,
    },
    /// `x = e`, `a[i] += e`, `(x, y) = e`.
    Assign {
        /// Where the value goes: one place, or several in parentheses.
        targets: Vec<Expr>,
        /// The operator before the `=`.
        op: Option<ArithOp>,
        /// The value.
        value: Expr,
    },
    /// A call whose result nobody wants.
    Call(Expr),
    /// `if ... {} else if ... {} else {}`.
    If {
        /// The conditions with their blocks.
        arms: Vec<(Expr, Block)>,
        /// The block after the last `else`.
        otherwise: Option<Block>,
    },
    /// `while ... {}`.
    While {
        /// The condition.
        condition: Expr,
        /// The body.
        body: Block,
    },
    /// `for x in ... {}`.
    For {
        /// The local.
        name: Name,
        /// What it goes over.
        over: Over,
        /// The body.
        body: Block,
    },
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `return`, with any number of values.
    Return(Vec<Expr>),
}

/// What a loop goes over.
#[derive(Clone, Debug)]
pub enum Over {
    /// `a..b`, `a..=b`.
    Range {
        /// The first.
        start: Expr,
        /// The end.
        end: Expr,
        /// Whether the end is one of them.
        inclusive: bool,
    },
    /// Bytes, or an array.
    Each(Expr),
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub span: Span,
    /// The most arithmetic operators and subscripts that stand inside one another.
    pub(crate) chain: u32,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A name, number or address: letters, digits, `_`, `.`, perhaps a sign before a number or colons in an address.
    Word(String),
    /// `true` or `false`.
    Bool(bool),
    /// A quoted or raw string, escapes undone.
    Bytes(Vec<u8>),
    /// Pairs of hex digits joined by `:`, `-` or `.`.
    Sequence {
        /// The bytes.
        bytes: Vec<u8>,
        /// What the same text is if it is not bytes: `10-20` is also a difference.
        other: Option<Box<Expr>>,
    },
    /// `( ... )`.
    Paren(Box<Expr>),
    /// `name(args)`.
    Call {
        /// The function.
        name: Name,
        /// The arguments.
        args: Vec<Expr>,
    },
    /// `base[..]`, perhaps several times.
    Subscript {
        /// What is looked into.
        base: Box<Expr>,
        /// The brackets in order; at least one.
        subscripts: Vec<Subscript>,
    },
    /// `[a, b, c]`.
    Array(Vec<Expr>),
    /// `[value; count]`.
    Repeat {
        /// The value.
        value: Box<Expr>,
        /// How many times.
        count: Box<Expr>,
    },
    /// `(a, b)`.
    Tuple(Vec<Expr>),
    /// `value ?? default`.
    Otherwise {
        /// The value.
        value: Box<Expr>,
        /// What stands in for nil.
        default: Box<Expr>,
    },
    /// Minus.
    Neg(Box<Expr>),
    /// `~`, each bit the other way.
    Flip(Box<Expr>),
    /// `not` or `!`.
    Not(Box<Expr>),
    /// Arithmetic and bit operators.
    Arith {
        /// The operator.
        op: ArithOp,
        /// Left operand.
        lhs: Box<Expr>,
        /// Right operand.
        rhs: Box<Expr>,
    },
    /// A comparison.
    Compare {
        /// The operator.
        op: CompareOp,
        /// Left operand.
        lhs: Box<Expr>,
        /// Right operand.
        rhs: Box<Expr>,
    },
    /// `value in {..}`, `value not in {..}`.
    In {
        /// The value.
        value: Box<Expr>,
        /// Whether `not` stands before `in`.
        negated: bool,
        /// The set.
        set: Set,
    },
    /// `value contains needle`.
    Contains {
        /// The bytes that are searched.
        value: Box<Expr>,
        /// What is searched for.
        needle: Box<Expr>,
    },
    /// `value matches "regex"`.
    Matches {
        /// The value.
        value: Box<Expr>,
        /// The pattern.
        pattern: Pattern,
    },
    /// `value wildcard "pattern"`.
    Wildcard {
        /// The value.
        value: Box<Expr>,
        /// Whether `strict` stands before it.
        strict: bool,
        /// The pattern, with the string's escapes undone and its own not.
        pattern: Vec<u8>,
        /// The literal.
        pattern_span: Span,
    },
    /// A run of `and`, of `xor` or of `or`.
    Logic {
        /// The operator.
        op: LogicOp,
        /// The operands, at least two.
        items: Vec<Expr>,
    },
    /// `any(arg)` or `all(arg)`.
    Quantifier {
        /// Any or all.
        quantifier: Quantifier,
        /// What stands in the parentheses.
        arg: Box<Expr>,
    },
}

/// What stands in one pair of brackets.
#[derive(Clone, Debug)]
pub struct Subscript {
    /// What it asks for.
    pub kind: SubscriptKind,
    /// The brackets and what is in them.
    pub span: Span,
}

/// The kinds of subscripts.
#[derive(Clone, Debug)]
pub enum SubscriptKind {
    /// `[*]`.
    Each,
    /// `[3]`, `["key"]`, `[expr]`.
    At(Expr),
    /// `[2:4]`.
    Slice(Option<Expr>, Option<Expr>),
}

/// The right side of `in`.
#[derive(Clone, Debug)]
pub enum Set {
    /// `{..}`.
    Literal {
        /// The members.
        members: Vec<Member>,
        /// The braces and what is in them.
        span: Span,
    },
    /// `$name`.
    List(Name),
}

/// One member of a literal set.
#[derive(Clone, Debug)]
pub enum Member {
    /// A quoted or raw string, escapes undone.
    Bytes(Vec<u8>, Span),
    /// Anything else, as it is written: an integer, an address, a range, a network or a sequence of bytes.
    Word(Name),
}

/// The pattern of `matches`.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// What the regular expression engine sees.
    pub text: String,
    /// The literal, quotes included.
    pub span: Span,
    /// The byte of the source that the pattern starts with.
    pub start: u32,
    /// Offsets in `text` before which the source has a backslash that `text` lacks.
    pub dropped: Vec<u32>,
}

impl Pattern {
    /// Where a stretch of the pattern stands in the source.
    pub fn source_span(&self, start: usize, end: usize) -> Span {
        let at = |offset: usize| {
            let skipped = self.dropped.iter().filter(|d| (**d as usize) < offset).count();
            self.start as usize + offset + skipped
        };
        Span::new(at(start), at(end))
    }
}

impl File {
    /// The rules, in order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule> {
        self.items.iter().filter_map(|item| match item {
            Item::Rule(rule) => Some(rule),
            Item::Constant(_) | Item::Function(_) => None,
        })
    }
}

impl File {
    /// Calls `visit` on each expression that is part of no other, in order.
    pub fn exprs<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        for item in &self.items {
            match item {
                Item::Constant(constant) => {
                    constant.ty.exprs(visit);
                    visit(&constant.value);
                }
                Item::Function(function) => {
                    function.params.iter().for_each(|(_, ty)| ty.exprs(visit));
                    function.results.iter().for_each(|ty| ty.exprs(visit));
                    function.body.exprs(visit);
                }
                Item::Rule(Rule { body: RuleBody::Expr(e), .. }) => visit(e),
                Item::Rule(Rule { body: RuleBody::Block(block), .. }) => block.exprs(visit),
            }
        }
    }
}

impl TypeName {
    fn exprs<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        if let TypeKind::List(element, len) = &self.kind {
            element.exprs(visit);
            len.iter().for_each(|len| visit(len));
        }
    }
}

impl Block {
    fn exprs<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        for stmt in &self.stmts {
            match &stmt.kind {
                StmtKind::Let { ty, value, .. } => {
                    ty.iter().for_each(|ty| ty.exprs(visit));
                    visit(value);
                }
                StmtKind::Assign { targets, value, .. } => {
                    targets.iter().for_each(&mut *visit);
                    visit(value);
                }
                StmtKind::Call(call) => visit(call),
                StmtKind::If { arms, otherwise } => {
                    for (condition, body) in arms {
                        visit(condition);
                        body.exprs(visit);
                    }
                    otherwise.iter().for_each(|body| body.exprs(visit));
                }
                StmtKind::While { condition, body } => {
                    visit(condition);
                    body.exprs(visit);
                }
                StmtKind::For { over, body, .. } => {
                    match over {
                        Over::Range { start, end, .. } => {
                            visit(start);
                            visit(end);
                        }
                        Over::Each(value) => visit(value),
                    }
                    body.exprs(visit);
                }
                StmtKind::Break | StmtKind::Continue => {}
                StmtKind::Return(values) => values.iter().for_each(&mut *visit),
            }
        }
    }
}

impl Item {
    /// Its name.
    pub fn name(&self) -> &Name {
        match self {
            Item::Constant(constant) => &constant.name,
            Item::Function(function) => &function.name,
            Item::Rule(rule) => &rule.name,
        }
    }

    /// All of it.
    pub fn span(&self) -> Span {
        match self {
            Item::Constant(constant) => constant.span,
            Item::Function(function) => function.span,
            Item::Rule(rule) => rule.span,
        }
    }
}

impl Expr {
    /// Calls `visit` on each direct child, in order.
    pub fn children<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match &self.kind {
            ExprKind::Word(_) | ExprKind::Bool(_) | ExprKind::Bytes(_) | ExprKind::Sequence { .. } => {}
            ExprKind::Paren(e) | ExprKind::Neg(e) | ExprKind::Flip(e) | ExprKind::Not(e) | ExprKind::Quantifier { arg: e, .. } => visit(e),
            ExprKind::Call { args: all, .. } | ExprKind::Logic { items: all, .. } | ExprKind::Array(all) | ExprKind::Tuple(all) => {
                all.iter().for_each(visit);
            }
            ExprKind::Repeat { value: a, count: b }
            | ExprKind::Otherwise { value: a, default: b }
            | ExprKind::Arith { lhs: a, rhs: b, .. }
            | ExprKind::Compare { lhs: a, rhs: b, .. }
            | ExprKind::Contains { value: a, needle: b } => {
                visit(a);
                visit(b);
            }
            ExprKind::Subscript { base, subscripts } => {
                visit(base);
                for subscript in subscripts {
                    match &subscript.kind {
                        SubscriptKind::Each => {}
                        SubscriptKind::At(at) => visit(at),
                        SubscriptKind::Slice(a, b) => [a, b].into_iter().flatten().for_each(&mut *visit),
                    }
                }
            }
            ExprKind::In { value, .. } | ExprKind::Matches { value, .. } | ExprKind::Wildcard { value, .. } => visit(value),
        }
    }

    /// Calls `visit` on this expression and everything below it, parents first.
    pub fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        visit(self);
        self.children(&mut |child| child.walk(visit));
    }

    /// The expression inside any parentheses around this one.
    pub fn unparenthesised(&self) -> &Expr {
        let mut e = self;
        while let ExprKind::Paren(inner) = &e.kind {
            e = inner;
        }
        e
    }
}

impl Member {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Member::Bytes(_, span) => *span,
            Member::Word(name) => name.span,
        }
    }
}
