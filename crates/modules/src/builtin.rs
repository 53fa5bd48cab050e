//! Crates that are written as modules, built in: the same functions without a sandbox.

use std::sync::Arc;

use quintet_lang::Type;
use quintet_module::{Cell, Module as Items, rt};
use quintet_runtime::{Argument, ArrayRef, Blob, Many, MapRef, Memory, Scratch, Trap, Value, ip_from_words, ip_words};

use crate::declaration::{Declaration, DeclarationError, Shape};
use crate::module::Module;
use crate::runs::{Args, Runs};

/// Arguments for whose cells a call takes no memory.
const FEW: usize = 4;

/// What a crate has.
pub(crate) struct Builtin {
    declaration: Declaration,
    /// By item of the declaration.
    calls: Vec<rt::Call>,
}

/// The module that a crate's `MODULE` is (see `quintet_module::module!`).
///
/// # Errors
/// Two things have one name.
pub fn builtin(items: &'static Items) -> Result<Module, DeclarationError> {
    let text: String = items.items.iter().map(|item| item.declaration).collect();
    let declaration = Declaration::parse(if text.is_empty() { "quintet 1\n" } else { &text })?;
    let call = |name: &str| items.items.iter().find(|item| item.name == name).map(rt_call);
    let calls = declaration.items().iter().filter_map(|item| call(&item.name)).collect();
    Ok(Module::built_in(Builtin { declaration, calls }))
}

fn rt_call(item: &quintet_module::Item) -> rt::Call {
    item.call()
}

impl Builtin {
    /// Calls an item. There are as many cells as it takes and fills.
    fn enter(&self, item: usize, args: &[Cell], out: &mut [Cell]) -> Result<bool, Trap> {
        let Some(call) = self.calls.get(item) else { return Err(Trap::Panic) };
        // SAFETY: `Item::new` was promised that the function takes and fills the cells that its declaration says, and so many there are; those
        // of the arguments refer to what lives until the call is over.
        match unsafe { call(args.as_ptr(), out.as_mut_ptr()) } {
            rt::VALUE => Ok(true),
            rt::NIL => Ok(false),
            _ => Err(Trap::ResultType),
        }
    }
}

impl Runs for Builtin {
    fn declaration(&self) -> &Declaration {
        &self.declaration
    }

    fn many(_: &Arc<Builtin>, _: usize, _: &[Argument]) -> Option<Box<dyn Many>> {
        // There is nothing to enter.
        None
    }

    #[inline]
    fn call<'a>(&self, item: usize, (params, args): Args<'_, 'a>, result: &Type, scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        if args.len() != params.len() {
            return Err(Trap::ResultType);
        }
        let (mut few, mut many) = ([Cell::default(); FEW], Vec::new());
        let cells = if params.len() <= FEW {
            &mut few[..params.len()]
        } else {
            many.resize(params.len(), Cell::default());
            &mut many[..]
        };
        let (mut out, mut blobs) = ([Cell::default()], Vec::new());
        for ((cell, arg), param) in cells.iter_mut().zip(args).zip(params) {
            put(cell, param, arg, &mut blobs)?;
        }
        if !self.enter(item, cells, &mut out)? {
            return Ok(Value::Nil);
        }
        // An answer is written where it is read: what is copied as a whole right after its parts were written makes the processor wait.
        match (result, out[0].words) {
            (Type::Int, [word, ..]) => Ok(Value::Int(word as i64)),
            (Type::Float, [word, ..]) => Ok(Value::Float(if f64::from_bits(word).is_nan() { f64::NAN } else { f64::from_bits(word) })),
            (Type::Bool, [word, ..]) => Ok(Value::Bool(word != 0)),
            _ => take(&out[0], result, args, scratch),
        }
    }

    fn parse<'a>(&self, item: usize, text: &'a [u8], scratch: &'a Scratch, set: &mut dyn FnMut(usize, Value<'a>)) -> Result<bool, Trap> {
        let Shape::Parser { fields, .. } = &self.declaration.items()[item].shape else { return Ok(false) };
        let mut cell = Cell::default();
        put(&mut cell, &Type::Bytes, &Value::Bytes(text), &mut Vec::new())?;
        let mut out = vec![Cell::default(); fields.len()];
        if !self.enter(item, &[cell], &mut out)? {
            return Ok(false);
        }
        for (n, (field, cell)) in fields.iter().zip(&out).enumerate() {
            if cell.present != 0 {
                set(n, take(cell, &field.ty, &[Value::Bytes(text)], scratch)?);
            }
        }
        Ok(true)
    }
}

/// Fills the cell of an argument, which is empty, where it is. What is in no block is put into one.
#[inline]
fn put(cell: &mut Cell, ty: &Type, value: &Value<'_>, blobs: &mut Vec<Blob>) -> Result<(), Trap> {
    let words = match value {
        Value::Bytes(bytes) => {
            // As most are: each word is written where it is read.
            cell.present = 1;
            cell.words[0] = bytes.as_ptr() as u64;
            cell.words[1] = bytes.len() as u64;
            return Ok(());
        }
        Value::Nil => return Ok(()),
        Value::Bool(b) => [u64::from(*b), 0, 0],
        Value::Int(i) => [*i as u64, 0, 0],
        Value::U32(u) => [u64::from(*u), 0, 0],
        Value::Float(f) => [f.to_bits(), 0, 0],
        Value::Ip(ip) => ip_words(*ip),
        Value::Array(ArrayRef::Stored { memory, offset, len, .. }) | Value::Map(MapRef::Stored { memory, offset, len, .. }) => {
            [memory.as_ptr() as u64, u64::from(*offset) | u64::from(*len) << 32, 0]
        }
        Value::Array(ArrayRef::Built(_)) | Value::Map(MapRef::Built(_)) => {
            blobs.push(Blob::new(ty, *value).map_err(|_| Trap::Memory)?);
            // What was just put there is not moved with the list: its words are elsewhere.
            let words = blobs.last().map_or(&[][..], |blob| &blob.words);
            [words.as_ptr() as u64, Memory::new(words).word(Blob::SLOT), 0]
        }
    };
    *cell = Cell { present: 1, words };
    Ok(())
}

/// The value of a cell that a function has filled: a part of an argument, or a copy.
fn take<'a>(cell: &Cell, ty: &Type, args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [a, b, _] = cell.words;
    Ok(match ty {
        Type::Bool => Value::Bool(a != 0),
        Type::Int => Value::Int(a as i64),
        Type::Float => Value::Float(if f64::from_bits(a).is_nan() { f64::NAN } else { f64::from_bits(a) }),
        Type::Ip => Value::Ip(ip_from_words(cell.words)),
        Type::Bytes => Value::Bytes(match within(args, a, b) {
            Some(part) => part,
            // SAFETY: `Item::new` was promised that what an answer refers to is there until the next call.
            None => scratch.bytes(unsafe { bytes(a, b) })?,
        }),
        Type::Array(element) => {
            let (offset, len) = (b & u64::from(u32::MAX), b >> 32);
            let size = u64::from(element.words()) * 8;
            scratch.steps(len)?;
            // SAFETY: as above, of the elements of an array.
            let slots = unsafe { bytes(a + offset, len * size) };
            let mut items = Vec::with_capacity(len as usize);
            for slot in slots.chunks_exact(size as usize) {
                let mut words = [0; 3];
                for (word, bytes) in words.iter_mut().zip(slot.as_chunks::<8>().0) {
                    *word = u64::from_le_bytes(*bytes);
                }
                let mut cell = Cell { present: 1, words };
                if **element == Type::Bytes {
                    cell.words = [a + (words[0] & u64::from(u32::MAX)), words[0] >> 32, 0];
                }
                items.push(take(&cell, element, &[], scratch)?);
            }
            Value::Array(ArrayRef::Built(scratch.values(&items)?))
        }
        Type::U32 | Type::Map(_) | Type::List(..) => return Err(Trap::ResultType),
    })
}

/// Bytes at an address; the address does not matter where there are none.
///
/// # Safety
/// So many bytes are there, and nobody writes to them during `'a`.
unsafe fn bytes<'a>(at: u64, len: u64) -> &'a [u8] {
    if len == 0 {
        return &[];
    }
    // SAFETY: as the caller promises.
    unsafe { std::slice::from_raw_parts(at as usize as *const u8, len as usize) }
}

/// The part of an argument that a range of addresses is.
fn within<'a>(args: &[Value<'a>], at: u64, len: u64) -> Option<&'a [u8]> {
    let end = at.checked_add(len)?;
    args.iter().find_map(|arg| match arg {
        Value::Bytes(arg) => {
            let start = arg.as_ptr() as u64;
            if at < start {
                return None;
            }
            arg.get((at - start) as usize..(end - start) as usize)
        }
        _ => None,
    })
}
