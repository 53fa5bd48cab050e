//! Scripts in both kinds of memory, and what they leave behind.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use quintet_lang::{HARD_MEMORY_BYTES, Limits, Scheme, Type, compile};
use quintet_runtime::{ArenaKind, Backend, Batch, BatchBuilder, Library, Linked, Lists, Matches, RuleSet, Trap, Value};
use quintet_wasm::Wasm;

fn scheme() -> Scheme {
    static SCHEME: LazyLock<Scheme> = LazyLock::new(new_scheme);
    SCHEME.clone()
}

fn new_scheme() -> Scheme {
    Scheme::builder()
        .mandatory("s", Type::Bytes)
        .optional("n", Type::Int)
        .mandatory("f", Type::Float)
        .optional("o", Type::Bytes)
        .optional("ints", Type::array(Type::Int))
        .optional("map", Type::map(Type::Int))
        .optional("ip", Type::Ip)
        .mandatory("flag", Type::Bool)
        .functions(Library::standard().signatures())
        .build()
        .unwrap()
}

fn link(source: &str) -> Arc<Linked> {
    let limits = Limits::default();
    let program = compile(source, &scheme(), &limits).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    Linked::new(program, &Library::standard(), &Lists::new(), &limits).unwrap()
}

fn batch(kind: ArenaKind) -> Batch {
    let scheme = scheme();
    let field = |name: &str| scheme.field_id(name).unwrap();
    let mut builder = BatchBuilder::new(&scheme, 70, kind).unwrap();
    for i in 0..70_usize {
        let text = vec![i as u8; i * 13 % 700];
        let mut record = builder.record();
        record.set(field("s"), Value::Bytes(&text));
        record.set(field("f"), Value::Float(i as f64));
        record.set(field("flag"), Value::Bool(i % 2 == 0));
        if i % 3 == 0 {
            record.set(field("n"), Value::Int(i as i64));
        }
        record.finish().unwrap();
    }
    builder.build()
}

fn backends() -> [Wasm; 4] {
    [Wasm::new(), Wasm::winch(), Wasm::new().copying(), Wasm::winch().copying()]
}

/// The records that each rule matches, and the traps.
type Answers = (Vec<Vec<usize>>, Vec<(usize, usize, Trap)>);

fn run(backend: Wasm, program: &Arc<Linked>, limits: &Limits, kinds: &[ArenaKind]) -> Vec<Answers> {
    let mut instance = backend.compile(program).unwrap().instantiate(limits).unwrap();
    let mut matches = Matches::new();
    let answers = kinds.iter().map(|kind| {
        instance.run_batch(&batch(*kind), &mut matches).unwrap();
        let hits = (0..program.program().rules.len()).map(|rule| matches.records_of(rule).collect()).collect();
        (hits, matches.traps().iter().map(|t| (t.rule, t.record, t.trap)).collect())
    });
    answers.collect()
}

const KINDS: [ArenaKind; 3] = [ArenaKind::Plain, ArenaKind::Shared, ArenaKind::Plain];

#[test]
fn both_kinds_of_memory_give_the_same_answers() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../engine/tests/scripts");
    let limits = Limits { memory_bytes: 1 << 18, steps: 100_000, ..Limits::default() };
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let program = link(&std::fs::read_to_string(entry.unwrap().path()).unwrap());
        let first = run(Wasm::new(), &program, &limits, &KINDS);
        assert_eq!(first[0], first[1]);
        assert_eq!(first[0], first[2]);
        for backend in backends() {
            assert_eq!(run(backend, &program, &limits, &KINDS), first, "{}", backend.id());
        }
        files += 1;
    }
    assert!(files >= 5);
}

/// The names say what must be answered.
#[test]
fn loops_end_at_the_budget() {
    let scheme = scheme();
    let mut builder = BatchBuilder::new(&scheme, 2, ArenaKind::Shared).unwrap();
    for _ in 0..2 {
        let mut record = builder.record();
        record.set(scheme.field_id("s").unwrap(), Value::Bytes(&[7; 10_000]));
        record.set(scheme.field_id("f").unwrap(), Value::Float(0.0));
        record.set(scheme.field_id("flag").unwrap(), Value::Bool(true));
        record.finish().unwrap();
    }
    let batch = builder.build();
    let program = link(include_str!("scripts/counting.rules"));
    let limits = Limits { steps: 100_000, ..Limits::default() };
    for backend in backends() {
        let mut instance = backend.compile(&program).unwrap().instantiate(&limits).unwrap();
        let mut matches = Matches::new();
        instance.run_batch(&batch, &mut matches).unwrap();
        for (index, rule) in program.program().rules.iter().enumerate() {
            let traps: Vec<String> = matches.traps().iter().filter(|t| t.rule == index).map(|t| format!("{:?}", t.trap)).collect();
            let wanted = match rule.name.split('_').collect::<Vec<_>>().as_slice() {
                ["yes", ..] => (2, vec![]),
                ["trap", "budget", ..] => (0, vec!["Budget"; 2]),
                ["trap", "index", ..] => (0, vec!["Index"; 2]),
                ["trap", "division", ..] => (0, vec!["DivisionByZero"; 2]),
                ["trap", "nil", ..] => (0, vec!["Nil"; 2]),
                _ => panic!("`{}` says nothing", rule.name),
            };
            let found = (matches.records_of(index).count(), traps.iter().map(String::as_str).collect());
            assert_eq!(found, wanted, "{} {}", backend.id(), rule.name);
        }
    }
}

/// A rule and its number alone answer what all together do.
#[test]
fn one_rule_of_several() {
    let program = link(
        "fn f(x: Int) -> Int { return x * 2 }\nrule a = f(n) > 40\nrule b { let t: [Int] = [len(s)]\n push(t, 1)\n return t[0] > 300 }",
    );
    for backend in backends() {
        let mut instance = backend.compile(&program).unwrap().instantiate(&Limits::default()).unwrap();
        let batch = batch(ArenaKind::Shared);
        let (mut all, mut one, mut hits) = (Matches::new(), Matches::new(), RuleSet::new());
        instance.run_batch(&batch, &mut all).unwrap();
        for rule in 0..2 {
            instance.run_rule(rule, &batch, 3..67, &mut one).unwrap();
            let wanted: Vec<usize> = all.records_of(rule).filter(|r| (3..67).contains(r)).map(|r| r - 3).collect();
            assert!(!wanted.is_empty());
            assert_eq!(one.records_of(0).collect::<Vec<_>>(), wanted);
        }
        for record in batch.iter() {
            instance.run(record, &mut hits).unwrap();
            assert_eq!(hits.iter().any(|rule| rule == 1), all.records_of(1).any(|r| r == record.index()));
        }
    }
}

#[test]
fn arrays_may_take_what_the_limit_allows() {
    let program = link(
        "fn fixed(n: Int) -> Int { let a: [Int; 4000000] = [n; 4000000]\n if n > 0 { return fixed(n - 1) + a[3999999] }\n return a[0] }\n\
         rule stack = len(s) != 13 or fixed(6) == 21\n\
         rule heap { if len(s) != 26 { return true }\n let a: [Int] = []\n let b: [Int] = []\n for i in 0..8000000 { push(a, i)\n push(b, i) }\n return a[7999999] + b[7] == 8000006 }",
    );
    let limits = Limits { memory_bytes: HARD_MEMORY_BYTES, ..Limits::default() };
    for backend in [Wasm::new(), Wasm::winch()] {
        let [(hits, traps)] = run(backend, &program, &limits, &[ArenaKind::Shared]).try_into().unwrap();
        assert_eq!((hits[0].len(), hits[1].len(), traps.len()), (70, 70, 0), "{}", backend.id());
    }
    // Where batches are copied there is less room, which is a trap like any other.
    for backend in [Wasm::new().copying(), Wasm::winch().copying()] {
        let [(hits, traps)] = run(backend, &program, &limits, &[ArenaKind::Shared]).try_into().unwrap();
        assert_eq!((hits[0].len(), hits[1].len()), (69, 69), "{}", backend.id());
        assert_eq!(traps, [(0, 1, Trap::Memory), (1, 2, Trap::Memory)], "{}", backend.id());
    }
}

/// As many calls inside one another as there may be, of functions with as many locals as can be allowed for that.
#[test]
fn the_native_stack_is_enough() {
    let deep = |locals: usize| {
        let set: String = (0..locals).map(|i| format!("    let x{i} = u8(s, (n + {i}) % 13) ?? n\n")).collect();
        let sum: String = (0..locals).map(|i| format!("    sum += x{i}\n")).collect();
        format!(
            "fn deep(n: Int) -> Int {{\n    if n == 0 {{ return 0 }}\n{set}    let sum = deep(n - 1)\n{sum}    return sum\n}}\n\
             rule d = deep(199) > 0\nrule calls = deep(201) > 0"
        )
    };
    let limits = Limits::default();
    for backend in backends() {
        let [(hits, traps)] = run(backend, &link(&deep(400)), &limits, &[ArenaKind::Plain]).try_into().unwrap();
        assert_eq!(hits[0].len(), 70, "{}", backend.id());
        assert!(traps.len() == 70 && traps.iter().all(|(rule, _, trap)| *rule == 1 && *trap == Trap::Calls), "{}", backend.id());
    }
    let wide = Limits { code_expressions: usize::MAX, ..Limits::default() };
    let program = compile(&deep(2000), &scheme(), &wide).unwrap();
    let program = Linked::new(program, &Library::standard(), &Lists::new(), &wide).unwrap();
    let refused = Wasm::new().compile(&program).err().unwrap().to_string();
    assert!(refused.contains("KiB of stack") && refused.contains("`deep`"), "{refused}");
}
