//! A module, loaded or built in.

use std::sync::Arc;

#[cfg(feature = "loader")]
use quintet_lang::FieldId;
use quintet_lang::signature::Signature;
#[cfg(feature = "loader")]
use quintet_runtime::Argument;
use quintet_runtime::Function;

use crate::builtin::Builtin;
#[cfg(feature = "loader")]
use crate::column::Column;
use crate::declaration::{Declaration, Item, Shape};
use crate::formatter::Formatter;
use crate::function::ModuleFunction;
use crate::parser::Parser;
use crate::runs::Runs;
#[cfg(feature = "loader")]
use crate::wasm::Wasm;

/// A module: what it has, ready to be called from any thread. Cloning one clones a reference.
#[derive(Clone)]
pub struct Module {
    name: String,
    code: Code,
}

#[derive(Clone)]
enum Code {
    #[cfg(feature = "loader")]
    Wasm(Arc<Wasm>),
    Builtin(Arc<Builtin>),
}

impl Module {
    #[cfg(feature = "loader")]
    pub(crate) fn loaded(name: &str, wasm: Wasm) -> Module {
        Module { name: name.into(), code: Code::Wasm(Arc::new(wasm)) }
    }

    pub(crate) fn built_in(builtin: Builtin) -> Module {
        Module { name: "built in".into(), code: Code::Builtin(Arc::new(builtin)) }
    }

    /// The name that it was loaded under.
    pub fn name(&self) -> &str {
        &self.name
    }

    fn runs(&self) -> Arc<dyn Runs> {
        match &self.code {
            #[cfg(feature = "loader")]
            Code::Wasm(wasm) => wasm.clone(),
            Code::Builtin(builtin) => builtin.clone(),
        }
    }

    /// What it has.
    pub fn declaration(&self) -> &Declaration {
        match &self.code {
            #[cfg(feature = "loader")]
            Code::Wasm(wasm) => wasm.declaration(),
            Code::Builtin(builtin) => builtin.declaration(),
        }
    }

    /// Whether arguments that are part of a batch in shared memory are read where they are; else they are copied for each call.
    pub fn reads_in_place(&self) -> bool {
        match &self.code {
            #[cfg(feature = "loader")]
            Code::Wasm(wasm) => wasm.places.kind != crate::places::Kind::Copied,
            Code::Builtin(_) => true,
        }
    }

    /// Its functions, for [`Library::add`](quintet_runtime::Library::add).
    pub fn functions(&self) -> Vec<(Signature, Arc<dyn Function>)> {
        let function = |place: usize| -> Option<Arc<dyn Function>> {
            Some(match &self.code {
                #[cfg(feature = "loader")]
                Code::Wasm(wasm) => Arc::new(ModuleFunction::new(wasm.clone(), place)?),
                Code::Builtin(builtin) => Arc::new(ModuleFunction::new(builtin.clone(), place)?),
            })
        };
        let of = |(place, item): (usize, &Item)| Some((item.signature()?, function(place)?));
        self.declaration().items().iter().enumerate().filter_map(of).collect()
    }

    /// A function with these fields as arguments, for all records of a batch at once; none where it has no form for that, answers
    /// Bytes or an array, or is built in.
    #[cfg(feature = "loader")]
    pub fn column(&self, function: &str, fields: &[FieldId]) -> Option<Column> {
        match &self.code {
            Code::Wasm(wasm) => {
                let item = wasm.declaration().items().iter().position(|item| item.name == function)?;
                let args: Vec<Argument> = fields.iter().copied().map(Argument::Field).collect();
                Column::new(wasm, item, &args)
            }
            Code::Builtin(_) => None,
        }
    }

    /// Its parsers.
    pub fn parsers(&self) -> Vec<Parser> {
        (0..self.declaration().items().len()).filter_map(|place| Parser::new(self.runs(), place)).collect()
    }

    /// The formatter of this name.
    pub fn formatter(&self, name: &str) -> Option<Formatter> {
        let items = self.declaration().items();
        let place = items.iter().position(|item| item.name == name && matches!(item.shape, Shape::Formatter { .. }))?;
        Some(Formatter::new(self.runs(), place))
    }
}

impl std::fmt::Debug for Module {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Module").field("name", &self.name).finish_non_exhaustive()
    }
}
