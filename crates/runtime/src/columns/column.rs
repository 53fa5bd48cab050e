//! Columns as they are given: values of one type side by side, in memory that is borrowed.

use std::net::IpAddr;

/// Bits side by side, the first one lowest in its byte.
#[derive(Clone, Copy, Debug)]
pub struct Bits<'a> {
    bytes: &'a [u8],
    offset: usize,
    len: usize,
}

/// Whole numbers of one width.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Ints<'a> {
    I8(&'a [i8]),
    I16(&'a [i16]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    U8(&'a [u8]),
    U16(&'a [u16]),
    U32(&'a [u32]),
}

/// Floats of one width.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Floats<'a> {
    F32(&'a [f32]),
    F64(&'a [f64]),
}

/// Where values of several parts begin and end: value `i` is the parts from number `i` up to number `i + 1`. One more than there are values.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub enum Offsets<'a> {
    I32(&'a [i32]),
    I64(&'a [i64]),
}

/// The values of a field, one for each record. They are laid out as Apache Arrow lays them out, so that its arrays need no conversion.
#[derive(Clone, Copy, Debug)]
pub enum Column<'a> {
    /// For Bool.
    Bool(Bits<'a>),
    /// For Int.
    Int(Ints<'a>),
    /// For Float.
    Float(Floats<'a>),
    /// For Bytes.
    Bytes {
        /// The bytes of all values.
        data: &'a [u8],
        /// Where each begins in them.
        offsets: Offsets<'a>,
    },
    /// For Bytes: for each value 16 bytes, in the lowest four its length. One of up to 12 bytes follows there; of a longer one four bytes
    /// follow, then the number of the buffer that holds it, then where in it.
    Views {
        /// The values.
        views: &'a [u128],
        /// What they refer to.
        buffers: &'a [&'a [u8]],
    },
    /// For Bytes, all of one length; of 4 or 16 bytes also for Ip, in the order of the network.
    Fixed {
        /// The bytes of all values.
        data: &'a [u8],
        /// The length of each.
        size: usize,
        /// How many they are.
        len: usize,
    },
    /// For Ip.
    Ip(&'a [IpAddr]),
    /// The value of each record is one of a dictionary, which is itself a column for a field of the type.
    Dictionary {
        /// Which.
        keys: Ints<'a>,
        /// The dictionary.
        values: &'a Column<'a>,
    },
    /// For arrays.
    Array {
        /// Where each begins among the elements.
        offsets: Offsets<'a>,
        /// The elements of all, one after the other.
        elements: &'a Column<'a>,
    },
    /// For maps: entries in any order; of several with one key the last is kept.
    Map {
        /// Where each begins among the entries.
        offsets: Offsets<'a>,
        /// The keys of all entries, which are Bytes.
        keys: &'a Column<'a>,
        /// Their values.
        values: &'a Column<'a>,
    },
}

impl<'a> Bits<'a> {
    /// `len` bits from bit `offset` of the bytes on; none where they are not there.
    pub fn new(bytes: &'a [u8], offset: usize, len: usize) -> Option<Bits<'a>> {
        let end = offset.checked_add(len)?;
        (end.div_ceil(8) <= bytes.len()).then_some(Bits { bytes, offset, len })
    }

    /// How many.
    #[inline]
    pub fn len(self) -> usize {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len == 0
    }

    /// The bits in order.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = bool> + 'a {
        (self.offset..self.offset + self.len).map(move |i| self.bytes[i / 8] >> (i % 8) & 1 != 0)
    }

    /// Those of a range.
    ///
    /// # Panics
    /// When the range is not within them.
    pub(super) fn range(self, range: std::ops::Range<usize>) -> Bits<'a> {
        assert!(range.start <= range.end && range.end <= self.len, "{range:?} of {} bits", self.len);
        Bits { bytes: self.bytes, offset: self.offset + range.start, len: range.len() }
    }
}

impl Ints<'_> {
    /// How many.
    pub fn len(self) -> usize {
        match self {
            Ints::I8(v) => v.len(),
            Ints::I16(v) => v.len(),
            Ints::I32(v) => v.len(),
            Ints::I64(v) => v.len(),
            Ints::U8(v) => v.len(),
            Ints::U16(v) => v.len(),
            Ints::U32(v) => v.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Floats<'_> {
    /// How many.
    pub fn len(self) -> usize {
        match self {
            Floats::F32(v) => v.len(),
            Floats::F64(v) => v.len(),
        }
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

impl Offsets<'_> {
    /// How many values they are of.
    pub fn values(self) -> usize {
        match self {
            Offsets::I32(v) => v.len().saturating_sub(1),
            Offsets::I64(v) => v.len().saturating_sub(1),
        }
    }
}

impl Column<'_> {
    /// How many values it has.
    pub fn len(&self) -> usize {
        match self {
            Column::Bool(bits) => bits.len(),
            Column::Int(ints) => ints.len(),
            Column::Float(floats) => floats.len(),
            Column::Bytes { offsets, .. } | Column::Array { offsets, .. } | Column::Map { offsets, .. } => offsets.values(),
            Column::Views { views, .. } => views.len(),
            Column::Fixed { len, .. } => *len,
            Column::Ip(ips) => ips.len(),
            Column::Dictionary { keys, .. } => keys.len(),
        }
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
