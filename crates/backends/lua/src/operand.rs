//! Values in generated code: Lua expressions, by type.

use std::net::IpAddr;

use quintet_lang::Type;

/// A value that is not nil. The texts are Lua expressions without side effects that may be evaluated any number of times.
#[derive(Clone)]
pub(crate) enum Operand {
    /// A Lua boolean.
    Bool(String),
    /// An Int; see [`Form`].
    Int(Int),
    /// A U32: a Lua number from -2^31 below 2^31, with the same 32 bits.
    U32(U32),
    /// A Lua number. NaNs have no payload.
    Float(String),
    /// Address and length, as Lua numbers.
    Bytes(Bytes),
    /// The place of the three words.
    Ip(Ip),
    /// An array or map.
    Block(Block),
}

#[derive(Clone)]
pub(crate) struct Int {
    pub(crate) text: String,
    /// Where it stands in memory, if it does.
    pub(crate) place: Option<Place>,
    pub(crate) constant: Option<i64>,
    pub(crate) form: Form,
}

/// What an Int is in Lua. Rules that are expressions alone have it as `int64_t` throughout; scripts have numbers as far as those are exact,
/// which LuaJIT neither allocates nor boxes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// An `int64_t`.
    Wide,
    /// A number of at most [`NUMBERS`] or an `int64_t`, which may be any Int.
    Mixed,
    /// A number in this range, which lies within [`NUMBERS`].
    Number(i64, i64),
}

/// The largest Int that scripts have as a number, and the smallest without its sign: half of what the bit library takes.
pub(crate) const NUMBERS: i64 = 1 << 51;

impl Int {
    /// One that is worked out.
    pub(crate) fn of(text: String, form: Form) -> Int {
        Int { text, place: None, constant: None, form }
    }
}

#[derive(Clone)]
pub(crate) struct U32 {
    pub(crate) text: String,
    pub(crate) constant: Option<u32>,
}

impl U32 {
    /// One that is worked out.
    pub(crate) fn of(text: String) -> Operand {
        Operand::U32(U32 { text, constant: None })
    }
}

#[derive(Clone)]
pub(crate) struct Bytes {
    pub(crate) address: String,
    pub(crate) len: String,
    pub(crate) constant: Option<Vec<u8>>,
}

#[derive(Clone)]
pub(crate) struct Ip {
    pub(crate) place: Place,
    pub(crate) constant: Option<IpAddr>,
}

/// An array or map: the address of its block, and what its slot word says.
#[derive(Clone)]
pub(crate) struct Block {
    pub(crate) block: String,
    pub(crate) offset: String,
    pub(crate) len: String,
}

impl Operand {
    /// What is nil where a value in variables is.
    pub(crate) fn first(&self) -> String {
        match self {
            Operand::Bool(text) | Operand::Float(text) => text.clone(),
            Operand::Int(int) => int.text.clone(),
            Operand::U32(u) => u.text.clone(),
            Operand::Bytes(bytes) => bytes.address.clone(),
            Operand::Ip(ip) => ip.place.word(0),
            Operand::Block(block) => block.block.clone(),
        }
    }
}

/// Words in memory: an offset from a base, which is a name for an address divided by 8.
#[derive(Clone)]
pub(crate) struct Place {
    base: String,
    /// The same divided by 4.
    half: String,
    offset: usize,
}

fn plus(base: &str, offset: usize) -> String {
    if offset == 0 { base.into() } else { format!("{base} + {offset}") }
}

impl Place {
    /// `offset` words into the record.
    pub(crate) fn record(offset: usize) -> Place {
        Place { base: "w".into(), half: "d".into(), offset }
    }

    /// A word of the frame.
    pub(crate) fn frame(offset: usize) -> Place {
        Place { base: "A".into(), half: "A2".into(), offset }
    }

    /// A word among the constants.
    pub(crate) fn constant(offset: usize) -> Place {
        Place { base: "C".into(), half: "C2".into(), offset }
    }

    /// The word that a Lua variable names.
    pub(crate) fn at(name: &str) -> Place {
        Place { base: name.into(), half: format!("{name} + {name}"), offset: 0 }
    }

    /// Whether all functions of a rule see the base.
    pub(crate) fn is_fixed(&self) -> bool {
        matches!(&*self.base, "w" | "A" | "C") || is_spilled(&self.base)
    }

    /// Word `n`, as an index into the 8-byte views.
    pub(crate) fn word(&self, n: usize) -> String {
        plus(&self.base, self.offset + n)
    }

    /// Word `n` as an `int64_t`.
    pub(crate) fn int64(&self, n: usize) -> String {
        format!("I64[{}]", self.word(n))
    }

    /// The low half of word `n`, as a signed number.
    pub(crate) fn low(&self, n: usize) -> String {
        format!("I32[{}]", plus(&self.half, (self.offset + n) * 2))
    }

    /// The high half of word `n`, as a signed number.
    pub(crate) fn high(&self, n: usize) -> String {
        format!("I32[{}]", plus(&self.half, (self.offset + n) * 2 + 1))
    }

    /// The low half of word `n`, as an unsigned number.
    pub(crate) fn unsigned(&self, n: usize) -> String {
        format!("U32[{}]", plus(&self.half, (self.offset + n) * 2))
    }

    /// The address of the first word.
    pub(crate) fn address(&self) -> String {
        if self.offset == 0 { format!("{} * 8", self.base) } else { format!("({}) * 8", self.word(0)) }
    }
}

/// The value of type `ty` in the slot at `place`; `block` is the block that its offsets refer to.
pub(crate) fn stored(ty: &Type, place: Place, block: &str) -> Operand {
    match ty {
        Type::Bool => Operand::Bool(format!("({} ~= 0)", place.low(0))),
        // An array of a script is a place, and is not in slots.
        Type::Int | Type::List(..) => Operand::Int(Int { text: place.int64(0), place: Some(place), constant: None, form: Form::Wide }),
        Type::U32 => U32::of(place.low(0)),
        Type::Float => Operand::Float(format!("F({})", place.word(0))),
        Type::Bytes => Operand::Bytes(Bytes { address: format!("{block} + {}", place.low(0)), len: place.high(0), constant: None }),
        Type::Ip => Operand::Ip(Ip { place, constant: None }),
        Type::Array(_) | Type::Map(_) => Operand::Block(Block { block: block.into(), offset: place.low(0), len: place.high(0) }),
    }
}

/// An Int constant in Lua.
pub(crate) fn int_literal(value: i64) -> String {
    if value == i64::MIN { "0x8000000000000000LL".into() } else { format!("{value}LL") }
}

/// A Float constant in Lua: decimal where that is exact beyond doubt, else hexadecimal.
pub(crate) fn float_literal(value: f64) -> String {
    if value.is_nan() {
        return if value.is_sign_negative() { "(-NAN)".into() } else { "NAN".into() };
    }
    if value.is_infinite() {
        return if value < 0.0 { "(-INF)".into() } else { "INF".into() };
    }
    if value == 0.0 {
        return if value.is_sign_negative() { "NZERO".into() } else { "0".into() };
    }
    let decimal = format!("{value:?}");
    if decimal.len() <= 15 && !decimal.contains('e') {
        return format!("({decimal})");
    }
    let bits = value.to_bits();
    let sign = if value < 0.0 { "-" } else { "" };
    let (exponent, mantissa) = ((bits >> 52 & 0x7ff) as i64, bits & ((1 << 52) - 1));
    if exponent == 0 { format!("({sign}0x0.{mantissa:013x}p-1022)") } else { format!("({sign}0x1.{mantissa:013x}p{})", exponent - 1023) }
}

/// Whether a text may be repeated at no cost.
pub(crate) fn is_atom(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') || (is_spilled(text) && text.ends_with(']') && !text[2..].contains('['))
}

/// Whether a text begins with a place in the table of what is no local.
pub(crate) fn is_spilled(text: &str) -> bool {
    text.starts_with("S[") || text.starts_with("Z[")
}
