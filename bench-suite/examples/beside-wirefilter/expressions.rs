//! Rules of a workload one by one.

use std::error::Error;

use quintet_bench::Loaded;
use quintet_lang::parse;
use quintet_lang::syntax::Rule;

/// Rules' names and expressions.
pub type Named = Vec<(String, String)>;

/// The names and expressions of a workload's rules.
pub fn expressions(loaded: &Loaded) -> Result<Named, Box<dyn Error>> {
    let text = &loaded.workload.rules;
    let file = parse(text, loaded.engine.limits())?;
    let expression = |rule: &Rule| {
        let rule_text = text.get(rule.span.start as usize..rule.span.end as usize)?;
        // A file may be an expression alone.
        let expression = if rule.name.text.is_empty() { rule_text } else { rule_text.split_once('=')?.1.trim() };
        Some((rule.name.text.to_string(), expression.to_owned()))
    };
    Ok(file.rules().map(expression).collect::<Option<_>>().ok_or("the workload's rules are expressions")?)
}
