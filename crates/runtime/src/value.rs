//! Values as Rust code sees them, borrowed from a record or from an evaluation's scratch memory.

use std::cmp::Ordering;
use std::net::IpAddr;

use quintet_arena::Memory;
use quintet_lang::Type;
use quintet_lang::ast::Const;

use crate::matchers::ip_from_words;

/// A value. Copying one copies no bytes.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// The missing value.
    Nil,
    /// A Bool.
    Bool(bool),
    /// An Int.
    Int(i64),
    /// A U32 of a script.
    U32(u32),
    /// A Float. Where it is not a number, which of the many bit patterns for that it has is not defined.
    Float(f64),
    /// Bytes.
    Bytes(&'a [u8]),
    /// An address.
    Ip(IpAddr),
    /// An array.
    Array(ArrayRef<'a>),
    /// A map.
    Map(MapRef<'a>),
}

/// An array: stored in a block of memory, or built of values.
#[derive(Clone, Copy, Debug)]
pub enum ArrayRef<'a> {
    /// Slots in memory.
    Stored {
        /// The block that the offsets refer to.
        memory: Memory<'a>,
        /// The type of the elements.
        element: &'a Type,
        /// Bytes from the block's start to the first slot.
        offset: u32,
        /// Elements.
        len: u32,
    },
    /// Values one by one.
    Built(&'a [Value<'a>]),
}

/// A map from byte strings: stored in a block of memory, or built of pairs in byte order of the keys.
#[derive(Clone, Copy, Debug)]
pub enum MapRef<'a> {
    /// Entries in memory.
    Stored {
        /// The block that the offsets refer to.
        memory: Memory<'a>,
        /// The type of the values.
        element: &'a Type,
        /// Bytes from the block's start to the first entry.
        offset: u32,
        /// Entries.
        len: u32,
    },
    /// Pairs one by one.
    Built(&'a [(&'a [u8], Value<'a>)]),
}

impl<'a> Value<'a> {
    /// The value of type `ty` in the slot at `offset` of a block; see [`Layout`](crate::Layout) for the form of slots.
    ///
    /// # Panics
    /// When the slot or what it refers to is outside of the block.
    #[inline]
    pub fn load(memory: Memory<'a>, offset: usize, ty: &'a Type) -> Value<'a> {
        let word = memory.word(offset);
        match ty {
            Type::Bool => Value::Bool(word != 0),
            Type::Int => Value::Int(word as i64),
            // No record has any; what stands in memory is what a backend keeps.
            Type::U32 | Type::List(..) => Value::U32(word as u32),
            Type::Float => Value::Float(f64::from_bits(word)),
            Type::Bytes => Value::Bytes(memory.bytes(word as u32 as usize, (word >> 32) as usize)),
            Type::Ip => Value::Ip(ip_from_words([word, memory.word(offset + 8), memory.word(offset + 16)])),
            Type::Array(element) => Value::Array(ArrayRef::Stored { memory, element, offset: word as u32, len: (word >> 32) as u32 }),
            Type::Map(element) => Value::Map(MapRef::Stored { memory, element, offset: word as u32, len: (word >> 32) as u32 }),
        }
    }

    /// The value of a constant.
    pub fn of(constant: &'a Const) -> Value<'a> {
        match constant {
            Const::Bool(b) => Value::Bool(*b),
            Const::Int(i) => Value::Int(*i),
            Const::U32(u) => Value::U32(*u),
            Const::Float(f) => Value::Float(*f),
            Const::Bytes(b) => Value::Bytes(b),
            Const::Ip(ip) => Value::Ip(*ip),
        }
    }

    /// Whether it is nil.
    #[inline]
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// Whether it is a value of type `ty`; nil is of every type. An empty built array or map fits any element type.
    pub fn fits(&self, ty: &Type) -> bool {
        match (self, ty) {
            (Value::Nil, _)
            | (Value::Bool(_), Type::Bool)
            | (Value::Int(_), Type::Int)
            | (Value::U32(_), Type::U32)
            | (Value::Float(_), Type::Float)
            | (Value::Bytes(_), Type::Bytes)
            | (Value::Ip(_), Type::Ip) => true,
            (Value::Array(ArrayRef::Stored { element, .. }), Type::Array(t)) => **element == **t,
            (Value::Map(MapRef::Stored { element, .. }), Type::Map(t)) => **element == **t,
            (Value::Array(ArrayRef::Built(items)), Type::Array(t)) => items.iter().all(|v| !v.is_nil() && v.fits(t)),
            (Value::Map(MapRef::Built(items)), Type::Map(t)) => items.iter().all(|(_, v)| !v.is_nil() && v.fits(t)),
            _ => false,
        }
    }

    /// Whether all that it refers to is there: what is stored lies within its block, with slots at words. Holds for all values that come from
    /// records and from an evaluation; one that was put together by hand may be otherwise.
    pub fn is_sound(&self) -> bool {
        match self {
            Value::Array(array) => match *array {
                ArrayRef::Stored { memory, element, offset, len } => is_block(memory, element, (offset, len), 0),
                ArrayRef::Built(items) => items.iter().all(Value::is_sound),
            },
            Value::Map(map) => match *map {
                MapRef::Stored { memory, element, offset, len } => is_block(memory, element, (offset, len), 8),
                MapRef::Built(items) => items.iter().all(|(_, value)| value.is_sound()),
            },
            Value::Nil | Value::Bool(_) | Value::Int(_) | Value::U32(_) | Value::Float(_) | Value::Bytes(_) | Value::Ip(_) => true,
        }
    }

    /// The order of two values of one primitive type: none between address families, none with a NaN, none for nil, arrays, maps.
    #[inline]
    pub fn compare(&self, other: &Value<'_>) -> Option<Ordering> {
        match (self, other) {
            (Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
            (Value::Int(a), Value::Int(b)) => Some(a.cmp(b)),
            (Value::U32(a), Value::U32(b)) => Some(a.cmp(b)),
            (Value::Float(a), Value::Float(b)) => a.partial_cmp(b),
            (Value::Bytes(a), Value::Bytes(b)) => Some(a.cmp(b)),
            (Value::Ip(IpAddr::V4(a)), Value::Ip(IpAddr::V4(b))) => Some(a.cmp(b)),
            (Value::Ip(IpAddr::V6(a)), Value::Ip(IpAddr::V6(b))) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

/// Whether so many items lie in a block from an offset on, each a key of `key` bytes and a slot, and so does what they refer to.
fn is_block(memory: Memory<'_>, element: &Type, (offset, len): (u32, u32), key: usize) -> bool {
    let bytes = size_of_val(memory.words());
    let size = key + element.words() as usize * 8;
    let (offset, len) = (offset as usize, len as usize);
    if !offset.is_multiple_of(8) || len.checked_mul(size).and_then(|all| all.checked_add(offset)).is_none_or(|end| end > bytes) {
        return false;
    }
    let is_text = |word: u64| (word as u32 as usize).checked_add((word >> 32) as usize).is_some_and(|end| end <= bytes);
    (0..len).map(|i| offset + i * size).all(|at| {
        let word = memory.word(at + key);
        let range = (word as u32, (word >> 32) as u32);
        (key == 0 || is_text(memory.word(at)))
            && match element {
                Type::Bool | Type::Int | Type::U32 | Type::Float | Type::Ip => true,
                Type::List(..) => false,
                Type::Bytes => is_text(word),
                Type::Array(inner) => is_block(memory, inner, range, 0),
                Type::Map(inner) => is_block(memory, inner, range, 8),
            }
    })
}

/// The same value, whatever holds it: floats by their bits, arrays and maps element by element.
impl PartialEq for Value<'_> {
    fn eq(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Value::Nil, Value::Nil) => true,
            (Value::Float(a), Value::Float(b)) => a.to_bits() == b.to_bits(),
            (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().eq(b.iter()),
            (Value::Map(a), Value::Map(b)) => a.len() == b.len() && a.iter().eq(b.iter()),
            _ => self.compare(other) == Some(Ordering::Equal),
        }
    }
}

impl<'a> ArrayRef<'a> {
    /// Elements.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            ArrayRef::Stored { len, .. } => *len as usize,
            ArrayRef::Built(items) => items.len(),
        }
    }

    /// Whether it has no element.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Element `index`, or nil where there is none.
    #[inline]
    pub fn get(&self, index: usize) -> Value<'a> {
        match *self {
            ArrayRef::Stored { memory, element, offset, len } if index < len as usize => {
                Value::load(memory, offset as usize + index * element.words() as usize * 8, element)
            }
            ArrayRef::Stored { .. } => Value::Nil,
            ArrayRef::Built(items) => items.get(index).copied().unwrap_or(Value::Nil),
        }
    }

    /// The elements in order.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = Value<'a>> {
        (0..self.len()).map(move |i| self.get(i))
    }
}

/// Keys of a map that are looked at one by one, which is done by their lengths first: a search by halves compares texts at each step.
pub const FEW_KEYS: usize = 32;

/// Whether a key, whose length was compared, is this one. Those of most maps are two words, which may overlap.
#[inline(always)]
pub fn same_key(found: &[u8], key: &[u8]) -> bool {
    if !matches!(key.len(), 8..=16) {
        return found == key;
    }
    let ends = |text: &[u8]| Some([*text.first_chunk()?, *text.last_chunk()?].map(u64::from_le_bytes));
    ends(found) == ends(key)
}

/// The offset of the slot under a key of a map whose first entry is at `first`, with `len` entries that lie `step` bytes apart.
#[inline]
pub fn find_key(memory: Memory<'_>, (first, len, step): (usize, usize, usize), key: &[u8]) -> Option<usize> {
    let span = |at: usize| {
        let found = memory.word(at);
        (found as u32 as usize, (found >> 32) as usize)
    };
    if len <= FEW_KEYS {
        let mut entries = (0..len).map(|i| first + i * step);
        let is_it = |at: &usize| {
            let (start, len) = span(*at);
            len == key.len() && same_key(memory.bytes(start, len), key)
        };
        return entries.find(is_it).map(|at| at + 8);
    }
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = (low + high) / 2;
        let at = first + middle * step;
        let (start, len) = span(at);
        match memory.bytes(start, len).cmp(key) {
            Ordering::Equal => return Some(at + 8),
            Ordering::Less => low = middle + 1,
            Ordering::Greater => high = middle,
        }
    }
    None
}

impl<'a> MapRef<'a> {
    /// Entries.
    #[inline]
    pub fn len(&self) -> usize {
        match self {
            MapRef::Stored { len, .. } => *len as usize,
            MapRef::Built(items) => items.len(),
        }
    }

    /// Whether it has no entry.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The entry at `index` (in key order), which must exist.
    ///
    /// # Panics
    /// When `index` is not below [`MapRef::len`].
    #[inline]
    pub fn entry(&self, index: usize) -> (&'a [u8], Value<'a>) {
        match *self {
            MapRef::Stored { memory, element, offset, .. } => {
                let at = offset as usize + index * (1 + element.words() as usize) * 8;
                let key = memory.word(at);
                (memory.bytes(key as u32 as usize, (key >> 32) as usize), Value::load(memory, at + 8, element))
            }
            MapRef::Built(items) => items[index],
        }
    }

    /// The value under `key`, or nil.
    #[inline]
    pub fn get(&self, key: &[u8]) -> Value<'a> {
        match *self {
            MapRef::Stored { memory, element, offset, len } => {
                let step = (1 + element.words() as usize) * 8;
                find_key(memory, (offset as usize, len as usize, step), key).map_or(Value::Nil, |at| Value::load(memory, at, element))
            }
            MapRef::Built(items) => items.binary_search_by(|(k, _)| (*k).cmp(key)).map_or(Value::Nil, |at| items[at].1),
        }
    }

    /// The entries in key order.
    #[inline]
    pub fn iter(self) -> impl Iterator<Item = (&'a [u8], Value<'a>)> {
        (0..self.len()).map(move |i| self.entry(i))
    }
}
