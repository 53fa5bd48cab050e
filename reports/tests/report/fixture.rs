//! The results that the tests make reports of: every kind of row, every optional part of the schema.

use quintet_reports::{File, Report};
use quintet_results::Results;

/// The fixture as it is committed.
pub const JSON: &str = include_str!("../data/results.json");

/// The fixture.
pub fn results() -> Results {
    Results::from_json(JSON).expect("the fixture is a result file")
}

/// The files of its report.
pub fn files(results: Results) -> Vec<File> {
    Report::new(vec![("results.json".into(), results)]).expect("one file fits itself").render().expect("the templates render")
}

/// The text of the file with this name.
pub fn text<'f>(files: &'f [File], name: &str) -> &'f str {
    &files.iter().find(|f| f.name == name).unwrap_or_else(|| panic!("no {name}")).text
}

/// The fixture as three processes took turns at it: each row a little off in each of them, and lua's batches four times as long in one.
pub fn three_processes() -> Results {
    let mut results = results();
    results.options.processes = 3;
    for w in &mut results.workloads {
        w.processes = 3;
        for (at, row) in w.rows.iter_mut().enumerate() {
            for (phase, measure) in &mut row.phases {
                let rounds: Vec<f64> = measure.samples().collect();
                let shift = |process: usize, ns: f64| {
                    let odd = row.id == "lua" && *phase == quintet_results::Phase::Batch && process == 1;
                    ns * (1.0 + 0.004 * ((at + 5 * process) % 7) as f64) * if odd { 4.0 } else { 1.0 }
                };
                let of = |process: usize| rounds.iter().skip(process).step_by(3).map(|ns| shift(process, *ns)).collect();
                measure.ns = (0..3).map(of).collect();
            }
        }
        if let Some(again) = &mut w.again {
            let rounds: Vec<f64> = again.batch.samples().collect();
            let at = w.rows.iter().position(|r| r.id == again.id).expect("the row that is measured twice");
            let of = |p: usize| rounds.iter().skip(p).step_by(3).map(|ns| ns * (1.0 + 0.004 * ((at + 5 * p) % 7) as f64)).collect();
            again.batch.ns = (0..3).map(of).collect();
        }
    }
    results
}

/// The page of these results in a folder of its own; its address.
pub fn page(name: &str, results: Results) -> String {
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("page-{name}"));
    std::fs::create_dir_all(&folder).expect("a folder for the page");
    let path = folder.join("index.html");
    std::fs::write(&path, text(&files(results), "index.html")).expect("the page can be written");
    format!("file://{}", path.display())
}
