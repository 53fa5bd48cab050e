//! The untyped syntax tree: what a text says before names and types are known.
//!
//! The parser does not know a scheme, so a [`Word`](ExprKind::Word) may yet turn out to be a field, an integer, a float or an
//! address; the checker decides by the type that is wanted. Chains of `and`, `or` and `xor` are flat, and all other nesting is
//! bounded by [`Limits::nesting`](crate::Limits::nesting), so walking or dropping a tree needs little stack.

use std::borrow::Cow;

use crate::ast::{ArithOp, CompareOp, LogicOp, Quantifier, Span};

/// A parsed text, which it borrows.
#[derive(Clone, Debug)]
pub struct File<'s> {
    /// The text, to which all spans refer.
    pub source: &'s str,
    /// What it defines, in order; a bare expression is one rule with the empty name.
    pub items: Vec<Item<'s>>,
}

/// Something that a text defines.
#[derive(Clone, Debug)]
pub enum Item<'s> {
    /// `const NAME: TYPE = ...`.
    Constant(Constant<'s>),
    /// `fn name(...) { ... }`.
    Function(Function<'s>),
    /// `rule NAME = ...` or `rule NAME { ... }`.
    Rule(Rule<'s>),
}

/// A constant.
#[derive(Clone, Debug)]
pub struct Constant<'s> {
    /// The name.
    pub name: Name<'s>,
    /// The type.
    pub ty: TypeName<'s>,
    /// The value: an expression of literals and other constants, or an array of such.
    pub value: Expr<'s>,
    /// All of it.
    pub span: Span,
}

/// A function.
#[derive(Clone, Debug)]
pub struct Function<'s> {
    /// The name.
    pub name: Name<'s>,
    /// The parameters.
    pub params: Vec<(Name<'s>, TypeName<'s>)>,
    /// The types of the results.
    pub results: Vec<TypeName<'s>>,
    /// What it does.
    pub body: Block<'s>,
    /// All of it.
    pub span: Span,
}

/// A type as it is written.
#[derive(Clone, Debug)]
pub struct TypeName<'s> {
    /// The type.
    pub kind: TypeKind<'s>,
    /// Whether `?` follows it: it may be nil.
    pub nullable: bool,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of types.
#[derive(Clone, Debug)]
pub enum TypeKind<'s> {
    /// A type of records, or U32.
    Plain(crate::types::Type),
    /// `[T]`, or with a number of elements `[T; N]`.
    List(Box<TypeName<'s>>, Option<Box<Expr<'s>>>),
    /// A name that is no type.
    Unknown(&'s str),
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule<'s> {
    /// The name.
    pub name: Name<'s>,
    /// What it tests.
    pub body: RuleBody<'s>,
    /// All of it.
    pub span: Span,
}

/// What a rule tests.
#[derive(Clone, Debug)]
pub enum RuleBody<'s> {
    /// An expression.
    Expr(Expr<'s>),
    /// What its statements return.
    Block(Block<'s>),
}

/// Statements in braces.
#[derive(Clone, Debug)]
pub struct Block<'s> {
    /// The statements.
    pub stmts: Vec<Stmt<'s>>,
    /// The braces and what is in them.
    pub span: Span,
}

/// A statement.
#[derive(Clone, Debug)]
pub struct Stmt<'s> {
    /// What it is.
    pub kind: StmtKind<'s>,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of statements.
#[derive(Clone, Debug)]
pub enum StmtKind<'s> {
    /// `let x = e`, `let x: T = e`, `let (x, y) = e`.
    Let {
        /// What is declared: one, or several in parentheses.
        names: Vec<Name<'s>>,
        /// The type, where it is written.
        ty: Option<TypeName<'s>>,
        /// The value.
        value: Expr<'s>,
    },
    /// `x = e`, `a[i] += e`, `(x, y) = e`.
    Assign {
        /// Where the value goes: one place, or several in parentheses.
        targets: Vec<Expr<'s>>,
        /// The operator before the `=`.
        op: Option<ArithOp>,
        /// The value.
        value: Expr<'s>,
    },
    /// A call whose result nobody wants.
    Call(Expr<'s>),
    /// `if ... {} else if ... {} else {}`.
    If {
        /// The conditions with their blocks.
        arms: Vec<(Expr<'s>, Block<'s>)>,
        /// The block after the last `else`.
        otherwise: Option<Block<'s>>,
    },
    /// `while ... {}`.
    While {
        /// The condition.
        condition: Expr<'s>,
        /// The body.
        body: Block<'s>,
    },
    /// `for x in ... {}`.
    For {
        /// The local.
        name: Name<'s>,
        /// What it goes over.
        over: Over<'s>,
        /// The body.
        body: Block<'s>,
    },
    /// `break`.
    Break,
    /// `continue`.
    Continue,
    /// `return`, with any number of values.
    Return(Vec<Expr<'s>>),
}

/// What a loop goes over.
#[derive(Clone, Debug)]
pub enum Over<'s> {
    /// `a..b`, `a..=b`.
    Range {
        /// The first.
        start: Expr<'s>,
        /// The end.
        end: Expr<'s>,
        /// Whether the end is one of them.
        inclusive: bool,
    },
    /// Bytes, or an array.
    Each(Expr<'s>),
}

/// A name and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name<'s> {
    /// The name.
    pub text: &'s str,
    /// Where it stands.
    pub span: Span,
}

/// An expression.
#[derive(Clone, Debug)]
pub struct Expr<'s> {
    /// What it is.
    pub kind: ExprKind<'s>,
    /// Where it stands.
    pub span: Span,
    /// The most arithmetic operators and subscripts that stand inside one another.
    pub(crate) chain: u32,
}

/// The kinds of expressions.
#[derive(Clone, Debug)]
pub enum ExprKind<'s> {
    /// A name, number or address: letters, digits, `_`, `.`, perhaps a sign before a number or colons in an address.
    Word(&'s str),
    /// `true` or `false`.
    Bool(bool),
    /// A quoted or raw string, escapes undone.
    Bytes(Cow<'s, [u8]>),
    /// Pairs of hex digits joined by `:`, `-` or `.`.
    Sequence {
        /// The bytes.
        bytes: Vec<u8>,
        /// What the same text is if it is not bytes: `10-20` is also a difference.
        other: Option<Box<Expr<'s>>>,
    },
    /// `( ... )`.
    Paren(Box<Expr<'s>>),
    /// `name(args)`.
    Call {
        /// The function.
        name: Name<'s>,
        /// The arguments.
        args: Vec<Expr<'s>>,
    },
    /// `base[..]`, perhaps several times.
    Subscript {
        /// What is looked into.
        base: Box<Expr<'s>>,
        /// The brackets in order; at least one.
        subscripts: Vec<Subscript<'s>>,
    },
    /// `[a, b, c]`.
    Array(Vec<Expr<'s>>),
    /// `[value; count]`.
    Repeat {
        /// The value.
        value: Box<Expr<'s>>,
        /// How many times.
        count: Box<Expr<'s>>,
    },
    /// `(a, b)`.
    Tuple(Vec<Expr<'s>>),
    /// `value ?? default`.
    Otherwise {
        /// The value.
        value: Box<Expr<'s>>,
        /// What stands in for nil.
        default: Box<Expr<'s>>,
    },
    /// Minus.
    Neg(Box<Expr<'s>>),
    /// `~`, each bit the other way.
    Flip(Box<Expr<'s>>),
    /// `not` or `!`.
    Not(Box<Expr<'s>>),
    /// Arithmetic and bit operators.
    Arith {
        /// The operator.
        op: ArithOp,
        /// Left operand.
        lhs: Box<Expr<'s>>,
        /// Right operand.
        rhs: Box<Expr<'s>>,
    },
    /// A comparison.
    Compare {
        /// The operator.
        op: CompareOp,
        /// The left and the right operand.
        sides: Box<[Expr<'s>; 2]>,
    },
    /// `value in {..}`, `value not in {..}`.
    In {
        /// The value.
        value: Box<Expr<'s>>,
        /// Whether `not` stands before `in`.
        negated: bool,
        /// The set.
        set: Set<'s>,
    },
    /// `value contains needle`.
    Contains {
        /// The bytes that are searched.
        value: Box<Expr<'s>>,
        /// What is searched for.
        needle: Box<Expr<'s>>,
    },
    /// `value matches "regex"`.
    Matches {
        /// The value.
        value: Box<Expr<'s>>,
        /// The pattern.
        pattern: Box<Pattern>,
    },
    /// `value wildcard "pattern"`.
    Wildcard {
        /// The value.
        value: Box<Expr<'s>>,
        /// Whether `strict` stands before it.
        strict: bool,
        /// The pattern, with the string's escapes undone and its own not.
        pattern: Cow<'s, [u8]>,
        /// The literal.
        pattern_span: Span,
    },
    /// A run of `and`, of `xor` or of `or`.
    Logic {
        /// The operator.
        op: LogicOp,
        /// The operands, at least two.
        items: Vec<Expr<'s>>,
    },
    /// `any(arg)` or `all(arg)`.
    Quantifier {
        /// Any or all.
        quantifier: Quantifier,
        /// What stands in the parentheses.
        arg: Box<Expr<'s>>,
    },
}

/// What stands in one pair of brackets.
#[derive(Clone, Debug)]
pub struct Subscript<'s> {
    /// What it asks for.
    pub kind: SubscriptKind<'s>,
    /// The brackets and what is in them.
    pub span: Span,
}

/// The kinds of subscripts.
#[derive(Clone, Debug)]
pub enum SubscriptKind<'s> {
    /// `[*]`.
    Each,
    /// `[3]`, `["key"]`, `[expr]`.
    At(Expr<'s>),
    /// `[2:4]`.
    Slice(Option<Expr<'s>>, Option<Expr<'s>>),
}

/// The right side of `in`.
#[derive(Clone, Debug)]
pub enum Set<'s> {
    /// `{..}`.
    Literal {
        /// The members.
        members: Vec<Member<'s>>,
        /// The braces and what is in them.
        span: Span,
    },
    /// `$name`.
    List(Name<'s>),
}

/// One member of a literal set.
#[derive(Clone, Debug)]
pub enum Member<'s> {
    /// A quoted or raw string, escapes undone.
    Bytes(Cow<'s, [u8]>, Span),
    /// Anything else, as it is written: an integer, an address, a range, a network or a sequence of bytes.
    Word(Name<'s>),
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

impl<'s> File<'s> {
    /// The rules, in order.
    pub fn rules(&self) -> impl Iterator<Item = &Rule<'s>> {
        self.items.iter().filter_map(|item| match item {
            Item::Rule(rule) => Some(rule),
            Item::Constant(_) | Item::Function(_) => None,
        })
    }
}

impl<'s> File<'s> {
    /// Calls `visit` on each expression that is part of no other, in order.
    pub fn exprs<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr<'s>)) {
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

impl<'s> TypeName<'s> {
    fn exprs<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr<'s>)) {
        if let TypeKind::List(element, len) = &self.kind {
            element.exprs(visit);
            len.iter().for_each(|len| visit(len));
        }
    }
}

impl<'s> Block<'s> {
    fn exprs<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr<'s>)) {
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

impl<'s> Item<'s> {
    /// Its name.
    pub fn name(&self) -> &Name<'s> {
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

impl<'s> Expr<'s> {
    /// Calls `visit` on each direct child, in order.
    pub fn children<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr<'s>)) {
        match &self.kind {
            ExprKind::Word(_) | ExprKind::Bool(_) | ExprKind::Bytes(_) | ExprKind::Sequence { .. } => {}
            ExprKind::Paren(e) | ExprKind::Neg(e) | ExprKind::Flip(e) | ExprKind::Not(e) | ExprKind::Quantifier { arg: e, .. } => visit(e),
            ExprKind::Call { args: all, .. } | ExprKind::Logic { items: all, .. } | ExprKind::Array(all) | ExprKind::Tuple(all) => {
                all.iter().for_each(visit);
            }
            ExprKind::Repeat { value: a, count: b }
            | ExprKind::Otherwise { value: a, default: b }
            | ExprKind::Arith { lhs: a, rhs: b, .. }
            | ExprKind::Contains { value: a, needle: b } => {
                visit(a);
                visit(b);
            }
            ExprKind::Compare { sides, .. } => sides.iter().for_each(visit),
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
    pub fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr<'s>)) {
        visit(self);
        self.children(&mut |child| child.walk(visit));
    }

    /// The expression inside any parentheses around this one.
    pub fn unparenthesised(&self) -> &Expr<'s> {
        let mut e = self;
        while let ExprKind::Paren(inner) = &e.kind {
            e = inner;
        }
        e
    }
}

impl Member<'_> {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            Member::Bytes(_, span) => *span,
            Member::Word(name) => name.span,
        }
    }
}
