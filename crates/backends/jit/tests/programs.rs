//! Programs that are long, many, or of another scheme than the records, and traps in both entry points.

use std::sync::Arc;

use quintet_jit::{Jit, configurations};
use quintet_lang::{Limits, Scheme, Type, compile};
use quintet_runtime::{ArenaKind, Backend, Batch, BatchBuilder, Instance, Library, Linked, Lists, Matches, RuleSet, Trap};

fn scheme() -> Scheme {
    Scheme::builder().mandatory("n", Type::Int).functions(Library::standard().signatures()).build().expect("a scheme")
}

fn link(source: &str, scheme: &Scheme) -> Arc<Linked> {
    let program = compile(source, scheme, &Limits::default()).expect("a program");
    let limits = Limits { code_expressions: usize::MAX, ..Limits::default() };
    Linked::new(program, &Library::standard(), &Lists::new(), &limits).expect("a linked program")
}

fn instance(jit: &dyn Backend, program: &Arc<Linked>) -> Box<dyn Instance> {
    jit.compile(program).expect("code").instantiate(&Limits::default()).expect("an instance")
}

/// Records whose `n` counts from 0.
fn batch(scheme: &Scheme, len: usize) -> Batch {
    let mut builder = BatchBuilder::new(scheme, len, ArenaKind::Plain).expect("a batch");
    for i in 0..len {
        let mut record = builder.record();
        record.int(scheme.field_id("n").expect("the field"), i as i64);
        record.finish().expect("a record");
    }
    builder.build()
}

#[test]
fn fifty_thousand_operands() {
    let scheme = scheme();
    for (word, hits) in [("and", 1), ("or", 50_000)] {
        let operator = if word == "and" { "!=" } else { "==" };
        let from = if word == "and" { 1 } else { 0 };
        let operands: Vec<String> = (from..50_000).map(|i| format!("n {operator} {i}")).collect();
        let program = link(&operands.join(&format!(" {word} ")), &scheme);
        for jit in configurations() {
            let mut out = Matches::new();
            instance(&*jit, &program).run_batch(&batch(&scheme, 50_000), &mut out).expect("answers");
            assert_eq!(out.count(0), hits, "{word}, {}", jit.id());
        }
    }
}

#[test]
fn traps_fall_on_their_records() {
    let scheme = scheme();
    let program = link("10 / (n % 70) > 0", &scheme);
    let batch = batch(&scheme, 200);
    for jit in configurations() {
        let mut instance = instance(&*jit, &program);
        let mut out = Matches::new();
        instance.run_batch(&batch, &mut out).expect("answers");
        let traps: Vec<usize> = out.traps().iter().map(|t| t.record).collect();
        assert_eq!(traps, [0, 70, 140]);
        assert_eq!(out.count(0), 30);
        let mut hits = RuleSet::new();
        instance.run(batch.record(70), &mut hits).expect("an answer");
        assert_eq!(hits.traps().iter().map(|it| (it.rule, it.trap)).collect::<Vec<_>>(), [(0, Trap::DivisionByZero)]);
        instance.run(batch.record(71), &mut hits).expect("an answer");
        assert!(hits.traps().is_empty() && hits.contains(0));
    }
}

#[test]
fn code_outlives_the_backend_and_the_compiled_program() {
    let scheme = scheme();
    let mut instance = {
        let compiled = Jit::best().compile(&link(r#"lower("AB") == "ab" and n in {3 5}"#, &scheme)).expect("code");
        compiled.instantiate(&Limits::default()).expect("an instance")
    };
    let mut out = Matches::new();
    instance.run_batch(&batch(&scheme, 8), &mut out).expect("answers");
    assert_eq!(out.records_of(0).collect::<Vec<_>>(), [3, 5]);
}

#[test]
fn records_of_another_scheme_are_refused() {
    let ours = scheme();
    let other = Scheme::builder().mandatory("n", Type::Int).optional("m", Type::Int).build().expect("a scheme");
    let mut instance = instance(&Jit::best(), &link("n == 1", &ours));
    assert!(instance.run_batch(&batch(&other, 1), &mut Matches::new()).is_err());
    assert!(instance.run(batch(&other, 1).record(0), &mut RuleSet::new()).is_err());
    assert!(instance.run_batch(&batch(&ours, 0), &mut Matches::new()).is_ok());
}
