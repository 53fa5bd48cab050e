//! Functions that rules call: the standard ones and those of the host.

mod collections;
mod encoding;
mod hashing;
mod json;
mod network;
mod replace;
mod standard;
mod text;

pub use text::slice;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use quintet_lang::ast::Site;
use quintet_lang::signature::Signature;
use quintet_lang::stdlib;

use standard::Standard;

use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::Value;

/// What a call runs. Arguments have the types that the signature allowed and, unless the signature says
/// [`NilRule::Handled`](quintet_lang::signature::NilRule::Handled), none is nil. Must depend on nothing but its arguments.
pub trait Function: Send + Sync {
    /// Calls the function. What it makes goes to `scratch`, where it counts against the memory limit; answering parts of the
    /// arguments costs nothing.
    ///
    /// # Errors
    /// A trap ends the evaluation of the rule on this record.
    fn call<'a>(&self, args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap>;

    /// As [`call`](Function::call), with a panic as [`Trap::Panic`]. Counts the steps of the call, and what a copy of an array or map that
    /// it answers takes. Backends call functions by this and by nothing else: no panic may unwind into generated code.
    ///
    /// # Errors
    /// As [`call`](Function::call).
    fn guarded<'a>(&self, args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        scratch.steps(call_steps(args))?;
        // What the function shares with others is its own to keep whole; scratch memory is reset before the next rule.
        let result = catch_unwind(AssertUnwindSafe(|| self.call(args, scratch))).unwrap_or(Err(Trap::Panic))?;
        scratch.charge_copy(&result)?;
        Ok(result)
    }
}

/// Steps that a call with these arguments takes, beside those that the function counts itself.
#[inline]
fn call_steps(args: &[Value<'_>]) -> u64 {
    let (mut bytes, mut elements) = (0, 0);
    for arg in args {
        match arg {
            Value::Bytes(text) => bytes += text.len() as u64,
            Value::Array(array) => elements += array.len() as u64,
            Value::Map(map) => elements += map.len() as u64,
            Value::Nil | Value::Bool(_) | Value::Int(_) | Value::Float(_) | Value::Ip(_) => {}
        }
    }
    1 + bytes / 16 + elements
}

impl<F> Function for F
where
    F: for<'a> Fn(&[Value<'a>], &'a Scratch) -> Result<Value<'a>, Trap> + Send + Sync,
{
    fn call<'a>(&self, args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
        self(args, scratch)
    }
}

/// Makes the [`Function`] for one place in a program where it is called: constant arguments can be prepared here.
pub trait Bind: Send + Sync {
    /// The function for this call.
    ///
    /// # Errors
    /// What is wrong with a constant argument, in a sentence.
    fn bind(&self, site: &Site) -> Result<Arc<dyn Function>, String>;
}

/// The function itself, for whom constants make no difference.
struct Same(Arc<dyn Function>);

impl Bind for Same {
    fn bind(&self, _: &Site) -> Result<Arc<dyn Function>, String> {
        Ok(self.0.clone())
    }
}

/// Functions by name: the signatures that a scheme takes, and what runs.
#[derive(Clone, Default)]
pub struct Library {
    signatures: Vec<Signature>,
    binds: HashMap<String, Arc<dyn Bind>>,
}

impl Library {
    /// A library without functions.
    pub fn empty() -> Library {
        Library::default()
    }

    /// The standard functions.
    pub fn standard() -> Library {
        let mut library = Library::empty();
        for signature in stdlib::signatures() {
            if let Some(standard) = Standard::named(&signature.name) {
                library.bind(signature, standard);
            }
        }
        library
    }

    /// Adds a function, in place of one of the same name.
    pub fn function(
        &mut self,
        signature: Signature,
        function: impl for<'a> Fn(&[Value<'a>], &'a Scratch) -> Result<Value<'a>, Trap> + Send + Sync + 'static,
    ) -> &mut Self {
        self.bind(signature, Same(Arc::new(function)))
    }

    /// Adds a function that prepares its constant arguments, in place of one of the same name.
    pub fn bind(&mut self, signature: Signature, bind: impl Bind + 'static) -> &mut Self {
        self.signatures.retain(|s| s.name != signature.name);
        self.binds.insert(signature.name.clone(), Arc::new(bind));
        self.signatures.push(signature);
        self
    }

    /// The signatures, for a scheme.
    pub fn signatures(&self) -> Vec<Signature> {
        self.signatures.clone()
    }

    /// What makes the function with this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Bind>> {
        self.binds.get(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_standard_signature_has_a_function() {
        assert_eq!(Library::standard().signatures(), stdlib::signatures());
    }
}
