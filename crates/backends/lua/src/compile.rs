//! From a linked program to bytecode.

use std::sync::Arc;

use quintet_lang::Limits;
use quintet_runtime::{
    Artifact, Backend, BackendId, CompileError, Compiled, Emit, EmitError, Instance, InstantiateError, Linked, Traits, Unsupported,
};

use crate::chunk::{LEGEND, chunk};
use crate::config::Config;
use crate::data::{Data, Tables};
use crate::instance::Runner;
use crate::pool::Pool;

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
        let bytecode = self.pool.take().and_then(|state| state.compile(&source)).map_err(|e| CompileError::new(self.id(), e))?;
        let pool = self.pool.clone();
        Ok(Arc::new(Executable(Arc::new(Chunk { program: program.clone(), pool, bytecode, tables: data.finish() }))))
    }

    fn emits(&self) -> &'static [Emit] {
        &[Emit::Lua]
    }

    fn emit(&self, program: &Arc<Linked>, form: Emit) -> Result<String, EmitError> {
        program.fits_code().map_err(|e| EmitError::new(self.id(), e))?;
        match form {
            Emit::Lua => Ok(LEGEND.to_owned() + &chunk(program, &mut Data::default())),
            _ => Err(EmitError::new(self.id(), format_args!("it makes Lua source of a program, and no {}", form.name()))),
        }
    }
}

/// A compiled program. Bytecode refers to the addresses in `tables` and, through them, to the program.
pub(crate) struct Chunk {
    pub(crate) program: Arc<Linked>,
    pub(crate) pool: Arc<Pool>,
    pub(crate) bytecode: Vec<u8>,
    pub(crate) tables: Tables,
}

struct Executable(Arc<Chunk>);

impl Compiled for Executable {
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError> {
        let runner = Runner::new(self.0.clone(), limits).map_err(|e| InstantiateError::new(self.0.pool.config().id(), e))?;
        Ok(Box::new(runner))
    }

    fn artifact(&self) -> Artifact {
        Artifact { code_bytes: self.0.bytecode.len(), data_bytes: self.0.tables.size() }
    }
}
