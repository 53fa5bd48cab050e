//! The Lua of a program, for who wants to read it.

use quintet_lang::Marked;
use quintet_runtime::Linked;

use crate::chunk::{LEGEND, chunk};
use crate::code::marked;
use crate::data::Data;

/// The Lua source of a program, which needs no LuaJIT.
///
/// # Errors
/// When the program has more expressions than code is made of.
pub fn source(program: &Linked) -> Result<String, String> {
    program.fits_code().map_err(|e| e.to_string())?;
    Ok(LEGEND.to_owned() + &chunk(program, &mut Data::default()))
}

/// The same, with what its lines stand for.
///
/// # Errors
/// As [`source`].
pub fn source_marked(program: &Linked) -> Result<Marked, String> {
    program.fits_code().map_err(|e| e.to_string())?;
    Ok(marked(&(LEGEND.to_owned() + &chunk(program, &mut Data::marked()))))
}
