//! Functions of modules as rules call them.

use std::sync::Arc;

use quintet_lang::Type;
use quintet_runtime::{Argument, Function, Many, Scratch, Trap, Value};

use crate::declaration::{Field, Shape};
use crate::runs::Runs;

/// One function of a module.
pub(crate) struct ModuleFunction<R> {
    runs: Arc<R>,
    /// Among the items.
    item: usize,
    params: Vec<Type>,
    result: Type,
    /// Which parameters must not be nil, where some may be.
    needed: Option<Vec<bool>>,
}

impl<R: Runs> ModuleFunction<R> {
    /// The function at a place among the items; none where that is no function.
    pub(crate) fn new(runs: Arc<R>, item: usize) -> Option<ModuleFunction<R>> {
        let Shape::Function { params, result, .. } = &runs.declaration().items()[item].shape else { return None };
        let needed = params.iter().map(|Field { nullable, .. }| !nullable).collect::<Vec<_>>();
        // Where none may be nil, such a call is nil without it.
        let needed = needed.contains(&false).then_some(needed);
        let (params, result) = (params.iter().map(|param| param.ty.clone()).collect(), result.clone());
        Some(ModuleFunction { runs, item, params, result, needed })
    }
}

impl<R: Runs> Function for ModuleFunction<R> {
    fn call<'a>(&self, args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        if let Some(needed) = &self.needed
            && args.iter().zip(needed).any(|(arg, needed)| *needed && arg.is_nil())
        {
            return Ok(Value::Nil);
        }
        self.runs.call(self.item, (&self.params, args), &self.result, scratch)
    }

    fn many(&self, args: &[Argument]) -> Option<Box<dyn Many>> {
        R::many(&self.runs, self.item, args)
    }
}
