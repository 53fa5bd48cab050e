//! `quintet functions`.

use std::fmt::Write as _;
use std::io::Write;
use std::process::ExitCode;

use clap::{Args as ClapArgs, ValueEnum};
use quintet::Engine;
use quintet::lang::diagnostic::nearest;
use quintet::lang::signature::{ArgKind, NilRule, Param, Signature};
use serde_json::{Value, json};
use textwrap::{Options, fill};

use crate::failure::{Failure, output};
use crate::modules::ModuleArgs;
use crate::table;

/// List the functions that rules may call, with their signatures and what each does.
///
/// Of functions that are named there is all that is to be said of them, of others the first sentence. In signatures, what stands in
/// brackets may be left out, `|` stands between types that are equally good, and a result with `?` may be nil although no argument is. A
/// literal is a constant that is written in the rule.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet functions
  quintet functions split join
  quintet functions --output json | jq -r '.[].signature'

Exit status: 0 listed; 2 there is no function of such a name.")]
pub struct FunctionsArgs {
    /// The functions [default: all].
    #[arg(value_name = "NAME")]
    pub names: Vec<String>,
    #[command(flatten)]
    pub modules: ModuleArgs,
    /// Text for people, or JSON for programs.
    #[arg(long, value_enum, default_value_t = FunctionsOutput::Text)]
    pub output: FunctionsOutput,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FunctionsOutput {
    Text,
    Json,
}

pub fn run(args: &FunctionsArgs) -> Result<ExitCode, Failure> {
    let (engine, _) = args.modules.extend(Engine::new())?;
    let mut all = engine.library().signatures();
    all.sort_by(|a, b| a.name.cmp(&b.name));
    let named: Result<Vec<&Signature>, Failure> = args.names.iter().map(|name| find(&all, name)).collect();
    let chosen = if args.names.is_empty() { all.iter().collect() } else { named? };
    let text = match args.output {
        FunctionsOutput::Text => text(&chosen, !args.names.is_empty(), table::columns()),
        FunctionsOutput::Json => {
            let functions: Vec<Value> = chosen.into_iter().map(json).collect();
            serde_json::to_string_pretty(&functions).map_err(Failure::unusable)? + "\n"
        }
    };
    write!(std::io::stdout().lock(), "{text}").map_err(output)?;
    Ok(ExitCode::SUCCESS)
}

/// The function of this name.
fn find<'f>(all: &'f [Signature], name: &str) -> Result<&'f Signature, Failure> {
    all.iter().find(|f| f.name == name).ok_or_else(|| {
        let near = nearest(name, all.iter().map(|f| f.name.as_str()));
        let hint = near.map_or_else(|| "; `quintet functions` lists all".into(), |near| format!("; did you mean `{near}`?"));
        Failure::unusable(format!("there is no function `{name}`{hint}"))
    })
}

/// The functions for people, in lines of so many columns at most.
fn text(functions: &[&Signature], whole: bool, columns: usize) -> String {
    let (signature, doc) =
        (Options::new(columns).subsequent_indent("        "), Options::new(columns).initial_indent("    ").subsequent_indent("    "));
    let mut text = String::new();
    for function in functions {
        let said = if whole { &function.doc } else { function.summary() };
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}\n{}", fill(&function.to_string(), &signature), fill(said, &doc));
    }
    text
}

fn json(function: &Signature) -> Value {
    json!({
        "name": function.name,
        "signature": function.to_string(),
        "parameters": function.params.iter().map(parameter).collect::<Vec<_>>(),
        "more": function.rest.as_ref().map(|(param, _)| parameter(param)),
        "least_arguments": function.min_args(),
        "most_arguments": function.max_args(),
        "result": function.result.to_string(),
        "may_be_nil": function.may_be_nil,
        "takes_nil": function.nil == NilRule::Handled,
        "summary": function.summary(),
        "documentation": function.doc,
    })
}

fn parameter(param: &Param) -> Value {
    let form = match param.kind {
        ArgKind::Either => "any",
        ArgKind::Literal => "literal",
        ArgKind::Dynamic => "non-literal",
    };
    json!({ "name": param.name, "type": param.pattern.to_string(), "form": form, "optional": param.default.is_some() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_has_a_line_and_all_lines_fit() {
        let all = Engine::new().library().signatures();
        let functions: Vec<&Signature> = all.iter().collect();
        for (whole, columns) in [(false, 80), (true, 80), (true, 40)] {
            let text = text(&functions, whole, columns);
            let long = text.lines().find(|l| l.chars().count() > columns && l.trim().contains(' '));
            assert_eq!(long, None, "{columns} columns");
            for function in &functions {
                assert!(text.lines().any(|l| l.starts_with(&format!("{}(", function.name))), "{}", function.name);
            }
        }
        let lines = text(&functions, false, 80);
        let summaries = lines.lines().filter(|l| l.starts_with("    ") && !l.starts_with("     ")).count();
        assert_eq!(summaries, functions.len(), "one line each");
    }
}
