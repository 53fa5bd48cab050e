//! Modules of an engine: their functions, and the parsers that set fields of records.

#[cfg(all(feature = "modules", feature = "wasm"))]
use std::sync::Arc;

use quintet_lang::{FieldId, Scheme, SchemeError};
use quintet_modules::{Module, Parsers};

pub use quintet_modules::Bound;

use crate::engine::Engine;
#[cfg(all(feature = "modules", feature = "wasm"))]
use crate::engine::Rules;
use crate::registry::backends;

/// The backends whose machine code can be kept for another process: its addresses are those that it is loaded at. That of `jit` has the
/// addresses of one process in it.
#[cfg(all(feature = "modules", feature = "wasm"))]
pub const KEEPING: [&str; 2] = ["wasm", "wasm-winch"];

/// A module has a function of a name that is taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("module `{module}`: there is a function `{function}` already")]
pub struct Taken {
    module: String,
    function: String,
}

impl Engine {
    /// The same engine with what these modules have: rules may call their functions, and use the fields that their parsers set.
    ///
    /// # Errors
    /// There is a function of the same name.
    pub fn with_modules(mut self, modules: &[Module]) -> Result<Engine, Taken> {
        for module in modules {
            for (signature, function) in module.functions() {
                if self.library().get(&signature.name).is_some() {
                    return Err(Taken { module: module.name().into(), function: signature.name });
                }
                self.library_mut().add([(signature, function)]);
            }
        }
        let parsers = modules.iter().flat_map(Module::parsers);
        self.parsers = Parsers::new(self.parsers.all().iter().cloned().chain(parsers).collect());
        Ok(self)
    }

    /// The same engine with other parsers.
    pub fn with_parsers(mut self, parsers: Parsers) -> Engine {
        self.parsers = parsers;
        self
    }

    /// The parsers that set fields.
    pub fn parsers(&self) -> &Parsers {
        &self.parsers
    }

    /// A scheme that has the fields which the parsers set as well.
    ///
    /// # Errors
    /// A field has a name that is taken.
    pub fn declare_parsed(&self, scheme: &Scheme) -> Result<Scheme, SchemeError> {
        self.parsers.declare(scheme)
    }

    /// The parsers that set fields of a scheme, ready to run on its records: [`Bound::apply`] does, on batches of records before rules run on
    /// them.
    ///
    /// # Errors
    /// The condition of a parser is wrong.
    pub fn bind_parsers(&self, scheme: &Scheme) -> Result<Bound, String> {
        let all = backends();
        // What a condition costs to compile counts for more than what it costs to run.
        let quick = all.iter().find(|backend| backend.id().name == "closures").or(all.first());
        self.parsers.bind(scheme, &|condition, scheme| {
            let backend = quick.ok_or("this build has no backend")?;
            let id = backend.id().to_string();
            self.compile(condition, scheme, &id).map(|rules| rules.compiled().clone()).map_err(|e| e.to_string())
        })
    }

    /// Compiles a linked program with a backend that can keep machine code ([`KEEPING`]), or takes what was compiled before from a cache.
    /// Answers what came of looking; [`Looked::Nowhere`](quintet_modules::Looked::Nowhere) where the backend is another, which compiles.
    ///
    /// # Errors
    /// See [`Error`](crate::Error).
    #[cfg(all(feature = "modules", feature = "wasm"))]
    pub fn compile_kept(
        &self,
        linked: &Arc<quintet_runtime::Linked>,
        backend_id: &str,
        cache: &quintet_modules::Cache,
    ) -> Result<(Rules, quintet_modules::Looked), crate::Error> {
        let wasm = match backend_id {
            "wasm" => quintet_wasm::Wasm::new(),
            "wasm-winch" => quintet_wasm::Wasm::winch(),
            id => {
                let rules = self.compile_linked(linked, &*crate::backend(id)?)?;
                return Ok((rules, quintet_modules::Looked::Nowhere));
            }
        };
        let (compiled, looked) = wasm.compile_kept(linked, cache)?;
        Ok((Rules::of(linked, compiled, quintet_runtime::Backend::id(&wasm), self.limits()), looked))
    }

    /// Adds the fields that parsers need to set those that are used.
    pub(crate) fn add_parsed(&self, scheme: &Scheme, used: &mut Vec<FieldId>) {
        let fields = |condition: &str, scheme: &Scheme| self.check(condition, scheme).map_or_else(|_| Vec::new(), |p| p.used_fields());
        self.parsers.needs(scheme, used, &fields);
    }
}
