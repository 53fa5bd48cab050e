//! Rules and schemes that a command line names.

use std::path::Path;

use quintet::lang::Diagnostics;
use quintet::{Engine, Program, Scheme};
use quintet_inputs::{Format, schemes};

use crate::args::{FormatArg, SchemeArgs};
use crate::failure::Failure;
use crate::lists::{self, ListArgs};
use crate::render;

/// What rules that stand on the command line are called in messages.
pub const EXPRESSION: &str = "expression";

/// The text of rules and what to call it in messages.
pub struct Source {
    pub name: String,
    pub text: String,
}

impl Source {
    /// The text of the file that `rules` names, or `rules` itself where there is no such file.
    pub fn new(rules: &str) -> Result<Source, Failure> {
        let path = Path::new(rules);
        if path.is_file() {
            let bytes = std::fs::read(path).map_err(|e| Failure::unusable(format!("{rules}: {e}")))?;
            let text = String::from_utf8(bytes).map_err(|e| {
                let at = e.utf8_error().valid_up_to();
                Failure::unusable(format!("{rules}: byte {at} is not UTF-8; write bytes in strings as \\xHH"))
            })?;
            return Ok(Source { name: rules.into(), text });
        }
        let like_a_path = rules.ends_with(".rules") || (rules.contains('/') && !rules.contains([' ', '"', '(']));
        if like_a_path {
            return Err(Failure::unusable(format!("{rules}: no such file (and it does not look like an expression)")));
        }
        Ok(Source { name: EXPRESSION.into(), text: rules.into() })
    }

    /// The same for what is an expression unless a file has this name; `a/b` is one.
    pub fn expression(text: &str) -> Result<Source, Failure> {
        if Path::new(text).is_file() { Source::new(text) } else { Ok(Source { name: "expression".into(), text: text.into() }) }
    }

    /// Prints what is wrong with the rules and answers the failure.
    pub fn wrong(&self, diagnostics: &Diagnostics) -> Failure {
        render::diagnostics(&self.name, &self.text, diagnostics);
        Failure::found("")
    }
}

impl FormatArg {
    pub fn format(self) -> Format {
        match self {
            FormatArg::Pcap => Format::Packets,
            FormatArg::Http => Format::Http,
            FormatArg::Jsonl => Format::JsonLines,
        }
    }
}

/// The scheme of a file.
fn read_scheme(engine: &Engine, path: &Path) -> Result<Scheme, Failure> {
    let text = std::fs::read_to_string(path).map_err(|e| Failure::unusable(format!("{}: {e}", path.display())))?;
    Scheme::from_toml(&text, engine.library().signatures()).map_err(|e| Failure::unusable(format!("{}: {e}", path.display())))
}

/// The scheme that the flags name, for records of `format`.
pub fn scheme(engine: &Engine, args: &SchemeArgs, format: Format) -> Result<Scheme, Failure> {
    match &args.scheme {
        Some(path) => read_scheme(engine, path),
        None => schemes::of(format, engine.library().signatures())
            .ok_or_else(|| Failure::unusable("JSON lines need --scheme FILE, which names the fields and their types")),
    }
}

/// The rules checked against the scheme that the flags name; without flags, against the first ready-made scheme that has their fields.
pub fn check(engine: &Engine, source: &Source, args: &SchemeArgs, lists: &ListArgs) -> Result<(Program, &'static str), Failure> {
    let lists = lists.read()?;
    if args.scheme.is_some() || args.format.is_some() {
        let format = args.format.map_or(Format::JsonLines, FormatArg::format);
        let scheme = scheme(engine, args, format)?;
        let name = if args.scheme.is_some() { "the given scheme" } else { format.name() };
        lists::fill(engine, &lists, &source.text, &scheme)?;
        return engine.check_projected(&source.text, &scheme).map(|p| (p, name)).map_err(|d| source.wrong(&d));
    }
    let mut best: Option<Diagnostics> = None;
    for format in [Format::Packets, Format::Http] {
        let Some(scheme) = schemes::of(format, engine.library().signatures()) else { continue };
        lists::fill(engine, &lists, &source.text, &scheme)?;
        match engine.check_projected(&source.text, &scheme) {
            Ok(program) => return Ok((program, format.name())),
            Err(d) if best.as_ref().is_none_or(|b| d.len() < b.len()) => best = Some(d),
            Err(_) => {}
        }
    }
    Err(best.map_or_else(|| Failure::unusable("this build has no ready-made scheme"), |d| source.wrong(&d)))
}
