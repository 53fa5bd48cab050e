//! What each rule costs: profiled and unprofiled batches in turn, round by round, so that the sum over the rules has something to be held
//! against that was measured at the same time.
//!
//! On a busy machine a batch is interrupted nearly always, a rule's turn at it seldom. Batches are timed by the thread's own processor time,
//! profiled or not, which costs too much to ask for around each rule; of that, less what profiling itself takes, each rule has the share
//! that the medians of its turns by the clock are of all rules'.

use std::hint::black_box;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use quintet::{Batch, Instance, Matches, Passes, Profile, RuleCost, Spent};
use quintet_results::{Profile as ProfileResult, RuleProfile, median};

use crate::lineup::{Lineup, PassRows};
use crate::load::Loaded;
use crate::sampler::{MeasureError, failed};
use crate::verify::Verified;

/// How much is profiled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Repeats {
    /// Rounds that every batch gets at least.
    pub rounds: usize,
    /// The first batches get rounds for so long: a short input takes this time, whatever its length.
    pub time: Duration,
}

impl Repeats {
    /// For a first look.
    pub const QUICK: Repeats = Repeats { rounds: 7, time: Duration::from_millis(50) };
    /// For decisions.
    pub const FULL: Repeats = Repeats { rounds: 15, time: Duration::from_millis(500) };
}

/// What each rule of a verified workload costs on the line-up's backends, with passes where there are such rows; but for `prefilter`, so that
/// what each costs adds up to what all do. A workload of one rule has no profile: its rule costs what its batches cost.
///
/// # Errors
/// When a row fails.
pub fn profile(loaded: &Loaded, lineup: &Lineup, verified: &Verified, repeats: Repeats) -> Result<Vec<ProfileResult>, MeasureError> {
    let rules = &loaded.linked.program().rules;
    if rules.len() < 2 {
        return Ok(Vec::new());
    }
    let passes = lineup.passes != PassRows::Off;
    let present = |id: &str| verified.absent.iter().all(|a| a.id != id);
    let plain = if loaded.linked.has_prefilter() {
        let engine = loaded.engine.clone().with_passes(Passes { prefilter: false, ..*loaded.engine.passes() });
        engine.link(loaded.unoptimised.program().clone()).map_err(failed)?
    } else {
        loaded.linked.clone()
    };
    let mut rows = Vec::new();
    for entry in lineup.entries().iter().filter(|e| e.passes == passes && present(&e.id())) {
        let rules = loaded.engine.compile_linked(if passes { &plain } else { &loaded.unoptimised }, &*entry.backend).map_err(failed)?;
        rows.push((entry.id(), rules.instance().map_err(failed)?));
    }
    let mut profiler = Profiler::new(rules.iter().map(|r| r.name.clone()).collect(), rows, repeats);
    profiler.add(&loaded.batches)?;
    Ok(profiler.finish())
}

/// A time to the tenth of a nanosecond.
fn tenths(ns: f64) -> f64 {
    (ns * 10.0).round() / 10.0
}

/// Passes over the first batches that are thrown away: LuaJIT records and compiles its traces in them.
const WARM_UP: usize = 3;

/// Profiles the same rules on several rows.
pub struct Profiler {
    names: Vec<String>,
    rows: Vec<Row>,
    repeats: Repeats,
    records: u64,
    rounds: usize,
}

/// One row's instance and what is known of it.
struct Row {
    id: String,
    instance: Box<dyn Instance>,
    profile: Profile,
    /// The times are the sums of the medians of all that was measured, the counts are those of each record once.
    costs: Vec<RuleCost>,
    unprofiled_ns: f64,
    spent: Spent,
    matches: Matches,
    check: Matches,
    samples: Vec<Sample>,
}

/// One round.
struct Sample {
    /// The time of each rule, ns.
    rules: Vec<f64>,
    /// What all batches took of the processor's time, ns.
    batches: Both,
    spent: Spent,
}

/// The batches profiled and not, ns.
#[derive(Clone, Copy, Default)]
struct Both {
    profiled: f64,
    unprofiled: f64,
}

impl Profiler {
    /// A profiler of the rules of these names on these rows.
    pub fn new(names: Vec<String>, rows: Vec<(String, Box<dyn Instance>)>, repeats: Repeats) -> Profiler {
        let rules = names.len();
        let row = |(id, instance)| Row {
            id,
            instance,
            profile: Profile::new(rules),
            costs: vec![RuleCost::default(); rules],
            unprofiled_ns: 0.0,
            spent: Spent::default(),
            matches: Matches::new(),
            check: Matches::new(),
            samples: Vec::new(),
        };
        Profiler { names, rows: rows.into_iter().map(row).collect(), repeats, records: 0, rounds: usize::MAX }
    }

    /// Measures the rules on these batches, which are the next ones of the input. The first ones of it are repeated for as long as was asked
    /// for, later ones get the least number of rounds.
    ///
    /// # Errors
    /// When a row fails, or answers otherwise when it is profiled.
    pub fn add(&mut self, batches: &[Batch]) -> Result<(), MeasureError> {
        if self.records == 0 {
            for row in &mut self.rows {
                (0..WARM_UP).try_for_each(|round| row.round(batches, round % 2 == 0).map(drop))?;
                row.profile.take();
            }
        }
        let time = if self.records == 0 { self.repeats.time * u32::try_from(self.rows.len()).unwrap_or(u32::MAX) } else { Duration::ZERO };
        let (start, mut rounds) = (Instant::now(), 0);
        while rounds < self.repeats.rounds.max(1) || start.elapsed() < time {
            for row in &mut self.rows {
                row.sample(batches, rounds)?;
            }
            rounds += 1;
        }
        for row in &mut self.rows {
            row.settle();
        }
        self.records += batches.iter().map(|b| b.len() as u64).sum::<u64>();
        self.rounds = self.rounds.min(rounds);
        Ok(())
    }

    /// What was measured, by row.
    pub fn finish(self) -> Vec<ProfileResult> {
        let Profiler { names, rows, records, rounds, .. } = self;
        let rule = |(name, cost): (&String, &RuleCost)| RuleProfile {
            rule: name.clone(),
            checks: cost.checks,
            matches: cost.matches,
            traps: cost.traps,
            ns: tenths(cost.ns),
            match_ns: cost.mean_match_ns().map(tenths),
            no_match_ns: cost.mean_no_match_ns().map(tenths),
            max_ns: cost.max_ns().map(tenths),
        };
        rows.iter()
            .map(|row| ProfileResult {
                id: row.id.clone(),
                records,
                rounds: if records > 0 { rounds } else { 0 },
                unprofiled_ns: row.unprofiled_ns,
                own_share: row.spent.own_share(),
                clock_share: row.spent.clock_share(),
                alone_share: row.spent.alone_share(),
                rules: names.iter().zip(&row.costs).map(rule).collect(),
            })
            .collect()
    }
}

impl Row {
    /// Each batch once profiled and once not; who comes first alternates, because the second finds the records in the caches.
    fn round(&mut self, batches: &[Batch], profiled_first: bool) -> Result<Both, MeasureError> {
        let mut both = Both::default();
        for batch in batches {
            for profiled in [profiled_first, !profiled_first] {
                let start = ThreadTime::try_now().map_err(failed)?;
                if profiled {
                    self.profile.run_batch(&mut *self.instance, batch, &mut self.matches).map_err(failed)?;
                } else {
                    self.instance.run_batch(batch, &mut self.check).map_err(failed)?;
                }
                let ns = start.try_elapsed().map_err(failed)?.as_nanos() as f64;
                *if profiled { &mut both.profiled } else { &mut both.unprofiled } += ns;
            }
            if black_box(&self.matches) != black_box(&self.check) {
                return Err(failed(format_args!("{}: rules answer otherwise one by one than together", self.id)));
            }
        }
        Ok(both)
    }

    fn sample(&mut self, batches: &[Batch], round: usize) -> Result<(), MeasureError> {
        let batches = self.round(batches, round.is_multiple_of(2))?;
        let spent = self.profile.spent();
        let costs = self.profile.take();
        self.samples.push(Sample { rules: costs.iter().map(|c| c.ns).collect(), batches, spent });
        for (sum, cost) in self.costs.iter_mut().zip(&costs) {
            // What is counted is the same in every round; the times are settled when the last round is over.
            let counted = if round == 0 { *cost } else { RuleCost::default() };
            sum.add(&RuleCost { ns: 0.0, matching: cost.matching, others: cost.others, ..counted });
        }
        Ok(())
    }

    /// Adds the medians of the rounds.
    fn settle(&mut self) {
        let samples = std::mem::take(&mut self.samples);
        let median = |value: &dyn Fn(&Sample) -> f64| median(&samples.iter().map(value).collect::<Vec<f64>>());
        let own_ns = median(&|sample| sample.spent.elapsed_ns - sample.spent.rules_ns);
        let unprofiled_ns = median(&|sample| sample.batches.unprofiled);
        // By the ratio of what was measured in the same round: what slows the machine down for a while slows both down.
        let ratio = median(&|sample| (sample.batches.profiled - own_ns).max(0.0) / sample.batches.unprofiled.max(1.0));
        let rules_ns = ratio * unprofiled_ns;
        let turns = |rule: usize| median(&|sample| sample.rules.get(rule).copied().unwrap_or_default());
        let turns: Vec<f64> = (0..self.costs.len()).map(turns).collect();
        let all = turns.iter().sum::<f64>().max(1.0);
        for (sum, turn) in self.costs.iter_mut().zip(turns) {
            sum.ns += rules_ns * turn / all;
        }
        self.unprofiled_ns += unprofiled_ns;
        self.spent.add(&Spent {
            elapsed_ns: rules_ns + own_ns,
            rules_ns,
            clock_ns: median(&|sample| sample.spent.clock_ns),
            alone_ns: median(&|sample| sample.spent.alone_ns),
        });
    }
}
