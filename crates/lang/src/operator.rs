//! The binary operators of arithmetic: their one table, and what they come to.
//!
//! Parser, checker, printer, folder and interpreter read them here; a generator of code has one place of its own for each.

use crate::ast::ArithOp;
use crate::types::Type;

/// What is known of an operator.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// The operator.
    pub op: ArithOp,
    /// How it is written.
    pub symbol: &'static str,
    /// How tightly it binds: more is tighter.
    pub power: u8,
    /// Whether it works on Float too, beside Int and U32.
    pub float: bool,
    /// Whether it may trap on Int and U32.
    pub traps: bool,
    /// Whether what stands right is a count of bits, an Int whatever stands left.
    pub counts: bool,
}

/// The operators.
pub const ARITH: [Entry; 10] = [
    Entry { op: ArithOp::Add, symbol: "+", power: 5, float: true, traps: false, counts: false },
    Entry { op: ArithOp::Sub, symbol: "-", power: 5, float: true, traps: false, counts: false },
    Entry { op: ArithOp::Mul, symbol: "*", power: 6, float: true, traps: false, counts: false },
    Entry { op: ArithOp::Div, symbol: "/", power: 6, float: true, traps: true, counts: false },
    Entry { op: ArithOp::Rem, symbol: "%", power: 6, float: true, traps: true, counts: false },
    Entry { op: ArithOp::And, symbol: "&", power: 3, float: false, traps: false, counts: false },
    Entry { op: ArithOp::Or, symbol: "|", power: 1, float: false, traps: false, counts: false },
    Entry { op: ArithOp::Xor, symbol: "^", power: 2, float: false, traps: false, counts: false },
    Entry { op: ArithOp::Shl, symbol: "<<", power: 4, float: false, traps: false, counts: true },
    Entry { op: ArithOp::Shr, symbol: ">>", power: 4, float: false, traps: false, counts: true },
];

/// By byte: whether an operator starts with it.
static FIRST: [bool; 128] = {
    let mut first = [false; 128];
    let mut at = 0;
    while at < ARITH.len() {
        first[ARITH[at].symbol.as_bytes()[0] as usize] = true;
        at += 1;
    }
    first
};

impl ArithOp {
    /// What is known of the operator.
    pub const fn entry(self) -> &'static Entry {
        &ARITH[self as usize]
    }

    /// The operator that is written like this.
    pub fn of_symbol(symbol: &str) -> Option<ArithOp> {
        // What is asked for is most often none.
        if !symbol.bytes().next().is_some_and(|first| FIRST.get(usize::from(first)) == Some(&true)) {
            return None;
        }
        ARITH.iter().find(|entry| entry.symbol == symbol).map(|entry| entry.op)
    }

    /// How it is written.
    pub fn symbol(self) -> &'static str {
        self.entry().symbol
    }

    /// Whether it works on two operands of a type.
    pub fn works_on(self, ty: &Type) -> bool {
        match ty {
            Type::Int | Type::U32 => true,
            Type::Float => self.entry().float,
            Type::Bool | Type::Bytes | Type::Ip | Type::Array(_) | Type::Map(_) | Type::List(..) => false,
        }
    }

    /// Of two Ints; `None` where the right one is zero and divides.
    #[inline]
    pub fn int(self, a: i64, b: i64) -> Option<i64> {
        Some(match self {
            ArithOp::Add => a.wrapping_add(b),
            ArithOp::Sub => a.wrapping_sub(b),
            ArithOp::Mul => a.wrapping_mul(b),
            ArithOp::Div | ArithOp::Rem if b == 0 => return None,
            ArithOp::Div => a.wrapping_div(b),
            ArithOp::Rem => a.wrapping_rem(b),
            ArithOp::And => a & b,
            ArithOp::Or => a | b,
            ArithOp::Xor => a ^ b,
            // The count is taken modulo 64 by these two.
            ArithOp::Shl => a.wrapping_shl(b as u32),
            ArithOp::Shr => a.wrapping_shr(b as u32),
        })
    }

    /// Of two U32s; `None` where the right one is zero and divides.
    #[inline]
    pub fn u32(self, a: u32, b: u32) -> Option<u32> {
        Some(match self {
            ArithOp::Add => a.wrapping_add(b),
            ArithOp::Sub => a.wrapping_sub(b),
            ArithOp::Mul => a.wrapping_mul(b),
            ArithOp::Div | ArithOp::Rem if b == 0 => return None,
            ArithOp::Div => a / b,
            ArithOp::Rem => a % b,
            ArithOp::And => a & b,
            ArithOp::Or => a | b,
            ArithOp::Xor => a ^ b,
            // The count is taken modulo 32 by these two.
            ArithOp::Shl => a.wrapping_shl(b),
            ArithOp::Shr => a.wrapping_shr(b),
        })
    }

    /// Of two Floats; `None` for an operator that does not work on them.
    #[inline]
    pub fn float(self, a: f64, b: f64) -> Option<f64> {
        Some(match self {
            ArithOp::Add => a + b,
            ArithOp::Sub => a - b,
            ArithOp::Mul => a * b,
            ArithOp::Div => a / b,
            ArithOp::Rem => a % b,
            ArithOp::And | ArithOp::Or | ArithOp::Xor | ArithOp::Shl | ArithOp::Shr => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_operator_stands_at_its_place() {
        for entry in &ARITH {
            assert_eq!(entry.op.entry().op, entry.op);
            assert_eq!(ArithOp::of_symbol(entry.symbol), Some(entry.op));
        }
    }
}
