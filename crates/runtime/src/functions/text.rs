//! Functions on text and bytes.

use std::fmt::Write;
use std::sync::Arc;

use memchr::memmem::{self, Finder};
use quintet_lang::ast::Site;
use quintet_lang::stdlib::SPLIT_MOST;

use super::Function;
use super::standard::{bytes, constant, int_within, prepared};
use crate::matchers::Searcher;
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::{ArrayRef, Value};

pub(super) fn lower<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    folded(args, scratch, <[u8]>::make_ascii_lowercase)
}

pub(super) fn upper<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    folded(args, scratch, <[u8]>::make_ascii_uppercase)
}

fn folded<'a>(args: &[Value<'a>], scratch: &'a Scratch, fold: fn(&mut [u8])) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text)] = args else {
        return Ok(Value::Nil);
    };
    let copy = scratch.buffer(text.len())?;
    copy.copy_from_slice(text);
    fold(copy);
    Ok(Value::Bytes(copy))
}

pub(super) fn len<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    Ok(match args {
        [Value::Bytes(b)] => Value::Int(b.len() as i64),
        [Value::Array(a)] => Value::Int(a.len() as i64),
        _ => Value::Nil,
    })
}

pub(super) fn starts_with<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    Ok(match args {
        [Value::Bytes(text), Value::Bytes(prefix)] => Value::Bool(text.starts_with(prefix)),
        _ => Value::Nil,
    })
}

pub(super) fn ends_with<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    Ok(match args {
        [Value::Bytes(text), Value::Bytes(suffix)] => Value::Bool(text.ends_with(suffix)),
        _ => Value::Nil,
    })
}

pub(super) fn contains(site: &Site) -> Result<Arc<dyn Function>, String> {
    if let Ok(needle) = bytes(site, 1) {
        let searcher = Searcher::new(needle);
        return prepared(move |args, _| {
            Ok(if let [Value::Bytes(text), _] = args { Value::Bool(searcher.is_in(text)) } else { Value::Nil })
        });
    }
    prepared(|args, _| {
        Ok(match args {
            [Value::Bytes(text), Value::Bytes(needle)] => Value::Bool(memmem::find(text, needle).is_some()),
            _ => Value::Nil,
        })
    })
}

pub(super) fn substring<'a>(args: &[Value<'a>], _: &'a Scratch) -> Result<Value<'a>, Trap> {
    Ok(match args {
        [Value::Bytes(text), Value::Int(start), Value::Int(end)] => Value::Bytes(slice(text, Some(*start), Some(*end))),
        _ => Value::Nil,
    })
}

/// The bytes from `start` up to `end`: negative counts from the end, both are clamped, and a range that ends before it starts is empty.
/// This is [`ExprKind::Slice`](quintet_lang::ast::ExprKind::Slice).
pub fn slice(text: &[u8], start: Option<i64>, end: Option<i64>) -> &[u8] {
    let place = |i: i64| {
        // What no address can count is more than there are.
        let far = usize::try_from(i.unsigned_abs()).unwrap_or(usize::MAX);
        if i < 0 { text.len().saturating_sub(far) } else { far.min(text.len()) }
    };
    let (start, end) = (start.map_or(0, place), end.map_or(text.len(), place));
    text.get(start..end).unwrap_or_default()
}

pub(super) fn concat<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    match args.iter().find(|v| !v.is_nil()) {
        Some(Value::Bytes(_)) => Ok(Value::Bytes(glued(args.iter().filter_map(text), scratch)?)),
        Some(Value::Array(_)) => {
            let arrays = args.iter().filter_map(|v| if let Value::Array(a) = v { Some(*a) } else { None });
            let len = arrays.clone().map(|a| a.len()).sum();
            Ok(Value::Array(ArrayRef::Built(scratch.values_from(len, arrays.flat_map(|a| a.iter()))?)))
        }
        _ => Ok(Value::Nil),
    }
}

fn text<'a>(value: &Value<'a>) -> Option<&'a [u8]> {
    if let Value::Bytes(text) = value { Some(text) } else { None }
}

/// The parts one after another.
pub(super) fn glued<'p, 'a>(parts: impl Iterator<Item = &'p [u8]> + Clone, scratch: &'a Scratch) -> Result<&'a [u8], Trap> {
    let whole = scratch.buffer(parts.clone().map(<[u8]>::len).sum())?;
    let mut at = 0;
    for part in parts {
        whole[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    Ok(whole)
}

pub(super) fn split(site: &Site) -> Result<Arc<dyn Function>, String> {
    let separator = bytes(site, 1)?;
    if separator.is_empty() {
        return Err("the separator is empty; give what stands between the pieces, such as \",\"".into());
    }
    let finder = Finder::new(separator).into_owned();
    let most = int_within(site, 2, "the limit", 1, SPLIT_MOST)? as usize;
    prepared(move |args, scratch| {
        let Some(mut rest) = args.first().and_then(text) else { return Ok(Value::Nil) };
        let mut pieces = Vec::new();
        while pieces.len() + 1 < most
            && let Some(at) = finder.find(rest)
        {
            pieces.push(Value::Bytes(&rest[..at]));
            rest = &rest[at + finder.needle().len()..];
        }
        pieces.push(Value::Bytes(rest));
        Ok(Value::Array(ArrayRef::Built(scratch.values(&pieces)?)))
    })
}

pub(super) fn join<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Array(array), Value::Bytes(separator)] = args else { return Ok(Value::Nil) };
    if array.len() == 1 {
        return Ok(array.get(0));
    }
    let between = |i| if i > 0 { *separator } else { &[] };
    let parts = (0..array.len()).flat_map(|i| [between(i), text(&array.get(i)).unwrap_or_default()]);
    Ok(Value::Bytes(glued(parts, scratch)?))
}

pub(super) fn to_string<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let mut text = Short::default();
    // `Short` has room for all of these.
    let _ = match args {
        [Value::Bool(b)] => return Ok(Value::Bytes(if *b { b"true" } else { b"false" })),
        [Value::Int(i)] => write!(text, "{i}"),
        [Value::Float(f)] => write!(text, "{f:?}"),
        [Value::Ip(ip)] => write!(text, "{ip}"),
        _ => return Ok(Value::Nil),
    };
    Ok(Value::Bytes(scratch.bytes(&text.bytes[..text.len])?))
}

/// A short text; the longest that is needed is an IPv6 address of 45 characters.
struct Short {
    bytes: [u8; 64],
    len: usize,
}

impl Default for Short {
    fn default() -> Short {
        Short { bytes: [0; 64], len: 0 }
    }
}

impl Write for Short {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        let end = self.len + s.len();
        self.bytes.get_mut(self.len..end).ok_or(std::fmt::Error)?.copy_from_slice(s.as_bytes());
        self.len = end;
        Ok(())
    }
}

pub(super) fn remove_bytes(site: &Site) -> Result<Arc<dyn Function>, String> {
    if let Some(Value::Bytes(unwanted)) = constant(site, 1) {
        let table = members(unwanted);
        return prepared(move |args, scratch| match args {
            [Value::Bytes(text), _] => without(text, &table, scratch),
            _ => Ok(Value::Nil),
        });
    }
    prepared(|args, scratch| match args {
        [Value::Bytes(text), Value::Bytes(unwanted)] => without(text, &members(unwanted), scratch),
        _ => Ok(Value::Nil),
    })
}

/// Which bytes occur.
fn members(bytes: &[u8]) -> [bool; 256] {
    let mut table = [false; 256];
    for byte in bytes {
        table[usize::from(*byte)] = true;
    }
    table
}

fn without<'a>(text: &'a [u8], unwanted: &[bool; 256], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let kept = text.iter().filter(|b| !unwanted[usize::from(**b)]);
    let count = kept.clone().count();
    if count == text.len() {
        return Ok(Value::Bytes(text));
    }
    let copy = scratch.buffer(count)?;
    for (to, from) in copy.iter_mut().zip(kept) {
        *to = *from;
    }
    Ok(Value::Bytes(copy))
}

pub(super) fn remove_query_args<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(query), names @ ..] = args else { return Ok(Value::Nil) };
    let wanted = |argument: &&[u8]| {
        let name = &argument[..memchr::memchr(b'=', argument).unwrap_or(argument.len())];
        !names.iter().any(|n| text(n) == Some(name))
    };
    let arguments = query.split(|b| *b == b'&');
    if arguments.clone().all(|a| wanted(&a)) {
        return Ok(Value::Bytes(query));
    }
    let between = |i| if i > 0 { b"&".as_slice() } else { &[] };
    let parts = arguments.filter(wanted).enumerate().flat_map(|(i, argument)| [between(i), argument]);
    Ok(Value::Bytes(glued(parts, scratch)?))
}
