//! What the configurations of the jit cost beside closures, on the shipped workloads: compiling in packs, one rule to its first answer, and
//! running against the configuration `jit`.
//!
//! ```text
//! cargo run --release --example tiers                  # jit, jit-stencil where the machine has it, jit-fast, closures
//! cargo run --release --example tiers lua wasm-winch   # jit and these
//! ```
//!
//! All configurations take turns in each round, so what disturbs the machine for longer than a round cancels in ratios. A figure is the median
//! of its rounds.

#[path = "../beside-wirefilter/expressions.rs"]
mod expressions;
#[path = "../beside-wirefilter/turns.rs"]
mod turns;

use std::error::Error;
use std::sync::Arc;

use quintet::backend::Backend;
use quintet::{Batch, Instance, Matches, RuleSet, backend, configurations};
use quintet_bench::{Loaded, names, shipped};
use quintet_results::median;

use expressions::expressions;
use turns::{Work, summary, take_turns, work};

/// What the others are compared with.
const BASE: &str = "jit";

fn main() -> Result<(), Box<dyn Error>> {
    let wanted: Vec<String> = std::env::args().skip(1).collect();
    let mut backends = vec![backend(BASE)?];
    if wanted.is_empty() {
        let usual = ["jit-stencil", "jit-fast", "closures"];
        backends.extend(usual.iter().filter_map(|id| configurations().into_iter().find(|b| b.id().is(id))));
    }
    for id in wanted.iter().filter(|id| *id != BASE) {
        backends.push(backend(id)?);
    }
    let all = names().iter().map(|name| Ok(Loaded::new(shipped(name)?)?)).collect::<Result<Vec<_>, Box<dyn Error>>>()?;
    compile(&all, &backends)?;
    first_answer(&all, &backends)?;
    run("One call a record", "single calls", &all, &backends, &single)?;
    run("In batches", "batches", &all, &backends, &batches)
}

/// The head of a table with a column for each backend.
fn head(title: &str, columns: &str, backends: &[Arc<dyn Backend>]) {
    let ids: Vec<String> = backends.iter().map(|b| b.id().to_string()).collect();
    println!("## {title}\n\n| workload | {columns} | {} |\n|---|---:|{}", ids.join(" | "), "---:|".repeat(ids.len()));
}

/// Compiling all rules of each workload together, and freeing the code.
fn compile(all: &[Loaded], backends: &[Arc<dyn Backend>]) -> Result<(), Box<dyn Error>> {
    head("Compiling, ns a rule", "rules", backends);
    for loaded in all {
        let mut works: Vec<Work<'_>> = backends.iter().map(|b| work(move || loaded.engine.compile_linked(&loaded.linked, &**b))).collect();
        let (units, pointer_call) = take_turns(&mut works);
        let rules = loaded.linked.program().rules.len();
        let cells: Vec<String> = units.iter().map(|u| format!("{:.0}", u * pointer_call / rules as f64)).collect();
        println!("| {} | {rules} | {} |", loaded.workload.name, cells.join(" | "));
    }
    println!();
    Ok(())
}

/// Each rule of each workload alone: compiling, an instance, an answer, and freeing all of it.
fn first_answer(all: &[Loaded], backends: &[Arc<dyn Backend>]) -> Result<(), Box<dyn Error>> {
    head("One rule alone, from the linked program to its first answer, ns: the median rule, and the worst", "rules", backends);
    for loaded in all {
        let engine = &loaded.engine;
        let record = loaded.batches.first().filter(|batch| !batch.is_empty()).ok_or("a workload has records")?.record(0);
        let mut works: Vec<Work<'_>> = Vec::new();
        for (_, text) in expressions(loaded)? {
            let linked = engine.link(engine.check(&text, loaded.linked.scheme())?)?;
            for backend in backends {
                let linked = linked.clone();
                works.push(work(move || {
                    engine.compile_linked(&linked, &**backend).ok()?.filter(quintet::RuleId(0)).ok()?.matches(record).ok()
                }));
            }
        }
        let rules = works.len() / backends.len();
        let (units, pointer_call) = take_turns(&mut works);
        let cells: Vec<String> = (0..backends.len())
            .map(|place| {
                let times: Vec<f64> = units.iter().skip(place).step_by(backends.len()).map(|u| u * pointer_call).collect();
                format!("{:.0} ({:.0})", median(&times), times.iter().copied().fold(0.0, f64::max))
            })
            .collect();
        println!("| {} | {rules} | {} |", loaded.workload.name, cells.join(" | "));
    }
    println!();
    Ok(())
}

/// How a backend answers all records of a workload.
type Way = dyn for<'l> Fn(&'l Loaded, Box<dyn Instance>) -> Work<'l>;

/// All records of each workload, and how many times as long as the first backend the others take.
fn run(title: &str, short: &str, all: &[Loaded], backends: &[Arc<dyn Backend>], way: &Way) -> Result<(), Box<dyn Error>> {
    head(&format!("{title}: ns a record with {BASE}, and times that"), "records", backends);
    let mut ratios = vec![Vec::new(); backends.len()];
    for loaded in all {
        let mut works: Vec<Work<'_>> = Vec::new();
        for backend in backends {
            works.push(way(loaded, loaded.engine.compile_linked(&loaded.linked, &**backend)?.instance()?));
        }
        let (units, pointer_call) = take_turns(&mut works);
        let records: usize = loaded.batches.iter().map(Batch::len).sum();
        let base = units.first().ok_or("there is a first backend")?;
        let mut cells = vec![format!("{:.2}", base * pointer_call / records as f64)];
        cells.extend(units.iter().skip(1).map(|u| format!("{:.2}", u / base)));
        ratios.iter_mut().zip(&units).for_each(|(ratios, u)| ratios.push((loaded.workload.name.clone(), u / base)));
        println!("| {} | {records} | {} |", loaded.workload.name, cells.join(" | "));
    }
    println!();
    for (backend, ratios) in backends.iter().zip(&ratios).skip(1) {
        println!("* {}, {short}: {}", backend.id(), summary(ratios));
    }
    println!();
    Ok(())
}

/// One call a record; a single rule is asked as a filter is.
fn single(loaded: &Loaded, mut instance: Box<dyn Instance>) -> Work<'_> {
    let records: Vec<_> = loaded.batches.iter().flat_map(Batch::iter).collect();
    let (mut hits, mut why) = (RuleSet::new(), None);
    if loaded.linked.program().rules.len() == 1 {
        return work(move || records.iter().filter(|record| instance.test(0, **record, &mut why) == Some(true)).count());
    }
    work(move || records.iter().filter(|record| instance.run(**record, &mut hits).is_err()).count())
}

/// One call a batch.
fn batches(loaded: &Loaded, mut instance: Box<dyn Instance>) -> Work<'_> {
    let mut matches = Matches::new();
    work(move || loaded.batches.iter().filter(|batch| instance.run_batch(batch, &mut matches).is_err()).count())
}
