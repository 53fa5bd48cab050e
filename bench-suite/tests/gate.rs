//! The verification gate finds a backend or another engine that answers otherwise, and names record, rule and both answers; what cannot
//! run a workload is absent, with the reason.

use std::sync::Arc;

use quintet::backend::{Artifact, Backend, Compiled, Emit, Linked};
use quintet::{BackendId, Batch, Instance, Limits, Matches, Program, RecordRef, RuleSet, backends};
use quintet::{CallError, FilterError, OwnedValue, Value, lang::ast::FnId};
use quintet_bench::{
    Effort, Lineup, Loaded, Measured, PassRows, Process, Sampler, Verified, VerifyError, measure, refused, shipped, verify, verify_lineup,
};
use quintet_peers::{Peer, Prepared, Task};
use quintet_results::{FORMAT, Machine, Options, Phase, Results, RowKind, VERSION};
use quintet_runtime::{CompileError, EmitError, InstantiateError, Interrupter, RunError, Traits, Unsupported, WriteMatches, WriteRuleSet};

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
    fn traits(&self) -> Traits {
        self.honest.traits()
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
    fn run_rule(&mut self, rule: usize, batch: &Batch, records: std::ops::Range<usize>, out: &mut Matches) -> Result<(), RunError> {
        self.0.run_rule(rule, batch, records, out)
    }
    fn test(&mut self, rule: usize, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool> {
        self.0.test(rule, record, why)
    }
    fn call(
        &mut self,
        function: FnId,
        record: RecordRef<'_>,
        args: &[Value<'_>],
        results: &mut Vec<Option<OwnedValue>>,
    ) -> Result<(), CallError> {
        self.0.call(function, record, args, results)
    }
    fn memory_bytes(&self) -> usize {
        self.0.memory_bytes()
    }

    fn interrupter(&self) -> Interrupter {
        self.0.interrupter()
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
    for part in [
        "record           101\n",
        "rule             https\n",
        "expression       tcp.port == 443\n",
        "interp/no-passes ",
        "closures-lying   ",
        "(in a batch)",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn a_wrong_answer_for_a_single_record_is_found_and_named() {
    let text = difference(false);
    for part in ["record           101\n", "rule             https\n", "interp/no-passes false\n", "closures-lying   true (alone)"] {
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

/// How another engine may fail.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fault {
    None,
    WrongRecord,
    WrongSum,
    FailsOn(usize),
    CannotExpress,
    CannotCompile,
}

/// Another engine that answers what the closures backend does, but for its fault.
struct Other(Fault);

struct OtherPrepared {
    fault: Fault,
    batches: Vec<Batch>,
    instance: Box<dyn Instance>,
}

impl Peer for Other {
    fn id(&self) -> &'static str {
        "other"
    }
    fn prepare<'t>(&self, task: Task<'t>) -> Result<Box<dyn Prepared + 't>, String> {
        if self.0 == Fault::CannotExpress {
            return Err("it has no sets".into());
        }
        let loaded = Loaded::new(shipped(task.workload).map_err(|e| e.to_string())?).map_err(|e| e.to_string())?;
        let written = |program: &Program| format!("{:?}", program.rules);
        assert_eq!(written(task.program), written(loaded.unoptimised.program()), "rules reach other engines before any pass");
        let closures = quintet::backend("closures").map_err(|e| e.to_string())?;
        let rules = loaded.engine.compile_linked(&loaded.linked, &*closures).map_err(|e| e.to_string())?;
        let instance = rules.instance().map_err(|e| e.to_string())?;
        Ok(Box::new(OtherPrepared { fault: self.0, batches: loaded.batches, instance }))
    }
}

impl Prepared for OtherPrepared {
    fn compile(&self) -> Option<Result<(), String>> {
        Some(if self.fault == Fault::CannotCompile { Err("line 1: no".into()) } else { Ok(()) })
    }
    fn run(&mut self, record: usize, hits: &mut RuleSet) -> Result<(), String> {
        if self.fault == Fault::FailsOn(record) {
            return Err("out of stack".into());
        }
        let (mut batch, mut place) = (0, record);
        while place >= self.batches[batch].len() {
            place -= self.batches[batch].len();
            batch += 1;
        }
        self.instance.run(self.batches[batch].record(place), hits).map_err(|e| e.to_string())?;
        if self.fault == Fault::WrongRecord && record == WRONG {
            hits.insert(1);
        }
        Ok(())
    }
    fn run_all(&mut self) -> Result<u64, String> {
        let (mut matches, mut sum) = (Matches::new(), 0);
        for batch in &self.batches {
            self.instance.run_batch(batch, &mut matches).map_err(|e| e.to_string())?;
            sum += (0..matches.rules()).map(|rule| matches.count(rule) as u64).sum::<u64>();
        }
        Ok(sum + u64::from(self.fault == Fault::WrongSum))
    }
}

fn with_other(fault: Fault) -> Lineup {
    Lineup { peers: vec![Box::new(Other(fault))], ..Lineup::of(&[quintet::backend("closures").unwrap()]) }
}

#[test]
fn another_engine_is_verified_like_a_backend() {
    let loaded = Loaded::new(shipped("one-comparison").unwrap()).unwrap();
    assert!(verify_lineup(&loaded, &with_other(Fault::None)).unwrap().absent.is_empty());
    for (fault, parts) in [
        (Fault::WrongRecord, ["record           101\n", "rule             https\n", "other            true (alone)"]),
        (
            Fault::WrongSum,
            [
                "workload         one-comparison\n",
                "interp/no-passes 7820 matches\n",
                "other            7821 matches (over all rules and records)",
            ],
        ),
    ] {
        let text = verify_lineup(&loaded, &with_other(fault)).unwrap_err().to_string();
        for part in parts {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }
}

#[test]
fn another_engine_that_cannot_run_a_workload_is_absent_with_the_reason() {
    let loaded = Loaded::new(shipped("one-comparison").unwrap()).unwrap();
    for (fault, reason) in [
        (Fault::CannotExpress, "it has no sets"),
        (Fault::CannotCompile, "line 1: no"),
        (Fault::FailsOn(7000), "on record 7001: out of stack"),
    ] {
        let lineup = with_other(fault);
        let verified = verify_lineup(&loaded, &lineup).unwrap();
        let absent: Vec<_> = verified.absent.iter().map(|a| (a.id.as_str(), a.reason.as_str())).collect();
        assert_eq!(absent, [("other", reason)]);
        let measured = sampled(&loaded, &lineup, &verified, 1, &mut Vec::new());
        assert!(measured.result.row("other").is_none());
        assert_eq!(measured.result.absent, verified.absent);
    }
}

/// Samples taken in so many turns of this process, and after how many rounds progress was told.
fn sampled(loaded: &Loaded, lineup: &Lineup, verified: &Verified, processes: usize, rounds: &mut Vec<usize>) -> Measured {
    let process = |_| Box::new(Sampler::new(loaded, lineup, verified, &BRIEF, &|| 0).unwrap()) as Box<dyn Process + '_>;
    let mut processes: Vec<_> = (0..processes).map(process).collect();
    measure(&mut processes, &BRIEF, &mut |p| rounds.push(p.rounds)).unwrap()
}

const BRIEF: Effort = Effort { min_rounds: 3, max_rounds: 3, sample: std::time::Duration::from_micros(200), calls: 50, ..Effort::QUICK };

#[test]
fn every_round_is_a_sample_of_every_phase_of_every_row_and_the_warm_up_is_none() {
    let loaded = Loaded::new(shipped("one-comparison").unwrap()).unwrap();
    let lineup = Lineup { passes: PassRows::Both, backends: backends(), ..with_other(Fault::None) };
    let verified = verify_lineup(&loaded, &lineup).unwrap();
    let mut rounds = Vec::new();
    let result = sampled(&loaded, &lineup, &verified, 1, &mut rounds).result;
    rounds.dedup();
    assert_eq!((rounds, result.rounds, result.processes), (vec![1, 2, 3], 3, 1));
    let ids: Vec<&str> = result.rows.iter().map(|r| r.id.as_str()).collect();
    let both = ["interp", "interp/no-passes", "closures", "closures/no-passes", "jit", "jit/no-passes"];
    assert_eq!((&ids[..6], ids.len(), ids[12]), (&both[..], 13, "other"));
    for row in &result.rows {
        let wanted: &[Phase] = if row.kind == RowKind::Peer { &[Phase::Compile, Phase::Single, Phase::Batch] } else { &Phase::ALL[..5] };
        for phase in wanted {
            assert_eq!(row.measure(*phase).map(|m| m.ns[0].len()), Some(3), "{} {}", row.id, phase.name());
        }
        assert_eq!(row.passes, row.kind == RowKind::Backend && !row.id.ends_with("/no-passes"), "{}", row.id);
        assert_eq!((row.traits.is_some(), row.memory.is_some()), (row.kind == RowKind::Backend, row.kind == RowKind::Backend));
        let latency = row.latency.as_ref().unwrap();
        for (p50, p99) in latency.p50.samples().zip(latency.p99.samples()) {
            assert!(0.0 < p50 && p50 <= p99, "{}", row.id);
        }
    }
    let again = result.again.unwrap();
    assert_eq!(again.batch.ns[0].len(), 3);
    assert!(ids.contains(&again.id.as_str()));
    for measure in [&result.front_end.parse, &result.front_end.passes, &result.front_end.link, &result.front_end.read, &result.no_op] {
        assert_eq!(measure.ns[0].len(), 3);
    }
}

#[test]
fn processes_take_turns_and_each_has_its_own_samples() {
    let loaded = Loaded::new(shipped("one-comparison").unwrap()).unwrap();
    let lineup = Lineup::of(&backends()[..2]);
    let verified = verify_lineup(&loaded, &lineup).unwrap();
    let result = sampled(&loaded, &lineup, &verified, 3, &mut Vec::new()).result;
    assert_eq!((result.rounds, result.processes, result.rows.len()), (3, 3, 2));
    for measure in result.rows.iter().flat_map(|r| r.phases.values()).chain([&result.again.unwrap().batch, &result.front_end.read]) {
        assert_eq!(measure.ns.iter().map(Vec::len).collect::<Vec<_>>(), [1, 1, 1]);
    }
}

#[test]
fn a_result_of_differing_answers_holds_no_sample_and_is_refused() {
    let loaded = Loaded::new(shipped("one-comparison").unwrap()).unwrap();
    let error = verify_lineup(&loaded, &with_other(Fault::WrongRecord)).unwrap_err();
    let workload = refused(&loaded, &error);
    assert!(workload.rows.is_empty() && workload.rounds == 0);
    let results = Results {
        format: FORMAT.into(),
        version: VERSION,
        command: "quintet compare".into(),
        started_at: 1,
        finished_at: 2,
        machine: Machine::default(),
        versions: Default::default(),
        options: Options { quick: true, sample_ns: 1, processes: 1, min_rounds: 1, max_rounds: 1, precision: 0.02, time_limit_s: 1.0 },
        workloads: vec![workload],
        support: Vec::new(),
        criterion: Vec::new(),
    };
    let message = Results::from_json(&results.to_json().unwrap()).unwrap_err().to_string();
    assert!(message.starts_with("the answers differed, so there is nothing to rank:"), "{message}");
    assert!(message.contains("other            true (alone)"), "{message}");
}
