//! From 1 to 10,000 rules: compiling them and running them. Where compiling would take a backend too long, its larger sizes are left
//! out, and a line on standard error says so.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, SamplingMode, Throughput};
use quintet::backend::Backend;
use quintet::{BackendId, Matches, Rules, backends};
use quintet_bench::scaling::Axis;

use crate::agreed::Agreed;
use crate::settings::lazy;

/// The longest that compiling may take where it is what is timed, a dozen times over.
const TIMED: Duration = Duration::from_secs(4);

/// The longest that compiling may take where it is done once, to run the rules.
const ONCE: Duration = Duration::from_secs(20);

/// Both, at all sizes.
pub fn many_rules(criterion: &mut Criterion) {
    let mut took = Took::default();
    compile(criterion, &mut took);
    run(criterion, &mut took);
}

fn compile(criterion: &mut Criterion, took: &mut Took) {
    let mut group = criterion.benchmark_group("scaling/rules/compile");
    group.sample_size(10).sampling_mode(SamplingMode::Flat);
    for &size in Axis::Rules.sizes() {
        let agreed = lazy(|| Agreed::of(Axis::Rules, size));
        group.throughput(Throughput::Elements(size as u64));
        for backend in backends() {
            if took.too_long("compile", backend.id(), size, TIMED) {
                continue;
            }
            let mut verified = false;
            group.bench_function(BenchmarkId::new(backend.id().to_string(), size), |b| {
                if !verified {
                    agreed.instance(&took.compile(&agreed, &*backend, size), &*backend);
                    verified = true;
                }
                let agreed: &Agreed = &agreed;
                b.iter(|| agreed.compile(&*backend));
            });
        }
    }
    group.finish();
}

fn run(criterion: &mut Criterion, took: &mut Took) {
    let mut group = criterion.benchmark_group("scaling/rules/run");
    for &size in Axis::Rules.sizes() {
        let agreed = lazy(|| Agreed::of(Axis::Rules, size));
        group.throughput(Throughput::Elements(Axis::Rules.records(size) as u64));
        for backend in backends() {
            if took.too_long("run", backend.id(), size, ONCE) {
                continue;
            }
            let (mut ready, mut matches) = (None, Matches::new());
            group.bench_function(BenchmarkId::new(backend.id().to_string(), size), |b| {
                let instance = ready.get_or_insert_with(|| agreed.instance(&took.compile(&agreed, &*backend, size), &*backend));
                let batch = &agreed.input.batch;
                b.iter(|| instance.run_batch(batch, &mut matches));
            });
        }
    }
    group.finish();
}

/// How long each backend took to compile the most rules that it has compiled in this run.
#[derive(Default)]
struct Took(HashMap<BackendId, (usize, Duration)>);

impl Took {
    /// Compiles, and keeps how long it took.
    fn compile(&mut self, agreed: &Agreed, backend: &dyn Backend, size: usize) -> Rules {
        let start = Instant::now();
        let rules = agreed.compile(backend);
        let most = self.0.entry(backend.id()).or_default();
        *most = (*most).max((size, start.elapsed()));
        rules
    }

    /// Whether compiling this many rules would take longer than `limit`, were it in proportion to the most that have been compiled; then
    /// it says so. A backend of which a filter left out all smaller sizes is measured, as nothing is known of it.
    fn too_long(&self, what: &str, id: BackendId, size: usize, limit: Duration) -> bool {
        let Some(&(most, duration)) = self.0.get(&id) else { return false };
        let expected = duration.mul_f64(size as f64 / most as f64);
        if expected > limit {
            eprintln!(
                "scaling/rules/{what}/{id}/{size}: left out; compiling would take about {:.0} s, and the suite allows {} s",
                expected.as_secs_f64(),
                limit.as_secs()
            );
        }
        expected > limit
    }
}
