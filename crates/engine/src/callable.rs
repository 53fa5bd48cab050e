//! Functions of scripts that the host calls.

use std::sync::Arc;

use quintet_lang::Type;
use quintet_lang::ast::{FnId, Function};
use quintet_runtime::{CallError, Instance, Linked, OwnedValue, RecordRef, Value};

/// A function of compiled rules, to be called by the host. [`Rules::function`](crate::Rules::function) finds it.
#[derive(Clone)]
pub struct Callable {
    linked: Arc<Linked>,
    id: FnId,
}

/// Why a function cannot be called by the host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotCallable {
    /// The rules have no function of this name.
    #[error("the rules have no function `{0}`")]
    Unknown(String),
    /// It works on an array of its caller's, or answers one.
    #[error("`{0}` takes or answers an array of a script, which only functions of the text can have")]
    Array(String),
}

impl std::fmt::Debug for Callable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Callable").field(&self.name()).finish()
    }
}

impl Callable {
    pub(crate) fn find(linked: &Arc<Linked>, name: &str) -> Result<Callable, NotCallable> {
        let functions = &linked.program().functions;
        let found = functions.iter().position(|function| !function.rule && !function.is_value() && function.name == name);
        let place = found.ok_or_else(|| NotCallable::Unknown(name.into()))?;
        if !functions[place].is_callable() {
            return Err(NotCallable::Array(name.into()));
        }
        Ok(Callable { linked: linked.clone(), id: FnId(place as u32) })
    }

    fn function(&self) -> &Function {
        &self.linked.program().functions[self.id.index()]
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.function().name
    }

    /// By which [`Instance::call`] knows it, in programs of these rules alone.
    pub fn id(&self) -> FnId {
        self.id
    }

    /// Its parameters: name, type, and whether it takes nil.
    pub fn params(&self) -> impl Iterator<Item = (&str, &Type, bool)> {
        let function = self.function();
        function.frame.locals.iter().take(function.params as usize).map(|local| (local.name.as_str(), &local.ty, local.nullable))
    }

    /// Its results: type, and whether one may be nil although no argument is.
    pub fn results(&self) -> impl Iterator<Item = (&Type, bool)> {
        self.function().results.iter().map(|answer| (&answer.ty, answer.nullable))
    }

    /// Calls it on a record, with an instance of the rules that it is of; `None` is nil. Whoever calls often spares the list of results with
    /// [`Instance::call`].
    ///
    /// # Errors
    /// See [`CallError`].
    pub fn call(
        &self,
        instance: &mut dyn Instance,
        record: RecordRef<'_>,
        args: &[Value<'_>],
    ) -> Result<Vec<Option<OwnedValue>>, CallError> {
        let mut results = Vec::with_capacity(self.function().results.len());
        instance.call(self.id, record, args, &mut results)?;
        Ok(results)
    }
}
