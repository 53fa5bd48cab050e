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
//!
//! # Statements
//! A rule may have statements that run before its expression ([`Rule::before`]), and functions of the program ([`Function`]) are made of
//! them. What has an effect is a statement: calls of such functions, assignments, and all that changes an array. The checker takes them out
//! of expressions, in order, so evaluating an expression changes nothing. Loops over ranges, bytes and arrays are one statement
//! ([`StmtKind::For`]); its back-edge, that of [`StmtKind::While`] and each call count a step.
//!
//! Arrays ([`Type::List`]) live in the instance's memory and are passed by reference: an expression of such a type is a place, not a value,
//! and stands only where an array is looked at, walked or passed. A [`StmtKind::Set`] of an array copies.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::intrinsic::Intrinsic;
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
    /// A place in [`Program::functions`].
    FnId,
    /// A place in [`Program::tables`].
    TableId,
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
    /// Functions that the text defines. A rule with a body of statements is one of them, and calls it.
    pub functions: Vec<Function>,
    /// Constant arrays.
    pub tables: Vec<Table>,
}

/// One rule: a name and a Bool expression.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// The name; a bare expression has the empty name.
    pub name: String,
    /// The locals of the statements and of the expression's loops.
    pub frame: Frame,
    /// What runs first: the calls that the expression makes in any case, or the one of the function that is the rule's body.
    pub before: Block,
    /// The expression: Bool and never nil.
    pub expr: Expr,
    /// The whole rule in the source.
    pub span: Span,
}

/// A function of the program.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Function {
    /// Its name; that of the rule where it is a rule's body.
    pub name: String,
    /// Whether it is the body of a rule.
    pub rule: bool,
    /// How many of the frame's first locals are its parameters. A parameter that is not nullable is never nil: a call with nil for it is nil
    /// without running. Parameters of type [`Type::List`] are places of the caller.
    pub params: u32,
    /// What it answers: any number of values, none of them an array.
    pub results: Vec<Answer>,
    /// The parameters and locals.
    pub frame: Frame,
    /// What it does. With results, it does not run off its end.
    pub body: Block,
    /// All of it in the source.
    pub span: Span,
}

/// One result of a function.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Its type.
    pub ty: Type,
    /// Whether it may be nil although no argument is.
    pub nullable: bool,
}

/// A constant array: values of one primitive type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Table {
    /// The name in the source.
    pub name: String,
    /// The type of the elements.
    pub element: Type,
    /// The elements.
    pub items: Vec<Const>,
}

/// The locals of a rule or function.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    /// Each local. One that a clause binds is bound by that clause alone, and its loop is the only place it is used in.
    pub locals: Vec<Local>,
}

/// A local.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Local {
    /// The type.
    pub ty: Type,
    /// Whether it may hold nil. Locals that loops bind never do.
    pub nullable: bool,
    /// What the text calls it. The checker gives names of their own to locals of statements; those of a bare expression have none.
    pub name: String,
}

impl Local {
    /// A local that is never nil and has no name.
    pub fn new(ty: Type) -> Local {
        Local { ty, nullable: false, name: String::new() }
    }
}

/// Statements, one after the other.
pub type Block = Vec<Stmt>;

/// A statement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Stmt {
    /// What it does.
    pub kind: StmtKind,
    /// Where it stands in the source.
    pub span: Span,
}

/// What a statement does. Expressions are evaluated in the order of the fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StmtKind {
    /// Sets a local of a type that is no array.
    Set {
        /// The local.
        local: LocalId,
        /// Its new value.
        value: Expr,
    },
    /// Fills an array anew; what was in it is gone. A fixed array has as many elements as its type says.
    Fill {
        /// The array.
        array: LocalId,
        /// What it holds then.
        with: Filling,
    },
    /// Sets an element of an array. An index outside of the array is a trap, and so is nil for either.
    Store {
        /// The array.
        array: LocalId,
        /// Which element.
        index: Expr,
        /// Its new value.
        value: Expr,
    },
    /// Adds an element at the end of a growing array. Nil is a trap.
    Push {
        /// The array.
        array: LocalId,
        /// The element.
        value: Expr,
    },
    /// Takes the last element of a growing array; nil where it is empty.
    Pop {
        /// Where the element goes, if anywhere.
        local: Option<LocalId>,
        /// The array.
        array: LocalId,
    },
    /// Calls a function of the program. Arguments of type [`Type::List`] are locals.
    Call {
        /// Where its results go: as many as it has, or none at all. All become nil where the function is not run.
        results: Vec<LocalId>,
        /// The function.
        function: FnId,
        /// The arguments. At the first that is nil for a parameter that is not nullable, the call ends.
        args: Vec<Expr>,
    },
    /// Runs the block of the first condition that holds.
    If {
        /// Conditions, each Bool and never nil, with their blocks; at least one.
        arms: Vec<(Expr, Block)>,
        /// What runs where none holds.
        otherwise: Block,
    },
    /// Runs a body as long as a condition holds.
    While {
        /// The condition: Bool and never nil. One that needs statements is a test in the body.
        condition: Expr,
        /// The body.
        body: Block,
    },
    /// Runs a body for each of a sequence.
    For {
        /// What is set for each; never nil. The body may set it to something else, which does not change what comes next.
        local: LocalId,
        /// The sequence.
        over: Over,
        /// The body.
        body: Block,
    },
    /// Leaves the innermost loop.
    Break,
    /// Goes on with the innermost loop's next turn.
    Continue,
    /// Ends the function with its results.
    Return(Vec<Expr>),
}

/// What a loop goes over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Over {
    /// The Ints from a first one up to an end. Nil is an empty range.
    Range {
        /// The first.
        start: Expr,
        /// The end.
        end: Expr,
        /// Whether the end is one of them.
        inclusive: bool,
    },
    /// Bytes as Int, or the elements of an `Array` or the values of a `Map` of a record; none of nil.
    Value(Expr),
    /// The elements of an array: its length is looked at before each turn.
    Array(Place),
}

/// An array that can be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// A local of type [`Type::List`].
    Local(LocalId),
    /// A constant.
    Table(TableId),
}

/// What an array is filled with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Filling {
    /// These values; nil is a trap. No more than a fixed array has elements.
    Items(Vec<Expr>),
    /// One value, so many times (Int; less than none is none): as many as a fixed array has elements. Nil is a trap.
    Repeat(Expr, Expr),
    /// The value in each element that there is.
    Each(Expr),
    /// A copy of another array. Into a fixed one go as many elements as it has.
    Copy(Place),
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
    /// An integer of 32 bits.
    U32(u32),
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
            Const::U32(_) => Type::U32,
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
    /// The value of a local; never nil where a loop clause bound it.
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
    /// Element `index` (Int, from 0) of an array of the script; an index outside of it is a trap, and nil for nil.
    Element {
        /// The array.
        array: Place,
        /// The index.
        index: Box<Expr>,
    },
    /// The number of elements of an array of the script.
    Count(Place),
    /// The low 8 bits of each element of an array of Int or U32, as Bytes.
    Packed(Place),
    /// An operation of [`Intrinsic`]; nil as soon as an operand is.
    Intrinsic {
        /// The operation.
        op: Intrinsic,
        /// Its operands.
        args: Vec<Expr>,
    },
    /// The value, or where that is nil, another.
    Otherwise {
        /// The value.
        value: Box<Expr>,
        /// What stands in for nil.
        default: Box<Expr>,
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

/// Arithmetic operators. All but `Div` and `Rem` are total; on Int they wrap, and on U32 modulo 2^32.
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
    /// `&`, Int and U32 only.
    And,
    /// `|`, Int and U32 only.
    Or,
    /// `^`, Int and U32 only.
    Xor,
    /// `<<`, Int and U32 only; the count is taken modulo the width.
    Shl,
    /// `>>`, Int and U32 only, keeps the sign of an Int; the count is taken modulo the width.
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

impl Rule {
    /// Whether it is nothing but an expression.
    pub fn is_expression(&self) -> bool {
        self.before.is_empty()
    }
}

impl Program {
    /// What a statement of a rule calls for one value, so that the rule's expression is printed with the call in that value's place: the
    /// local, the function and its arguments. None for all other statements.
    pub fn plain_call<'p>(&'p self, stmt: &'p Stmt) -> Option<(LocalId, &'p Function, &'p [Expr])> {
        let StmtKind::Call { results, function, args } = &stmt.kind else { return None };
        let ([result], Some(called)) = (results.as_slice(), self.functions.get(function.index())) else { return None };
        let arrays = args.iter().any(|arg| matches!(arg.ty, Type::List(..)));
        (!called.rule && !arrays).then_some((*result, called, args))
    }

    /// Calls `visit` on each expression of the rules and functions that is part of no other, rule by rule.
    pub fn roots<'p>(&'p self, visit: &mut dyn FnMut(&'p Expr)) {
        for rule in &self.rules {
            rule.before.iter().for_each(|stmt| stmt.exprs(visit));
            visit(&rule.expr);
        }
        for function in &self.functions {
            function.body.iter().for_each(|stmt| stmt.exprs(visit));
        }
    }
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
        self.roots(&mut |root| {
            root.walk(&mut |e| {
                if let ExprKind::Field(id) = e.kind {
                    used.insert(id);
                }
            });
        });
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

    /// The operator that says the same of the operands the other way round.
    pub fn mirrored(self) -> CompareOp {
        match self {
            CompareOp::Eq | CompareOp::Ne => self,
            CompareOp::Lt => CompareOp::Gt,
            CompareOp::Le => CompareOp::Ge,
            CompareOp::Gt => CompareOp::Lt,
            CompareOp::Ge => CompareOp::Le,
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
