//! The functions of the host, as modules name them.

use wasm_encoder::ValType::{self, F64, I32, I64};

use crate::body::Body;
use crate::module::{COMMON, Signature, Target};

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
    /// `(set, low, high)`: whether it holds an Int, given as the halves of its word.
    InInts,
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
    pub(crate) const ALL: [Import; 22] = [
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
        Import::InInts,
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
            Import::InInts => "in_ints",
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
            | Import::InInts
            | Import::InIps
            | Import::FloatRem
            | Import::Grow
            | Import::Free
            | Import::Log
            | Import::Exp
            | Import::Pow => false,
        }
    }

    /// Calls it, with its own arguments on the stack; its result, where it has one, is as it says and not as [`COMMON`] does.
    pub(crate) fn call(self, body: &mut Body) {
        match self.shape() {
            Shape::Common { arguments, has_result } => body.call_common(Target::Import(self), arguments, has_result),
            Shape::Own(..) => body.call(Target::Import(self)),
        }
    }

    /// Parameters and results.
    pub(crate) fn signature(self) -> Signature {
        match self.shape() {
            Shape::Common { .. } => COMMON,
            Shape::Own(params, results) => Signature::of(params, results),
        }
    }

    fn shape(self) -> Shape {
        let common = |arguments, has_result| Shape::Common { arguments, has_result };
        match self {
            Import::Settle => common(0, true),
            Import::Charge => common(1, true),
            Import::Look => common(2, false),
            Import::Call | Import::InList | Import::ChargeValue => common(2, true),
            Import::Trap | Import::Free => common(3, false),
            Import::Regex | Import::Wildcard | Import::InBytes | Import::InInts | Import::Search | Import::Packed => common(3, true),
            Import::Pack | Import::Occurs => common(4, true),
            Import::InIps => Shape::Own(&[I32, I64, I64, I64], &[I32]),
            Import::FloatRem | Import::Pow => Shape::Own(&[F64; 2], &[F64]),
            Import::Log | Import::Exp => Shape::Own(&[F64], &[F64]),
            Import::Grow => Shape::Own(&[I32; 5], &[I32]),
        }
    }
}

/// What a function takes and answers.
enum Shape {
    /// As [`COMMON`] says, with so many arguments of its own, and perhaps a result.
    Common { arguments: usize, has_result: bool },
    /// These.
    Own(&'static [ValType], &'static [ValType]),
}
