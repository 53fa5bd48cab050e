//! Whatever stands in a result file, it is text in the report.

use quintet_results::{Results, Support};

use crate::fixture::{files, results, text};
use crate::svg::malformed;

const EVIL: &str = "</script><script>window.broken=1</script><img src=x onerror=\"window.broken=1\">&\u{1}'`|{{ 7 * 7 }}";

/// The fixture with markup wherever the schema has free text.
pub fn hostile() -> Results {
    let mut results = results();
    results.command = EVIL.into();
    results.machine.cpu = EVIL.into();
    results.versions.insert(EVIL.into(), EVIL.into());
    results.support.push(Support { construct: EVIL.into(), by: vec![EVIL.into()] });
    let workload = &mut results.workloads[0];
    workload.name = EVIL.into();
    workload.about = EVIL.into();
    workload.matches[0].0 = EVIL.into();
    workload.absent.push(quintet_results::Absent { id: EVIL.into(), reason: EVIL.into() });
    for row in workload.rows.iter_mut().filter(|r| r.id == "closures" || r.id == "cel") {
        row.id = format!("{}{EVIL}", row.id);
        row.engine = EVIL.into();
    }
    let scaling = results.criterion.iter_mut().filter(|c| c.group.starts_with("scaling/rules"));
    scaling.for_each(|c| c.group = format!("scaling/{EVIL}"));
    results
}

#[test]
fn nothing_becomes_markup() {
    let files = files(hostile());
    let page = text(&files, "index.html");
    assert!(
        !page.contains("<img") && !page.contains("<script>window") && page.contains("{{ 7 * 7 }}"),
        "markup of the file is in the page"
    );
    assert_eq!(page.matches("<script").count(), 2);
    assert_eq!(page.matches("</script>").count(), 2);
    assert!(page.contains("&lt;/script&gt;"));
    let report = text(&files, "report.md");
    for line in report.lines().filter(|l| !l.contains(" by `")) {
        assert!(!line.contains("<script") && !line.contains("<img"), "{line}");
    }
    for chart in files.iter().filter(|f| f.name.ends_with(".svg")) {
        assert_eq!(malformed(&chart.text), None, "{}", chart.name);
        assert!(chart.name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '.'), "{}", chart.name);
    }
}

#[test]
fn names_that_are_alike_in_addresses_stay_apart() {
    let mut results = results();
    results.workloads[0].name = "a/b".into();
    results.workloads[1].name = "a b".into();
    results.workloads[2].name = "../..".into();
    let mut names: Vec<String> = files(results).into_iter().map(|f| f.name).collect();
    let all = names.len();
    names.sort();
    names.dedup();
    assert_eq!(names.len(), all);
    assert!(names.iter().all(|n| !n.contains('/')));
}
