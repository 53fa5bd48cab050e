//! From a linked program to the first answer of a backend.

use criterion::{BatchSize, Criterion, Throughput};
use quintet::{RuleSet, Rules, configurations};
use quintet_bench::{Loaded, usual};

use crate::settings::lazy;
use crate::workloads::Prepared;

/// Compiling all rules, in every configuration.
pub fn compile(criterion: &mut Criterion, prepared: &Prepared) {
    let loaded = &prepared.loaded;
    let mut group = criterion.benchmark_group(format!("compile/{}", prepared.name));
    group.throughput(Throughput::Elements(prepared.rules));
    for backend in configurations() {
        group.bench_function(backend.id().to_string(), |b| {
            let loaded: &Loaded = loaded;
            b.iter(|| loaded.engine.compile_linked(&loaded.linked, &*backend));
        });
    }
    group.finish();
}

/// Making an instance, in every configuration.
pub fn instantiate(criterion: &mut Criterion, prepared: &Prepared) {
    let loaded = &prepared.loaded;
    let mut group = criterion.benchmark_group(format!("instantiate/{}", prepared.name));
    for backend in configurations() {
        let rules = lazy(|| loaded.engine.compile_linked(&loaded.linked, &*backend).expect("the workload is verified"));
        group.bench_function(backend.id().to_string(), |b| {
            let rules: &Rules = &rules;
            b.iter(|| rules.instance());
        });
    }
    group.finish();
}

/// The first call of a fresh instance, on the first record. No instance outlives its call, as each has memory of its own.
pub fn first_call(criterion: &mut Criterion, prepared: &Prepared) {
    let loaded = &prepared.loaded;
    let mut group = criterion.benchmark_group(format!("first_call/{}", prepared.name));
    group.throughput(Throughput::Elements(1));
    for backend in usual() {
        let rules = lazy(|| loaded.engine.compile_linked(&loaded.linked, &*backend).expect("the workload is verified"));
        let mut hits = RuleSet::new();
        group.bench_function(backend.id().to_string(), |b| {
            let (loaded, rules): (&Loaded, &Rules) = (loaded, &rules);
            b.iter_batched_ref(
                || rules.instance().expect("the workload is verified"),
                |instance| instance.run(loaded.batches[0].record(0), &mut hits),
                BatchSize::PerIteration,
            );
        });
    }
    group.finish();
}

/// From a linked program to the answer for the first record, and freeing all of it, in every configuration.
pub fn first_answer(criterion: &mut Criterion, prepared: &Prepared) {
    let loaded = &prepared.loaded;
    let mut group = criterion.benchmark_group(format!("first_answer/{}", prepared.name));
    group.throughput(Throughput::Elements(prepared.rules));
    for backend in configurations() {
        let mut hits = RuleSet::new();
        group.bench_function(backend.id().to_string(), |b| {
            let loaded: &Loaded = loaded;
            b.iter(|| {
                let rules = loaded.engine.compile_linked(&loaded.linked, &*backend).expect("the workload is verified");
                let mut instance = rules.instance().expect("the workload is verified");
                instance.run(loaded.batches[0].record(0), &mut hits)
            });
        });
    }
    group.finish();
}
