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
    /// Its rules in order; a bare expression is one rule with the empty name.
    pub rules: Vec<Rule>,
}

/// `rule NAME = EXPR`.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The name.
    pub name: Name,
    /// The expression.
    pub expr: Expr,
    /// All of it.
    pub span: Span,
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
    /// Minus.
    Neg(Box<Expr>),
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

impl Expr {
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
