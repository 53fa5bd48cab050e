//! The language of Quintet: types, schemes, parser, checker and the typed AST that every backend runs.
//!
//! A text goes through [`parse`] (a [`syntax`] tree with spans) and [`check`] (a [`Program`], typed and resolved against a
//! [`Scheme`]). The crate is pure: no I/O, no `unsafe`, and it builds for `wasm32-unknown-unknown`.
#![forbid(unsafe_code)]

pub mod ast;
mod check;
mod checked;
pub mod diagnostic;
pub mod dump;
pub mod effects;
mod fingerprint;
mod format;
pub mod intrinsic;
mod json;
mod keys;
mod lexeme;
mod lexer;
mod limits;
mod literal;
pub mod log2;
mod marked;
pub mod member;
mod names;
pub mod operator;
mod parser;
pub mod passes;
mod print;
mod project;
mod renumber;
mod same;
mod scheme;
mod scheme_toml;
pub mod signature;
pub mod state;
pub mod stdlib;
mod symbol;
pub mod syntax;
mod types;
mod unused;
pub mod validate;
mod value;
pub mod visit;

pub use ast::Program;
pub use check::{Typed, check};
pub use checked::Checked;
pub use diagnostic::{Diagnostic, Diagnostics, Mend, Severity};
pub use format::format;
pub use json::JsonError;
pub use lexeme::{Lexeme, lexemes, word};
pub use limits::{HARD_CALLS, HARD_MEMORY_BYTES, HARD_STEPS, LOOKED_AT, Limits};
pub use marked::Marked;
pub use parser::{CHAIN_SLACK, HARD_BLOCKS, HARD_NESTING, parse, parse_partly};
pub use passes::{Passes, UnknownPass, optimise, rewrite};
pub use print::{RuleText, quote};
pub use scheme::{Field, FieldId, FieldValue, FunctionId, Presence, Scheme, SchemeBuilder, SchemeError};
pub use types::{ParseTypeError, Type};
pub use validate::HARD_DEPTH;

/// Parses and checks a text.
///
/// # Errors
/// Everything that is wrong with it.
pub fn compile(source: &str, scheme: &Scheme, limits: &Limits) -> Result<Program, Diagnostics> {
    // Rules that do parse are checked even where others do not, so that everything wrong is said at once.
    let (file, findings) = parser::parse_all(source, limits);
    check::check_all(&file, scheme, limits, findings)
}

/// What is suspicious about a text that [`compile`] takes: names that are defined and never used, statements that are never reached. A text
/// that it does not take has none.
///
/// ```
/// use quintet_lang::{Scheme, warnings};
/// let scheme = Scheme::builder().build().unwrap();
/// let found = warnings("rule r { let x = 1; return true }", &scheme, &Default::default());
/// assert_eq!(found.iter().next().map(|d| d.message.as_str()), Some("`x` is never read"));
/// ```
pub fn warnings(source: &str, scheme: &Scheme, limits: &Limits) -> Diagnostics {
    let (file, diagnostics) = parser::parse_all(source, limits);
    check::check_warnings(&file, scheme, limits, diagnostics)
}

/// The types of what stands in a text, as far as it can be checked, in no order that could be relied on: what is wrong elsewhere does not
/// matter. Of an expression that is checked in several ways the last found counts.
pub fn types(source: &str, scheme: &Scheme, limits: &Limits) -> Vec<Typed> {
    check::check_types(&parser::parse_all(source, limits).0, scheme, limits)
}

/// Everything that can be said of a text at once: its errors, or else its warnings.
pub fn findings(source: &str, scheme: &Scheme, limits: &Limits) -> Diagnostics {
    let (file, diagnostics) = parser::parse_all(source, limits);
    check::check_findings(&file, scheme, limits, diagnostics)
}

/// Parses and checks one expression of any type. The program has no rule and a function without parameters that answers what the expression is
/// worth; see [`Program::value`].
///
/// # Errors
/// Everything that is wrong with the text.
///
/// ```
/// use quintet_lang::{Scheme, Type, compile_value};
/// let scheme = Scheme::builder().mandatory("x", Type::Int).build().unwrap();
/// let program = compile_value("x * 2", &scheme, &Default::default()).unwrap();
/// assert_eq!(program.value().unwrap().ty, Type::Int);
/// ```
pub fn compile_value(source: &str, scheme: &Scheme, limits: &Limits) -> Result<Program, Diagnostics> {
    let (file, findings) = parser::parse_all(source, limits);
    check::check_value(&file, scheme, limits, findings)
}
