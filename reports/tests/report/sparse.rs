//! Results that lack what the schema lets them lack.

use quintet_results::{Measure, Phase, Results, RowKind};

use crate::fixture::{files, results, text};
use crate::svg::malformed;

/// The fixture with everything optional left out, and one round.
pub fn sparse() -> Results {
    let mut results = results();
    results.support.clear();
    results.criterion.clear();
    for w in &mut results.workloads {
        w.again = None;
        w.no_op = Measure::default();
        w.front_end = Default::default();
        w.matches.clear();
        for row in &mut w.rows {
            (row.latency, row.memory, row.traits) = (None, None, None);
            row.phases.values_mut().for_each(|m| m.ns = vec![vec![m.centre()]]);
            row.phases.remove(&Phase::FirstCall);
        }
    }
    results
}

fn whole(results: Results) {
    let files = files(results);
    for file in &files {
        for wrong in ["NaN", "inf "] {
            let at = file.text.find(wrong).map(|at| file.text.chars().skip(at.saturating_sub(80)).take(120).collect::<String>());
            assert_eq!(at, None, "{} of {}", wrong, file.name);
        }
    }
    for chart in files.iter().filter(|f| f.name.ends_with(".svg")) {
        assert_eq!(malformed(&chart.text), None, "{}", chart.name);
    }
    assert!(text(&files, "index.html").contains("cargo bench"), "it says how scaling is measured");
}

#[test]
fn one_round_and_nothing_optional() {
    whole(sparse());
}

#[test]
fn no_backend_at_all() {
    let mut results = sparse();
    results.workloads.iter_mut().for_each(|w| w.rows.retain(|r| r.kind != RowKind::Backend));
    whole(results);
}

#[test]
fn no_batches() {
    let mut results = sparse();
    results.workloads.iter_mut().flat_map(|w| &mut w.rows).for_each(|r| drop(r.phases.remove(&Phase::Batch)));
    let files = files(results.clone());
    assert!(files.iter().all(|f| !f.name.ends_with("-batch.svg")));
    assert!(text(&files, "index.html").contains("data-mode-shown=\"single\""));
    whole(results);
}
