//! Value expressions on every configuration: the cases of `values.jsonl`, and random ones.
//!
//! A line has the expression, over the scheme of `quintet_testing::world`; its type; a record, in which what is left out is zero or
//! missing; and what the expression is worth there: `value` (`null` is nil) or `trap`. `memory_bytes` sets that limit.

use std::path::Path;

use quintet::lang::Type;
use quintet::{ArenaKind, Engine, EvaluateError, Limits, OwnedValue, Passes, ValueInstance, configurations};
use quintet_cases::{batch, record_from_json};
use quintet_testing::world;
use serde_json::{Value as Json, json};

/// What a case comes to on each configuration, without passes and with all of them; empty where all is as it should be.
fn wrong(case: &Json) -> Vec<String> {
    let source = case["expr"].as_str().expect("an expression");
    let ty: Type = case["type"].as_str().expect("a type").parse().expect("a type");
    let world = world(true);
    let wanted = match case.get("trap") {
        Some(trap) => Err(trap.as_str().expect("a trap").to_owned()),
        None if case["value"].is_null() => Ok(None),
        None => Ok(Some(OwnedValue::from_json(&ty, &case["value"]).expect("a value of the type"))),
    };
    let record = record_from_json(&world.scheme, case.get("record").unwrap_or(&json!({}))).expect("a record");
    let default = Limits::default();
    let memory_bytes = case.get("memory_bytes").and_then(Json::as_u64).map_or(default.memory_bytes, |n| n as usize);
    let mut wrong = Vec::new();
    for passes in [Passes::none(), Passes::default()] {
        let limits = Limits { memory_bytes, ..default.clone() };
        let engine =
            Engine::new().with_library(world.library.clone()).with_lists(world.lists.clone()).with_limits(limits).with_passes(passes);
        for backend in configurations() {
            let id = backend.id().to_string();
            let expression = match engine.compile_value(source, &world.scheme, &id) {
                Ok(expression) => expression,
                Err(e) => {
                    wrong.push(format!("{source}\n  {id}: {e}"));
                    continue;
                }
            };
            assert_eq!(expression.ty(), &ty, "{source}");
            let mut instance = expression.instance().expect("an instance");
            for kind in [ArenaKind::Plain, ArenaKind::Shared] {
                let batch = batch(&world.scheme, [&record], kind).expect("a batch");
                let found = match instance.evaluate(batch.record(0)) {
                    Ok(value) => Ok(value),
                    Err(EvaluateError::Trap(fault)) => Err(fault.trap.to_string()),
                    Err(e) => panic!("{source}: {e}"),
                };
                if found != wanted {
                    wrong.push(format!("{source}\n  wanted {wanted:?}\n  {id}: {found:?}"));
                }
            }
        }
    }
    wrong
}

#[test]
fn cases_are_answered_right_by_all() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/values.jsonl");
    let text = std::fs::read_to_string(&path).expect("the cases");
    let cases: Vec<Json> = text.lines().map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"))).collect();
    assert!(cases.len() >= 60, "only {} cases", cases.len());
    let wrong: Vec<String> = cases.iter().flat_map(wrong).collect();
    assert!(wrong.is_empty(), "{} answers are wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn a_wrong_expectation_is_found() {
    assert!(!wrong(&json!({"expr": "n + 1", "type": "Int", "record": {"n": 1}, "value": 3})).is_empty());
    assert!(!wrong(&json!({"expr": "n / 0", "type": "Int", "value": null})).is_empty());
}

#[test]
fn random_expressions_evaluate_alike() {
    quintet_testing::values(&[], 2_000);
    quintet_testing::values(&configurations(), 200);
}

#[test]
fn what_is_no_single_expression_is_refused() {
    let engine = Engine::new();
    let world = world(true);
    for (source, message) in [
        ("rule a = n\nrule b = m", "an expression is wanted here, not rules"),
        ("", "an expression was expected"),
        ("n +", "expected"),
        ("lower(n)", "argument 1 of `lower`"),
        ("nn", "there is no field `nn`"),
    ] {
        let error = engine.check_value(source, &world.scheme).expect_err(source).to_string();
        assert!(error.contains(message), "{source}: {error}");
    }
}

/// Instances of several expressions, and of one expression on several threads, do not take each other's values.
#[test]
fn instances_keep_apart() {
    let (engine, world) = (Engine::new().with_library(world(true).library.clone()), world(true));
    let record = record_from_json(&world.scheme, &json!({"n": 20, "host": "h"})).expect("a record");
    let batch = batch(&world.scheme, [&record], ArenaKind::Shared).expect("a batch");
    for backend in configurations() {
        let id = backend.id().to_string();
        let of = |source: &str| engine.compile_value(source, &world.scheme, &id).expect("an expression");
        let (twice, text) = (of("n * 2"), of("concat(host, \"!\")"));
        let run = |instance: &mut ValueInstance| instance.evaluate(batch.record(0)).expect("a value").map(|v| v.to_string());
        let (mut a, mut b) = (twice.instance().expect("an instance"), text.instance().expect("an instance"));
        for _ in 0..3 {
            assert_eq!((run(&mut a).as_deref(), run(&mut b).as_deref()), (Some("40"), Some("\"h!\"")), "{id}");
        }
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    let mut instance = twice.instance().expect("an instance");
                    (0..100).for_each(|_| assert_eq!(run(&mut instance).as_deref(), Some("40"), "{id}"));
                });
            }
        });
    }
}
