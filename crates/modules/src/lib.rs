//! Modules: functions, parsers and formatters for rules, written in any language that compiles to WebAssembly, and loaded at run time.
//!
//! A module is core WebAssembly without imports: it is given values and answers values, and reaches nothing else. What it has is said by its
//! [`Declaration`], in the language's own types, which is read without running code. [`Loader::load`] makes a [`Module`] of a file's bytes;
//! its functions go into a [`Library`](quintet_runtime::Library) and are called by rules like those of the host, on every backend.
//!
//! # Memory
//! Texts and arrays of a batch in shared memory ([`ArenaKind::Shared`](quintet_runtime::ArenaKind::Shared)) are not copied: the batch is
//! mapped, for reading, into the module's own memory, and the module is given addresses there. What a function answers may be a part of an
//! argument, and is not copied either. A write to a batch is a trap. Other arguments, and all where the system has no such mappings or no
//! addresses left for them, are copied in; [`Module::reads_in_place`] says which it is.
//!
//! # What a module cannot do
//! A call has a budget of fuel, the same for the same work; behind that, in case a processor is very slow, is a limit of time. Memory grows to a
//! bound. Whatever ends a call ends that call alone: the module is instantiated anew, and every other record is answered. What it answers is looked at before
//! it is used. See [`ModuleLimits`].

mod builtin;
#[cfg(feature = "loader")]
mod cells;
#[cfg(feature = "loader")]
mod column;
mod declaration;
#[cfg(feature = "loader")]
mod engine;
#[cfg(feature = "loader")]
mod error;
mod formatter;
mod function;
#[cfg(feature = "loader")]
mod inspect;
#[cfg(feature = "loader")]
mod instance;
#[cfg(feature = "loader")]
mod limits;
#[cfg(feature = "loader")]
mod loader;
mod module;
mod parser;
#[cfg(feature = "loader")]
mod places;
#[cfg(feature = "loader")]
mod rewrite;
mod runs;
mod text;
#[cfg(feature = "loader")]
mod wasm;
#[cfg(all(feature = "loader", target_os = "linux"))]
mod window;

pub use builtin::builtin;
#[cfg(feature = "loader")]
pub use column::Column;
pub use declaration::{Declaration, DeclarationError, Field, Item, Shape};
#[cfg(feature = "loader")]
pub use error::ModuleError;
pub use formatter::{FormatError, Formatter};
#[cfg(feature = "loader")]
pub use inspect::{SECTION, declaration, normalise};
#[cfg(feature = "loader")]
pub use limits::ModuleLimits;
#[cfg(feature = "loader")]
pub use loader::{LOADER_VERSION, Loader};
pub use module::Module;
pub use parser::{Bound, Parsed, Parser, Parsers};
#[cfg(feature = "loader")]
pub use quintet_cache::{Cache, CacheError, Looked};
