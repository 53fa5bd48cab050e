//! What arrays of scripts take, and how they grow: alike on all backends, so that they end at the limit of memory in the same place.
//!
//! A function's fixed arrays are charged when it is called, before it does anything, and growing ones when they grow; what a function's arrays
//! were charged is taken back when it returns. An array that was passed to it is its caller's.

use quintet_lang::Type;
use quintet_lang::ast::{Frame, Function};

/// Elements of a growing array when it first grows, unless it is filled with more at once.
const FIRST: usize = 8;

/// The most elements that an array can have.
pub const LIST_MOST: usize = 1 << 28;

/// Bytes that an element is charged with.
pub fn element_bytes(element: &Type) -> usize {
    match element {
        Type::U32 => 4,
        Type::Bytes => 16,
        Type::Ip => 24,
        Type::Bool | Type::Int | Type::Float | Type::Array(_) | Type::Map(_) | Type::List(..) => 8,
    }
}

/// Room for how many elements a growing array has after it has grown by one beyond `room`.
pub fn grown(room: usize) -> usize {
    room.saturating_mul(2).max(FIRST)
}

/// What is charged for the fixed arrays of a frame, beyond its `params`.
pub fn fixed_bytes(frame: &Frame, params: usize) -> usize {
    let own = frame.locals.iter().skip(params);
    let bytes = own.map(|local| match &local.ty {
        Type::List(element, Some(len)) => element_bytes(element).saturating_mul(*len as usize),
        _ => 0,
    });
    bytes.fold(0, usize::saturating_add)
}

/// What is charged when a function is called.
pub fn call_bytes(function: &Function) -> usize {
    fixed_bytes(&function.frame, function.params as usize)
}
