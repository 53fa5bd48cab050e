//! The generator makes programs that compile and whose answers differ, so that a wrong backend is found out.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use quintet_interp::Interp;
use quintet_lang::dump::dump;
use quintet_lang::{Limits, Passes, Program, compile, compile_value};
use quintet_runtime::{Linked, Trap};
use quintet_testing::{
    Answer, Batches, KINDS, Mode, Stateful, Way, answers, case, instance, script, statistics, value_case, values_of, world,
};

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
    for _ in 0..4_000 {
        let case = value_case().new_tree(&mut runner).unwrap().current();
        let linked = case.link_value(&Passes::none()).unwrap_or_else(|e| panic!("{}\n  {e}", case.source()));
        let ty = linked.program().value().expect("a value expression").ty.to_string();
        *seen.entry(ty).or_default() += 1;
        let text = linked.program().to_string();
        let again = compile_value(&text, &case.world().scheme, &case.limits()).unwrap_or_else(|e| panic!("{}\n{text}  {e}", case.source()));
        assert_eq!(again.to_string(), text, "{}", case.source());
        let batches = Batches::new(linked.scheme(), &case.records, false).unwrap();
        let answers = values_of(instance(&Interp::new(), &linked, &case.limits()).unwrap(), linked.program(), &batches).unwrap();
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

#[test]
fn generated_scripts_mean_the_same_printed_formatted_and_as_json() {
    let mut runner = TestRunner::deterministic();
    let scheme = &world(true).scheme;
    let (mut compiled, mut rejected) = (0, Vec::new());
    let (mut hits, mut traps) = (0, BTreeMap::new());
    for _ in 0..1_500 {
        let script = script().new_tree(&mut runner).unwrap().current();
        let (source, limits) = (script.source(), script.limits());
        let program = match compile(&source, scheme, &limits) {
            Ok(program) => program,
            Err(e) => {
                rejected.push(format!("{source}\n{e}"));
                continue;
            }
        };
        compiled += 1;
        let back = Program::from_json(&program.to_json(), scheme).unwrap_or_else(|e| panic!("{source}\nas JSON: {e}"));
        assert_eq!(dump(&back), dump(&program), "{source}\nas JSON");
        let formatted = quintet_lang::format(&source, &limits).unwrap_or_else(|e| panic!("{source}\nformatted: {e}"));
        let same = compile(&formatted, scheme, &limits).unwrap_or_else(|e| panic!("{source}\nformatted:\n{formatted}\n{e}"));
        assert_eq!(dump(&same), dump(&program), "{source}\nformatted:\n{formatted}");
        let once_more = quintet_lang::format(&formatted, &limits).unwrap_or_else(|e| panic!("{formatted}\n{e}"));
        assert_eq!(once_more, formatted, "{source}");
        let printed = program.to_string();
        let again = compile(&printed, scheme, &limits).unwrap_or_else(|e| panic!("{source}\nprinted:\n{printed}\n{e}"));
        // Locals of the checker have names once they are printed, and arrays that functions answer are filled beforehand: what is answered is
        // the same but for steps and memory.
        let generous = Limits { steps: 1 << 16, memory_bytes: 1 << 20, ..limits.clone() };
        let answered = |program: &Program| {
            let world = world(true);
            let linked = Linked::new(program.clone(), &world.library, &world.lists, &generous).unwrap_or_else(|e| panic!("{source}\n{e}"));
            let batches = Batches::new(scheme, &script.records, false).unwrap();
            answers(&mut *instance(&Interp::new(), &linked, &generous).unwrap(), &linked, &batches, Mode::ALL[0]).unwrap()
        };
        let wanted = answered(&program);
        let limited =
            |all: &[Answer]| all.iter().flat_map(|a| a.traps.values()).any(|(trap, _)| matches!(trap, Trap::Budget | Trap::Memory));
        if !limited(&wanted) {
            // Places are those of another text.
            let without_places = |all: Vec<Answer>| all.iter().map(Answer::without_places).collect::<Vec<_>>();
            assert_eq!(without_places(answered(&again)), without_places(wanted.clone()), "{source}\nprinted:\n{printed}");
        }
        for answer in &wanted {
            hits += answer.hits.len();
            answer.traps.values().for_each(|(trap, _)| *traps.entry(trap.to_string()).or_insert(0) += 1);
        }
    }
    println!("{compiled} scripts, {hits} hits, traps {traps:?}, {} rejected", rejected.len());
    println!("{}", rejected.iter().take(3).cloned().collect::<Vec<_>>().join("\n\n"));
    assert!(rejected.len() * 20 < compiled, "{}", rejected.join("\n\n"));
    assert!(traps.len() >= 5 && hits > 1_000, "{hits} hits, traps {traps:?}");
}

#[test]
fn stateful_texts_are_valid_and_come_to_the_same_in_batches() {
    let mut lines = 0;
    for case in 0..1_000_u64 {
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&case.to_le_bytes());
        let made = Stateful::of_seed(&seed);
        let linked = made.link(&Passes::none()).unwrap_or_else(|e| panic!("case {case}: {e}\n{}", made.source()));
        let rewritten = made.link(&Passes::default()).unwrap();
        let wanted = made.outcome(&linked, &Interp::new(), Way { size: 1, threads: 1 }).unwrap();
        for (linked, size, threads) in [(&linked, 64, 1), (&rewritten, 17, 1), (&linked, 33, 4)] {
            let mut found = made.outcome(linked, &Interp::new(), Way { size, threads }).unwrap();
            if Arc::ptr_eq(linked, &rewritten) {
                found = found.counted_as(&wanted);
            }
            assert_eq!(found, wanted, "case {case}, batches of {size}, {threads} threads:\n{}", made.source());
        }
        lines += wanted.lines.iter().map(|(_, lines)| lines.lines().count()).sum::<usize>();
    }
    assert!(lines > 2_000, "{lines}");
}
