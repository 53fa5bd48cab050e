//! What stands in a workload's section beside its measurements: notes on rows, parts, cited figures, rules and what they become.

use minijinja::{Environment, UndefinedBehavior, Value, context};
use quintet_results::WorkloadResult;

use crate::page::{RenderError, table};
use crate::{cited, parts, sources};

const TEMPLATE: &str = include_str!("page/beside.html.j2");
/// How it looks.
pub const CSS: &str = include_str!("page/beside.css");
/// What it does.
pub const JS: &str = include_str!("page/beside.js");

/// The notes on a workload's rows, as sentences that begin with the row's id.
pub fn notes(workload: &WorkloadResult) -> Vec<String> {
    workload.rows.iter().filter_map(|r| Some(format!("{}: {}.", r.id, r.note.as_ref()?.trim_end_matches('.')))).collect()
}

/// The part of the page.
pub fn html(workload: &WorkloadResult) -> Result<String, RenderError> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    env.add_template("beside.html.j2", TEMPLATE)?;
    let citations: Vec<Value> = cited::of(workload)
        .iter()
        .map(|c| context! { title => c.title.as_str(), about => c.about.as_str(), summary => c.summary.as_str(), table => table(&c.table) })
        .collect();
    let parts: Vec<Value> = parts::of(workload)
        .map(|p| context! { name => p.result.name.as_str(), about => p.about.as_str(), table => table(&p.table), notes => notes(p.result), absent => p.absent() })
        .collect();
    let part = env.get_template("beside.html.j2")?;
    Ok(part.render(context! { notes => notes(workload), parts, citations, sources => sources::of(workload) })?)
}
