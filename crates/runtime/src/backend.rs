//! The seam between the engine and its backends.

use std::any::Any;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use quintet_arena::Kind as ArenaKind;
use quintet_lang::ast::FnId;
use quintet_lang::{Limits, Marked};

use crate::batch::Batch;
use crate::call::CallError;
use crate::filter::FilterError;
use crate::linked::Linked;
use crate::matches::{Matches, RuleSet};
use crate::meter::Interrupter;
use crate::owned::OwnedValue;
use crate::record::RecordRef;
use crate::value::Value;

/// A backend's name and configuration, as flags take it and reports print it: `jit`, `jit-fast`, `jit-stencil`, `wasm-winch`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct BackendId {
    /// The backend.
    pub name: &'static str,
    /// The configuration; empty for the default one.
    pub config: &'static str,
}

impl BackendId {
    /// The id of a backend in its default configuration.
    pub const fn new(name: &'static str) -> BackendId {
        BackendId { name, config: "" }
    }

    /// The id of a backend in another configuration.
    pub const fn with_config(name: &'static str, config: &'static str) -> BackendId {
        BackendId { name, config }
    }

    /// Whether it is printed like this.
    pub fn is(self, text: &str) -> bool {
        match text.strip_prefix(self.name) {
            Some("") => self.config.is_empty(),
            Some(rest) => !self.config.is_empty() && rest.strip_prefix('-') == Some(self.config),
            None => false,
        }
    }
}

impl fmt::Display for BackendId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)?;
        if !self.config.is_empty() {
            write!(f, "-{}", self.config)?;
        }
        Ok(())
    }
}

/// A text form of compiled code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Emit {
    /// Cranelift's intermediate representation.
    Clif,
    /// The host's machine code, disassembled.
    Asm,
    /// WebAssembly's text format.
    Wat,
    /// Lua source.
    Lua,
}

impl Emit {
    /// All forms.
    pub const ALL: [Emit; 4] = [Emit::Clif, Emit::Asm, Emit::Wat, Emit::Lua];

    /// The name that flags use.
    pub fn name(self) -> &'static str {
        match self {
            Emit::Clif => "clif",
            Emit::Asm => "asm",
            Emit::Wat => "wat",
            Emit::Lua => "lua",
        }
    }
}

/// What a backend asks of its host, and what it guards against: what excludes it where the platform or the rules' authors forbid it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traits {
    /// Whether it maps memory and makes it executable. Some platforms and hardened systems forbid that.
    pub executable_memory: bool,
    /// What stands between a rule and the host's memory.
    pub isolation: Isolation,
}

/// What stands between a rule and the host's memory, should the backend have a bug.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isolation {
    /// Nothing is generated: safe Rust walks the rule, so every access is checked by the compiler or at run time.
    SafeRust,
    /// Generated code runs in a sandbox: it reaches a memory of its own and the functions that the host lends it.
    Sandbox,
    /// Generated code can reach all of the host's memory; that it does not rests on its generator alone.
    None,
}

/// One way to run programs.
pub trait Backend: Send + Sync {
    /// Name and configuration.
    fn id(&self) -> BackendId;

    /// What this configuration asks of its host and guards against.
    fn traits(&self) -> Traits;

    /// Whether it can compile the program. The support matrix is made of this.
    ///
    /// # Errors
    /// Names the first construct that it cannot compile.
    fn supports(&self, program: &Linked) -> Result<(), Unsupported>;

    /// Compiles the program.
    ///
    /// # Errors
    /// See [`CompileError`].
    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError>;

    /// The forms that [`Backend::emit`] can show.
    fn emits(&self) -> &'static [Emit];

    /// What it makes of a program, as text. The text is the same for the same program and version.
    ///
    /// # Errors
    /// When it has no such form, or compiling fails.
    fn emit(&self, program: &Arc<Linked>, form: Emit) -> Result<String, EmitError>;

    /// The same, with what each line stands for, as far as the backend knows.
    ///
    /// # Errors
    /// As [`Backend::emit`].
    fn emit_marked(&self, program: &Arc<Linked>, form: Emit) -> Result<Marked, EmitError> {
        self.emit(program, form).map(Marked::of)
    }

    /// What it decides of a program by itself, beyond the program's plan, in lines of text. Most decide nothing.
    fn decisions(&self, program: &Arc<Linked>) -> Option<String> {
        let _ = program;
        None
    }
}

/// A compiled program. Immutable, shared by threads; code lives until the last user is dropped.
pub trait Compiled: Send + Sync {
    /// What a thread needs to run it.
    ///
    /// # Errors
    /// When memory or another resource of the host gives out.
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError>;

    /// What compiling made.
    fn artifact(&self) -> Artifact;
}

/// One thread's way to run a compiled program: its memory, scratch space, interpreter state.
pub trait Instance: Send + Any {
    /// Which rules `record` matches; `hits` is reset first. A rule that traps does not match, and the trap is kept in `hits`.
    ///
    /// # Errors
    /// What ends the instance, or a record of another scheme than the program's.
    fn run(&mut self, record: RecordRef<'_>, hits: &mut RuleSet) -> Result<(), RunError>;

    /// Which rules match which records of `batch`; `out` is reset first.
    ///
    /// # Errors
    /// As [`Instance::run`].
    fn run_batch(&mut self, batch: &Batch, out: &mut Matches) -> Result<(), RunError>;

    /// Which of the `records` of `batch` match one rule, without running the others; `out` is reset first, for one rule and so many records:
    /// its record `i` is record `records.start + i` of the batch. Matches, traps and steps are those that [`Instance::run_batch`] answers
    /// for the rule, and it costs what the rule's share of that costs, so that the time of each rule can be measured from outside: see
    /// [`Profile`](crate::Profile).
    ///
    /// # Errors
    /// As [`Instance::run_batch`]; and where the program has no such rule or the batch no such records.
    fn run_rule(&mut self, rule: usize, batch: &Batch, records: Range<usize>, out: &mut Matches) -> Result<(), RunError>;

    /// Whether `record` matches one rule, without running the others and without a set of answers, as filters ask it. `None` where
    /// there is no answer: `why` then has the trap of a rule that trapped, which does not match, or else what ends a run of
    /// [`Instance::run`], or that the program has no such rule. (Apart, so that an answer is handed over in a register.)
    fn test(&mut self, rule: usize, record: RecordRef<'_>, why: &mut Option<FilterError>) -> Option<bool>;

    /// Calls a function of the program on a record and copies its results to `results`, which is emptied first; `None` is nil. It is a call
    /// like those within the language: it takes a step and one of the calls that may go on inside one another, and where an argument is nil
    /// for a parameter that must not be, all results are nil and nothing is run. The copy counts against
    /// [`Limits::memory_bytes`](quintet_lang::Limits::memory_bytes) along with what functions made: the bytes of texts and keys, 8 for each
    /// element of an array, 16 for each entry of a map.
    ///
    /// # Errors
    /// See [`CallError`].
    fn call(
        &mut self,
        function: FnId,
        record: RecordRef<'_>,
        args: &[Value<'_>],
        results: &mut Vec<Option<OwnedValue>>,
    ) -> Result<(), CallError>;

    /// Bytes of memory that the instance holds for itself, as far as the backend knows. What evaluations made is not kept beyond the end of
    /// a run where it is more than a few MiB.
    fn memory_bytes(&self) -> usize;

    /// What ends a run of this instance from another thread.
    fn interrupter(&self) -> Interrupter;

    /// Whether it reads batches in such an arena where they are, without copying them first.
    fn reads_in_place(&self, arena: ArenaKind) -> bool {
        let _ = arena;
        true
    }
}

/// The size of what compiling made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Artifact {
    /// Bytes of code: machine code, or the text or bytecode that an engine of its own runs; 0 where code is data.
    pub code_bytes: usize,
    /// Bytes of data structures that stand for code, and of constants beside it, as far as the backend knows.
    pub data_bytes: usize,
}

/// A construct that a backend cannot compile.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("backend {backend} has no {construct}")]
pub struct Unsupported {
    /// The backend.
    pub backend: BackendId,
    /// The construct, in the language's words.
    pub construct: String,
}

macro_rules! errors {
    ($($(#[$doc:meta])* $name:ident: $what:literal),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, thiserror::Error)]
        #[error("{backend}: {}: {message}", $what)]
        pub struct $name {
            backend: BackendId,
            message: String,
        }

        impl $name {
            /// The error with its cause in words.
            #[cold]
            pub fn new(backend: BackendId, message: impl fmt::Display) -> $name {
                $name { backend, message: message.to_string() }
            }

            /// The backend that failed.
            pub fn backend(&self) -> BackendId {
                self.backend
            }

            /// The cause.
            pub fn message(&self) -> &str {
                &self.message
            }
        }
    )*};
}

errors! {
    /// Why a program could not be compiled.
    CompileError: "cannot compile",
    /// Why no instance could be made.
    InstantiateError: "cannot instantiate",
    /// Why compiled code cannot be shown.
    EmitError: "cannot show",
}

/// Why a run ended without answers.
#[derive(Debug, thiserror::Error)]
#[error("{backend}: cannot run: {message}")]
pub struct RunError {
    backend: BackendId,
    message: String,
    interrupted: bool,
}

impl RunError {
    /// The error with its cause in words.
    #[cold]
    pub fn new(backend: BackendId, message: impl fmt::Display) -> RunError {
        RunError { backend, message: message.to_string(), interrupted: false }
    }

    /// The error for a run that an [`Interrupter`] ended.
    #[cold]
    pub fn interrupted(backend: BackendId) -> RunError {
        RunError { backend, message: "it was interrupted".into(), interrupted: true }
    }

    /// Whether an [`Interrupter`] ended the run. The instance can be used again.
    pub fn is_interrupted(&self) -> bool {
        self.interrupted
    }

    /// The same error as that of another backend, which had this one run for it.
    #[must_use]
    pub fn by(self, backend: BackendId) -> RunError {
        RunError { backend, ..self }
    }

    /// The backend that ended.
    pub fn backend(&self) -> BackendId {
        self.backend
    }

    /// The cause.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Nothing, where a program of `rules` rules has this rule and a batch of `of` records these.
    ///
    /// # Errors
    /// Else. Names what there is not.
    pub fn unless_has(backend: BackendId, (rule, rules): (usize, usize), (records, of): (&Range<usize>, usize)) -> Result<(), RunError> {
        if rule >= rules {
            return Err(RunError::new(backend, format_args!("there is no rule {rule}; the program has {rules}, counted from 0")));
        }
        if records.start > records.end || records.end > of {
            let Range { start, end } = records;
            return Err(RunError::new(backend, format_args!("there are no records {start}..{end}; the batch has {of}, counted from 0")));
        }
        Ok(())
    }

    /// The error for a batch whose scheme is not the program's.
    #[cold]
    pub fn scheme(backend: BackendId) -> RunError {
        RunError::new(backend, "the records are of another scheme than the program; check the rules against the scheme of the records")
    }
}
