//! Rules, ready to run on records of a format.

use std::sync::Arc;

use quintet::{Engine, Linked, Rules, Scheme, backend};
use quintet_inputs::Format;

use super::args::RunArgs;
use super::columns::{self, Column};
use crate::failure::Failure;
use crate::source::{self, Source};
use crate::{lists, pick, render};

/// Rules, and what of records they and the answers need.
pub struct Prepared {
    /// The scheme before projection.
    pub full: Scheme,
    pub linked: Arc<Linked>,
    pub rules: Rules,
    /// The rules' text.
    pub text: String,
    /// The rules' names.
    pub names: Vec<String>,
    /// The fields that are printed.
    pub columns: Vec<Column>,
}

impl Prepared {
    /// Checks and compiles the rules that the command line names. Their records have the fields that they use and those that are printed.
    ///
    /// # Errors
    /// The rules are wrong, or there is no such rule, field, scheme or backend.
    pub fn new(args: &RunArgs, engine: &Engine, source: &Source, format: Format) -> Result<Prepared, Failure> {
        let full = source::scheme(engine, &args.scheme, format)?;
        lists::fill(engine, &args.lists.read()?, &source.text, &full)?;
        let check = |text: &str, scheme: &Scheme| engine.check(text, scheme).map_err(|d| source.wrong(&d));
        let all = check(&source.text, &full)?;
        columns::columns(&full, &args.field)?;
        let text = pick::rules(&source.text, &all, &args.rule)?;
        let used = check(&text, &full)?.used_fields();
        let scheme = full.project(|id, field| used.binary_search(&id).is_ok() || args.field.contains(&field.name));
        let program = check(&text, &scheme)?;
        let columns = columns::columns(&scheme, &args.field)?;
        let names = program.rules.iter().map(|r| r.name.clone()).collect();
        let linked = engine.link(program).map_err(|e| {
            render::one(&source.name, &source.text, e.span(), &e.to_string());
            Failure::found("")
        })?;
        let backend = backend(&args.backend).map_err(Failure::unusable)?;
        let rules = engine.compile_linked(&linked, &*backend).map_err(Failure::unusable)?;
        Ok(Prepared { full, linked, rules, text, names, columns })
    }
}
