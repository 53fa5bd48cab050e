//! Memory that holds machine code.

use cranelift_jit::{BranchProtection, JITMemoryKind, JITMemoryProvider, SystemMemoryProvider};

/// Pages of machine code, readable and executable and never written again. They are unmapped on drop, so whoever keeps an address inside
/// must keep this too.
///
/// The mapping, its protection and the flush of the instruction cache are cranelift-jit's, without its module around them: rules need no
/// linking beyond a few absolute words, and a module's bookkeeping costs a third of the time that a small rule takes to compile.
pub(crate) struct CodeMemory {
    provider: SystemMemoryProvider,
    start: *const u8,
    len: usize,
}

// SAFETY: the pages are not written to after `new`, so any thread may read and run them.
unsafe impl Send for CodeMemory {}
// SAFETY: as above; nothing here can be changed through a shared reference.
unsafe impl Sync for CodeMemory {}

impl CodeMemory {
    /// Pages that hold `code`.
    pub(crate) fn new(code: &[u8]) -> Result<CodeMemory, String> {
        let mut memory = CodeMemory { provider: SystemMemoryProvider::new(), start: std::ptr::null(), len: code.len() };
        if !code.is_empty() {
            let start = memory.provider.allocate(code.len(), 64, JITMemoryKind::Executable).map_err(|e| e.to_string())?;
            // SAFETY: the provider has just mapped at least this many writable bytes for us alone.
            unsafe { start.copy_from_nonoverlapping(code.as_ptr(), code.len()) };
            memory.provider.finalize(BranchProtection::None).map_err(|e| e.to_string())?;
            memory.start = start;
        }
        Ok(memory)
    }

    /// The address of the code at an offset.
    pub(crate) fn at(&self, offset: usize) -> *const u8 {
        assert!(offset < self.len, "an offset inside the code");
        self.start.wrapping_add(offset)
    }

    /// Bytes of code.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

impl Drop for CodeMemory {
    fn drop(&mut self) {
        // SAFETY: users of addresses inside the pages keep the owner of this alive (see `Code`), so none is left.
        unsafe { self.provider.free_memory() }
    }
}
