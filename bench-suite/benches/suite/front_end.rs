//! From source to a linked program: what comes before any backend.

use criterion::{BatchSize, Criterion, Throughput};
use quintet::{Engine, Program};
use quintet_bench::Loaded;
use quintet_lang::syntax::File;
use quintet_lang::{check, parse as parse_rules};

use crate::settings::lazy;
use crate::workloads::Prepared;

/// The steps one by one, each on all rules.
pub fn parse(criterion: &mut Criterion, prepared: &Prepared) {
    let loaded = &prepared.loaded;
    let parsed = lazy(|| parse_rules(&loaded.workload.rules, loaded.engine.limits()).expect("the workload is loaded"));
    let checked = lazy(|| check(&parsed, loaded.linked.scheme(), loaded.engine.limits()).expect("the workload is loaded"));
    let optimised = lazy(|| loaded.engine.optimise(&checked));
    let mut group = criterion.benchmark_group(format!("parse/{}", prepared.name));
    group.throughput(Throughput::Elements(prepared.rules));
    group.bench_function("parse", |b| {
        let loaded: &Loaded = loaded;
        b.iter(|| parse_rules(&loaded.workload.rules, loaded.engine.limits()));
    });
    group.bench_function("check", |b| {
        let (loaded, parsed): (&Loaded, &File) = (loaded, &parsed);
        b.iter(|| check(parsed, loaded.linked.scheme(), loaded.engine.limits()));
    });
    group.bench_function("passes", |b| {
        let (loaded, checked): (&Loaded, &Program) = (loaded, &checked);
        b.iter(|| loaded.engine.optimise(checked));
    });
    group.bench_function("link", |b| {
        let (linker, optimised): (&Engine, &Program) = (&loaded.linker(), &optimised);
        b.iter_batched(|| optimised.clone(), |program| linker.link(program), BatchSize::SmallInput);
    });
    group.finish();
}
