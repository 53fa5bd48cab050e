//! Compiled code is freed with its last user: compiling and dropping a rule over and over leaves resident memory flat, on every
//! configuration of every backend. `QUINTET_COMPILES=100000 cargo test --release --package quintet --test memory -- --nocapture` is the long run.
#![cfg(target_os = "linux")]

use std::time::Instant;

use quintet::{ArenaKind, BatchBuilder, Engine, Matches, RecordId, RuleId, Scheme, Type, configurations};

/// How much resident memory may grow, in bytes: noise of allocators, not the code of thousands of rules.
const SLACK: usize = 8 << 20;

/// Bytes of memory that the process has, taking pages as 4 KiB; larger ones make the figure smaller, not wrong.
fn resident() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").expect("the kernel tells");
    let pages: usize = text.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("a number");
    pages * 4096
}

#[test]
fn compiling_and_dropping_leaves_memory_flat() {
    let count = std::env::var("QUINTET_COMPILES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000);
    let engine = Engine::new();
    let scheme = Scheme::builder().mandatory("n", Type::Int).mandatory("s", Type::Bytes).build().unwrap();
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Shared).unwrap();
    let mut record = builder.record();
    record.int(scheme.field_id("n").unwrap(), 7);
    record.bytes(scheme.field_id("s").unwrap(), b"an example");
    record.finish().unwrap();
    let batch = builder.build();
    let program = engine.check("n > 5 and n < 9 and s contains \"example\" and s matches \"^an\"", &scheme).unwrap();
    let linked = engine.link(program).unwrap();
    for backend in configurations() {
        let mut matches = Matches::new();
        let mut round = || {
            let rules = engine.compile_linked(&linked, &*backend).unwrap();
            let mut instance = rules.instance().unwrap();
            // The instance is the last user of the code.
            drop(rules);
            instance.run_batch(&batch, &mut matches).unwrap();
            assert!(matches.get(RuleId(0), RecordId(0)));
        };
        (0..200).for_each(|_| round());
        let (before, start) = (resident(), Instant::now());
        (0..count).for_each(|_| round());
        let after = resident();
        println!(
            "{:<10} {count} compiles, instances and runs in {:.1} s: resident {:.1} MB before, {:.1} MB after",
            backend.id().to_string(),
            start.elapsed().as_secs_f64(),
            before as f64 / 1e6,
            after as f64 / 1e6
        );
        assert!(after < before + SLACK, "{}: {before} bytes before, {after} after {count} rounds", backend.id());
    }
}
