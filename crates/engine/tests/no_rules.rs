//! A program without rules is one like any other, on every configuration of every backend: it compiles, runs and answers nothing.

use quintet::backend::Emit;
use quintet::{ArenaKind, BatchBuilder, Engine, Matches, Program, RuleSet, Scheme, Type, configurations};

fn scheme(engine: &Engine) -> Scheme {
    let builder = Scheme::builder().mandatory("n", Type::Int).optional("name", Type::Bytes);
    builder.functions(engine.library().signatures()).build().expect("a scheme")
}

#[test]
fn a_program_without_rules_runs_and_answers_nothing() {
    let engine = Engine::new();
    let scheme = scheme(&engine);
    let mut program = engine.check("rule a = n == 1 and len(name) > 2", &scheme).expect("it checks");
    program.rules.clear();
    // What a host keeps of it is read back.
    let read = Program::from_json(&program.to_json(), &scheme).expect("it is a program");
    for program in [program, read] {
        let linked = engine.link(program).expect("it links");
        for backend in configurations() {
            let id = backend.id();
            let rules = engine.compile_linked(&linked, &*backend).unwrap_or_else(|e| panic!("{id}: {e}"));
            let mut instance = rules.instance().unwrap_or_else(|e| panic!("{id}: {e}"));
            for records in [0usize, 1, 65] {
                for arena in [ArenaKind::Shared, ArenaKind::Plain] {
                    let mut builder = BatchBuilder::new(&scheme, records, arena).expect("a batch");
                    for n in 0..records {
                        let mut record = builder.record();
                        record.int(scheme.field_id("n").expect("a field"), n as i64);
                        record.finish().expect("it is whole");
                    }
                    let (batch, mut matches, mut hits) = (builder.build(), Matches::new(), RuleSet::new());
                    instance.run_batch(&batch, &mut matches).unwrap_or_else(|e| panic!("{id}, {records} records: {e}"));
                    assert!(matches.traps().is_empty(), "{id}");
                    for n in 0..records {
                        instance.run(batch.record(n), &mut hits).unwrap_or_else(|e| panic!("{id}, record {n}: {e}"));
                        assert!(hits.iter().next().is_none() && hits.traps().is_empty(), "{id}");
                    }
                }
            }
            for form in [Emit::Clif, Emit::Asm, Emit::Wat, Emit::Lua] {
                let text = backend.emit(&linked, form);
                assert_eq!(text.is_ok(), backend.emits().contains(&form), "{id} {}: {:?}", form.name(), text.err());
            }
        }
    }
}
