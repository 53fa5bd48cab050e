//! Generated code as text. It has names where the code has addresses, so it is the same in every process.

use std::fmt::Write;

use quintet_runtime::{Backend, Emit, Linked};

use crate::compile::Jit;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use crate::config::STENCIL;
use crate::unit::Unit;

/// The code of all rules, then of all functions of the program, in one form.
pub(crate) fn text(jit: &Jit, program: &Linked, form: Emit) -> Result<String, String> {
    if !jit.emits().contains(&form) {
        return Err(format!("it makes no {} of a program", form.name()));
    }
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    if jit.id() == STENCIL {
        return crate::stencil::text(jit, program);
    }
    let asm = form == Emit::Asm;
    units(jit, program, Unit::all(program.program()), asm)
}

/// The code of some units, as machine code or in Cranelift's representation.
pub(crate) fn units<'p>(jit: &Jit, program: &'p Linked, units: impl Iterator<Item = Unit<'p>>, asm: bool) -> Result<String, String> {
    let isa = jit.isa()?;
    let mut text = String::new();
    for (number, unit) in units.enumerate() {
        let name = unit.title(program.program());
        let (legend, code) = jit.with_workspace(program, |workspace| {
            let code = if asm {
                let context = workspace.compile(program, unit, isa, true)?;
                context.compiled_code().and_then(|c| c.vcode.clone()).ok_or("nothing was compiled")?
            } else {
                workspace.generate(program, unit, isa)?.func.display().to_string()
            };
            Ok::<_, String>((workspace.legend(), code))
        })?;
        if number > 0 {
            text.push('\n');
        }
        write!(text, "; {name}\n{legend}{code}").map_err(|e| e.to_string())?;
    }
    Ok(text)
}
