//! The steady state: all records of a workload, one by one and in batches.

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};
use quintet::backend::Backend;
use quintet::{Batch, Instance, Matches, RuleSet};
use quintet_bench::{Loaded, usual};

use crate::settings::Lazy;
use crate::workloads::Prepared;

fn instance(loaded: &Loaded, backend: &dyn Backend) -> Box<dyn Instance> {
    let rules = loaded.engine.compile_linked(&loaded.linked, backend).expect("the workload is verified");
    rules.instance().expect("the workload is verified")
}

/// All records, one call each; a single rule is asked as a filter is.
pub fn run_single(criterion: &mut Criterion, prepared: &Prepared) {
    let loaded = &prepared.loaded;
    let mut group = criterion.benchmark_group(format!("run_single/{}", prepared.name));
    group.throughput(Throughput::Elements(prepared.records));
    for backend in usual() {
        let (mut ready, mut hits) = (None, RuleSet::new());
        group.bench_function(backend.id().to_string(), |b| {
            let loaded: &Loaded = loaded;
            let instance = ready.get_or_insert_with(|| instance(loaded, &*backend));
            if loaded.linked.program().rules.len() == 1 {
                let mut why = None;
                return b.iter(|| {
                    for record in loaded.batches.iter().flat_map(Batch::iter) {
                        // A trap is no answer, and takes its time all the same.
                        std::hint::black_box(instance.test(0, record, &mut why));
                    }
                });
            }
            b.iter(|| {
                for record in loaded.batches.iter().flat_map(Batch::iter) {
                    instance.run(record, &mut hits).expect("the workload is verified");
                }
            });
        });
    }
    group.finish();
}

/// All records, one call per batch; with and without passes.
pub fn run_batch(criterion: &mut Criterion, prepared: &Prepared) {
    let mut group = criterion.benchmark_group(format!("run_batch/{}", prepared.name));
    group.throughput(Throughput::Elements(prepared.records));
    for backend in usual() {
        batches(&mut group, backend.id().to_string(), &prepared.loaded, &*backend);
        batches(&mut group, format!("{}/no-passes", backend.id()), &prepared.without_passes, &*backend);
    }
    group.finish();
}

fn batches(group: &mut BenchmarkGroup<'_, WallTime>, id: String, loaded: &Lazy<Loaded>, backend: &dyn Backend) {
    let (mut ready, mut matches) = (None, Matches::new());
    group.bench_function(id, |b| {
        let loaded: &Loaded = loaded;
        let instance = ready.get_or_insert_with(|| instance(loaded, backend));
        b.iter(|| {
            for batch in &loaded.batches {
                instance.run_batch(batch, &mut matches).expect("the workload is verified");
            }
        });
    });
}
