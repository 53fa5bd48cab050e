//! A workload's rules beside what backends make of them.

use minijinja::{Value, context};
use quintet_results::{Source, WorkloadResult};

use crate::format::bytes;

/// What the partial template shows; `None` where the file holds no rules.
pub fn of(workload: &WorkloadResult) -> Option<Value> {
    let sources = workload.sources.as_ref()?;
    let forms: Vec<Value> = sources.forms.iter().map(shown).collect();
    Some(context! { rules => shown(&sources.rules), forms })
}

fn shown(source: &Source) -> Value {
    let backend = source.backend.as_deref().unwrap_or_default();
    let left_out = (source.left_out > 0).then(|| bytes(source.left_out as f64));
    context! { form => source.form.as_str(), name => name(&source.form), backend, text => source.text.as_str(), left_out }
}

/// A form's name for people; a form that is not known is called what the file calls it.
fn name(form: &str) -> &str {
    match form {
        "rules" => "Rules",
        "ast" => "AST, after the passes",
        "clif" => "CLIF",
        "asm" => "Machine code",
        "wat" => "WAT",
        "lua" => "Lua",
        other => other,
    }
}
