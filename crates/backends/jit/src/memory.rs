//! Memory that holds machine code.

use pages::Pages;

/// Pages of machine code, readable and executable and never written again. They are unmapped on drop, so whoever keeps an address inside
/// must keep this too.
pub(crate) struct CodeMemory {
    /// None where there is no code.
    pages: Option<Pages>,
    len: usize,
}

// SAFETY: the pages are not written to after `new`, so any thread may read and run them.
unsafe impl Send for CodeMemory {}
// SAFETY: as above; nothing here can be changed through a shared reference.
unsafe impl Sync for CodeMemory {}

impl CodeMemory {
    /// Pages that hold `code`.
    pub(crate) fn new(code: &[u8]) -> Result<CodeMemory, String> {
        let pages = if code.is_empty() { None } else { Some(Pages::of(code)?) };
        Ok(CodeMemory { pages, len: code.len() })
    }

    /// The address of the code at an offset.
    pub(crate) fn at(&self, offset: usize) -> *const u8 {
        assert!(offset < self.len, "an offset inside the code");
        self.pages.as_ref().map_or(std::ptr::null(), |pages| pages.start().wrapping_add(offset))
    }

    /// Bytes of code.
    pub(crate) fn len(&self) -> usize {
        self.len
    }
}

/// Pages that are mapped near what calls them.
#[cfg(all(target_arch = "x86_64", target_os = "linux"))]
mod pages {
    use rustix::mm::{MapFlags, MprotectFlags, ProtFlags, mmap_anonymous, mprotect, munmap};

    use crate::near;

    pub(super) struct Pages {
        start: *mut u8,
        len: usize,
    }

    impl Pages {
        /// Pages that hold `code`, which is not empty.
        pub(super) fn of(code: &[u8]) -> Result<Pages, String> {
            let len = code.len();
            let failed = |e: rustix::io::Errno| format!("no memory for {len} bytes of code: {e}");
            // SAFETY: a fresh mapping: the address is only a hint.
            let start = unsafe { mmap_anonymous(near::hint(len), len, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE) };
            let pages = Pages { start: start.map_err(failed)?.cast(), len };
            // SAFETY: at least this many writable bytes were just mapped for us alone.
            unsafe { pages.start.copy_from_nonoverlapping(code.as_ptr(), len) };
            // SAFETY: these pages, of which nobody else knows yet.
            unsafe { mprotect(pages.start.cast(), len, MprotectFlags::READ | MprotectFlags::EXEC) }.map_err(failed)?;
            Ok(pages)
        }

        pub(super) fn start(&self) -> *const u8 {
            self.start
        }
    }

    impl Drop for Pages {
        fn drop(&mut self) {
            // SAFETY: users of addresses inside the pages keep the owner of this alive (see `Code`), so none is left. A failure would leak
            // them, which is harmless.
            let _ = unsafe { munmap(self.start.cast(), self.len) };
        }
    }
}

/// Pages of cranelift-jit: their mapping, protection and the flush of the instruction cache, without its module around them, as rules need no
/// linking beyond a few absolute words.
#[cfg(not(all(target_arch = "x86_64", target_os = "linux")))]
mod pages {
    use cranelift_jit::{BranchProtection, JITMemoryKind, JITMemoryProvider, SystemMemoryProvider};

    pub(super) struct Pages {
        provider: SystemMemoryProvider,
        start: *const u8,
    }

    impl Pages {
        /// Pages that hold `code`, which is not empty.
        pub(super) fn of(code: &[u8]) -> Result<Pages, String> {
            let mut pages = Pages { provider: SystemMemoryProvider::new(), start: std::ptr::null() };
            let start = pages.provider.allocate(code.len(), 64, JITMemoryKind::Executable).map_err(|e| e.to_string())?;
            // SAFETY: the provider has just mapped at least this many writable bytes for us alone.
            unsafe { start.copy_from_nonoverlapping(code.as_ptr(), code.len()) };
            pages.provider.finalize(BranchProtection::None).map_err(|e| e.to_string())?;
            pages.start = start;
            Ok(pages)
        }

        pub(super) fn start(&self) -> *const u8 {
            self.start
        }
    }

    impl Drop for Pages {
        fn drop(&mut self) {
            // SAFETY: users of addresses inside the pages keep the owner of this alive (see `Code`), so none is left.
            unsafe { self.provider.free_memory() }
        }
    }
}

#[cfg(all(test, target_arch = "x86_64", target_os = "linux"))]
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
