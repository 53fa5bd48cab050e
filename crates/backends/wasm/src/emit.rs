//! Showing what a program becomes.

use quintet_runtime::{Emit, EmitError, Linked};

use crate::config::{Memory, Setup};
use crate::rules;

/// The module as text. It names functions, which the compiled one does not.
pub(crate) fn text(setup: Setup, program: &Linked, form: Emit) -> Result<String, EmitError> {
    let id = setup.id();
    if form != Emit::Wat {
        return Err(EmitError::new(id, format_args!("it makes WebAssembly (wat), and wasmtime the machine code; no {}", form.name())));
    }
    let finished = rules::module(program, setup.memory == Memory::Mapped, true);
    let finished = finished.ok_or_else(|| EmitError::new(id, "the constants and answers do not fit into the sandbox"))?;
    wasmprinter::print_bytes(finished.wasm).map_err(|e| EmitError::new(id, e))
}
