//! The page of `quintet diff --html`: what it says without scripts, and what it does in a real browser.

use std::path::PathBuf;

use quintet_reports::DiffPage;
use quintet_results::{Diff, DiffOptions, Phase, Results, Verdict};
use serde_json::{Value, json};

use crate::chrome::{Chrome, Tab};
use crate::fixture::results;
use crate::hostile::hostile;

const SPACE: (&str, u32) = (" ", 32);
const ENTER: (&str, u32) = ("Enter", 13);

/// The fixture with every batch of two rows on the first workload slower and one faster, beyond any noise.
fn changed(mut results: Results) -> Results {
    for (id, factor) in [("jit", 40.0), ("closures", 30.0), ("interp", 0.02)] {
        let workload = results.workloads.first_mut().expect("the fixture has workloads");
        let row = workload.rows.iter_mut().find(|r| r.id == id).expect("the fixture has these rows");
        let measure = row.phases.get_mut(&Phase::Batch).expect("and their batches");
        measure.ns.iter_mut().flatten().for_each(|ns| *ns *= factor);
        if let Some(again) = workload.again.as_mut().filter(|again| again.id == id) {
            again.batch.ns.iter_mut().flatten().for_each(|ns| *ns *= factor);
        }
    }
    results
}

/// The comparison and the page's text.
fn page_of(old: &Results, new: &Results) -> (Diff, String) {
    let diff = Diff::new(old, new, &DiffOptions { phases: Vec::new(), workloads: Vec::new(), threshold: None });
    let page =
        DiffPage { diff: &diff, old: ("old.json", old), new: ("new run.json", new), command: "quintet diff old.json 'new run.json'" };
    let text = page.render().expect("the template renders");
    (diff, text)
}

/// The page in a folder of its own; its address.
fn written(name: &str, text: &str) -> String {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("diff-page-{name}"));
    std::fs::create_dir_all(&folder).expect("a folder for the page");
    let path = folder.join("diff.html");
    std::fs::write(&path, text).expect("the page can be written");
    format!("file://{}", path.display())
}

/// Workload, row, phase and verdict of the rows that are shown, in order.
const SHOWN: &str = "[...document.querySelectorAll('.comparisons tbody tr')].filter((r) => !r.classList.contains('off'))\
                     .map((r) => [r.dataset.workload, r.dataset.row, r.dataset.phase, r.dataset.verdict].join('|'))";

fn shown(tab: &mut Tab) -> Vec<String> {
    serde_json::from_value(tab.value(SHOWN)).expect("a list of rows")
}

fn significant(diff: &Diff) -> usize {
    diff.comparisons.iter().filter(|c| c.verdict != Verdict::NoDifference).count()
}

#[test]
fn what_changed_stands_first_and_is_counted() {
    let (diff, text) = page_of(&results(), &changed(results()));
    assert_eq!(significant(&diff), 3, "the data of this test is to have three changes");
    assert!(text.contains("2 got slower, by up to 40.0×") && text.contains("1 got faster, by 50.0×"), "no summary");
    let verdicts: Vec<bool> = text.lines().filter(|l| l.starts_with("<tr class=")).map(|l| !l.contains("class=\"same\"")).collect();
    assert_eq!(verdicts.len(), diff.comparisons.len());
    assert!(verdicts.iter().take(3).all(|s| *s) && !verdicts.iter().skip(3).any(|s| *s), "significant first");
    let largest = text.lines().find(|l| l.starts_with("<tr class=")).unwrap_or_default();
    assert!(largest.contains("data-row=\"interp\""), "the largest change is the first: {largest}");
}

#[test]
fn whatever_the_files_hold_is_text() {
    let mut evil = hostile();
    evil.command = format!("{} </code>", evil.command);
    let (_, text) = page_of(&evil, &changed(hostile_rows()));
    assert_eq!(text.matches("<script").count(), 1);
    let (_, text) = page_of(&hostile(), &hostile());
    assert!(!text.contains("<img") && !text.contains("<script>window"));
    assert_eq!(text.matches("</script>").count(), 1);
    let Some(mut chrome) = Chrome::start("diff-hostile") else { return };
    let mut tab = chrome.open(&written("hostile", &text), 390, true, true);
    assert_eq!(tab.faults(), Vec::<String>::new());
    assert_eq!(tab.value("window.broken === undefined"), true, "a script of the result file ran");
    let overflow = tab.value("document.documentElement.scrollWidth - innerWidth").as_f64();
    assert!(overflow <= Some(0.0), "it scrolls sideways by {overflow:?} px");
}

fn hostile_rows() -> Results {
    results()
}

#[test]
fn it_loads_offline_without_a_fault_and_fits() {
    let Some(mut chrome) = Chrome::start("diff-load") else { return };
    let url = written("load", &page_of(&results(), &changed(results())).1);
    for (width, dark) in [(1280, false), (390, true)] {
        let mut tab = chrome.open(&url, width, dark, true);
        tab.act("document.querySelectorAll('details').forEach((d) => (d.open = true)); document.querySelector('#everything').click()");
        assert_eq!(tab.faults(), Vec::<String>::new());
        assert_eq!(tab.requests(), [url.as_str()], "it asks for more than itself");
        let overflow = tab.value("document.documentElement.scrollWidth - innerWidth").as_f64();
        assert!(overflow <= Some(0.0), "it scrolls sideways by {overflow:?} px at {width} px");
        let overlaps = tab.value(
            "[...document.querySelectorAll('.comparisons tbody tr')].slice(0, 12).flatMap((tr) => { const all = [...tr.children].filter((c) => \
             c.getClientRects().length && c.textContent).map((c) => [c.textContent, c.getBoundingClientRect()]); return all.flatMap(([x, a], i) => \
             all.slice(i + 1).filter(([, b]) => a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1)\
             .map(([y]) => x + ' / ' + y)); })",
        );
        assert_eq!(overlaps, json!([]), "at {width} px");
    }
    let mut tab = chrome.open(&url, 1280, false, false);
    assert_eq!(tab.requests(), [url.as_str()]);
    drop(tab.value("1"));
}

#[test]
fn filters_are_kept_in_the_address() {
    let Some(mut chrome) = Chrome::start("diff-filters") else { return };
    let (diff, text) = page_of(&results(), &changed(results()));
    let url = written("filters", &text);
    let mut tab = chrome.open(&url, 1280, false, true);
    assert_eq!(shown(&mut tab).len(), 3, "only what is significant, to begin with");

    tab.press("#significant", SPACE.0, SPACE.1);
    assert_eq!(shown(&mut tab).len(), diff.comparisons.len(), "everything, from the keyboard");
    tab.act("document.querySelector('#direction').value = 'slower'; document.querySelector('#direction').dispatchEvent(new Event('change', { bubbles: true }))");
    tab.act("document.querySelector('#least').value = 200; document.querySelector('#least').dispatchEvent(new Event('input', { bubbles: true }))");
    let slower = shown(&mut tab);
    assert!(slower.len() == 2 && slower.iter().all(|r| r.ends_with("|slower")), "{slower:?}");
    tab.act("document.querySelector('.filters input[name=row][value=jit]').click()");
    let one = shown(&mut tab);
    assert!(one.len() == 1 && one.iter().all(|r| r.contains("|closures|batch|")), "{one:?}");

    let address = tab.text("location.href");
    assert!(address.contains("significant=0") && address.contains("least=200") && address.contains("no-row=jit"), "{address}");
    let mut again = chrome.open(&address, 1280, false, true);
    assert_eq!(shown(&mut again), one, "another reader sees the same");
    assert_eq!(again.value("document.querySelector('.filters input[name=row][value=jit]').checked"), false);
    again.act("document.querySelector('a[href=\"#files\"]').click()");
    assert_eq!(again.text("location.href"), address, "links within the page leave the view alone");
    again.act("document.querySelector('#everything').click()");
    assert_eq!(shown(&mut again).len(), diff.comparisons.len());
    for bad in ["#least=-3&direction=up&sort=nothing&significant=7&theme=pink", "#%ff", "#files"] {
        let mut tab = chrome.open(&format!("{url}{bad}"), 1280, false, true);
        assert_eq!(tab.faults(), Vec::<String>::new(), "{bad}");
        assert_eq!(shown(&mut tab).len(), 3, "{bad}");
    }
}

#[test]
fn columns_sort_and_say_so() {
    let Some(mut chrome) = Chrome::start("diff-sort") else { return };
    let url = written("sort", &page_of(&results(), &changed(results())).1);
    let mut tab = chrome.open(&url, 1280, false, true);
    tab.act("document.querySelector('#everything').click()");
    let by_significance = shown(&mut tab);
    tab.press("[data-sort=new]", ENTER.0, ENTER.1);
    tab.act("document.querySelector('[data-sort=new]').click()");
    let values = "[...document.querySelectorAll('.comparisons tbody tr')].map((r) => Number(r.dataset.new))";
    let order: Vec<f64> = serde_json::from_value(tab.value(values)).expect("numbers");
    assert!(order.windows(2).all(|w| w[0] >= w[1]) || order.windows(2).all(|w| w[0] <= w[1]), "{order:?}");
    assert_ne!(tab.value("document.querySelector('[data-sort=new]').closest('th').getAttribute('aria-sort')"), Value::Null);
    tab.act("location.hash = '#significant=0'");
    assert_eq!(shown(&mut tab), by_significance);
}

#[test]
fn commands_name_what_is_shown() {
    let Some(mut chrome) = Chrome::start("diff-commands") else { return };
    let (_, text) = page_of(&results(), &changed(results()));
    let url = written("commands", &text);
    let mut tab = chrome.open(&url, 1280, false, true);
    let compare = tab.text("document.querySelector('#compare-command').textContent");
    let workload = &results().workloads[0].name;
    assert!(compare.starts_with(&format!("quintet compare --workload {workload} --backend ")), "{compare}");
    for id in ["jit", "closures", "interp"] {
        assert!(compare.contains(&format!("--backend {id}")), "{compare}");
    }
    assert!(compare.contains("--peers off") && !compare.contains("--passes"), "{compare}");
    tab.act("document.querySelectorAll('.filters input[name=phase]:not([value=batch])').forEach((box) => box.click())");
    let diff = tab.text("document.querySelector('#diff-command').textContent");
    assert_eq!(diff, "quintet diff old.json 'new run.json' --phase batch");
    let mut own = results();
    own.command = "quintet compare --rules mine.rules --input mine.jsonl".into();
    let url = written("own", &page_of(&own, &changed(own.clone())).1);
    let mut tab = chrome.open(&url, 1280, false, true);
    assert_eq!(tab.value("document.querySelector('#measure-again').hidden"), true, "rules of the user's own have no name to compare by");
}
