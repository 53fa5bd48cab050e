//! The configurations: LuaJIT with and without its trace compiler.

use std::sync::Arc;

use quintet_runtime::{Backend, BackendId, Isolation, Traits};

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

    /// LuaJIT maps executable memory in two places: for traces (`lj_mcode.c`), which the trace compiler alone makes, and for callbacks
    /// from C into Lua (`lj_ccallback.c`), of which generated code makes none. Its interpreter and its calls of C functions are code of
    /// the executable itself. The FFI reaches all memory either way.
    pub(crate) fn traits(self) -> Traits {
        Traits { executable_memory: self.jit, isolation: Isolation::None }
    }
}

/// Both configurations, the default one first.
pub fn configurations() -> Vec<Arc<dyn Backend>> {
    vec![Arc::new(LuaJit::new()), Arc::new(LuaJit::without_jit())]
}
