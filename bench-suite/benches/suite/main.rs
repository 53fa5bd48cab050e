//! The criterion suite: what each phase costs on the shipped workloads, what a call costs by itself, and how cost grows with the size of
//! sets, bodies, rules and batches.
//!
//! | id | one iteration |
//! |---|---|
//! | `parse/WORKLOAD/STEP` | one step from source to a linked program: `parse`, `check`, `passes`, `link`; all rules |
//! | `compile/WORKLOAD/BACKEND` | compiling all rules, and freeing what it made |
//! | `instantiate/WORKLOAD/BACKEND` | making an instance, and freeing it |
//! | `first_call/WORKLOAD/BACKEND` | a fresh instance's first call, on one record |
//! | `first_answer/WORKLOAD/BACKEND` | compiling all rules, an instance, its first call on one record, and freeing all of it |
//! | `run_single/WORKLOAD/BACKEND` | all records of the workload, one call each |
//! | `run_batch/WORKLOAD/BACKEND` | all records of the workload, one call per batch |
//! | `run_batch/WORKLOAD/BACKEND/no-passes` | the same, for rules that no optimising pass has seen |
//! | `call_overhead/one-record/BACKEND` | a call for one record and the rule `true` |
//! | `call_overhead/empty-batch/BACKEND` | a call for a batch without records |
//! | `scaling/AXIS/BACKEND/SIZE` | a batch, or compiling, at this size of one quantity; see [`quintet_bench::scaling`] |
//!
//! BACKEND is a backend's id; `compile`, `instantiate` and `first_answer` have all configurations (`jit-fast`, `jit-stencil`, `wasm-winch`), the others
//! the default ones, most of them with `jit-stencil`.
//! Throughput is in records where records are run, in rules where rules are compiled.
//!
//! `first_call` makes thousands of instances one after another, so the processor has everything at hand; `quintet compare` times one first
//! call in each round, after everything else has run, and finds it dearer.
//!
//! `cargo bench` in the root of the workspace runs all of it, in about a quarter of an hour on two idle cores. A regular expression over
//! the ids narrows it: `cargo bench -- waf-pack`, `cargo bench -- 'run_batch/.*/jit'`, `cargo bench -- scaling/rules`. What a filter leaves
//! out is neither compiled nor verified.
//!
//! Backends whose compiling of many rules would take too long are measured up to the size that takes seconds; what is left out is printed.
//!
//! Before a benchmark is timed, its answers are verified: the workload's by [`quintet_bench::verify`], a synthetic input's against the
//! interpreter's. A wrong answer ends the run.

mod agreed;
mod call_overhead;
mod front_end;
mod many_rules;
mod prepare;
mod run;
mod scaling;
mod settings;
mod workloads;

use criterion::{criterion_group, criterion_main};

criterion_group! {
    name = suite;
    config = settings::settings();
    targets = workloads::workloads, call_overhead::call_overhead, scaling::scaling
}
criterion_main!(suite);
