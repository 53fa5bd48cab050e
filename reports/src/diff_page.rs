//! The page of two result files compared: what changed first, filters whose state is in the address, and how to measure it again.

use minijinja::{Environment, UndefinedBehavior, Value, context};
use quintet_results::{Comparison, Diff, Phase, Results, RowKind, Verdict, geometric_mean};

use crate::date::{duration, utc};
use crate::format::{digits, percent, ratio, ratio_with, time};
use crate::markdown::options;
use crate::page::RenderError;
use crate::style::variables;
use crate::view::phase_name;

const TEMPLATE: &str = include_str!("diff_page/diff.html.j2");
const CSS: &str = include_str!("diff_page/diff.css");
const JS: [&str; 3] = [include_str!("diff_page/state.js"), include_str!("diff_page/commands.js"), include_str!("diff_page/main.js")];

/// Two result files and what is between them.
#[derive(Clone, Copy, Debug)]
pub struct DiffPage<'d> {
    /// What changed.
    pub diff: &'d Diff,
    /// The file from before: its path, and what it holds.
    pub old: (&'d str, &'d Results),
    /// The file from after.
    pub new: (&'d str, &'d Results),
    /// The command that made the comparison.
    pub command: &'d str,
}

impl DiffPage<'_> {
    /// The page: one HTML file that needs no network.
    ///
    /// # Errors
    /// When the template cannot be rendered.
    pub fn render(&self) -> Result<String, RenderError> {
        let mut env = Environment::new();
        env.set_undefined_behavior(UndefinedBehavior::Strict);
        env.add_template("diff.html.j2", TEMPLATE)?;
        let mut comparisons: Vec<&Comparison> = self.diff.comparisons.iter().collect();
        comparisons.sort_by(|a, b| significant(b).cmp(&significant(a)).then(change(b).total_cmp(&change(a))));
        let reach = comparisons.iter().map(|c| c.ratio.value.ln().abs()).filter(|l| l.is_finite()).fold(0.1, f64::max) * 1.08;
        let rows: Vec<Value> = comparisons.iter().map(|c| row(c, reach)).collect();
        let phases: Vec<Value> = Phase::ALL
            .into_iter()
            .filter(|p| comparisons.iter().any(|c| c.phase == *p))
            .map(|p| context! { id => p.name(), name => phase_name(p) })
            .collect();
        let page = env.get_template("diff.html.j2")?;
        Ok(page.render(context! {
            css => Value::from_safe_string(variables() + CSS),
            js => Value::from_safe_string(JS.concat()),
            summary => summary(&comparisons),
            by_phase => by_phase(&comparisons),
            workloads => distinct(&comparisons, |c| &c.workload),
            names => distinct(&comparisons, |c| &c.row),
            phases,
            rows,
            warnings => self.diff.warnings.clone(),
            not_compared => self.diff.not_compared.iter().map(|n| format!("{}: {}", n.what, n.reason)).collect::<Vec<_>>(),
            only_old => self.diff.only_old.clone(),
            only_new => self.diff.only_new.clone(),
            files => [file("old", self.old), file("new", self.new)],
            command => self.command,
        })?)
    }
}

/// The verdict's name in the page's data.
fn verdict(c: &Comparison) -> &'static str {
    match c.verdict {
        Verdict::Slower => "slower",
        Verdict::Faster => "faster",
        Verdict::NoDifference => "same",
    }
}

fn significant(c: &Comparison) -> bool {
    c.verdict != Verdict::NoDifference
}

/// How large a change is, alike for a ratio and its reciprocal.
fn change(c: &Comparison) -> f64 {
    c.ratio.value.ln().abs()
}

fn row(c: &Comparison, reach: f64) -> Value {
    // Places on an axis from `1 / e^reach` to `e^reach`, in percent of its width.
    let place = |ratio: f64| (50.0 + 50.0 * (ratio.ln() / reach).clamp(-1.0, 1.0)).clamp(0.0, 100.0);
    let least = 1.0 + c.noise.max(c.threshold);
    let span = |low: f64, high: f64| format!("left:{:.2}%;width:{:.2}%", place(low), (place(high) - place(low)).max(0.0));
    let kind = match c.kind {
        RowKind::Backend => "backend",
        RowKind::Native => "native",
        RowKind::Peer => "peer",
    };
    context! {
        workload => c.workload.as_str(),
        row => c.row.as_str(),
        kind,
        phase => c.phase.name(),
        phase_name => phase_name(c.phase),
        per => c.phase.per(),
        verdict => verdict(c),
        ratio => c.ratio.value,
        size => change(c),
        text => ratio_with(c.ratio),
        old => time(c.old_ns),
        new => time(c.new_ns),
        old_ns => c.old_ns,
        new_ns => c.new_ns,
        least => percent(least - 1.0),
        p => if c.p < 0.0001 { "under 0.0001".into() } else { format!("{:.4}", c.p) },
        floor => span(1.0 / least, least),
        interval => span(c.ratio.low, c.ratio.high),
        mark => format!("left:{:.2}%", place(c.ratio.value)),
    }
}

fn mean(of: &[&Comparison]) -> f64 {
    geometric_mean(of.iter().map(|c| c.ratio.value))
}

/// What changed, in a sentence or two.
fn summary(comparisons: &[&Comparison]) -> String {
    let of = |verdict: Verdict| -> Vec<&Comparison> { comparisons.iter().copied().filter(|c| c.verdict == verdict).collect() };
    let part = |changed: &[&Comparison], how: &str| {
        let most = changed.iter().map(|c| if c.ratio.value < 1.0 { 1.0 / c.ratio.value } else { c.ratio.value }).fold(1.0, f64::max);
        match changed.len() {
            0 => format!("none got {how}"),
            1 => format!("1 got {how}, by {}", ratio(most)),
            n => format!("{n} got {how}, by up to {}", ratio(most)),
        }
    };
    let (slower, faster) = (of(Verdict::Slower), of(Verdict::Faster));
    let changed: Vec<&Comparison> = comparisons.iter().copied().filter(|c| significant(c)).collect();
    let changes = if changed.is_empty() { String::new() } else { format!("{} over the significant changes, ", ratio(mean(&changed))) };
    format!(
        "Of {} comparisons {}, and {}, beyond chance, noise and threshold. New to old as a geometric mean: {changes}{} over everything.",
        comparisons.len(),
        part(&slower, "slower"),
        part(&faster, "faster"),
        ratio(mean(comparisons)),
    )
}

/// The same for each phase.
fn by_phase(comparisons: &[&Comparison]) -> Vec<Value> {
    let cell = |of: &[&Comparison]| if of.is_empty() { "–".to_owned() } else { format!("{} · {}", of.len(), ratio(mean(of))) };
    let one = |phase: Phase| {
        let of: Vec<&Comparison> = comparisons.iter().copied().filter(|c| c.phase == phase).collect();
        let with = |verdict: Verdict| -> Vec<&Comparison> { of.iter().copied().filter(|c| c.verdict == verdict).collect() };
        let cells = [cell(&with(Verdict::Slower)), cell(&with(Verdict::Faster)), cell(&of)];
        (!of.is_empty()).then(|| context! { name => phase_name(phase), cells })
    };
    Phase::ALL.into_iter().filter_map(one).collect()
}

fn distinct(comparisons: &[&Comparison], of: impl Fn(&Comparison) -> &String) -> Vec<String> {
    let mut names: Vec<String> = comparisons.iter().map(|c| of(c).clone()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn file(which: &str, (path, results): (&str, &Results)) -> Value {
    let m = &results.machine;
    context! {
        which,
        path,
        command => results.command.as_str(),
        // Rules that were given by flags are in no workload that could be named again.
        own => results.command.contains("--rules"),
        date => utc(results.started_at),
        took => duration(results.finished_at.saturating_sub(results.started_at)),
        machine => format!("{}, {} logical processors, {} {}", m.cpu, m.cores, m.os, m.arch),
        options => options(&results.options),
        versions => results.versions.iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>().join(", "),
        precision => digits(100.0 * results.options.precision),
    }
}
