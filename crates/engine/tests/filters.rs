//! A filter answers what the same rule answers among the others, on every configuration: hits, traps and their places, small budgets, and
//! records of another scheme.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use quintet::lang::ast::Span;
use quintet::{
    ArenaKind, BatchBuilder, Engine, EvaluateError, Filter, FilterError, Limits, Passes, RuleSet, Scheme, Trap, Type, configurations,
};
use quintet_cases::batch;
use quintet_testing::case;

const CASES: usize = 250;

/// What a filter answers, as a set of rules would say it.
fn answer(found: Result<bool, FilterError>) -> (bool, Option<(Trap, Span)>) {
    match found.map_err(FilterError::into_cause) {
        Ok(hit) => (hit, None),
        Err(EvaluateError::Trap(fault)) => (false, Some((fault.trap, fault.span))),
        Err(error @ (EvaluateError::Run(_) | EvaluateError::NoValue(_))) => panic!("{error}"),
    }
}

#[test]
fn filters_answer_as_rules_among_others() {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let mut runner = TestRunner::new_with_rng(Config { failure_persistence: None, ..Config::default() }, rng);
    let (mut hits, mut traps, mut misses) = (0, 0, 0);
    for _ in 0..CASES {
        let case = case().new_tree(&mut runner).expect("a case").current();
        let Ok(program) = case.link(&Passes::none()) else { continue };
        let limits = case.limits();
        let records = batch(program.scheme(), case.records.iter(), ArenaKind::Plain).expect("records");
        for backend in configurations() {
            let compiled = backend.compile(&program).expect("code");
            let make = || compiled.instantiate(&limits).expect("an instance");
            let mut all = make();
            let mut filters: Vec<Filter> = (0..program.program().rules.len()).map(|rule| Filter::new(make(), rule)).collect();
            let mut set = RuleSet::new();
            // Twice, so that what a trap leaves behind meets the records before it.
            for record in records.iter().chain(records.iter()) {
                all.run(record, &mut set).expect("a run");
                let trapped: BTreeMap<usize, _> = set.traps().iter().map(|it| (it.rule, (it.trap, it.span))).collect();
                for (rule, filter) in filters.iter_mut().enumerate() {
                    let (wanted, found) = ((set.contains(rule), trapped.get(&rule).copied()), answer(filter.matches(record)));
                    assert_eq!(found, wanted, "{}: rule {rule} on record {} of\n{}", backend.id(), record.index(), case.source());
                    hits += usize::from(wanted.0);
                    traps += usize::from(wanted.1.is_some());
                    misses += usize::from(wanted == (false, None));
                }
            }
        }
    }
    println!("{hits} hits, {misses} misses, {traps} traps");
    assert!(hits > 1000 && misses > 1000 && traps > 100, "{hits} hits, {misses} misses, {traps} traps");
}

/// Rules of each kind that a filter asks in a way of its own: they only answer, look at texts, count, make values, trap.
const SOURCE: &str = r#"
    rule answers = n == 1 and text != ""
    rule looks   = n == 2 or text contains "needle in a haystack"
    rule counts  = any(numbers[*] * 2 == 6)
    rule makes   = len(concat(text, text)) == 2
    rule divides = 6 / n == 6
"#;

fn scheme() -> Scheme {
    Scheme::builder()
        .optional("n", Type::Int)
        .optional("text", Type::Bytes)
        .optional("numbers", Type::array(Type::Int))
        .functions(Engine::new().library().signatures())
        .build()
        .expect("a scheme")
}

#[test]
fn budgets_hold_and_other_schemes_are_refused() {
    let scheme = scheme();
    let other = Scheme::builder().optional("n", Type::Int).build().expect("a scheme");
    // With so few steps a long text is not within the budget, and a short one is.
    let engine = Engine::new().with_limits(Limits { steps: 4, ..Limits::default() });
    let batch_of = |scheme: &Scheme, text: Option<&[u8]>| {
        let mut builder = BatchBuilder::new(scheme, 1, ArenaKind::Plain).expect("a batch");
        let mut record = builder.record();
        record.int(scheme.field_id("n").expect("n"), 1);
        if let (Some(field), Some(text)) = (scheme.field_id("text"), text) {
            record.bytes(field, text);
        }
        record.finish().expect("a record");
        builder.build()
    };
    let (short, long, foreign) = (batch_of(&scheme, Some(b"x")), batch_of(&scheme, Some(&[b'x'; 4 << 10])), batch_of(&other, None));
    for backend in configurations() {
        let rules = engine.compile(SOURCE, &scheme, &backend.id().to_string()).expect("rules");
        let mut set = RuleSet::new();
        for (number, name) in rules.names().enumerate() {
            let mut filter = rules.filter(rules.rule(name).expect("a rule")).expect("a filter");
            let mut after = (false, None);
            for (batch, what) in [(&short, "short"), (&long, "long"), (&short, "short again")] {
                let record = batch.iter().next().expect("a record");
                rules.instance().expect("an instance").run(record, &mut set).expect("a run");
                let trap = set.traps().iter().find(|it| it.rule == number).map(|it| (it.trap, it.span));
                after = (set.contains(number), trap);
                assert_eq!(answer(filter.matches(record)), after, "{}: {name}, {what}", backend.id());
                if name == "looks" {
                    assert_eq!(trap.map(|it| it.0), (what == "long").then_some(Trap::Budget), "{}", backend.id());
                }
            }
            let refused = filter.matches(foreign.iter().next().expect("a record"));
            assert!(matches!(refused.map_err(FilterError::into_cause), Err(EvaluateError::Run(_))), "{}: {name}", backend.id());
            // And the filter goes on.
            assert_eq!(answer(filter.matches(short.iter().next().expect("a record"))), after, "{}: {name}", backend.id());
        }
    }
}
