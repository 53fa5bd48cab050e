//! What runs a module's items: WebAssembly, or the host itself.

use std::sync::Arc;

use quintet_lang::Type;
use quintet_runtime::{Argument, Many, Scratch, Trap, Value};

use crate::declaration::Declaration;

/// Types of parameters, and as many arguments.
pub(crate) type Args<'r, 'a> = (&'r [Type], &'r [Value<'a>]);

/// What runs the items of a declaration, on any thread.
pub(crate) trait Runs: Send + Sync {
    /// What there is.
    fn declaration(&self) -> &Declaration;

    /// Calls a function or formatter on arguments of these types, its own; nil where it answers nil.
    fn call<'a>(&self, item: usize, args: Args<'_, 'a>, result: &Type, scratch: &'a Scratch) -> Result<Value<'a>, Trap>;

    /// What calls a function for many records at once, where that is less than calling it for each.
    fn many(this: &Arc<Self>, item: usize, args: &[Argument]) -> Option<Box<dyn Many>>
    where
        Self: Sized;

    /// Calls a parser on a text. Answers whether it made something of it; `set` is told of each field that is set then, by its place.
    fn parse<'a>(&self, item: usize, text: &'a [u8], scratch: &'a Scratch, set: &mut dyn FnMut(usize, Value<'a>)) -> Result<bool, Trap>;
}
