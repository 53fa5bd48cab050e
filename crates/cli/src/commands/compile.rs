//! `quintet compile`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::Args as ClapArgs;
use quintet::Engine;
use quintet::backend::KEEPING;
use quintet::modules::{Cache, Looked};

use crate::args::{PassesArgs, SchemeArgs};
use crate::failure::{Failure, output};
use crate::limits::LimitArgs;
use crate::lists::ListArgs;
use crate::source::{self, Source};

/// Compile rules and keep the machine code, so that a start does not have to.
///
/// `quintet run --cache DIR` takes it from there, for records of the same fields: those that the rules use. What the directory has is left
/// as it is; what is cut off, damaged, another's, or made by another version is made anew, which is said.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet compile edge.rules --backend wasm --cache ~/.cache/quintet
  quintet run edge.rules --backend wasm --cache ~/.cache/quintet --input capture.pcapng

Exit status: 0 it is there; 1 the rules have errors; 2 the cache cannot be used, or the backend keeps no machine code.")]
pub struct CompileArgs {
    /// A rule file, an expression, or `-` for standard input.
    #[arg(allow_hyphen_values = true, value_parser = source::rules)]
    rules: String,
    /// The backend: wasm or wasm-winch.
    #[arg(long, value_name = "ID", default_value = "wasm")]
    backend: String,
    /// The directory; it is made where it is not there, and must be nobody else's.
    #[arg(long, value_name = "DIR")]
    cache: PathBuf,
    #[command(flatten)]
    scheme: SchemeArgs,
    #[command(flatten)]
    lists: ListArgs,
    #[command(flatten)]
    passes: PassesArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

pub fn run(args: &CompileArgs) -> Result<ExitCode, Failure> {
    if !KEEPING.contains(&args.backend.as_str()) {
        let (backend, keeping) = (quintet::backend(&args.backend).map_err(Failure::unusable)?.id(), KEEPING.join(" and "));
        return Err(Failure::unusable(format!("backend {backend} makes nothing that another process could use; {keeping} do")));
    }
    let cache = Cache::open(&args.cache).map_err(Failure::unusable)?;
    let engine = Engine::new().with_limits(args.limits.limits()).with_passes(args.passes.passes);
    let source = Source::new(&args.rules)?;
    let (program, scheme) = source::check(&engine, &source, &args.scheme, &args.lists)?.map_err(|wrong| source.wrong(&wrong))?;
    let linked = source::linked(&engine, &source.text, program).map_err(|wrong| source.wrong(&wrong))?;
    let begun = Instant::now();
    let (_, looked) = engine.compile_kept(&linked, &args.backend, &cache).map_err(Failure::unusable)?;
    let took = begun.elapsed().as_secs_f64() * 1e6;
    let said = match looked {
        Looked::Found => format!("it was there, loaded in {took:.0} us"),
        Looked::New | Looked::Nowhere => format!("compiled in {took:.0} us"),
        Looked::Replaced(why) => format!("compiled anew in {took:.0} us: what was there is of no use: {why}"),
        Looked::NotKept(why) => return Err(Failure::unusable(format!("{}: {why}", args.cache.display()))),
    };
    writeln!(std::io::stdout().lock(), "{} ({scheme}): {said}", source.name).map_err(output)?;
    Ok(ExitCode::SUCCESS)
}
