//! `quintet compare`.

mod args;
mod file;
mod interrupt;
mod progress;
mod summary;
mod tables;
mod unmatched;
mod workloads;

use std::io::Write;
use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::Instant;

use quintet::backend::Backend;
use quintet::{backend, configurations};
use quintet_bench::{
    Child, Job, Lineup, Loaded, Process, Repeats, Verified, VerifyError, beside, measure, part, peers, profile, refused, serve, usual,
    verify_lineup,
};
use quintet_results::{Results, WORTH_SHARE, WorkloadResult};

use crate::failure::{Failure, output};
use crate::heap;
use progress::Bar;

pub use args::CompareArgs;

pub fn run(args: &CompareArgs) -> Result<ExitCode, Failure> {
    let others = if args.peers() { peers() } else { Vec::new() };
    let lineup = Lineup { backends: chosen(&args.backends)?, passes: args.pass_rows(), peers: others };
    let effort = args.effort();
    file::ensure_writable(&args.out)?;
    let loaded = workloads::load(args)?;
    let results = file::begin(args.quick, &effort);
    // From here on an interrupt writes the workloads that are finished.
    let finished = interrupt::watch(results.clone(), &args.out, loaded.len())?;
    let parts = parts(args, &loaded, &lineup)?;
    let mut bar = Bar::new(loaded.len() + parts.iter().flatten().count(), effort.time);
    // Every workload passes the gate before the first of them is timed.
    let verified = verify_all(&loaded, &lineup, &bar, args, &results)?;
    for part in parts.iter().flatten() {
        verify_all(std::slice::from_ref(part), &lineup, &bar, args, &results)?;
    }
    // Minutes of measuring are not given up because nobody reads the tables, or the disk that they go to is full.
    let mut printed = Ok(());
    for ((whole, part), verified) in loaded.iter().zip(&parts).zip(&verified) {
        let (mut result, table) = sampled(args, whole, &lineup, &mut bar)?;
        let repeats = if args.quick { Repeats::QUICK } else { Repeats::FULL };
        result.profiles = profile(whole, &lineup, verified, repeats).map_err(Failure::unusable)?;
        bar.aside(|| unmatched::warn(&result));
        finished.add(result);
        printed = printed.and_then(|()| bar.aside(|| writeln!(std::io::stdout().lock(), "{table}")));
        if let Some(part) = part {
            let (result, table) = sampled(args, part, &lineup, &mut bar)?;
            finished.add_part(result);
            printed = printed.and_then(|()| bar.aside(|| writeln!(std::io::stdout().lock(), "{table}")));
        }
    }
    bar.clear();
    let to = args.out.join("results.json");
    let (summary, verdict) = finished.end(|results| {
        let said = (summary::of(&results), summary::verdict(&results, args.worth_share.unwrap_or(WORTH_SHARE), &to));
        file::write(results, &args.out)?;
        Ok(said)
    })?;
    printed.and_then(|()| writeln!(std::io::stdout().lock(), "{summary}\n{verdict}")).map_err(output)?;
    Ok(ExitCode::SUCCESS)
}

/// The parts of workloads that other engines can run which cannot run all rules, workload by workload.
fn parts(args: &CompareArgs, loaded: &[Loaded], lineup: &Lineup) -> Result<Vec<Option<Loaded>>, Failure> {
    if !args.parts() {
        return Ok(loaded.iter().map(|_| None).collect());
    }
    loaded.iter().map(|whole| part(whole, lineup, &args.effort()).map(Loaded::new).transpose().map_err(Failure::unusable)).collect()
}

/// Measures a workload: what was found, and its tables.
fn sampled(args: &CompareArgs, loaded: &Loaded, lineup: &Lineup, bar: &mut Bar) -> Result<(WorkloadResult, String), Failure> {
    let (name, effort, start) = (&loaded.workload.name, args.effort(), Instant::now());
    let mut processes = Vec::new();
    for number in 0..effort.processes {
        bar.starting(name, number, effort.processes);
        processes.push(process(args, loaded, lineup, number)?);
    }
    let mut measured = measure(&mut processes, &effort, &mut |p| bar.round(name, &p)).map_err(Failure::unusable)?;
    beside(&mut measured.result, loaded, lineup);
    bar.measured(start.elapsed());
    let table = tables::workload(&measured, loaded, start.elapsed());
    Ok((measured.result, table))
}

/// A fresh process of this program that samples a workload.
fn process(args: &CompareArgs, loaded: &Loaded, lineup: &Lineup, number: usize) -> Result<Box<dyn Process>, Failure> {
    let program = std::env::current_exe().map_err(|e| Failure::unusable(format!("no further process to measure in: {e}")))?;
    let mut command = Command::new(program);
    command.arg(SAMPLE);
    // An interrupt at the terminal is for this process, which writes what is finished. The others end when nobody asks them any more.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let job = Job {
        workload: loaded.workload.clone(),
        backends: lineup.backends.iter().map(|b| b.id().to_string()).collect(),
        passes: lineup.passes,
        peers: args.peers(),
        effort: args.effort(),
        slowed: args.slowed.clone().filter(|_| number == 0),
    };
    Ok(Box::new(Child::start(command, &job).map_err(Failure::unusable)?))
}

/// The verb, not meant for people, of the processes that sample.
pub const SAMPLE: &str = "sample-rounds";

/// What a process does that samples: it is told on its standard input, and answers on its standard output.
pub fn sample() -> Result<ExitCode, Failure> {
    serve(&mut std::io::stdin().lock(), &mut std::io::stdout().lock(), &heap::bytes).map_err(output)?;
    Ok(ExitCode::SUCCESS)
}

/// Verifies all workloads. Where answers differ, or are not what a workload expects, the result file says so and holds no sample, so that
/// no file of an earlier run is taken for this one's.
fn verify_all(loaded: &[Loaded], lineup: &Lineup, bar: &Bar, args: &CompareArgs, begun: &Results) -> Result<Vec<Verified>, Failure> {
    let mut all = Vec::new();
    for loaded in loaded {
        bar.verifying(&loaded.workload.name);
        match verify_lineup(loaded, lineup) {
            Ok(verified) => all.push(verified),
            Err(error @ (VerifyError::Difference(_) | VerifyError::Count { .. })) => {
                bar.clear();
                let results = Results { workloads: vec![refused(loaded, &error)], ..begun.clone() };
                let path = file::write(results, &args.out)?;
                return Err(Failure::found(format!("{error}\nwritten to {}, without a sample", path.display())));
            }
            Err(unusable) => return Err(Failure::unusable(unusable)),
        }
    }
    Ok(all)
}

/// The backends that the flags name.
fn chosen(ids: &[String]) -> Result<Vec<Arc<dyn Backend>>, Failure> {
    if ids.is_empty() {
        return Ok(usual());
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
