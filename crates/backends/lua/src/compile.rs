//! From a linked program to bytecode.

use std::sync::{Arc, OnceLock};

use quintet_lang::{Limits, Marked};
use quintet_runtime::{
    Artifact, Backend, BackendId, CompileError, Compiled, Emit, EmitError, Instance, InstantiateError, Linked, Traits, Unsupported,
};

use crate::chunk::{calls, chunk, record};
use crate::config::Config;
use crate::data::{Data, Tables};
use crate::entry::Cells;
use crate::instance::Runner;
use crate::pool::Pool;
use crate::source::{source, source_marked};

/// The backend.
///
/// ```
/// use quintet_runtime::Backend;
///
/// assert_eq!(quintet_lua::LuaJit::new().id().to_string(), "lua");
/// assert_eq!(quintet_lua::LuaJit::without_jit().id().to_string(), "lua-nojit");
/// ```
pub struct LuaJit {
    /// States that compile and run.
    pool: Arc<Pool>,
}

impl LuaJit {
    /// LuaJIT with its trace compiler.
    pub fn new() -> LuaJit {
        LuaJit::with(Config { jit: true, eager: false })
    }

    /// LuaJIT's interpreter alone.
    pub fn without_jit() -> LuaJit {
        LuaJit::with(Config { jit: false, eager: false })
    }

    /// LuaJIT with a trace compiler that compiles what runs a second time. Only for tests, which would reach little of it otherwise.
    #[doc(hidden)]
    pub fn eager() -> LuaJit {
        LuaJit::with(Config { jit: true, eager: true })
    }

    fn with(config: Config) -> LuaJit {
        LuaJit { pool: Pool::new(config) }
    }
}

impl Default for LuaJit {
    fn default() -> Self {
        LuaJit::new()
    }
}

impl std::fmt::Debug for LuaJit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LuaJit").field("config", &self.pool.config()).finish_non_exhaustive()
    }
}

impl Backend for LuaJit {
    fn id(&self) -> BackendId {
        self.pool.config().id()
    }

    fn traits(&self) -> Traits {
        self.pool.config().traits()
    }

    fn supports(&self, _program: &Linked) -> Result<(), Unsupported> {
        Ok(())
    }

    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError> {
        program.fits_code().map_err(|e| CompileError::new(self.id(), e))?;
        let mut data = Data::default();
        let source = chunk(program, &mut data);
        let bytecode = compiled(&self.pool, &source).map_err(|e| CompileError::new(self.id(), e))?;
        let (program, pool, tables) = (program.clone(), self.pool.clone(), data.finish());
        let chunk = Chunk { program, pool, bytecode, tables, calls: OnceLock::new(), record: OnceLock::new() };
        if chunk.program.program().rules.is_empty() {
            // Nothing else is ever run.
            chunk.calls(|source| compiled(&self.pool, source)).map_err(|e| CompileError::new(self.id(), e))?;
        }
        Ok(Arc::new(Executable(Arc::new(chunk))))
    }

    fn emits(&self) -> &'static [Emit] {
        &[Emit::Lua]
    }

    fn emit(&self, program: &Arc<Linked>, form: Emit) -> Result<String, EmitError> {
        match form {
            Emit::Lua => source(program).map_err(|e| EmitError::new(self.id(), e)),
            _ => Err(EmitError::new(self.id(), format_args!("it makes Lua source of a program, and no {}", form.name()))),
        }
    }

    fn emit_marked(&self, program: &Arc<Linked>, form: Emit) -> Result<Marked, EmitError> {
        match form {
            Emit::Lua => source_marked(program).map_err(|e| EmitError::new(self.id(), e)),
            _ => self.emit(program, form).map(Marked::of),
        }
    }
}

fn compiled(pool: &Arc<Pool>, source: &str) -> mlua::Result<Vec<u8>> {
    pool.take().and_then(|state| state.compile(source))
}

/// A compiled program. Bytecode refers to the addresses in `tables` and, through them, to the program.
pub(crate) struct Chunk {
    pub(crate) program: Arc<Linked>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) bytecode: Vec<u8>,
    pub(crate) tables: Tables,
    calls: OnceLock<Result<Calls, String>>,
    /// What makes the function for one record.
    record: OnceLock<Result<Vec<u8>, String>>,
}

/// By which the host calls functions.
pub(crate) struct Calls {
    pub(crate) bytecode: Vec<u8>,
    pub(crate) tables: Tables,
    /// By function.
    pub(crate) cells: Vec<Option<Cells>>,
}

impl Chunk {
    /// The configuration that it was compiled by.
    pub(crate) fn id(&self) -> BackendId {
        self.pool.config().id()
    }

    /// By which the host calls functions; made when it is first asked for, by `compile`, so that programs whose functions only rules call do
    /// not take longer to compile.
    pub(crate) fn calls(&self, compile: impl FnOnce(&str) -> mlua::Result<Vec<u8>>) -> Result<&Calls, &str> {
        let made = self.calls.get_or_init(|| {
            let mut data = Data::default();
            let (source, cells) = calls(&self.program, &mut data);
            let bytecode = compile(&source).map_err(|e| e.to_string())?;
            Ok(Calls { bytecode, tables: data.finish(), cells })
        });
        made.as_ref().map_err(String::as_str)
    }

    /// The bytecode of [`record`]; made when it is first asked for, by `compile`, as batches and single rules do without it.
    pub(crate) fn record(&self, compile: impl FnOnce(&str) -> mlua::Result<Vec<u8>>) -> Result<&[u8], &str> {
        let made = self.record.get_or_init(|| compile(&record(&self.program)).map_err(|e| e.to_string()));
        made.as_deref().map_err(String::as_str)
    }
}

struct Executable(Arc<Chunk>);

impl Compiled for Executable {
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError> {
        let runner = Runner::new(self.0.clone(), limits).map_err(|e| InstantiateError::new(self.0.id(), e))?;
        Ok(Box::new(runner))
    }

    fn artifact(&self) -> Artifact {
        let calls = self.0.calls.get().and_then(|calls| calls.as_ref().ok());
        let (code, data) = calls.map_or((0, 0), |calls| (calls.bytecode.len(), calls.tables.size()));
        let record = self.0.record.get().and_then(|record| record.as_ref().ok()).map_or(0, Vec::len);
        Artifact { code_bytes: self.0.bytecode.len() + code + record, data_bytes: self.0.tables.size() + data }
    }
}
