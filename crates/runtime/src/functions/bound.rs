//! Calling functions: the one place through which every backend does.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use quintet_lang::Type;

use super::Function;
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::{ArrayRef, MapRef, Value};

/// A function at one place in a program. Whatever the function does, a call ends with a value of the type that its signature says, with nil,
/// or with a trap.
#[derive(Clone)]
pub struct BoundFunction {
    function: Arc<dyn Function>,
    result: Type,
}

impl BoundFunction {
    pub(crate) fn new(function: Arc<dyn Function>, result: Type) -> BoundFunction {
        BoundFunction { function, result }
    }

    /// Calls the function. Counts the steps of the call, and what a copy of an array or map that it answers takes. Entries of maps come back
    /// in byte order of their keys; of several with one key the last is kept.
    ///
    /// # Errors
    /// The function's own trap, [`Trap::Panic`] where it panicked, [`Trap::ResultType`] where it answered a value that is not of its result's
    /// type or that is no value at all, and [`Trap::Budget`] and [`Trap::Memory`] as the limits say.
    #[inline]
    pub fn call<'a>(&self, args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        scratch.steps(steps(args))?;
        // What the function shares with others is its own to keep whole; scratch memory is reset before the next rule.
        let value = catch_unwind(AssertUnwindSafe(|| self.function.call(args, scratch))).unwrap_or(Err(Trap::Panic))?;
        match (&value, &self.result) {
            (Value::Nil, _)
            | (Value::Bool(_), Type::Bool)
            | (Value::Int(_), Type::Int)
            | (Value::Float(_), Type::Float)
            | (Value::Bytes(_), Type::Bytes)
            | (Value::Ip(_), Type::Ip) => Ok(value),
            (_, ty) => self.compound(value, ty, scratch),
        }
    }

    fn compound<'a>(&self, value: Value<'a>, ty: &Type, scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        if !value.fits(ty) || !value.is_sound() {
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
            Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Ip(_) => {}
        }
    }
    1 + bytes / 16 + elements
}

/// Whether there are maps in values of a type.
fn has_maps(ty: &Type) -> bool {
    match ty {
        Type::Map(_) => true,
        Type::Array(element) => has_maps(element),
        Type::Bool | Type::Int | Type::Float | Type::Bytes | Type::Ip => false,
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
