//! What each rule costs, where a result file says so.

use quintet_results::{Profile, RuleProfile};

use crate::fixture::{files, results, text};

#[test]
fn profiles_are_on_the_page_and_in_the_text_and_absent_where_there_are_none() {
    let mut results = results();
    for (name, marker) in [("index.html", "class=\"profile\""), ("report.md", "What each rule costs")] {
        assert!(!text(&files(results.clone()), name).contains(marker), "{name}");
    }
    let workload = &mut results.workloads[0];
    let rule = |(rule, ns): (&str, f64)| RuleProfile {
        rule: rule.into(),
        checks: 1_000,
        matches: 10,
        traps: 0,
        ns,
        match_ns: None,
        no_match_ns: Some(ns / 1e3),
        max_ns: Some(ns / 100.0),
    };
    workload.profiles = vec![Profile {
        id: workload.rows[0].id.clone(),
        records: 1_000,
        rounds: 7,
        unprofiled_ns: 81_000.0,
        own_share: 0.01,
        clock_share: 0.001,
        alone_share: 0.005,
        rules: vec![rule(("</script>", 20_000.0)), rule(("dear", 60_000.0))],
    }];
    let files = files(results);
    let (page, report) = (text(&files, "index.html"), text(&files, "report.md"));
    assert!(page.contains("dear takes 75.0 %, &lt;/script&gt; takes 25.0 %"), "its summary names the costliest rules");
    assert!(page.contains("data-sort=\"9\"") && page.contains(".profile [data-sort]"), "its tables sort");
    assert!(report.contains("| dear | 75.0 % | 60.0"), "{report}");
    assert!(report.contains("0.99 times what the same batches take unprofiled"), "{report}");
}
