//! Profiling at run time, as an embedding host does it: on every backend the answers are those of a plain run, and the counts are exact.

use quintet::{ArenaKind, Batch, BatchBuilder, Engine, Instance, Limits, Matches, Profile, Scheme, Type, configurations};

fn scheme() -> Scheme {
    Scheme::builder().mandatory("n", Type::Int).optional("text", Type::Bytes).build().unwrap()
}

fn batch(scheme: &Scheme, from: i64, records: usize) -> Batch {
    let mut builder = BatchBuilder::new(scheme, records, ArenaKind::Shared).unwrap();
    for n in from..from + records as i64 {
        let mut record = builder.record();
        record.int(scheme.field_id("n").unwrap(), n);
        record.bytes(scheme.field_id("text").unwrap(), format!("record {n}").as_bytes());
        record.finish().unwrap();
    }
    builder.build()
}

const RULES: &str = "rule even = n % 2 == 0\nrule inverse = 100 / (n - 7) < 3\nrule seven = text contains \"7\"\nrule never = n < 0\n";

fn instances(engine: &Engine, scheme: &Scheme, rules: &str) -> Vec<(String, Box<dyn Instance>)> {
    let linked = engine.link(engine.check(rules, scheme).unwrap()).unwrap();
    let one = |backend: std::sync::Arc<dyn quintet::backend::Backend>| {
        let rules = engine.compile_linked(&linked, &*backend).unwrap();
        (backend.id().to_string(), rules.instance().unwrap())
    };
    configurations().into_iter().map(one).collect()
}

#[test]
fn answers_are_those_of_a_plain_run_and_counts_are_exact() {
    let scheme = scheme();
    let batches: Vec<Batch> = [(0, 1), (1, 63), (64, 64), (128, 2000), (2128, 0)].map(|(from, n)| batch(&scheme, from, n)).into();
    for (id, mut instance) in instances(&Engine::new(), &scheme, RULES) {
        let (mut profile, mut plain, mut profiled) = (Profile::new(4), Matches::new(), Matches::new());
        for batch in &batches {
            instance.run_batch(batch, &mut plain).unwrap();
            profile.run_batch(&mut *instance, batch, &mut profiled).unwrap();
            assert_eq!(plain, profiled, "{id}");
        }
        let spent = profile.spent();
        assert!(spent.rules_ns > 0.0 && spent.rules_ns + spent.alone_ns < spent.elapsed_ns, "{id}: {spent:?}");
        let costs = profile.take();
        assert!(costs.iter().all(|c| c.checks == 2128 && c.ns > 0.0), "{id}: {costs:?}");
        assert_eq!(costs.iter().map(|c| c.matches).collect::<Vec<_>>()[..2], [1064, 2094], "{id}");
        assert_eq!(costs.iter().map(|c| c.traps).collect::<Vec<_>>(), [0, 1, 0, 0], "{id}");
        assert!(costs.iter().all(|c| c.matching.calls + c.others.calls <= 5), "{id}: {costs:?}");
        assert!(costs[3].matching.calls == 0 && costs[3].others.calls > 0 && costs[3].max_ns().is_some(), "{id}");
        assert!(profile.costs().iter().all(|c| c.checks == 0), "{id}: taken once");
    }
}

#[test]
fn a_rule_that_passes_its_budget_is_checked_and_counted() {
    let scheme = scheme();
    let batch = batch(&scheme, 0, 130);
    let engine = Engine::new().with_limits(Limits { steps: 1, ..Limits::default() });
    for (id, mut instance) in
        instances(&engine, &scheme, "rule a = n >= 0\nrule dear = text matches \"(re|co)+rd [0-9]*7\"\nrule b = n == 5\n")
    {
        let (mut profile, mut plain, mut profiled) = (Profile::new(3), Matches::new(), Matches::new());
        instance.run_batch(&batch, &mut plain).unwrap();
        profile.run_batch(&mut *instance, &batch, &mut profiled).unwrap();
        assert_eq!(plain, profiled, "{id}");
        let counts: Vec<(u64, u64, u64)> = profile.costs().iter().map(|c| (c.checks, c.matches, c.traps)).collect();
        assert_eq!(counts, [(130, 130, 0), (130, 0, 130), (130, 1, 0)], "{id}");
    }
}

#[test]
fn what_a_program_or_a_batch_does_not_have_is_refused() {
    let (scheme, mut out) = (scheme(), Matches::new());
    let batch = batch(&scheme, 0, 10);
    let other = Scheme::builder().mandatory("m", Type::Int).build().unwrap();
    let foreign = BatchBuilder::new(&other, 1, ArenaKind::Plain).unwrap().build();
    for (id, mut instance) in instances(&Engine::new(), &scheme, RULES) {
        let mut wrong = |rule: usize, records: std::ops::Range<usize>, batch: &Batch, part: &str| {
            let error = instance.run_rule(rule, batch, records, &mut out).unwrap_err().to_string();
            assert!(error.contains(part), "{id}: {error}");
        };
        wrong(4, 0..10, &batch, "there is no rule 4; the program has 4, counted from 0");
        wrong(0, 5..11, &batch, "there are no records 5..11; the batch has 10, counted from 0");
        #[expect(clippy::reversed_empty_ranges, reason = "what is refused")]
        wrong(0, 5..4, &batch, "there are no records 5..4");
        wrong(0, 0..0, &foreign, "another scheme");
        assert!(Profile::new(5).run_batch(&mut *instance, &batch, &mut out).unwrap_err().to_string().contains("no rule 4"), "{id}");
        instance.run_rule(0, &batch, 3..3, &mut out).unwrap();
        assert_eq!((out.rules(), out.records()), (1, 0), "{id}");
    }
}
