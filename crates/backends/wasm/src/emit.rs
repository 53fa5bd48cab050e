//! Showing what a program becomes.

use quintet_runtime::{Emit, EmitError, Linked};
use wasmtime::Module;

use crate::config::{Memory, Setup};
use crate::{disassemble, rules};

/// The module as text, or the machine code that wasmtime makes of it. Both name functions, which the compiled module does not.
pub(crate) fn text(setup: Setup, program: &Linked, form: Emit) -> Result<String, EmitError> {
    let failed = |e: &dyn std::fmt::Display| EmitError::new(setup.id(), e);
    let asm = match form {
        Emit::Wat => false,
        Emit::Asm => true,
        Emit::Clif | Emit::Lua => {
            return Err(failed(&format_args!("it makes WebAssembly (wat) and machine code (asm); no {}", form.name())));
        }
    };
    let finished = rules::module(program, setup.compiler, setup.memory == Memory::Mapped, true);
    let finished = finished.ok_or_else(|| failed(&"the constants and answers do not fit into the sandbox"))?;
    if !asm {
        return wasmprinter::print_bytes(finished.wasm).map_err(|e| failed(&e));
    }
    let shared = setup.shared().map_err(|e| failed(&e))?;
    let module = Module::from_binary(&shared.engine, &finished.wasm).map_err(|e| failed(&format_args!("{e:#}")))?;
    disassemble::text(setup, &module).map_err(|e| failed(&e))
}
