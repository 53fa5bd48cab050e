//! Conditions for comparisons: Lua expressions without side effects.

use std::net::IpAddr;

use quintet_lang::LOOKED_AT;
use quintet_lang::ast::CompareOp;
use quintet_runtime::{Threshold, looked_at};

use crate::generator::Generator;
use crate::operand::{Bytes, Int, Ip, Operand, U32};

/// The operator as Lua writes it.
fn symbol(op: CompareOp) -> &'static str {
    if op == CompareOp::Ne { "~=" } else { op.symbol() }
}

/// The same condition, or its opposite for `Ne`.
fn equality(op: CompareOp, same: String) -> String {
    if op == CompareOp::Ne { format!("not ({same})") } else { same }
}

/// A number that orders as the U32 does.
fn ordered_u32(value: &U32) -> String {
    match value.constant {
        Some(u) => ((u ^ 1 << 31) as i32).to_string(),
        None => format!("bxor({}, -2147483648)", value.text),
    }
}

impl Generator<'_> {
    /// The condition under which two values, neither nil, compare.
    pub(crate) fn compare(&mut self, op: CompareOp, a: Operand, b: Operand) -> String {
        match (a, b) {
            (Operand::Int(a), Operand::Int(b)) if a.constant.is_some() => self.compare_ints(op.mirrored(), b, a),
            (Operand::Int(a), Operand::Int(b)) => self.compare_ints(op, a, b),
            (Operand::U32(a), Operand::U32(b)) => match op {
                CompareOp::Eq | CompareOp::Ne => format!("{} {} {}", a.text, symbol(op), b.text),
                _ => format!("{} {} {}", ordered_u32(&a), symbol(op), ordered_u32(&b)),
            },
            (Operand::Float(a), Operand::Float(b)) => format!("{a} {} {b}", symbol(op)),
            (Operand::Bool(a), Operand::Bool(b)) => match op {
                CompareOp::Eq | CompareOp::Ne => format!("{a} {} {b}", symbol(op)),
                CompareOp::Lt => format!("not {a} and {b}"),
                CompareOp::Le => format!("not {a} or {b}"),
                CompareOp::Gt => format!("{a} and not {b}"),
                CompareOp::Ge => format!("{a} or not {b}"),
            },
            (Operand::Bytes(a), Operand::Bytes(b)) if a.constant.is_some() => self.compare_bytes(op.mirrored(), b, a),
            (Operand::Bytes(a), Operand::Bytes(b)) => self.compare_bytes(op, a, b),
            (Operand::Ip(a), Operand::Ip(b)) if a.constant.is_some() => self.compare_ips(op.mirrored(), b, a),
            (Operand::Ip(a), Operand::Ip(b)) => self.compare_ips(op, a, b),
            // The checker compares values of one primitive type.
            _ => "false".into(),
        }
    }

    fn compare_ints(&mut self, op: CompareOp, a: Int, b: Int) -> String {
        match (&a.place, b.constant, op) {
            // Halves are plain numbers, which LuaJIT's interpreter need not box.
            (Some(place), Some(i), CompareOp::Eq) => {
                format!("{} == {} and {} == {}", place.low(0), i as i32, place.high(0), (i >> 32) as i32)
            }
            (Some(place), Some(i), CompareOp::Ne) => {
                format!("{} ~= {} or {} ~= {}", place.low(0), i as i32, place.high(0), (i >> 32) as i32)
            }
            _ => format!("{} {} {}", a.text, symbol(op), b.text),
        }
    }

    fn compare_bytes(&mut self, op: CompareOp, a: Bytes, b: Bytes) -> String {
        let known = [&a, &b].into_iter().filter_map(|bytes| bytes.constant.as_ref()).map(Vec::len).min();
        if known.is_none_or(|len| looked_at(len) > 0) {
            self.look_at_both(op, &a, &b);
        }
        match op {
            CompareOp::Eq | CompareOp::Ne => {
                let same = self.same_bytes(&a, &b);
                equality(op, same)
            }
            _ => format!("compare({}, {}, {}, {}) {} 0", a.address, a.len, b.address, b.len, symbol(op)),
        }
    }

    /// Counts what comparing takes.
    fn look_at_both(&mut self, op: CompareOp, a: &Bytes, b: &Bytes) {
        let (a, b) = (&a.len, &b.len);
        self.code.line(match op {
            CompareOp::Eq | CompareOp::Ne => format!("if {a} >= {LOOKED_AT} and {a} == {b} then look(E, {a}) end"),
            CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => {
                format!("if {a} >= {LOOKED_AT} and {b} >= {LOOKED_AT} then look(E, {a} < {b} and {a} or {b}) end")
            }
        });
    }

    /// The condition under which bytes are the same.
    pub(crate) fn same_bytes(&mut self, a: &Bytes, b: &Bytes) -> String {
        match &b.constant {
            Some(constant) if constant.is_empty() => format!("{} == 0", a.len),
            Some(constant) if !self.linked.exceeds(Threshold::LuaEqualBytes, constant.len()) => {
                let address = self.bind(&a.address);
                let mut condition = format!("{} == {}", a.len, constant.len());
                for (i, byte) in constant.iter().enumerate() {
                    condition += &match i {
                        0 => format!(" and U8[{address}] == {byte}"),
                        _ => format!(" and U8[{address} + {i}] == {byte}"),
                    };
                }
                condition
            }
            _ => format!("{} == {} and same({}, {}, {}) ~= 0", a.len, b.len, a.address, b.address, b.len),
        }
    }

    fn compare_ips(&mut self, op: CompareOp, a: Ip, b: Ip) -> String {
        if let Some(IpAddr::V4(constant)) = b.constant {
            let low = if matches!(op, CompareOp::Eq | CompareOp::Ne) {
                format!("{} == {}", a.place.low(2), constant.to_bits() as i32)
            } else {
                format!("{} {} {}", a.place.unsigned(2), op.symbol(), constant.to_bits())
            };
            return equality(op, format!("{} == 4 and {low}", a.place.low(0)));
        }
        let (p, q) = (a.place.word(0), b.place.word(0));
        let ordered = |test: String| format!("{} == {} and {test}", a.place.low(0), b.place.low(0));
        match op {
            CompareOp::Eq => format!("ipsame({p}, {q})"),
            CompareOp::Ne => format!("not ipsame({p}, {q})"),
            CompareOp::Lt => ordered(format!("ipbelow({p}, {q})")),
            CompareOp::Le => ordered(format!("not ipbelow({q}, {p})")),
            CompareOp::Gt => ordered(format!("ipbelow({q}, {p})")),
            CompareOp::Ge => ordered(format!("not ipbelow({p}, {q})")),
        }
    }
}
