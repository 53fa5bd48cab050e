//! Programs that nobody can have altered.

use std::ops::Deref;

use crate::ast::Program;
use crate::diagnostic::Diagnostics;
use crate::limits::Limits;
use crate::passes::{Passes, rewrite};
use crate::scheme::Scheme;
use crate::{compile, compile_value};

/// A program as the checker has made it, or passes after it. It can be looked at and not be changed, so it is [valid](crate::validate) as it
/// is; a [`Program`] by itself may be from elsewhere.
///
/// ```
/// use quintet_lang::{Checked, Passes, Scheme, Type};
/// let scheme = Scheme::builder().mandatory("x", Type::Int).build().unwrap();
/// let checked = Checked::rules("x == 1 or x == 2", &scheme, &Default::default()).unwrap();
/// assert_eq!(checked.optimised(&Passes::default()).to_string(), "x in {1..2}\n");
/// ```
#[derive(Clone, Debug)]
pub struct Checked(Program);

impl Checked {
    /// Parses and checks rules, as [`compile`](crate::compile) does.
    ///
    /// # Errors
    /// Everything that is wrong with the text.
    pub fn rules(source: &str, scheme: &Scheme, limits: &Limits) -> Result<Checked, Diagnostics> {
        compile(source, scheme, limits).map(Checked)
    }

    /// Parses and checks one expression of any type, as [`compile_value`](crate::compile_value) does.
    ///
    /// # Errors
    /// Everything that is wrong with the text.
    pub fn value(source: &str, scheme: &Scheme, limits: &Limits) -> Result<Checked, Diagnostics> {
        compile_value(source, scheme, limits).map(Checked)
    }

    /// An equal program after these passes.
    #[inline]
    pub fn optimised(mut self, passes: &Passes) -> Checked {
        rewrite(&mut self.0, passes);
        self
    }

    /// The program, which may be changed from now on.
    #[inline]
    pub fn into_program(self) -> Program {
        self.0
    }
}

impl Deref for Checked {
    type Target = Program;

    #[inline]
    fn deref(&self) -> &Program {
        &self.0
    }
}
