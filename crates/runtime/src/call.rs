//! Calls of a program's functions by the host: what all backends do alike about arguments and results.

use quintet_lang::Type;
use quintet_lang::ast::{FnId, Function};

use crate::backend::RunError;
use crate::linked::Linked;
use crate::owned::OwnedValue;
use crate::scratch::Scratch;
use crate::trap::{Fault, Trap};
use crate::value::Value;

/// Why a function that a host called has no results.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no such function, or it does not take these arguments; it was not run.
    #[error("{0}")]
    Arguments(String),
    /// It trapped; the next call may do better.
    #[error("{0}")]
    Trap(Fault),
    /// The instance cannot go on, or the record is of another scheme than the program.
    #[error(transparent)]
    Run(#[from] RunError),
}

/// Looks at the arguments of a call by a host, and empties `results`. Answers the function that is to be run; where an argument is nil that
/// must not be, none is, and all results are nil, as they are within the language.
///
/// # Errors
/// [`CallError::Arguments`].
#[doc(hidden)]
pub fn admit<'p>(
    linked: &'p Linked,
    id: FnId,
    args: &[Value<'_>],
    results: &mut Vec<Option<OwnedValue>>,
) -> Result<Option<&'p Function>, CallError> {
    results.clear();
    let functions = &linked.program().functions;
    let Some(function) = functions.get(id.index()).filter(|function| !function.rule) else {
        return Err(CallError::Arguments(format!("the program has no function {} that can be called", id.0)));
    };
    let params = &function.frame.locals[..function.params as usize];
    let name = &function.name;
    if params.len() != args.len() {
        let s = if params.len() == 1 { "" } else { "s" };
        return Err(CallError::Arguments(format!("`{name}` takes {} argument{s}, not {}", params.len(), args.len())));
    }
    let mut missing = false;
    for ((place, arg), param) in args.iter().enumerate().zip(params) {
        if let Type::List(..) = param.ty {
            let what = format!("`{name}` works on an array of its caller's, `{}`, which only functions of the text can have", param.name);
            return Err(CallError::Arguments(what));
        }
        if !arg.fits(&param.ty) || !arg.is_sound() {
            let what = format!("argument {} of `{name}` is `{}`, {}, and the value is of another type", place + 1, param.name, param.ty);
            return Err(CallError::Arguments(what));
        }
        missing |= arg.is_nil() && !param.nullable;
    }
    if missing {
        results.resize(function.results.len(), None);
    }
    Ok((!missing).then_some(function))
}

/// Copies results for a host. They count against the memory limit: the bytes of texts and keys, 8 for each element of an array, 16 for each
/// entry of a map.
///
/// # Errors
/// [`Trap::Memory`].
#[doc(hidden)]
pub fn hand_out<'v>(values: impl Iterator<Item = Value<'v>>, scratch: &Scratch, results: &mut Vec<Option<OwnedValue>>) -> Result<(), Trap> {
    for value in values {
        charge(&value, scratch)?;
        results.push(OwnedValue::of(&value));
    }
    Ok(())
}

/// Counts what a copy takes: the elements of an array may all be the same long text, so that the copy is far larger than what it is made
/// of.
fn charge(value: &Value<'_>, scratch: &Scratch) -> Result<(), Trap> {
    match value {
        Value::Bytes(bytes) => scratch.charge(bytes.len()),
        Value::Array(items) => {
            scratch.charge(items.len() * 8)?;
            items.iter().try_for_each(|item| charge(&item, scratch))
        }
        Value::Map(items) => {
            scratch.charge(items.len() * 16)?;
            items.iter().try_for_each(|(key, item)| scratch.charge(key.len()).and_then(|()| charge(&item, scratch)))
        }
        _ => Ok(()),
    }
}
