//! `quintet check`.

use std::io::Write;
use std::process::ExitCode;

use quintet::Engine;
use quintet::lang::Diagnostics;

use super::expressions;
use crate::args::{CheckArgs, CheckOutput};
use crate::failure::{FOUND, Failure, output};
use crate::source::{self, Source};

pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let engine = Engine::new().with_limits(args.limits.limits());
    if let Some(path) = &args.expressions.expressions {
        let format = source::format(&args.scheme)
            .ok_or_else(|| Failure::unusable("say against which scheme: --scheme NAME|FILE, or --format pcap or http"))?;
        let scheme = source::scheme(&engine, &args.scheme, format)?;
        return expressions::run(&engine, &scheme, path, &args.expressions);
    }
    let source = Source::new(args.rules.as_deref().unwrap_or_default())?;
    let checked = source::check(&engine, &source, &args.scheme, &args.lists)?.and_then(|(program, scheme)| {
        let (rules, fields) = (program.rules.len(), program.used_fields().len());
        source::linked(&engine, &source.text, program)?;
        Ok((rules, fields, scheme))
    });
    let mut out = std::io::stdout().lock();
    match (args.output, checked) {
        (CheckOutput::Text, Ok((rules, fields, scheme))) => {
            let (s, t) = (plural(rules), plural(fields));
            writeln!(out, "{}: {rules} rule{s} over {fields} field{t} ({scheme}): nothing wrong", source.name).map_err(output)?;
            Ok(ExitCode::SUCCESS)
        }
        (CheckOutput::Text, Err(wrong)) => Err(source.wrong(&wrong)),
        (CheckOutput::Json, checked) => {
            let status = if checked.is_ok() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) };
            let wrong = checked.err().unwrap_or_else(|| Diagnostics::of(&source.text, []));
            writeln!(out, "{}", wrong.to_json(&source.name)).map_err(output)?;
            Ok(status)
        }
    }
}

fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}
