//! How cost grows with the size of one quantity: running a batch at each size of each axis.

use criterion::{BenchmarkId, Criterion, Throughput};
use quintet::{Matches, backends};
use quintet_bench::scaling::Axis;

use crate::agreed::Agreed;
use crate::many_rules::many_rules;
use crate::settings::lazy;

/// All axes.
pub fn scaling(criterion: &mut Criterion) {
    for axis in Axis::ALL {
        if axis == Axis::Rules {
            many_rules(criterion);
        } else {
            run(criterion, axis);
        }
    }
}

fn run(criterion: &mut Criterion, axis: Axis) {
    let mut group = criterion.benchmark_group(format!("scaling/{}", axis.name()));
    for &size in axis.sizes() {
        let agreed = lazy(|| Agreed::of(axis, size));
        group.throughput(Throughput::Elements(axis.records(size) as u64));
        for backend in backends() {
            let (mut ready, mut matches) = (None, Matches::new());
            group.bench_function(BenchmarkId::new(backend.id().to_string(), size), |b| {
                let instance = ready.get_or_insert_with(|| agreed.instance(&agreed.compile(&*backend), &*backend));
                let batch = &agreed.input.batch;
                b.iter(|| instance.run_batch(batch, &mut matches));
            });
        }
    }
    group.finish();
}
