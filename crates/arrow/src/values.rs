//! Columns that share the memory of the arrays that they are of.

use std::net::IpAddr;

use arrow_buffer::{BooleanBuffer, Buffer, ScalarBuffer};
use quintet_runtime::{Bits, Column, Floats, Ints, Offsets};

/// Values of one type. Which of them count is told apart.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Bools(BooleanBuffer),
    I8(ScalarBuffer<i8>),
    I16(ScalarBuffer<i16>),
    I32(ScalarBuffer<i32>),
    I64(ScalarBuffer<i64>),
    U8(ScalarBuffer<u8>),
    U16(ScalarBuffer<u16>),
    U32(ScalarBuffer<u32>),
    F32(ScalarBuffer<f32>),
    F64(ScalarBuffer<f64>),
    Bytes(Buffer, Lengths),
    Views(ScalarBuffer<u128>, Vec<Buffer>),
    Fixed { data: Buffer, size: usize, len: usize },
    Ips(Vec<IpAddr>),
    Dictionary(Box<Values>, Box<Values>),
    Array(Lengths, Box<Values>),
    Map(Lengths, Box<(Values, Values)>),
}

/// Offsets of either width.
#[derive(Clone, Debug)]
pub(crate) enum Lengths {
    I32(ScalarBuffer<i32>),
    I64(ScalarBuffer<i64>),
}

impl Lengths {
    /// Offset `i`, if there is one that may be an index.
    pub(crate) fn get(&self, i: usize) -> Option<usize> {
        match self {
            Lengths::I32(offsets) => usize::try_from(*offsets.get(i)?).ok(),
            Lengths::I64(offsets) => usize::try_from(*offsets.get(i)?).ok(),
        }
    }

    /// The same lengths, beginning at 0.
    pub(crate) fn rebased(self) -> Lengths {
        match self {
            Lengths::I32(offsets) => match offsets.first().copied() {
                Some(0) | None => Lengths::I32(offsets),
                Some(first) => Lengths::I32(offsets.iter().map(|o| o.wrapping_sub(first)).collect()),
            },
            Lengths::I64(offsets) => match offsets.first().copied() {
                Some(0) | None => Lengths::I64(offsets),
                Some(first) => Lengths::I64(offsets.iter().map(|o| o.wrapping_sub(first)).collect()),
            },
        }
    }

    fn offsets(&self) -> Offsets<'_> {
        match self {
            Lengths::I32(offsets) => Offsets::I32(offsets),
            Lengths::I64(offsets) => Offsets::I64(offsets),
        }
    }
}

/// Bits as columns have them; none of a buffer that is too short for them.
pub(crate) fn bits(buffer: &BooleanBuffer) -> Option<Bits<'_>> {
    Bits::new(buffer.values(), buffer.offset(), buffer.len())
}

impl Values {
    /// Hands the values over as a column; none where they are not what they say.
    pub(crate) fn with(&self, with: &mut dyn FnMut(&Column<'_>)) -> Option<()> {
        let column = match self {
            Values::Bools(values) => Column::Bool(bits(values)?),
            Values::F32(values) => Column::Float(Floats::F32(values)),
            Values::F64(values) => Column::Float(Floats::F64(values)),
            Values::Bytes(data, lengths) => Column::Bytes { data, offsets: lengths.offsets() },
            Values::Views(views, buffers) => {
                let buffers: Vec<&[u8]> = buffers.iter().map(Buffer::as_slice).collect();
                with(&Column::Views { views, buffers: &buffers });
                return Some(());
            }
            Values::Fixed { data, size, len } => Column::Fixed { data, size: *size, len: *len },
            Values::Ips(values) => Column::Ip(values),
            Values::Dictionary(keys, values) => {
                let keys = keys.ints()?;
                return values.with(&mut |values| with(&Column::Dictionary { keys, values }));
            }
            Values::Array(lengths, elements) => {
                return elements.with(&mut |elements| with(&Column::Array { offsets: lengths.offsets(), elements }));
            }
            Values::Map(lengths, entries) => {
                let (keys, values) = &**entries;
                let mut inner = None;
                keys.with(&mut |keys| {
                    inner = values.with(&mut |values| with(&Column::Map { offsets: lengths.offsets(), keys, values }));
                })?;
                return inner;
            }
            ints => Column::Int(ints.ints()?),
        };
        with(&column);
        Some(())
    }

    fn ints(&self) -> Option<Ints<'_>> {
        Some(match self {
            Values::I8(values) => Ints::I8(values),
            Values::I16(values) => Ints::I16(values),
            Values::I32(values) => Ints::I32(values),
            Values::I64(values) => Ints::I64(values),
            Values::U8(values) => Ints::U8(values),
            Values::U16(values) => Ints::U16(values),
            Values::U32(values) => Ints::U32(values),
            _ => return None,
        })
    }

    /// Text `i`, if it is one.
    pub(crate) fn text(&self, i: usize) -> Option<&[u8]> {
        match self {
            Values::Bytes(data, lengths) => data.get(lengths.get(i)?..lengths.get(i + 1)?),
            Values::Fixed { data, size, .. } => data.get(i * size..(i + 1) * size),
            Values::Views(views, buffers) => {
                let view = views.get(i)?;
                let len = *view as u32 as usize;
                if len <= 12 {
                    return views.inner().get(i * 16 + 4..i * 16 + 4 + len);
                }
                let start = (view >> 96) as u32 as usize;
                buffers.get((view >> 64) as u32 as usize)?.get(start..start.checked_add(len)?)
            }
            _ => None,
        }
    }
}
