//! From a file's bytes to a module.

use quintet_cache::{Cache, Looked, Settings};
use thread_local::ThreadLocal;
use wasmtime::{Linker, Module as Code};

use crate::declaration::Declaration;
use crate::engine::engine;
use crate::error::ModuleError;
use crate::inspect::declaration;
use crate::instance::Running;
use crate::limits::ModuleLimits;
use crate::module::Module;
use crate::places::{Kind, Places};
use crate::rewrite::rewrite;
use crate::wasm::Wasm;

/// The version of what the loader makes of a module. What another version kept is compiled again.
pub const LOADER_VERSION: u32 = 1;

/// Loads modules.
#[derive(Clone, Debug)]
pub struct Loader {
    limits: ModuleLimits,
    kind: Kind,
    cache: Option<Cache>,
}

impl Default for Loader {
    fn default() -> Self {
        Loader::new()
    }
}

impl Loader {
    /// A loader with the default limits, without a cache.
    pub fn new() -> Loader {
        #[cfg(target_os = "linux")]
        let kind = Kind::Mapped;
        #[cfg(not(target_os = "linux"))]
        let kind = Kind::Copied;
        Loader { limits: ModuleLimits::default(), kind, cache: None }
    }

    /// The same loader with other limits.
    pub fn with_limits(mut self, limits: ModuleLimits) -> Loader {
        self.limits = limits;
        self
    }

    /// The same loader with a directory of compiled modules.
    pub fn with_cache(mut self, cache: Cache) -> Loader {
        self.cache = Some(cache);
        self
    }

    /// The same loader for modules that copy their arguments, as where batches cannot be mapped. An instance takes no more addresses than
    /// memory then.
    pub fn copying(mut self) -> Loader {
        self.kind = Kind::Copied;
        self
    }

    /// Loads a module. `name` is what messages call it.
    ///
    /// # Errors
    /// It is malformed, over a limit, imports something, declares what it does not export, or cannot be instantiated.
    pub fn load(&self, name: &str, wasm: &[u8]) -> Result<Module, ModuleError> {
        self.load_looking(name, wasm).map(|(module, _)| module)
    }

    /// The same, and what came of looking into the cache.
    ///
    /// # Errors
    /// As [`Loader::load`].
    pub fn load_looking(&self, name: &str, wasm: &[u8]) -> Result<(Module, Looked), ModuleError> {
        let error = |message: String| ModuleError::new(name, message);
        if wasm.len() > self.limits.bytes {
            return Err(error(format!("it has {} bytes; at most {} are allowed", wasm.len(), self.limits.bytes)));
        }
        match self.load_as(name, wasm, self.kind) {
            // Where the system has no addresses left, there may be memory.
            #[cfg(target_os = "linux")]
            Err(Failed::Addresses(_)) if self.kind == Kind::Mapped => self.load_as(name, wasm, Kind::Copied),
            loaded => loaded,
        }
        .map_err(|failed| match failed {
            Failed::Addresses(message) => error(message),
            Failed::Module(error) => error,
        })
    }

    fn load_as(&self, name: &str, wasm: &[u8], kind: Kind) -> Result<(Module, Looked), Failed> {
        let error = |message: String| Failed::Module(ModuleError::new(name, message));
        let places = Places::new(kind, self.limits.memory_bytes);
        let (engine, hash) = engine(kind).map_err(error)?;
        let compile = || {
            let declaration = self.declaration(name, wasm).map_err(Failed::Module)?;
            let rewritten = rewrite(name, wasm, &places, &self.limits).map_err(Failed::Module)?;
            let code = Code::from_binary(engine, &rewritten).map_err(|e| error(format!("it cannot be compiled: {e:#}")))?;
            Ok((code, declaration))
        };
        let (code, declaration, looked) = match &self.cache {
            None => {
                let (code, declaration) = compile()?;
                (code, declaration, Looked::Nowhere)
            }
            Some(cache) => {
                // What a module over a limit is refused for, it would not be if it was found.
                let limits = (self.limits.exports, self.limits.items);
                let places = (places.most, places.host, places.window);
                let as_kind = if kind == Kind::Copied { "module-copying" } else { "module" };
                let settings = Settings::new(as_kind, *hash, &(LOADER_VERSION, limits, places));
                let made = || compile().map(|(code, declaration)| (code, declaration.to_string().into_bytes()));
                let (code, note, looked) = cache.module(wasm, &settings, engine, made)?;
                // It was written by `Declaration` itself.
                let text = String::from_utf8(note).map_err(|e| error(e.to_string()))?;
                (code, Declaration::parse(&text).map_err(|e| error(e.to_string()))?, looked)
            }
        };
        // There is nothing to link: no module imports anything.
        let pre = Linker::new(engine).instantiate_pre(&code).map_err(|e| error(format!("{e:#}")))?;
        let wasm = Wasm { declaration, pre, engine: engine.clone(), limits: self.limits.clone(), places, running: ThreadLocal::new() };
        let first = Running::new(&wasm).map_err(|message| {
            if message.contains("bytes of addresses") { Failed::Addresses(format!("{name}: {message}")) } else { error(message) }
        })?;
        *wasm.running.get_or_default().borrow_mut() = Some(first);
        Ok((Module::loaded(name, wasm), looked))
    }

    fn declaration(&self, name: &str, wasm: &[u8]) -> Result<Declaration, ModuleError> {
        let declaration = declaration(name, wasm)?;
        let count = declaration.items().len();
        if count > self.limits.items {
            return Err(ModuleError::new(name, format!("it declares {count} things; at most {} are allowed", self.limits.items)));
        }
        Ok(declaration)
    }
}

/// Why a module was not loaded with memories of a kind.
enum Failed {
    /// There are no addresses for its memory.
    Addresses(String),
    Module(ModuleError),
}
