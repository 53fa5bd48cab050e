//! Value expressions.

use quintet_lang::{Program, Type};
use quintet_runtime::{InstantiateError, ValueInstance};

use crate::engine::Rules;

/// A compiled expression of any type, ready to be instantiated by any number of threads. [`Engine::compile_value`] makes it.
///
/// [`Engine::compile_value`]: crate::Engine::compile_value
#[derive(Clone, Debug)]
pub struct Expression {
    rules: Rules,
}

impl Expression {
    pub(crate) fn new(rules: Rules) -> Expression {
        Expression { rules }
    }

    /// What a thread needs to evaluate the expression.
    ///
    /// # Errors
    /// See [`InstantiateError`].
    pub fn instance(&self) -> Result<ValueInstance, InstantiateError> {
        Ok(ValueInstance::new(self.rules.instance()?, self.program()))
    }

    /// The type of the value.
    pub fn ty(&self) -> &Type {
        // The engine compiles nothing but value programs to expressions.
        self.program().value().map_or(&Type::Bool, |e| &e.ty)
    }

    /// The program that was compiled: a function without parameters that answers the value.
    pub fn program(&self) -> &Program {
        self.rules.program()
    }
}
