//! Memory that holds machine code.

#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
pub(crate) use mapped::CodeMemory;
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
pub(crate) use provided::CodeMemory;

/// Pages that are mapped near what calls them.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod mapped {
    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

    use crate::near;

    /// Pages of machine code, readable and executable and never written again. They are unmapped on drop, so whoever keeps an address inside
    /// must keep this too.
    pub(crate) struct CodeMemory {
        /// Null where there is no code.
        start: *mut u8,
        len: usize,
    }

    // SAFETY: the pages are not written to after `new`, so any thread may read and run them.
    unsafe impl Send for CodeMemory {}
    // SAFETY: as above; nothing here can be changed through a shared reference.
    unsafe impl Sync for CodeMemory {}

    impl CodeMemory {
        /// Pages that hold `code`.
        pub(crate) fn new(code: &[u8]) -> Result<CodeMemory, String> {
            let mut memory = CodeMemory { start: std::ptr::null_mut(), len: code.len() };
            if code.is_empty() {
                return Ok(memory);
            }
            let failed = |e: rustix::io::Errno| format!("no memory for {} bytes of code: {e}", code.len());
            // SAFETY: a fresh mapping: the address is only a hint.
            let start =
                unsafe { mmap_anonymous(near::hint(code.len()), code.len(), ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE) };
            memory.start = start.map_err(failed)?.cast();
            // SAFETY: at least this many writable bytes were just mapped for us alone.
            unsafe { memory.start.copy_from_nonoverlapping(code.as_ptr(), code.len()) };
            // SAFETY: these pages, of which nobody else knows yet.
            unsafe { mprotect(memory.start.cast(), code.len(), MprotectFlags::READ | MprotectFlags::EXEC) }.map_err(failed)?;
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
            if !self.start.is_null() {
                // SAFETY: users of addresses inside the pages keep the owner of this alive (see `Code`), so none is left. A failure would
                // leak them, which is harmless.
                let _ = unsafe { munmap(self.start.cast(), self.len) };
            }
        }
    }

    #[cfg(test)]
    mod tests {
        use super::*;

        #[test]
        fn code_is_mapped_within_reach_of_what_calls_it() {
            // mov eax, 7; ret
            let memory = CodeMemory::new(&[0xb8, 7, 0, 0, 0, 0xc3]).expect("memory");
            // SAFETY: the code just above.
            let answer = unsafe { std::mem::transmute::<*const u8, extern "C" fn() -> u32>(memory.at(0)) }();
            assert_eq!(answer, 7);
            let own = (CodeMemory::new as fn(&[u8]) -> Result<CodeMemory, String> as *const ()).addr();
            let away = own.abs_diff(memory.at(0).addr());
            assert!(away < 1 << 31, "{away} bytes away");
        }
    }
}

/// Pages of cranelift-jit: their mapping, protection and the flush of the instruction cache, without its module around them: rules need no
/// linking beyond a few absolute words, and a module's bookkeeping costs a third of the time that a small rule takes to compile.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod provided {
    use cranelift_jit::{BranchProtection, JITMemoryKind, JITMemoryProvider, SystemMemoryProvider};

    /// Pages of machine code, readable and executable and never written again. They are unmapped on drop, so whoever keeps an address inside
    /// must keep this too.
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
}
