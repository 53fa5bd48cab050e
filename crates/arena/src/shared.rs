//! Memory behind a file descriptor.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{MapFlags, MremapFlags, ProtFlags, mmap, mremap, munmap};

/// A mapped memfd. The mapping is as long as the file and is the only one in this process that is ever written through.
pub(crate) struct Shared {
    file: OwnedFd,
    /// The start of the mapping; null while `capacity` is 0.
    start: *mut u64,
    /// Bytes mapped, a multiple of the page size.
    capacity: usize,
}

// SAFETY: the mapping is owned by this value and is reached only by way of it, as a `Vec`'s block is.
unsafe impl Send for Shared {}
// SAFETY: as above.
unsafe impl Sync for Shared {}

const PAGE: usize = 1 << 16;

impl Shared {
    pub(crate) fn new() -> io::Result<Shared> {
        let file = memfd_create("quintet-arena", MemfdFlags::CLOEXEC)?;
        Ok(Shared { file, start: std::ptr::null_mut(), capacity: 0 })
    }

    pub(crate) fn descriptor(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Makes room for at least `bytes`. The mapping may move.
    pub(crate) fn grow(&mut self, bytes: usize) -> io::Result<()> {
        let bytes = bytes.next_multiple_of(PAGE);
        if bytes <= self.capacity {
            return Ok(());
        }
        ftruncate(&self.file, bytes as u64)?;
        let start = if self.capacity == 0 {
            // SAFETY: a fresh mapping at an address of the system's choice, of a file as long as the mapping.
            unsafe { mmap(std::ptr::null_mut(), bytes, ProtFlags::READ | ProtFlags::WRITE, MapFlags::SHARED, &self.file, 0)? }
        } else {
            // SAFETY: `start..start + capacity` is this value's own mapping; `&mut self` says that nobody holds a slice of it.
            unsafe { mremap(self.start.cast(), self.capacity, bytes, MremapFlags::MAYMOVE)? }
        };
        self.start = start.cast();
        self.capacity = bytes;
        Ok(())
    }

    /// The mapping's words.
    pub(crate) fn words_mut(&mut self) -> &mut [u64] {
        if self.capacity == 0 {
            return &mut [];
        }
        // SAFETY: `start` is page-aligned and maps `capacity` initialised bytes for as long as `self` lives; `&mut self` makes the access
        // unique.
        unsafe { std::slice::from_raw_parts_mut(self.start, self.capacity / 8) }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if self.capacity > 0 {
            // SAFETY: this value's own mapping, to which nothing refers any more. A failure would leak it, which is harmless.
            let _ = unsafe { munmap(self.start.cast(), self.capacity) };
        }
    }
}
