//! What a change of a table costs: ten million records with a million keys by chance, each of which changes its entry, on one thread.
//!
//! `cargo run --release --example state_updates [RECORDS [KEYS]]`. Making the records is not in the time; what a backend says of
//! each, finding the key, the change and what goes for want of room are. Time is that of the core, so that other work on the machine is not in it.

use std::time::{Duration, Instant};

use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Matches, Scheme, Type};

const BATCH: usize = 4096;
const BATCHES: usize = 128;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let records: usize = args.next().map_or(Ok(10_000_000), |n| n.parse())?;
    let keys: u64 = args.next().map_or(Ok(1_000_000), |n| n.parse())?;
    let engine = Engine::new();
    let scheme = Scheme::builder().mandatory("t", Type::Float).mandatory("src", Type::Ip).mandatory("port", Type::Int).build()?;
    println!("{records} records, {keys} keys");
    println!("{:<44} {:>14} {:>10} {:>12} {:>10}", "table", "changes a s", "entries", "evicted", "MiB");
    for (kind, bounds, change) in [
        ("count", "within 60s max 2_000_000", "n += 1"),
        ("count", "within 60s max 100_000", "n += 1"),
        ("sum", "keep 60s max 2_000_000", "n += port"),
        ("seen", "keep 60s max 2_000_000", "add(n)"),
        ("seen", "keep 60s max 100_000", "add(n)"),
        ("Int", "keep 60s max 2_000_000", "n = port"),
        ("distinct", "within 60s max 2_000_000", "n += port"),
        ("distinct", "within 60s max 100_000", "n += port"),
    ] {
        let source = format!("time = t\nstate n[src]: {kind} {bounds}\nrule r = port > 0\non r {{ {change} }}");
        let rules = engine.compile(&source, &scheme, "closures")?;
        let (mut session, mut matches) = (rules.session()?, Matches::new());
        let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
        let (mut spent, mut done) = (Duration::ZERO, 0);
        let mut batches: Vec<Batch> = Vec::new();
        while done < records {
            // Many are made before any is timed.
            let old = std::mem::take(&mut batches).into_iter().map(Some).chain(std::iter::repeat_with(|| None));
            for (at, reuse) in old.take(BATCHES).enumerate() {
                batches.push(batch(rules.scheme(), reuse, &mut dice, done + at * BATCH, keys)?);
            }
            let begun = Spent::now();
            for batch in &batches {
                session.run_batch(batch, &mut matches)?;
            }
            spent += begun.since();
            done += BATCHES * BATCH;
        }
        let rate = done as f64 / spent.as_secs_f64();
        let count = &session.counts()[0];
        let table = format!("{kind} {bounds}");
        println!("{table:<44} {rate:>14.0} {:>10} {:>12} {:>10}", count.entries, count.evicted, count.bytes >> 20);
    }
    Ok(())
}

/// The time that this thread has had of a core, or where the system does not say, the time that went by.
enum Spent {
    Core(Duration),
    Wall(Instant),
}

impl Spent {
    fn core() -> Option<Duration> {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        text.split(' ').next()?.parse().ok().map(Duration::from_nanos)
    }

    fn now() -> Spent {
        Spent::core().map_or_else(|| Spent::Wall(Instant::now()), Spent::Core)
    }

    fn since(&self) -> Duration {
        match self {
            Spent::Core(begun) => Spent::core().unwrap_or(*begun).saturating_sub(*begun),
            Spent::Wall(begun) => begun.elapsed(),
        }
    }
}

/// Records of one second for each hundred thousand.
fn batch(scheme: &Scheme, reuse: Option<Batch>, dice: &mut u64, done: usize, keys: u64) -> Result<Batch, Box<dyn std::error::Error>> {
    let mut builder = match reuse {
        Some(batch) => BatchBuilder::reuse(batch)?,
        None => BatchBuilder::new(scheme, BATCH, ArenaKind::Shared)?,
    };
    let id = |name: &str| scheme.field_id(name).ok_or("a field");
    let (t, src, port) = (id("t")?, id("src")?, id("port")?);
    for at in 0..BATCH {
        *dice ^= *dice << 13;
        *dice ^= *dice >> 7;
        *dice ^= *dice << 17;
        let mut record = builder.record();
        record.float(t, (done + at) as f64 / 100_000.0);
        record.ip(src, std::net::Ipv4Addr::from((*dice % keys) as u32).into());
        record.int(port, (*dice >> 40) as i64 % 1000 + 1);
        record.finish()?;
    }
    Ok(builder.build())
}
