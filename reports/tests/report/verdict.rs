//! The verdict: the page says at any rates what the crate says, and shows what it is taken from.

use quintet_results::{Choice, Mode, Rates, Results, Wish};
use serde_json::json;

use crate::chrome::Chrome;
use crate::fixture::{files, page, results, text, three_processes};

/// The published results.
pub fn published() -> Results {
    Results::from_json(include_str!("../../published/results.json")).expect("the published results are a result file")
}

/// What the crate says.
fn said(results: &Results, wish: &Wish) -> String {
    Choice::new(results, wish).expect("the workloads are there").verdict.expect("something runs everything").text
}

#[test]
fn the_page_says_what_the_crate_says() {
    let Some(mut chrome) = Chrome::start("says") else { return };
    let mut seen: Vec<String> = Vec::new();
    for (name, results) in [("one-process", results()), ("three-processes", three_processes()), ("published", published())] {
        let url = page(&format!("says-{name}"), results.clone());
        let mut tab = chrome.open(&url, 1280, false, true);
        let workload = results.workloads[0].name.clone();
        // Every number of the published results counts, but working each verdict out takes its time.
        let rates = [(1.0, 1e4), (0.01, 1e7), (1e4, 1.0), (60.0, 2e5), (0.5, 3e4), (1000.0, 1.0), (12.0, 1e6), (10.0, 1e5)];
        for (changes, records) in rates.into_iter().take(if name == "published" { 3 } else { 8 }) {
            for (mode, called) in [(Mode::Batch, "batch"), (Mode::Single, "single")] {
                for one in [true, false] {
                    let rates = Rates { changes_per_hour: changes, records_per_second: records };
                    let workloads = if one { vec![workload.clone()] } else { Vec::new() };
                    let wanted = said(&results, &Wish { rates, mode, workloads, ..Wish::default() });
                    let skip: String = results.workloads.iter().skip(1).filter(|_| one).map(|w| format!("&skip={}", w.name)).collect();
                    tab.act(&format!("location.hash = 'changes={changes}&records={records}&mode={called}{skip}'"));
                    let shown = tab.text("[...document.querySelectorAll('#verdict p')].map((p) => p.textContent).join(' ')");
                    assert_eq!(shown, wanted, "{name}, {changes} changes, {records} records, {called}, one workload: {one}");
                    let chosen = tab.text("document.querySelector('.cost.chosen').dataset.cost");
                    assert!(shown.starts_with(&format!("Ship {chosen}:")), "{chosen}: {shown}");
                    seen.push(shown);
                }
            }
        }
    }
    for kind in ["outside the noise.", "is enough", "No difference to", "hardly matters"] {
        assert!(seen.iter().any(|s| s.contains(kind)), "no verdict of this test says `{kind}`");
    }
}

#[test]
fn the_report_begins_with_it() {
    for results in [results(), three_processes(), published()] {
        let wanted = said(&results, &Wish::default());
        let files = files(results);
        let report = text(&files, "report.md").replace("\n\n", " ").replace('\\', "");
        assert!(report.starts_with(&format!("# Quintet report {wanted}")), "{report:.400}");
    }
    let Some(mut chrome) = Chrome::start("begins") else { return };
    let url = page("begins", results());
    let mut bare = chrome.open(&url, 1280, false, false);
    let shown = bare.text("[...document.querySelectorAll('#verdict p')].map((p) => p.textContent).join(' ')");
    assert_eq!(shown, said(&results(), &Wish::default()), "without scripts");
}

#[test]
fn a_process_of_its_own_kind_is_named_and_seen() {
    let Some(mut chrome) = Chrome::start("processes") else { return };
    let results = three_processes();
    let url = page("processes", results.clone());
    let mut tab = chrome.open(&url, 1280, false, true);
    let note = tab.text("document.querySelector('#workload-edge-filter .warning li').textContent");
    assert!(note.starts_with("lua: 1 of 3 processes was ") && note.contains("x slower (batch)"), "{note}");
    for w in &results.workloads {
        let rows = format!("document.querySelectorAll('#samples-{} svg:first-child .row')", w.name);
        let drawn =
            tab.value(&format!("[...{rows}].map((r) => [r.querySelectorAll('.dots').length, r.querySelectorAll('.centre').length])"));
        assert_eq!(drawn, json!(vec![[3, 3]; w.rows.len()]), "{}", w.name);
        let dots = tab.value(&format!("[...{rows}].map((r) => [...r.querySelectorAll('.dots')].map((d) => d.getAttribute('d').split('M').length - 1).reduce((a, b) => a + b))"));
        assert_eq!(dots, json!(vec![w.rounds; w.rows.len()]), "every sample of {} is a dot", w.name);
    }
}
