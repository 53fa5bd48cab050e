//! The module of a program as text, for who wants to read it.

use std::fmt::Write;

use quintet_lang::Marked;
use quintet_runtime::Linked;
use wasmprinter::Config;

use crate::module::Finished;
use crate::places::Extent;
use crate::rules;

/// The WebAssembly of a program as text, which needs no wasmtime: for a host that maps batches into the module's memory, or else for one that
/// copies them in. Functions have names, which those of the module that runs have not.
///
/// # Errors
/// When the program has more expressions than code is made of, or constants and answers that do not fit into the memory.
pub fn wat(program: &Linked, mapped: bool) -> Result<Marked, String> {
    let extent = if mapped { Extent::Mapped } else { Extent::Copied };
    let Finished { wasm, standing, .. } = named(program, false, extent)?;
    let mut text = String::new();
    let mut made = Marked::default();
    let rules = &program.program().rules;
    // Those with statements have functions of their names too.
    let mut untitled = rules.iter().enumerate().filter(|(_, rule)| rules.len() > 1 && rule.is_expression()).peekable();
    for (offset, line) in Config::new().offsets_and_lines(&wasm, &mut text).map_err(|e| e.to_string())? {
        // Other sections have offsets too, before that of code or after it.
        let span = offset.and_then(|offset| {
            let before = standing.partition_point(|(at, _)| *at as u64 <= offset).checked_sub(1)?;
            standing.get(before)?.1
        });
        // Several stand in one function, in their order.
        if let Some((index, rule)) = untitled.next_if(|(_, rule)| span == Some(rule.span)) {
            writeln!(made, "    ;; rule {index} {:?}", rule.name).map_err(|e| e.to_string())?;
            made.mark(span);
        }
        made.write_str(line).map_err(|e| e.to_string())?;
        made.mark(span);
    }
    Ok(made)
}

/// The module of which functions have names.
pub(crate) fn named(program: &Linked, inside: bool, extent: Extent) -> Result<Finished, String> {
    program.fits_code().map_err(|e| e.to_string())?;
    rules::module(program, inside, extent, true).ok_or_else(|| "the constants and answers do not fit into the sandbox".into())
}
