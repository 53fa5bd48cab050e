//! What a change of a table costs: ten million records with a million keys by chance, each of which changes its entry, on one thread.
//!
//! `cargo run --release --workspace --example state_updates [RECORDS [KEYS]]`. Making the records is not in the time; what a backend says of
//! each, finding the key, the change and what goes for want of room are.

use std::time::{Duration, Instant};

use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Matches, Scheme, Type};

const BATCH: usize = 4096;

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
        let mut reuse = None;
        while done < records {
            let batch = batch(rules.scheme(), reuse, &mut dice, done, keys)?;
            let begun = Instant::now();
            session.run_batch(&batch, &mut matches)?;
            spent += begun.elapsed();
            done += batch.len();
            reuse = Some(batch);
        }
        let rate = done as f64 / spent.as_secs_f64();
        let count = &session.counts()[0];
        let table = format!("{kind} {bounds}");
        println!("{table:<44} {rate:>14.0} {:>10} {:>12} {:>10}", count.entries, count.evicted, count.bytes >> 20);
    }
    Ok(())
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
