//! What a call costs by itself: the rule `true` on one record, and a batch without records.

use criterion::{Criterion, Throughput};
use quintet::Matches;
use quintet_bench::scaling::cheapest;
use quintet_bench::usual;

use crate::agreed::Agreed;
use crate::settings::lazy;

/// One call per iteration.
pub fn call_overhead(criterion: &mut Criterion) {
    let make = |records| move || Agreed::new(cheapest(records).unwrap_or_else(|e| panic!("{e}")));
    let (one, none) = (lazy(make(1)), lazy(make(0)));
    let mut group = criterion.benchmark_group("call_overhead/one-record");
    group.throughput(Throughput::Elements(1));
    for backend in usual() {
        let mut ready = None;
        group.bench_function(backend.id().to_string(), |b| {
            let instance = ready.get_or_insert_with(|| one.instance(&one.compile(&*backend), &*backend));
            let record = one.input.batch.record(0);
            let mut why = None;
            b.iter(|| instance.test(0, record, &mut why));
        });
    }
    group.finish();
    let mut group = criterion.benchmark_group("call_overhead/empty-batch");
    for backend in usual() {
        let (mut ready, mut matches) = (None, Matches::new());
        group.bench_function(backend.id().to_string(), |b| {
            let instance = ready.get_or_insert_with(|| none.instance(&none.compile(&*backend), &*backend));
            let batch = &none.input.batch;
            b.iter(|| instance.run_batch(batch, &mut matches));
        });
    }
    group.finish();
}
