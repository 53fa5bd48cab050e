//! What counting steps costs scripts on jit and wasm: the same programs with and without the steps of turns and calls, in turns in one process.
//!
//! ```text
//! cargo run --release --example budgets
//! ```

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use quintet::backend::Linked;
use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Library, Limits, Matches, Scheme, Type, Value, configurations};

/// Rounds of which the median is taken.
const ROUNDS: usize = 101;

fn batch(scheme: &Scheme) -> Result<Batch, Box<dyn Error>> {
    let mut builder = BatchBuilder::new(scheme, 1 << 7, ArenaKind::Plain)?;
    let payload: Vec<u8> = (0..40_000u32).map(|i| (i * 7 % 251) as u8).collect();
    let mut record = builder.record();
    for (name, value) in [("payload", Value::Bytes(&payload)), ("n", Value::Int(50_000))] {
        record.set(scheme.field_id(name).ok_or("a field of the workloads")?, value);
    }
    record.finish()?;
    Ok(builder.build())
}

fn main() -> Result<(), Box<dyn Error>> {
    let scheme = Scheme::builder()
        .mandatory("payload", Type::Bytes)
        .mandatory("n", Type::Int)
        .functions(Library::standard().signatures())
        .build()?;
    let batch = batch(&scheme)?;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../bench-suite/workloads/scripts");
    for workload in ["sha256", "sieve"] {
        let text = std::fs::read_to_string(folder.join(workload).with_extension("rules"))?;
        let engine = Engine::new().with_library(Library::standard());
        let program = engine.check(&text, &scheme)?;
        let link = || engine.link(engine.optimise(&program));
        let uncounted = Linked::without_turns(link()?).ok_or("a program of its own")?;
        for backend in configurations().iter().filter(|b| ["jit", "wasm"].contains(&b.id().to_string().as_str())) {
            let instance = |linked: &Arc<Linked>| backend.compile(linked)?.instantiate(&Limits::default()).map_err(Box::<dyn Error>::from);
            let mut instances = [instance(&link()?)?, instance(&uncounted)?];
            let mut matches = Matches::new();
            let (mut seconds, mut ratios) = ([f64::INFINITY; 2], Vec::new());
            for round in 0..ROUNDS {
                let mut now = [0.0; 2];
                // Which is first changes from round to round.
                for place in [round % 2, 1 - round % 2] {
                    let start = Instant::now();
                    (0..20).try_for_each(|_| instances[place].run_batch(&batch, &mut matches))?;
                    now[place] = start.elapsed().as_secs_f64() / 20.0;
                    seconds[place] = seconds[place].min(now[place]);
                }
                ratios.push(now[0] / now[1]);
            }
            ratios.sort_by(f64::total_cmp);
            let percent = (ratios[ROUNDS / 2] - 1.0) * 100.0;
            let [with, without] = seconds.map(|s| s * 1e6);
            println!("{workload} {}: {with:.1} us with, {without:.1} us without, at the least; median {percent:+.1} %", backend.id());
        }
    }
    Ok(())
}
