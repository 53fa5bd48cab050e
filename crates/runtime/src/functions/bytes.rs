//! What scripts of intrusion detection compute of bytes: checksums, entropy, a rotating key, hexadecimal, compressed data.

use std::io::Read;
use std::sync::Arc;

use flate2::read::{DeflateDecoder, GzDecoder, ZlibDecoder};
use quintet_lang::ast::Site;
use quintet_lang::log2::log2;

use super::Function;
use super::standard::{flags, prepared};
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::Value;

/// Bytes of uncompressed data that are made at a time; so many at most are made beyond the limit.
const CHUNK: usize = 16 << 10;

pub(super) fn find<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text), Value::Bytes(part), Value::Int(from)] = args else { return Ok(Value::Nil) };
    let from = usize::try_from(*from).ok().filter(|from| *from <= text.len());
    let found = from.and_then(|from| memchr::memmem::find(&text[from..], part).map(|at| from + at));
    Ok(found.map_or(Value::Nil, |at| Value::Int(at as i64)))
}

pub(super) fn xor_bytes<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text), Value::Bytes(key)] = args else { return Ok(Value::Nil) };
    if key.is_empty() {
        return Ok(Value::Bytes(text));
    }
    let made = scratch.buffer(text.len())?;
    for (to, (from, key)) in made.iter_mut().zip(text.iter().zip(key.iter().cycle())) {
        *to = from ^ key;
    }
    Ok(Value::Bytes(made))
}

pub(super) fn sum_bytes<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text)] = args else { return Ok(Value::Nil) };
    Ok(Value::Int(text.iter().map(|byte| i64::from(*byte)).sum()))
}

pub(super) fn entropy<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text)] = args else { return Ok(Value::Nil) };
    let mut counts = [0u64; 256];
    text.iter().for_each(|byte| counts[usize::from(*byte)] += 1);
    let share = |count: u64| count as f64 / text.len() as f64;
    // In order of the bytes, so that the last bit is the same everywhere.
    let bits = counts.iter().filter(|count| **count > 0).fold(0.0, |sum, count| sum - share(*count) * log2(share(*count)));
    // Of one byte alone the sum is -0.
    Ok(Value::Float(if bits > 0.0 { bits } else { 0.0 }))
}

pub(super) fn crc32<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text)] = args else { return Ok(Value::Nil) };
    Ok(Value::Int(i64::from(crc32fast::hash(text))))
}

pub(super) fn adler32<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text)] = args else { return Ok(Value::Nil) };
    Ok(Value::Int(i64::from(adler2::adler32_slice(text))))
}

pub(super) fn encode_hex<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text)] = args else { return Ok(Value::Nil) };
    let digit = |half: u8| b"0123456789abcdef"[usize::from(half & 15)];
    let made = scratch.buffer(text.len().saturating_mul(2))?;
    for (pair, byte) in made.chunks_exact_mut(2).zip(text.iter()) {
        pair.copy_from_slice(&[digit(byte >> 4), digit(*byte)]);
    }
    Ok(Value::Bytes(made))
}

pub(super) fn decode_hex<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text)] = args else { return Ok(Value::Nil) };
    if text.len() % 2 == 1 {
        return Ok(Value::Nil);
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    let made = scratch.buffer(text.len() / 2)?;
    for (to, pair) in made.iter_mut().zip(text.chunks_exact(2)) {
        let (Some(high), Some(low)) = (digit(pair[0]), digit(pair[1])) else { return Ok(Value::Nil) };
        *to = high << 4 | low;
    }
    Ok(Value::Bytes(made))
}

pub(super) fn inflate(site: &Site) -> Result<Arc<dyn Function>, String> {
    let flags = flags(site, 1, &[(b'r', "raw DEFLATE"), (b'g', "gzip")])?;
    let (raw, gzip) = (flags.contains(&b'r'), flags.contains(&b'g'));
    if raw && gzip {
        return Err("the flags \"r\" and \"g\" exclude each other".into());
    }
    prepared(move |args, scratch| {
        let Some(Value::Bytes(packed)) = args.first() else { return Ok(Value::Nil) };
        match (raw, gzip) {
            (true, _) => unpacked(DeflateDecoder::new(*packed), scratch),
            (_, true) => unpacked(GzDecoder::new(*packed), scratch),
            _ => unpacked(ZlibDecoder::new(*packed), scratch),
        }
    })
}

/// All that a reader has; nil where it is malformed. Each chunk counts against the limits before the next is made, so that little data that
/// stands for much ends at them.
fn unpacked<'a>(mut reader: impl Read, scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let (mut whole, mut chunk) = (Vec::new(), [0; CHUNK]);
    loop {
        match reader.read(&mut chunk) {
            Ok(0) => break,
            Ok(len) => {
                scratch.steps((len / 16) as u64)?;
                scratch.charge(len)?;
                whole.extend_from_slice(&chunk[..len]);
            }
            Err(_) => return Ok(Value::Nil),
        }
    }
    // What was charged for the pieces is charged for the whole.
    scratch.discharge(whole.len());
    Ok(Value::Bytes(scratch.bytes(&whole)?))
}
