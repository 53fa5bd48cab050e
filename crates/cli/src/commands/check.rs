//! `quintet check`.

use std::io::Write;
use std::process::ExitCode;

use quintet::Engine;

use super::expressions;
use crate::args::{CheckArgs, CheckOutput};
use crate::failure::{FOUND, Failure, output};
use crate::render;
use crate::source::{self, Source};

pub fn run(args: &CheckArgs) -> Result<ExitCode, Failure> {
    let (engine, _) = args.modules.extend(Engine::new().with_limits(args.limits.limits()))?;
    if let Some(path) = &args.expressions.expressions {
        let format = source::format(&args.scheme)
            .ok_or_else(|| Failure::unusable("say against which scheme: --scheme NAME|FILE, or --format pcap or http"))?;
        let scheme = source::scheme(&engine, &args.scheme, format)?;
        return expressions::run(&engine, &scheme, path, &args.expressions);
    }
    let mut total = Total::default();
    let files: Vec<&String> = args.rules.iter().chain(&args.more).collect();
    for rules in &files {
        one(&engine, rules, args, &mut total)?;
    }
    if args.output == CheckOutput::Text && (files.len() > 1 || total.errors > 0) {
        total.print(files.len())?;
    }
    Ok(if total.errors == 0 { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

/// What was found in all files.
#[derive(Default)]
struct Total {
    /// Rules of the files without errors.
    rules: usize,
    errors: usize,
    /// Files with errors.
    wrong: usize,
}

impl Total {
    /// The last line: beside the errors where there are some.
    fn print(&self, files: usize) -> Result<(), Failure> {
        let Total { rules, errors, wrong } = self;
        let right = format!("{} checked: {} without errors", count(files, "file"), count(*rules, "rule"));
        if *errors == 0 {
            return writeln!(std::io::stdout().lock(), "{right}").map_err(output);
        }
        match files {
            1 => eprintln!("quintet: {}", count(*errors, "error")),
            _ => eprintln!("quintet: {right}, {} in {}", count(*errors, "error"), count(*wrong, "file")),
        }
        Ok(())
    }
}

fn one(engine: &Engine, rules: &str, args: &CheckArgs, total: &mut Total) -> Result<(), Failure> {
    let source = Source::new(rules)?;
    let checked = source::check(engine, &source, &args.scheme, &args.lists)?.and_then(|(program, scheme)| {
        let (rules, fields) = (program.rules.len(), program.used_fields().len());
        let warnings = engine.warnings(&source.text, &program.scheme);
        source::linked(engine, &source.text, program)?;
        Ok((rules, fields, scheme, warnings))
    });
    match &checked {
        Ok((rules, ..)) => total.rules += rules,
        Err(wrong) => (total.errors, total.wrong) = (total.errors + wrong.errors(), total.wrong + 1),
    }
    let mut out = std::io::stdout().lock();
    match (args.output, checked) {
        (CheckOutput::Text, Ok((rules, fields, scheme, warnings))) => {
            render::diagnostics(&source.name, &source.text, &warnings);
            let (rules, fields) = (count(rules, "rule"), count(fields, "field"));
            let found = if warnings.is_empty() { "nothing wrong".into() } else { count(warnings.total(), "warning") };
            writeln!(out, "{}: {rules} over {fields} ({scheme}): {found}", source.name).map_err(output)
        }
        (CheckOutput::Text, Err(wrong)) => {
            source.wrong(&wrong).report();
            Ok(())
        }
        (CheckOutput::Json, checked) => {
            let (Ok((.., found)) | Err(found)) = checked;
            writeln!(out, "{}", found.to_json(&source.name)).map_err(output)
        }
    }
}

fn count(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
