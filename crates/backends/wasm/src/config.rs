//! The configurations, and the engine that all programs of one share.

use std::sync::{Arc, OnceLock};

use quintet_runtime::{Backend, BackendId};
use wasmtime::{Config, Engine, Inlining, Linker, OptLevel, RegallocAlgorithm, Strategy};

use crate::compile::Wasm;
use crate::host::Host;
use crate::link::linker;
use crate::places::Extent;
use crate::stack::NATIVE_STACK;

/// How WebAssembly becomes machine code, and what linear memories are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) compiler: Compiler,
    pub(crate) memory: Memory,
}

/// Who compiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Compiler {
    /// Cranelift, optimising for speed.
    Cranelift,
    /// Winch, in one pass.
    Winch,
}

impl Compiler {
    /// Whether it takes a time that is in proportion to the code, and for each function about as long as for a rule.
    pub(crate) fn is_one_pass(self) -> bool {
        self == Compiler::Winch
    }
}

/// What a linear memory is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Memory {
    /// An address range of this crate's, into which batches are mapped.
    Mapped,
    /// wasmtime's own, into which batches are copied.
    Copied,
}

impl Memory {
    /// The better one that this system has.
    pub(crate) const BEST: Memory = if cfg!(target_os = "linux") { Memory::Mapped } else { Memory::Copied };

    /// How much there is of each of its parts.
    pub(crate) fn extent(self) -> Extent {
        match self {
            Memory::Mapped => Extent::Mapped,
            Memory::Copied => Extent::Copied,
        }
    }
}

/// What the programs of one setup share.
pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) linker: Linker<Host>,
}

impl Setup {
    pub(crate) fn id(self) -> BackendId {
        match self.compiler {
            Compiler::Cranelift => BackendId::new("wasm"),
            Compiler::Winch => BackendId::with_config("wasm", "winch"),
        }
    }

    /// The engine, made when it is first asked for. One that puts small functions in place of calls takes longer to compile.
    pub(crate) fn shared(self, inlines: bool) -> Result<&'static Shared, String> {
        static SHARED: [OnceLock<Result<Shared, String>>; 6] = [const { OnceLock::new() }; 6];
        let kind = match (self.compiler, inlines) {
            (Compiler::Cranelift, false) => 0,
            (Compiler::Cranelift, true) => 2,
            // It does no such thing.
            (Compiler::Winch, _) => 4,
        };
        SHARED[kind + usize::from(self.memory == Memory::Copied)]
            .get_or_init(|| self.make(inlines).map_err(|e| format!("{e:#}")))
            .as_ref()
            .map_err(String::clone)
    }

    fn make(self, inlines: bool) -> wasmtime::Result<Shared> {
        let signals = quintet_region::has_signals();
        if self.compiler == Compiler::Winch && !signals {
            wasmtime::bail!("Winch needs wasmtime's signal handlers, which this process does without");
        }
        let mut config = Config::new();
        // With 4 GiB reserved and a guard behind them no 32-bit address needs a check, where faults may be handled.
        config
            .memory_reservation(4 << 30)
            .memory_guard_size(32 << 20)
            .memory_may_move(false)
            .memory_init_cow(false)
            .max_wasm_stack(NATIVE_STACK)
            .signals_based_traps(signals)
            .generate_address_map(false)
            .native_unwind_info(cfg!(windows));
        match self.compiler {
            Compiler::Cranelift => config.strategy(Strategy::Cranelift).cranelift_opt_level(OptLevel::Speed),
            // Winch makes what leads into and out of WebAssembly with Cranelift, in small pieces that are not worth optimising.
            Compiler::Winch => config
                .strategy(Strategy::Winch)
                .cranelift_opt_level(OptLevel::None)
                .cranelift_regalloc_algorithm(RegallocAlgorithm::SinglePass),
        };
        if inlines {
            config.compiler_inlining(Inlining::Yes);
        }
        if self.memory == Memory::Mapped {
            #[cfg(target_os = "linux")]
            config.with_host_memory(std::sync::Arc::new(quintet_region::Regions { own: crate::places::MAPPED_WINDOW as usize }));
        }
        let engine = Engine::new(&config)?;
        let linker = linker(&engine)?;
        Ok(Shared { engine, linker })
    }
}

/// Both configurations, the default one first.
pub fn configurations() -> Vec<Arc<dyn Backend>> {
    vec![Arc::new(Wasm::new()), Arc::new(Wasm::winch())]
}
