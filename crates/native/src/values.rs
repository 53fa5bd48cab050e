//! Values on their way between generated code and Rust.

use quintet_lang::Type;
use quintet_runtime::{ArrayRef, Blob, MapRef, Memory, Scratch, Trap, Value, ip_from_words, ip_words};

/// A value of a known type, or nil: 32 bytes.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// 0 for nil, else 1.
    pub present: u64,
    /// The words of the value, see the crate's documentation; the rest is ignored.
    pub words: [u64; 3],
}

/// The whole block at an address.
///
/// # Safety
/// `block` is the address of a block (see the crate's documentation) that nobody writes to during `'a`.
unsafe fn block<'a>(block: u64) -> Memory<'a> {
    let start = block as *const u64;
    // SAFETY: a block's first word is its length in bytes, and it is 8-aligned.
    let words = unsafe { std::slice::from_raw_parts(start, (*start as usize).div_ceil(8)) };
    Memory::new(words)
}

impl Cell {
    /// The cell for nil.
    pub const NIL: Cell = Cell { present: 0, words: [0; 3] };

    /// The value.
    ///
    /// # Safety
    /// The cell holds a value of type `ty` in the form of the crate's documentation, whose addresses live and stay unchanged during `'a`.
    #[inline]
    pub unsafe fn load<'a>(&self, ty: &'a Type) -> Value<'a> {
        if self.present == 0 {
            return Value::Nil;
        }
        let [a, b, _] = self.words;
        match ty {
            Type::Bool => Value::Bool(a & 1 != 0),
            Type::Int => Value::Int(a as i64),
            // An array of a script is a place, which never is a value on its way.
            Type::U32 | Type::List(..) => Value::U32(a as u32),
            Type::Float => Value::Float(f64::from_bits(a)),
            // SAFETY: as the caller promises.
            Type::Bytes => Value::Bytes(unsafe { bytes(a as *const u8, b as usize) }),
            Type::Ip => Value::Ip(ip_from_words(self.words)),
            Type::Array(element) => {
                // SAFETY: as the caller promises.
                let memory = unsafe { block(a) };
                Value::Array(ArrayRef::Stored { memory, element, offset: b as u32, len: (b >> 32) as u32 })
            }
            Type::Map(element) => {
                // SAFETY: as the caller promises.
                let memory = unsafe { block(a) };
                Value::Map(MapRef::Stored { memory, element, offset: b as u32, len: (b >> 32) as u32 })
            }
        }
    }

    /// As [`Cell::load`], straight into a place. A value that is put together elsewhere, copied there and read at once makes the processor
    /// wait for its parts.
    ///
    /// # Safety
    /// As [`Cell::load`].
    #[inline]
    pub unsafe fn load_into<'a>(&self, ty: &'a Type, out: &mut Value<'a>) {
        match ty {
            _ if self.present == 0 => *out = Value::Nil,
            Type::Int => *out = Value::Int(self.words[0] as i64),
            // SAFETY: as the caller promises.
            Type::Bytes => *out = Value::Bytes(unsafe { bytes(self.words[0] as *const u8, self.words[1] as usize) }),
            // SAFETY: as the caller promises.
            _ => *out = unsafe { self.load(ty) },
        }
    }

    /// The cell for a value of type `ty`, with arrays and maps in a block of their own in `scratch`.
    ///
    /// # Errors
    /// [`Trap::Memory`] where a block would pass its largest size.
    pub fn copy(ty: &Type, value: Value<'_>, scratch: &Scratch) -> Result<Cell, Trap> {
        match value {
            Value::Array(_) | Value::Map(_) => {
                let blob = Blob::new(ty, value).map_err(|_| Trap::Memory)?;
                let words = scratch.words(&blob.words);
                Ok(Cell { present: 1, words: [words.as_ptr() as u64, words[Blob::SLOT / 8], 0] })
            }
            Value::Nil | Value::Bool(_) | Value::Int(_) | Value::U32(_) | Value::Float(_) | Value::Bytes(_) | Value::Ip(_) => {
                Cell::store(ty, value, scratch)
            }
        }
    }

    /// The cell for a value of type `ty`. What is not yet in a block is copied into one in `scratch`.
    ///
    /// # Errors
    /// [`Trap::Memory`] where a block would pass its largest size.
    #[inline]
    pub fn store(ty: &Type, value: Value<'_>, scratch: &Scratch) -> Result<Cell, Trap> {
        let words = match value {
            Value::Nil => return Ok(Cell::NIL),
            Value::Bool(b) => [b as u64, 0, 0],
            Value::Int(i) => [i as u64, 0, 0],
            Value::U32(u) => [u64::from(u), 0, 0],
            Value::Float(f) => [f.to_bits(), 0, 0],
            Value::Bytes(b) => [b.as_ptr() as u64, b.len() as u64, 0],
            Value::Ip(ip) => ip_words(ip),
            Value::Array(ArrayRef::Stored { memory, offset, len, .. }) | Value::Map(MapRef::Stored { memory, offset, len, .. }) => {
                [memory.as_ptr() as u64, offset as u64 | (len as u64) << 32, 0]
            }
            Value::Array(ArrayRef::Built(_)) | Value::Map(MapRef::Built(_)) => return Cell::copy(ty, value, scratch),
        };
        Ok(Cell { present: 1, words })
    }
}

/// The bytes at an address; the address does not matter where there are none.
///
/// # Safety
/// `ptr` is the address of `len` bytes that nobody writes to during `'a`, or `len` is 0.
#[inline]
pub(crate) unsafe fn bytes<'a>(ptr: *const u8, len: usize) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(ptr, len) }
}
