//! Generated code as text. It has names where the code has addresses, so it is the same in every process.

use std::fmt::Write;

use cranelift_codegen::isa::TargetIsa;
#[cfg(not(target_family = "wasm"))]
use quintet_runtime::Backend;
use quintet_runtime::{Emit, Linked};

#[cfg(not(target_family = "wasm"))]
use crate::compile::Jit;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use crate::config::STENCIL;
use crate::config::{self, BEST};
use crate::unit::Unit;
use crate::workspace::Workspace;

/// The code of a program by the default configuration, as [`Emit::Clif`] or [`Emit::Asm`], on hosts too where it cannot run: there it is that
/// of the x86-64 that all have.
///
/// # Errors
/// Other forms, and programs that cannot be compiled.
pub fn listing(program: &Linked, form: Emit) -> Result<String, String> {
    let asm = match form {
        Emit::Clif => false,
        Emit::Asm => true,
        Emit::Wat | Emit::Lua => return Err(format!("it makes no {} of a program", form.name())),
    };
    program.fits_code().map_err(|e| e.to_string())?;
    let isa = config::isa(BEST, false)?;
    let mut workspace = Workspace::new(false);
    joined(Unit::all(program.program()).map(|unit| one(&mut workspace, program, unit, &*isa, asm)))
}

/// The code of all rules, then of all functions of the program, in one form.
#[cfg(not(target_family = "wasm"))]
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
#[cfg(not(target_family = "wasm"))]
pub(crate) fn units<'p>(jit: &Jit, program: &'p Linked, units: impl Iterator<Item = Unit<'p>>, asm: bool) -> Result<String, String> {
    let isa = jit.isa()?;
    joined(units.map(|unit| jit.with_workspace(program, |workspace| one(workspace, program, unit, isa, asm))))
}

/// The code of a unit under its name.
fn one(workspace: &mut Workspace, program: &Linked, unit: Unit<'_>, isa: &dyn TargetIsa, asm: bool) -> Result<String, String> {
    let code = if asm {
        let context = workspace.compile(program, unit, isa, true)?;
        context.compiled_code().and_then(|c| c.vcode.clone()).ok_or("nothing was compiled")?
    } else {
        workspace.generate(program, unit, isa)?.func.display().to_string()
    };
    Ok(format!("; {}\n{}{code}", unit.title(program.program()), workspace.legend()))
}

/// Texts with an empty line between.
fn joined(texts: impl Iterator<Item = Result<String, String>>) -> Result<String, String> {
    let mut all = String::new();
    for (number, text) in texts.enumerate() {
        let between = if number > 0 { "\n" } else { "" };
        write!(all, "{between}{}", text?).map_err(|e| e.to_string())?;
    }
    Ok(all)
}
