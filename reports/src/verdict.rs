//! What to ship, as `quintet choose` says it.

use quintet_results::{Choice, Estimate, Phase, Rates, WORTH_SHARE, Wish, WorkloadResult, asks, simplicity};
use serde_json::{Value, json};

use crate::style::Style;

/// The choice at the rates that are taken where none are given, over all workloads, without constraints.
pub fn choice(workloads: &[WorkloadResult]) -> Option<Choice> {
    Some(Choice::of(&workloads.iter().collect::<Vec<_>>(), &Wish::default())).filter(|c| c.verdict.is_some())
}

/// The verdict's sentences: what to ship, and why.
pub fn sentences(choice: &Choice) -> Vec<String> {
    let Some(text) = choice.verdict.as_ref().map(|v| v.text.as_str()) else { return Vec::new() };
    match text.split_once(". ") {
        Some((ship, why)) => vec![format!("{ship}."), why.to_owned()],
        None => vec![text.to_owned()],
    }
}

/// What the page's script makes verdicts from, of a workload: the noise as a logarithm, and the work that is the same for all rows, ns for
/// all rules and ns per record.
pub fn of_workload(workload: &WorkloadResult) -> Value {
    let front = &workload.front_end;
    let known = |ns: f64| if ns.is_finite() { ns } else { 0.0 };
    let once: f64 = [&front.parse, &front.check, &front.passes, &front.link].into_iter().map(|m| known(m.centre())).sum();
    json!({ "again": again(workload).map(|e| json!({ "mean": e.mean, "variance": e.variance, "freedom": e.freedom })),
            "once": once, "read": known(front.read.centre()) })
}

fn again(workload: &WorkloadResult) -> Option<Estimate> {
    let again = workload.again.as_ref().filter(|a| !a.batch.is_empty())?;
    Some(again.batch.sample().to_again(&workload.row(&again.id)?.measure(Phase::Batch)?.sample()))
}

/// The same of a row: its place from the simplest on, and what it asks of its host.
pub fn of_row(style: &Style) -> Value {
    let (engine, configured) = simplicity(&style.id);
    json!({ "simplicity": 2 * engine + usize::from(configured), "asks": asks(&style.id), "ships": Choice::admits(style.kind, &style.id) })
}

/// What is taken where the reader has not said otherwise.
pub fn defaults() -> Value {
    let rates = Rates::default();
    json!({ "changes": rates.changes_per_hour, "records": rates.records_per_second, "worth": WORTH_SHARE })
}
