//! Cells: values as modules are given them and answer them.

use quintet_lang::Type;
use quintet_runtime::{ArrayRef, Blob, MapRef, Memory, Scratch, Trap, Value, ip_from_words, ip_words};

use crate::instance::Linear;
use crate::places::CELL;

/// A cell: 1 where there is a value and 0 for nil, and the words of the value, of which those that its type does not have are not looked at.
///
/// | type | words |
/// |---|---|
/// | Bool, Int, Float | the value (Bool 0 or 1, Float its bits) |
/// | Bytes | address, length |
/// | Ip | family (4 or 6), high half, low half |
/// | Array, Map | address of the block, `offset | length << 32` within it |
pub(crate) type Cell = [u64; 4];

/// Where an argument's bytes lie, so that an answer which is part of them is known as such.
pub(crate) type Range = (u32, u32);

/// Elements that an array which a module answers may have.
const ELEMENTS_MOST: u64 = 1 << 20;

/// Puts an argument into a cell. Answers where its bytes are, if it is Bytes.
#[inline(always)]
pub(crate) fn put(linear: &mut Linear, cell: u32, ty: &Type, value: &Value<'_>) -> Result<Range, Trap> {
    let words = match value {
        Value::Bytes(bytes) => {
            let at = linear.lend(bytes)?;
            linear.set_cell(cell, [1, u64::from(at), bytes.len() as u64, 0]);
            return Ok((at, bytes.len() as u32));
        }
        Value::Nil => [0; 4],
        Value::Bool(b) => [1, u64::from(*b), 0, 0],
        Value::Int(i) => [1, *i as u64, 0, 0],
        Value::U32(u) => [1, u64::from(*u), 0, 0],
        Value::Float(f) => [1, f.to_bits(), 0, 0],
        Value::Ip(ip) => {
            let [family, high, low] = ip_words(*ip);
            [1, family, high, low]
        }
        Value::Array(_) | Value::Map(_) => block(linear, ty, value)?,
    };
    linear.set_cell(cell, words);
    Ok((0, 0))
}

/// The cell of an array or map, which lies in a block.
fn block(linear: &mut Linear, ty: &Type, value: &Value<'_>) -> Result<Cell, Trap> {
    if let Value::Array(ArrayRef::Stored { memory, offset, len, .. }) | Value::Map(MapRef::Stored { memory, offset, len, .. }) = value
        && let Some(at) = linear.place(whole(*memory))
    {
        return Ok([1, u64::from(at), u64::from(*offset) | u64::from(*len) << 32, 0]);
    }
    let blob = Blob::new(ty, *value).map_err(|_| Trap::Memory)?;
    let memory = Memory::new(&blob.words);
    let at = linear.copy(whole(memory))?;
    Ok([1, u64::from(at), memory.word(Blob::SLOT), 0])
}

fn whole(memory: Memory<'_>) -> &[u8] {
    memory.bytes(0, memory.words().len() * 8)
}

/// What a cell that a module has filled stands for: a value of a type, which is a part of an argument, or of the module's memory and is copied.
///
/// # Errors
/// [`Trap::ResultType`] where it is no such value, or refers to what is neither an argument's nor the module's, and [`Trap::Memory`] where a
/// copy is more than is allowed.
#[inline(always)]
pub(crate) fn take<'a>(
    linear: &Linear,
    cell: u32,
    ty: &Type,
    (args, ranges): (&[Value<'a>], &[Range]),
    scratch: &'a Scratch,
) -> Result<Value<'a>, Trap> {
    let [_, a, b, c] = linear.cell(cell);
    match ty {
        Type::Int => Ok(Value::Int(a as i64)),
        Type::Bool if a <= 1 => Ok(Value::Bool(a == 1)),
        Type::Float => Ok(Value::Float(float(a))),
        Type::Bytes => match (within((args, ranges), a, b), b) {
            (Some(part), _) => Ok(Value::Bytes(part)),
            (None, 0) => Ok(Value::Bytes(&[])),
            (None, _) => Ok(Value::Bytes(scratch.bytes(linear.own(a, b).ok_or(Trap::ResultType)?)?)),
        },
        Type::Ip if (a == 4 && b == 0 && c <= u64::from(u32::MAX)) || a == 6 => Ok(Value::Ip(ip_from_words([a, b, c]))),
        Type::Array(element) => array(linear, (a, b), element, scratch),
        Type::Bool | Type::Ip | Type::U32 | Type::Map(_) | Type::List(..) => Err(Trap::ResultType),
    }
}

/// The Float of these bits; one that is not a number is the same on every processor.
#[inline(always)]
pub(crate) fn float(bits: u64) -> f64 {
    let float = f64::from_bits(bits);
    if float.is_nan() { f64::NAN } else { float }
}

/// The part of an argument that a range of addresses is.
#[inline]
fn within<'a>((args, ranges): (&[Value<'a>], &[Range]), at: u64, len: u64) -> Option<&'a [u8]> {
    let end = at.checked_add(len)?;
    args.iter().zip(ranges).find_map(|(arg, (start, bytes))| {
        let (start, bytes) = (u64::from(*start), u64::from(*bytes));
        match arg {
            Value::Bytes(arg) if at >= start && end <= start + bytes => arg.get((at - start) as usize..(end - start) as usize),
            _ => None,
        }
    })
}

/// An array that a module answers, in its own memory.
fn array<'a>(linear: &Linear, (block, slot): (u64, u64), element: &Type, scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let (offset, len) = (slot & u64::from(u32::MAX), slot >> 32);
    if len > ELEMENTS_MOST {
        return Err(Trap::Memory);
    }
    let size = u64::from(element.words()) * 8;
    let at = block.checked_add(offset).ok_or(Trap::ResultType)?;
    let bytes = linear.own(at, len * size).ok_or(Trap::ResultType)?;
    scratch.steps(len)?;
    let mut items = Vec::with_capacity(len as usize);
    for item in bytes.chunks_exact(size as usize) {
        let mut words = [0; 3];
        for (word, bytes) in words.iter_mut().zip(item.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        let [a, b, c] = words;
        items.push(match element {
            Type::Int => Value::Int(a as i64),
            Type::Bool if a <= 1 => Value::Bool(a == 1),
            Type::Float => Value::Float(float(a)),
            Type::Ip if (a == 4 && b == 0 && c <= u64::from(u32::MAX)) || a == 6 => Value::Ip(ip_from_words(words)),
            Type::Bytes => {
                let at = block.checked_add(a & u64::from(u32::MAX)).ok_or(Trap::ResultType)?;
                Value::Bytes(scratch.bytes(linear.own(at, a >> 32).ok_or(Trap::ResultType)?)?)
            }
            _ => return Err(Trap::ResultType),
        });
    }
    Ok(Value::Array(ArrayRef::Built(scratch.values(&items)?)))
}

/// The cell after so many others.
#[inline(always)]
pub(crate) fn nth(cell: u32, n: u32) -> u32 {
    cell + n * CELL
}
