//! `quintet module`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

use clap::{Args as ClapArgs, Subcommand};
use quintet::modules::{Cache, Loader, Looked, declaration, normalise};

use crate::failure::{FOUND, Failure, output};
use crate::modules::{load, read};
use crate::replace::Replacement;

/// Check, show and compile modules: functions, parsers and formatters in WebAssembly.
#[derive(ClapArgs)]
pub struct ModuleVerbArgs {
    #[command(subcommand)]
    verb: ModuleVerb,
}

#[derive(Subcommand)]
enum ModuleVerb {
    Build(BuildArgs),
    Show(ShowArgs),
    Compile(CompileArgs),
}

/// Check a module, and write it with its declaration in the one form.
///
/// The module is loaded once, so that what it declares is there and its start function ends. What is written has the declaration as its custom
/// section `quintet`, and none of the sections for debuggers.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet module build target/wasm32-unknown-unknown/release/mqtt.wasm --out mqtt.wasm

Exit status: 0 written; 2 it is no module, or the file cannot be read or written.")]
struct BuildArgs {
    /// What a compiler made.
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Where it is written [default: in place].
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Print what modules declare. No code of them is run.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet module show mqtt.wasm

Exit status: 0 printed; 2 one is no module, or cannot be read.")]
struct ShowArgs {
    /// The modules.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Compile modules and keep them, so that a start does not have to.
///
/// What is there already is left as it is. What is cut off, damaged, another's, or made by another version is made anew, which is said.
#[derive(ClapArgs)]
#[command(after_help = "\
Examples:
  quintet module compile modules/*.wasm --cache ~/.cache/quintet
  quintet run edge.rules --input capture.pcapng --module modules/mqtt.wasm --cache ~/.cache/quintet

Exit status: 0 all are there; 1 one is no module; 2 the cache cannot be used, or a file cannot be read.")]
struct CompileArgs {
    /// The modules.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The directory; it is made where it is not there, and must be nobody else's.
    #[arg(long, value_name = "DIR")]
    cache: PathBuf,
}

pub fn run(args: &ModuleVerbArgs) -> Result<ExitCode, Failure> {
    match &args.verb {
        ModuleVerb::Build(args) => build(args),
        ModuleVerb::Show(args) => show(args),
        ModuleVerb::Compile(args) => compile(args),
    }
}

fn build(args: &BuildArgs) -> Result<ExitCode, Failure> {
    let name = args.file.display().to_string();
    let built = normalise(&name, &read(&args.file)?).map_err(Failure::unusable)?;
    let module = Loader::new().load(&name, &built).map_err(Failure::unusable)?;
    let path = args.out.as_ref().unwrap_or(&args.file);
    let write = |path| {
        let mut file = Replacement::begin(path)?;
        file.write_all(&built)?;
        file.finish()
    };
    write(path).map_err(|e| Failure::unusable(format!("{}: {e}", path.display())))?;
    let (items, bytes) = (module.declaration().items().len(), built.len());
    writeln!(std::io::stdout().lock(), "{}: {items} declared, {bytes} bytes", path.display()).map_err(output)?;
    Ok(ExitCode::SUCCESS)
}

fn show(args: &ShowArgs) -> Result<ExitCode, Failure> {
    let mut out = std::io::stdout().lock();
    for path in &args.files {
        let declaration = declaration(&path.display().to_string(), &read(path)?).map_err(Failure::unusable)?;
        if args.files.len() > 1 {
            writeln!(out, "# {}", path.display()).map_err(output)?;
        }
        write!(out, "{declaration}").map_err(output)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn compile(args: &CompileArgs) -> Result<ExitCode, Failure> {
    let loader = Loader::new().with_cache(Cache::open(&args.cache).map_err(Failure::unusable)?);
    let mut wrong = false;
    for path in &args.files {
        let begun = Instant::now();
        let loaded = load(&loader, path);
        let took = begun.elapsed().as_secs_f64() * 1e6;
        let said = match loaded {
            Ok((_, Looked::Found)) => format!("it was there, loaded in {took:.0} us"),
            Ok((_, Looked::New)) => format!("compiled in {took:.0} us"),
            Ok((_, Looked::Replaced(why))) => format!("compiled anew in {took:.0} us: what was there is of no use: {why}"),
            Ok((_, Looked::NotKept(why))) => return Err(Failure::unusable(format!("{}: {why}", args.cache.display()))),
            Ok((_, Looked::Nowhere)) => format!("compiled in {took:.0} us"),
            Err(failure) => {
                wrong = true;
                failure.report();
                continue;
            }
        };
        writeln!(std::io::stdout().lock(), "{}: {said}", path.display()).map_err(output)?;
    }
    Ok(if wrong { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
}
