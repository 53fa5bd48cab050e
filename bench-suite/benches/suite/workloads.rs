//! The phases on every shipped workload.

use criterion::Criterion;
use quintet::{Engine, Passes, configurations};
use quintet_bench::{Loaded, names, shipped, verify};

use crate::settings::{Lazy, lazy};
use crate::{front_end, prepare, run};

/// A shipped workload, verified with and without passes when its answers first matter.
pub struct Prepared<'l> {
    /// Its name.
    pub name: &'l str,
    /// Its rules.
    pub rules: u64,
    /// Its records.
    pub records: u64,
    /// The workload, all of whose configurations answer alike.
    pub loaded: Lazy<'l, Loaded>,
    /// The same rules without passes, which answer as the workload expects too.
    pub without_passes: Lazy<'l, Loaded>,
}

/// Runs every phase on every workload.
pub fn workloads(criterion: &mut Criterion) {
    for name in names() {
        let loaded = load(&name);
        let prepared = Prepared {
            name: &name,
            rules: loaded.linked.program().rules.len() as u64,
            records: loaded.records() as u64,
            loaded: lazy(|| verified(loaded)),
            without_passes: lazy(|| without_passes(&name)),
        };
        front_end::parse(criterion, &prepared);
        prepare::compile(criterion, &prepared);
        prepare::instantiate(criterion, &prepared);
        prepare::first_call(criterion, &prepared);
        prepare::first_answer(criterion, &prepared);
        run::run_single(criterion, &prepared);
        run::run_batch(criterion, &prepared);
    }
}

fn load(name: &str) -> Loaded {
    shipped(name).map_err(|e| e.to_string()).and_then(|w| Loaded::new(w).map_err(|e| e.to_string())).unwrap_or_else(|e| panic!("{e}"))
}

fn without_passes(name: &str) -> Loaded {
    let mut loaded = load(name);
    loaded.engine = Engine::new().with_passes(Passes::none());
    let program = loaded.engine.check(&loaded.workload.rules, loaded.linked.scheme()).expect("the rules have been checked");
    loaded.linked = loaded.engine.link(program).expect("the rules have been linked");
    verified(loaded)
}

/// The workload, after all configurations answered alike on all its records and matched as often as it expects.
fn verified(loaded: Loaded) -> Loaded {
    verify(&loaded, &configurations()).unwrap_or_else(|e| panic!("{e}"));
    loaded
}
