//! The verification gate finds a backend that answers otherwise, and names record, rule and both answers.

use std::sync::Arc;

use quintet::{Artifact, Backend, BackendId, Batch, Compiled, Emit, Instance, Limits, Linked, Matches, RecordRef, RuleSet, backends};
use quintet_bench::{Loaded, VerifyError, shipped, verify};
use quintet_runtime::{CompileError, EmitError, InstantiateError, RunError, Unsupported};

/// The closures backend, but one record of a batch, or a record alone, is answered wrongly.
struct Lying {
    honest: Arc<dyn Backend>,
    in_batch: bool,
}

struct LyingCompiled(Arc<dyn Compiled>, bool);
struct LyingInstance(Box<dyn Instance>, bool);

const WRONG: usize = 100;

impl Backend for Lying {
    fn id(&self) -> BackendId {
        BackendId::with_config("closures", "lying")
    }
    fn supports(&self, program: &Linked) -> Result<(), Unsupported> {
        self.honest.supports(program)
    }
    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError> {
        Ok(Arc::new(LyingCompiled(self.honest.compile(program)?, self.in_batch)))
    }
    fn emits(&self) -> &'static [Emit] {
        &[]
    }
    fn emit(&self, program: &Arc<Linked>, form: Emit) -> Result<String, EmitError> {
        self.honest.emit(program, form)
    }
}

impl Compiled for LyingCompiled {
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError> {
        Ok(Box::new(LyingInstance(self.0.instantiate(limits)?, self.1)))
    }
    fn artifact(&self) -> Artifact {
        self.0.artifact()
    }
}

impl Instance for LyingInstance {
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError> {
        self.0.run(record, hits)?;
        if !self.1 && record.index() == WRONG {
            hits.insert(1);
        }
        Ok(())
    }
    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError> {
        self.0.run_batch(batch, out)?;
        if self.1 {
            let word = out.row_words() + WRONG / 64;
            out.words_mut()[word] ^= 1 << (WRONG % 64);
        }
        Ok(())
    }
    fn memory_bytes(&self) -> usize {
        self.0.memory_bytes()
    }
}

fn difference(in_batch: bool) -> String {
    let loaded = Loaded::new(shipped("one-comparison").unwrap()).unwrap();
    let mut chosen = backends();
    chosen.push(Arc::new(Lying { honest: chosen[1].clone(), in_batch }));
    match verify(&loaded, &chosen) {
        Err(VerifyError::Difference(difference)) => difference.to_string(),
        other => panic!("the lie was not found: {other:?}"),
    }
}

#[test]
fn a_wrong_bit_in_a_batch_is_found_and_named() {
    let text = difference(true);
    for part in ["record     101", "rule       https", "expression tcp.port == 443", "interp", "closures-lying", "(in a batch)"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn a_wrong_answer_for_a_single_record_is_found_and_named() {
    let text = difference(false);
    for part in ["record     101", "rule       https", "interp     false", "closures-lying true (alone)"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn all_shipped_workloads_verify() {
    for name in quintet_bench::names() {
        let loaded = Loaded::new(shipped(&name).unwrap()).unwrap();
        let verified = verify(&loaded, &backends()).unwrap_or_else(|e| panic!("{e}"));
        let rules = loaded.linked.program().rules.len();
        assert_eq!(verified.pairs, rules * loaded.records(), "{name}");
        let matching = verified.matches.iter().filter(|n| **n > 0).count();
        assert!(matching * 10 >= rules * 8, "{name}: only {matching} of {rules} rules match anything: {:?}", verified.matches);
    }
}
