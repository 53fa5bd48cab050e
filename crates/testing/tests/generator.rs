//! The generator makes programs that compile and whose answers differ, so that a wrong backend is found out.

use std::collections::BTreeMap;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use quintet_interp::Interp;
use quintet_lang::dump::dump;
use quintet_lang::{Passes, compile, compile_value};
use quintet_testing::{Batches, KINDS, case, instance, statistics, value_case, values_of};

#[test]
fn generated_cases_are_not_degenerate() {
    let s = statistics(2_500);
    let share = |n: usize| n as f64 / s.answers as f64;
    println!(
        "{} programs, {} rules, {} answers: {:.1} % true, {:.1} % traps ({} of the memory limit); {:.1} % of rules are constant over their records\n{:?}",
        s.programs,
        s.rules,
        s.answers,
        100.0 * share(s.hits),
        100.0 * share(s.traps),
        s.memory_traps,
        100.0 * s.constant_rules as f64 / s.rules as f64,
        s.kinds,
    );
    assert!(
        s.rejected.is_empty(),
        "{} of {} programs do not compile:\n{}",
        s.rejected.len(),
        s.programs,
        s.rejected[..s.rejected.len().min(5)].join("\n")
    );
    assert!(s.answers >= 20_000);
    assert!(share(s.hits) > 0.15, "almost nothing matches");
    assert!(1.0 - share(s.hits) - share(s.traps) > 0.15, "almost everything matches");
    assert!(share(s.traps) > 0.002, "almost nothing traps");
    assert!(s.memory_traps >= 20, "almost nothing reaches the memory limit");
    assert!(s.constant_rules * 10 < s.rules * 7, "most rules do not depend on the record");
    let missing: Vec<_> = KINDS.iter().filter(|k| s.kinds.get(**k).copied().unwrap_or(0) < 50).collect();
    assert!(missing.is_empty(), "these kinds of expressions are rare: {missing:?}");
}

#[test]
fn generated_values_compile_and_are_of_all_types() {
    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut nil, mut traps) = (0, 0);
    for _ in 0..2_000 {
        let case = value_case().new_tree(&mut runner).unwrap().current();
        let linked = case.link_value(&Passes::none()).unwrap_or_else(|e| panic!("{}\n  {e}", case.source()));
        let ty = linked.program().value().expect("a value expression").ty.to_string();
        *seen.entry(ty).or_default() += 1;
        let text = linked.program().to_string();
        let again = compile_value(&text, &case.world().scheme, &case.limits()).unwrap_or_else(|e| panic!("{}\n{text}  {e}", case.source()));
        assert_eq!(again.to_string(), text, "{}", case.source());
        let batches = Batches::new(linked.scheme(), &case.records, false).unwrap();
        let answers = values_of(instance(&Interp::new(), &linked, &case.limits()).unwrap(), &batches).unwrap();
        nil += answers.iter().filter(|a| *a == "nil").count();
        traps += answers.iter().filter(|a| a.starts_with("trap: ")).count();
    }
    println!("{nil} nil, {traps} traps, {seen:?}");
    for ty in ["Bool", "Int", "Float", "Bytes", "Ip", "Array<Int>", "Array<Bytes>", "Array<Array<Bytes>>", "Map<Bytes>", "Map<Map<Int>>"] {
        assert!(seen.get(ty).is_some_and(|n| *n >= 10), "too few of type {ty}: {seen:?}");
    }
    assert!(nil > 500 && traps > 200, "too few are nil or trap");
}

/// What a program prints as checks to the same program.
#[test]
fn generated_programs_print_as_themselves() {
    let mut runner = TestRunner::deterministic();
    let mut wrong = Vec::new();
    for _ in 0..10_000 {
        let case = case().new_tree(&mut runner).unwrap().current();
        let limits = quintet_lang::Limits { nesting: 300, ..case.limits() };
        let scheme = &case.world().scheme;
        let program = compile(&case.source(), scheme, &limits).unwrap_or_else(|e| panic!("{}\n  {e}", case.source()));
        match compile(&program.to_string(), scheme, &limits) {
            Ok(again) if dump(&again) == dump(&program) => {}
            Ok(_) => wrong.push(format!("{}\nprints as another program:\n{program}", case.source())),
            Err(e) => wrong.push(format!("{}\nprints as\n{program}\n  {e}", case.source())),
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong[..wrong.len().min(5)].join("\n"));
}
