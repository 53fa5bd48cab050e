//! The configurations: LuaJIT with and without its trace compiler.

use std::sync::Arc;

use quintet_runtime::{Backend, BackendId};

use crate::compile::LuaJit;

/// LuaJIT as it comes, with the trace compiler.
pub const ID: BackendId = BackendId::new("lua");

/// LuaJIT's interpreter alone, for platforms that forbid executable memory.
pub const NOJIT: BackendId = BackendId::with_config("lua", "nojit");

/// Which parts of LuaJIT run the generated code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Config {
    pub(crate) jit: bool,
    /// Whether code is compiled the second time it runs, and not when it has run often: so that tests reach the compiler.
    pub(crate) eager: bool,
}

impl Config {
    pub(crate) fn id(self) -> BackendId {
        if self.jit { ID } else { NOJIT }
    }
}

/// Both configurations, the default one first.
pub fn configurations() -> Vec<Arc<dyn Backend>> {
    vec![Arc::new(LuaJit::new()), Arc::new(LuaJit::without_jit())]
}
