//! Generated code as text. It has names where the code has addresses, so it is the same in every process.

use std::fmt::Write;

use quintet_runtime::{Emit, Linked};

use crate::compile::Jit;
use crate::unit::Unit;

/// The code of all rules, then of all functions of the program, in one form.
pub(crate) fn text(jit: &Jit, program: &Linked, form: Emit) -> Result<String, String> {
    let asm = match form {
        Emit::Clif => false,
        Emit::Asm => true,
        Emit::Wat | Emit::Lua => return Err(format!("it makes no {} of a program", form.name())),
    };
    let isa = jit.isa()?;
    let mut text = String::new();
    for (number, unit) in Unit::all(program.program()).enumerate() {
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
