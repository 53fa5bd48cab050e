//! The modules that a command line names.

use std::path::{Path, PathBuf};

use clap::Args;
use quintet::Engine;
use quintet::modules::{Cache, Loader, Looked, Module};
use quintet_bench::ModuleFiles;

use crate::failure::Failure;
use crate::source;

/// Modules that extend what rules can do.
#[derive(Args, Default)]
pub struct ModuleArgs {
    /// A module, as `quintet module build` makes it: rules may call its functions and use the fields of its parsers. Repeat for several.
    #[arg(long = "module", value_name = "FILE")]
    files: Vec<PathBuf>,
    /// The records that a parser of a module is for, by a rule: --parse-on mqtt='tcp.port == 1884' [default: what the module says]. Repeat for
    /// several.
    #[arg(long, value_name = "PARSER=RULE", value_parser = condition, requires = "files")]
    parse_on: Vec<(String, String)>,
    #[command(flatten)]
    cache: CacheArgs,
}

/// Where machine code is kept.
#[derive(Args, Default, Clone)]
pub struct CacheArgs {
    /// Keep machine code in this directory, that of modules and what `quintet compile` keeps, and take it from there. It must be nobody else's.
    #[arg(long = "cache", value_name = "DIR")]
    directory: Option<PathBuf>,
}

impl CacheArgs {
    /// The cache, if there is to be one.
    pub fn open(&self) -> Result<Option<Cache>, Failure> {
        self.directory.as_deref().map(Cache::open).transpose().map_err(Failure::unusable)
    }
}

/// Says what was wrong with what a cache has of something.
pub fn say(what: &str, looked: &Looked) {
    match looked {
        Looked::Replaced(why) => eprintln!("quintet: {what}: compiled anew, since what the cache has of it is of no use: {why}"),
        Looked::NotKept(why) => eprintln!("quintet: {what}: compiled, but it cannot be kept: {why}"),
        Looked::Nowhere | Looked::Found | Looked::New => {}
    }
}

fn condition(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((parser, rule)) if !parser.trim().is_empty() && !rule.trim().is_empty() => Ok((parser.trim().into(), rule.trim().into())),
        _ => Err("what a parser is for is given as PARSER=RULE".into()),
    }
}

impl ModuleArgs {
    /// What a process that measures needs to load them itself.
    pub fn read(&self) -> Result<ModuleFiles, Failure> {
        if self.cache.directory.is_some() {
            return Err(Failure::unusable("what is compared is compiled, and nothing is taken from a cache; leave out --cache"));
        }
        let file = |path: &PathBuf| Ok((path.clone(), read(path)?));
        Ok(ModuleFiles { files: self.files.iter().map(file).collect::<Result<_, Failure>>()?, parse_on: self.parse_on.clone() })
    }

    /// Where machine code is kept.
    pub fn cache(&self) -> &CacheArgs {
        &self.cache
    }

    /// Whether the flags name any.
    pub fn any(&self) -> bool {
        !self.files.is_empty()
    }

    /// The modules.
    pub fn load(&self) -> Result<Vec<Module>, Failure> {
        let mut loader = Loader::new();
        if let Some(cache) = self.cache.open()? {
            loader = loader.with_cache(cache);
        }
        let load = |path: &PathBuf| {
            let (module, looked) = load(&loader, path)?;
            say(&path.display().to_string(), &looked);
            if !module.reads_in_place() {
                eprintln!("quintet: {}: there are no addresses left to map records, so arguments are copied", path.display());
            }
            Ok(module)
        };
        self.files.iter().map(load).collect()
    }

    /// The engine with what the modules have.
    pub fn extend(&self, engine: Engine) -> Result<(Engine, Vec<Module>), Failure> {
        if self.files.is_empty() {
            return Ok((engine, Vec::new()));
        }
        let modules = self.load()?;
        let engine = engine.with_modules(&modules).map_err(Failure::unusable)?;
        let parsers = engine.parsers().on(&self.parse_on).map_err(Failure::unusable)?;
        Ok((engine.with_parsers(parsers), modules))
    }
}

/// Loads the module of a file.
pub fn load(loader: &Loader, path: &Path) -> Result<(Module, Looked), Failure> {
    let wasm = read(path)?;
    loader.load_looking(&source::shown(path), &wasm).map_err(Failure::unusable)
}

/// The bytes of a module's file.
pub fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    std::fs::read(source::file(path)).map_err(|e| Failure::unusable(format!("{}: {e}", source::shown(path))))
}
