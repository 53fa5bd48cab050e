//! Showing what a program becomes.

use quintet_lang::Marked;
use quintet_runtime::{Emit, EmitError, Linked};
use wasmtime::Module;

use crate::config::{Memory, Setup};
use crate::disassemble;
use crate::stack::inlines;
use crate::wat::{named, wat};

/// The module as text, or the machine code that wasmtime makes of it, of which no line knows what it stands for. Both name functions, which the
/// compiled module does not.
pub(crate) fn text(setup: Setup, program: &Linked, form: Emit) -> Result<Marked, EmitError> {
    let failed = |e: &dyn std::fmt::Display| EmitError::new(setup.id(), e);
    let asm = match form {
        Emit::Wat => false,
        Emit::Asm => true,
        Emit::Clif | Emit::Lua => {
            return Err(failed(&format_args!("it makes WebAssembly (wat) and machine code (asm); no {}", form.name())));
        }
    };
    if !asm {
        return wat(program, setup.memory == Memory::Mapped).map_err(|e| failed(&e));
    }
    let finished = named(program, setup.compiler.is_one_pass(), setup.memory.extent()).map_err(|e| failed(&e))?;
    let shared = setup.shared(inlines(program, &finished.frames)).map_err(|e| failed(&e))?;
    let module = Module::from_binary(&shared.engine, &finished.wasm).map_err(|e| failed(&format_args!("{e:#}")))?;
    disassemble::text(setup, &module).map(Marked::of).map_err(|e| failed(&e))
}
