//! Which backend to ship: the rows that a host's constraints leave, by what they cost in all.

use serde::Serialize;

use crate::cost::{Cost, Mode};
use crate::schema::{Isolation, Phase, Results, Row, RowKind, WorkloadResult};
use crate::stats::{Interval, geometric_mean, median_of, resampled_each};

/// The most records for which a change of the answer is looked for.
const MOST_RECORDS: f64 = 1e15;

/// What the choice is for.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Wish {
    /// Records that a compiled set of rules is evaluated on before it is replaced.
    pub evaluations: f64,
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

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Choice {
    /// The question.
    pub wish: Wish,
    /// The workloads that were looked at.
    pub workloads: Vec<String>,
    /// What satisfies the constraints, cheapest first. The first is the recommendation, the second the runner-up.
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
    /// Whether the samples leave open which of it and the cheapest is cheaper: the ratio's interval holds 1.
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
    /// What the recommended row costs here, to it.
    pub recommended: Interval,
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
        let workloads = selected(results, &wish.workloads)?;
        let (mut costed, mut excluded) = (Vec::new(), Vec::new());
        for id in ids(&workloads) {
            match admit(&workloads, id, wish) {
                Ok(costs) => costed.push(Costed { id: id.into(), costs }),
                Err(reasons) => excluded.push(Excluded { id: id.into(), reasons }),
            }
        }
        let at = |c: &Costed| total(&c.costs, wish.evaluations);
        costed.sort_by(|a, b| at(a).total_cmp(&at(b)));
        Ok(Choice {
            wish: wish.clone(),
            workloads: workloads.iter().map(|w| w.name.clone()).collect(),
            ranked: ranked(&costed, wish.evaluations),
            excluded,
            winners: winners(&workloads, &costed, wish.evaluations),
            changes: changes(&costed),
        })
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
        if row.kind == RowKind::Backend && !row.id.ends_with("/no-passes") && !ids.contains(&row.id.as_str()) {
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
        match row.measure(Phase::FirstCall).map(|m| m.median()) {
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

/// The geometric mean over the workloads of one row's totals, ns.
fn total(costs: &[Cost], evaluations: f64) -> f64 {
    geometric_mean(costs.iter().map(|c| c.total(evaluations).value))
}

/// Setup and cost per record of each workload, for one draw of rounds.
fn drawn(costs: &[Cost], picked: &[Vec<usize>]) -> Vec<(f64, f64)> {
    costs.iter().zip(picked).map(|(c, rounds)| (median_of(&c.setup, rounds), median_of(&c.each, rounds))).collect()
}

/// The geometric mean over the workloads of what `a` costs to `b`.
fn ratio(a: &[(f64, f64)], b: &[(f64, f64)], evaluations: f64) -> f64 {
    geometric_mean(a.iter().zip(b).map(|(a, b)| (a.0 + evaluations * a.1) / (b.0 + evaluations * b.1)))
}

fn rounds(a: &Costed, b: &Costed) -> Vec<usize> {
    a.costs.iter().zip(&b.costs).map(|(a, b)| a.each.len().min(b.each.len())).collect()
}

fn ranked(costed: &[Costed], evaluations: f64) -> Vec<Candidate> {
    let Some(best) = costed.first() else { return Vec::new() };
    costed
        .iter()
        .map(|row| {
            let one_ns = vec![(1.0, 0.0); row.costs.len()];
            let total_ns = resampled_each(&rounds(row, row), |picked| ratio(&drawn(&row.costs, picked), &one_ns, evaluations));
            let ratio =
                resampled_each(&rounds(row, best), |picked| ratio(&drawn(&row.costs, picked), &drawn(&best.costs, picked), evaluations));
            Candidate { id: row.id.clone(), total_ns, ratio, indistinguishable: row.id != best.id && ratio.holds(1.0) }
        })
        .collect()
}

fn winners(workloads: &[&WorkloadResult], costed: &[Costed], evaluations: f64) -> Vec<Winner> {
    let Some(recommended) = costed.first() else { return Vec::new() };
    let winner = |(place, workload): (usize, &&WorkloadResult)| {
        let at = |c: &Costed| c.costs[place].total(evaluations).value;
        let best = costed.iter().min_by(|a, b| at(a).total_cmp(&at(b)))?;
        let one = |c: &Costed| Costed { id: c.id.clone(), costs: vec![c.costs[place].clone()] };
        let (best, recommended) = (one(best), one(recommended));
        let ratio = resampled_each(&rounds(&recommended, &best), |picked| {
            ratio(&drawn(&recommended.costs, picked), &drawn(&best.costs, picked), evaluations)
        });
        let total_ns = best.costs[0].total(evaluations);
        Some(Winner { workload: workload.name.clone(), id: best.id, total_ns, recommended: ratio })
    };
    workloads.iter().enumerate().filter_map(winner).collect()
}

/// Where another row becomes the cheapest: the corners of the lower envelope, looked for between one record and [`MOST_RECORDS`].
fn changes(costed: &[Costed]) -> Vec<Change> {
    let medians: Vec<Vec<(f64, f64)>> = costed.iter().map(|c| drawn(&c.costs, &all_rounds(c))).collect();
    let cheapest = |evaluations: f64| {
        let one_ns = vec![(1.0, 0.0); medians.first().map_or(0, Vec::len)];
        (0..medians.len()).min_by(|a, b| ratio(&medians[*a], &one_ns, evaluations).total_cmp(&ratio(&medians[*b], &one_ns, evaluations)))
    };
    let mut changes = Vec::new();
    let Some(mut below) = cheapest(1.0) else { return changes };
    let steps = 300;
    for step in 1..=steps {
        let evaluations = MOST_RECORDS.powf(f64::from(step) / f64::from(steps));
        let Some(from) = cheapest(evaluations).filter(|from| *from != below) else { continue };
        let (a, b) = (&costed[below], &costed[from]);
        let at = resampled_each(&rounds(a, b), |picked| crossing(&drawn(&a.costs, picked), &drawn(&b.costs, picked)));
        changes.push(Change { below: a.id.clone(), from: b.id.clone(), evaluations: at });
        below = from;
    }
    changes
}

fn all_rounds(row: &Costed) -> Vec<Vec<usize>> {
    row.costs.iter().map(|c| (0..c.each.len()).collect()).collect()
}

/// From how many records on `b` is cheaper than `a`: 0 where it always is, infinite where it never is.
fn crossing(a: &[(f64, f64)], b: &[(f64, f64)]) -> f64 {
    let b_is_cheaper = |evaluations: f64| ratio(b, a, evaluations) < 1.0;
    if b_is_cheaper(0.0) {
        return 0.0;
    }
    if !b_is_cheaper(MOST_RECORDS) {
        return f64::INFINITY;
    }
    let (mut low, mut high) = (0.0f64, MOST_RECORDS.ln());
    for _ in 0..60 {
        let middle = (low + high) / 2.0;
        if b_is_cheaper(middle.exp()) { high = middle } else { low = middle }
    }
    high.exp()
}
