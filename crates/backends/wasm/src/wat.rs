//! The module of a program as text, for who wants to read it.

use quintet_runtime::Linked;

use crate::module::Finished;
use crate::places::Extent;
use crate::rules;

/// The WebAssembly of a program as text, which needs no wasmtime: for a host that maps batches into the module's memory, or else for one that
/// copies them in. Functions have names, which those of the module that runs have not.
///
/// # Errors
/// When the program has more expressions than code is made of, or constants and answers that do not fit into the memory.
pub fn wat(program: &Linked, mapped: bool) -> Result<String, String> {
    let extent = if mapped { Extent::Mapped } else { Extent::Copied };
    wasmprinter::print_bytes(named(program, false, extent)?.wasm).map_err(|e| e.to_string())
}

/// The module of which functions have names.
pub(crate) fn named(program: &Linked, inside: bool, extent: Extent) -> Result<Finished, String> {
    program.fits_code().map_err(|e| e.to_string())?;
    rules::module(program, inside, extent, true).ok_or_else(|| "the constants and answers do not fit into the sandbox".into())
}
