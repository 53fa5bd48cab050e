//! Generated code as text. It has names where the code has addresses, so it is the same in every process.

use std::fmt::Write;

use cranelift_codegen::isa::TargetIsa;
use quintet_lang::Marked;
#[cfg(not(target_family = "wasm"))]
use quintet_runtime::Backend;
use quintet_runtime::{Emit, Linked};

#[cfg(not(target_family = "wasm"))]
use crate::compile::Jit;
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
use crate::config::STENCIL;
use crate::config::{BEST, Isas};
use crate::marks;
use crate::unit::Unit;
use crate::workspace::Workspace;

/// The code of a program by the default configuration, as [`Emit::Clif`] or [`Emit::Asm`], on hosts too where it cannot run: there it is that
/// of the x86-64 that all have.
///
/// # Errors
/// Other forms, and programs that cannot be compiled.
pub fn listing(program: &Linked, form: Emit) -> Result<Marked, String> {
    let asm = match form {
        Emit::Clif => false,
        Emit::Asm => true,
        Emit::Wat | Emit::Lua => return Err(format!("it makes no {} of a program", form.name())),
    };
    program.fits_code().map_err(|e| e.to_string())?;
    let isas = Isas::new(BEST, false)?;
    let mut workspace = Workspace::new(false);
    joined(Unit::all(program.program()).map(|unit| marked(&mut workspace, program, unit, isas.of(program, unit), asm)))
}

/// The code of all rules, then of all functions of the program, in one form.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn text(jit: &Jit, program: &Linked, form: Emit) -> Result<String, String> {
    let asm = made_of(jit, form)?;
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    if jit.id() == STENCIL {
        return crate::stencil::text(jit, program);
    }
    units(jit, program, Unit::all(program.program()), asm)
}

/// The same, with what its lines stand for. What is put together from stencils does not know.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn text_marked(jit: &Jit, program: &Linked, form: Emit) -> Result<Marked, String> {
    let asm = made_of(jit, form)?;
    #[cfg(all(target_arch = "x86_64", target_os = "linux"))]
    if jit.id() == STENCIL {
        return crate::stencil::text(jit, program).map(Marked::of);
    }
    let isas = jit.isas()?;
    let units = Unit::all(program.program());
    joined(units.map(|unit| jit.with_workspace(program, |workspace| marked(workspace, program, unit, isas.of(program, unit), asm))))
}

/// Whether a form is machine code, of those that there are.
#[cfg(not(target_family = "wasm"))]
fn made_of(jit: &Jit, form: Emit) -> Result<bool, String> {
    if jit.emits().contains(&form) { Ok(form == Emit::Asm) } else { Err(format!("it makes no {} of a program", form.name())) }
}

/// The code of some units, as machine code or in Cranelift's representation.
#[cfg(not(target_family = "wasm"))]
pub(crate) fn units<'p>(jit: &Jit, program: &'p Linked, units: impl Iterator<Item = Unit<'p>>, asm: bool) -> Result<String, String> {
    let isas = jit.isas()?;
    let one = |unit| jit.with_workspace(program, |workspace| one(workspace, program, unit, isas.of(program, unit), asm).map(Marked::of));
    joined(units.map(one)).map(|all| all.text)
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

/// The same, with what its lines stand for: the unit as a whole, where they stand for nothing smaller.
fn marked(workspace: &mut Workspace, program: &Linked, unit: Unit<'_>, isa: &dyn TargetIsa, asm: bool) -> Result<Marked, String> {
    let text = one(workspace, program, unit, isa, asm)?;
    let (context, places) = workspace.generate_marked(program, unit, isa)?;
    let (code, spans) = if asm {
        marks::asm(context, isa, &places)?
    } else {
        let (code, spans) = marks::clif(&mut context.func, &places);
        (code.lines().map(str::to_owned).collect(), spans)
    };
    let whole = unit.span(program.program());
    let mut made = Marked::default();
    let head = text.lines().count().saturating_sub(code.len());
    let same = text.lines().skip(head).eq(code.iter());
    for (number, line) in text.lines().enumerate() {
        let span = number.checked_sub(head).filter(|_| same).and_then(|at| spans.get(at).copied().flatten());
        writeln!(made, "{line}").map_err(|e| e.to_string())?;
        made.mark(span.or(whole));
    }
    Ok(made)
}

/// Texts with an empty line between.
fn joined(texts: impl Iterator<Item = Result<Marked, String>>) -> Result<Marked, String> {
    let mut all = Marked::default();
    for (number, text) in texts.enumerate() {
        if number > 0 {
            all.append(Marked::of("\n".into()));
        }
        all.append(text?);
    }
    Ok(all)
}
