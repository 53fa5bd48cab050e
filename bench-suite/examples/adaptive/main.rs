//! What `adaptive` costs in all, from linked rules to the last answer, beside backends that are chosen beforehand.
//!
//! ```text
//! cargo run --release --example adaptive                                        # all shipped workloads
//! cargo run --release --example adaptive -- --workload waf-pack --workload sieve --seconds 5
//! ```
//!
//! One to 1,000 records are asked about one by one, a million and more in batches. All take turns in each round, so what disturbs the machine
//! for longer than a round cancels in ratios; a figure is the median of the rounds, or, of the long runs, the least. What counts is the time
//! of the thread that evaluates; beside it stands that of the whole process, with what was compiled in the background.

#[path = "../beside-wirefilter/turns.rs"]
mod turns;

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use cpu_time::{ProcessTime, ThreadTime};
use quintet::backend::Backend;
use quintet::{Batch, Matches, RecordRef, RuleSet, backend, configurations};
use quintet_bench::{Loaded, names, scripts, sets, shipped};

use turns::{Work, summary, take_turns, work};

/// What the others are chosen from, beforehand.
const FIXED: [&str; 5] = ["closures", "jit-stencil", "jit", "wasm", "lua"];

/// Numbers of records that are asked about one by one.
const FEW: [usize; 4] = [1, 10, 100, 1_000];

/// Records of a long run.
const MANY: usize = 1_000_000;

/// Rounds of long runs, at least and at most: runs of a few milliseconds have many, as a processor's speed changes within them.
const ROUNDS: usize = 3;
const MOST_ROUNDS: usize = 31;

struct Options {
    workloads: Vec<String>,
    /// How long the long runs of one backend may take together; slow workloads have fewer records.
    seconds: f64,
}

fn options() -> Result<Options, Box<dyn Error>> {
    let mut options = Options { workloads: Vec::new(), seconds: 6.0 };
    let mut args = std::env::args().skip(1);
    while let Some(flag) = args.next() {
        let mut value = || args.next().ok_or(format!("{flag} needs a value"));
        match flag.as_str() {
            "--workload" => options.workloads.push(value()?),
            "--seconds" => options.seconds = value()?.parse()?,
            _ => return Err(format!("there is no flag `{flag}`; there are --workload and --seconds").into()),
        }
    }
    if options.workloads.is_empty() {
        options.workloads = [names(), sets(), scripts()].concat();
    }
    Ok(options)
}

fn main() -> Result<(), Box<dyn Error>> {
    let options = options()?;
    let adaptive = backend("adaptive")?;
    let fixed: Vec<Arc<dyn Backend>> = FIXED.iter().filter_map(|id| configurations().into_iter().find(|b| b.id().is(id))).collect();
    let few = FEW.map(|records| format!("{records}")).join(" | ");
    println!(
        "| workload (rules) | {few} | best fixed, and records | adaptive | whole process | compiling with jit, estimated and taken |\n|---|{}---|---:|---:|---|",
        "---:|".repeat(FEW.len())
    );
    let mut ratios = vec![Vec::new(); FEW.len() + 2];
    for name in &options.workloads {
        let mut loaded = Loaded::new(shipped(name)?)?;
        // Nothing in the plain copies is measured.
        loaded.plain_batches.clear();
        let closures = &fixed[0];
        let few = few_records(&loaded, &[closures.clone(), adaptive.clone()])?;
        let Long { best, records, thread, process } = many_records(&loaded, &fixed, &*adaptive, options.seconds)?;
        ratios.iter_mut().zip(few.iter().chain(&[thread, process])).for_each(|(all, ratio)| all.push((name.clone(), *ratio)));
        let few: Vec<String> = few.iter().map(|ratio| format!("{ratio:.2}")).collect();
        println!(
            "| {name} ({}) | {} | {best}, {records} | {thread:.3} | {process:.3} | {} |",
            loaded.linked.program().rules.len(),
            few.join(" | "),
            compiling(&loaded, &*adaptive)?
        );
    }
    println!();
    let few = FEW.map(|records| format!("{records} records beside closures"));
    let long = ["long runs beside the best fixed", "the same with the whole process's time"].map(str::to_owned);
    for (what, ratios) in few.iter().chain(&long).zip(&ratios) {
        println!("* {what}: {}", summary(ratios));
    }
    Ok(())
}

/// What is said of compiling before, and what it takes.
fn compiling(loaded: &Loaded, adaptive: &dyn Backend) -> Result<String, Box<dyn Error>> {
    let decisions = adaptive.decisions(&loaded.linked).unwrap_or_default();
    let estimate = decisions.lines().find(|line| line.contains("in the background")).and_then(|line| line.split(" times the ").nth(1));
    let estimate = estimate.and_then(|rest| rest.split(" that").next()).unwrap_or("-");
    let jit = backend("jit")?;
    let mut least = Duration::MAX;
    for _ in 0..3 {
        let start = ThreadTime::now();
        drop(jit.compile(&loaded.linked));
        least = least.min(start.elapsed());
    }
    Ok(format!("{estimate}, {least:.1?}"))
}

/// One evaluation after the other of so many records, from the linked rules on.
fn one_by_one(loaded: &Loaded, backend: &dyn Backend, records: &[RecordRef<'_>], hits: &mut RuleSet) -> Result<(), Box<dyn Error>> {
    let rules = loaded.engine.compile_linked(&loaded.linked, backend)?;
    if loaded.linked.program().rules.len() == 1 {
        let mut filter = rules.filter(quintet::RuleId(0))?;
        records.iter().for_each(|record| drop(std::hint::black_box(filter.matches(*record))));
        return Ok(());
    }
    let mut instance = rules.instance()?;
    records.iter().try_for_each(|record| instance.run(*record, hits))?;
    Ok(())
}

/// For each of [`FEW`] how many times as long as the first backend the second takes.
fn few_records(loaded: &Loaded, backends: &[Arc<dyn Backend>; 2]) -> Result<Vec<f64>, Box<dyn Error>> {
    let all: Vec<RecordRef<'_>> = loaded.batches.iter().flat_map(Batch::iter).collect();
    let all: Vec<RecordRef<'_>> = all.iter().copied().cycle().take(FEW[FEW.len() - 1]).collect();
    let mut works: Vec<Work<'_>> = Vec::new();
    for records in FEW {
        for backend in backends {
            let records = &all[..records];
            let mut hits = RuleSet::new();
            one_by_one(loaded, &**backend, records, &mut hits)?;
            works.push(work(move || one_by_one(loaded, &**backend, records, &mut hits).is_ok()));
        }
    }
    let (units, _) = take_turns(&mut works);
    Ok(units.chunks(2).map(|pair| pair[1] / pair[0]).collect())
}

/// What a long run cost beside the best that could have been chosen.
struct Long {
    best: String,
    records: usize,
    /// The evaluating thread's time, and the process's.
    thread: f64,
    process: f64,
}

/// Seconds of the thread and of the process from the linked rules to the last of so many records.
fn long(loaded: &Loaded, backend: &dyn Backend, records: usize) -> Result<[f64; 2], Box<dyn Error>> {
    let (thread, process) = (ThreadTime::now(), ProcessTime::now());
    let mut instance = loaded.engine.compile_linked(&loaded.linked, backend)?.instance()?;
    let (mut matches, mut done) = (Matches::new(), 0);
    for batch in loaded.batches.iter().cycle() {
        instance.run_batch(batch, &mut matches)?;
        done += batch.len();
        if done >= records {
            break;
        }
    }
    Ok([thread.elapsed().as_secs_f64(), process.elapsed().as_secs_f64()])
}

fn many_records(loaded: &Loaded, fixed: &[Arc<dyn Backend>], adaptive: &dyn Backend, seconds: f64) -> Result<Long, Box<dyn Error>> {
    let jit = &*fixed[fixed.len().min(3) - 1];
    let once = loaded.records();
    let rate = long(loaded, jit, once * 2)?[0] - long(loaded, jit, once)?[0];
    let rate = (rate / once as f64).max(1e-9);
    let records = MANY.min((seconds / ROUNDS as f64 / rate) as usize).max(once);
    let mut all: Vec<(String, &dyn Backend, [f64; 2])> =
        fixed.iter().map(|b| &**b).chain([adaptive]).map(|b| (b.id().to_string(), b, [f64::INFINITY; 2])).collect();
    let rounds = ((seconds / (rate * records as f64)) as usize).clamp(ROUNDS, MOST_ROUNDS);
    for round in 0..rounds {
        for place in 0..all.len() {
            // Another one is first in each round.
            let place = (place + round) % all.len();
            let (_, backend, least) = &mut all[place];
            let took = long(loaded, *backend, records)?;
            least.iter_mut().zip(took).for_each(|(least, took)| *least = least.min(took));
        }
    }
    let (_, _, [thread, process]) = all.pop().ok_or("there is an adaptive backend")?;
    let (best, _, [least, _]) = all.into_iter().min_by(|a, b| a.2[0].total_cmp(&b.2[0])).ok_or("there are others")?;
    Ok(Long { best, records, thread: thread / least, process: process / least })
}
