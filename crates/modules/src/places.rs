//! Where things lie in a module's linear memory: from low to high its own, what the host writes (cells, and arguments that are copied), and
//! the batches.

use crate::limits::HARD_MODULE_MEMORY;

/// Bytes of a page of linear memory.
pub(crate) const PAGE: u64 = 1 << 16;

/// The start of the batches, the same in every module that reads them in place.
#[cfg(target_os = "linux")]
pub(crate) const WINDOW: u32 = 1 << 30;

/// Bytes of the host's part: cells, then copies.
pub(crate) const HOST_BYTES: u32 = 32 << 20;

/// Bytes of a cell: whether there is a value, and up to three words of it.
pub(crate) const CELL: u32 = 32;

/// Bytes from the host's part to what is copied: cells of arguments, and then as many of answers, for as many calls as are made at once.
pub(crate) const COPIES: u32 = 256 << 10;

/// What a linear memory is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An address range of this crate's, into which batches are mapped.
    #[cfg(target_os = "linux")]
    Mapped,
    /// wasmtime's own, into which arguments are copied.
    Copied,
}

/// The places, for a bound on the module's own memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    pub(crate) kind: Kind,
    /// Pages that the module's own memory may grow to.
    pub(crate) most: u32,
    /// The host's part.
    pub(crate) host: u32,
    /// One past the host's part, where the batches begin.
    pub(crate) window: u32,
    /// Pages of the whole.
    pub(crate) pages: u64,
}

impl Places {
    /// The places where a module may have so many bytes.
    pub(crate) fn new(kind: Kind, memory_bytes: usize) -> Places {
        let most = (memory_bytes.min(HARD_MODULE_MEMORY) as u64 / PAGE) as u32;
        let window = match kind {
            #[cfg(target_os = "linux")]
            Kind::Mapped => WINDOW,
            Kind::Copied => most * PAGE as u32 + HOST_BYTES,
        };
        let pages = match kind {
            #[cfg(target_os = "linux")]
            Kind::Mapped => (4 << 30) / PAGE,
            Kind::Copied => u64::from(window) / PAGE,
        };
        Places { kind, most, host: window - HOST_BYTES, window, pages }
    }

    /// Bytes that the module's own memory may grow to.
    pub(crate) fn own(&self) -> u64 {
        u64::from(self.most) * PAGE
    }
}
