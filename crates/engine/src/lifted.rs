//! Rules that have in common what is found out for whole batches.

use std::sync::{Arc, OnceLock};

use quintet_lang::Scheme;
use quintet_runtime::{BackendId, Instance, InstantiateError, Library, Lifted, Lifts, LinkError, Linked, RunError};

use crate::engine::{Engine, Error, Rules};

/// Rules that read what was found out before them for a whole batch, with what is needed to run them as they are written where that does not do.
/// See [`Lifts`].
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
    /// What of a linked program pays to be found out for whole batches before its rules run. Calls and look-ups that rules share, and that no
    /// function answers for many records at once, are among it unless the pass `share` is off.
    pub fn lifts(&self, linked: &Linked) -> Lifts {
        Lifts::of(linked, self.library(), self.passes().share)
    }

    /// Compiles rules, with what they have in common found out for whole batches; none where nothing pays to be. Records are of
    /// [`LiftedRules::scheme`], which has further fields than `scheme`.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn compile_lifted(&self, source: &str, scheme: &Scheme, backend_id: &str) -> Result<Option<LiftedRules>, Error> {
        let backend = crate::backend(backend_id)?;
        let linked = self.link(self.check(source, scheme)?)?;
        let lifts = self.lifts(&linked);
        // Where a field has the name of what would be lifted, nothing is.
        let Some(wider) = (!lifts.is_empty()).then(|| lifts.declare(scheme).ok()).flatten() else { return Ok(None) };
        let Some((lifts, exact)) = self.widened(&lifts, &linked, &wider)? else { return Ok(None) };
        let fast = self.compile_linked(&self.link_lifted(&exact, &lifts)?, &*backend)?;
        Ok(Some(LiftedRules::new(self, lifts, fast, exact)))
    }

    /// A linked program, and what is lifted out of it, for a scheme that [`Lifts::declare`] has made; none where the scheme lacks a field of the
    /// program's.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn widened(&self, lifts: &Lifts, linked: &Linked, scheme: &Scheme) -> Result<Option<(Lifts, Arc<Linked>)>, LinkError> {
        let (Some(program), Some(lifts)) = (linked.program().clone().projected(scheme), lifts.projected(linked.scheme(), scheme)) else {
            return Ok(None);
        };
        Ok(Some((lifts, self.link(program)?)))
    }

    /// Prepares the program that reads what is lifted: both are what [`Engine::widened`] answers.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn link_lifted(&self, exact: &Linked, lifts: &Lifts) -> Result<Arc<Linked>, LinkError> {
        self.link(lifts.apply(exact))
    }
}

impl LiftedRules {
    /// For what [`Engine::link_lifted`] links, compiled, and `linked`, the program as it is written, of the same scheme.
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
