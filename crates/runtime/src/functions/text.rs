//! Functions on text and bytes.

use super::Body;
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::{ArrayRef, Value};

/// The standard function of this name.
pub(super) fn body(name: &str) -> Option<Body> {
    Some(match name {
        "lower" => |args, scratch| folded(args, scratch, <[u8]>::make_ascii_lowercase),
        "upper" => |args, scratch| folded(args, scratch, <[u8]>::make_ascii_uppercase),
        "len" => |args, _| match args {
            [Value::Bytes(b)] => Ok(Value::Int(b.len() as i64)),
            [Value::Array(a)] => Ok(Value::Int(a.len() as i64)),
            _ => Ok(Value::Nil),
        },
        "starts_with" => |args, _| match args {
            [Value::Bytes(text), Value::Bytes(prefix)] => Ok(Value::Bool(text.starts_with(prefix))),
            _ => Ok(Value::Nil),
        },
        "ends_with" => |args, _| match args {
            [Value::Bytes(text), Value::Bytes(suffix)] => Ok(Value::Bool(text.ends_with(suffix))),
            _ => Ok(Value::Nil),
        },
        "concat" => concat,
        "substring" => |args, _| match args {
            [Value::Bytes(text), Value::Int(start), Value::Int(end)] => Ok(Value::Bytes(slice(text, Some(*start), Some(*end)))),
            _ => Ok(Value::Nil),
        },
        _ => return None,
    })
}

/// The bytes from `start` up to `end`: negative counts from the end, both are clamped, and a range that ends before it starts is empty.
/// This is [`ExprKind::Slice`](quintet_lang::ast::ExprKind::Slice).
pub fn slice(text: &[u8], start: Option<i64>, end: Option<i64>) -> &[u8] {
    let place = |i: i64| {
        if i < 0 { text.len().saturating_sub(i.unsigned_abs() as usize) } else { (i as usize).min(text.len()) }
    };
    let (start, end) = (start.map_or(0, place), end.map_or(text.len(), place));
    text.get(start..end).unwrap_or_default()
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

fn concat<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    match args.iter().find(|v| !v.is_nil()) {
        Some(Value::Bytes(_)) => {
            let texts = || args.iter().filter_map(|v| if let Value::Bytes(b) = v { Some(*b) } else { None });
            let joined = scratch.buffer(texts().map(<[u8]>::len).sum())?;
            let mut at = 0;
            for text in texts() {
                joined[at..at + text.len()].copy_from_slice(text);
                at += text.len();
            }
            Ok(Value::Bytes(joined))
        }
        Some(Value::Array(_)) => {
            let arrays = args.iter().filter_map(|v| if let Value::Array(a) = v { Some(*a) } else { None });
            let items: Vec<Value<'a>> = arrays.flat_map(|a| a.iter()).collect();
            Ok(Value::Array(ArrayRef::Built(scratch.values(&items)?)))
        }
        _ => Ok(Value::Nil),
    }
}
