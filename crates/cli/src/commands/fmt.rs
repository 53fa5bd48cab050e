//! `quintet fmt`.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use clap::Args as ClapArgs;
use quintet::lang::format;

use crate::failure::{FOUND, Failure, output};
use crate::limits::LimitArgs;
use crate::replace::replace;
use crate::source::Source;

/// Write rules in the one style: `==`, `and`, single blanks, no parentheses that group nothing, long rules over several lines.
///
/// Comments stay where they are. Formatting what is formatted changes nothing, and rules mean the same as before.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet fmt edge.rules                     prints the rules
  quintet fmt --write edge.rules dns.rules   rewrites the files that would change
  quintet fmt --check *.rules                names the files that would change
  quintet fmt --diff *.rules                 shows what would change, for CI
  quintet fmt '(ssl)&&( x ne 1 )'
  generate | quintet fmt -

Exit status: 0 done, or with --check or --diff nothing would change; 1 the rules have errors, or with --check or --diff something would
change; 2 a file cannot be read or written.")]
pub struct FmtArgs {
    /// Rule files, expressions, or `-` for standard input.
    #[arg(required = true, value_name = "FILE|EXPR|-")]
    pub rules: Vec<String>,
    /// Print nothing but the names of what would change.
    #[arg(long, conflicts_with = "write")]
    pub check: bool,
    /// Print what would change, as a unified diff, and nothing else.
    #[arg(long, conflicts_with_all = ["write", "check"])]
    pub diff: bool,
    /// Rewrite the files.
    #[arg(long)]
    pub write: bool,
    #[command(flatten)]
    pub limits: LimitArgs,
}

pub fn run(args: &FmtArgs) -> Result<ExitCode, Failure> {
    if let Some(other) = args.rules.iter().find(|r| args.write && !Path::new(r).is_file()) {
        return Err(Failure::unusable(format!("{other}: --write needs files")));
    }
    let mut out = std::io::stdout().lock();
    let mut status = ExitCode::SUCCESS;
    for rules in &args.rules {
        let source = Source::new(rules)?;
        let Ok(text) = format(&source.text, &args.limits.limits()).map_err(|d| source.wrong(&d)) else {
            status = ExitCode::from(FOUND);
            continue;
        };
        // What stands on a command line has no line end of its own.
        let same = text == source.text || !Path::new(rules).is_file() && rules != "-" && text.trim_end() == source.text;
        if args.write {
            if !same {
                replace(Path::new(rules), &text).map_err(|e| Failure::unusable(format!("{rules}: {e}")))?;
                writeln!(out, "{rules}").map_err(output)?;
            }
        } else if args.check {
            if !same {
                writeln!(out, "{}", source.name).map_err(output)?;
                status = ExitCode::from(FOUND);
            }
        } else if args.diff {
            if !same {
                write!(out, "{}", diff(&source, Path::new(rules).is_file() || rules == "-", &text)).map_err(output)?;
                status = ExitCode::from(FOUND);
            }
        } else {
            out.write_all(text.as_bytes()).map_err(output)?;
        }
    }
    Ok(status)
}

/// How the text changes, in the form that `patch` takes.
fn diff(source: &Source, file: bool, formatted: &str) -> String {
    // An expression of a command line is a line, though nothing ends it there.
    let before = if file { source.text.clone() } else { format!("{}\n", source.text) };
    let diff = similar::TextDiff::from_lines(before.as_str(), formatted);
    diff.unified_diff().header(&source.name, &source.name).to_string()
}
