//! `quintet check`.

use std::process::ExitCode;

use quintet::Engine;

use crate::args::CheckArgs;
use crate::failure::Failure;
use crate::render;
use crate::source::{self, Source};

pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let engine = Engine::new();
    let source = Source::new(&args.rules)?;
    let (program, scheme) = source::check(&engine, &source, &args.scheme, &args.lists)?;
    let (rules, fields) = (program.rules.len(), program.used_fields().len());
    engine.link(program).map_err(|e| {
        render::one(&source.name, &source.text, e.span(), &e.to_string());
        Failure::found("")
    })?;
    println!("{}: {rules} rule{} over {fields} field{} ({scheme}): nothing wrong", source.name, plural(rules), plural(fields));
    Ok(ExitCode::SUCCESS)
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
