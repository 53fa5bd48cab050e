//! Calling functions: the one place through which every backend does.

use std::fmt;
use std::sync::Arc;

use quintet_lang::Type;

use super::Function;
use super::caught::caught;
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::{ArrayRef, MapRef, Value};

/// A function at one place in a program. Whatever the function does, a call ends with a value of the type that its signature says, with nil
/// where the signature says that it may be, or with a trap.
#[derive(Clone)]
pub struct BoundFunction {
    function: Arc<dyn Function>,
    result: Type,
    may_be_nil: bool,
}

impl fmt::Debug for BoundFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BoundFunction").field("result", &self.result).finish_non_exhaustive()
    }
}

impl BoundFunction {
    pub(crate) fn new(function: Arc<dyn Function>, result: Type, may_be_nil: bool) -> BoundFunction {
        BoundFunction { function, result, may_be_nil }
    }

    /// Calls the function. Counts the steps of the call, and what a copy of an array or map that it answers takes, or of a text that is
    /// neither part of an argument nor was made in scratch memory. Entries of maps come back in byte order of their keys; of several with
    /// one key the last is kept.
    ///
    /// # Errors
    /// The function's own trap, [`Trap::Panic`] where it panicked, [`Trap::ResultType`] where it answered a value that is not of its result's
    /// type or that is no value at all, or nil although its signature says that it never does, and [`Trap::Budget`] and [`Trap::Memory`] as the limits say.
    #[inline]
    pub fn call<'a>(&self, args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        scratch.steps(steps(args))?;
        let before = scratch.used();
        // What the function shares with others is its own to keep whole; scratch memory is reset before the next rule. Its answer is written
        // where it is read: one that is copied as a whole right after its parts were written makes the processor wait.
        let mut answer = Err(Trap::Panic);
        if caught(|| answer = self.function.call(args, scratch)).is_none() {
            return Err(Trap::Panic);
        }
        match (&answer, &self.result) {
            (Err(trap), _) => Err(*trap),
            (Ok(Value::Nil), _) if self.may_be_nil => Ok(Value::Nil),
            (Ok(Value::Bool(b)), Type::Bool) => Ok(Value::Bool(*b)),
            (Ok(Value::Int(i)), Type::Int) => Ok(Value::Int(*i)),
            (Ok(Value::Float(f)), Type::Float) => Ok(Value::Float(*f)),
            (Ok(Value::Ip(ip)), Type::Ip) => Ok(Value::Ip(*ip)),
            (Ok(Value::Bytes(text)), Type::Bytes) => {
                if text.len() > scratch.used().saturating_sub(before) && !args.iter().any(|arg| holds(arg, text)) {
                    scratch.charge(text.len())?;
                }
                Ok(Value::Bytes(text))
            }
            (Ok(value), ty) => self.compound(*value, ty, scratch),
        }
    }

    fn compound<'a>(&self, value: Value<'a>, ty: &Type, scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        if value.is_nil() || !value.fits(ty) || !value.is_sound() {
            return Err(Trap::ResultType);
        }
        let value = if has_maps(ty) { in_order(value, scratch)? } else { value };
        scratch.charge_copy(&value)?;
        Ok(value)
    }
}

/// Steps that a call with these arguments takes, beside those that the function counts itself.
#[inline]
fn steps(args: &[Value<'_>]) -> u64 {
    let (mut bytes, mut elements) = (0, 0);
    for arg in args {
        match arg {
            Value::Bytes(text) => bytes += text.len() as u64,
            Value::Array(array) => elements += array.len() as u64,
            Value::Map(map) => elements += map.len() as u64,
            Value::Nil | Value::Bool(_) | Value::Int(_) | Value::U32(_) | Value::Float(_) | Value::Ip(_) => {}
        }
    }
    1 + bytes / 16 + elements
}

/// Whether a text is part of a value, by where it lies.
fn holds(value: &Value<'_>, text: &[u8]) -> bool {
    let within = |whole: &[u8]| {
        let (outer, inner) = (whole.as_ptr_range(), text.as_ptr_range());
        outer.start <= inner.start && inner.end <= outer.end
    };
    match value {
        Value::Bytes(whole) => within(whole),
        Value::Array(items) => items.iter().any(|item| holds(&item, text)),
        Value::Map(entries) => entries.iter().any(|(key, item)| within(key) || holds(&item, text)),
        Value::Nil | Value::Bool(_) | Value::Int(_) | Value::U32(_) | Value::Float(_) | Value::Ip(_) => false,
    }
}

/// Whether there are maps in values of a type.
fn has_maps(ty: &Type) -> bool {
    match ty {
        Type::Map(_) => true,
        Type::Array(element) => has_maps(element),
        Type::Bool | Type::Int | Type::U32 | Type::Float | Type::Bytes | Type::Ip | Type::List(..) => false,
    }
}

/// The same value with the entries of all maps in order of their keys.
fn in_order<'a>(value: Value<'a>, scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    Ok(match value {
        Value::Map(map) => {
            let mut entries = Vec::with_capacity(map.len());
            for (key, item) in map.iter() {
                entries.push((key, in_order(item, scratch)?));
            }
            // Later entries come first among equals, and the first is kept.
            entries.reverse();
            entries.sort_by_key(|(key, _)| *key);
            entries.dedup_by_key(|(key, _)| *key);
            Value::Map(MapRef::Built(scratch.pairs(&entries)?))
        }
        Value::Array(array) => {
            let mut items = Vec::with_capacity(array.len());
            for item in array.iter() {
                items.push(in_order(item, scratch)?);
            }
            Value::Array(ArrayRef::Built(scratch.values(&items)?))
        }
        value => value,
    })
}
