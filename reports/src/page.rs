//! The page: everything in one file, so that it works without a network and can be passed on.

use minijinja::{Environment, UndefinedBehavior, Value, context};
use quintet_results::{Cost, Mode, has_one_cost};
use serde_json::json;

use crate::break_even::{Costs, Step};
use crate::charts::Figure;
use crate::date::{duration, utc};
use crate::format::{bytes, count_with, thousands};
use crate::group::Group;
use crate::markdown::options;
use crate::matrix::Matrix;
use crate::native;
use crate::profile;
use crate::ranking::Ranking;
use crate::regret;
use crate::style::{Style, variables};
use crate::svg::swatch;
use crate::table::Table;
use crate::verdict::{defaults, of_row, of_workload, sentences};
use crate::view::{View, WorkloadView, phase_name, rules};

/// Why a report cannot be rendered.
#[derive(Debug, thiserror::Error)]
#[error("the report's page cannot be rendered: {0}")]
pub struct RenderError(#[from] minijinja::Error);

/// The page and its parts, by name: one part per section.
const TEMPLATES: [(&str, &str); 14] = [
    ("index.html.j2", include_str!("page/index.html.j2")),
    ("macros.html.j2", include_str!("page/macros.html.j2")),
    ("bar.html.j2", include_str!("page/bar.html.j2")),
    ("verdict.html.j2", include_str!("page/verdict.html.j2")),
    ("matrix.html.j2", include_str!("page/matrix.html.j2")),
    ("traffic.html.j2", include_str!("page/traffic.html.j2")),
    ("ranking.html.j2", include_str!("page/ranking.html.j2")),
    ("native.html.j2", include_str!("page/native.html.j2")),
    ("regret.html.j2", include_str!("page/regret.html.j2")),
    ("workloads.html.j2", include_str!("page/workloads.html.j2")),
    ("scaling.html.j2", include_str!("page/scaling.html.j2")),
    ("support.html.j2", include_str!("page/support.html.j2")),
    ("noise.html.j2", include_str!("page/noise.html.j2")),
    ("made.html.j2", include_str!("page/made.html.j2")),
];
const CSS: [&str; 6] = [
    include_str!("page/page.css"),
    include_str!("page/matrix.css"),
    include_str!("page/traffic.css"),
    crate::charts::STYLE,
    crate::beside::CSS,
    profile::STYLE,
];
const JS: [&str; 15] = [
    crate::beside::JS,
    include_str!("page/format.js"),
    include_str!("page/estimate.js"),
    include_str!("page/cost.js"),
    include_str!("page/element.js"),
    include_str!("page/state.js"),
    include_str!("page/verdict.js"),
    include_str!("page/traffic.js"),
    include_str!("page/matrix.js"),
    include_str!("page/layout.js"),
    include_str!("page/filters.js"),
    include_str!("page/tooltip.js"),
    include_str!("page/probe.js"),
    include_str!("page/main.js"),
    profile::SCRIPT,
];

/// The whole page.
pub fn render(view: &View) -> Result<String, RenderError> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, text) in TEMPLATES {
        env.add_template(name, text)?;
    }
    let (report, styles, m) = (view.report, &view.styles, &view.report.machine);
    let runs: Vec<Value> = report
        .runs
        .iter()
        .map(|r| {
            let took = duration(r.finished_at.saturating_sub(r.started_at));
            context! { file => r.file.as_str(), command => r.command.as_str(), date => utc(r.started_at), took, options => options(&r.options) }
        })
        .collect();
    let page = env.get_template("index.html.j2")?.render(context! {
        css => Value::from_safe_string(variables() + &CSS.concat()),
        js => Value::from_safe_string(JS.concat()),
        data => Value::from_safe_string(data(view)),
        verdict => view.verdict.as_ref().map(sentences).unwrap_or_default(),
        headlines => view.headlines.clone(),
        matrices => view.matrices.iter().map(|m| matrix(m, styles)).collect::<Vec<_>>(),
        ranking => view.ranking.as_ref().map(|f| figure(f, styles)),
        parts => view.rankings.iter().flat_map(|r| &r.parts).map(|p| part(p, styles)).collect::<Vec<_>>(),
        workloads => view.workloads.iter().map(|w| workload(w, styles)).collect::<Result<Vec<_>, _>>()?,
        native => view.native.as_ref().map(|t| context! { about => native::ABOUT, table => table(t) }),
        regret => view.regret.as_ref().map(|t| context! { about => regret::ABOUT, table => table(t) }),
        scaling => view.scaling.iter().map(|f| figure(f, styles)).collect::<Vec<_>>(),
        benchmarks => view.benchmarks.as_ref().map(table),
        support => view.support.as_ref().map(|s| context! { summary => s.summary.as_str(), complete => s.complete, table => table(&s.table) }),
        hosts => view.hosts.as_ref().map(table),
        noise => table(&view.noise),
        runs,
        groups => groups(styles),
        machine => context! { cpu => m.cpu.as_str(), cores => m.cores, os => m.os.as_str(), arch => m.arch.as_str() },
        versions => report.versions.iter().map(|(name, version)| format!("{name} {version}")).collect::<Vec<_>>(),
    })?;
    Ok(page)
}

/// The groups that have rows, with them.
fn groups(styles: &[Style]) -> Vec<Value> {
    let of = |group: Group| {
        let row = |s: &Style| context! { id => s.id.as_str(), swatch => Value::from_safe_string(swatch(s)) };
        let rows: Vec<Value> = styles.iter().filter(|s| s.group() == group).map(row).collect();
        (!rows.is_empty()).then(|| context! { name => group.name(), key => group.key(), rows })
    };
    Group::ALL.into_iter().filter_map(of).collect()
}

fn matrix(matrix: &Matrix, styles: &[Style]) -> Value {
    context! { metric => matrix.phase.name(), title => matrix.title(), short => phase_name(matrix.phase), table => table(&matrix.table(styles, &Group::ALL)) }
}

/// A ranking of rows that ran some of the workloads.
fn part(ranking: &Ranking, styles: &[Style]) -> Value {
    let table_ = ranking.table();
    let candidate = |id: &str| styles.iter().any(|s| s.id == id && s.candidate());
    let names: Vec<&str> = table_.rows.iter().filter_map(|r| r.about.as_deref()).filter(|id| !candidate(id)).collect();
    context! { names => names.join(", "), count => ranking.workloads.len(), table => table(&table_) }
}

fn figure(figure: &Figure, styles: &[Style]) -> Value {
    context! {
        id => figure.id.as_str(),
        title => figure.title.as_str(),
        key => figure.key.as_str(),
        charts => Value::from_safe_string(figure.inline(styles)),
        table => table(&figure.table),
    }
}

/// Who is the cheapest where, as a list.
fn steps(costs: &Costs, styles: &[Style]) -> Vec<Value> {
    let look = |id: &str| styles.iter().find(|s| s.id == id).map(swatch).unwrap_or_default();
    let from = |step: &Step| step.from.map_or("from the first record on".into(), |i| format!("from {} records on", count_with(i)));
    costs.steps.iter().map(|s| context! { id => s.id.as_str(), swatch => Value::from_safe_string(look(&s.id)), from => from(s) }).collect()
}

pub(crate) fn table(table: &Table) -> Value {
    let rows: Vec<Value> = table.rows.iter().map(|r| context! { about => r.about.as_deref(), cells => r.cells.clone() }).collect();
    context! { caption => table.caption.as_str(), head => table.head.clone(), rows }
}

fn workload(view: &WorkloadView, styles: &[Style]) -> Result<Value, RenderError> {
    let w = view.result;
    let mut matches = Table::new("Records that each rule matches", &["rule", "matches"]);
    for (rule, count) in &w.matches {
        matches.push(vec![rule.clone(), thousands(*count as u64)]);
    }
    let of = |figure_: &Option<Figure>| figure_.as_ref().map(|f| figure(f, styles));
    let break_even: Vec<Value> = view
        .break_even
        .iter()
        .map(|(mode, f)| {
            let steps = view.cost(*mode).map(|costs| steps(costs, styles)).unwrap_or_default();
            context! { mode => mode_name(*mode), figure => figure(f, styles), steps }
        })
        .collect();
    Ok(context! {
        name => w.name.as_str(),
        slug => view.slug.as_str(),
        about => w.about.trim(),
        rules => rules(w.rules),
        records => thousands(w.records as u64),
        record_bytes => bytes(w.record_bytes as f64),
        verified => thousands(w.verified_pairs as u64),
        matched => thousands(w.matches.iter().map(|(_, n)| *n as u64).sum::<u64>()),
        traps => w.traps,
        rows => w.rows.len(),
        front => view.front.as_deref(),
        matches => table(&matches),
        profile => Value::from_safe_string(profile::html(w)),
        phases => figure(&view.phases, styles),
        break_even,
        memory => of(&view.memory),
        latency => of(&view.latency),
        samples => of(&view.samples),
        own_kinds => view.own_kinds.clone(),
        absent => w.absent.iter().map(|a| context! { id => a.id.as_str(), reason => a.reason.as_str() }).collect::<Vec<_>>(),
        noise => view.noise.as_str(),
        beside => Value::from_safe_string(crate::beside::html(w)?),
    })
}

/// The mode's name in addresses and in the page's data.
fn mode_name(mode: Mode) -> &'static str {
    match mode {
        Mode::Batch => "batch",
        Mode::Single => "single",
    }
}

/// What the page's scripts work on: every round's cost, all digits of it, so that they come to the same answers as `quintet choose`. Nothing in it can end the element that holds it.
fn data(view: &View) -> String {
    let of = |cost: Option<&Cost>| cost.map(|c| json!({ "setup": c.setup, "each": c.each }));
    let workloads: Vec<_> = view
        .workloads
        .iter()
        .map(|w| {
            let cost = |mode: Mode, id: &str| of(w.cost(mode).and_then(|c| c.line(id)).map(|l| &l.cost));
            let rows: Vec<_> = view
                .styles
                .iter()
                .filter(|s| w.result.row(&s.id).is_some())
                .map(|s| json!({ "id": s.id, "batch": cost(Mode::Batch, &s.id), "single": cost(Mode::Single, &s.id) }))
                .collect();
            json!({ "name": w.result.name, "about": of_workload(w.result), "rows": rows })
        })
        .collect();
    let rows: Vec<_> = view
        .styles
        .iter()
        .map(|s| json!({ "id": s.id, "group": s.group().name(), "fold": s.group().key(), "slot": s.slot, "candidate": s.candidate(), "costed": has_one_cost(&s.id), "about": of_row(s) }))
        .collect();
    let matrices: serde_json::Map<_, _> = view.matrices.iter().map(|m| (m.phase.name().to_owned(), m.data())).collect();
    let text = json!({ "workloads": workloads, "rows": rows, "matrices": matrices, "defaults": defaults() }).to_string();
    text.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
        .replace('\u{2028}', "\\u2028")
        .replace('\u{2029}', "\\u2029")
}
