//! The matrix of workload by backend, and the groups that fold.

use serde_json::{Value, json};

use crate::chrome::{Chrome, Tab};
use crate::fixture::{files, page, results, text};

const DOWN: (&str, u32) = ("ArrowDown", 40);
const RIGHT: (&str, u32) = ("ArrowRight", 39);

/// The names along the top and down the side.
fn names(tab: &mut Tab, part: &str) -> Vec<String> {
    let read = tab.value(&format!("[...document.querySelectorAll('.matrix {part} th button')].map((b) => b.dataset.sort)"));
    serde_json::from_value(read).expect("a list of names")
}

/// The numbers of the column or row with this header.
fn column(tab: &mut Tab, at: usize) -> Vec<f64> {
    let read = tab.value(&format!(
        "[...document.querySelectorAll('.matrix tbody tr')].map((r) => parseFloat(r.cells[{at}].textContent.replace('≈ ', '')))"
    ));
    serde_json::from_value(read).expect("a list of numbers")
}

fn click(tab: &mut Tab, part: &str, name: &str) {
    tab.act(&format!("[...document.querySelectorAll('.matrix {part} th button')].find((b) => b.dataset.sort === '{name}').click()"));
}

fn sort_of(tab: &mut Tab, part: &str, name: &str) -> String {
    tab.text(&format!(
        "[...document.querySelectorAll('.matrix {part} th button')].find((b) => b.dataset.sort === '{name}').parentElement.ariaSort"
    ))
}

#[test]
fn each_header_sorts() {
    let Some(mut chrome) = Chrome::start("sort") else { return };
    let url = page("sort", results());
    let mut tab = chrome.open(&url, 1280, false, true);
    let workloads: Vec<String> = results().workloads.into_iter().map(|w| w.name).collect();
    let backends = ["interp", "closures", "jit", "wasm", "lua"];
    assert_eq!((names(&mut tab, "tbody"), names(&mut tab, "thead")), (workloads.clone(), backends.map(str::to_owned).to_vec()));
    for (at, id) in backends.into_iter().enumerate() {
        click(&mut tab, "thead", id);
        assert_eq!(sort_of(&mut tab, "thead", id), "ascending");
        assert!(column(&mut tab, at + 1).is_sorted(), "{id}");
        click(&mut tab, "thead", id);
        assert_eq!(sort_of(&mut tab, "thead", id), "descending");
        assert!(column(&mut tab, at + 1).is_sorted_by(|a, b| a >= b), "{id}");
        click(&mut tab, "thead", id);
        assert_eq!((sort_of(&mut tab, "thead", id).as_str(), names(&mut tab, "tbody")), ("none", workloads.clone()));
    }
    for (at, workload) in workloads.iter().enumerate() {
        click(&mut tab, "tbody", workload);
        assert_eq!(sort_of(&mut tab, "tbody", workload), "ascending");
        let row = tab.value(&format!("[...document.querySelectorAll('.matrix tbody tr')[{at}].querySelectorAll('td')].map((c) => parseFloat(c.textContent.replace('≈ ', '')))"));
        let row: Vec<f64> = serde_json::from_value(row).expect("numbers");
        assert!(row.is_sorted() && row.len() == 5, "{workload}: {row:?}");
    }
    // Swapped, the same view has its sides changed, and sorts the same way; its address keeps it.
    let before = (names(&mut tab, "tbody"), names(&mut tab, "thead"));
    tab.act("document.querySelector('#flip').click()");
    assert_eq!((names(&mut tab, "thead"), names(&mut tab, "tbody")), before);
    click(&mut tab, "tbody", "lua");
    let view = (names(&mut tab, "thead"), names(&mut tab, "tbody"), tab.text("document.querySelector('.matrix').textContent"));
    let address = tab.text("location.href");
    assert_eq!(tab.faults(), Vec::<String>::new());
    let mut shared = chrome.open(&address, 1280, false, true);
    assert_eq!(
        (names(&mut shared, "thead"), names(&mut shared, "tbody"), shared.text("document.querySelector('.matrix').textContent")),
        view
    );
}

#[test]
fn it_shows_other_quantities_and_times() {
    let Some(mut chrome) = Chrome::start("metric") else { return };
    let url = page("metric", results());
    let mut tab = chrome.open(&url, 1280, false, true);
    let mut seen: Vec<String> = Vec::new();
    for metric in ["batch", "single", "compile"] {
        tab.act(&format!("document.querySelector('input[name=metric][value={metric}]').click()"));
        let ratios = tab.text("document.querySelector('.matrix tbody').textContent");
        assert!(ratios.contains("1.00×") && !seen.contains(&ratios), "{metric}");
        seen.push(ratios);
        tab.act("document.querySelector('#times').click()");
        let times = tab.value(
            "[...document.querySelectorAll('.matrix td:not(.corner)')].every((c) => /[0-9.]+\\u00a0(ns|µs|ms|s)$/.test(c.textContent))",
        );
        assert_eq!(times, true, "{metric}");
        tab.act("document.querySelector('#times').click()");
    }
    // Each workload has one best cell, which is 1x and named beside the workload.
    tab.act("document.querySelector('input[name=metric][value=batch]').click(); document.querySelector('#folds input[value=configurations]').click()");
    let best = tab.value(
        "[...document.querySelectorAll('.matrix tbody tr')].map((r) => [...r.querySelectorAll('.best')].map((c) => [c.textContent, r.querySelector('small').textContent.startsWith(c.dataset.row + ' ')]))",
    );
    assert_eq!(best, json!([[["1.00×", true]], [["1.00×", true]], [["1.00×", true]]]));
}

#[test]
fn arrow_keys_move_through_it() {
    let Some(mut chrome) = Chrome::start("arrows") else { return };
    let url = page("arrows", results());
    let mut tab = chrome.open(&url, 1280, false, true);
    let tip = "document.querySelector('#tip').hidden ? '' : document.querySelector('#tip').textContent";
    tab.press(".matrix [tabindex=\"0\"]", DOWN.0, DOWN.1);
    let first = tab.text(tip);
    assert!(first.starts_with("interp on edge-filter: ") && first.contains("per record"), "{first}");
    tab.key(RIGHT.0, RIGHT.1);
    assert!(tab.text(tip).starts_with("closures on edge-filter: "));
    tab.key(DOWN.0, DOWN.1);
    assert!(tab.text(tip).starts_with("closures on payload-search: "));
    assert_eq!(tab.value("document.querySelectorAll('.matrix [tabindex=\"0\"]').length"), 1);
    // A header sorts from the keyboard, and the keyboard stays.
    tab.key("ArrowUp", 38);
    tab.key("ArrowUp", 38);
    tab.key(" ", 32);
    tab.act("document.activeElement.click()");
    assert_eq!(tab.text("document.activeElement.dataset.sort"), "closures");
    assert_ne!(sort_of(&mut tab, "thead", "closures"), "none");
}

#[test]
fn groups_fold_and_the_address_keeps_them() {
    let Some(mut chrome) = Chrome::start("groups") else { return };
    let url = page("groups", results());
    let shown = |tab: &mut Tab, id: &str| -> u64 {
        let all = format!(
            "[...document.querySelectorAll('main [data-row=\"{id}\"]:not([data-pinned])')].filter((e) => e.getClientRects().length).length"
        );
        tab.value(&all).as_u64().expect("a number")
    };
    let mut tab = chrome.open(&url, 1280, false, true);
    let folded = [("configurations", "wasm-winch"), ("no-passes", "jit/no-passes"), ("native", "native"), ("peers", "wirefilter")];
    assert!(shown(&mut tab, "interp") > 10);
    for (key, id) in folded {
        assert_eq!(shown(&mut tab, id), 0, "{id} is folded at first");
        tab.act(&format!("document.querySelector('#folds input[value={key}]').click()"));
        assert!(shown(&mut tab, id) > 3, "{id} is unfolded");
        assert_eq!(tab.value(&format!("document.querySelector('#filters input[value={key}]').checked")), true);
        let address = tab.text("location.href");
        let mut shared = chrome.open(&address, 1280, false, true);
        assert!(address.contains(&format!("open={key}")) && shown(&mut shared, id) > 3, "{address}");
        tab = chrome.open(&url, 1280, false, true);
    }
    assert_eq!(names(&mut tab, "thead").len(), 5);
    let all: Value = tab.value("[...document.querySelectorAll('#folds input')].map((i) => i.value)");
    assert_eq!(all, json!(["configurations", "no-passes", "native", "peers"]));
}

#[test]
fn complete_support_is_said_and_folded() {
    let mut results = results();
    let gap = "floating-point arithmetic does not run on wasm-winch";
    assert!(text(&files(results.clone()), "report.md").contains(gap) && text(&files(results.clone()), "index.html").contains(gap));
    let all = results.support[0].by.clone();
    results.support.iter_mut().for_each(|s| s.by = all.clone());
    let files = files(results);
    let report = text(&files, "report.md");
    assert!(report.contains("Complete: every one of 3 constructs runs on every backend.") && !report.contains("| searches in bytes"));
    let page = text(&files, "index.html");
    assert!(page.contains("Complete: every one of 3 constructs") && page.contains("<details><summary>All constructs"));
}

#[test]
fn one_workload_has_no_means() {
    let mut results = results();
    results.workloads.truncate(1);
    let files = files(results.clone());
    for name in ["index.html", "report.md"] {
        let shown = text(&files, name).split("<script").next().unwrap_or_default().to_lowercase();
        assert!(!shown.contains("geometric") && !shown.contains("mean over"), "{name} speaks of means over one workload");
    }
    assert!(files.iter().all(|f| f.name != "ranking.svg"));
    let Some(mut chrome) = Chrome::start("single") else { return };
    let url = page("single", results);
    let mut tab = chrome.open(&url, 1280, false, true);
    assert!(!tab.text("document.body.innerText").to_lowercase().contains("geometric"));
    assert_eq!(names(&mut tab, "tbody"), ["edge-filter"]);
    assert_eq!(tab.faults(), Vec::<String>::new());
}
