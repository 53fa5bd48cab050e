//! `quintet compare`.

mod args;
mod file;
mod progress;
mod summary;
mod tables;
mod workloads;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use quintet::{Backend, backend, backends, configurations};
use quintet_bench::{Lineup, Loaded, Verified, VerifyError, measure, peers, refused, verify_lineup};
use quintet_results::Results;

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
    let mut results = file::begin(args.quick, &effort);
    let mut bar = Bar::new(loaded.len(), effort.time);
    // Every workload passes the gate before the first of them is timed.
    let verified = verify_all(&loaded, &lineup, &bar, args, &results)?;
    for (loaded, verified) in loaded.iter().zip(&verified) {
        let name = &loaded.workload.name;
        let start = Instant::now();
        let measured =
            measure(loaded, &lineup, verified, &effort, &heap::bytes, &mut |p| bar.round(name, &p)).map_err(Failure::unusable)?;
        bar.measured(start.elapsed());
        bar.aside(|| writeln!(std::io::stdout().lock(), "{}", tables::workload(&measured, loaded, start.elapsed()))).map_err(output)?;
        results.workloads.push(measured.result);
    }
    bar.clear();
    let summary = summary::of(&results);
    let path = file::write(results, &args.out)?;
    writeln!(std::io::stdout().lock(), "{summary}\n{}", path.display()).map_err(output)?;
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
