//! States go from program to program, and nothing of one is seen in the next.

use quintet_lang::{Limits, Scheme, Type, compile};
use quintet_lua::LuaJit;
use quintet_runtime::{ArenaKind, Backend, Batch, BatchBuilder, Instance, Library, Linked, Lists, Matches, RuleSet};

/// Programs that leave behind what a state can hold: traces, tables, parts, arrays of scripts, traps and used up budgets.
const PROGRAMS: [&str; 6] = [
    "n == 3 and host contains \"b\"",
    "rule a = 100 / (n - 2) > 7\nrule b = any(ints[*] == 5) xor n < 4\nrule c = host matches \"^a+b\"",
    "rule s {\n let sum = 0\n for i in 0..n {\n sum += i\n }\n return sum > 10\n}\nrule t = n > 2",
    "rule s {\n let list: [Int] = []\n for b in host {\n push(list, b)\n }\n return len(list) > 1 and list[n] == 98\n}",
    "lower(host) == \"ab\" and n in {1..3 7 9}",
    "rule long = all(ints[*] >= 0) and any(ints[*] in {3 4})\nrule other = missing == 1 or n != 2",
];

fn scheme(library: &Library) -> Scheme {
    let scheme = Scheme::builder().mandatory("n", Type::Int).mandatory("ints", Type::array(Type::Int)).mandatory("host", Type::Bytes);
    scheme.optional("missing", Type::Int).functions(library.signatures()).build().expect("a scheme")
}

fn records(scheme: &Scheme) -> Batch {
    let mut builder = BatchBuilder::new(scheme, 200, ArenaKind::Plain).expect("a batch");
    for n in 0..200 {
        let mut record = builder.record();
        let field = |name: &str| scheme.field_id(name).expect("a field");
        record.int(field("n"), n % 11);
        record.ints(field("ints"), &[n % 11, n % 5]);
        record.bytes(field("host"), [&b"ab"[..], b"AB", b"aab"][n as usize % 3]);
        record.finish().expect("a record");
    }
    builder.build()
}

/// What an instance answers: in batches so often that its loops become machine code, and alone.
fn answers(instance: &mut dyn Instance, batch: &Batch) -> (Matches, Vec<RuleSet>) {
    let mut matches = Matches::new();
    for _ in 0..4 {
        instance.run_batch(batch, &mut matches).expect("answers");
    }
    let alone = batch.iter().map(|record| {
        let mut hits = RuleSet::new();
        instance.run(record, &mut hits).expect("an answer");
        hits
    });
    (matches, alone.collect())
}

fn programs(limits: &Limits) -> (Batch, Vec<std::sync::Arc<Linked>>) {
    let library = Library::standard();
    let scheme = scheme(&library);
    let link = |source: &&str| {
        let program = compile(source, &scheme, limits).unwrap_or_else(|e| panic!("{source}: {e}"));
        Linked::new(program, &library, &Lists::new(), limits).expect("a linked program")
    };
    (records(&scheme), PROGRAMS.iter().map(link).collect())
}

#[test]
fn programs_after_one_another_answer_as_programs_alone() {
    for limits in [Limits::default(), Limits { steps: 12, ..Limits::default() }] {
        let (batch, programs) = programs(&limits);
        for (used, fresh) in [(LuaJit::new(), LuaJit::new as fn() -> LuaJit), (LuaJit::without_jit(), LuaJit::without_jit)] {
            // Each follows each.
            for (first, before) in PROGRAMS.iter().enumerate() {
                for second in 0..programs.len() {
                    for at in [first, second] {
                        let run = |backend: &LuaJit| {
                            let compiled = backend.compile(&programs[at]).expect("a compiled program");
                            answers(&mut *compiled.instantiate(&limits).expect("an instance"), &batch)
                        };
                        assert!(run(&used) == run(&fresh()), "{} after {before}", PROGRAMS[at]);
                    }
                }
            }
        }
    }
}

#[test]
fn a_state_in_use_is_nobody_elses() {
    let limits = Limits::default();
    let (batch, programs) = programs(&limits);
    let backend = LuaJit::new();
    let instances = |_| -> Vec<Box<dyn Instance>> {
        let compiled = programs.iter().map(|program| backend.compile(program).expect("a compiled program"));
        compiled.map(|compiled| compiled.instantiate(&limits).expect("an instance")).collect()
    };
    let mut all: Vec<Vec<Box<dyn Instance>>> = (0..3).map(instances).collect();
    let expected: Vec<_> = all[0].iter_mut().map(|instance| answers(&mut **instance, &batch)).collect();
    // In turns, and with others gone in between.
    all[1].truncate(2);
    for (instance, expected) in all.iter_mut().flat_map(|instances| instances.iter_mut().zip(&expected)) {
        assert!(answers(&mut **instance, &batch) == *expected);
    }
}

#[test]
fn many_programs_in_one_state_take_no_more_memory() {
    let limits = Limits::default();
    let (batch, programs) = programs(&limits);
    let backend = LuaJit::new();
    let mut taken = Vec::new();
    for turn in 0..600 {
        let compiled = backend.compile(&programs[turn % programs.len()]).expect("a compiled program");
        let mut instance = compiled.instantiate(&limits).expect("an instance");
        answers(&mut *instance, &batch);
        taken.push(instance.memory_bytes());
    }
    let most = |range: std::ops::Range<usize>| taken[range].iter().max().copied().unwrap_or(0);
    assert!(most(300..600) < 2 * most(0..300), "{} after {}", most(300..600), most(0..300));
    assert!(most(300..600) < 2 << 20, "{}", most(300..600));
}
