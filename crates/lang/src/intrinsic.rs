//! Scalar operations that are written as calls and that every backend makes code of in place: their one table, and what they come to.
//!
//! All are total, and nil as soon as an operand is. Some have several rows, one for each type.

use serde::{Deserialize, Serialize};

use crate::types::Type;

/// A scalar operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Intrinsic {
    /// The number of bytes, or of an array's elements.
    Len,
    /// An integer in the bytes at an offset; nil where it does not lie within them.
    Read(Read),
    /// The low 32 bits of an Int.
    ToU32,
    /// A U32 as it is, a Bool as 0 or 1, a Float towards zero: the nearest Int where there is none, and 0 of what is not a number.
    ToInt,
    /// The nearest Float of an Int or U32.
    ToFloat,
    /// A U32 turned to the left by a count modulo 32.
    Rotl,
    /// A U32 turned to the right by a count modulo 32.
    Rotr,
    /// The smaller of two. Of Floats, what is not a number where either is none, and -0.0 is smaller than 0.0.
    Min,
    /// The larger of two, likewise.
    Max,
    /// Without its sign; of the smallest Int, that.
    Abs,
    /// The largest whole Float that is not larger.
    Floor,
    /// The smallest whole Float that is not smaller.
    Ceil,
    /// The square root.
    Sqrt,
    /// The natural logarithm.
    Log,
    /// The logarithm to the base 2.
    Log2,
    /// The exponential.
    Exp,
    /// The first to the power of the second.
    Pow,
}

/// An integer in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Read {
    /// Bytes that it takes: 1, 2, 4 or 8.
    pub bytes: u8,
    /// Whether the first byte is the highest.
    pub big: bool,
    /// Whether its highest bit is a sign. One of 8 bytes is an Int as it is either way.
    pub signed: bool,
}

/// One way to call an intrinsic.
#[derive(Clone, Debug)]
pub struct Row {
    /// The operation.
    pub op: Intrinsic,
    /// Its name.
    pub name: &'static str,
    /// The types of its operands.
    pub params: &'static [Type],
    /// The type of its result.
    pub result: Type,
    /// Whether it may be nil although no operand is.
    pub nullable: bool,
    /// What it does, in a sentence.
    pub doc: &'static str,
}

const fn read(bytes: u8, big: bool, signed: bool) -> Intrinsic {
    Intrinsic::Read(Read { bytes, big, signed })
}

const fn row(op: Intrinsic, name: &'static str, params: &'static [Type], result: Type, doc: &'static str) -> Row {
    Row { op, name, params, result, nullable: matches!(op, Intrinsic::Read(_)), doc }
}

const AT: &[Type] = &[Type::Bytes, Type::Int];

/// All of them.
pub static ROWS: &[Row] = &[
    row(Intrinsic::Len, "len", &[Type::Bytes], Type::Int, "The number of bytes."),
    row(read(1, false, false), "u8", AT, Type::Int, "The byte at an offset; nil outside."),
    row(read(1, false, true), "i8", AT, Type::Int, "The byte at an offset as a signed integer; nil outside."),
    row(read(2, false, false), "u16le", AT, Type::Int, "Two bytes at an offset as an unsigned integer, the lowest first; nil outside."),
    row(read(2, true, false), "u16be", AT, Type::Int, "Two bytes at an offset as an unsigned integer, the highest first; nil outside."),
    row(read(2, false, true), "i16le", AT, Type::Int, "Two bytes at an offset as a signed integer, the lowest first; nil outside."),
    row(read(2, true, true), "i16be", AT, Type::Int, "Two bytes at an offset as a signed integer, the highest first; nil outside."),
    row(read(4, false, false), "u32le", AT, Type::Int, "Four bytes at an offset as an unsigned integer, the lowest first; nil outside."),
    row(read(4, true, false), "u32be", AT, Type::Int, "Four bytes at an offset as an unsigned integer, the highest first; nil outside."),
    row(read(4, false, true), "i32le", AT, Type::Int, "Four bytes at an offset as a signed integer, the lowest first; nil outside."),
    row(read(4, true, true), "i32be", AT, Type::Int, "Four bytes at an offset as a signed integer, the highest first; nil outside."),
    row(
        read(8, false, false),
        "u64le",
        AT,
        Type::Int,
        "Eight bytes at an offset, the lowest first, as the Int of the same bits; nil outside.",
    ),
    row(
        read(8, true, false),
        "u64be",
        AT,
        Type::Int,
        "Eight bytes at an offset, the highest first, as the Int of the same bits; nil outside.",
    ),
    row(read(8, false, true), "i64le", AT, Type::Int, "Eight bytes at an offset as a signed integer, the lowest first; nil outside."),
    row(read(8, true, true), "i64be", AT, Type::Int, "Eight bytes at an offset as a signed integer, the highest first; nil outside."),
    row(Intrinsic::ToU32, "u32", &[Type::Int], Type::U32, "The low 32 bits."),
    row(Intrinsic::ToInt, "int", &[Type::U32], Type::Int, "The same number."),
    row(Intrinsic::ToInt, "int", &[Type::Bool], Type::Int, "1 for true, 0 for false."),
    row(
        Intrinsic::ToInt,
        "int",
        &[Type::Float],
        Type::Int,
        "The number without its fraction; the nearest Int where that is none, and 0 of what is not a number.",
    ),
    row(Intrinsic::ToFloat, "float", &[Type::Int], Type::Float, "The nearest Float."),
    row(Intrinsic::ToFloat, "float", &[Type::U32], Type::Float, "The same number."),
    row(Intrinsic::Rotl, "rotl", &[Type::U32, Type::Int], Type::U32, "The bits turned to the left by a count modulo 32."),
    row(Intrinsic::Rotr, "rotr", &[Type::U32, Type::Int], Type::U32, "The bits turned to the right by a count modulo 32."),
    row(Intrinsic::Min, "min", &[Type::Int, Type::Int], Type::Int, "The smaller of two."),
    row(Intrinsic::Min, "min", &[Type::U32, Type::U32], Type::U32, "The smaller of two."),
    row(Intrinsic::Min, "min", &[Type::Float, Type::Float], Type::Float, "The smaller of two; not a number where either is none."),
    row(Intrinsic::Max, "max", &[Type::Int, Type::Int], Type::Int, "The larger of two."),
    row(Intrinsic::Max, "max", &[Type::U32, Type::U32], Type::U32, "The larger of two."),
    row(Intrinsic::Max, "max", &[Type::Float, Type::Float], Type::Float, "The larger of two; not a number where either is none."),
    row(Intrinsic::Abs, "abs", &[Type::Int], Type::Int, "The number without its sign; the smallest Int stays as it is."),
    row(Intrinsic::Abs, "abs", &[Type::Float], Type::Float, "The number without its sign."),
    row(Intrinsic::Floor, "floor", &[Type::Float], Type::Float, "The largest whole number that is not larger."),
    row(Intrinsic::Ceil, "ceil", &[Type::Float], Type::Float, "The smallest whole number that is not smaller."),
    row(Intrinsic::Sqrt, "sqrt", &[Type::Float], Type::Float, "The square root; not a number of negative ones."),
    row(Intrinsic::Log, "log", &[Type::Float], Type::Float, "The natural logarithm."),
    row(Intrinsic::Log2, "log2", &[Type::Float], Type::Float, "The logarithm to the base 2."),
    row(Intrinsic::Exp, "exp", &[Type::Float], Type::Float, "The exponential."),
    row(Intrinsic::Pow, "pow", &[Type::Float, Type::Float], Type::Float, "The first to the power of the second."),
];

/// An operand or result.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Scalar<'a> {
    /// A Bool.
    Bool(bool),
    /// An Int.
    Int(i64),
    /// A U32.
    U32(u32),
    /// A Float.
    Float(f64),
    /// Bytes.
    Bytes(&'a [u8]),
}

impl Row {
    /// The row of an operation for operands of these types.
    pub fn of<'t>(op: Intrinsic, types: impl Iterator<Item = &'t Type> + Clone) -> Option<&'static Row> {
        // `len` counts the elements of any array too.
        let mut operands = types.clone();
        if op == Intrinsic::Len && matches!((operands.next(), operands.next()), (Some(Type::Array(_)), None)) {
            return ROWS.iter().find(|row| row.op == op);
        }
        ROWS.iter().find(|row| row.op == op && row.params.iter().eq(types.clone()))
    }

    /// The rows with a name.
    pub fn named(name: &str) -> impl Iterator<Item = &'static Row> {
        ROWS.iter().filter(move |row| row.name == name)
    }
}

impl Intrinsic {
    /// Its name.
    pub fn name(self) -> &'static str {
        ROWS.iter().find(|row| row.op == self).map_or("", |row| row.name)
    }

    /// What it comes to; `None` for nil, and for operands that it has no row for.
    pub fn eval<'a>(self, args: &[Scalar<'a>]) -> Option<Scalar<'a>> {
        use Scalar::{Bool, Bytes, Float, Int, U32};
        Some(match (self, args) {
            (Intrinsic::Len, [Bytes(text)]) => Int(text.len() as i64),
            (Intrinsic::Read(read), [Bytes(text), Int(at)]) => Int(read.eval(text, *at)?),
            (Intrinsic::ToU32, [Int(i)]) => U32(*i as u32),
            (Intrinsic::ToInt, [U32(u)]) => Int(i64::from(*u)),
            (Intrinsic::ToInt, [Bool(b)]) => Int(i64::from(*b)),
            (Intrinsic::ToInt, [Float(f)]) => Int(*f as i64),
            (Intrinsic::ToFloat, [Int(i)]) => Float(*i as f64),
            (Intrinsic::ToFloat, [U32(u)]) => Float(f64::from(*u)),
            (Intrinsic::Rotl, [U32(u), Int(by)]) => U32(u.rotate_left(*by as u32 & 31)),
            (Intrinsic::Rotr, [U32(u), Int(by)]) => U32(u.rotate_right(*by as u32 & 31)),
            (Intrinsic::Min, [Int(a), Int(b)]) => Int(*a.min(b)),
            (Intrinsic::Min, [U32(a), U32(b)]) => U32(*a.min(b)),
            (Intrinsic::Min, [Float(a), Float(b)]) => Float(float_min(*a, *b)),
            (Intrinsic::Max, [Int(a), Int(b)]) => Int(*a.max(b)),
            (Intrinsic::Max, [U32(a), U32(b)]) => U32(*a.max(b)),
            (Intrinsic::Max, [Float(a), Float(b)]) => Float(-float_min(-*a, -*b)),
            (Intrinsic::Abs, [Int(a)]) => Int(a.wrapping_abs()),
            (Intrinsic::Abs, [Float(a)]) => Float(a.abs()),
            (_, [Float(a)]) => Float(self.unary(*a)?),
            (Intrinsic::Pow, [Float(a), Float(b)]) => Float(libm::pow(*a, *b)),
            _ => return None,
        })
    }

    /// Of one Float; `None` for what is no such operation. The functions that no processor has come from one library, so that they answer
    /// the same everywhere.
    pub fn unary(self, a: f64) -> Option<f64> {
        Some(match self {
            Intrinsic::Floor => libm::floor(a),
            Intrinsic::Ceil => libm::ceil(a),
            Intrinsic::Sqrt => libm::sqrt(a),
            Intrinsic::Log => libm::log(a),
            Intrinsic::Log2 => crate::log2::log2(a),
            Intrinsic::Exp => libm::exp(a),
            _ => return None,
        })
    }
}

impl Read {
    /// The integer at an offset; `None` where it does not lie within the bytes.
    #[inline]
    pub fn eval(self, text: &[u8], at: i64) -> Option<i64> {
        let at = usize::try_from(at).ok()?;
        let width = usize::from(self.bytes);
        let found = text.get(at..at.checked_add(width)?)?;
        let fold = |word: u64, byte: &u8| word << 8 | u64::from(*byte);
        let word = if self.big { found.iter().fold(0, fold) } else { found.iter().rev().fold(0, fold) };
        let above = 64 - 8 * u32::from(self.bytes);
        Some(if self.signed { (word << above) as i64 >> above } else { word as i64 })
    }
}

/// The smaller of two: not a number where either is none, and -0.0 is smaller than 0.0.
fn float_min(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a < b || (a == b && a.is_sign_negative()) {
        a
    } else {
        b
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Scalar::{Bool, Bytes, Float, Int, U32};

    #[test]
    fn reads_take_all_widths_and_are_nil_outside() {
        let text = Bytes(&[0x80, 0x01, 0xff, 0xfe, 5, 6, 7, 0x88]);
        let read = |name: &str, at| Row::named(name).next().and_then(|row| row.op.eval(&[text, Int(at)]));
        assert_eq!(read("u8", 0), Some(Int(0x80)));
        assert_eq!(read("i8", 0), Some(Int(-128)));
        assert_eq!(read("u16le", 1), Some(Int(0xff01)));
        assert_eq!(read("i16be", 2), Some(Int(-2)));
        assert_eq!(read("u32be", 0), Some(Int(0x8001_fffe)));
        assert_eq!(read("i32be", 0), Some(Int(0x8001_fffe_u32 as i32 as i64)));
        assert_eq!(read("u64le", 0), Some(Int(0x8807_0605_feff_0180_u64 as i64)));
        for (name, at) in [("u8", 8), ("u16le", 7), ("u32be", 5), ("u64be", 1), ("u8", -1), ("u8", i64::MIN), ("u64le", i64::MAX)] {
            assert_eq!(read(name, at), None, "{name} {at}");
        }
    }

    #[test]
    fn conversions_and_floats_at_their_ends() {
        assert_eq!(Intrinsic::ToInt.eval(&[Float(f64::NAN)]), Some(Int(0)));
        assert_eq!(Intrinsic::ToInt.eval(&[Float(1e300)]), Some(Int(i64::MAX)));
        assert_eq!(Intrinsic::ToInt.eval(&[Float(-1.9)]), Some(Int(-1)));
        assert_eq!(Intrinsic::ToInt.eval(&[Bool(true)]), Some(Int(1)));
        assert_eq!(Intrinsic::ToU32.eval(&[Int(-1)]), Some(U32(u32::MAX)));
        assert_eq!(Intrinsic::Rotl.eval(&[U32(0x8000_0001), Int(33)]), Some(U32(3)));
        assert_eq!(Intrinsic::Abs.eval(&[Int(i64::MIN)]), Some(Int(i64::MIN)));
        let sign = |op: Intrinsic, a, b| op.eval(&[Float(a), Float(b)]).map(|s| matches!(s, Float(f) if f.is_sign_negative()));
        assert_eq!(sign(Intrinsic::Min, 0.0, -0.0), Some(true));
        assert_eq!(sign(Intrinsic::Max, 0.0, -0.0), Some(false));
        assert!(matches!(Intrinsic::Max.eval(&[Float(1.0), Float(f64::NAN)]), Some(Float(f)) if f.is_nan()));
    }

    #[test]
    fn each_row_is_found_by_its_types_and_has_a_value() {
        for row in ROWS {
            assert!(Row::of(row.op, row.params.iter()).is_some_and(|found| std::ptr::eq(found, row)), "{}", row.name);
            let args: Vec<Scalar> = row
                .params
                .iter()
                .map(|ty| match ty {
                    Type::Bytes => Bytes(b"12345678"),
                    Type::Bool => Bool(true),
                    Type::U32 => U32(1),
                    Type::Float => Float(1.0),
                    _ => Int(0),
                })
                .collect();
            let found = row.op.eval(&args).map(|value| match value {
                Bool(_) => Type::Bool,
                Int(_) => Type::Int,
                U32(_) => Type::U32,
                Float(_) => Type::Float,
                Bytes(_) => Type::Bytes,
            });
            assert_eq!(found.as_ref(), Some(&row.result), "{}", row.name);
        }
    }
}
