//! The backend that changes as it goes: answers are those of the interpreter wherever it changes, and it changes where that pays.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use quintet::backend::{Artifact, Backend, Compiled, Emit, Linked, Traits};
use quintet::{
    Adaptive, ArenaKind, BackendId, Batch, BatchBuilder, CompileError, Engine, Instance, InstantiateError, Limits, Matches, OwnedValue,
    RecordId, RuleId, RuleSet, Scheme, Type, Value, backend,
};
use quintet_runtime::{EmitError, Unsupported};

/// One that is another one with each evaluation.
fn turns() -> Adaptive {
    Adaptive::new().by_turns()
}

#[test]
fn regressions_answer_alike_whichever_tier_has_the_turn() {
    quintet_testing::regressions(&turns());
}

#[test]
fn random_programs_answer_alike_whichever_tier_has_the_turn() {
    quintet_testing::differential(&turns(), 2_000);
}

#[test]
fn random_scripts_answer_alike_whichever_tier_has_the_turn() {
    quintet_testing::scripts(&turns(), 400);
}

#[test]
fn functions_that_the_host_calls_answer_alike_whichever_tier_has_the_turn() {
    quintet_testing::host_calls(&turns(), 200);
}

#[test]
fn rule_sets_and_values_answer_alike_whichever_tier_has_the_turn() {
    let turns: [Arc<dyn Backend>; 1] = [Arc::new(turns())];
    assert!(quintet_testing::rule_sets(&turns, 100).hits > 1000);
    quintet_testing::values(&turns, 300);
}

/// Records whose port is their number.
fn batch(scheme: &Scheme, records: usize) -> Batch {
    let mut builder = BatchBuilder::new(scheme, records, ArenaKind::Shared).unwrap();
    for port in 0..records {
        let mut record = builder.record();
        record.int(scheme.field_id("port").unwrap(), port as i64);
        record.finish().unwrap();
    }
    builder.build()
}

fn scheme(engine: &Engine) -> Scheme {
    Scheme::builder().mandatory("port", Type::Int).functions(engine.library().signatures()).build().unwrap()
}

/// What happened to a backend.
#[derive(Default)]
struct Seen {
    compiled: AtomicUsize,
    evaluated: AtomicUsize,
}

/// Another backend, slowed down and watched.
struct Watched {
    of: Arc<dyn Backend>,
    seen: Arc<Seen>,
    /// What an evaluation takes longer than with the other.
    slower: Duration,
    /// What compiling comes to, where it is no success.
    fails: Option<Failure>,
}

#[derive(Clone, Copy)]
enum Failure {
    Error,
    Panic,
}

const WATCHED: BackendId = BackendId::new("watched");

impl Watched {
    fn new(of: &str, slower: Duration) -> Watched {
        Watched { of: backend(of).unwrap(), seen: Arc::default(), slower, fails: None }
    }
}

impl Backend for Watched {
    fn id(&self) -> BackendId {
        WATCHED
    }

    fn traits(&self) -> Traits {
        self.of.traits()
    }

    fn supports(&self, program: &Linked) -> Result<(), Unsupported> {
        self.of.supports(program)
    }

    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError> {
        self.seen.compiled.fetch_add(1, Ordering::SeqCst);
        match self.fails {
            Some(Failure::Error) => Err(CompileError::new(WATCHED, "not today")),
            Some(Failure::Panic) => panic!("not today"),
            None => Ok(Arc::new(WatchedCode { of: self.of.compile(program)?, seen: self.seen.clone(), slower: self.slower })),
        }
    }

    fn emits(&self) -> &'static [Emit] {
        &[]
    }

    fn emit(&self, _: &Arc<Linked>, _: Emit) -> Result<String, EmitError> {
        Err(EmitError::new(WATCHED, "nothing to show"))
    }
}

struct WatchedCode {
    of: Arc<dyn Compiled>,
    seen: Arc<Seen>,
    slower: Duration,
}

impl Compiled for WatchedCode {
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError> {
        Ok(Box::new(WatchedInstance { of: self.of.instantiate(limits)?, seen: self.seen.clone(), slower: self.slower }))
    }

    fn artifact(&self) -> Artifact {
        Artifact { code_bytes: 1000, data_bytes: 0 }
    }
}

struct WatchedInstance {
    of: Box<dyn Instance>,
    seen: Arc<Seen>,
    slower: Duration,
}

impl WatchedInstance {
    fn evaluate(&self, records: usize) {
        self.seen.evaluated.fetch_add(records, Ordering::SeqCst);
        let start = Instant::now();
        while start.elapsed() < self.slower {
            std::hint::spin_loop();
        }
    }
}

impl Instance for WatchedInstance {
    fn run(&mut self, record: quintet::RecordRef<'_>, hits: &mut RuleSet) -> Result<(), quintet::RunError> {
        self.evaluate(1);
        self.of.run(record, hits)
    }

    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), quintet::RunError> {
        self.evaluate(batch.len());
        self.of.run_batch(batch, out)
    }

    fn run_rule(
        &mut self,
        rule: usize,
        batch: &Batch,
        records: std::ops::Range<usize>,
        out: &mut Matches,
    ) -> Result<(), quintet::RunError> {
        // The first stands for all.
        if rule == 0 {
            self.evaluate(records.len());
        }
        self.of.run_rule(rule, batch, records, out)
    }

    fn test(&mut self, rule: usize, record: quintet::RecordRef<'_>, why: &mut Option<quintet::FilterError>) -> Option<bool> {
        self.evaluate(1);
        self.of.test(rule, record, why)
    }

    fn call(
        &mut self,
        function: quintet::lang::ast::FnId,
        record: quintet::RecordRef<'_>,
        args: &[Value<'_>],
        results: &mut Vec<Option<OwnedValue>>,
    ) -> Result<(), quintet::CallError> {
        self.evaluate(1);
        self.of.call(function, record, args, results)
    }

    fn memory_bytes(&self) -> usize {
        self.of.memory_bytes()
    }

    fn interrupter(&self) -> quintet::Interrupter {
        self.of.interrupter()
    }
}

/// Rules of which one traps on a record of each batch.
const RULES: &str = "rule low = port < 10\nrule odds = 1000 / (port - 80) > 1";

/// A program on its way from one backend to another, which it goes to after a millisecond.
struct Way {
    seen: [Arc<Seen>; 2],
    code: Arc<dyn Compiled>,
    linked: Arc<Linked>,
    batch: Batch,
    /// Whether the other cannot be compiled.
    fails: bool,
}

impl Way {
    fn new(slower: [Duration; 2], fails: Option<Failure>) -> Way {
        let engine = Engine::new();
        let scheme = scheme(&engine);
        let linked = engine.link(engine.check(RULES, &scheme).unwrap()).unwrap();
        let first = Watched::new("interp", slower[0]);
        let best = Watched { fails, ..Watched::new("closures", slower[1]) };
        let seen = [first.seen.clone(), best.seen.clone()];
        let code = Adaptive::between(Arc::new(first), Arc::new(best), Duration::from_millis(1)).compile(&linked).unwrap();
        Way { seen, code, linked, batch: batch(&scheme, 100), fails: fails.is_some() }
    }

    fn instance(&self) -> Box<dyn Instance> {
        self.code.instantiate(self.linked.limits()).unwrap()
    }

    fn evaluated(&self) -> [usize; 2] {
        [0, 1].map(|tier: usize| self.seen[tier].evaluated.load(Ordering::SeqCst))
    }

    /// Evaluates, and looks at the answers, until a hundred evaluations in a row were one tier's; answers which.
    fn settled(&self, instance: &mut dyn Instance) -> usize {
        let mut matches = Matches::new();
        let (mut row, mut last) = (0, 0);
        let deadline = Instant::now() + Duration::from_secs(60);
        // The first tier's beginning is no settling; a trial has the other's turns as well.
        let tried = || self.seen[1].compiled.load(Ordering::SeqCst) > 0 && (self.fails || self.evaluated()[1] > 0);
        while row < 100 || !tried() {
            assert!(Instant::now() < deadline, "{:?}", self.evaluated());
            let before = self.evaluated();
            instance.run_batch(&self.batch, &mut matches).unwrap();
            assert_eq!((matches.count(0), matches.traps().len()), (10, 1));
            let trap = matches.traps()[0];
            assert_eq!(
                (trap.rule, trap.record, &RULES[trap.span.start as usize..trap.span.end as usize]),
                (1, 80, "1000 / (port - 80) > 1")
            );
            let after = self.evaluated();
            assert_eq!(after[0] + after[1], before[0] + before[1] + self.batch.len(), "each record is evaluated once");
            // Parts of a batch may be of one and of the other.
            (row, last) = match [0, 1].map(|tier| after[tier] > before[tier]) {
                [true, true] => (0, last),
                [_, other] if usize::from(other) == last => (row + 1, last),
                [_, other] => (1, usize::from(other)),
            };
        }
        last
    }
}

const SLOW: Duration = Duration::from_micros(200);

#[test]
fn it_goes_to_the_better_backend_with_all_instances() {
    let way = Way::new([SLOW, Duration::ZERO], None);
    let (mut one, mut other) = (way.instance(), way.instance());
    assert_eq!(way.settled(&mut *one), 1);
    assert_eq!(way.seen[1].compiled.load(Ordering::SeqCst), 1);
    // The other instance has the outcome at its next look, and a new one begins there.
    assert_eq!(way.settled(&mut *other), 1);
    let before = way.evaluated();
    way.instance().run(way.batch.record(0), &mut RuleSet::new()).unwrap();
    assert_eq!(way.evaluated(), [before[0], before[1] + 1]);
    assert_eq!(way.code.artifact().code_bytes, 2000);
}

#[test]
fn it_stays_where_the_other_is_slower_or_there_is_none() {
    for (slower, fails) in [([Duration::ZERO, SLOW], None), ([SLOW, SLOW], Some(Failure::Error)), ([SLOW, SLOW], Some(Failure::Panic))] {
        let way = Way::new(slower, fails);
        assert_eq!(way.settled(&mut *way.instance()), 0);
        assert_eq!(way.seen[1].compiled.load(Ordering::SeqCst), 1);
        assert_eq!(way.code.artifact().code_bytes, 1000, "of the first tier alone");
    }
}

#[test]
fn a_long_batch_of_slow_rules_does_not_end_in_the_tier_that_it_began_in() {
    let way = Way::new([SLOW, Duration::ZERO], None);
    let mut records = BatchBuilder::new(way.batch.scheme(), 50_000, ArenaKind::Plain).unwrap();
    for i in 0..50_000 {
        let mut record = records.record();
        record.int(way.batch.scheme().field_id("port").unwrap(), i % 100);
        record.finish().unwrap();
    }
    let mut matches = Matches::new();
    way.instance().run_batch(&records.build(), &mut matches).unwrap();
    let [first, best] = way.evaluated();
    assert!(first + best == 50_000 && best > first, "{first} and {best}");
    assert_eq!((matches.count(0), matches.traps().len()), (5_000, 500));
    assert!(matches.traps().iter().enumerate().all(|(i, it)| (it.rule, it.record) == (1, i * 100 + 80)));
    assert!(matches.records_of(0).all(|record| record % 100 < 10));
}

#[test]
fn a_few_evaluations_never_have_anything_compiled() {
    let way = Way::new([Duration::ZERO; 2], None);
    let (mut instance, mut hits) = (way.instance(), RuleSet::new());
    for record in way.batch.iter() {
        instance.run(record, &mut hits).unwrap();
    }
    assert_eq!((way.evaluated(), way.seen[1].compiled.load(Ordering::SeqCst)), ([100, 0], 0));
}

#[test]
fn what_is_dropped_while_it_waits_for_a_compiler_is_not_kept() {
    let way = Way::new([SLOW; 2], None);
    let seen: Weak<Seen> = Arc::downgrade(&way.seen[1]);
    let mut instance = way.instance();
    for _ in 0..20 {
        instance.run_batch(&way.batch, &mut Matches::new()).unwrap();
    }
    drop((instance, way));
    let deadline = Instant::now() + Duration::from_secs(60);
    while seen.strong_count() > 0 {
        assert!(Instant::now() < deadline, "the background keeps the program");
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn an_interrupt_reaches_whichever_tier_has_the_turn() {
    let engine = Engine::new().with_limits(Limits { steps: u64::MAX, ..Limits::default() });
    let scheme = Scheme::builder().mandatory("port", Type::Int).mandatory("ints", Type::array(Type::Int)).build().unwrap();
    let mut builder = BatchBuilder::new(&scheme, 1, ArenaKind::Shared).unwrap();
    let mut record = builder.record();
    record.int(scheme.field_id("port").unwrap(), 1);
    record.ints(scheme.field_id("ints").unwrap(), &[1]);
    record.finish().unwrap();
    let batch = builder.build();
    let source = "rule endless {\n let n = 0\n while port == 1 { n += 1 }\n return n == 0\n}\nrule short = any(ints[*] == port)";
    let linked = engine.link(engine.check(source, &scheme).unwrap()).unwrap();
    let mut instance = turns().compile(&linked).unwrap().instantiate(engine.limits()).unwrap();
    // One interrupter for all turns, taken before the first.
    let interrupter = instance.interrupter();
    for _ in 0..6 {
        let ended = std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(Duration::from_millis(20));
                interrupter.interrupt();
            });
            instance.run(batch.record(0), &mut RuleSet::new())
        });
        let error = ended.unwrap_err();
        assert!(error.is_interrupted());
        assert_eq!(error.backend().to_string(), "adaptive-turns");
    }
    // One that comes between turns is kept for the next.
    for _ in 0..3 {
        interrupter.interrupt();
        let mut matches = Matches::new();
        assert!(instance.run_batch(&batch, &mut matches).unwrap_err().is_interrupted());
        assert!(instance.run_rule(1, &batch, 0..1, &mut matches).is_ok() && matches.get(RuleId(0), RecordId(0)));
    }
}

#[test]
fn tables_are_the_sessions_whichever_tier_has_the_turn() {
    let scheme = Scheme::builder().mandatory("ts", Type::Float).mandatory("port", Type::Int).build().unwrap();
    let source = "
        time = ts
        state ports: distinct within 60s max 1000
        rule connection = port > 0
        on connection { ports += port }
        rule scan = connection and ports > 2
    ";
    let engine = Engine::new();
    let linked = engine.link_stateful(engine.check(source, &scheme).unwrap()).unwrap();
    let answers = |backend: &dyn Backend| {
        let rules = engine.compile_linked(&linked, backend).unwrap();
        let mut session = rules.session().unwrap();
        let mut matches = Matches::new();
        let found: Vec<(usize, usize)> = (0..9)
            .map(|number: i64| {
                let mut builder = BatchBuilder::new(rules.scheme(), 1, ArenaKind::Shared).unwrap();
                let mut record = builder.record();
                record.float(scheme.field_id("ts").unwrap(), number as f64 * 10.0);
                record.int(scheme.field_id("port").unwrap(), number % 4);
                record.finish().unwrap();
                session.run_batch(&builder.build(), &mut matches).unwrap();
                (matches.count(0), matches.count(1))
            })
            .collect();
        (found, session.dump()[0].entries[0].value.to_string())
    };
    let wanted = answers(&*backend("interp").unwrap());
    assert!(wanted.0.contains(&(1, 1)) && wanted.0.contains(&(1, 0)), "{wanted:?}");
    assert_eq!(answers(&turns()), wanted);
}

#[test]
fn it_says_what_it_would_do() {
    let engine = Engine::new();
    let scheme = scheme(&engine);
    let linked = engine.link(engine.check("port == 443", &scheme).unwrap()).unwrap();
    let text = Adaptive::new().decisions(&linked).unwrap();
    assert!(text.starts_with("adaptive:\n  begins with closures\n"), "{text}");
    assert!(text.contains("  compiles in the background with jit once evaluating took "), "{text}");
    assert!(text.ends_with("keeps the quickest\n"), "{text}");
    let message = Adaptive::new().emit(&linked, Emit::Clif).unwrap_err().to_string();
    assert!(message.contains("ask those for clif"), "{message}");
}
