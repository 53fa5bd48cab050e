//! What a row that changes as it goes costs in all.

use quintet_results::{Measure, Mode, Phase, Results, Total};

use crate::fixture::{files, results, text};

/// The fixture with a row of `adaptive`, which takes twice as long as the first backend's setup and records on the first workload.
fn with_totals() -> Results {
    let mut results = results();
    let w = &mut results.workloads[0];
    let mut row = w.row("closures").expect("closures ran").clone();
    let rounds = |phase: Phase| row.measure(phase).map(|m| m.ns.clone()).unwrap_or_default();
    let (compile, single) = (rounds(Phase::Compile), rounds(Phase::Single));
    let twice = |records: f64| -> Vec<Vec<f64>> {
        let of = |(c, s): (&Vec<f64>, &Vec<f64>)| c.iter().zip(s).map(|(c, s)| 2.0 * (c + records * s)).collect();
        compile.iter().zip(&single).map(of).collect()
    };
    row.totals = vec![
        Total { records: 1_000, mode: Mode::Single, ns: Measure { ns: twice(1e3) } },
        Total { records: 10_240, mode: Mode::Batch, ns: Measure { ns: twice(1e4) } },
    ];
    (row.id, row.engine) = ("adaptive".into(), "adaptive".into());
    w.rows.push(row);
    results
}

#[test]
fn it_stands_beside_the_best_for_so_many_records() {
    let results = with_totals();
    let w = &results.workloads[0];
    let row = w.row("adaptive").expect("it is there");
    let files = files(results.clone());
    let report = text(&files, "report.md").replace('\\', "");
    let at = report.find("## In all, as it goes").expect("there is a section");
    let table: Vec<&str> = report[at..].lines().filter(|l| l.starts_with('|')).take(3).collect();
    assert!(table[0].contains("| 1,000 records | 10,000 records |"), "{}", table[0]);
    for total in &row.totals {
        let regret = total.regret(row, w).expect("others have costs");
        assert_ne!(regret.best, "adaptive");
        assert!(table[2].contains(regret.best) && regret.ratio.value > 1.0, "{}", table[2]);
    }
    assert!(text(&files, "index.html").contains("id=\"regret\""));
}

#[test]
fn without_such_a_row_nothing_is_said() {
    let files = files(results());
    assert!(!text(&files, "report.md").contains("## In all, as it goes") && !text(&files, "index.html").contains("id=\"regret\""));
}

#[test]
fn it_is_ranked_in_no_total() {
    let files = files(with_totals());
    let report = text(&files, "report.md");
    let at = report.find("## Break-even").expect("there is a section");
    let table: String = report[at..].lines().filter(|l| l.starts_with('|')).take(8).collect();
    assert!(!table.contains("adaptive"), "{table}");
}
