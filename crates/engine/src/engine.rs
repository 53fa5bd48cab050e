//! From source text to something that runs.

use std::sync::Arc;

use quintet_lang::diagnostic::Diagnostics;
use quintet_lang::{Checked, Limits, Passes, Program, Scheme, optimise, rewrite};
use quintet_runtime::{Backend, CompileError, Compiled, Instance, InstantiateError, Library, LinkError, Linked, Lists};

use crate::expression::Expression;
use crate::registry::{UnknownBackend, find};

/// What rules are compiled with: functions, named lists, limits and optimising passes.
#[derive(Clone)]
pub struct Engine {
    library: Library,
    lists: Lists,
    limits: Limits,
    passes: Passes,
}

/// Compiled rules, ready to be instantiated by any number of threads.
#[derive(Clone)]
pub struct Rules {
    linked: Arc<Linked>,
    compiled: Arc<dyn Compiled>,
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

impl Default for Engine {
    fn default() -> Self {
        Engine::new()
    }
}

impl Engine {
    /// The standard functions, no lists, the default limits, all passes.
    pub fn new() -> Engine {
        Engine { library: Library::standard(), lists: Lists::new(), limits: Limits::default(), passes: Passes::default() }
    }

    /// The same engine with other functions.
    pub fn with_library(mut self, library: Library) -> Engine {
        self.library = library;
        self
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
        projected(scheme, |scheme| self.check(source, scheme))
    }

    /// Parses and checks one expression of any type. The program hands over its value; see [`Program::value`].
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
        projected(scheme, |scheme| self.check_value(source, scheme))
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
        Linked::new(program, &self.library, &self.lists, &self.limits)
    }

    /// The same for a program that nobody can have altered since it was checked, and that need not be looked through therefore.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn link_checked(&self, checked: Checked) -> Result<Arc<Linked>, LinkError> {
        Linked::of_checked(checked.optimised(&self.passes), &self.library, &self.lists, &self.limits)
    }

    /// Compiles rules with the backend that has this id, as in [`backends`](crate::backends).
    ///
    /// # Errors
    /// See [`Error`].
    pub fn compile(&self, source: &str, scheme: &Scheme, backend_id: &str) -> Result<Rules, Error> {
        let backend = find(backend_id)?;
        let checked = Checked::rules(source, scheme, &self.limits)?;
        self.lists.check(&checked, source)?;
        self.compile_linked(&self.link_checked(checked)?, &**backend).map_err(Error::Compile)
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

    /// Compiles a linked program with a backend.
    ///
    /// # Errors
    /// See [`CompileError`].
    pub fn compile_linked(&self, linked: &Arc<Linked>, backend: &dyn Backend) -> Result<Rules, CompileError> {
        Ok(Rules { linked: linked.clone(), compiled: backend.compile(linked)?, limits: self.limits.clone() })
    }
}

/// The program that `check` makes against the part of the scheme that the program uses.
fn projected(scheme: &Scheme, check: impl Fn(&Scheme) -> Result<Program, Diagnostics>) -> Result<Program, Diagnostics> {
    let used = check(scheme)?.used_fields();
    check(&scheme.project(|id, _| used.binary_search(&id).is_ok()))
}

impl Rules {
    /// What a thread needs to run the rules.
    ///
    /// # Errors
    /// See [`InstantiateError`].
    pub fn instance(&self) -> Result<Box<dyn Instance>, InstantiateError> {
        self.compiled.instantiate(&self.limits)
    }

    /// The program that was compiled, with its rules' names and expressions.
    pub fn program(&self) -> &Program {
        self.linked.program()
    }

    /// The compiled form.
    pub fn compiled(&self) -> &Arc<dyn Compiled> {
        &self.compiled
    }
}
