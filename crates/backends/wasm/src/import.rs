//! The functions of the host, as modules name them.

use wasm_encoder::ValType::{self, F64, I32, I64};

use crate::body::Body;
use crate::module::{Signature, Target};

/// A function of the host. Answers are 0 or 1 for tests. What makes a value answers [`PRESENT`], [`NIL`] or a trap's code plus [`TRAP`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Import {
    /// `(rule, record, code)`: a rule trapped on the record at this address.
    Trap,
    /// `(site, cells)`: calls the function of a call site. The result replaces the first argument.
    Call,
    /// `(bytes)`: counts an element of an array, and so many bytes that it refers to, against the memory limit.
    Charge,
    /// `(type, cell)`: counts an element of an array that is an array or a map itself against the memory limit.
    ChargeValue,
    /// `()`: takes the next slice of steps; answers 0, or 1 where there is none.
    Settle,
    /// `(low, high)`: counts what was looked at, given as the halves of a number.
    Look,
    /// `(type, items, len, cell)`: makes an array of arrays or maps, given as cells of block and slot, and puts it into the cell.
    Pack,
    /// `(regex, bytes, len)`
    Regex,
    /// `(wildcard, bytes, len)`
    Wildcard,
    /// `(list, cell)`
    InList,
    /// `(set, bytes, len)`
    InBytes,
    /// `(set, family, high, low)`
    InIps,
    /// `(bytes, len, needle, needle_len)`: whether the needle occurs.
    Occurs,
    /// `(needle, bytes, len)`: whether a constant needle occurs.
    Search,
    /// `(a, b)`: the remainder of Floats.
    FloatRem,
    /// `(elements, used, room, wanted, kind)`: sees to it that a growing array has room for so many elements, and answers where they are
    /// then; 0 is the trap of memory. What an element is charged with and what it takes are in the kind, see `kind` in `array.rs`.
    Grow,
    /// `(elements, room, kind)`: frees what a growing array has.
    Free,
    /// `(elements, len, stride)`: the low bytes of an array's elements, and where they are; 0 is the trap of memory.
    Packed,
    /// `(a)`: the natural logarithm.
    Log,
    /// `(a)`: the exponential.
    Exp,
    /// `(a, b)`: the power.
    Pow,
}

pub(crate) const PRESENT: u32 = 0;
pub(crate) const NIL: u32 = 1;
pub(crate) const TRAP: u32 = 16;

impl Import {
    /// All of them.
    pub(crate) const ALL: [Import; 21] = [
        Import::Trap,
        Import::Call,
        Import::Charge,
        Import::ChargeValue,
        Import::Settle,
        Import::Look,
        Import::Pack,
        Import::Regex,
        Import::Wildcard,
        Import::InList,
        Import::InBytes,
        Import::InIps,
        Import::Occurs,
        Import::Search,
        Import::FloatRem,
        Import::Grow,
        Import::Free,
        Import::Packed,
        Import::Log,
        Import::Exp,
        Import::Pow,
    ];

    /// The name in the module.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Import::Trap => "trap",
            Import::Call => "call",
            Import::Charge => "charge",
            Import::ChargeValue => "charge_value",
            Import::Settle => "settle",
            Import::Look => "look",
            Import::Pack => "pack",
            Import::Regex => "regex",
            Import::Wildcard => "wildcard",
            Import::InList => "in_list",
            Import::InBytes => "in_bytes",
            Import::InIps => "in_ips",
            Import::Occurs => "occurs",
            Import::Search => "search",
            Import::FloatRem => "float_rem",
            Import::Grow => "grow_array",
            Import::Free => "free_array",
            Import::Packed => "packed",
            Import::Log => "log",
            Import::Exp => "exp",
            Import::Pow => "pow",
        }
    }

    /// Whether it may count steps.
    pub(crate) fn counts(self) -> bool {
        match self {
            Import::Call
            | Import::Settle
            | Import::Look
            | Import::Regex
            | Import::Wildcard
            | Import::InList
            | Import::InBytes
            | Import::Occurs
            | Import::Search
            | Import::Packed => true,
            Import::Trap
            | Import::Charge
            | Import::ChargeValue
            | Import::Pack
            | Import::InIps
            | Import::FloatRem
            | Import::Grow
            | Import::Free
            | Import::Log
            | Import::Exp
            | Import::Pow => false,
        }
    }

    /// How many arguments of [`Import::signature`] are none of the function's, and whether its result is none. Functions of one signature share the
    /// code that leads out of the sandbox, which takes as long to compile as a small rule.
    pub(crate) fn padding(self) -> (usize, bool) {
        match self {
            Import::Trap | Import::Free => (0, true),
            Import::Look => (1, true),
            Import::Call | Import::InList | Import::ChargeValue => (1, false),
            Import::Charge => (2, false),
            Import::Settle => (3, false),
            Import::Pack
            | Import::Regex
            | Import::Wildcard
            | Import::InBytes
            | Import::InIps
            | Import::Occurs
            | Import::Search
            | Import::FloatRem
            | Import::Grow
            | Import::Packed
            | Import::Log
            | Import::Exp
            | Import::Pow => (0, false),
        }
    }

    /// Calls it, with its own arguments on the stack.
    pub(crate) fn call(self, body: &mut Body) {
        let (padding, no_result) = self.padding();
        (0..padding).for_each(|_| _ = body.i().i32_const(0));
        body.call(Target::Import(self));
        if no_result {
            body.i().drop();
        }
    }

    /// Parameters and results, with [`Import::padding`].
    pub(crate) fn signature(self) -> Signature {
        let (params, results): (&'static [ValType], &'static [ValType]) = match self {
            Import::Trap
            | Import::Call
            | Import::Charge
            | Import::ChargeValue
            | Import::Settle
            | Import::Look
            | Import::Regex
            | Import::Wildcard
            | Import::InList
            | Import::InBytes
            | Import::Search
            | Import::Free
            | Import::Packed => (&[I32; 3], &[I32]),
            Import::Pack | Import::Occurs => (&[I32; 4], &[I32]),
            Import::InIps => (&[I32, I64, I64, I64], &[I32]),
            Import::FloatRem | Import::Pow => (&[F64; 2], &[F64]),
            Import::Log | Import::Exp => (&[F64], &[F64]),
            Import::Grow => (&[I32; 5], &[I32]),
        };
        Signature::of(params, results)
    }
}
