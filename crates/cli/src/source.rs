//! Rules and schemes that a command line names.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use quintet::backend::Linked;
use quintet::lang::diagnostic::nearest;
use quintet::lang::{Diagnostic, Diagnostics};
use quintet::{Engine, Program, Scheme};
use quintet_inputs::{Format, Input, schemes};

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
    /// The text of the file that `rules` names (`-`: standard input), or `rules` itself where there is no such file.
    pub fn new(rules: &str) -> Result<Source, Failure> {
        let path = Path::new(rules);
        let named = |name: &str, bytes: std::io::Result<Vec<u8>>| {
            let bytes = bytes.map_err(|e| Failure::unusable(format!("{name}: {e}")))?;
            let text = String::from_utf8(bytes).map_err(|e| {
                let at = e.utf8_error().valid_up_to();
                Failure::unusable(format!("{name}: byte {at} is not UTF-8; write bytes in strings as \\xHH"))
            })?;
            Ok(Source { name: name.into(), text })
        };
        if rules == "-" {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut bytes);
            return named("standard input", read.map(|_| bytes));
        }
        // Pipes are files too: `<(...)` of a shell names one.
        if path.metadata().is_ok_and(|m| !m.is_dir()) {
            return named(rules, std::fs::read(path));
        }
        let like_a_path = rules.ends_with(".rules") || (rules.contains('/') && !rules.contains([' ', '"', '(']));
        if like_a_path {
            let near = near(path);
            return Err(Failure::unusable(format!("{rules}: no such file{near} (and it does not look like an expression)")));
        }
        Ok(Source { name: EXPRESSION.into(), text: rules.into() })
    }

    /// The same for what is an expression unless a file has this name; `a/b` is one.
    pub fn expression(text: &str) -> Result<Source, Failure> {
        let file = text == "-" || Path::new(text).metadata().is_ok_and(|m| !m.is_dir());
        if file { Source::new(text) } else { Ok(Source { name: EXPRESSION.into(), text: text.into() }) }
    }

    /// Prints what is wrong with the rules and answers the failure.
    pub fn wrong(&self, diagnostics: &Diagnostics) -> Failure {
        render::diagnostics(&self.name, &self.text, diagnostics);
        // One word may have been meant as the name of a file.
        let word = |c: char| c.is_ascii_alphanumeric() || "._-/".contains(c);
        if self.name != EXPRESSION || self.text.is_empty() || !self.text.chars().all(word) {
            return Failure::found("");
        }
        let near = near(Path::new(&self.text));
        if near.is_empty() && !self.text.contains('.') {
            return Failure::found("");
        }
        Failure::found(format!("there is no file `{}` either{near}", self.text))
    }
}

/// What to say of files beside one that is not there: those whose names are like its own.
fn near(path: &Path) -> String {
    /// A folder of more files is not searched to its end.
    const SEARCHED: usize = 10_000;
    /// Names that are shown.
    const SHOWN: usize = 3;
    let Some(name) = path.file_name().and_then(|n| n.to_str()) else { return String::new() };
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten().filter(|e| e.path().is_file());
    let mut names: Vec<String> = files.take(SEARCHED).filter_map(|e| e.file_name().into_string().ok()).collect();
    names.sort_unstable();
    let mut shown = Vec::new();
    while shown.len() < SHOWN
        && let Some(like) = nearest(name, names.iter().map(String::as_str)).map(str::to_owned)
    {
        names.retain(|n| *n != like);
        shown.push(format!("`{}`", path.with_file_name(like).display()));
    }
    let stem = path.file_stem();
    shown.extend(names.iter().filter(|n| Path::new(n).file_stem() == stem).map(|n| format!("`{}`", path.with_file_name(n).display())));
    shown.truncate(SHOWN);
    if shown.is_empty() { String::new() } else { format!("; did you mean {}?", shown.join(" or ")) }
}

/// What stands on a command line for rules. What begins like a flag, and is none, is refused as one.
pub fn rules(text: &str) -> Result<String, String> {
    let flag = text.strip_prefix("--").map(|t| t.split('=').next().unwrap_or(t));
    match flag {
        Some(name)
            if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-') =>
        {
            Err("there is no such flag (an expression that begins with two minus signs stands in parentheses)".into())
        }
        _ => Ok(text.to_owned()),
    }
}

/// The file that a path on a command line names; `-` is standard input.
pub fn file(path: &Path) -> PathBuf {
    if path == Path::new("-") { PathBuf::from("/dev/stdin") } else { path.to_owned() }
}

/// Refuses to take both rules and records from standard input, which comes only once.
pub fn apart(rules: &str, input: &Path) -> Result<(), Failure> {
    let standard = |path: &Path| file(path) == Path::new("/dev/stdin");
    if standard(Path::new(rules)) && standard(input) {
        return Err(Failure::unusable("rules and records cannot both come from standard input; name a file for one of them"));
    }
    Ok(())
}

/// Opens the input that a command line names; `-` is standard input.
pub fn input(path: &Path) -> Result<Input, Failure> {
    let opened = if file(path) == Path::new("/dev/stdin") { Input::stdin() } else { Input::open(path) };
    opened.map_err(|e| {
        let near = if e.kind() == std::io::ErrorKind::NotFound { near(path) } else { String::new() };
        Failure::unusable(format!("{}: {e}{near}", shown(path)))
    })
}

/// What an input is called in messages.
pub fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}

impl FormatArg {
    pub fn format(self) -> Format {
        match self {
            FormatArg::Pcap => Format::Packets,
            FormatArg::Http => Format::Http,
            FormatArg::Jsonl => Format::JsonLines,
            #[cfg(feature = "tables")]
            FormatArg::Table => Format::Table,
        }
    }
}

/// The format of the records: what the flags say, or else what the scheme is usually filled from; none where they name neither.
pub fn format(args: &SchemeArgs) -> Option<Format> {
    let usual = |name: &String| schemes::named(name).map_or(Format::JsonLines, |(_, format)| format);
    args.format.map(FormatArg::format).or(args.scheme.as_ref().map(usual))
}

/// The format where the flags do not say it: a scheme's usual one is not that of a table, which is known by what it holds.
#[cfg(feature = "tables")]
fn is_table(args: &SchemeArgs, input: &mut Input) -> bool {
    args.format.is_none() && input.format().is_ok_and(|format| format == Some(Format::Table))
}

/// The format of an input's records: what the flags say, or else what is found out from it.
pub fn format_of(args: &SchemeArgs, input: &mut Input, path: &Path) -> Result<Format, Failure> {
    #[cfg(feature = "tables")]
    if is_table(args, input) {
        return Ok(Format::Table);
    }
    if let Some(format) = format(args) {
        return Ok(format);
    }
    let unreadable = |e: &dyn std::fmt::Display| Failure::unusable(format!("{}: {e}", shown(path)));
    input
        .format()
        .map_err(|e| unreadable(&e))?
        .ok_or_else(|| unreadable(&"neither a capture nor HTTP requests; say --format pcap, http, or jsonl with --scheme NAME|FILE"))
}

/// The ready-made scheme of this name, or that of a file.
fn named_scheme(engine: &Engine, name: &str) -> Result<Scheme, Failure> {
    let wrong = |e: &dyn std::fmt::Display| Failure::unusable(format!("{name}: {e}"));
    if let Some((builder, _)) = schemes::named(name) {
        let scheme = builder.functions(engine.library().signatures()).build();
        return scheme.and_then(|scheme| engine.declare_parsed(&scheme)).map_err(|e| wrong(&e));
    }
    if !Path::new(name).exists() {
        let ready = schemes::NAMES.join(", ");
        return Err(Failure::unusable(format!("there is no scheme `{name}`: name a ready-made one ({ready}) or a scheme's TOML file")));
    }
    let text = std::fs::read_to_string(name).map_err(|e| wrong(&e))?;
    let scheme = Scheme::from_toml(&text, engine.library().signatures());
    scheme.and_then(|scheme| engine.declare_parsed(&scheme)).map_err(|e| wrong(&e))
}

/// The scheme that the flags name, for records of `format`.
pub fn scheme(engine: &Engine, args: &SchemeArgs, format: Format) -> Result<Scheme, Failure> {
    match &args.scheme {
        Some(name) => named_scheme(engine, name),
        None => {
            let scheme = schemes::of(format, engine.library().signatures());
            let scheme = scheme
                .ok_or_else(|| Failure::unusable("JSON lines need --scheme NAME|FILE, which says what the fields and their types are"))?;
            engine.declare_parsed(&scheme).map_err(Failure::unusable)
        }
    }
}

/// The scheme that the flags name, for records of an input; where they name none, that of the columns of a table.
pub fn scheme_of(engine: &Engine, args: &SchemeArgs, format: Format, input: &mut Input, path: &Path) -> Result<Scheme, Failure> {
    #[cfg(feature = "tables")]
    if format == Format::Table && args.scheme.is_none() {
        let found = input.columns(engine.library().signatures());
        let found = found.map_err(|e| Failure::unusable(format!("{}: {e}", shown(path))))?;
        for column in found.left_out {
            eprintln!("quintet: {}: column `{}` is no field: {}", shown(path), column.name, column.why);
        }
        return engine.declare_parsed(&found.scheme).map_err(Failure::unusable);
    }
    let _ = (input, path);
    scheme(engine, args, format)
}

/// The rules checked against the scheme that the flags name, with that scheme's name; without flags, against the first ready-made scheme
/// that has their fields. What is wrong with them is not printed.
pub fn check(
    engine: &Engine,
    source: &Source,
    args: &SchemeArgs,
    lists: &ListArgs,
) -> Result<Result<(Program, String), Diagnostics>, Failure> {
    let lists = lists.read()?;
    if let Some(format) = format(args) {
        let scheme = scheme(engine, args, format)?;
        lists::fill(engine, &lists, &source.text, &scheme)?;
        let name = args.scheme.clone().unwrap_or_else(|| format.name().into());
        return Ok(engine.check_projected(&source.text, &scheme).map(|p| (p, name)));
    }
    let mut best: Option<Diagnostics> = None;
    for name in ["packets", "http", "cloudflare"] {
        let scheme = named_scheme(engine, name)?;
        lists::fill(engine, &lists, &source.text, &scheme)?;
        match engine.check_projected(&source.text, &scheme) {
            Ok(program) => return Ok(Ok((program, name.into()))),
            Err(d) if best.as_ref().is_none_or(|b| d.len() < b.len()) => best = Some(d),
            Err(_) => {}
        }
    }
    best.map(Err).ok_or_else(|| Failure::unusable("this build has no ready-made scheme"))
}

/// A checked program, prepared; a literal that cannot be prepared is a finding like any other.
pub fn linked(engine: &Engine, text: &str, program: Program) -> Result<Arc<Linked>, Diagnostics> {
    engine
        .link_stateful(program)
        .map_err(|e| Diagnostics::of(text, [Diagnostic::error("bad-literal", e.span(), e.to_string()).label("here")]))
}
