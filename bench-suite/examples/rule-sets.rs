//! What it brings to ask first which rules may match, by workload and backend: run on and off in turns, in one process. Times are the least of
//! all rounds, of the thread's own time, so that what else runs disturbs them little, and each is run once before it is timed, with caches that
//! the other has filled.
//!
//! `cargo run --release --example rule-sets [-- --workload NAME ...] [--backend ID ...] [--rounds N] [--plan]`

use std::fmt::Display;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use cpu_time::ThreadTime;
use quintet::backend::Linked;
use quintet::{Engine, Instance, Matches, Passes, RuleSet, configurations};
use quintet_bench::{Loaded, names, sets, shipped};
use quintet_runtime::{Candidates, PrefilterPlan, WriteMatches};

type Failure = Box<dyn std::error::Error>;

/// What the command line says.
struct Options {
    workloads: Vec<String>,
    backends: Vec<String>,
    rounds: usize,
    plan: bool,
}

fn options() -> Result<Options, Failure> {
    let mut options = Options { workloads: Vec::new(), backends: Vec::new(), rounds: 15, plan: false };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let mut value = || args.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--workload" => options.workloads.push(value()?),
            "--backend" => options.backends.push(value()?),
            "--rounds" => options.rounds = value()?.parse()?,
            "--plan" => options.plan = true,
            _ => return Err(format!("there is no flag `{flag}`; there are --workload, --backend, --rounds and --plan").into()),
        }
    }
    if options.workloads.is_empty() {
        options.workloads = [names(), sets()].concat();
    }
    Ok(options)
}

fn main() -> ExitCode {
    let run = || options().and_then(|options| options.workloads.iter().try_for_each(|name| workload(name, &options)));
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("{failure}");
            ExitCode::FAILURE
        }
    }
}

/// The least of some times.
fn least(times: Vec<Duration>) -> Duration {
    times.into_iter().min().unwrap_or_default()
}

/// The time of linking a workload's rules.
fn linking(engine: &Engine, loaded: &Loaded) -> Result<Duration, Failure> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let program = loaded.unoptimised.program().clone();
        let start = ThreadTime::now();
        drop(engine.link(program)?);
        times.push(start.elapsed());
    }
    Ok(least(times))
}

fn workload(name: &str, options: &Options) -> Result<(), Failure> {
    let mut loaded = Loaded::new(shipped(name)?)?;
    // Nothing in the plain copies is measured.
    loaded.plain_batches.clear();
    let on = loaded.engine.clone();
    let off = on.clone().with_passes(Passes { prefilter: false, ..Passes::default() });
    let (filtered, plain) = (loaded.linked.clone(), off.link(loaded.unoptimised.program().clone())?);
    let plan = PrefilterPlan::new(&filtered).to_string();
    println!("\n## {name}: {} rules, {} records", filtered.program().rules.len(), loaded.records());
    if options.plan {
        println!("{plan}");
    } else if let Some(line) = plan.lines().next() {
        println!("{line}");
    }
    println!("link: {:.2?} with, {:.2?} without", linking(&on, &loaded)?, linking(&off, &loaded)?);
    if let Some(asking) = asking(&filtered, &loaded, options.rounds) {
        println!("asking alone: {:.0} ns a record, leaves {:.1} rules to run", asking.0, asking.1);
    }
    println!(
        "| backend | batch off, ns | batch on, ns | off / on | single off, ns | single on, ns | off / on |\n|---|---:|---:|---:|---:|---:|---:|"
    );
    for backend in configurations() {
        let id = backend.id().to_string();
        if !options.backends.is_empty() && !options.backends.contains(&id) {
            continue;
        }
        let instance =
            |linked: &Arc<Linked>| -> Result<Box<dyn Instance>, Failure> { Ok(backend.compile(linked)?.instantiate(linked.limits())?) };
        match (instance(&plain), instance(&filtered)) {
            (Ok(off), Ok(on)) => measure(&id, [off, on], &loaded, options.rounds)?,
            (Err(e), _) | (_, Err(e)) => println!("| {id} | {e} |"),
        }
    }
    Ok(())
}

/// Nanoseconds a record that asking takes, and the rules a record that are left to run.
fn asking(linked: &Arc<Linked>, loaded: &Loaded, rounds: usize) -> Option<(f64, f64)> {
    let mut candidates = Candidates::new(linked, linked.limits())?;
    let (mut times, mut left, mut out) = (Vec::new(), 0, Matches::new());
    for _ in 0..rounds {
        let start = ThreadTime::now();
        left = 0;
        for batch in &loaded.batches {
            out.reset(linked.program().rules.len(), batch.len());
            for first in (0..batch.len()).step_by(64) {
                let asked = candidates.block(batch, first..batch.len().min(first + 64), &mut out)?;
                left += asked.iter().map(|(_, records)| records.count_ones() as usize).sum::<usize>();
            }
        }
        times.push(start.elapsed());
    }
    let records = loaded.records() as f64;
    Some((least(times).as_nanos() as f64 / records, left as f64 / records))
}

/// Prints a row: off and on in turns.
fn measure(id: &impl Display, mut instances: [Box<dyn Instance>; 2], loaded: &Loaded, rounds: usize) -> Result<(), Failure> {
    let (mut batch, mut single): ([Vec<Duration>; 2], [Vec<Duration>; 2]) = Default::default();
    let (mut matches, mut hits) = ([Matches::new(), Matches::new()], RuleSet::new());
    for _ in 0..rounds {
        for (((instance, batch), single), matches) in instances.iter_mut().zip(&mut batch).zip(&mut single).zip(&mut matches) {
            let mut all = || -> Result<Duration, Failure> {
                let start = ThreadTime::now();
                loaded.batches.iter().try_for_each(|records| instance.run_batch(records, matches))?;
                Ok(start.elapsed())
            };
            // The first time is not kept: the caches are full of what the other ran.
            all()?;
            batch.push(all()?);
            let start = ThreadTime::now();
            for record in loaded.batches.iter().flat_map(|batch| batch.iter()) {
                instance.run(record, &mut hits)?;
            }
            single.push(start.elapsed());
        }
        if matches[0] != matches[1] {
            return Err(format!("{id} answers otherwise with the prefilter").into());
        }
    }
    let records = loaded.records() as f64;
    let nanoseconds = |times: [Vec<Duration>; 2]| times.map(|times| least(times).as_nanos() as f64 / records);
    let ([batch_off, batch_on], [single_off, single_on]) = (nanoseconds(batch), nanoseconds(single));
    println!(
        "| {id} | {batch_off:.0} | {batch_on:.0} | {:.2} | {single_off:.0} | {single_on:.0} | {:.2} |",
        batch_off / batch_on,
        single_off / single_on
    );
    Ok(())
}
