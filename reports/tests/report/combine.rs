//! Which result files make one report.

use quintet_reports::{CombineError, Report};
use quintet_results::Results;

use crate::fixture::{results, text};

fn combined(a: Results, b: Results) -> Result<Report, CombineError> {
    Report::new(vec![("a.json".into(), a), ("b.json".into(), b)])
}

/// The fixture in two files: one workload, and the others.
fn halves() -> (Results, Results) {
    let (mut a, mut b) = (results(), results());
    a.workloads.truncate(1);
    b.workloads.remove(0);
    b.criterion.clear();
    b.command = "quintet compare --workload mine.toml".into();
    (a, b)
}

#[test]
fn workloads_of_one_machine_are_ranked_together() {
    let (a, b) = halves();
    let files = combined(a, b).expect("they fit").render().expect("the templates render");
    let whole = crate::fixture::files(results());
    let ranking = |report: &str| report.split("## ").nth(1).map(str::to_owned);
    assert_eq!(ranking(text(&files, "report.md")), ranking(text(&whole, "report.md")));
    assert!(text(&files, "report.md").contains("mine.toml") && text(&files, "index.html").contains("mine.toml"));
}

#[test]
fn what_does_not_fit_is_said() {
    let refused = |change: &dyn Fn(&mut Results)| {
        let (a, mut b) = halves();
        change(&mut b);
        combined(a, b).map(|_| ()).expect_err("they do not fit").to_string()
    };
    assert_eq!(
        refused(&|b| b.machine.cores = 64),
        "b.json was made on another machine than a.json: logical processors `64` instead of `2`; make one report of each, or compare them with `quintet diff`"
    );
    assert!(refused(&|b| b.machine.cpu = "Other".into()).contains("processor `Other` instead of `Example CPU`"));
    assert!(refused(&|b| drop(b.versions.insert("wasmtime".into(), "49.0.0".into()))).contains("wasmtime 49.0.0 instead of 48.0.8"));
    assert!(refused(&|b| drop(b.versions.remove("wasmtime"))).contains("wasmtime none instead of 48.0.8"));
    assert!(refused(&|b| b.workloads[0].name = "edge-filter".into()).contains("both hold the workload `edge-filter`"));
    assert!(refused(&|b| b.criterion = results().criterion).contains("both hold criterion's `parse/edge-filter/parse`"));
}

#[test]
fn no_file_is_no_report() {
    assert_eq!(Report::new(Vec::new()).map(|_| ()), Err(CombineError::Nothing));
}
