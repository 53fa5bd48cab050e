//! The shapes that stencils are made of: what each computes, as Cranelift is told and as Rust says it again for the check.
//!
//! Constants of 32 bits are holes in the code. Those that need 64 come in register `z`, which other code has set.

use cranelift_codegen::ir::condcodes::IntCC;
use cranelift_codegen::ir::types::{I8, I16, I32, I64};
use cranelift_codegen::ir::{InstBuilder, MemFlagsData, Value};
use cranelift_frontend::FunctionBuilder;

use crate::stencil::make::{Build, End, HOLES, Registers, Width};
use crate::value::unaligned;

/// The registers that values are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Values {
    pub(crate) x: u64,
    pub(crate) y: u64,
    pub(crate) z: u64,
}

/// What the check hands to a shape: constants, values, and what is in memory.
pub(crate) struct Given<'m> {
    pub(crate) holes: [i64; HOLES],
    pub(crate) values: Values,
    /// The record's bytes, which displacements count from.
    pub(crate) record: &'m [u8],
    /// The bytes from the address that is in `x` on, where the shape reads there.
    pub(crate) bytes: &'m [u8],
    /// The address of the arena.
    pub(crate) arena: u64,
}

/// What a shape comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Test(bool),
    Set(Values),
}

/// What the check knows of a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Hole {
    /// Bytes from the record's start.
    Record,
    /// Bytes from the address in `x`.
    Bytes,
    /// A mask of one bit in a byte.
    Bit,
    /// A number.
    Number,
    /// A number that makes `x` that of a bit in the bytes at `z`.
    Table,
    /// A number that `y` is compared with.
    Length,
    /// A number that is not negative.
    Size,
    /// A byte.
    Byte,
}

impl Hole {
    pub(crate) fn width(self) -> Width {
        match self {
            Hole::Bit | Hole::Byte => Width::Byte,
            Hole::Record | Hole::Bytes | Hole::Number | Hole::Table | Hole::Length | Hole::Size => Width::Half,
        }
    }
}

/// A shape as it is declared.
pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) holes: &'static [Hole],
    pub(crate) build: Build,
    pub(crate) means: fn(&Given<'_>) -> Outcome,
}

macro_rules! shapes {
    ($($(#[$doc:meta])* $name:ident($($hole:ident),*): $build:expr, $means:expr;)*) => {
        /// A shape.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Shape {
            $($(#[$doc])* $name,)*
        }

        /// All of them, in order.
        pub(crate) const SPECS: &[Spec] = &[$(Spec {
            name: stringify!($name),
            holes: &[$(Hole::$hole),*],
            build: $build,
            means: $means,
        },)*];
    };
}

shapes! {
    /// Whether a bit of a byte of the record is set.
    Has(Record, Bit): |b, r, c| {
        let byte = b.ins().load(I8, field(), r.record, c[0] as i32);
        End::Test(b.ins().band_imm_u(byte, c[1] & 0xff))
    }, |g| test(g.record[g.holes[0] as usize] & g.holes[1] as u8 != 0);
    /// A word of the record, signed, and a constant.
    FieldEqual(Record, Number): |b, r, c| field_and_constant(b, r, c, IntCC::Equal), |g| test(g.field() as i64 == g.holes[1]);
    FieldLess(Record, Number): |b, r, c| field_and_constant(b, r, c, IntCC::SignedLessThan), |g| test((g.field() as i64) < g.holes[1]);
    FieldMore(Record, Number): |b, r, c| field_and_constant(b, r, c, IntCC::SignedGreaterThan), |g| test(g.field() as i64 > g.holes[1]);
    /// Half a word of the record and a constant.
    HalfEqual(Record, Number): |b, r, c| {
        let half = b.ins().load(I32, field(), r.record, c[0] as i32);
        End::Test(b.ins().icmp_imm_s(IntCC::Equal, half, c[1]))
    }, |g| test(g.field() as u32 == g.holes[1] as u32);
    /// Whether half a word of the record, added to a constant, is at most another.
    HalfWithin(Record, Number, Number): |b, r, c| {
        let half = b.ins().load(I32, field(), r.record, c[0] as i32);
        let at = b.ins().iadd_imm_s(half, c[1]);
        End::Test(b.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, at, c[2]))
    }, |g| test((g.field() as u32).wrapping_add(g.holes[1] as u32) <= g.holes[2] as u32);
    /// A word of the record and `z`, without signs.
    WideEqual(Record): |b, r, c| field_and_z(b, r, c, IntCC::Equal), |g| test(g.field() == g.values.z);
    WideLess(Record): |b, r, c| field_and_z(b, r, c, IntCC::UnsignedLessThan), |g| test(g.field() < g.values.z);
    WideMore(Record): |b, r, c| field_and_z(b, r, c, IntCC::UnsignedGreaterThan), |g| test(g.field() > g.values.z);
    /// `x`, signed, and a constant.
    Equal(Number): |b, r, c| End::Test(b.ins().icmp_imm_s(IntCC::Equal, r.x, c[0])), |g| test(g.x() == g.holes[0]);
    Less(Number): |b, r, c| End::Test(b.ins().icmp_imm_s(IntCC::SignedLessThan, r.x, c[0])), |g| test(g.x() < g.holes[0]);
    More(Number): |b, r, c| End::Test(b.ins().icmp_imm_s(IntCC::SignedGreaterThan, r.x, c[0])), |g| test(g.x() > g.holes[0]);
    /// `x` and `z`, signed.
    EqualZ(): |b, r, _| End::Test(b.ins().icmp(IntCC::Equal, r.x, r.z)), |g| test(g.x() == g.z());
    LessZ(): |b, r, _| End::Test(b.ins().icmp(IntCC::SignedLessThan, r.x, r.z)), |g| test(g.x() < g.z());
    MoreZ(): |b, r, _| End::Test(b.ins().icmp(IntCC::SignedGreaterThan, r.x, r.z)), |g| test(g.x() > g.z());
    /// The lower halves of `x` and `z`, without signs.
    HalfEqualZ(): |b, r, _| halves(b, r, IntCC::Equal), |g| test(g.values.x as u32 == g.values.z as u32);
    HalfLessZ(): |b, r, _| halves(b, r, IntCC::UnsignedLessThan), |g| test((g.values.x as u32) < g.values.z as u32);
    HalfMoreZ(): |b, r, _| halves(b, r, IntCC::UnsignedGreaterThan), |g| test(g.values.x as u32 > g.values.z as u32);
    /// Whether `x`, added to a constant, is at most another, without signs.
    Within(Number, Size): |b, r, c| {
        let at = b.ins().iadd_imm_s(r.x, c[0]);
        End::Test(b.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, at, c[1]))
    }, |g| test(g.values.x.wrapping_add(g.holes[0] as u64) <= g.holes[1] as u64);
    /// The lower half of `x` and a constant.
    LowEqual(Number): |b, r, c| {
        let low = b.ins().ireduce(I32, r.x);
        End::Test(b.ins().icmp_imm_s(IntCC::Equal, low, c[0]))
    }, |g| test(g.values.x as u32 == g.holes[0] as u32);
    /// Whether the lower half of `x`, added to a constant, is at most another, without signs.
    LowWithin(Number, Number): |b, r, c| {
        let low = b.ins().ireduce(I32, r.x);
        let at = b.ins().iadd_imm_s(low, c[0]);
        End::Test(b.ins().icmp_imm_s(IntCC::UnsignedLessThanOrEqual, at, c[1]))
    }, |g| test((g.values.x as u32).wrapping_add(g.holes[0] as u32) <= g.holes[1] as u32);
    /// Whether bit `x`, added to a constant, of `z` is set.
    Bit(Number): |b, r, c| {
        let at = b.ins().iadd_imm_s(r.x, c[0]);
        let bits = b.ins().ushr(r.z, at);
        End::Test(b.ins().band_imm_u(bits, 1))
    }, |g| test(g.values.z >> (g.values.x.wrapping_add(g.holes[0] as u64) & 63) & 1 != 0);
    /// Whether the bit numbered `x`, added to a constant, is set in the words from address `z` on.
    BitIn(Table): |b, r, c| {
        let at = b.ins().iadd_imm_s(r.x, c[0]);
        let word = b.ins().ushr_imm_u(at, 6);
        let offset = b.ins().ishl_imm_u(word, 3);
        let address = b.ins().iadd(r.z, offset);
        let bits = b.ins().load(I64, field(), address, 0);
        let bits = b.ins().ushr(bits, at);
        End::Test(b.ins().band_imm_u(bits, 1))
    }, |g| {
        let at = g.x().wrapping_add(g.holes[0]) as usize;
        test(g.bytes[at / 8] >> (at % 8) & 1 != 0)
    };
    /// `y` and a constant.
    LengthEqual(Length): |b, r, c| End::Test(b.ins().icmp_imm_s(IntCC::Equal, r.y, c[0])), |g| test(g.values.y as i64 == g.holes[0]);
    LengthLess(Length): |b, r, c| End::Test(b.ins().icmp_imm_s(IntCC::SignedLessThan, r.y, c[0])),
        |g| test((g.values.y as i64) < g.holes[0]);
    /// Bytes at a distance from the address in `x`, and a constant.
    Byte1(Bytes, Byte): |b, r, c| {
        let byte = b.ins().load(I8, unaligned(), r.x, c[0] as i32);
        End::Test(b.ins().icmp_imm_s(IntCC::Equal, byte, c[1]))
    }, |g| test(g.read(1) == g.holes[1] as u8 as u64);
    Byte2(Bytes, Number): |b, r, c| {
        let bytes = b.ins().load(I16, unaligned(), r.x, c[0] as i32);
        let bytes = b.ins().uextend(I32, bytes);
        End::Test(b.ins().icmp_imm_s(IntCC::Equal, bytes, c[1]))
    }, |g| test(g.read(2) == g.holes[1] as u32 as u64);
    Byte4(Bytes, Number): |b, r, c| {
        let bytes = b.ins().load(I32, unaligned(), r.x, c[0] as i32);
        End::Test(b.ins().icmp_imm_s(IntCC::Equal, bytes, c[1]))
    }, |g| test(g.read(4) == g.holes[1] as u32 as u64);
    /// Eight of them and `z`.
    Byte8(Bytes): |b, r, c| {
        let bytes = b.ins().load(I64, unaligned(), r.x, c[0] as i32);
        End::Test(b.ins().icmp(IntCC::Equal, bytes, r.z))
    }, |g| test(g.read(8) == g.values.z);
    /// Sets `x` to a word of the record.
    LoadX(Record): |b, r, c| End::Go(Registers { x: word(b, r, c), ..r }), |g| set(Values { x: g.field(), ..g.values });
    /// Sets `z` to a word of the record.
    LoadZ(Record): |b, r, c| End::Go(Registers { z: word(b, r, c), ..r }), |g| set(Values { z: g.field(), ..g.values });
    /// Sets `y` to a word of the record.
    LoadY(Record): |b, r, c| End::Go(Registers { y: word(b, r, c), ..r }), |g| set(Values { y: g.field(), ..g.values });
    /// Sets `x` to half a word of the record.
    HalfX(Record): |b, r, c| End::Go(Registers { x: half(b, r, c), ..r }), |g| set(Values { x: g.field() as u32 as u64, ..g.values });
    /// Sets `y` to half a word of the record.
    HalfY(Record): |b, r, c| End::Go(Registers { y: half(b, r, c), ..r }), |g| set(Values { y: g.field() as u32 as u64, ..g.values });
    /// Sets `x` to half a word of the record, counted from the arena's address.
    Start(Record): |b, r, c| {
        let offset = half(b, r, c);
        End::Go(Registers { x: b.ins().iadd(r.arena, offset), ..r })
    }, |g| set(Values { x: g.arena.wrapping_add(g.field() as u32 as u64), ..g.values });
    /// Arithmetic: `x` becomes `x` and `z`.
    Add(): |b, r, _| End::Go(Registers { x: b.ins().iadd(r.x, r.z), ..r }), |g| g.set_x(g.x().wrapping_add(g.z()));
    Subtract(): |b, r, _| End::Go(Registers { x: b.ins().isub(r.x, r.z), ..r }), |g| g.set_x(g.x().wrapping_sub(g.z()));
    Multiply(): |b, r, _| End::Go(Registers { x: b.ins().imul(r.x, r.z), ..r }), |g| g.set_x(g.x().wrapping_mul(g.z()));
    And(): |b, r, _| End::Go(Registers { x: b.ins().band(r.x, r.z), ..r }), |g| g.set_x(g.x() & g.z());
    Or(): |b, r, _| End::Go(Registers { x: b.ins().bor(r.x, r.z), ..r }), |g| g.set_x(g.x() | g.z());
    Xor(): |b, r, _| End::Go(Registers { x: b.ins().bxor(r.x, r.z), ..r }), |g| g.set_x(g.x() ^ g.z());
    Negate(): |b, r, _| End::Go(Registers { x: b.ins().ineg(r.x), ..r }), |g| g.set_x(g.x().wrapping_neg());
    /// Bytes from `x` on, `y` many, up to place `z`.
    EndAt(): |b, r, _| End::Go(Registers { y: b.ins().smin(r.y, r.z), ..r }), |g| set(Values { y: g.y().min(g.z()) as u64, ..g.values });
    /// Up to a place from the end on.
    EndBefore(Number): |b, r, c| {
        let (end, zero) = (b.ins().iadd_imm_s(r.y, c[0]), b.ins().iconst(I64, 0));
        End::Go(Registers { y: b.ins().smax(end, zero), ..r })
    }, |g| set(Values { y: g.y().wrapping_add(g.holes[0]).max(0) as u64, ..g.values });
    /// From place `z` on.
    StartAt(): |b, r, _| {
        let start = b.ins().smin(r.y, r.z);
        End::Go(Registers { x: b.ins().iadd(r.x, start), y: b.ins().isub(r.y, start), ..r })
    }, |g| g.skip(g.y().min(g.z()));
    /// From a place before the end on.
    StartBefore(Number): |b, r, c| {
        let (start, zero) = (b.ins().iadd_imm_s(r.y, c[0]), b.ins().iconst(I64, 0));
        let start = b.ins().smax(start, zero);
        End::Go(Registers { x: b.ins().iadd(r.x, start), y: b.ins().isub(r.y, start), ..r })
    }, |g| g.skip(g.y().wrapping_add(g.holes[0]).max(0));
}

fn test(holds: bool) -> Outcome {
    Outcome::Test(holds)
}

fn set(values: Values) -> Outcome {
    Outcome::Set(values)
}

/// Reads of the record, which always is there.
fn field() -> MemFlagsData {
    MemFlagsData::trusted()
}

fn word(b: &mut FunctionBuilder<'_>, r: Registers, c: &[i64; HOLES]) -> Value {
    b.ins().load(I64, field(), r.record, c[0] as i32)
}

fn half(b: &mut FunctionBuilder<'_>, r: Registers, c: &[i64; HOLES]) -> Value {
    b.ins().uload32(field(), r.record, c[0] as i32)
}

fn field_and_constant(b: &mut FunctionBuilder<'_>, r: Registers, c: &[i64; HOLES], order: IntCC) -> End {
    let word = word(b, r, c);
    End::Test(b.ins().icmp_imm_s(order, word, c[1]))
}

fn field_and_z(b: &mut FunctionBuilder<'_>, r: Registers, c: &[i64; HOLES], order: IntCC) -> End {
    let word = word(b, r, c);
    End::Test(b.ins().icmp(order, word, r.z))
}

fn halves(b: &mut FunctionBuilder<'_>, r: Registers, order: IntCC) -> End {
    let [x, z] = [r.x, r.z].map(|v| b.ins().ireduce(I32, v));
    End::Test(b.ins().icmp(order, x, z))
}

impl Given<'_> {
    fn x(&self) -> i64 {
        self.values.x as i64
    }

    fn y(&self) -> i64 {
        self.values.y as i64
    }

    fn z(&self) -> i64 {
        self.values.z as i64
    }

    fn set_x(&self, x: i64) -> Outcome {
        Outcome::Set(Values { x: x as u64, ..self.values })
    }

    fn skip(&self, bytes: i64) -> Outcome {
        let Values { x, y, z } = self.values;
        Outcome::Set(Values { x: x.wrapping_add(bytes as u64), y: y.wrapping_sub(bytes as u64), z })
    }

    /// The word of the record at the first constant.
    fn field(&self) -> u64 {
        number(&self.record[self.holes[0] as usize..][..8])
    }

    /// Bytes at the first constant from the address in `x` on.
    fn read(&self, bytes: usize) -> u64 {
        number(&self.bytes[self.holes[0] as usize..][..bytes])
    }
}

/// Up to eight bytes as a number, as the machine reads them.
pub(crate) fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, byte| number << 8 | u64::from(*byte))
}
