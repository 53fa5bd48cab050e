//! The `quintet` command.
#![forbid(unsafe_code)]

#[macro_use]
mod say;

mod args;
mod commands;
mod failure;
mod heap;
mod limits;
mod lists;
mod modules;
mod notes;
mod parallel;
mod pick;
mod render;
mod replace;
mod results_file;
mod source;
mod table;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Verb};
use crate::failure::Failure;

fn main() -> ExitCode {
    let result = Args::try_parse().map_or_else(failure::usage, |args| run(args.verb));
    let status = result.unwrap_or_else(Failure::report);
    // What ran well, and could not say all that it had to say, must not look as if it had had nothing to say.
    if say::lost() && status == ExitCode::SUCCESS { ExitCode::from(failure::UNUSABLE) } else { status }
}

fn run(verb: Verb) -> Result<ExitCode, Failure> {
    match verb {
        Verb::Compare(args) => commands::compare::run(&args),
        Verb::Sample => commands::compare::sample(),
        Verb::Choose(args) => commands::choose::run(&args),
        Verb::Diff(args) => commands::diff::run(&args),
        Verb::Run(args) => commands::run::run(&args),
        Verb::Profile(args) => commands::profile::run(&args),
        Verb::Compile(args) => commands::compile::run(&args),
        Verb::Module(args) => commands::module::run(&args),
        Verb::Check(args) => commands::check::run(&args),
        Verb::Fields(args) => commands::fields::run(&args),
        Verb::Functions(args) => commands::functions::run(&args),
        Verb::Explain(args) => commands::explain::run(&args),
        Verb::Eval(args) => commands::eval::run(&args),
        Verb::Conform(args) => commands::conform::run(&args),
        Verb::Fmt(args) => commands::fmt::run(&args),
        Verb::Lsp(args) => commands::lsp::run(args),
        #[cfg(feature = "serve")]
        Verb::Serve(args) => commands::serve::run(&args),
        Verb::Completions(args) => commands::shell::completions(&args),
        Verb::Man(args) => commands::shell::man(&args),
        Verb::Report(args) => commands::report::run(&args),
    }
}
