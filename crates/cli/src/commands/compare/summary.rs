//! What is printed about all workloads together.

use std::fmt::Write;

use std::path::Path;

use quintet_results::{Choice, Phase, Ranked, Results, Wish, WorkloadResult, geometric_mean, rank};

use super::tables::{label, times};
use crate::table::{nanoseconds, render};

/// Rows ranked by the geometric mean over the workloads, with its interval; rows that did not run all of them are named and not ranked.
pub fn of(results: &Results) -> String {
    let workloads: Vec<&WorkloadResult> = results.workloads.iter().collect();
    let [batch, single] = [Phase::Batch, Phase::Single].map(|phase| rank(&workloads, phase));
    let compile =
        |id: &str| geometric_mean(workloads.iter().filter_map(|w| Some(w.row(id)?.measure(Phase::Compile)?.centre() / w.rules as f64)));
    let rows = batch.iter().map(|row| {
        let alone = single.iter().find(|r| r.id == row.id);
        let cell = |of: &dyn Fn(&Ranked) -> String| alone.map_or(String::new(), of);
        vec![
            label(&row.id, row.kind),
            nanoseconds(row.ns),
            times(row.ratio),
            cell(&|r| nanoseconds(r.ns)),
            cell(&|r| times(r.ratio)),
            nanoseconds(compile(&row.id)),
        ]
    });
    let table = render(&["row", "batch/record", "ratio", "single/record", "ratio", "compile/rule"], rows, &[1, 2, 3, 4, 5]);
    let mut text = format!(
        "\n## Summary\nGeometric means over {} workloads, ratios to the quickest backend (after the passes) with their 95 % intervals. They hide that rows rank\ndifferently from workload to workload: see the tables.\n\n{table}\n",
        workloads.len(),
    );
    for (id, ran) in partial(&workloads, &batch) {
        let _ = writeln!(text, "not ranked: {id} ran {ran} of {} workloads", workloads.len());
    }
    text
}

/// What to ship at the usual rates, and how to ask for others.
pub fn verdict(results: &Results, worth_share: f64, path: &Path) -> String {
    let wish = Wish { worth_share, ..Wish::default() };
    let verdict = Choice::new(results, &wish).ok().and_then(|choice| choice.verdict).map_or_else(String::new, |v| v.text + "\n");
    let path = path.display();
    format!(
        "{verdict}\nother rates: quintet choose {path} --rule-changes-per-hour X --records-per-second Y\nreport:      quintet report {path} --out report/"
    )
}

/// The rows that are not ranked, and how many workloads each ran.
fn partial<'w>(workloads: &[&'w WorkloadResult], ranked: &[Ranked]) -> Vec<(&'w str, usize)> {
    let mut ids: Vec<&str> = Vec::new();
    let all = |w: &&'w WorkloadResult| w.rows.iter().map(|r| r.id.as_str()).chain(w.absent.iter().map(|a| a.id.as_str()));
    for id in workloads.iter().flat_map(all) {
        if !ids.contains(&id) && ranked.iter().all(|r| r.id != id) {
            ids.push(id);
        }
    }
    ids.into_iter().map(|id| (id, workloads.iter().filter(|w| w.row(id).is_some()).count())).collect()
}
