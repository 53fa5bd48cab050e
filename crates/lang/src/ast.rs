//! The typed, resolved AST: what the checker makes and every backend runs.
//!
//! Names are resolved to ids, every [`Expr`] knows its type, its span and whether it can be nil, and literals that need
//! preparing stand in the tables of the [`Program`]. Element-wise expressions (`x[*]`) are explicit loops ([`Each`]) over
//! locals, so a backend needs no notion of arrays of Bool in flight.
//!
//! # Evaluation
//! * Left to right. `and`/`or` stop at the first operand that decides; `xor` evaluates all.
//! * nil: an operator that computes a value ([`Neg`](ExprKind::Neg), [`Arith`](ExprKind::Arith), [`Index`](ExprKind::Index),
//!   [`Key`](ExprKind::Key), [`Slice`](ExprKind::Slice)) is nil as soon as an operand is, and does not evaluate operands after it. A test
//!   ([`Compare`](ExprKind::Compare), [`In`](ExprKind::In), [`Contains`](ExprKind::Contains), ...) is never nil: it answers `on_nil`
//!   ([`Compare`](ExprKind::Compare)) or false as soon as an operand is nil. Calls follow their signature's
//!   [`NilRule`](crate::signature::NilRule).
//! * Operands of [`Not`](ExprKind::Not) and [`Logic`](ExprKind::Logic), rule roots and bodies of quantifiers are never nil: the checker
//!   has turned a Bool that may be nil into `== true`.
//! * A trap ends the evaluation of the rule on the record.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::scheme::{FieldId, FunctionId, Scheme};
use crate::types::Type;

/// A range of bytes of the source text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// The span from `start` up to `end`.
    pub fn new(start: usize, end: usize) -> Span {
        Span { start: start as u32, end: end as u32 }
    }

    /// The smallest span that covers both.
    pub fn to(self, other: Span) -> Span {
        Span { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub struct $name(pub u32);
        impl $name {
            /// The id as an index into its table.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    )*};
}

ids! {
    /// A place in a [`Frame`].
    LocalId,
    /// A place in [`Program::sets`].
    SetId,
    /// A place in [`Program::lists`].
    ListId,
    /// A place in [`Program::regexes`].
    RegexId,
    /// A place in [`Program::wildcards`].
    WildcardId,
    /// A place in [`Program::needles`].
    NeedleId,
    /// A place in [`Program::sites`].
    SiteId,
}

/// Rules checked against a scheme, with the tables that they refer to.
#[derive(Clone, Debug)]
pub struct Program {
    /// The scheme that the rules were checked against.
    pub scheme: Scheme,
    /// The rules, in the order of the source.
    pub rules: Vec<Rule>,
    /// Literal sets.
    pub sets: Vec<Set>,
    /// Named lists that rules test against.
    pub lists: Vec<ListRef>,
    /// Regular expressions.
    pub regexes: Vec<Regex>,
    /// Wildcard patterns.
    pub wildcards: Vec<Wildcard>,
    /// Constant needles of `contains`.
    pub needles: Vec<Vec<u8>>,
    /// Places where a function is called; each has arguments of its own that may be prepared once.
    pub sites: Vec<Site>,
}

/// One rule: a name and a Bool expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The name; a bare expression has the empty name.
    pub name: String,
    /// The locals that the expression's loops bind.
    pub frame: Frame,
    /// The expression: Bool and never nil.
    pub expr: Expr,
    /// The whole rule in the source.
    pub span: Span,
}

/// The locals of a rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// The type of each local. Each local is bound by exactly one clause, whose loop is the only place it is used in.
    pub locals: Vec<Type>,
}

/// An expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expr {
    /// What it computes.
    pub kind: ExprKind,
    /// The type of its value.
    pub ty: Type,
    /// Whether its value may be nil. When false, backends need not check.
    pub nullable: bool,
    /// Where it stands in the source.
    pub span: Span,
}

/// A constant value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Const {
    /// `true`, `false`.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// A float.
    Float(f64),
    /// Bytes.
    Bytes(Vec<u8>),
    /// An address.
    Ip(IpAddr),
}

impl Const {
    /// The type of the constant.
    pub fn ty(&self) -> Type {
        match self {
            Const::Bool(_) => Type::Bool,
            Const::Int(_) => Type::Int,
            Const::Float(_) => Type::Float,
            Const::Bytes(_) => Type::Bytes,
            Const::Ip(_) => Type::Ip,
        }
    }
}

/// What an expression computes. Children are evaluated in the order of the fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ExprKind {
    /// A constant.
    Const(Const),
    /// The value of a field of the record; nil where the record lacks it.
    Field(FieldId),
    /// The value that a loop clause bound; never nil.
    Local(LocalId),
    /// Element `index` (Int, from 0) of an array; nil where there is none.
    Index {
        /// The array.
        base: Box<Expr>,
        /// The index; negative is out of range.
        index: Box<Expr>,
    },
    /// The value under a key (Bytes) of a map; nil where there is none.
    Key {
        /// The map.
        base: Box<Expr>,
        /// The key.
        key: Box<Expr>,
    },
    /// The bytes from `start` up to `end` (Int): negative counts from the end, both are clamped to the value, and a range that ends
    /// before it starts is empty.
    Slice {
        /// The bytes.
        base: Box<Expr>,
        /// The first byte; the value's start where absent.
        start: Option<Box<Expr>>,
        /// One past the last byte; the value's end where absent.
        end: Option<Box<Expr>>,
    },
    /// A call of a function of the scheme, with all arguments (defaults filled in).
    Call {
        /// Its place in [`Program::sites`].
        site: SiteId,
        /// The arguments.
        args: Vec<Expr>,
    },
    /// Minus, of Int (wrapping) or Float.
    Neg(Box<Expr>),
    /// Logical not.
    Not(Box<Expr>),
    /// Arithmetic on two Ints or two Floats.
    Arith {
        /// The operator.
        op: ArithOp,
        /// Left operand.
        lhs: Box<Expr>,
        /// Right operand.
        rhs: Box<Expr>,
    },
    /// A comparison of two values of one primitive type.
    Compare {
        /// The operator.
        op: CompareOp,
        /// Left operand.
        lhs: Box<Expr>,
        /// Right operand.
        rhs: Box<Expr>,
        /// The answer where an operand is nil.
        on_nil: bool,
    },
    /// Whether a set holds the value (Int, Ip or Bytes); false for nil.
    In {
        /// The value.
        value: Box<Expr>,
        /// The set.
        set: SetId,
    },
    /// Whether a named list holds the value; false for nil.
    InList {
        /// The value.
        value: Box<Expr>,
        /// The list.
        list: ListId,
    },
    /// Whether the needle occurs in the bytes; an empty needle does. False for nil.
    Contains {
        /// The bytes that are searched.
        value: Box<Expr>,
        /// What is searched for.
        needle: Needle,
    },
    /// Whether the regular expression matches somewhere in the bytes; false for nil.
    Matches {
        /// The bytes.
        value: Box<Expr>,
        /// The expression.
        regex: RegexId,
    },
    /// Whether the wildcard pattern matches the whole of the bytes; false for nil.
    Wildcard {
        /// The bytes.
        value: Box<Expr>,
        /// The pattern.
        pattern: WildcardId,
    },
    /// `and`, `or`, `xor` over two or more Bools.
    Logic {
        /// The operator.
        op: LogicOp,
        /// The operands, at least two.
        items: Vec<Expr>,
    },
    /// Whether a value is not nil.
    Present(Box<Expr>),
    /// Whether the body (Bool) holds for any, or for all, of the loop's elements; over none `any` is false and `all` true. Stops at the
    /// first element that decides.
    Quantifier {
        /// Any or all.
        quantifier: Quantifier,
        /// The loop.
        each: Box<Each>,
    },
    /// The array of the body's values for all of the loop's elements.
    Collect(Box<Each>),
}

/// Nested loops and the expression inside them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Each {
    /// The clauses, outermost first; each sees the locals of those before it.
    pub clauses: Vec<Clause>,
    /// What is computed for each element; never nil.
    pub body: Expr,
}

/// A clause of an [`Each`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Clause {
    /// Walks arrays or maps (their values, in key order) in lockstep and stops where the shortest ends; a nil one is empty. All sources
    /// are evaluated, in order, before the first element. At least one source.
    For(Vec<(LocalId, Expr)>),
    /// Binds a value; where it is nil, the element is skipped.
    Let(LocalId, Expr),
}

/// What `contains` searches for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Needle {
    /// A constant, prepared once.
    Const(NeedleId),
    /// Any expression of type Bytes.
    Dynamic(Box<Expr>),
}

/// Arithmetic operators. All but `Div` and `Rem` are total; on Int they wrap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ArithOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`: truncates towards zero on Int, where zero traps and `MIN / -1` is `MIN`; IEEE on Float.
    Div,
    /// `%`: takes the sign of the left on Int, where zero traps and `MIN % -1` is 0; C's `fmod` on Float.
    Rem,
    /// `&`, Int only.
    And,
    /// `|`, Int only.
    Or,
    /// `^`, Int only.
    Xor,
    /// `<<`, Int only; the count is taken modulo 64.
    Shl,
    /// `>>`, Int only, keeps the sign; the count is taken modulo 64.
    Shr,
}

/// Comparison operators. Of Bool, `false < true`. Of Ip, all but `Ne` are false between families. Of Float, as IEEE says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum CompareOp {
    Eq,
    Ne,
    Lt,
    Le,
    Gt,
    Ge,
}

/// Logical operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum LogicOp {
    And,
    Xor,
    Or,
}

/// `any` or `all`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Quantifier {
    Any,
    All,
}

impl LogicOp {
    /// What an operand must be to decide for all that follow it. With `xor` none does.
    pub fn decisive(self) -> Option<bool> {
        match self {
            LogicOp::And => Some(false),
            LogicOp::Or => Some(true),
            LogicOp::Xor => None,
        }
    }
}

impl Quantifier {
    /// What the body must answer for an element to decide for all that follow it.
    pub fn decisive(self) -> bool {
        match self {
            Quantifier::Any => true,
            Quantifier::All => false,
        }
    }
}

/// A literal set, as written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Set {
    /// Inclusive ranges.
    Int(Vec<(i64, i64)>),
    /// Inclusive ranges, each within one family.
    Ip(Vec<(IpAddr, IpAddr)>),
    /// Members.
    Bytes(Vec<Vec<u8>>),
}

/// A named list that a rule refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ListRef {
    /// The name, without `$`.
    pub name: String,
    /// The type of the values that are looked up.
    pub ty: Type,
    /// The first place that names it.
    pub span: Span,
}

/// A regular expression (regex-automata's syntax, Unicode off, unanchored).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Regex {
    /// The pattern.
    pub pattern: String,
    /// The literal in the source.
    pub span: Span,
}

/// A wildcard pattern.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Wildcard {
    /// The literal stretches between the stars, escapes undone: `n` stars make `n + 1` parts, of which the first and last may be empty.
    pub parts: Vec<Vec<u8>>,
    /// Whether letters match only themselves; otherwise ASCII case is folded.
    pub strict: bool,
    /// The literal in the source.
    pub span: Span,
}

/// A place where a function is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// The function.
    pub function: FunctionId,
    /// The types of the arguments.
    pub args: Vec<Type>,
    /// The arguments that are constants.
    pub constants: Vec<Option<Const>>,
    /// The type of the result.
    pub result: Type,
    /// The call in the source.
    pub span: Span,
}

impl Expr {
    /// Calls `visit` on this expression and everything below it, parents first, in order of evaluation.
    pub fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        visit(self);
        self.children(&mut |child| child.walk(visit));
    }
}

impl Program {
    /// The fields that the rules use, each once, in order of id.
    pub fn used_fields(&self) -> Vec<FieldId> {
        let mut used = std::collections::BTreeSet::new();
        for rule in &self.rules {
            rule.expr.walk(&mut |e| {
                if let ExprKind::Field(id) = e.kind {
                    used.insert(id);
                }
            });
        }
        used.into_iter().collect()
    }
}

impl CompareOp {
    /// The operator's symbol.
    pub fn symbol(self) -> &'static str {
        match self {
            CompareOp::Eq => "==",
            CompareOp::Ne => "!=",
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        }
    }

    /// Whether the operator holds for operands in this order; `None` stands for operands that have no order.
    pub fn holds(self, ordering: Option<std::cmp::Ordering>) -> bool {
        use std::cmp::Ordering::{Equal, Greater, Less};
        match self {
            CompareOp::Eq => ordering == Some(Equal),
            CompareOp::Ne => ordering != Some(Equal),
            CompareOp::Lt => ordering == Some(Less),
            CompareOp::Le => matches!(ordering, Some(Less | Equal)),
            CompareOp::Gt => ordering == Some(Greater),
            CompareOp::Ge => matches!(ordering, Some(Greater | Equal)),
        }
    }
}

impl ArithOp {
    /// The operator's symbol.
    pub fn symbol(self) -> &'static str {
        match self {
            ArithOp::Add => "+",
            ArithOp::Sub => "-",
            ArithOp::Mul => "*",
            ArithOp::Div => "/",
            ArithOp::Rem => "%",
            ArithOp::And => "&",
            ArithOp::Or => "|",
            ArithOp::Xor => "^",
            ArithOp::Shl => "<<",
            ArithOp::Shr => ">>",
        }
    }
}

impl fmt::Display for LogicOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            LogicOp::And => "and",
            LogicOp::Xor => "xor",
            LogicOp::Or => "or",
        })
    }
}

impl fmt::Display for Quantifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Quantifier::Any => "any",
            Quantifier::All => "all",
        })
    }
}
