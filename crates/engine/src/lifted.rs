//! Rules some of whose calls are made for whole batches.

use std::sync::{Arc, OnceLock};

use quintet_lang::{Program, Scheme};
use quintet_runtime::{BackendId, Instance, InstantiateError, Library, Lifted, Lifts, LinkError, Linked, RunError};

use crate::engine::{Engine, Error, Rules};

/// Rules that read what calls answer which were made before them for a whole batch, with what is needed to run them as they are written where that
/// does not do. See [`Lifts`].
pub struct LiftedRules {
    lifts: Lifts,
    library: Library,
    fast: Rules,
    exact: Arc<Exact>,
}

/// The rules as they are written, compiled when they are first needed.
struct Exact {
    engine: Engine,
    backend: BackendId,
    linked: Arc<Linked>,
    rules: OnceLock<Result<Rules, String>>,
}

impl Engine {
    /// The calls of a program that pay to be made for whole batches.
    pub fn lifts(&self, program: &Program) -> Lifts {
        Lifts::of(program, self.library())
    }

    /// Compiles rules, with calls of theirs made for whole batches; none where no call pays to be. Records are of [`LiftedRules::scheme`], which has
    /// further fields than `scheme`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn compile_lifted(&self, source: &str, scheme: &Scheme, backend_id: &str) -> Result<Option<LiftedRules>, Error> {
        let backend = crate::backend(backend_id)?;
        let program = self.check(source, scheme)?;
        let lifts = self.lifts(&program);
        // Where a field has the name of what would be lifted, nothing is.
        let Some(scheme) = (!lifts.is_empty()).then(|| lifts.declare(scheme).ok()).flatten() else { return Ok(None) };
        let program = program.projected(&scheme).map_or_else(|| self.check(source, &scheme), Ok)?;
        let lifts = self.lifts(&program);
        let fast = self.compile_linked(&self.link_lifted(&program, &lifts)?, &*backend)?;
        Ok(Some(LiftedRules::new(self, lifts, fast, self.link(program)?)))
    }

    /// Prepares the program that reads what calls answer: `program` is of a scheme that [`Lifts::declare`] has made, or of a projection of one, and
    /// `lifts` are its.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn link_lifted(&self, program: &Program, lifts: &Lifts) -> Result<Arc<Linked>, LinkError> {
        self.link(lifts.apply(program))
    }
}

impl LiftedRules {
    /// For what [`Engine::link_lifted`] links, compiled, and `linked`, the program as it is written.
    pub fn new(engine: &Engine, lifts: Lifts, fast: Rules, linked: Arc<Linked>) -> LiftedRules {
        let exact = Exact { engine: engine.clone(), backend: fast.backend(), linked, rules: OnceLock::new() };
        LiftedRules { lifts, library: engine.library().clone(), fast, exact: Arc::new(exact) }
    }

    /// The scheme of the records.
    pub fn scheme(&self) -> &Scheme {
        self.fast.scheme()
    }

    /// What a thread needs to run them.
    ///
    /// # Errors
    /// See [`InstantiateError`].
    pub fn instance(&self) -> Result<Lifted, InstantiateError> {
        let (fast, exact) = (self.fast.instance()?, self.exact.clone());
        let make = Box::new(move || exact.instance());
        Lifted::new(&self.lifts, (self.fast.linked(), &self.library), fast, make)
            .ok_or_else(|| InstantiateError::new(self.fast.backend(), "a function has no form for many calls any more"))
    }
}

impl Exact {
    fn instance(&self) -> Result<Box<dyn Instance>, RunError> {
        let compile = || {
            let backend = crate::backend(&self.backend.to_string()).map_err(|e| e.to_string())?;
            self.engine.compile_linked(&self.linked, &*backend).map_err(|e| e.to_string())
        };
        let rules = self.rules.get_or_init(compile).as_ref().map_err(|e| RunError::new(self.backend, e))?;
        rules.instance().map_err(|e| RunError::new(self.backend, e))
    }
}
