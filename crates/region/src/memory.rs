//! Address ranges for linear memories, into which batches can be mapped.

use std::ffi::c_void;
use std::io;
use std::os::fd::OwnedFd;

use quintet_arena::forget_mappings;
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, mmap_anonymous, munmap};
use wasmtime::{LinearMemory, MemoryCreator, MemoryType};

/// Makes linear memories of 4 GiB of addresses, of which only the first bytes are memory at first, of the pages that are used. The rest is
/// without access until [`private`] or [`shared`] maps something there.
pub struct Regions {
    /// The bytes that are memory at first, a multiple of the size of a page.
    pub own: usize,
}

/// One linear memory and the guard behind it.
struct Region {
    start: *mut u8,
    bytes: usize,
}

// SAFETY: the address range belongs to this value alone; what is in it is accessed by whoever has the store.
unsafe impl Send for Region {}
// SAFETY: as above.
unsafe impl Sync for Region {}

// SAFETY: `new_memory` answers a zeroed memory at a page, with the reservation and the guard that wasmtime asks for: whatever is not mapped
// for use is mapped without access.
unsafe impl MemoryCreator for Regions {
    fn new_memory(
        &self,
        _: MemoryType,
        minimum: usize,
        _: Option<usize>,
        reserved: Option<usize>,
        guard: usize,
    ) -> Result<Box<dyn LinearMemory>, String> {
        let size = reserved.unwrap_or(minimum);
        if minimum != size || size != 4 << 30 {
            return Err(format!("a linear memory of {minimum} of {size} bytes is not one of ours"));
        }
        let bytes = size + guard;
        let flags = MapFlags::PRIVATE | MapFlags::NORESERVE;
        // SAFETY: a fresh mapping at an address of the system's choice.
        let start = unsafe { mmap_anonymous(std::ptr::null_mut(), bytes, ProtFlags::empty(), flags) };
        let start: *mut u8 = start.map_err(|e| format!("no {bytes} bytes of addresses: {e}"))?.cast();
        let region = Region { start, bytes };
        // SAFETY: the range is the first part of the mapping just made, which nobody else knows.
        unsafe { private(start, self.own.min(size)) }.map_err(|e| format!("no memory: {e}"))?;
        Ok(Box::new(region))
    }
}

// SAFETY: the memory stays where it is and as large as it is until it is dropped.
unsafe impl LinearMemory for Region {
    fn byte_size(&self) -> usize {
        4 << 30
    }

    fn byte_capacity(&self) -> usize {
        4 << 30
    }

    fn grow_to(&mut self, _: usize) -> wasmtime::Result<()> {
        wasmtime::bail!("the memory has its full size")
    }

    fn as_ptr(&self) -> *mut u8 {
        self.start
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        forget_mappings(self.start, self.bytes);
        // SAFETY: this value's own mapping, to which nothing refers any more. A failure would leak it, which is harmless.
        let _ = unsafe { munmap(self.start.cast::<c_void>(), self.bytes) };
    }
}

/// Maps zeroed memory for reading and writing.
///
/// # Errors
/// The system's.
///
/// # Safety
/// The range is part of a memory of [`Regions`] and nobody refers to what is there.
pub unsafe fn private(start: *mut u8, bytes: usize) -> io::Result<()> {
    let (access, flags) = (ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED);
    // SAFETY: as the caller promises.
    unsafe { mmap_anonymous(start.cast(), bytes, access, flags)? };
    Ok(())
}

/// Maps a file for reading. [`none()`] and the end of the memory forget what the caller notes of it with [`quintet_arena::note_mapping`].
///
/// # Errors
/// The system's.
///
/// # Safety
/// As [`private`]; the file is an arena's ([`Arena::file`](quintet_arena::Arena::file)) and has at least so many bytes.
pub unsafe fn shared(start: *mut u8, bytes: usize, file: &OwnedFd) -> io::Result<()> {
    // SAFETY: as the caller promises.
    unsafe { mmap(start.cast(), bytes, ProtFlags::READ, MapFlags::SHARED | MapFlags::FIXED, file, 0)? };
    Ok(())
}

/// Takes memory away, so that an access is a trap.
///
/// # Errors
/// The system's.
///
/// # Safety
/// As [`private`].
pub unsafe fn none(start: *mut u8, bytes: usize) -> io::Result<()> {
    forget_mappings(start, bytes);
    let flags = MapFlags::PRIVATE | MapFlags::NORESERVE | MapFlags::FIXED;
    // SAFETY: as the caller promises.
    unsafe { mmap_anonymous(start.cast(), bytes, ProtFlags::empty(), flags)? };
    Ok(())
}

/// Gives the pages back to the system; they are zero when they are used again.
///
/// # Safety
/// As [`private`]; the range was mapped by it and begins at a page.
pub unsafe fn discard(start: *mut u8, bytes: usize) {
    // SAFETY: as the caller promises. A failure keeps the pages, which is harmless: nobody relies on zeros there.
    let _ = unsafe { madvise(start.cast(), bytes, Advice::LinuxDontNeed) };
}
