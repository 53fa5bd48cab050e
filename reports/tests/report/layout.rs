//! What the eye meets first, and that nothing it meets lies over something else.

use serde_json::json;

use crate::chrome::{Chrome, HEIGHT, Tab};
use crate::fixture::{page, results};

/// Pairs of texts that touch, in charts and on the axis of the cost list; and texts that leave their chart.
const CLASHES: &str = "(() => { \
    const shown = (e) => e.getClientRects().length > 0; \
    const said = (e) => [e.textContent, e.getBoundingClientRect()]; \
    const touching = (name, all) => all.flatMap(([x, a], i) => all.slice(i + 1).filter(([, b]) => \
        a.left < b.right + 2 && b.left < a.right + 2 && a.top < b.bottom - 1.5 && b.top < a.bottom - 1.5).map(([y]) => `${name}: ${x} / ${y}`)); \
    const charts = [...document.querySelectorAll('svg.chart')].filter(shown); \
    const found = charts.flatMap((svg) => touching(svg.ariaLabel, [...svg.querySelectorAll('text')].filter(shown).map(said))); \
    found.push(...touching('axis', [...document.querySelectorAll('.cost-axis .track span')].map(said))); \
    for (const svg of charts) { \
        const b = svg.getBoundingClientRect(); \
        for (const part of [...svg.querySelectorAll('text, line')].filter(shown)) { \
            const a = part.getBoundingClientRect(); \
            if (a.left < b.left - 1 || a.right > b.right + 1 || a.top < b.top - 1 || a.bottom > b.bottom + 1) \
                found.push(`${svg.ariaLabel}: ${part.tagName} ${part.textContent} is outside`); \
        } \
    } \
    return found; })()";

#[test]
fn no_text_lies_over_another_or_is_cut() {
    let Some(mut chrome) = Chrome::start("texts") else { return };
    let url = page("texts", results());
    for width in [1280, 390] {
        let mut tab = chrome.open(&url, width, false, true);
        assert_eq!(tab.value(CLASHES), json!([]), "at {width} px");
        tab.act("document.querySelector('#everything').click()");
        assert!(tab.value("document.querySelectorAll('#ranking .row:not(.off)').length").as_u64() > Some(15));
        assert_eq!(tab.value(CLASHES), json!([]), "at {width} px with all groups");
        for id in ["wasm", "closures", "jit-fast", "cel"] {
            tab.act(&format!("document.querySelector('#filters input[value={id}]').click()"));
            assert_eq!(tab.value(CLASHES), json!([]), "at {width} px after {id} is off");
        }
        let names = "[...document.querySelectorAll('#costs .name span')].filter((e) => e.scrollWidth > e.clientWidth && getComputedStyle(e).textOverflow !== 'ellipsis').length";
        assert_eq!(tab.value(names), 0, "a name that is cut says so");
    }
}

#[test]
fn names_of_curves_go_back_to_their_curves() {
    let Some(mut chrome) = Chrome::start("names") else { return };
    let url = page("names", results());
    let mut tab = chrome.open(&url, 1280, false, true);
    // How far the names are from the ends of their curves.
    let away = "[...document.querySelectorAll('#break-even-edge-filter-batch svg.wide .end-name:not(.off)')].map((name) => \
                Math.abs(Number(name.querySelector('text').getAttribute('y')) - 4 - Number(name.dataset.end.split(' ')[1]))).reduce((a, b) => a + b)";
    let before = tab.value(away).as_f64().expect("a number");
    for id in ["interp", "jit", "wasm", "closures", "jit-fast"] {
        tab.act(&format!("document.querySelector('#filters input[value={id}]').click()"));
    }
    let after = tab.value(away).as_f64().expect("a number");
    assert!(before > 3.0 && after < 0.2, "from {before} to {after} pixels");
}

/// The lower end of an element, in pixels from the top of the view.
fn bottom(tab: &mut Tab, selector: &str) -> f64 {
    tab.value(&format!("document.querySelector('{selector}').getBoundingClientRect().bottom")).as_f64().expect("it is there")
}

#[test]
fn the_first_screen_holds_the_verdict() {
    let Some(mut chrome) = Chrome::start("first") else { return };
    let url = page("first", results());
    for width in [1280, 390] {
        for dark in [false, true] {
            let mut tab = chrome.open(&url, width, dark, true);
            assert_eq!(tab.value("scrollY"), 0);
            assert!(tab.text("document.querySelector('#verdict').textContent").len() > 30);
            assert!(bottom(&mut tab, "#verdict") < f64::from(HEIGHT), "{width} px");
            assert!(bottom(&mut tab, ".rates") < f64::from(HEIGHT), "the rates are beside the verdict at {width} px");
        }
    }
    let mut tab = chrome.open(&url, 1280, false, true);
    assert!(bottom(&mut tab, "table.matrix") < f64::from(HEIGHT), "a matrix of three workloads is on the first screen of a laptop");
    let mut bare = chrome.open(&url, 390, false, false);
    assert!(bottom(&mut bare, "#verdict") < f64::from(HEIGHT), "and without scripts");
}

#[test]
fn the_keyboard_is_at_everything_within_fifteen_stops() {
    let Some(mut chrome) = Chrome::start("stops") else { return };
    let url = page("stops", results());
    for width in [1280, 390] {
        let mut tab = chrome.open(&url, width, false, true);
        let mut stops: Vec<String> = Vec::new();
        for _ in 0..15 {
            tab.key("Tab", 9);
            let at = "(() => { const e = document.activeElement; const matrix = e.closest('#matrix') ? 'matrix' : ''; \
                      return matrix || e.id || e.name || e.parentElement.id || e.className; })()";
            stops.push(tab.text(at));
        }
        for wanted in ["skip", "contents", "filters", "theme", "changes", "records", "mode", "metric", "times", "flip", "matrix", "group"] {
            assert!(stops.iter().any(|s| s == wanted), "{wanted} is not among {stops:?}");
        }
        assert_eq!(stops.iter().filter(|s| *s == "matrix").count(), 1, "the matrix is one stop: {stops:?}");
    }
}

#[test]
fn the_skip_link_leads_to_the_verdict_and_keeps_the_view() {
    let Some(mut chrome) = Chrome::start("skip") else { return };
    let url = page("skip", results()) + "#open=native";
    let mut tab = chrome.open(&url, 1280, false, true);
    tab.key("Tab", 9);
    assert_eq!(tab.text("document.activeElement.className"), "skip");
    tab.act("document.activeElement.click()");
    assert_eq!(tab.text("document.activeElement.id"), "main");
    assert_eq!(tab.value("document.querySelector('#main').contains(document.querySelector('#verdict'))"), true);
    assert!(tab.text("location.hash").contains("open=native"));
    tab.key("Tab", 9);
    assert_eq!(tab.text("document.activeElement.id"), "changes");
}

#[test]
fn a_link_of_the_contents_leads_to_its_section() {
    let Some(mut chrome) = Chrome::start("contents") else { return };
    let url = page("contents", results());
    for width in [1280, 390] {
        let mut tab = chrome.open(&url, width, false, true);
        tab.act("document.querySelector('#contents summary').click()");
        let outside = tab.value(
            "[...document.querySelectorAll('#contents a')].filter((a) => { const b = a.getBoundingClientRect(); return b.left < 0 || b.right > innerWidth; }).length",
        );
        assert_eq!(outside, 0, "all of the contents are in view at {width} px");
        let dead =
            tab.value("[...document.querySelectorAll('a[href^=\"#\"]')].filter((a) => !document.querySelector(a.hash)).map((a) => a.hash)");
        assert_eq!(dead, json!([]));
        tab.act("document.querySelector('#contents a[href=\"#scaling\"]').click()");
        let top = tab.value("document.querySelector('#scaling').getBoundingClientRect().top").as_f64().expect("it is there");
        assert!((0.0..f64::from(HEIGHT)).contains(&top) && tab.value("document.querySelector('#contents').open") == false, "{top}");
    }
}
