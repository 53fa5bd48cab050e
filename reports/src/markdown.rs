//! The report as Markdown, to be pasted into a pull request.

use quintet_results::Mode;

use crate::date::utc;
use crate::format::{count, count_with, thousands, time};
use crate::group::Group;
use crate::native;
use crate::regret;
use crate::table::{Table, escape};
use crate::tables::steps_text;
use crate::verdict::sentences;
use crate::view::{View, WorkloadView, rules};

/// The whole report.
pub fn render(view: &View) -> String {
    let mut text = String::from("# Quintet report\n\n");
    for said in view.verdict.iter().flat_map(sentences) {
        text += &format!("{}\n\n", escape(&said));
    }
    text += &format!("{}\n\n", made(view));
    text += &matrices(view);
    text += &rankings(view);
    if let Some(native) = &view.native {
        text += &format!("## Beside native code\n\n{}\n\n{}\n", escape(native::ABOUT), native.markdown());
    }
    text += &break_even(view);
    if let Some(regret) = &view.regret {
        text += &format!("## In all, as it goes\n\n{}\n\n{}\n", escape(regret::ABOUT), regret.markdown());
    }
    text += "## Workloads\n\n";
    for workload in &view.workloads {
        text += &one(workload);
    }
    if let Some(support) = &view.support {
        text += &format!("## Support\n\n{}\n\n", escape(&support.summary));
        if !support.complete {
            text += &format!("{}\n", support.table.markdown());
        }
    }
    if let Some(hosts) = &view.hosts {
        text += &format!("## Hosts\n\n{}\n", hosts.markdown());
    }
    for figure in &view.scaling {
        text += &format!("## {}\n\n{}\n", escape(&figure.title), figure.table.markdown());
    }
    text += &format!("## Noise\n\n{}\n", view.noise.markdown());
    text + "The noise is how far the interval of a row's ratio to itself reaches from 1: differences that are no larger are not to be trusted. The no-op's time is the harness's own, in every row alike.\n"
}

/// Workload by backend.
fn matrices(view: &View) -> String {
    let mut text = String::from(
        "## Workload by backend\n\nTimes the workload's best backend, which is named with its time; ≈ where no difference from it can be told.\n\n",
    );
    for matrix in &view.matrices {
        let table = matrix.table(&view.styles, &[Group::Backends, Group::Native]);
        text += &format!("### {}\n\n{}\n", escape(&matrix.title()), table.markdown());
    }
    text
}

/// Means over the workloads; nothing where there is one workload.
fn rankings(view: &View) -> String {
    let Some(rankings) = &view.rankings else { return String::new() };
    let headlines: String = view.headlines.iter().map(|h| format!("* {}\n", escape(h))).collect();
    let mut text = format!(
        "## Ranking\n\n{headlines}\n{}\nTimes the best backend's, as geometric means over all workloads with intervals at 95 %. An interval that holds 1 says that no difference can be told. A mean hides that rows rank differently from workload to workload.\n\n",
        rankings.whole.table().markdown()
    );
    for part in &rankings.parts {
        let over = part.workloads.join(", ");
        text += &format!("Over {} only, where more rows ran:\n\n{}\n", escape(&over), part.table().markdown());
    }
    text
}

/// What made the numbers.
fn made(view: &View) -> String {
    let m = &view.report.machine;
    let mut lines: Vec<String> = Vec::new();
    for run in &view.report.runs {
        lines.push(format!("{} by {} ({}).", utc(run.started_at), code(&run.command), options(&run.options)));
    }
    lines.push(escape(&format!("{}, {} logical processors, {} {}.", m.cpu, m.cores, m.os, m.arch)));
    let versions: Vec<String> = view.report.versions.iter().map(|(name, version)| escape(&format!("{name} {version}"))).collect();
    lines.push(format!("{}.", versions.join(", ")));
    lines.join("  \n")
}

/// How a run was measured.
pub fn options(o: &quintet_results::Options) -> String {
    let rounds = if o.min_rounds == o.max_rounds { o.min_rounds.to_string() } else { format!("{} to {}", o.min_rounds, o.max_rounds) };
    let mut text = format!("{}{rounds} rounds of samples of {}", if o.quick { "quick, " } else { "" }, time(o.sample_ns as f64));
    if o.precision > 0.0 {
        text += &format!(", until intervals are within ±{} %", (o.precision * 1e3).round() / 10.0);
    }
    if o.time_limit_s > 0.0 {
        text += &format!(", at most {} a workload", time(o.time_limit_s * 1e9));
    }
    text
}

/// A command as code, whatever it holds.
fn code(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let space = if text.starts_with('`') || text.ends_with('`') { " " } else { "" };
    format!("{fence}{space}{text}{space}{fence}")
}

/// Who is the cheapest where, on every workload.
fn break_even(view: &View) -> String {
    let mut table = Table::new("", &["workload", "cheapest from the first record", "then", "from (records)"]);
    for workload in &view.workloads {
        let Some(costs) = workload.cost(Mode::Batch) else { continue };
        let mut steps = costs.steps.iter();
        let Some(first) = steps.next() else { continue };
        let rest: Vec<_> = steps.collect();
        if rest.is_empty() {
            table.push(vec![workload.result.name.clone(), first.id.clone(), "–".into(), "–".into()]);
        }
        for (i, step) in rest.iter().enumerate() {
            let (name, before) = if i == 0 { (workload.result.name.clone(), first.id.clone()) } else { (String::new(), String::new()) };
            table.push(vec![name, before, step.id.clone(), step.from.map_or("–".into(), count_with)]);
        }
    }
    format!(
        "## Break-even\n\nFrom how many records on a backend is the cheapest in all, in batches: compiling, instantiating and the first call are paid once.\n\n{}\n",
        table.markdown()
    )
}

/// One workload.
fn one(view: &WorkloadView) -> String {
    let w = view.result;
    let matched: usize = w.matches.iter().map(|(_, n)| n).sum();
    let mut text = format!("### {}\n\n{}\n\n", escape(&w.name), escape(w.about.trim()));
    text += &format!(
        "{} on {} records; {} answers verified alike on every row, {} of them matches",
        rules(w.rules),
        thousands(w.records as u64),
        thousands(w.verified_pairs as u64),
        count(matched as f64)
    );
    text += &if w.traps > 0 { format!(", {} traps.\n\n", thousands(w.traps as u64)) } else { ".\n\n".into() };
    text += &view.phases.table.markdown();
    for note in crate::beside::notes(w) {
        text += &format!("\n\\* {}\n", escape(&note));
    }
    for absent in &w.absent {
        text += &format!("\n{} is absent: {}.\n", escape(&absent.id), escape(absent.reason.trim_end_matches('.')));
    }
    if let Some(costs) = view.cost(Mode::Single) {
        text += &format!("\nOne call per record: {}.\n", escape(&steps_text(costs)));
    }
    for note in &view.own_kinds {
        text += &format!("\n{}\n", escape(note));
    }
    if let Some(front) = &view.front {
        text += &format!("\n{}\n", escape(front));
    }
    for part in crate::parts::of(w) {
        text += &format!("\n#### {}\n\n{}\n\n{}", escape(&part.result.name), escape(&part.about), part.table.markdown());
        text.extend(part.absent().iter().map(|line| format!("\n{}\n", escape(line))));
    }
    for cited in crate::cited::of(w) {
        text += &format!("\nMeasured elsewhere: {}. {} {}\n\n", escape(&cited.title), escape(&cited.about), escape(&cited.summary));
        text += &cited.table.markdown();
    }
    text += &crate::profile::markdown(w);
    text + &format!("\nNoise: {}\n\n", escape(&view.noise))
}
