//! `quintet explain`.

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;

use quintet::backend::{Backend, Emit};
use quintet::{Engine, backend, configurations};

use crate::args::{EmitArg, ExplainArgs, SchemeArgs};
use crate::failure::{Failure, output};
use crate::lists::ListArgs;
use crate::pick::pick;
use crate::source::{self, Source};

pub fn run(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let engine = Engine::new().with_limits(args.limits.limits()).with_passes(args.passes.passes);
    let source = Source::new(&args.rules)?;
    let (program, scheme) = source::check(&engine, &source, &args.scheme, &args.lists)?.map_err(|d| source.wrong(&d))?;
    let (source, program) = match args.rule.names() {
        [] => (source, program),
        names => {
            // A program of these rules alone, so that nothing of the others is shown: constants, sets, patterns.
            let source = pick(&source, &program, names)?;
            let scheme = match args.scheme.format {
                Some(_) => args.scheme.clone(),
                None => SchemeArgs { scheme: Some(scheme), format: None },
            };
            // The engine has the lists already, and those of other rules are not missed.
            let (program, _) = source::check(&engine, &source, &scheme, &ListArgs::default())?.map_err(|d| source.wrong(&d))?;
            (source, program)
        }
    };
    let form = match args.emit {
        EmitArg::Ast => {
            let text = quintet::lang::dump::dump(&engine.optimise(&program));
            return print(&text);
        }
        EmitArg::Plan => {
            let linked = source::linked(&engine, &source.text, program).map_err(|d| source.wrong(&d))?;
            let decides = args.backend.as_deref().map(backend).transpose().map_err(Failure::unusable)?;
            let decisions = decides.and_then(|backend| backend.decisions(&linked)).map_or_else(String::new, |text| format!("\n{text}"));
            return print(&format!("{}{}{decisions}", linked.plan_text(), engine.lifts(&linked)));
        }
        EmitArg::Clif => Emit::Clif,
        EmitArg::Asm => Emit::Asm,
        EmitArg::Wat => Emit::Wat,
        EmitArg::Lua => Emit::Lua,
    };
    let backend = backend_of(args.backend.as_deref(), form)?;
    let linked = source::linked(&engine, &source.text, program).map_err(|d| source.wrong(&d))?;
    let text = backend.emit(&linked, form).map_err(Failure::unusable)?;
    print(&text)
}

/// The backend that is named, or else the only one that makes the form, in its default configuration.
fn backend_of(id: Option<&str>, form: Emit) -> Result<Arc<dyn Backend>, Failure> {
    let able: Vec<_> = configurations().into_iter().filter(|b| b.emits().contains(&form)).collect();
    let ids: Vec<String> = able.iter().map(|b| b.id().to_string()).collect();
    let hint =
        if ids.is_empty() { "no backend of this build can show it".to_owned() } else { format!("use --backend {}", ids.join(" or ")) };
    if let Some(id) = id {
        let backend = backend(id).map_err(Failure::unusable)?;
        if !backend.emits().contains(&form) {
            return Err(Failure::unusable(format!("backend {id} makes no {}: {hint}", form.name())));
        }
        return Ok(backend);
    }
    match able.first() {
        Some(first) if able.iter().all(|b| b.id().name == first.id().name) => Ok(first.clone()),
        _ => Err(Failure::unusable(format!("--emit {} needs a backend: {hint}", form.name()))),
    }
}

fn print(text: &str) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).map_err(output)?;
    if !text.ends_with('\n') {
        out.write_all(b"\n").map_err(output)?;
    }
    Ok(ExitCode::SUCCESS)
}
