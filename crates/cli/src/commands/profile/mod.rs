//! `quintet profile`.

mod args;
mod print;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use quintet::backend::Linked;
use quintet::lang::diagnostic::nearest;
use quintet::{ArenaKind, Batch, Engine, Instance, Passes, backend, configurations};
use quintet_bench::{Profiler, Repeats};
use quintet_inputs::{Reader, ReaderOptions};
use quintet_results::Profile;

use crate::failure::{Failure, output};
use crate::lists;
use crate::notes;
use crate::render;
use crate::source::{self, Source};

pub use args::ProfileArgs;

/// Records of one batch, as `run` has them.
const BATCH_RECORDS: usize = 1024;

/// Batches that are in memory at a time: what a short input is.
const WINDOW_BATCHES: usize = 64;

/// Bytes of batches that are in memory at a time, but for the last of them.
const WINDOW_BYTES: usize = 64 << 20;

pub fn run(args: &ProfileArgs) -> Result<ExitCode, Failure> {
    // Each rule by itself, so that they add up to the batches that they are held against.
    let passes = Passes { prefilter: false, ..args.passes.passes };
    let engine = Engine::new().with_limits(args.limits.limits()).with_passes(passes);
    let source = Source::new(&args.rules)?;
    source::apart(&args.rules, &args.input)?;
    let unreadable = |e: &dyn std::fmt::Display| Failure::unusable(format!("{}: {e}", source::shown(&args.input)));
    let mut input = source::input(&args.input)?;
    let format = source::format_of(&args.scheme, &mut input, &args.input)?;
    let full = source::scheme_of(&engine, &args.scheme, format, &mut input, &args.input)?;
    lists::fill(&engine, &args.lists.read()?, &source.text, &full)?;
    let program = engine.check_projected(&source.text, &full).map_err(|d| source.wrong(&d))?;
    let names: Vec<String> = program.rules.iter().map(|r| r.name.clone()).collect();
    ensure_known(&args.only, &names)?;
    let linked = engine.link(program).map_err(|e| {
        render::one(&source.name, &source.text, e.span(), &e.to_string());
        Failure::found("")
    })?;
    let instances = instances(&engine, &linked, &args.backend)?;

    let options = ReaderOptions::default().batch_records(BATCH_RECORDS).arena(ArenaKind::Shared).declared(&full);
    let mut reader = input.reader(format, linked.scheme(), &options).map_err(|e| unreadable(&e))?;
    let repeats = Repeats { rounds: args.rounds.into(), time: Duration::from_secs_f64(args.time) };
    let mut profiler = Profiler::new(names, instances, repeats);
    while let Some(window) = window(&mut reader).map_err(|e| unreadable(&e))? {
        profiler.add(&window).map_err(Failure::unusable)?;
    }
    let profiles: Vec<Profile> = profiler.finish();
    let status = notes::end(reader.stats(), &args.input, args.strict);
    if profiles.iter().all(|p| p.records == 0) {
        return Err(unreadable(&"it holds no record, so no rule was run"));
    }
    print::print(&profiles, args).map_err(output)?;
    Ok(status)
}

/// The next batches of the input, as many as there is room for; none at its end.
fn window(reader: &mut Reader) -> Result<Option<Vec<Batch>>, quintet_inputs::InputError> {
    let (mut batches, mut bytes) = (Vec::new(), 0);
    while batches.len() < WINDOW_BATCHES && bytes < WINDOW_BYTES {
        let Some(batch) = reader.next_batch(None)? else { break };
        bytes += batch.arena().len();
        batches.push(batch);
    }
    Ok((!batches.is_empty()).then_some(batches))
}

/// Refuses names that no rule has.
fn ensure_known(only: &[String], names: &[String]) -> Result<(), Failure> {
    let Some(unknown) = only.iter().find(|name| !names.contains(name)) else { return Ok(()) };
    let near = nearest(unknown, names.iter().map(String::as_str)).map_or(String::new(), |name| format!("; did you mean `{name}`?"));
    Err(Failure::unusable(format!("--rule: there is no rule `{unknown}`{near}")))
}

/// An instance and the id of its configuration.
type Named = (String, Box<dyn Instance>);

/// An instance of each backend that `id` names, with its id.
fn instances(engine: &Engine, linked: &Arc<Linked>, id: &str) -> Result<Vec<Named>, Failure> {
    let chosen = if id == "all" { configurations() } else { vec![backend(id).map_err(Failure::unusable)?] };
    let mut instances = Vec::new();
    for backend in chosen {
        let id = backend.id().to_string();
        match backend.supports(linked) {
            Ok(()) => {
                let rules = engine.compile_linked(linked, &*backend).map_err(Failure::unusable)?;
                instances.push((id, rules.instance().map_err(Failure::unusable)?));
            }
            Err(why) => eprintln!("quintet: {why}, so it is left out"),
        }
    }
    if instances.is_empty() { Err(Failure::unusable("no backend can run these rules")) } else { Ok(instances) }
}
