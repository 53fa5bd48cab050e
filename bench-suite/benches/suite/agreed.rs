//! Synthetic inputs, verified: every backend answers as the interpreter does before it is timed.

use std::sync::Arc;

use quintet::backend::{Backend, Linked};
use quintet::{Engine, Instance, Matches, RecordId, RuleId, RuleSet, Rules, backend};
use quintet_bench::scaling::{Axis, Input};

/// An input, and what its rules answer.
pub struct Agreed {
    /// What compiles it.
    pub engine: Engine,
    /// The rules and the records.
    pub input: Input,
    /// The rules, linked.
    pub linked: Arc<Linked>,
    expected: Matches,
}

impl Agreed {
    /// The input of this size.
    pub fn of(axis: Axis, size: usize) -> Agreed {
        Agreed::new(axis.input(size).unwrap_or_else(|e| panic!("{e}")))
    }

    /// The input with the interpreter's answers, none of which is a trap.
    pub fn new(input: Input) -> Agreed {
        let engine = Engine::new();
        let program = engine.check(&input.rules, &input.scheme).unwrap_or_else(|e| panic!("{e}"));
        let linked = engine.link(program).unwrap_or_else(|e| panic!("{e}"));
        let reference = backend("interp").expect("the suite is built with all backends");
        let mut expected = Matches::new();
        let mut instance = compile(&engine, &linked, &*reference).instance().expect("the interpreter needs nothing");
        instance.run_batch(&input.batch, &mut expected).expect("the interpreter runs");
        assert!(expected.traps().is_empty(), "a synthetic rule trapped: {:?}", expected.traps()[0]);
        Agreed { engine, input, linked, expected }
    }

    /// The rules, compiled.
    pub fn compile(&self, backend: &dyn Backend) -> Rules {
        compile(&self.engine, &self.linked, backend)
    }

    /// An instance of the compiled rules that has answered every record as the interpreter does, in a batch and alone.
    pub fn instance(&self, rules: &Rules, backend: &dyn Backend) -> Box<dyn Instance> {
        let mut instance = rules.instance().unwrap_or_else(|e| panic!("{}: {e}", backend.id()));
        let (mut found, mut hits) = (Matches::new(), RuleSet::new());
        instance.run_batch(&self.input.batch, &mut found).unwrap_or_else(|e| panic!("{}: {e}", backend.id()));
        assert!(found == self.expected, "wrong answer: {} and interp differ in a batch, so nothing was measured", backend.id());
        for record in self.input.batch.iter() {
            instance.run(record, &mut hits).unwrap_or_else(|e| panic!("{}: {e}", backend.id()));
            let alike =
                hits.traps().is_empty() && (0..found.rules()).all(|r| hits.contains(r) == found.get(RuleId(r), RecordId(record.index())));
            assert!(alike, "wrong answer: {} and interp differ on record {}, so nothing was measured", backend.id(), record.index() + 1);
        }
        instance
    }
}

fn compile(engine: &Engine, linked: &Arc<Linked>, backend: &dyn Backend) -> Rules {
    engine.compile_linked(linked, backend).unwrap_or_else(|e| panic!("{}: {e}", backend.id()))
}
