//! The charts: well-formed, named, with every row in them, standing on their own.

use quintet_results::{Phase, Results};

use crate::fixture::{files, results, text};

/// The first place where XML is not well-formed: tags that do not nest, attributes without quotes, bare `<` and `&`, names that no one
/// declares.
pub fn malformed(xml: &str) -> Option<String> {
    let mut open: Vec<&str> = Vec::new();
    let mut rest = xml.trim_end();
    while !rest.is_empty() {
        let (text, tail) = rest.split_at(rest.find('<').unwrap_or(rest.len()));
        if let Some(wrong) = entities(text) {
            return Some(wrong);
        }
        if open.is_empty() && !text.trim().is_empty() {
            return Some(format!("text outside of the root: {text:?}"));
        }
        let Some(tail) = tail.strip_prefix('<') else { break };
        let Some(end) = tag_end(tail) else { return Some(format!("a tag that does not end: {tail:.40}")) };
        let (tag, after) = (&tail[..end], &tail[end + 1..]);
        rest = after;
        if let Some(name) = tag.strip_prefix('/') {
            if open.pop() != Some(name.trim_end()) {
                return Some(format!("</{name}> closes what is not open"));
            }
            continue;
        }
        let (tag, alone) = tag.strip_suffix('/').map_or((tag, false), |t| (t, true));
        let name = tag.split_whitespace().next().unwrap_or_default();
        if let Some(wrong) = attributes(tag[name.len()..].trim()) {
            return Some(format!("<{name}>: {wrong}"));
        }
        if !alone {
            open.push(name);
        }
    }
    open.pop().map(|name| format!("<{name}> is never closed"))
}

fn tag_end(tail: &str) -> Option<usize> {
    let mut quoted = false;
    tail.char_indices().find_map(|(i, c)| {
        quoted ^= c == '"';
        (c == '>' && !quoted).then_some(i)
    })
}

fn attributes(mut text: &str) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    while !text.is_empty() {
        let Some((name, value)) = text.split_once("=\"") else { return Some(format!("an attribute without quotes: {text:.40}")) };
        let Some((value, after)) = value.split_once('"') else { return Some(format!("{name} has no end")) };
        if name.chars().any(|c| c.is_whitespace()) || names.contains(&name) {
            return Some(format!("the attribute {name:?}"));
        }
        if value.contains('<') {
            return Some(format!("{name} holds <"));
        }
        if let Some(wrong) = entities(value) {
            return Some(wrong);
        }
        names.push(name);
        text = after.trim_start();
    }
    None
}

fn entities(text: &str) -> Option<String> {
    if let Some(c) = text.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\t' | '\r')) {
        return Some(format!("the character {c:?}"));
    }
    let known = ["amp;", "lt;", "gt;", "quot;", "#39;"];
    let wrong = text.split('&').skip(1).find(|after| !known.iter().any(|k| after.starts_with(k)))?;
    Some(format!("&{wrong:.20}"))
}

#[test]
fn the_checker_finds_faults() {
    assert_eq!(malformed("<svg a=\"1\"><g/>x &amp; y</svg>"), None);
    for wrong in [
        "<svg><g></svg>",
        "<svg a=1></svg>",
        "<svg>&nbsp;</svg>",
        "<svg>a & b</svg>",
        "<svg",
        "<svg a=\"<\"></svg>",
        "<a></a>x",
        "<a>\u{1}</a>",
    ] {
        assert!(malformed(wrong).is_some(), "{wrong}");
    }
}

#[test]
fn charts_are_well_formed_and_stand_alone() {
    let files = files(results());
    let charts: Vec<_> = files.iter().filter(|f| f.name.ends_with(".svg")).collect();
    // The ranking; per workload the phases, the samples, break-even in both modes, memory and latency; two groups of scaling.
    assert_eq!(charts.len(), 1 + 3 * 6 + 2);
    for chart in charts {
        assert_eq!(malformed(&chart.text), None, "{}", chart.name);
        assert!(
            chart.text.contains("xmlns=\"http://www.w3.org/2000/svg\"") && chart.text.contains("prefers-color-scheme: dark"),
            "{}",
            chart.name
        );
        assert!(chart.text.contains("aria-label=\"") && chart.text.contains("<desc>"), "{}", chart.name);
        assert!(chart.text.contains("class=\"axis"), "{} has an axis without a name", chart.name);
        let elsewhere = chart.text.replace("xmlns=\"http://www.w3.org/2000/svg\"", "");
        assert!(!elsewhere.contains("http") && !elsewhere.contains("url("), "{}", chart.name);
    }
}

#[test]
fn every_row_is_in_every_chart_that_it_has_numbers_for() {
    let results: Results = results();
    let files = files(results.clone());
    for w in &results.workloads {
        let phases = text(&files, &format!("phases-{}.svg", w.name));
        for row in &w.rows {
            let panels = [Phase::Batch, Phase::Single, Phase::Compile].iter().filter(|p| row.measure(**p).is_some()).count();
            assert_eq!(phases.matches(&format!("data-row=\"{}\"", row.id)).count(), panels, "{} {}", w.name, row.id);
        }
        for mode in ["batch", "single"] {
            let chart = text(&files, &format!("break-even-{}-{mode}.svg", w.name));
            assert_eq!(chart.matches("data-series=").count(), w.rows.len(), "{} {mode}", w.name);
            assert_eq!(chart.matches("class=\"envelope\"").count(), chart.matches("class=\"ribbon").count());
            assert_eq!(chart.matches("class=\"envelope\"").count(), chart.matches("class=\"crossing\"").count() + 1);
        }
    }
    let ranking = text(&files, "ranking.svg");
    assert_eq!(ranking.matches("data-row=\"jit\"").count(), 3);
    assert_eq!(ranking.matches("data-row=\"native\"").count(), 2, "the limit has nothing to compile");
    assert_eq!(text(&files, "scaling-set-members-int.svg").matches("data-series=").count(), 5);
}
