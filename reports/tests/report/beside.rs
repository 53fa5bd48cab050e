//! What stands beside measurements: notes on rows, cited figures, rules and what they become.

use std::path::PathBuf;

use quintet_results::{Cited, CitedFigure, Results, Source, Sources};
use serde_json::json;

use crate::chrome::Chrome;
use crate::fixture::{files, results, text};

const EVIL: &str = "</script><script>window.broken=1</script><img src=x onerror=\"window.broken=1\">";

/// The fixture with everything that may stand beside the first workload's measurements.
fn beside() -> Results {
    let mut results = results();
    let workload = results.workloads.first_mut().expect("the fixture has workloads");
    let peer = workload.rows.iter_mut().find(|r| r.id == "cel").expect("the fixture has a peer");
    peer.note = Some("an old version".into());
    let source = |form: &str, backend: Option<&str>| Source::new(form, backend, &format!("; {form} of the rules {EVIL}\n"), 4096);
    workload.sources = Some(Sources {
        rules: Source::new("rules", None, "one\ntwo\n", 5),
        forms: vec![source("ast", None), source("clif", Some("jit")), source("wat", Some("wasm")), source("lua", Some("lua"))],
    });
    let figure = |rule: &str, record: usize, units: f64, closures: f64| CitedFigure {
        rule: rule.into(),
        record,
        units,
        times: [("closures".to_owned(), closures)].into(),
    };
    let mut part = workload.clone();
    part.name = format!("{} (rules that cel runs)", workload.name);
    part.about = format!("1 of the 2 rules; without other. {EVIL}");
    (part.sources, part.cited) = (None, Vec::new());
    workload.parts = vec![part];
    workload.cited = vec![Cited {
        engine: "other".into(),
        version: "main".into(),
        about: "Measured once.".into(),
        unit: "call through a function pointer".into(),
        unit_ns: Some(1.5),
        figures: vec![figure("a", 1, 2.0, 1.0), figure("a", 2, 4.0, 4.0), figure("b", 1, 10.0, 2.0)],
    }];
    results
}

#[test]
fn notes_and_cited_figures_stand_by_their_rows() {
    let files = files(beside());
    let (page, report) = (text(&files, "index.html"), text(&files, "report.md"));
    assert!(page.contains("* cel: an old version."));
    assert!(report.contains("| cel \\* |") && report.contains("\\* cel: an old version."), "the row is marked");
    for cell in ["| a | 2 | 2.00 to 4.00 | 3.00\u{a0}ns to 6.00\u{a0}ns | 2.00× |", "| b | 1 | 10.0 | 15.0\u{a0}ns | 2.00× |"] {
        assert!(report.contains(cell), "no {cell}");
    }
    assert!(page.contains("(rules that cel runs)</h4>") && report.contains("(rules that cel runs)\n"), "the part stands by its workload");
    assert!(page.contains("took 1.50\u{a0}ns in this run") && page.contains("closures 2.00× its time"));
}

#[test]
fn rules_stand_beside_what_they_become_and_one_at_a_time_on_a_phone() {
    let files = files(beside());
    let page = text(&files, "index.html");
    assert!(page.contains("The next 4\u{a0}B are left out."), "what is cut says so");
    assert!(!page.contains("<img"), "markup of the file is in the page");
    let Some(mut chrome) = Chrome::start("beside") else { return };
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("page-beside");
    std::fs::create_dir_all(&folder).expect("a folder for the page");
    std::fs::write(folder.join("index.html"), page).expect("the page can be written");
    let url = format!("file://{}", folder.join("index.html").display());
    let shown = "[...document.querySelectorAll('.source')].filter((s) => s.getClientRects().length).map((s) => s.dataset.source.trim())";
    for (width, expected) in [(1280, json!(["rules", "ast", "clif jit", "wat wasm", "lua lua"])), (390, json!(["ast"]))] {
        let mut tab = chrome.open(&url, width, false, true);
        tab.act("document.querySelector('.sources').open = true");
        assert_eq!(tab.value(shown), expected, "at {width} px");
        assert_eq!(tab.value("window.broken === undefined"), true, "a script of the result file ran");
        let overflow = tab.value("document.documentElement.scrollWidth - innerWidth").as_f64();
        assert!(overflow <= Some(0.0), "it scrolls sideways by {overflow:?} px at {width} px");
    }
    let mut tab = chrome.open(&url, 390, true, true);
    tab.act(
        "document.querySelector('.sources').open = true; const s = document.querySelector('.sources select'); s.value = 'wat wasm'; \
         s.dispatchEvent(new Event('change', { bubbles: true }))",
    );
    assert_eq!(tab.value(shown), json!(["wat wasm"]));
    assert_eq!(tab.faults(), Vec::<String>::new());
}
