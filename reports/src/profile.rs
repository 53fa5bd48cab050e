//! What each rule of a workload costs, as a section of the report: as HTML, whose tables sort by any column, and as Markdown.

use quintet_results::{Profile, ProfileColumn, RuleProfile, WorkloadResult};

use crate::format::{digits, percent, thousands, time};
use crate::svg::escape;
use crate::table::Table;

/// Sorts the tables of these sections where a column's head is clicked or entered.
pub const SCRIPT: &str = include_str!("page/profile.js");

/// The heads of the columns' buttons and the tables' numbers.
pub const STYLE: &str = include_str!("page/profile.css");

/// Rules that Markdown shows of each row.
const SHOWN: usize = 10;

const HEAD: [&str; 10] =
    ["rule", "share", "total", "checks", "matches", "traps", "mean (ns)", "mean, match (ns)", "mean, no match (ns)", "max (ns)"];

/// The section of a workload as HTML, everything in it escaped; nothing where no row was profiled.
pub fn html(workload: &WorkloadResult) -> String {
    if workload.profiles.is_empty() {
        return String::new();
    }
    let mut html = String::from("<details class=\"profile\"><summary>What each rule costs</summary>\n");
    for (place, profile) in workload.profiles.iter().enumerate() {
        let open = if place == 0 { " open" } else { "" };
        let id = escape(&profile.id);
        html += &format!("<details data-row=\"{id}\"{open}><summary>{id}: {}</summary>\n", escape(&costliest(profile)));
        html += &table_html(&workload.name, profile);
        html += &format!("<p class=\"note\">{}</p>\n</details>\n", escape(&verdict(profile)));
    }
    html + "</details>\n"
}

/// The section of a workload as Markdown; nothing where no row was profiled.
pub fn markdown(workload: &WorkloadResult) -> String {
    let mut text = String::new();
    for profile in &workload.profiles {
        let rules = profile.sorted(ProfileColumn::Total);
        let mut table = Table::new("", &HEAD);
        rules.iter().take(SHOWN).for_each(|rule| table.push(cells(profile, rule)));
        let more = if rules.len() > SHOWN { format!(" The {SHOWN} costliest of {} rules.", rules.len()) } else { String::new() };
        text += &format!(
            "\nWhat each rule costs on {}: {}{more}\n\n{}",
            crate::table::escape(&profile.id),
            crate::table::escape(&verdict(profile)),
            table.markdown()
        );
    }
    text
}

/// The rules that take the most, in a few words.
fn costliest(profile: &Profile) -> String {
    let named = |rule: &&RuleProfile| format!("{} takes {}", name(rule), percent(profile.share(rule)));
    profile.sorted(ProfileColumn::Total).iter().take(2).map(named).collect::<Vec<_>>().join(", ")
}

/// What the sum is held against, and what profiling itself takes.
fn verdict(profile: &Profile) -> String {
    format!(
        "all rules together take {} on {} records, which is {:.2} times what the same batches take unprofiled; profiling itself took {} more, {} of it for reading the clock.",
        time(profile.sum_ns()),
        thousands(profile.records),
        profile.ratio(),
        percent(profile.own_share),
        percent(profile.clock_share)
    )
}

/// What a rule is called where it has no name.
fn name(rule: &RuleProfile) -> &str {
    if rule.rule.is_empty() { "the rule" } else { &rule.rule }
}

/// The numbers of a rule's columns after its name, where they are known.
fn numbers(profile: &Profile, rule: &RuleProfile) -> [Option<f64>; 9] {
    let counts = [rule.checks, rule.matches, rule.traps].map(|count| Some(count as f64));
    let [checks, matches, traps] = counts;
    let means = [Some(rule.mean_ns()), rule.match_ns, rule.no_match_ns, rule.max_ns];
    let [mean, matching, others, max] = means;
    [Some(profile.share(rule)), Some(rule.ns), checks, matches, traps, mean, matching, others, max]
}

fn cells(profile: &Profile, rule: &RuleProfile) -> Vec<String> {
    let known = |ns: Option<f64>| ns.map_or("–".into(), |ns| if ns < 1.0 { "< 1".into() } else { digits(ns) });
    vec![
        name(rule).to_owned(),
        percent(profile.share(rule)),
        time(rule.ns),
        thousands(rule.checks),
        thousands(rule.matches),
        thousands(rule.traps),
        digits(rule.mean_ns()),
        known(rule.match_ns),
        known(rule.no_match_ns),
        known(rule.max_ns),
    ]
}

fn table_html(workload: &str, profile: &Profile) -> String {
    let caption = escape(&format!("What each rule of {workload} costs on {}", profile.id));
    let head: String = HEAD
        .iter()
        .enumerate()
        .map(|(column, head)| {
            let sorted = if column == 2 { " aria-sort=\"descending\"" } else { "" };
            format!("<th scope=\"col\"{sorted}><button type=\"button\" data-sort=\"{column}\">{head}</button></th>")
        })
        .collect();
    let row = |rule: &RuleProfile| {
        let numbers = numbers(profile, rule).map(|number| number.map_or(String::new(), |n| format!(" data-value=\"{n}\"")));
        let cells = cells(profile, rule);
        let tail: String = cells.iter().skip(1).zip(&numbers).map(|(cell, value)| format!("<td{value}>{}</td>", escape(cell))).collect();
        format!("<tr><th scope=\"row\">{}</th>{tail}</tr>\n", escape(name(rule)))
    };
    let rows: String = profile.sorted(ProfileColumn::Total).into_iter().map(row).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\"><table class=\"numbers\">\n<caption>{caption}</caption>\n\
         <thead><tr>{head}</tr></thead>\n<tbody>\n{rows}</tbody></table></div>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workload() -> WorkloadResult {
        let rule = |rule: &str, ns: f64, match_ns: Option<f64>| RuleProfile {
            rule: rule.into(),
            checks: 100,
            matches: 3,
            traps: 1,
            ns,
            match_ns,
            no_match_ns: Some(0.2),
            max_ns: Some(5_000.0),
        };
        let profile = Profile {
            id: "jit".into(),
            records: 100,
            rounds: 5,
            unprofiled_ns: 3_900.0,
            own_share: 0.012,
            clock_share: 0.002,
            alone_share: 0.008,
            rules: vec![rule("cheap", 1_000.0, None), rule("<b>dear</b>", 3_000.0, Some(70.0))],
        };
        WorkloadResult { name: "w".into(), profiles: vec![profile], ..crate::style::tests_workload() }
    }

    #[test]
    fn rules_stand_by_their_cost_and_say_what_they_are_sorted_by() {
        let html = html(&workload());
        let (dear, cheap) = (html.find("&lt;b&gt;dear&lt;/b&gt;</th>").unwrap(), html.find("cheap</th>").unwrap());
        assert!(dear < cheap && !html.contains("<b>"), "{html}");
        for part in ["aria-sort=\"descending\"", "data-value=\"3000\"", "<td>–</td>", "75", "1.03 times", "&lt; 1</td>"] {
            assert!(html.contains(part), "{part} is not in:\n{html}");
        }
        let text = markdown(&workload());
        assert!(text.contains("| &lt;b&gt;dear&lt;/b&gt; | 75") && text.contains("on jit"), "{text}");
    }

    #[test]
    fn a_workload_without_profiles_has_no_section() {
        let without = WorkloadResult { profiles: Vec::new(), ..workload() };
        assert_eq!((html(&without), markdown(&without)), (String::new(), String::new()));
    }
}
