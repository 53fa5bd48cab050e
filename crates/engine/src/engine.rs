//! From source text to something that runs.

use std::fmt;
use std::sync::Arc;

use quintet_lang::diagnostic::Diagnostics;
use quintet_lang::{Checked, FieldId, Limits, Passes, Program, Scheme, SchemeBuilder, SchemeError, Type, optimise, rewrite};
use quintet_runtime::{
    Backend, BackendId, CompileError, Compiled, Instance, InstantiateError, Library, LinkError, Linked, Lists, PREFILTER_PAYS, RuleId,
    Session, SessionError, Threshold, Thresholds,
};

use crate::callable::{Callable, NotCallable};
use crate::evaluator::{Evaluator, EvaluatorError};
use crate::expression::Expression;
use crate::filter::Filter;
use crate::record::Record;
use crate::registry::{UnknownBackend, find};

/// What rules are compiled with: functions, named lists, limits and optimising passes.
#[derive(Clone)]
pub struct Engine {
    library: Library,
    lists: Lists,
    limits: Limits,
    passes: Passes,
    #[cfg(feature = "builtin")]
    pub(crate) parsers: quintet_modules::Parsers,
}

/// Compiled rules, ready to be instantiated by any number of threads.
#[derive(Clone)]
pub struct Rules {
    linked: Arc<Linked>,
    compiled: Arc<dyn Compiled>,
    backend: BackendId,
    limits: Limits,
}

/// Why rules could not be compiled.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The text is wrong; each diagnostic names the place and the mend.
    #[error(transparent)]
    Source(#[from] Diagnostics),
    /// A literal cannot be prepared.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// There is no such backend.
    #[error(transparent)]
    Backend(#[from] UnknownBackend),
    /// The backend failed.
    #[error(transparent)]
    Compile(#[from] CompileError),
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine").field("limits", &self.limits).field("passes", &self.passes).finish_non_exhaustive()
    }
}

impl fmt::Debug for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.names().collect();
        f.debug_struct("Rules").field("backend", &self.backend.to_string()).field("names", &names).finish_non_exhaustive()
    }
}

impl Default for Engine {
    fn default() -> Self {
        Engine::new()
    }
}

impl Engine {
    /// The standard functions, no lists, the default limits, all passes.
    pub fn new() -> Engine {
        Engine {
            library: Library::standard(),
            lists: Lists::new(),
            limits: Limits::default(),
            passes: Passes::default(),
            #[cfg(feature = "builtin")]
            parsers: quintet_modules::Parsers::default(),
        }
    }

    /// The same engine with other functions.
    pub fn with_library(mut self, library: Library) -> Engine {
        self.library = library;
        self
    }

    /// The functions that rules may call, to add some.
    #[cfg(feature = "builtin")]
    pub(crate) fn library_mut(&mut self) -> &mut Library {
        &mut self.library
    }

    /// The same engine with these named lists.
    pub fn with_lists(mut self, lists: Lists) -> Engine {
        self.lists = lists;
        self
    }

    /// The same engine with other limits.
    pub fn with_limits(mut self, limits: Limits) -> Engine {
        self.limits = limits;
        self
    }

    /// The same engine with these optimising passes. They change what rules cost, never what they answer.
    pub fn with_passes(mut self, passes: Passes) -> Engine {
        self.passes = passes;
        self
    }

    /// The functions that rules may call; a scheme takes their signatures.
    pub fn library(&self) -> &Library {
        &self.library
    }

    /// The named lists; replacing one reaches rules that are compiled already.
    pub fn lists(&self) -> &Lists {
        &self.lists
    }

    /// The limits.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The passes that run before rules are prepared.
    pub fn passes(&self) -> &Passes {
        &self.passes
    }

    /// A scheme to add fields to, which has the engine's functions already, and allows lists of all types that lists have. That of
    /// [`Scheme::builder`] has none.
    pub fn scheme(&self) -> SchemeBuilder {
        let builder = Scheme::builder().functions(self.library.signatures());
        [Type::Int, Type::Ip, Type::Bytes].into_iter().fold(builder, SchemeBuilder::lists)
    }

    /// The scheme of a struct's records, as [`Engine::scheme`] begins it.
    ///
    /// # Errors
    /// A field has a name that a function has, or two have one.
    pub fn scheme_of<T: Record>(&self) -> Result<Scheme, SchemeError> {
        T::declare(self.scheme()).build()
    }

    /// Parses and checks rules.
    ///
    /// # Errors
    /// All that is wrong with the text; where nothing is, the lists that it names and the engine does not have.
    pub fn check(&self, source: &str, scheme: &Scheme) -> Result<Program, Diagnostics> {
        let program = quintet_lang::compile(source, scheme, &self.limits)?;
        self.lists.check(&program, source)?;
        Ok(program)
    }

    /// What is suspicious about rules that [`Engine::check`] takes: names that nothing uses, statements that are never reached. Checking and
    /// compiling say nothing of it.
    pub fn warnings(&self, source: &str, scheme: &Scheme) -> Diagnostics {
        quintet_lang::warnings(source, scheme, &self.limits)
    }

    /// Parses and checks rules against the part of a scheme that they use. Readers of records of the program's scheme parse no more than
    /// the rules need, and records are as small as they can be.
    ///
    /// # Errors
    /// All that is wrong with the text.
    pub fn check_projected(&self, source: &str, scheme: &Scheme) -> Result<Program, Diagnostics> {
        self.projected(scheme, |scheme| self.check(source, scheme))
    }

    /// Parses and checks one expression of any type. The program answers its value; see [`Program::value`].
    ///
    /// # Errors
    /// All that is wrong with the text.
    pub fn check_value(&self, source: &str, scheme: &Scheme) -> Result<Program, Diagnostics> {
        quintet_lang::compile_value(source, scheme, &self.limits)
    }

    /// Parses and checks an expression against the part of a scheme that it uses, as [`Engine::check_projected`] does.
    ///
    /// # Errors
    /// All that is wrong with the text.
    pub fn check_value_projected(&self, source: &str, scheme: &Scheme) -> Result<Program, Diagnostics> {
        self.projected(scheme, |scheme| self.check_value(source, scheme))
    }

    /// The program that `check` makes against the part of the scheme that the program uses.
    fn projected(&self, scheme: &Scheme, check: impl Fn(&Scheme) -> Result<Program, Diagnostics>) -> Result<Program, Diagnostics> {
        let program = check(scheme)?;
        let used = self.needed_fields(scheme, program.used_fields());
        let part = scheme.project(|id, _| used.binary_search(&id).is_ok());
        program.projected(&part).map_or_else(|| check(&part), Ok)
    }

    /// The fields that records must have so that rules can use these, in order: those that the engine's parsers need to set them as well.
    pub fn needed_fields(&self, scheme: &Scheme, mut used: Vec<FieldId>) -> Vec<FieldId> {
        #[cfg(feature = "builtin")]
        self.add_parsed(scheme, &mut used);
        #[cfg(not(feature = "builtin"))]
        let _ = scheme;
        used.sort_unstable();
        used.dedup();
        used
    }

    /// A program that answers as this one does, after the engine's passes.
    pub fn optimise(&self, program: &Program) -> Program {
        optimise(program, &self.passes)
    }

    /// Optimises a checked program and prepares it for all backends.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn link(&self, mut program: Program) -> Result<Arc<Linked>, LinkError> {
        rewrite(&mut program, &self.passes);
        let mut thresholds = Thresholds::default();
        if self.passes.prefilter {
            thresholds = thresholds.with(Threshold::PrefilterRules, PREFILTER_PAYS);
        }
        Linked::with_thresholds(program, &self.library, &self.lists, &self.limits, thresholds)
    }

    /// The same for a program that nobody can have altered since it was checked, and that need not be looked through therefore.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn link_checked(&self, checked: Checked) -> Result<Arc<Linked>, LinkError> {
        let program = checked.optimised(&self.passes);
        Linked::of_checked(program, &self.library, &self.lists, &self.limits, self.passes.prefilter)
    }

    /// Optimises a checked program that may keep state, and prepares it for all backends. Where it does, a [`Session`] has its answers.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn link_stateful(&self, mut program: Program) -> Result<Arc<Linked>, LinkError> {
        rewrite(&mut program, &self.passes);
        Linked::stateful(program, &self.library, &self.lists, &self.limits, self.passes.prefilter)
    }

    /// Compiles rules with the backend that has this id, as in [`backends`](crate::backends).
    ///
    /// # Errors
    /// See [`Error`].
    pub fn compile(&self, source: &str, scheme: &Scheme, backend_id: &str) -> Result<Rules, Error> {
        let backend = find(backend_id)?;
        let checked = Checked::rules(source, scheme, &self.limits)?;
        self.lists.check(&checked, source)?;
        let linked = if checked.state.is_empty() { self.link_checked(checked)? } else { self.link_stateful(checked.into_program())? };
        self.compile_linked(&linked, &**backend).map_err(Error::Compile)
    }

    /// Compiles an expression of any type with the backend that has this id. Records of the scheme are records of the expression.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn compile_value(&self, source: &str, scheme: &Scheme, backend_id: &str) -> Result<Expression, Error> {
        let backend = find(backend_id)?;
        let linked = self.link_checked(Checked::value(source, scheme, &self.limits)?)?;
        Ok(Expression::new(self.compile_linked(&linked, &**backend)?))
    }

    /// Compiles a program that is there already, as one that was deserialised. It is looked through first: nothing is taken on trust.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn compile_program(&self, program: Program, backend_id: &str) -> Result<Rules, Error> {
        let backend = find(backend_id)?;
        let linked = if program.state.is_empty() { self.link(program)? } else { self.link_stateful(program)? };
        self.compile_linked(&linked, &**backend).map_err(Error::Compile)
    }

    /// Compiles a linked program with a backend.
    ///
    /// # Errors
    /// See [`CompileError`].
    pub fn compile_linked(&self, linked: &Arc<Linked>, backend: &dyn Backend) -> Result<Rules, CompileError> {
        Ok(Rules { linked: linked.clone(), compiled: backend.compile(linked)?, backend: backend.id(), limits: self.limits.clone() })
    }
}

impl Rules {
    /// What a backend has made of a linked program.
    #[cfg(all(feature = "modules", feature = "wasm"))]
    pub(crate) fn of(linked: &Arc<Linked>, compiled: Arc<dyn Compiled>, backend: BackendId, limits: &Limits) -> Rules {
        Rules { linked: linked.clone(), compiled, backend, limits: limits.clone() }
    }

    /// Whether the rules keep state or have outputs, so that a [session](Rules::session) runs them, and not an [instance](Rules::instance).
    pub fn is_stateful(&self) -> bool {
        self.linked.is_stateful()
    }

    pub(crate) fn linked(&self) -> &Arc<Linked> {
        &self.linked
    }

    /// The backend that has compiled them.
    pub fn backend(&self) -> BackendId {
        self.backend
    }

    /// The names of the rules, in their order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.program().rules.iter().map(|rule| rule.name.as_str())
    }

    /// The rule of this name.
    pub fn rule(&self, name: &str) -> Option<RuleId> {
        self.names().position(|it| it == name).map(RuleId)
    }

    /// One thread's way to ask the rules about structs, one by one. Of rules that keep state, it is a stream of records of its own, with tables
    /// that are empty at first: see [`Evaluator::session`].
    ///
    /// # Errors
    /// See [`EvaluatorError`].
    pub fn evaluator(&self) -> Result<Evaluator, EvaluatorError> {
        Evaluator::new(self)
    }

    /// What a thread needs to run the rules.
    ///
    /// # Errors
    /// See [`InstantiateError`]. Rules that keep state or have outputs are run by a [session](Rules::session), or an
    /// [evaluator](Rules::evaluator).
    pub fn instance(&self) -> Result<Box<dyn Instance>, InstantiateError> {
        if self.linked.is_stateful() {
            let why =
                "the rules keep state or have outputs; `Rules::session` runs them on batches, and `Rules::evaluator` on records one by one";
            return Err(InstantiateError::new(self.backend, why));
        }
        self.compiled.instantiate(&self.limits)
    }

    /// A stream of records for rules that keep state or have outputs: with empty tables, and no sinks yet.
    ///
    /// # Errors
    /// [`SessionError::Instantiate`], or [`SessionError::Misused`] where the rules do neither.
    pub fn session(&self) -> Result<Session, SessionError> {
        self.session_on(1)
    }

    /// The same, for so many threads to share the records of large batches by key, where rules allow it: see [`Session::new`].
    ///
    /// # Errors
    /// As [`Rules::session`].
    pub fn session_on(&self, threads: usize) -> Result<Session, SessionError> {
        let instances = (0..threads.max(1)).map(|_| self.tests()).collect::<Result<_, _>>()?;
        Session::new(self.linked.clone(), instances)
    }

    /// What a thread needs to run what rules that keep state say of a record alone, for [`Session::finish`] to make answers of. Of rules that
    /// keep none, it is an [instance](Rules::instance).
    ///
    /// # Errors
    /// See [`InstantiateError`].
    pub fn tests(&self) -> Result<Box<dyn Instance>, InstantiateError> {
        self.compiled.instantiate(&self.limits)
    }

    /// The scheme of the records that the rules run on.
    pub fn scheme(&self) -> &Scheme {
        self.linked.scheme()
    }

    /// One rule alone, to be asked about records one by one.
    ///
    /// # Errors
    /// See [`InstantiateError`], and where there is no such rule.
    pub fn filter(&self, rule: RuleId) -> Result<Filter, InstantiateError> {
        let rules = self.program().rules.len();
        if rule.0 >= rules {
            return Err(InstantiateError::new(
                self.backend,
                format_args!("there is no rule {}; the program has {rules}, counted from 0", rule.0),
            ));
        }
        Ok(Filter::new(self.instance()?, rule.0))
    }

    /// A function of the rules' text, for the host to call. All functions are there, also those that no rule calls.
    ///
    /// # Errors
    /// See [`NotCallable`].
    pub fn function(&self, name: &str) -> Result<Callable, NotCallable> {
        Callable::find(&self.linked, name)
    }

    /// The program that was compiled, with its rules' names and expressions; where rules keep state, what they say of a record alone.
    pub fn program(&self) -> &Program {
        self.linked.program()
    }

    /// The compiled form.
    pub fn compiled(&self) -> &Arc<dyn Compiled> {
        &self.compiled
    }
}
