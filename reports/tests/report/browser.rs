//! The page in a real browser: it loads without a network and without faults, and does what its controls say.

use quintet_results::{Cost, Mode, Phase, Results, RowKind, geometric_mean};
use serde_json::{Value, json};

use crate::chrome::{Chrome, Tab};
use crate::fixture::{page, results};
use crate::hostile::hostile;
use crate::sparse::sparse;

const HOME: (&str, u32) = ("Home", 36);
const END: (&str, u32) = ("End", 35);
const RIGHT: (&str, u32) = ("ArrowRight", 39);
const DOWN: (&str, u32) = ("ArrowDown", 40);

/// The ids of the cost list, in order.
const ORDER: &str = "[...document.querySelectorAll('#costs .cost')].map((row) => row.dataset.cost)";

/// The address that unfolds all groups.
const EVERYTHING: &str = "#open=configurations&open=no-passes&open=native&open=peers";

fn order(tab: &mut Tab) -> Vec<String> {
    serde_json::from_value(tab.value(ORDER)).expect("a list of ids")
}

/// The same order, from the samples.
fn expected(results: &Results, mode: Mode, changes: f64, records: f64) -> Vec<String> {
    let first = &results.workloads[0];
    let mut rows: Vec<(String, f64)> = Vec::new();
    for row in first.rows.iter().filter(|r| r.kind == RowKind::Backend && r.passes && r.configuration.is_empty()) {
        let costs = results.workloads.iter().map(|w| {
            let cost = Cost::new(w.row(&row.id).expect("the backends run everything"), mode).expect("and in both modes");
            changes / 3600.0 * cost.total(records * 3600.0 / changes).value
        });
        rows.push((row.id.clone(), geometric_mean(costs)));
    }
    rows.sort_by(|a, b| a.1.total_cmp(&b.1));
    rows.into_iter().map(|(id, _)| id).collect()
}

#[test]
fn it_loads_offline_without_a_fault() {
    let Some(mut chrome) = Chrome::start("load") else { return };
    let mut bare = sparse();
    bare.workloads.iter_mut().for_each(|w| w.rows.retain(|r| r.kind != RowKind::Backend));
    for (name, results) in [("plain", results()), ("hostile", hostile()), ("sparse", sparse()), ("no-backend", bare)] {
        let url = page(name, results);
        for (width, dark) in [(1280, false), (390, true)] {
            let mut tab = chrome.open(&url, width, dark, true);
            tab.act("document.querySelectorAll('details').forEach((d) => (d.open = true))");
            assert_eq!(tab.faults(), Vec::<String>::new(), "{name}");
            assert_eq!(tab.requests(), [url.as_str()], "{name} asks for more than itself");
            assert_eq!(tab.value("window.broken === undefined"), true, "{name}: a script of the result file ran");
            assert_eq!(tab.value("document.scripts.length"), 2);
            let overflow = tab.value("document.documentElement.scrollWidth - innerWidth").as_f64();
            assert!(overflow <= Some(0.0), "{name} scrolls sideways by {overflow:?} px at {width} px");
        }
    }
}

#[test]
fn each_chart_has_its_series() {
    let Some(mut chrome) = Chrome::start("series") else { return };
    let results = results();
    let url = page("series", results.clone()) + EVERYTHING;
    let mut tab = chrome.open(&url, 1280, false, true);
    for w in &results.workloads {
        for mode in [Phase::Batch, Phase::Single] {
            let rows: Vec<&str> = w.rows.iter().filter(|r| r.measure(mode).is_some()).map(|r| r.id.as_str()).collect();
            let chart = format!("#break-even-{}-{} svg.wide", w.name, mode.name());
            let drawn = tab.value(&format!("[...document.querySelectorAll('{chart} .curve')].map((curve) => curve.dataset.row)"));
            let mut drawn: Vec<String> = serde_json::from_value(drawn).expect("a list of ids");
            let mut rows: Vec<String> = rows.into_iter().map(str::to_owned).collect();
            drawn.sort();
            rows.sort();
            assert_eq!(drawn, rows, "{chart}");
            // What is always far off the cheapest has a name and no line.
            let near = tab.value(&format!("[...document.querySelectorAll('{chart} .series')].filter((line) => line.getTotalLength() > 100).map((line) => line.dataset.series)"));
            let near: Vec<String> = serde_json::from_value(near).expect("a list of ids");
            for id in ["interp", "closures", "jit"] {
                assert!(near.iter().any(|n| n == id), "{chart}: {id} is not among {near:?}");
            }
        }
        let panels = tab.value(&format!(
            "[...document.querySelectorAll('#phases-{} svg')].map((svg) => svg.querySelectorAll('.row .bar').length)",
            w.name
        ));
        let of = |phase| w.rows.iter().filter(|r| r.measure(phase).is_some()).count();
        assert_eq!(panels, json!([of(Phase::Batch), of(Phase::Single), of(Phase::Compile)]), "{}", w.name);
    }
    assert_eq!(tab.value("document.querySelectorAll('#ranking svg').length"), 3);
    assert_eq!(tab.value("document.querySelectorAll('#scaling svg.wide').length"), 2);
    let bare = tab.value("[...document.querySelectorAll('main figure')].filter((f) => !f.querySelector('table') || !f.querySelector('figcaption').textContent).map((f) => f.id)");
    assert_eq!(bare, json!([]), "each chart has a key and a table");
}

#[test]
fn the_sliders_change_the_ranking_from_the_keyboard() {
    let Some(mut chrome) = Chrome::start("sliders") else { return };
    let results = results();
    let url = page("sliders", results.clone());
    let mut tab = chrome.open(&url, 1280, false, true);
    assert_eq!(order(&mut tab), expected(&results, Mode::Batch, 1.0, 1e4));

    tab.press("#records", END.0, END.1);
    tab.press("#changes", HOME.0, HOME.1);
    let busy = order(&mut tab);
    assert_eq!(busy, expected(&results, Mode::Batch, 0.01, 1e7));

    tab.press("#records", HOME.0, HOME.1);
    tab.press("#changes", END.0, END.1);
    let idle = order(&mut tab);
    assert_eq!(idle, expected(&results, Mode::Batch, 1e4, 1.0));
    assert_ne!(idle[0], busy[0], "the data of this test is to have two winners");
    assert_eq!(tab.text("document.querySelector('#changes').getAttribute('aria-valuetext')"), "10,000 per hour");
    assert_eq!(tab.text("document.querySelector('#records-value').textContent"), "1 per second");

    let before = tab.value("Number(document.querySelector('#records').value)").as_f64();
    tab.press("#records", RIGHT.0, RIGHT.1);
    assert!(tab.value("Number(document.querySelector('#records').value)").as_f64() > before);

    tab.act(
        "const slider = document.querySelector('#records'); slider.value = 6; slider.dispatchEvent(new Event('input', { bubbles: true }))",
    );
    assert_eq!(order(&mut tab), expected(&results, Mode::Batch, 1e4, 1e6));
    tab.act("document.querySelector('input[value=single]').click()");
    assert_eq!(order(&mut tab), expected(&results, Mode::Single, 1e4, 1e6));
    let shown = tab.value("[...document.querySelectorAll('.break-even')].every((b) => (b.dataset.modeShown === 'single') === (b.getClientRects().length > 0))");
    assert_eq!(shown, true, "the break-even charts follow the mode");
    assert_eq!(tab.faults(), Vec::<String>::new());
}

#[test]
fn filters_hide_and_the_address_keeps_the_view() {
    let Some(mut chrome) = Chrome::start("filters") else { return };
    let url = page("filters", results());
    let visible = "[...document.querySelectorAll('main [data-row=\"wasm\"]')].filter((e) => e.getClientRects().length).length";
    let height = "document.querySelector('#ranking svg').viewBox.baseVal.height";
    let mut tab = chrome.open(&url, 1280, false, true);
    assert!(tab.value(visible).as_u64() > Some(10));
    let before = (order(&mut tab), tab.value(height).as_f64());
    assert_eq!(before.0.len(), 5);
    tab.act("document.querySelector('#filters input[value=wasm]').click()");
    assert_eq!(tab.value(visible), 0);
    let after = order(&mut tab);
    assert_eq!(after, before.0.into_iter().filter(|id| id != "wasm").collect::<Vec<_>>());
    assert_eq!(tab.value(height).as_f64(), before.1.map(|h| h - 22.0), "the panel closes the gap");

    tab.act("document.querySelector('#filters input[value=waf-pack]').click()");
    assert_eq!(tab.value("document.querySelector('#workload-waf-pack').getClientRects().length"), 0);
    tab.act(
        "const slider = document.querySelector('#changes'); slider.value = 3; slider.dispatchEvent(new Event('input', { bubbles: true }))",
    );
    let address = tab.text("location.href");
    let ranking = tab.text("document.querySelector('#costs').textContent");
    let mut shared = chrome.open(&address, 1280, false, true);
    assert_eq!(shared.text("document.querySelector('#costs').textContent"), ranking, "{address}");
    assert_eq!(shared.value(visible), 0);
    assert_eq!(shared.value("document.querySelector('#workload-waf-pack').getClientRects().length"), 0);
    shared.act("document.querySelector('#everything').click()");
    assert!(shared.value(visible).as_u64() > Some(10));
    assert_eq!(shared.faults(), Vec::<String>::new());
}

#[test]
fn the_theme_follows_the_system_until_the_reader_chooses() {
    let Some(mut chrome) = Chrome::start("theme") else { return };
    let url = page("theme", results());
    let ground = "getComputedStyle(document.body).backgroundColor";
    let mut tab = chrome.open(&url, 1280, false, true);
    let light = tab.text(ground);
    tab.scheme(true);
    let dark = tab.text(ground);
    assert_ne!(light, dark);
    tab.act("document.querySelector('#theme').click()");
    assert_eq!(tab.text(ground), light, "the reader's choice goes over the system's");
    tab.act("document.querySelector('#theme').click()");
    assert_eq!(tab.text(ground), dark);
    assert_eq!(chrome.open(&format!("{url}#theme=dark"), 1280, false, true).text(ground), dark);
}

#[test]
fn marks_say_their_numbers_to_the_keyboard() {
    let Some(mut chrome) = Chrome::start("marks") else { return };
    let url = page("marks", results());
    let mut tab = chrome.open(&url, 1280, false, true);
    let tip = "document.querySelector('#tip').hidden ? '' : document.querySelector('#tip').textContent";
    assert_eq!(tab.text(tip), "");
    tab.press("#ranking svg", DOWN.0, DOWN.1);
    let first = tab.text(tip);
    assert!(first.starts_with("wasm: 1.00"), "{first}");
    tab.press("#ranking svg", DOWN.0, DOWN.1);
    assert_ne!(tab.text(tip), first);
    tab.press("#break-even-edge-filter-batch svg.wide", RIGHT.0, RIGHT.1);
    let probe = tab.text(tip);
    assert!(probe.starts_with("after ") && probe.contains("closures") && !probe.contains("native"), "{probe}");
    assert_eq!(tab.faults(), Vec::<String>::new());
}

#[test]
fn without_scripts_everything_but_the_sliders_is_there() {
    let Some(mut chrome) = Chrome::start("bare") else { return };
    let url = page("bare", results());
    let mut tab = chrome.open(&url, 1280, false, false);
    let shown: Value =
        tab.value("[...document.querySelectorAll('svg.chart:not(.narrow)')].filter((svg) => svg.getClientRects().length).length");
    // Three panels of ranking; per workload three of phases, three of samples, two of break-even, three of memory, two of latency; two of scaling.
    assert_eq!(shown, 3 + 3 * 13 + 2);
    assert!(tab.text("document.body.innerText").contains("quintet choose"));
}
