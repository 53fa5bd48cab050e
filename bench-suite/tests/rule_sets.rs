//! The workloads of a thousand rules: every configuration finds what they expect, with and without asking first which rules may match.

use quintet::{Engine, Matches, Passes, RuleSet, configurations};
use quintet_bench::{Loaded, sets, shipped};

#[test]
fn all_configurations_find_what_is_expected_with_the_prefilter_and_without() {
    for name in sets() {
        let loaded = Loaded::new(shipped(&name).unwrap()).unwrap();
        assert!(loaded.linked.has_prefilter() && !loaded.unoptimised.has_prefilter(), "{name}");
        let off = Engine::new().with_passes(Passes { prefilter: false, ..Passes::default() });
        let off = off.link(loaded.unoptimised.program().clone()).unwrap();
        let rules = &loaded.linked.program().rules;
        let wanted: Vec<usize> = rules.iter().map(|rule| loaded.workload.expected[&rule.name]).collect();
        for backend in configurations() {
            for linked in [&loaded.linked, &off] {
                let mut instance = backend.compile(linked).unwrap().instantiate(linked.limits()).unwrap();
                let (mut together, mut alone) = (vec![0; rules.len()], vec![0; rules.len()]);
                let (mut matches, mut hits) = (Matches::new(), RuleSet::new());
                for batch in &loaded.batches {
                    instance.run_batch(batch, &mut matches).unwrap();
                    together.iter_mut().enumerate().for_each(|(rule, count)| *count += matches.count(rule));
                    for record in batch.iter() {
                        instance.run(record, &mut hits).unwrap();
                        hits.iter().for_each(|rule| alone[rule] += 1);
                    }
                }
                let id = backend.id();
                assert_eq!(together, wanted, "{name} on {id} in batches, prefilter {}", linked.has_prefilter());
                assert_eq!(alone, wanted, "{name} on {id} one by one, prefilter {}", linked.has_prefilter());
            }
        }
    }
}
