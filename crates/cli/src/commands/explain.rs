//! `quintet explain`.

use std::io::Write;
use std::process::ExitCode;

use quintet::{Emit, Engine, backend, configurations};

use crate::args::{EmitArg, ExplainArgs};
use crate::failure::{Failure, output};
use crate::source::{self, Source};

pub fn run(args: &ExplainArgs) -> Result<ExitCode, Failure> {
    let engine = Engine::new().with_limits(args.limits.limits()).with_passes(args.passes.passes);
    let source = Source::new(&args.rules)?;
    let (program, _) = source::check(&engine, &source, &args.scheme, &args.lists)?.map_err(|d| source.wrong(&d))?;
    let form = match args.emit {
        EmitArg::Ast => {
            let text = quintet::lang::dump::dump(&engine.optimise(&program));
            return print(&text);
        }
        EmitArg::Clif => Emit::Clif,
        EmitArg::Asm => Emit::Asm,
        EmitArg::Wat => Emit::Wat,
        EmitArg::Lua => Emit::Lua,
    };
    let able = || {
        let ids: Vec<String> = configurations().iter().filter(|b| b.emits().contains(&form)).map(|b| b.id().to_string()).collect();
        if ids.is_empty() { "no backend of this build can show it".to_owned() } else { format!("use --backend {}", ids.join(" or ")) }
    };
    let Some(id) = &args.backend else {
        return Err(Failure::unusable(format!("--emit {} needs a backend: {}", form.name(), able())));
    };
    let backend = backend(id).map_err(Failure::unusable)?;
    if !backend.emits().contains(&form) {
        return Err(Failure::unusable(format!("backend {id} makes no {}: {}", form.name(), able())));
    }
    let linked = engine.link(program).map_err(Failure::found)?;
    let text = backend.emit(&linked, form).map_err(Failure::unusable)?;
    print(&text)
}

fn print(text: &str) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes()).map_err(output)?;
    if !text.ends_with('\n') {
        out.write_all(b"\n").map_err(output)?;
    }
    Ok(ExitCode::SUCCESS)
}
