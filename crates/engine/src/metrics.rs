//! What rules did, as numbers that a host can export.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Instant;

use quintet_runtime::{ALONE, RecordRef, RuleSet};

use crate::engine::Rules;
use crate::evaluator::EvaluationError;
use crate::runs::Runs;

/// Counts of what evaluators of the same rules did, on any number of threads. Nothing waits for anything: numbers are read while others grow.
///
/// One record in 1,024 is timed, and each rule is then run on it once more, alone, for its own time. Functions of the host are called
/// again by that. Rules that keep state are timed together only: run again they would answer otherwise.
///
/// ```
/// use std::sync::Arc;
/// use quintet::{Engine, Metrics, Record};
///
/// #[derive(Record)]
/// struct Packet { port: u16 }
///
/// let engine = Engine::new();
/// let rules = engine.compile("rule tls = port == 443\nrule odd = 1 / port == 1", &engine.scheme_of::<Packet>()?, "closures")?;
/// let metrics = Arc::new(Metrics::new(&rules));
/// let mut evaluator = rules.evaluator()?.with_metrics(metrics.clone());
/// for port in [443, 0, 443] {
///     evaluator.evaluate(&Packet { port })?;
/// }
/// assert_eq!(metrics.records(), 3);
/// let counts: Vec<_> = metrics.rules().map(|rule| (rule.name, rule.matches, rule.traps)).collect();
/// assert_eq!(counts, [("tls", 2, 0), ("odd", 0, 1)]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Metrics {
    records: AtomicU64,
    timed: Timed,
    rules: Vec<Counts>,
}

/// How often something was timed, and what it took altogether.
#[derive(Debug, Default)]
struct Timed {
    times: AtomicU64,
    ns: AtomicU64,
}

#[derive(Debug)]
struct Counts {
    name: String,
    matches: AtomicU64,
    traps: AtomicU64,
    timed: Timed,
}

/// What one rule did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RuleMetrics<'m> {
    /// Its name.
    pub name: &'m str,
    /// Records that it matched.
    pub matches: u64,
    /// Records that it trapped on.
    pub traps: u64,
    /// Records on which it was timed alone.
    pub timed: u64,
    /// What those took, ns.
    pub timed_ns: u64,
}

/// An evaluator's own count of records until the next one that is timed.
#[derive(Debug, Default)]
pub(crate) struct Pace(usize);

impl Timed {
    fn add(&self, start: Instant) {
        self.ns.fetch_add(start.elapsed().as_nanos() as u64, Relaxed);
        self.times.fetch_add(1, Relaxed);
    }
}

impl Metrics {
    /// Zeros for all rules.
    pub fn new(rules: &Rules) -> Metrics {
        let zero = |name: &str| Counts { name: name.into(), matches: AtomicU64::new(0), traps: AtomicU64::new(0), timed: Timed::default() };
        Metrics { records: AtomicU64::new(0), timed: Timed::default(), rules: rules.names().map(zero).collect() }
    }

    /// Records that rules ran on.
    pub fn records(&self) -> u64 {
        self.records.load(Relaxed)
    }

    /// How many of them were timed, and how many ns all rules took on those.
    pub fn timed(&self) -> (u64, u64) {
        (self.timed.times.load(Relaxed), self.timed.ns.load(Relaxed))
    }

    /// What each rule did, in their order.
    pub fn rules(&self) -> impl Iterator<Item = RuleMetrics<'_>> {
        self.rules.iter().map(|rule| RuleMetrics {
            name: &rule.name,
            matches: rule.matches.load(Relaxed),
            traps: rule.traps.load(Relaxed),
            timed: rule.timed.times.load(Relaxed),
            timed_ns: rule.timed.ns.load(Relaxed),
        })
    }

    /// Runs rules on a record, and counts.
    pub(crate) fn run(&self, pace: &mut Pace, runs: &mut Runs, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), EvaluationError> {
        let timed = pace.0 == 0;
        pace.0 = if timed { ALONE - 1 } else { pace.0 - 1 };
        let start = timed.then(Instant::now);
        runs.run(record, hits)?;
        if let Some(start) = start {
            self.timed.add(start);
            for (i, rule) in self.rules.iter().enumerate() {
                let start = Instant::now();
                if runs.again(i, record) {
                    rule.timed.add(start);
                }
            }
        }
        self.records.fetch_add(1, Relaxed);
        for rule in hits.iter() {
            if let Some(counts) = self.rules.get(rule) {
                counts.matches.fetch_add(1, Relaxed);
            }
        }
        for trap in hits.traps() {
            if let Some(counts) = self.rules.get(trap.rule) {
                counts.traps.fetch_add(1, Relaxed);
            }
        }
        Ok(())
    }
}
