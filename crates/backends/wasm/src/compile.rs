//! From a linked program to machine code that can be instantiated.

use std::sync::Arc;

use quintet_cache::{Cache, EngineHash, Looked, Settings};
use quintet_lang::{Limits, Marked, Type};
use quintet_runtime::{
    Artifact, Backend, BackendId, CompileError, Compiled, Emit, EmitError, Instance, InstantiateError, Isolation, Linked, Traits,
    Unsupported,
};
use wasmtime::{Engine, InstancePre, Module};

use crate::config::{Compiler, Memory, Setup};
use crate::emit;
use crate::host::Host;
use crate::instance::Runner;
use crate::places::Places;
use crate::rules;
use crate::stack::{NATIVE_STACK, inlines, too_deep};

/// The backend.
///
/// ```
/// use quintet_runtime::Backend;
///
/// assert_eq!(quintet_wasm::Wasm::new().id().to_string(), "wasm");
/// assert_eq!(quintet_wasm::Wasm::winch().id().to_string(), "wasm-winch");
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Wasm {
    setup: Setup,
}

impl Wasm {
    /// The default configuration: compiled with Cranelift, for speed.
    pub fn new() -> Wasm {
        Wasm { setup: Setup { compiler: Compiler::Cranelift, memory: Memory::BEST } }
    }

    /// Compiled with Winch: programs are ready sooner and run slower.
    pub fn winch() -> Wasm {
        Wasm { setup: Setup { compiler: Compiler::Winch, memory: Memory::BEST } }
    }

    /// The same configuration where nothing is mapped and all batches are copied in, as on systems other than Linux. What functions make and
    /// growing arrays hold for one rule on one record may there take 64 MiB, and fixed arrays as much again, whatever
    /// [`Limits::memory_bytes`] says; elsewhere it is more than that can be.
    pub fn copying(self) -> Wasm {
        Wasm { setup: Setup { memory: Memory::Copied, ..self.setup } }
    }

    /// Compiles a program, or takes what was compiled of it before from a cache, and keeps it there. Answers what came of looking.
    ///
    /// # Errors
    /// As [`Backend::compile`].
    pub fn compile_kept(&self, program: &Arc<Linked>, cache: &Cache) -> Result<(Arc<dyn Compiled>, Looked), CompileError> {
        self.compile_by(program, |engine, wasm| {
            let settings = Settings::new(self.kept_as(), EngineHash::of(engine), &());
            let (module, _, looked) =
                cache.module(wasm, &settings, engine, || Ok::<_, wasmtime::Error>((Module::from_binary(engine, wasm)?, Vec::new())))?;
            Ok((module, looked))
        })
    }

    /// The kind that its machine code is of in a cache.
    fn kept_as(&self) -> &'static str {
        match (self.setup.compiler, self.setup.memory) {
            (Compiler::Cranelift, Memory::Mapped) => "wasm",
            (Compiler::Cranelift, Memory::Copied) => "wasm-copying",
            (Compiler::Winch, Memory::Mapped) => "wasm-winch",
            (Compiler::Winch, Memory::Copied) => "wasm-winch-copying",
        }
    }

    /// Compiles a program, of whose WebAssembly `make` makes machine code.
    fn compile_by<T>(
        &self,
        program: &Arc<Linked>,
        make: impl FnOnce(&Engine, &[u8]) -> wasmtime::Result<(Module, T)>,
    ) -> Result<(Arc<dyn Compiled>, T), CompileError> {
        program.fits_code().map_err(|e| CompileError::new(self.id(), e))?;
        let id = self.id();
        let finished = rules::module(program, self.setup.compiler.is_one_pass(), self.setup.memory.extent(), false);
        let finished = finished.ok_or_else(|| CompileError::new(id, "the constants and answers do not fit into the sandbox"))?;
        if let Some((bytes, widest)) = too_deep(program, &finished.frames) {
            let (bytes, room) = (bytes >> 10, NATIVE_STACK >> 10);
            return Err(CompileError::new(
                id,
                format_args!(
                    "functions that call one another may take {bytes} KiB of stack, and there are {room}; `{widest}` has the most locals: \
                     split it, or use a backend that keeps locals elsewhere: interp or closures"
                ),
            ));
        }
        let shared = self.setup.shared(inlines(program, &finished.frames)).map_err(|e| CompileError::new(id, e))?;
        let (module, more) = make(&shared.engine, &finished.wasm).map_err(|e| CompileError::new(id, format_args!("{e:#}")))?;
        let code_bytes = module.functions().map(|f| f.len).sum();
        let pre = shared.linker.instantiate_pre(&module).map_err(|e| CompileError::new(id, format_args!("{e:#}")))?;
        let compiled: Arc<dyn Compiled> = Arc::new(Executable {
            program: program.clone(),
            setup: self.setup,
            pre,
            places: finished.places,
            packed: finished.packed.into(),
            artifact: Artifact { code_bytes, data_bytes: finished.constants.len() },
            constants: finished.constants.into(),
        });
        Ok((compiled, more))
    }
}

impl Default for Wasm {
    fn default() -> Wasm {
        Wasm::new()
    }
}

impl Backend for Wasm {
    fn id(&self) -> BackendId {
        self.setup.id()
    }

    fn traits(&self) -> Traits {
        // Both compilers of wasmtime make machine code; it reaches the module's linear memory and the host's functions alone.
        Traits { executable_memory: true, isolation: Isolation::Sandbox }
    }

    fn supports(&self, _: &Linked) -> Result<(), Unsupported> {
        Ok(())
    }

    fn compile(&self, program: &Arc<Linked>) -> Result<Arc<dyn Compiled>, CompileError> {
        self.compile_by(program, |engine, wasm| Ok((Module::from_binary(engine, wasm)?, ()))).map(|(compiled, ())| compiled)
    }

    fn emits(&self) -> &'static [Emit] {
        &[Emit::Wat, Emit::Asm]
    }

    fn emit(&self, program: &Arc<Linked>, form: Emit) -> Result<String, EmitError> {
        self.emit_marked(program, form).map(|made| made.text)
    }

    fn emit_marked(&self, program: &Arc<Linked>, form: Emit) -> Result<Marked, EmitError> {
        emit::text(self.setup, program, form)
    }
}

/// The compiled program. The code lives as long as this or an instance does: wasmtime counts the users of a module.
struct Executable {
    program: Arc<Linked>,
    setup: Setup,
    pre: InstancePre<Host>,
    places: Places,
    packed: Arc<[Type]>,
    artifact: Artifact,
    constants: Box<[u8]>,
}

impl Compiled for Executable {
    fn instantiate(&self, limits: &Limits) -> Result<Box<dyn Instance>, InstantiateError> {
        let host = Host::new(self.program.clone(), self.packed.clone(), self.places, limits);
        let sandbox = Runner::new(self.program.clone(), self.setup, &self.pre, (self.places, &self.constants), host, limits);
        Ok(Box::new(sandbox.map_err(|e| InstantiateError::new(self.setup.id(), format_args!("{e:#}")))?))
    }

    fn artifact(&self) -> Artifact {
        self.artifact
    }
}
