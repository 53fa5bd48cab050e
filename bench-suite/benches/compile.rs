//! What it costs to get from source to something that runs, per backend and workload. `cargo bench --bench compile -- WORKLOAD/jit` narrows it.

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use quintet::backends;
use quintet_bench::{Loaded, names, shipped, verify};

fn compile(criterion: &mut Criterion) {
    for name in names() {
        let workload = shipped(&name).expect("shipped workloads load");
        let loaded = Loaded::new(workload).expect("shipped workloads load");
        verify(&loaded, &backends()).unwrap_or_else(|e| panic!("{e}"));
        let (engine, source, scheme) = (&loaded.engine, &loaded.workload.rules, loaded.linked.scheme());
        let mut group = criterion.benchmark_group(format!("compile/{name}"));
        group.bench_function("parse", |b| b.iter(|| quintet_lang::parse(source, engine.limits()).expect("checked")));
        group.bench_function("parse+check", |b| b.iter(|| engine.check(source, scheme).expect("checked")));
        group.bench_function("link", |b| {
            b.iter_batched(|| loaded.linked.program().clone(), |p| engine.link(p).expect("linked"), BatchSize::SmallInput);
        });
        for backend in backends() {
            group.bench_function(backend.id().to_string(), |b| {
                b.iter(|| engine.compile_linked(&loaded.linked, &*backend).expect("compiles"));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, compile);
criterion_main!(benches);
