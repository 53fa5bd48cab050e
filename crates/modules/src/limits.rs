//! What modules may take.

/// The largest [`ModuleLimits::memory_bytes`]: 512 MiB, which lies below what the host writes.
pub const HARD_MODULE_MEMORY: usize = 512 << 20;

/// Bounds on modules and on what a call of one may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModuleLimits {
    /// Bytes of a module's file (default 16 MiB).
    pub bytes: usize,
    /// Things that a module exports (default 1,000).
    pub exports: usize,
    /// Functions, parsers and formatters that it declares (default 256).
    pub items: usize,
    /// Bytes that its memory may grow to (default 64 MiB; more than 512 MiB counts as that). Beyond, growing fails as WebAssembly says.
    pub memory_bytes: usize,
    /// Elements of a table (default 10,000).
    pub table_elements: usize,
    /// Fuel of a call: roughly the instructions that it executes (default 100,000,000, some tenth of a second). More is the trap `budget`. Each 16 also
    /// count a step of the rule ([`Limits::steps`](quintet_lang::Limits::steps)).
    pub fuel: u64,
    /// Milliseconds after which a call ends whatever fuel it has left (default 10,000): the backstop, in case the fuel takes that long.
    pub milliseconds: u64,
}

impl Default for ModuleLimits {
    fn default() -> Self {
        ModuleLimits {
            bytes: 16 << 20,
            exports: 1_000,
            items: 256,
            memory_bytes: 64 << 20,
            table_elements: 10_000,
            fuel: 100_000_000,
            milliseconds: 10_000,
        }
    }
}
