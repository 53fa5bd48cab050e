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
mod notes;
mod pick;
mod render;
mod replace;
mod results_file;
mod source;
mod table;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Args, Verb};

fn main() -> ExitCode {
    let result = match Args::parse().verb {
        Verb::Compare(args) => commands::compare::run(&args),
        Verb::Sample => commands::compare::sample(),
        Verb::Choose(args) => commands::choose::run(&args),
        Verb::Diff(args) => commands::diff::run(&args),
        Verb::Run(args) => commands::run::run(&args),
        Verb::Check(args) => commands::check::run(&args),
        Verb::Fields(args) => commands::fields::run(&args),
        Verb::Explain(args) => commands::explain::run(&args),
        Verb::Eval(args) => commands::eval::run(&args),
        Verb::Conform(args) => commands::conform::run(&args),
        Verb::Fmt(args) => commands::fmt::run(&args),
        Verb::Report(args) => commands::report::run(&args),
    };
    match result {
        Ok(code) => code,
        Err(failure) => failure.report(),
    }
}
