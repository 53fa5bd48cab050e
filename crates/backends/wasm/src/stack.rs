//! How much of the native stack calls of a script's functions take.

use quintet_runtime::Linked;
use wasm_encoder::ValType;

/// Bytes of native stack that WebAssembly may take: half of what threads usually have.
pub(crate) const NATIVE_STACK: usize = 1 << 20;

/// Bytes of it that are left for what is no function of a script.
const RESERVE: u64 = 64 << 10;

/// Bytes of a frame beside the locals: what is kept for the caller, and values on their way.
const FRAME: u64 = 256;

/// The most that a function's frame takes, by its locals: a compiler keeps no more than these.
pub(crate) fn frame_bytes(locals: &[ValType], params: usize) -> u64 {
    let wide = locals.iter().filter(|ty| **ty == ValType::V128).count();
    FRAME + (locals.len() + wide + params) as u64 * 8
}

/// Whether calls of the functions, whose frames take so many bytes, may take more stack than there is, however they call one another. Answers
/// the bytes, and the function that takes most of them.
pub(crate) fn too_deep<'p>(linked: &'p Linked, frames: &[u64]) -> Option<(u64, &'p str)> {
    let (most, widest) = linked.plan().deepest(frames)?;
    (most + RESERVE > NATIVE_STACK as u64).then(|| (most, linked.program().functions[widest.index()].name.as_str()))
}
