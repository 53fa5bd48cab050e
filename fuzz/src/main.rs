//! The `quintet-fuzz` command: damaged and made-up inputs of every format, with what must hold for each. See docs/fuzzing.md.
#![forbid(unsafe_code)]

mod args;
mod campaign;
mod corpus;
mod finding;
mod guard;
mod mutate;
mod random;
mod targets;

use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use comfy_table::{CellAlignment, Table, presets::ASCII_MARKDOWN};

use crate::args::Args;
use crate::campaign::{Campaign, Summary};
use crate::guard::Bounds;
use crate::targets::Target;

fn main() -> ExitCode {
    let args = Args::parse();
    if args.list {
        targets::ALL.iter().for_each(|target| println!("{:<14} {}", target.name, target.about));
        return ExitCode::SUCCESS;
    }
    guard::install();
    let bounds = Bounds { time: Duration::from_secs_f64(args.limit_seconds), memory: args.limit_mib << 20 };
    let result = match &args.replay {
        Some(path) => finding::replay(path, args.target.as_deref(), &bounds),
        None => chosen(args.target.as_deref().unwrap_or("all")).and_then(|targets| run(&args, &targets, bounds)),
    };
    match result {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(message) => {
            eprintln!("error: {message}");
            ExitCode::from(2)
        }
    }
}

fn chosen(name: &str) -> Result<Vec<&'static Target>, String> {
    match name {
        "all" => Ok(targets::ALL.iter().collect()),
        _ => targets::named(name).map(|target| vec![target]),
    }
}

/// Runs targets one after another and prints what came out; true where nothing was found.
fn run(args: &Args, targets: &[&'static Target], bounds: Bounds) -> Result<bool, String> {
    let campaign = Campaign {
        time: Duration::from_secs_f64(args.seconds / targets.len() as f64),
        threads: args.threads.max(1),
        seed: args.seed,
        bounds,
    };
    let mut summaries = Vec::new();
    for target in targets {
        summaries.push(campaign.run(target)?);
    }
    println!("\n{}", table(&summaries));
    let failed = summaries.iter().filter(|s| s.findings > 0).count();
    println!("{} passed, {failed} failed", summaries.len() - failed);
    Ok(failed == 0)
}

fn table(summaries: &[Summary]) -> Table {
    let mut table = Table::new();
    table.load_style(ASCII_MARKDOWN).set_header(["target", "corpus", "executions", "per second", "kept", "findings"]);
    let all = |of: fn(&Summary) -> u64| summaries.iter().map(of).sum::<u64>();
    for s in summaries {
        let rate = s.executions as f64 / s.seconds.max(1e-9);
        table.add_row([
            s.target.to_string(),
            s.corpus.to_string(),
            s.executions.to_string(),
            format!("{rate:.0}"),
            s.kept.to_string(),
            s.findings.to_string(),
        ]);
    }
    table.add_row([
        "all".into(),
        all(|s| s.corpus).to_string(),
        all(|s| s.executions).to_string(),
        String::new(),
        all(|s| s.kept).to_string(),
        all(|s| s.findings).to_string(),
    ]);
    table.column_iter_mut().skip(1).for_each(|c| c.set_cell_alignment(CellAlignment::Right));
    table
}
