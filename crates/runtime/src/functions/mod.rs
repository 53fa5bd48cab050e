//! Functions that rules call: the standard ones and those of the host.

mod bound;
mod bytes;
mod caught;
mod collections;
mod encoding;
mod hashing;
mod json;
mod many;
mod network;
mod replace;
mod standard;
mod text;

pub use bound::BoundFunction;
pub(crate) use caught::caught;
pub use many::{Argument, Many, ManyAnswers};
pub use text::slice;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use foldhash::fast::RandomState;
use quintet_lang::ast::Site;
use quintet_lang::signature::Signature;
use quintet_lang::stdlib;

use standard::Standard;

use crate::room::Room;
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::Value;

/// What a call runs. Arguments have the types that the signature allowed and, unless the signature says
/// [`NilRule::Handled`](quintet_lang::signature::NilRule::Handled), none is nil. Must depend on nothing but its arguments.
pub trait Function: Send + Sync {
    /// Calls the function. What it makes goes to `scratch`, where it counts against the memory limit; answering parts of the
    /// arguments costs nothing but what a copy of an array or map takes, and a text from elsewhere costs its length. A call counts a step, one for every 16 bytes of its arguments and one
    /// for each of their elements; what takes longer than that counts further ones by [`Scratch::steps`]. A value that is not of the type
    /// that the signature says, or nil where it does not say [`may_be_nil`](Signature::may_be_nil), is [`Trap::ResultType`], a panic
    /// [`Trap::Panic`].
    ///
    /// # Errors
    /// A trap ends the evaluation of the rule on this record.
    fn call<'a>(&self, args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap>;

    /// What makes its calls with these arguments for many records at once, where that costs less than so many calls and answers what they do. None
    /// where it has no such form.
    fn many(&self, args: &[Argument]) -> Option<Box<dyn Many>> {
        let _ = args;
        None
    }
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

    /// The same within the limits of the program.
    ///
    /// # Errors
    /// As [`bind`](Bind::bind), and what is over a limit.
    fn bind_within(&self, site: &Site, _room: &Room) -> Result<Arc<dyn Function>, String> {
        self.bind(site)
    }

    /// Whether the function for a call has a regular expression, whose cache counts among those of the program.
    fn has_regex(&self) -> bool {
        false
    }
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
    binds: HashMap<String, Entry, RandomState>,
}

/// What a name stands for.
#[derive(Clone)]
struct Entry {
    /// Among the signatures.
    place: usize,
    bind: Arc<dyn Bind>,
    /// The name, where it stands for a function of [`SIMPLE`].
    simple: Option<&'static str>,
}

/// Standard functions that cannot trap but for steps and memory, of which they take no more than what follows from the length of their
/// arguments: no steps beside those of the call, and no memory but for a text as long as the one that `lower` and `upper` fold.
const SIMPLE: [&str; 7] = ["lower", "upper", "len", "starts_with", "ends_with", "contains", "substring"];

impl fmt::Debug for Library {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.signatures.iter().map(|signature| &signature.name)).finish()
    }
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
        for name in SIMPLE {
            if let Some(entry) = library.binds.get_mut(name) {
                entry.simple = Some(name);
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

    /// Adds functions, in place of those of the same names: all of a module, or of a crate of functions.
    pub fn add(&mut self, functions: impl IntoIterator<Item = (Signature, Arc<dyn Function>)>) -> &mut Self {
        for (signature, function) in functions {
            self.bind(signature, Same(function));
        }
        self
    }

    /// Adds a function that prepares its constant arguments, in place of one of the same name.
    pub fn bind(&mut self, signature: Signature, bind: impl Bind + 'static) -> &mut Self {
        if let Some(before) = self.binds.remove(&signature.name) {
            self.signatures.remove(before.place);
            self.binds.values_mut().filter(|entry| entry.place > before.place).for_each(|entry| entry.place -= 1);
        }
        self.binds.insert(signature.name.clone(), Entry { place: self.signatures.len(), bind: Arc::new(bind), simple: None });
        self.signatures.push(signature);
        self
    }

    /// The signatures, for a scheme.
    pub fn signatures(&self) -> Vec<Signature> {
        self.signatures.clone()
    }

    /// The signature of the function with this name.
    pub(crate) fn signature(&self, name: &str) -> Option<&Signature> {
        self.binds.get(name).and_then(|entry| self.signatures.get(entry.place))
    }

    /// The name, where it stands for a function of [`SIMPLE`].
    pub(crate) fn simple(&self, name: &str) -> Option<&'static str> {
        self.binds.get(name)?.simple
    }

    /// What makes the function with this name.
    pub fn get(&self, name: &str) -> Option<&Arc<dyn Bind>> {
        self.binds.get(name).map(|entry| &entry.bind)
    }
}

#[cfg(test)]
mod tests {
    use quintet_lang::Type;
    use quintet_lang::signature::{Param, Pattern};

    use super::*;

    #[test]
    fn every_standard_signature_has_a_function() {
        assert_eq!(Library::standard().signatures(), stdlib::signatures());
    }

    #[test]
    fn a_function_takes_the_place_of_one_of_its_name() {
        let mut library = Library::standard();
        let text = || vec![Param::new("text", Type::Bytes)];
        library.function(Signature::new("lower", text(), Type::Int), |_, _| Ok(Value::Int(1)));
        assert_eq!(library.signature("lower").map(|s| &s.result), Some(&Pattern::Exact(Type::Int)));
        assert_eq!(library.signatures().len(), stdlib::signatures().len());
        for signature in library.signatures() {
            assert_eq!(library.signature(&signature.name), Some(&signature));
            assert!(library.get(&signature.name).is_some(), "{}", signature.name);
        }
    }
}
