//! What backends say that they ask of their host is what they do: the process's own memory map is read while each of them runs.
#![cfg(target_os = "linux")]

use std::time::{Duration, Instant};

use quintet::backend::Isolation;
use quintet::{ArenaKind, BatchBuilder, Engine, Matches, Scheme, Type, configurations};

/// Bytes of memory that is executable and no file's: what code generators map.
fn executable_bytes() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("the memory map");
    maps.lines()
        .filter_map(|line| {
            let mut words = line.split_whitespace();
            let (range, rights, file) = (words.next()?, words.next()?, words.nth(3).unwrap_or(""));
            let generated = rights.contains('x') && (file.is_empty() || file.starts_with("[anon") || file.starts_with("/memfd:"));
            let (from, to) = range.split_once('-')?;
            let address = |text| usize::from_str_radix(text, 16).expect("an address");
            generated.then(|| address(to) - address(from))
        })
        .sum()
}

#[test]
fn executable_memory_is_mapped_by_those_that_say_so() {
    let engine = Engine::new();
    let scheme = Scheme::builder()
        .mandatory("n", Type::Int)
        .mandatory("s", Type::Bytes)
        .functions(engine.library().signatures())
        .build()
        .expect("a scheme");
    let (n, s) = (scheme.field_id("n").expect("n"), scheme.field_id("s").expect("s"));
    let mut builder = BatchBuilder::new(&scheme, 5000, ArenaKind::Shared).expect("a batch");
    for i in 0..5000 {
        let mut record = builder.record();
        record.int(n, i);
        record.bytes(s, b"GET /index.html");
        record.finish().expect("a record");
    }
    let batch = builder.build();
    let source = "rule a = n % 7 == 3 and s contains \"index\"\nrule b = n in {1..100} or s matches \"^POST\"";
    for backend in configurations() {
        let before = executable_bytes();
        let rules = engine.compile(source, &scheme, &backend.id().to_string()).expect("compiles");
        let mut instance = rules.instance().expect("instantiates");
        let mut matches = Matches::new();
        // Often enough for a trace compiler to find the loop worth its while.
        for _ in 0..100 {
            instance.run_batch(&batch, &mut matches).expect("runs");
        }
        let (traits, deadline) = (backend.traits(), Instant::now() + Duration::from_secs(60));
        // What is compiled in the background may take its time.
        while backend.id().name == "adaptive" && executable_bytes() <= before && Instant::now() < deadline {
            instance.run_batch(&batch, &mut matches).expect("runs");
        }
        let mapped = executable_bytes().saturating_sub(before);
        assert_eq!(mapped > 0, traits.executable_memory, "{}: {mapped} bytes", backend.id());
        assert_eq!(traits.isolation == Isolation::SafeRust, ["interp", "closures"].contains(&backend.id().name), "{}", backend.id());
        assert_eq!(traits.isolation == Isolation::Sandbox, backend.id().name == "wasm", "{}", backend.id());
    }
}
