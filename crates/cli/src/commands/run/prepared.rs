//! Rules, ready to run on records of a format.

use std::sync::Arc;

use quintet::backend::{LiftedRules, Lifts, Linked};
use quintet::lang::state::Action;
use quintet::modules::Module;
use quintet::{Bound, Engine, FieldId, LinkError, Rules, Scheme, backend};

use super::args::RunArgs;
use super::columns::{self, Column};
use super::feed::Opened;
use super::formatted::Formatted;
use crate::failure::Failure;
use crate::source::{self, Source};
use crate::{lists, modules, pick, render};

/// Rules, and what of records they and the answers need.
pub struct Prepared {
    /// The scheme before projection.
    pub full: Scheme,
    pub linked: Arc<Linked>,
    pub rules: Rules,
    /// What runs them where calls of theirs are made for whole batches.
    pub lifted: Option<Arc<LiftedRules>>,
    /// The rules' text.
    pub text: String,
    /// The rules' names.
    pub names: Vec<String>,
    /// The fields that are printed.
    pub columns: Vec<Column>,
    /// Of maps that nobody but the rules looks into: the keys that they look up.
    pub keys: Vec<(FieldId, Vec<Box<[u8]>>)>,
    /// Whether the rules have outputs.
    pub outputs: bool,
    /// The parsers that set fields of the records.
    pub parsers: Bound,
    /// What makes lines of the answers, if a module does.
    pub formatted: Option<Formatted>,
}

impl Prepared {
    /// Checks and compiles the rules that the command line names. Their records have the fields that they use and those that are printed.
    ///
    /// # Errors
    /// The rules are wrong, or there is no such rule, field, scheme or backend.
    pub fn new(args: &RunArgs, (engine, loaded): (&Engine, &[Module]), source: &Source, first: &mut Opened) -> Result<Prepared, Failure> {
        let full = source::scheme_of(engine, &args.scheme, first.format, &mut first.input, &first.path)?;
        lists::fill(engine, &args.lists.read()?, &source.text, &full)?;
        let check = |text: &str, scheme: &Scheme| engine.check(text, scheme).map_err(|d| source.wrong(&d));
        let all = check(&source.text, &full)?;
        columns::columns(&full, &args.field)?;
        let outputs = all.state.steps.iter().any(|step| matches!(step.action, Action::Output(_)));
        if !args.rule.is_empty() && !all.state.is_empty() {
            return Err(Failure::unusable("--rule picks rules that stand alone; these keep state or have outputs, and are run together"));
        }
        if all.state.is_empty() && (!args.out.is_empty() || args.state_out.is_some()) {
            return Err(Failure::unusable("the rules keep no state and have no output; --out and --state-out are for those that do"));
        }
        let mut formatted = args.formatter.as_deref().map(|name| Formatted::new(name, loaded, &full)).transpose()?;
        let text = pick::rules(&source.text, &all, &args.rule)?;
        let picked = if args.rule.is_empty() { all } else { check(&text, &full)? };
        let mut used = picked.used_fields();
        let printed = args.field.iter().chain(formatted.as_ref().map(|it| it.fields()).unwrap_or_default());
        used.extend(printed.filter_map(|name| full.field_id(name)));
        let used = engine.needed_fields(&full, used);
        let scheme = full.project(|id, _| used.binary_search(&id).is_ok());
        // Those of its scheme are fields of this one, too.
        let program = picked.projected(&scheme).map_or_else(|| check(&text, &scheme), Ok)?;
        let looked_up: Vec<_> = program.looked_up().into_iter().map(|(id, keys)| (scheme.field(id).name.clone(), keys)).collect();
        let unlinked = |e: LinkError| {
            render::one(&source.name, &source.text, e.span(), &e.to_string());
            Failure::found("")
        };
        let written = engine.link_stateful(program).map_err(unlinked)?;
        let lifted = Lifting::new(engine, &written, &full, &used).map_err(unlinked)?;
        let (full, linked) = match &lifted {
            Some(lifted) => (lifted.full.clone(), lifted.exact.clone()),
            None => (full, written),
        };
        let scheme = linked.scheme().clone();
        let columns = columns::columns(&scheme, &args.field)?;
        let names = linked.program().rules.iter().map(|r| r.name.clone()).collect();
        let parsers = engine.bind_parsers(&scheme).map_err(Failure::unusable)?;
        if let Some(formatted) = &mut formatted {
            formatted.bind(&scheme);
        }
        // What prints maps and what parses fields of them wants all of their entries.
        let printed: Vec<FieldId> =
            args.field.iter().chain(formatted.iter().flat_map(|it| it.fields())).filter_map(|name| scheme.field_id(name)).collect();
        let keys = looked_up.into_iter().filter_map(|(name, keys)| Some((scheme.field_id(&name)?, keys)));
        let keys = if parsers.is_empty() { keys.filter(|(field, _)| !printed.contains(field)).collect() } else { Vec::new() };
        let compiled = lifted.as_ref().map_or(&linked, |lifted| &lifted.fast);
        let rules = match args.modules.cache().open()? {
            Some(cache) => {
                let (rules, looked) = engine.compile_kept(compiled, &args.backend, &cache).map_err(Failure::unusable)?;
                modules::say(&source.name, &looked);
                rules
            }
            None => engine.compile_linked(compiled, &*backend(&args.backend).map_err(Failure::unusable)?).map_err(Failure::unusable)?,
        };
        let lifted = lifted.map(|it| Arc::new(LiftedRules::new(engine, it.lifts, rules.clone(), linked.clone())));
        Ok(Prepared { full, linked, rules, lifted, text, names, columns, keys, outputs, parsers, formatted })
    }
}

/// What rules have in common, and the programs that read it and that do not.
struct Lifting {
    /// The scheme before projection, with the fields that hold it.
    full: Scheme,
    lifts: Lifts,
    fast: Arc<Linked>,
    exact: Arc<Linked>,
}

impl Lifting {
    /// None where there is nothing of the kind, or where a field of the scheme has such a name.
    fn new(engine: &Engine, written: &Linked, full: &Scheme, used: &[FieldId]) -> Result<Option<Lifting>, LinkError> {
        let lifts = engine.lifts(written);
        let Some(full) = (!lifts.is_empty()).then(|| lifts.declare(full).ok()).flatten() else { return Ok(None) };
        let set = lifts.fields(&full);
        let scheme = full.project(|id, _| used.binary_search(&id).is_ok() || set.contains(&id));
        let Some((lifts, exact)) = engine.widened(&lifts, written, &scheme)? else { return Ok(None) };
        let fast = engine.link_lifted(&exact, &lifts)?;
        Ok(Some(Lifting { full, lifts, fast, exact }))
    }
}
