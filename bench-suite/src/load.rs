//! Workloads made ready: rules checked and linked, records read.

use std::io::Cursor;
use std::sync::Arc;

use quintet::backend::Linked;
use quintet::modules::{Loader, Module};
use quintet::{ArenaKind, Batch, Bound, Engine, Instance, Passes, Scheme};
use quintet_inputs::{Format, InputError, Reader, ReaderOptions, Stats, schemes};
use quintet_lang::Diagnostics;
use quintet_results::WorkloadResult;

use crate::workload::{ModuleFiles, Workload};

/// Most records of one batch.
const BATCH_RECORDS: usize = 8192;

/// A workload whose rules are checked and whose records are in memory.
pub struct Loaded {
    /// The workload.
    pub workload: Workload,
    /// What the rules were compiled with.
    pub engine: Engine,
    /// The form of the input.
    pub format: Format,
    /// All fields that the input has.
    pub full_scheme: Scheme,
    /// The rules, checked against the part of the scheme that they use, after the engine's passes.
    pub linked: Arc<Linked>,
    /// The same rules before any pass.
    pub unoptimised: Arc<Linked>,
    /// What sets fields that modules have.
    parsers: Bound,
    /// The records, in shared memory.
    pub batches: Vec<Batch>,
    /// The same records in plain memory.
    pub plain_batches: Vec<Batch>,
    /// What reading met.
    pub stats: Stats,
}

/// Why a workload cannot be made ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The rules are wrong.
    #[error("{path}: {diagnostics}")]
    Rules {
        /// The rules' file.
        path: String,
        /// What is wrong.
        diagnostics: Diagnostics,
    },
    /// The input cannot be read.
    #[error("{path}: {source}")]
    Input {
        /// The input's file.
        path: String,
        /// The cause.
        source: InputError,
    },
    /// Anything else.
    #[error("workload {name}: {message}")]
    Other {
        /// The workload.
        name: String,
        /// The cause.
        message: String,
    },
}

impl Loaded {
    /// Checks the rules and reads the records.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub fn new(workload: Workload) -> Result<Loaded, LoadError> {
        let other = |e: &dyn std::fmt::Display| LoadError::Other { name: workload.name.clone(), message: e.to_string() };
        let engine = extended(Engine::new().with_limits(workload.limits.clone()), &workload.modules).map_err(|e| other(&e))?;
        let format = match &workload.format {
            Some(name) => name.parse::<Format>().map_err(|e| other(&e))?,
            None => Format::detect(&workload.input_path, &workload.input)
                .ok_or_else(|| other(&"cannot tell the form of its input; set `format` to pcap, http or jsonl"))?,
        };
        let full_scheme = match &workload.scheme {
            Some(text) => Scheme::from_toml(text, engine.library().signatures()).map_err(|e| other(&e))?,
            None => schemes::of(format, engine.library().signatures())
                .ok_or_else(|| other(&"JSON lines need a scheme; set `scheme` to its file"))?,
        };
        let full_scheme = engine.declare_parsed(&full_scheme).map_err(|e| other(&e))?;
        let unused = engine.load_lists(&workload.lists, &workload.rules, &full_scheme).map_err(|e| other(&e))?;
        let program = engine
            .check_projected(&workload.rules, &full_scheme)
            .map_err(|diagnostics| LoadError::Rules { path: workload.rules_path.display().to_string(), diagnostics })?;
        if let Some(name) = unused.first() {
            return Err(other(&format!("no rule tests a value against list `{name}`; remove it from `lists`")));
        }
        let unoptimised = engine.clone().with_passes(Passes::none()).link(program.clone()).map_err(|e| other(&e))?;
        let linked = engine.link(program).map_err(|e| other(&e))?;
        let parsers = engine.bind_parsers(linked.scheme()).map_err(|e| other(&e))?;
        let mut loaded = Loaded {
            workload,
            engine,
            format,
            full_scheme,
            linked,
            unoptimised,
            parsers,
            batches: Vec::new(),
            plain_batches: Vec::new(),
            stats: Stats::default(),
        };
        (loaded.batches, loaded.stats) = loaded.read(ArenaKind::Shared)?;
        (loaded.plain_batches, _) = loaded.read(ArenaKind::Plain)?;
        if loaded.batches.is_empty() {
            return Err(LoadError::Other { name: loaded.workload.name, message: "its input holds no record".into() });
        }
        Ok(loaded)
    }

    /// The engine that links what the passes have rewritten: with an index of the rules where the pass `prefilter` is on, and no other pass.
    pub fn linker(&self) -> Engine {
        self.engine.clone().with_passes(Passes { prefilter: self.engine.passes().prefilter, ..Passes::none() })
    }

    /// Records.
    pub fn records(&self) -> usize {
        self.batches.iter().map(Batch::len).sum()
    }

    /// What a result file says of the workload before anything is measured.
    pub(crate) fn result(&self) -> WorkloadResult {
        WorkloadResult {
            name: self.workload.name.clone(),
            about: self.workload.about.clone(),
            rules: self.linked.program().rules.len(),
            records: self.records(),
            record_bytes: self.batches.iter().map(|b| b.arena().len()).sum(),
            ..WorkloadResult::default()
        }
    }

    /// Reads the input once more and drops each batch, for timing it. Answers the records.
    ///
    /// # Errors
    /// As [`Loaded::new`].
    pub fn read_again(&self) -> Result<usize, LoadError> {
        let mut reader = self.reader(ArenaKind::Shared)?;
        let (mut reuse, mut records, mut conditions) = (None, 0, Vec::new());
        while let Some(mut batch) = reader.next_batch(reuse.take()).map_err(|e| self.unreadable(e))? {
            self.parse(&mut batch, &mut conditions)?;
            records += batch.len();
            reuse = Some(batch);
        }
        Ok(records)
    }

    /// The records once more, in memory of this kind.
    pub(crate) fn read(&self, arena: ArenaKind) -> Result<(Vec<Batch>, Stats), LoadError> {
        let mut reader = self.reader(arena)?;
        let (mut batches, mut conditions) = (Vec::new(), Vec::new());
        while let Some(mut batch) = reader.next_batch(None).map_err(|e| self.unreadable(e))? {
            self.parse(&mut batch, &mut conditions)?;
            batches.push(batch);
        }
        Ok((batches, reader.stats().clone()))
    }

    /// Sets the fields that modules have.
    fn parse(&self, batch: &mut Batch, conditions: &mut Vec<Option<Box<dyn Instance>>>) -> Result<(), LoadError> {
        let other = |e: quintet::RunError| LoadError::Other { name: self.workload.name.clone(), message: e.to_string() };
        self.parsers.apply(batch, conditions).map(drop).map_err(other)
    }

    fn reader(&self, arena: ArenaKind) -> Result<Reader, LoadError> {
        let options = ReaderOptions::default().batch_records(BATCH_RECORDS).arena(arena).declared(&self.full_scheme);
        let input = Cursor::new(self.workload.input.clone());
        Reader::new(input, self.format, self.linked.scheme(), &options).map_err(|e| self.unreadable(e))
    }

    fn unreadable(&self, source: InputError) -> LoadError {
        LoadError::Input { path: self.workload.input_path.display().to_string(), source }
    }
}

/// The engine with what modules have.
fn extended(engine: Engine, modules: &ModuleFiles) -> Result<Engine, String> {
    if modules.files.is_empty() {
        return Ok(engine);
    }
    let loader = Loader::new();
    let load = |(path, wasm): &(std::path::PathBuf, Vec<u8>)| loader.load(&path.display().to_string(), wasm).map_err(|e| e.to_string());
    let modules_loaded: Vec<Module> = modules.files.iter().map(load).collect::<Result<_, _>>()?;
    let engine = engine.with_modules(&modules_loaded).map_err(|e| e.to_string())?;
    let parsers = engine.parsers().on(&modules.parse_on)?;
    Ok(engine.with_parsers(parsers))
}
