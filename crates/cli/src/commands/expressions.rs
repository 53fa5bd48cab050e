//! `quintet check --expressions`: how many of the expressions of a file check.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use quintet::lang::{Diagnostics, compile, compile_value};
use quintet::{Engine, Scheme};
use quintet_cases::Exceptions;
use serde_json::Value;

use crate::failure::{FOUND, Failure, output};
use crate::source;
use crate::table;

#[derive(ClapArgs)]
pub struct ExpressionArgs {
    /// JSON lines with `expr`, and perhaps `kind` (`filter`, else `value`: of any type) and `origin`: checks each, and prints what fails and
    /// how many of each origin and kind check.
    #[arg(long, value_name = "FILE.jsonl", conflicts_with_all = ["rules", "output"])]
    pub expressions: Option<PathBuf>,
    /// Only expressions of this origin; repeat for several [default: all].
    #[arg(long = "origin", value_name = "NAME", requires = "expressions")]
    pub origins: Vec<String>,
    /// Only expressions of this kind; repeat for several [default: both].
    #[arg(long = "kind", value_enum, requires = "expressions")]
    pub kinds: Vec<Kind>,
    /// TOML with `[[exception]]` entries of `expr` and `reason`: expressions that are known not to check.
    #[arg(long, value_name = "FILE", requires = "expressions")]
    pub exceptions: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Kind {
    /// Expressions that are true or false.
    Filter,
    /// Expressions of any type.
    Value,
}

/// How many expressions of one origin and kind there are of each verdict.
#[derive(Default)]
struct Count {
    check: usize,
    fail: usize,
    listed: usize,
}

pub fn run(engine: &Engine, scheme: &Scheme, path: &Path, args: &ExpressionArgs) -> Result<ExitCode, Failure> {
    let exceptions = match &args.exceptions {
        Some(path) => Exceptions::read(path).map_err(Failure::unusable)?,
        None => Exceptions::default(),
    };
    let unreadable = |e: std::io::Error| Failure::unusable(format!("{}: {e}", path.display()));
    let file = std::fs::File::open(source::file(path)).map_err(unreadable)?;
    let mut out = std::io::stdout().lock();
    let mut counts: BTreeMap<(String, String), Count> = BTreeMap::new();
    let mut others = 0;
    for (number, line) in BufReader::new(file).lines().enumerate() {
        let line = line.map_err(unreadable)?;
        let line = line.strip_prefix('\u{feff}').unwrap_or(&line);
        if line.trim().is_empty() {
            continue;
        }
        let place = format!("{}:{}", path.display(), number + 1);
        let json: Value = serde_json::from_str(line).map_err(|e| Failure::unusable(format!("{place}: {e}")))?;
        let expr = json["expr"].as_str().ok_or_else(|| Failure::unusable(format!("{place}: there is no text `expr`")))?;
        let origin = json["origin"].as_str().unwrap_or("-");
        let kind = match json["kind"].as_str().unwrap_or("filter") {
            "filter" => Kind::Filter,
            "value" => Kind::Value,
            // Templates and the like are no expressions yet.
            _ => {
                others += 1;
                continue;
            }
        };
        let chosen =
            (args.origins.is_empty() || args.origins.iter().any(|o| o == origin)) && (args.kinds.is_empty() || args.kinds.contains(&kind));
        if !chosen {
            others += 1;
            continue;
        }
        let count = counts.entry((origin.to_owned(), if kind == Kind::Filter { "filter" } else { "value" }.to_owned())).or_default();
        match (check(engine, scheme, expr, kind), exceptions.reason("", expr)) {
            (Ok(()), None) => count.check += 1,
            (Err(_), Some(_)) => count.listed += 1,
            (Ok(()), Some(_)) => {
                count.fail += 1;
                writeln!(out, "{place}: {expr}\n  checks, but is on the list of exceptions; remove it there\n").map_err(output)?;
            }
            (Err(wrong), None) => {
                count.fail += 1;
                writeln!(out, "{place}: {expr}\n{wrong}\n").map_err(output)?;
            }
        }
    }
    let total = |of: fn(&Count) -> usize| counts.values().map(of).sum::<usize>();
    let (checked, failed, listed) = (total(|c| c.check), total(|c| c.fail), total(|c| c.listed));
    let row = |((origin, kind), c): (&(String, String), &Count)| {
        vec![origin.clone(), kind.clone(), c.check.to_string(), c.fail.to_string(), c.listed.to_string()]
    };
    let table = table::render(&["origin", "kind", "check", "fail", "listed"], counts.iter().map(row), &[2, 3, 4]);
    writeln!(out, "{table}\n{others} expressions of other origins and kinds were left out").map_err(output)?;
    writeln!(out, "{checked} check, {failed} fail, {listed} listed").map_err(output)?;
    Ok(if failed == 0 { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn check(engine: &Engine, scheme: &Scheme, expr: &str, kind: Kind) -> Result<(), Diagnostics> {
    let compiled = match kind {
        Kind::Filter => compile(expr, scheme, engine.limits()),
        Kind::Value => compile_value(expr, scheme, engine.limits()),
    };
    let program = compiled?;
    // What the lists hold is the host's affair.
    for list in &program.lists {
        // A name that the language takes is the name of a list.
        let _ = engine.lists().declare(&list.name, list.ty.clone());
    }
    source::linked(engine, expr, program).map(|_| ())
}
