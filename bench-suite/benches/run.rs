//! What it costs to run rules over records, per backend and workload, in batches and one record at a time; each iteration is the whole
//! workload. `cargo bench --bench run -- WORKLOAD/batch/jit` narrows it.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use quintet::{Batch, Matches, RuleSet, backends};
use quintet_bench::{Loaded, names, shipped, verify};

fn run(criterion: &mut Criterion) {
    for name in names() {
        let workload = shipped(&name).expect("shipped workloads load");
        let loaded = Loaded::new(workload).expect("shipped workloads load");
        verify(&loaded, &backends()).unwrap_or_else(|e| panic!("{e}"));
        let mut group = criterion.benchmark_group(format!("run/{name}"));
        group.throughput(Throughput::Elements(loaded.records() as u64));
        for backend in backends() {
            let rules = loaded.engine.compile_linked(&loaded.linked, &*backend).expect("compiles");
            let mut instance = rules.instance().expect("instantiates");
            let (mut matches, mut hits) = (Matches::new(), RuleSet::new());
            group.bench_function(format!("batch/{}", backend.id()), |b| {
                b.iter(|| {
                    for batch in &loaded.batches {
                        instance.run_batch(batch, &mut matches).expect("runs");
                    }
                });
            });
            group.bench_function(format!("single/{}", backend.id()), |b| {
                b.iter(|| {
                    for record in loaded.batches.iter().flat_map(Batch::iter) {
                        instance.run(record, &mut hits).expect("runs");
                    }
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, run);
criterion_main!(benches);
