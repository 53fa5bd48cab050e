//! What can go wrong in one rule on one record.

use std::fmt;

use quintet_lang::ast::Span;

/// Ends the evaluation of one rule on one record: the rule does not match there. All backends trap in the same places.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u32)]
#[non_exhaustive]
pub enum Trap {
    /// Int division or remainder by zero.
    DivisionByZero = 1,
    /// Function results and arrays took more than [`Limits::memory_bytes`](quintet_lang::Limits::memory_bytes).
    Memory = 2,
    /// A function panicked. The message of the panic goes to the process's panic hook, as always.
    Panic = 3,
    /// The evaluation took more than [`Limits::steps`](quintet_lang::Limits::steps).
    Budget = 4,
    /// A function answered a value that is not of the type that its signature says, nil although the signature says that it never is, or
    /// what refers to memory where there is none.
    ResultType = 5,
    /// An index outside of an array of the script.
    Index = 6,
    /// Nil where a statement needs a value: as an index that is written to, or as an element of an array.
    Nil = 7,
    /// More calls of the script's functions inside one another than [`Limits::calls`](quintet_lang::Limits::calls).
    Calls = 8,
}

/// A trap and where it happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happened.
    pub trap: Trap,
    /// Where in the source: the statement, of `if` and `while` the condition where that is at fault, or of a rule that is an expression, and of
    /// a function that was not begun, all of it. It is the same on every backend.
    pub span: Span,
}

impl std::error::Error for Trap {}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.trap)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}..{}", self.trap, self.span.start, self.span.end)
    }
}

/// What places are multiplied by in the number of a trap: more than any trap's own.
const PLACE: u32 = 256;

impl Trap {
    /// All traps.
    pub const ALL: [Trap; 8] =
        [Trap::DivisionByZero, Trap::Memory, Trap::Panic, Trap::Budget, Trap::ResultType, Trap::Index, Trap::Nil, Trap::Calls];

    /// The number that generated code uses; never 0.
    pub fn code(self) -> u32 {
        self as u32
    }

    /// The trap with this number, which may be one with a place ([`Trap::at`]).
    pub fn from_code(code: u32) -> Option<Trap> {
        Trap::ALL.into_iter().find(|t| t.code() == code % PLACE)
    }

    /// The number of the trap at a place ([`Linked::place`](crate::Linked::place)), as generated code carries it.
    #[doc(hidden)]
    pub fn at(self, place: u32) -> u32 {
        self.code() + place * PLACE
    }

    /// What generated code adds to a trap's number, or takes from it, to say where it happened.
    #[doc(hidden)]
    pub fn placed(place: u32) -> u32 {
        place * PLACE
    }

    /// The place in a number, 0 where it has none.
    #[doc(hidden)]
    pub fn place_of(code: u32) -> u32 {
        code / PLACE
    }

    /// The same place, but this trap.
    #[doc(hidden)]
    pub fn instead_of(self, code: u32) -> u32 {
        self.at(Trap::place_of(code))
    }
}

impl fmt::Display for Trap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Trap::DivisionByZero => "division by zero",
            Trap::Memory => "memory limit",
            Trap::Panic => "panic in a function",
            Trap::Budget => "budget of steps",
            Trap::Index => "index outside of an array",
            Trap::Nil => "nil where a value is needed",
            Trap::Calls => "too many calls inside one another",
            Trap::ResultType => "a function's result is of another type than its signature",
        })
    }
}
