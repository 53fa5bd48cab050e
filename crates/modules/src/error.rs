//! Why a module cannot be loaded.

use std::fmt;

/// Why a module cannot be loaded, in a sentence that names it.
#[derive(Debug, thiserror::Error)]
#[error("module `{module}`: {message}")]
pub struct ModuleError {
    module: String,
    message: String,
}

impl ModuleError {
    /// The error of the module of this name.
    #[cold]
    pub(crate) fn new(module: &str, message: impl fmt::Display) -> ModuleError {
        ModuleError { module: module.into(), message: message.to_string() }
    }

    /// The module's name.
    pub fn module(&self) -> &str {
        &self.module
    }

    /// What is wrong with it.
    pub fn message(&self) -> &str {
        &self.message
    }
}
