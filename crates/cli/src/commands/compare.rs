//! `quintet compare`.

use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use indicatif::{ProgressBar, ProgressStyle};
use quintet::{Backend, backend, backends, configurations};
use quintet_bench::{Effort, Files, Loaded, MeasureError, VerifyError, Workload, machine, measure, names, shipped, versions};
use quintet_results::{FORMAT, Options, Phase, Results, VERSION, WorkloadResult, geometric_mean, ratio_interval};

use crate::args::CompareArgs;
use crate::failure::{Failure, output};
use crate::heap;
use crate::notes;
use crate::table::{bytes, digits, nanoseconds, render};

pub fn run(args: &CompareArgs) -> Result<ExitCode, Failure> {
    let chosen = chosen(&args.backends)?;
    let wanted = if args.workloads.is_empty() { names() } else { args.workloads.clone() };
    let effort = if args.quick { Effort::QUICK } else { Effort::FULL };
    let bar = progress(wanted.len() * effort.rounds);
    let mut results = Results {
        format: FORMAT.into(),
        version: VERSION,
        command: std::env::args().collect::<Vec<_>>().join(" "),
        started_at: now(),
        finished_at: 0,
        machine: machine(),
        versions: versions(),
        options: Options {
            quick: args.quick,
            sample_ns: effort.sample.as_nanos() as u64,
            min_rounds: effort.rounds,
            max_rounds: effort.rounds,
            precision: 0.0,
            time_limit_s: 0.0,
        },
        workloads: Vec::new(),
        support: Vec::new(),
        criterion: Vec::new(),
    };
    for name in &wanted {
        bar.set_message(name.clone());
        let workload = workload(name)?;
        let loaded = Loaded::new(workload).map_err(|e| Failure::unusable(e.to_string()))?;
        let measured = measure(&loaded, &chosen, effort, &heap::bytes, &mut |_, _| bar.inc(1)).map_err(|e| match e {
            MeasureError::Verify(VerifyError::Backend(message)) => Failure::unusable(message),
            MeasureError::Verify(difference) => Failure::found(difference),
            other => Failure::unusable(other),
        })?;
        bar.suspend(|| writeln!(std::io::stdout().lock(), "{}", report(&measured, &loaded))).map_err(output)?;
        results.workloads.push(measured);
    }
    bar.finish_and_clear();
    results.finished_at = now();
    let path = write(&results, &args.out)?;
    let mut out = std::io::stdout().lock();
    writeln!(out, "{}\n{}", summary(&results), path.display()).map_err(output)?;
    Ok(ExitCode::SUCCESS)
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_secs())
}

/// The backends that the flags name.
fn chosen(ids: &[String]) -> Result<Vec<Arc<dyn Backend>>, Failure> {
    if ids.is_empty() {
        return Ok(backends());
    }
    let mut chosen: Vec<Arc<dyn Backend>> = Vec::new();
    for id in ids {
        let more = if id == "all" { configurations() } else { vec![backend(id).map_err(Failure::unusable)?] };
        for backend in more {
            if chosen.iter().all(|b| b.id() != backend.id()) {
                chosen.push(backend);
            }
        }
    }
    Ok(chosen)
}

/// A shipped workload by name, any other by its file.
fn workload(name: &str) -> Result<Workload, Failure> {
    let path = Path::new(name);
    let loaded = if path.extension().is_some_and(|e| e == "toml") { Workload::load(Files::Disk, path) } else { shipped(name) };
    loaded.map_err(Failure::unusable)
}

fn progress(rounds: usize) -> ProgressBar {
    if !std::io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::new(rounds as u64);
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos}/{len} rounds, {elapsed} of about {duration}  {msg}") {
        bar.set_style(style);
    }
    bar
}

fn write(results: &Results, folder: &Path) -> Result<std::path::PathBuf, Failure> {
    let path = folder.join("results.json");
    let text = results.to_json().map_err(Failure::unusable)?;
    let failed = |e: std::io::Error| Failure::unusable(format!("{}: {e}", path.display()));
    std::fs::create_dir_all(folder).map_err(failed)?;
    // Written beside and moved, so that no reader ever sees half a file.
    let beside = folder.join("results.json.part");
    std::fs::write(&beside, text).map_err(failed)?;
    std::fs::rename(&beside, &path).map_err(failed)?;
    Ok(path)
}

/// The table of one workload.
fn report(result: &WorkloadResult, loaded: &Loaded) -> String {
    let mut text = format!("\n## {}\n{}\n\n", result.name, result.about.trim());
    let matched: usize = result.matches.iter().map(|(_, n)| n).sum();
    text += &format!(
        "{} rules x {} records, {:.1} % match; verified: {} answers alike on all {} backends, alone and in batches.\n",
        result.rules,
        result.records,
        100.0 * matched as f64 / result.verified_pairs as f64,
        result.verified_pairs,
        result.rows.len(),
    );
    if result.traps > 0 {
        text += &format!("{} rule-record pairs trap, alike on all backends.\n", result.traps);
    }
    for line in notes::of(&loaded.stats) {
        text += &format!("input: {line}\n");
    }
    let front = &result.front_end;
    text += &format!(
        "before any backend: parse {}, check {}, link {} for all rules; reading {} per record\n\n",
        nanoseconds(front.parse.median()),
        nanoseconds(front.check.median()),
        nanoseconds(front.link.median()),
        nanoseconds(front.read.median()),
    );
    let fastest = result.rows.iter().min_by(|a, b| a.median(Phase::Batch).total_cmp(&b.median(Phase::Batch)));
    let rows = result.rows.iter().map(|b| {
        let gap = fastest.map_or(String::new(), |f| {
            let ratio = ratio_interval(&b.phases[&Phase::Batch].ns, &f.phases[&Phase::Batch].ns);
            if f.id == b.id { "1.00x".into() } else { format!("{}x [{} {}]", digits(ratio.value), digits(ratio.low), digits(ratio.high)) }
        });
        vec![
            b.id.clone(),
            nanoseconds(b.median(Phase::Compile)),
            nanoseconds(b.median(Phase::Instantiate)),
            nanoseconds(b.median(Phase::FirstCall)),
            nanoseconds(b.median(Phase::Single)),
            nanoseconds(b.median(Phase::Batch)),
            gap,
            b.measure(Phase::BatchCopied).map_or(String::new(), |m| nanoseconds(m.median())),
            b.memory.map_or(String::new(), |m| bytes(m.code_bytes)),
            b.memory.map_or(String::new(), |m| bytes(m.heap_bytes)),
        ]
    });
    let head =
        ["backend", "compile", "instantiate", "first call", "single/record", "batch/record", "batch ratio", "copied in", "code", "heap"];
    text += &render(&head, rows, &[1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let noise = result.again.as_ref().and_then(|a| Some((a, result.row(&a.id)?.measure(Phase::Batch)?)));
    text += &match noise {
        Some((again, first)) => {
            format!("\nnoise: {} measured again is {}x; ", again.id, digits(ratio_interval(&again.batch.ns, &first.ns).value))
        }
        None => "\n".into(),
    };
    text += &format!("a loop that evaluates nothing takes {} per record\n", nanoseconds(result.no_op.median()));
    text
}

/// Geometric means over the workloads, and how they were made.
fn summary(results: &Results) -> String {
    let Some(first) = results.workloads.first() else { return String::new() };
    let ids: Vec<&str> = first.rows.iter().map(|b| b.id.as_str()).collect();
    let means: Vec<(f64, f64, f64)> = (0..ids.len())
        .map(|i| {
            let over = |value: &dyn Fn(&WorkloadResult) -> f64| geometric_mean(results.workloads.iter().map(value));
            (
                over(&|w| w.rows[i].median(Phase::Batch)),
                over(&|w| w.rows[i].median(Phase::Single)),
                over(&|w| w.rows[i].median(Phase::Compile) / w.rules as f64),
            )
        })
        .collect();
    let best = |of: &dyn Fn(&(f64, f64, f64)) -> f64| means.iter().map(of).fold(f64::INFINITY, f64::min);
    let (batch, single, compile) = (best(&|m| m.0), best(&|m| m.1), best(&|m| m.2));
    let cell = |value: f64, best: f64| format!("{} ({}x)", nanoseconds(value), digits(value / best));
    let rows = ids.iter().zip(&means).map(|(id, m)| vec![id.to_string(), cell(m.0, batch), cell(m.1, single), cell(m.2, compile)]);
    format!(
        "\n## Summary\nGeometric means over {} workloads. They hide that backends rank differently from workload to workload: see the tables.\n\n{}\n",
        results.workloads.len(),
        render(&["backend", "batch/record", "single/record", "compile/rule"], rows, &[1, 2, 3]),
    )
}
