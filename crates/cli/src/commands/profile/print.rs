//! Profiles as text, JSON and CSV.

use std::io::Write;

use quintet_results::{Profile, RuleProfile};
use serde_json::{Value, json};

use super::args::{ProfileArgs, ProfileOutput};
use crate::table::{self, digits, nanoseconds};

/// How far the sum over the rules may be from the unprofiled batches before it is said that the run was disturbed.
const ALIKE: f64 = 0.1;

pub fn print(profiles: &[Profile], args: &ProfileArgs) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match args.output {
        ProfileOutput::Text => {
            for (i, profile) in profiles.iter().enumerate() {
                let between = if i > 0 { "\n" } else { "" };
                writeln!(out, "{between}{}", text(profile, args))?;
            }
        }
        ProfileOutput::Json => {
            let all: Vec<Value> = profiles.iter().map(|p| object(p, args)).collect();
            writeln!(out, "{}", Value::from(all))?;
        }
        ProfileOutput::Csv => {
            let mut writer = csv::Writer::from_writer(&mut out);
            writer.write_record([
                "Backend",
                "Num",
                "Rule",
                "Ns",
                "%",
                "Checks",
                "Matches",
                "Traps",
                "Max Ns",
                "Avg Ns",
                "Avg Match",
                "Avg No Match",
            ])?;
            for profile in profiles {
                for (i, rule) in shown(profile, args).into_iter().enumerate() {
                    writer.write_record(line(profile, i + 1, rule))?;
                }
            }
            writer.flush()?;
        }
    }
    out.flush()
}

/// The rules that are shown, in the order in which they are.
fn shown<'p>(profile: &'p Profile, args: &ProfileArgs) -> Vec<&'p RuleProfile> {
    let mut rules = profile.sorted(args.sort.column());
    rules.retain(|rule| args.only.is_empty() || args.only.contains(&rule.rule));
    rules.truncate(args.top.unwrap_or(usize::MAX));
    rules
}

/// What a rule is called where it has no name.
fn name(rule: &RuleProfile) -> &str {
    if rule.rule.is_empty() { crate::source::EXPRESSION } else { &rule.rule }
}

fn text(profile: &Profile, args: &ProfileArgs) -> String {
    let rules = shown(profile, args);
    let traps = profile.rules.iter().any(|rule| rule.traps > 0);
    // What a call alone took is not known to a nanosecond.
    let known = |ns: Option<f64>| match ns {
        None => "-".into(),
        Some(ns) if ns < 1.0 => "<1".into(),
        Some(ns) => digits(ns),
    };
    let mut head = vec!["rule", "%", "total", "matches", "mean ns", "match", "no match", "max"];
    if traps {
        head.insert(4, "traps");
    }
    let row = |rule: &&RuleProfile| {
        let mut cells = vec![
            name(rule).to_owned(),
            format!("{:.1}", 100.0 * profile.share(rule)),
            nanoseconds(rule.ns),
            rule.matches.to_string(),
            digits(rule.mean_ns()),
            known(rule.match_ns),
            known(rule.no_match_ns),
            known(rule.max_ns),
        ];
        if traps {
            cells.insert(4, rule.traps.to_string());
        }
        cells
    };
    let right: Vec<usize> = (1..head.len()).collect();
    let table = table::plain(&head, rules.iter().map(row), &right);
    let (records, all, shown) = (profile.records, profile.rules.len(), rules.len());
    let of = if shown < all { format!("{shown} of {all} rules") } else { format!("{all} rules") };
    let mean = nanoseconds(profile.sum_ns() / records.max(1) as f64);
    format!(
        "{}: {of}, {records} checks of each, {mean} a record for all (median of {} rounds)\n{table}\n{}",
        profile.id,
        profile.rounds,
        verdict(profile)
    )
}

/// Whether the rules' times are to be believed, and what finding them out took.
fn verdict(profile: &Profile) -> String {
    let percent = |share: f64| format!("{:.1} %", 100.0 * share);
    let ratio = profile.ratio();
    let mut text = format!(
        "profiled sum is {ratio:.2} x the unprofiled batch; profiling cost {}: clock reads {}, calls alone {}",
        percent(profile.own_share),
        percent(profile.clock_share),
        percent(profile.alone_share)
    );
    if (ratio - 1.0).abs() > ALIKE {
        text += "\nthe two differ by more than 10 %: the machine was busy, or the input too short; measure again with more --time";
    }
    text
}

fn object(profile: &Profile, args: &ProfileArgs) -> Value {
    let rules: Vec<Value> = shown(profile, args)
        .into_iter()
        .map(|rule| {
            json!({
                "rule": rule.rule,
                "share": profile.share(rule),
                "checks": rule.checks,
                "matches": rule.matches,
                "traps": rule.traps,
                "total_ns": rule.ns,
                "mean_ns": rule.mean_ns(),
                "match_ns": rule.match_ns,
                "no_match_ns": rule.no_match_ns,
                "max_ns": rule.max_ns,
            })
        })
        .collect();
    json!({
        "backend": profile.id,
        "records": profile.records,
        "rounds": profile.rounds,
        "sum_ns": profile.sum_ns(),
        "unprofiled_ns": profile.unprofiled_ns,
        "ratio": profile.ratio(),
        "own_share": profile.own_share,
        "clock_share": profile.clock_share,
        "alone_share": profile.alone_share,
        "rules": rules,
    })
}

fn line(profile: &Profile, number: usize, rule: &RuleProfile) -> Vec<String> {
    let known = |ns: Option<f64>| ns.map_or_else(String::new, |ns| format!("{ns:.1}"));
    vec![
        profile.id.clone(),
        number.to_string(),
        name(rule).to_owned(),
        format!("{:.0}", rule.ns),
        format!("{:.2}", 100.0 * profile.share(rule)),
        rule.checks.to_string(),
        rule.matches.to_string(),
        rule.traps.to_string(),
        known(rule.max_ns),
        format!("{:.1}", rule.mean_ns()),
        known(rule.match_ns),
        known(rule.no_match_ns),
    ]
}
