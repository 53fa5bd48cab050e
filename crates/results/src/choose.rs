//! Which backend to ship: the rows that a host's constraints leave, by what they cost in all.

use serde::Serialize;

use crate::cost::{BreakEven, Cost, MOST_RECORDS, Mode, break_even, has_one_cost};
use crate::estimate::Estimate;
use crate::noise::floor;
use crate::recommendation::Recommendation;
use crate::schema::{Isolation, Measure, Phase, Results, Row, RowKind, WorkloadResult};
use crate::stats::Interval;

/// The share of one processor that is not worth another backend, where nothing is said.
pub const WORTH_SHARE: f64 = 0.005;

/// What the choice is for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wish {
    /// What arrives, and how often the rules change.
    pub rates: Rates,
    /// The share of one processor that is not worth another backend: where the simplest one costs no more than this beyond the cheapest,
    /// it is recommended.
    pub worth_share: f64,
    /// How records reach the rules.
    pub mode: Mode,
    /// Only these workloads; all when empty.
    pub workloads: Vec<String>,
    /// Rules come from people who are not trusted.
    pub untrusted_rules: bool,
    /// The host cannot map memory that is executable.
    pub no_executable_memory: bool,
    /// Bytes that a compiled rule may take at most.
    pub max_memory_per_rule: Option<usize>,
    /// ns that the first call of an instance may take at most.
    pub max_first_call_ns: Option<f64>,
}

/// What arrives, and how often the rules change.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Rates {
    /// How often the rules are compiled anew, per hour.
    pub changes_per_hour: f64,
    /// Records per second.
    pub records_per_second: f64,
}

/// Where nothing is said: a change of the rules an hour, and ten thousand records a second.
impl Default for Rates {
    fn default() -> Rates {
        Rates { changes_per_hour: 1.0, records_per_second: 1e4 }
    }
}

impl Rates {
    /// Records between two changes of the rules.
    pub fn evaluations(&self) -> f64 {
        self.records_per_second * 3600.0 / self.changes_per_hour
    }

    /// The share of one processor that something takes which costs so many ns between two changes of the rules.
    pub fn processor_share(&self, ns: f64) -> f64 {
        ns * self.changes_per_hour / 3600.0 / 1e9
    }
}

/// What is taken where nothing is said: the usual rates in batches, over all workloads, without constraints.
impl Default for Wish {
    fn default() -> Wish {
        Wish {
            rates: Rates::default(),
            worth_share: WORTH_SHARE,
            mode: Mode::Batch,
            workloads: Vec::new(),
            untrusted_rules: false,
            no_executable_memory: false,
            max_memory_per_rule: None,
            max_first_call_ns: None,
        }
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// The question.
    pub wish: Wish,
    /// The workloads that were looked at.
    pub workloads: Vec<String>,
    /// What to ship; `None` where nothing satisfies the constraints.
    pub verdict: Option<Recommendation>,
    /// The share below which no difference is claimed: the noise of the workloads together.
    pub floor: f64,
    /// What satisfies the constraints, cheapest first.
    pub ranked: Vec<Candidate>,
    /// What does not, and why.
    pub excluded: Vec<Excluded>,
    /// The cheapest row of each workload.
    pub winners: Vec<Winner>,
    /// Where the answer changes, from few records to many.
    pub changes: Vec<Change>,
}

/// A row that satisfies the constraints.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    /// The row's id.
    pub id: String,
    /// ns for one compilation and all evaluations: the geometric mean over the workloads.
    pub total_ns: Interval,
    /// Its total to the cheapest one's: the geometric mean over the workloads.
    pub ratio: Interval,
    /// Whether the samples leave open which of it and the cheapest is cheaper: the ratio's interval holds 1, or it is within the noise.
    pub indistinguishable: bool,
}

/// A row that does not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Excluded {
    /// The row's id.
    pub id: String,
    /// Every reason.
    pub reasons: Vec<String>,
}

/// The cheapest row of one workload.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Winner {
    /// The workload.
    pub workload: String,
    /// The row's id.
    pub id: String,
    /// ns for one compilation and all evaluations.
    pub total_ns: Interval,
    /// What the row that is the cheapest over all workloads costs here, to it.
    pub ratio: Interval,
    /// Whether the two differ by more than the noise of this workload.
    pub differs: bool,
}

/// From how many records on another row is the answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Change {
    /// The answer below.
    pub below: String,
    /// The answer from there on.
    pub from: String,
    /// Records between two changes of the rules.
    pub evaluations: Interval,
}

/// Why there is no choice.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no workload `{0}` in the file; it has: {1}")]
pub struct NoWorkload(String, String);

/// A row with its cost on every workload.
struct Costed {
    id: String,
    costs: Vec<Cost>,
}

impl Choice {
    /// The choice that a file's numbers make.
    ///
    /// # Errors
    /// When a workload that is asked for is not in the file.
    pub fn new(results: &Results, wish: &Wish) -> Result<Choice, NoWorkload> {
        Ok(Choice::of(&selected(results, &wish.workloads)?, wish))
    }

    /// The choice that the numbers of these workloads make; the wish's own list of workloads is not looked at.
    pub fn of(workloads: &[&WorkloadResult], wish: &Wish) -> Choice {
        let (mut costed, mut excluded) = (Vec::new(), Vec::new());
        for id in ids(workloads) {
            match admit(workloads, id, wish) {
                Ok(costs) => costed.push(Costed { id: id.into(), costs }),
                Err(reasons) => excluded.push(Excluded { id: id.into(), reasons }),
            }
        }
        let evaluations = wish.rates.evaluations();
        costed.sort_by(|a, b| total(a, evaluations).mean.total_cmp(&total(b, evaluations).mean));
        let floor = floor(workloads);
        let ranked = ranked(&costed, evaluations, floor);
        Choice {
            wish: wish.clone(),
            verdict: Recommendation::new(wish, workloads, &ranked, floor),
            floor,
            workloads: workloads.iter().map(|w| w.name.clone()).collect(),
            ranked,
            excluded,
            winners: winners(workloads, &costed, evaluations),
            changes: changes(&costed),
        }
    }

    /// Whether a row may be chosen at all: a backend, with its passes, that [has one cost](has_one_cost).
    pub fn admits(kind: RowKind, id: &str) -> bool {
        kind == RowKind::Backend && !id.ends_with("/no-passes") && has_one_cost(id)
    }
}

fn selected<'r>(results: &'r Results, names: &[String]) -> Result<Vec<&'r WorkloadResult>, NoWorkload> {
    for name in names {
        if results.workloads.iter().all(|w| w.name != *name) {
            let has: Vec<&str> = results.workloads.iter().map(|w| w.name.as_str()).collect();
            return Err(NoWorkload(name.clone(), has.join(", ")));
        }
    }
    Ok(results.workloads.iter().filter(|w| names.is_empty() || names.contains(&w.name)).collect())
}

/// The rows that compete: backends, with their passes. What only some workloads have is among them.
fn ids<'r>(workloads: &[&'r WorkloadResult]) -> Vec<&'r str> {
    let mut ids: Vec<&str> = Vec::new();
    for row in workloads.iter().flat_map(|w| &w.rows) {
        if Choice::admits(row.kind, &row.id) && !ids.contains(&row.id.as_str()) {
            ids.push(&row.id);
        }
    }
    ids
}

/// A row's costs, or why it does not satisfy the constraints.
fn admit(workloads: &[&WorkloadResult], id: &str, wish: &Wish) -> Result<Vec<Cost>, Vec<String>> {
    let (mut costs, mut reasons) = (Vec::new(), Vec::<String>::new());
    for workload in workloads {
        let Some(row) = workload.row(id) else {
            let absent = workload.absent.iter().find(|a| a.id == id).map_or("it was not measured there", |a| a.reason.as_str());
            reasons.push(format!("does not run {}: {absent}", workload.name));
            continue;
        };
        match Cost::new(row, wish.mode) {
            Some(cost) => costs.push(cost),
            None => reasons.push(format!("has no {} samples on {}", wish.mode.phase().name(), workload.name)),
        }
        for reason in breaches(row, workload, wish) {
            if !reasons.contains(&reason) {
                reasons.push(reason);
            }
        }
    }
    if reasons.is_empty() { Ok(costs) } else { Err(reasons) }
}

/// The constraints that a row breaks on one workload.
fn breaches(row: &Row, workload: &WorkloadResult, wish: &Wish) -> Vec<String> {
    let mut reasons = Vec::new();
    if wish.untrusted_rules {
        match row.traits.map(|t| t.isolation) {
            Some(Isolation::None) => reasons.push("untrusted rules: its generated code reads the host's memory unguarded".to_string()),
            Some(Isolation::SafeRust | Isolation::Sandbox) => {}
            None => reasons.push("untrusted rules: the file does not say how it is isolated".into()),
        }
    }
    if wish.no_executable_memory {
        match row.traits.map(|t| t.executable_memory) {
            Some(true) => reasons.push("no executable memory: it must map some".to_string()),
            Some(false) => {}
            None => reasons.push("no executable memory: the file does not say whether it maps some".into()),
        }
    }
    if let Some(limit) = wish.max_memory_per_rule {
        match memory_per_rule(row, workload.rules) {
            Some(bytes) if bytes > limit as f64 => {
                reasons.push(format!("memory per rule: {bytes:.0} B on {}, above {limit} B", workload.name));
            }
            Some(_) => {}
            None => reasons.push(format!("memory per rule: not measured on {}", workload.name)),
        }
    }
    if let Some(limit) = wish.max_first_call_ns {
        match row.measure(Phase::FirstCall).map(Measure::centre) {
            Some(ns) if ns > limit => reasons.push(format!("first call: {ns:.0} ns on {}, above {limit:.0} ns", workload.name)),
            Some(_) => {}
            None => reasons.push(format!("first call: not measured on {}", workload.name)),
        }
    }
    reasons
}

/// An upper estimate of what a compiled rule takes in bytes. Data beside the code may or may not be on the Rust heap; the larger
/// of both is taken.
fn memory_per_rule(row: &Row, rules: usize) -> Option<f64> {
    let memory = row.memory?;
    Some((memory.code_bytes + memory.heap_bytes.max(memory.data_bytes)) as f64 / rules.max(1) as f64)
}

/// The geometric mean over the workloads of one row's totals, ns, as a logarithm.
fn total(row: &Costed, evaluations: f64) -> Estimate {
    Estimate::mean_of(&row.costs.iter().map(|c| c.sample(evaluations).estimate()).collect::<Vec<_>>())
}

/// The geometric mean over the workloads of what `a` costs to `b`, as a logarithm.
fn ratio(a: &Costed, b: &Costed, evaluations: f64) -> Estimate {
    Estimate::mean_of(&a.costs.iter().zip(&b.costs).map(|(a, b)| a.to(b, evaluations)).collect::<Vec<_>>())
}

fn ranked(costed: &[Costed], evaluations: f64, floor: f64) -> Vec<Candidate> {
    let Some(best) = costed.first() else { return Vec::new() };
    let candidate = |row: &Costed| {
        let ratio = ratio(row, best, evaluations).interval();
        let total_ns = total(row, evaluations).interval();
        Candidate { id: row.id.clone(), total_ns, ratio, indistinguishable: row.id != best.id && !ratio.differs(floor) }
    };
    costed.iter().map(candidate).collect()
}

fn winners(workloads: &[&WorkloadResult], costed: &[Costed], evaluations: f64) -> Vec<Winner> {
    let Some(cheapest) = costed.first() else { return Vec::new() };
    let winner = |(place, workload): (usize, &&WorkloadResult)| {
        let at = |c: &Costed| c.costs[place].sample(evaluations).mean();
        let best = costed.iter().min_by(|a, b| at(a).total_cmp(&at(b)))?;
        let ratio = cheapest.costs[place].to(&best.costs[place], evaluations).interval();
        let total_ns = best.costs[place].total(evaluations);
        Some(Winner { workload: workload.name.clone(), id: best.id.clone(), total_ns, ratio, differs: ratio.differs(floor(&[workload])) })
    };
    workloads.iter().enumerate().filter_map(winner).collect()
}

/// Steps per factor of ten of the records in which a change of the answer is looked for.
const STEPS: i32 = 20;

/// Where another row becomes the cheapest, looked for between one record and [`MOST_RECORDS`].
fn changes(costed: &[Costed]) -> Vec<Change> {
    let cheapest = |evaluations: f64| costed.iter().min_by(|a, b| total(a, evaluations).mean.total_cmp(&total(b, evaluations).mean));
    let mut changes = Vec::new();
    let Some(mut below) = cheapest(1.0) else { return changes };
    for step in 1..=STEPS * MOST_RECORDS.log10() as i32 {
        let Some(from) = cheapest(10f64.powf(f64::from(step) / f64::from(STEPS))).filter(|from| from.id != below.id) else { continue };
        if let BreakEven::From(at) = break_even(|records| ratio(from, below, records)) {
            changes.push(Change { below: below.id.clone(), from: from.id.clone(), evaluations: at });
        }
        below = from;
    }
    changes
}
