//! Arenas and the read-only view of their bytes.

use std::ptr::NonNull;
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(target_os = "linux")]
use crate::shared::Shared;

/// The largest arena: half of what 32-bit offsets reach, so that it fits into a sandbox of 4 GiB beside what else lives there.
pub const MAX_BYTES: usize = 1 << 31;

/// Readable bytes after the last byte in use, so that a vectorised search may read a little past a value.
pub const PADDING: usize = 64;

/// What backs an [`Arena`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Ordinary memory of the process.
    Plain,
    /// Memory behind a file descriptor, which can be mapped a second time. Falls back to [`Kind::Plain`] where the
    /// system has none.
    Shared,
}

/// Why an arena cannot grow.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ArenaError {
    /// The arena has its largest size.
    #[error("a batch holds at most {MAX_BYTES} bytes; start another one")]
    Full,
    /// The system gave no memory.
    #[error("no memory for a batch: {0}")]
    System(#[source] std::io::Error),
}

/// What is read of an arena that has no block yet.
static NO_BLOCK: [u64; PADDING / 8] = [0; PADDING / 8];

/// A growable block of zero-initialised 64-bit words. The last [`PADDING`] bytes before its capacity are never in use.
pub struct Arena {
    storage: Storage,
    /// The block's first word, told once for each block, for a record sets many words; that of [`NO_BLOCK`] where there is none.
    start: NonNull<u64>,
    /// Bytes of the block, a multiple of 8.
    capacity: usize,
    /// Bytes in use, a multiple of 8.
    used: usize,
    id: u64,
    generation: u64,
}

enum Storage {
    Plain(Vec<u64>),
    #[cfg(target_os = "linux")]
    Shared(Shared),
}

// SAFETY: `start` points into `storage`, which this value owns and reaches by `&self` to read and by `&mut self` to write, as a `Vec` does.
unsafe impl Send for Arena {}
// SAFETY: as above.
unsafe impl Sync for Arena {}

fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Arena {
    /// An empty arena.
    pub fn new(kind: Kind) -> Arena {
        let storage = match kind {
            Kind::Plain => Storage::Plain(Vec::new()),
            #[cfg(target_os = "linux")]
            Kind::Shared => Shared::new().map_or_else(|_| Storage::Plain(Vec::new()), Storage::Shared),
            #[cfg(not(target_os = "linux"))]
            Kind::Shared => Storage::Plain(Vec::new()),
        };
        Arena { storage, start: NonNull::from(&NO_BLOCK).cast(), capacity: 0, used: 0, id: next_id(), generation: 0 }
    }

    /// What backs it.
    pub fn kind(&self) -> Kind {
        match &self.storage {
            Storage::Plain(_) => Kind::Plain,
            #[cfg(target_os = "linux")]
            Storage::Shared(_) => Kind::Shared,
        }
    }

    /// A number that no other arena has, and that changes whenever the block behind the arena does: whoever has mapped the block
    /// under this number still maps the right one.
    pub fn id(&self) -> u64 {
        self.id
    }

    /// How often the arena was cleared. Whoever has copied a batch under this number and [`Arena::id`] still has a true copy: a batch
    /// does not change but by being filled anew.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// The file of shared memory, for mapping it again, and the bytes it holds.
    ///
    /// # Safety
    /// Nobody writes to the file or changes its length through the descriptor, or a copy of it, while the arena or a mapping of it lives.
    #[cfg(target_os = "linux")]
    pub unsafe fn file(&self) -> Option<(&std::sync::Arc<std::os::fd::OwnedFd>, usize)> {
        match &self.storage {
            Storage::Plain(_) => None,
            Storage::Shared(s) => Some((s.file(), s.capacity())),
        }
    }

    /// Bytes in use.
    pub fn len(&self) -> usize {
        self.used
    }

    /// Whether nothing is in use.
    pub fn is_empty(&self) -> bool {
        self.used == 0
    }

    /// Bytes that it takes from the system.
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Takes all bytes out of use and zeroes them; the block stays.
    pub fn clear(&mut self) {
        let used = self.used.div_ceil(8);
        self.words_mut()[..used].fill(0);
        self.used = 0;
        self.generation += 1;
    }

    /// Changes the [`Arena::generation`] as if the contents had changed, so that whoever keeps a copy makes a new one.
    pub fn touch(&mut self) {
        self.generation += 1;
    }

    /// Takes the bytes from `len` on out of use and zeroes them.
    pub fn truncate(&mut self, len: usize) {
        let (from, to) = (len.div_ceil(8), self.used / 8);
        if from < to {
            self.words_mut()[from..to].fill(0);
            self.used = from * 8;
        }
    }

    /// Takes `bytes` more bytes into use, at an offset that is a multiple of 8, and answers the offset. They are zero.
    ///
    /// # Errors
    /// See [`ArenaError`].
    #[inline]
    pub fn alloc(&mut self, bytes: usize) -> Result<usize, ArenaError> {
        let at = self.used;
        // What is left is whole words, so that what fits does so with its last word too.
        if bytes > self.capacity.saturating_sub(at + PADDING) {
            self.grow(at.saturating_add(bytes))?;
        }
        self.used = at + ((bytes + 7) & !7);
        Ok(at)
    }

    /// Takes bytes into use, at an offset that is a multiple of 8, and answers the offset. What is left of their last word is zero.
    ///
    /// # Errors
    /// See [`ArenaError`].
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) -> Result<usize, ArenaError> {
        let at = self.alloc(bytes.len())?;
        self.bytes_mut()[at..][..bytes.len()].copy_from_slice(bytes);
        Ok(at)
    }

    #[cold]
    fn grow(&mut self, used: usize) -> Result<(), ArenaError> {
        if used > MAX_BYTES - PADDING {
            return Err(ArenaError::Full);
        }
        let bytes = (used + PADDING).max(self.capacity() * 2).clamp(1 << 16, MAX_BYTES).next_multiple_of(8);
        let words: &mut [u64] = match &mut self.storage {
            Storage::Plain(words) => {
                words.resize(bytes / 8, 0);
                words
            }
            #[cfg(target_os = "linux")]
            Storage::Shared(shared) => {
                shared.grow(bytes).map_err(ArenaError::System)?;
                shared.words_mut()
            }
        };
        self.capacity = words.len() * 8;
        self.start = NonNull::from(words).cast();
        self.id = next_id();
        Ok(())
    }

    #[inline]
    fn words_mut(&mut self) -> &mut [u64] {
        // SAFETY: `grow` took both from the block that `storage` holds, of initialised words, and nothing else moves or shrinks it; without
        // a block the slice is empty. `&mut self` makes the access unique.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.capacity / 8) }
    }

    /// Writes the word at `offset`, a multiple of 8 in use.
    ///
    /// # Panics
    /// When `offset` is not in use; offsets come from [`Arena::alloc`].
    #[inline]
    pub fn put_word(&mut self, offset: usize, word: u64) {
        self.used_mut()[offset / 8] = word;
    }

    /// Writes bytes in use.
    ///
    /// # Panics
    /// As [`Arena::put_word`].
    #[inline]
    pub fn put_bytes(&mut self, offset: usize, bytes: &[u8]) {
        self.bytes_mut()[offset..offset + bytes.len()].copy_from_slice(bytes);
    }

    /// All words in use, for writing.
    #[inline]
    pub fn used_mut(&mut self) -> &mut [u64] {
        // SAFETY: as in `words_mut`, whose words these are the first of: `alloc` takes no more into use than the block has.
        unsafe { std::slice::from_raw_parts_mut(self.start.as_ptr(), self.used / 8) }
    }

    /// All bytes in use, for writing.
    #[inline]
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        bytemuck::cast_slice_mut(self.used_mut())
    }

    /// The bytes in use and the padding after them, for reading.
    #[inline]
    pub fn memory(&self) -> Memory<'_> {
        // SAFETY: the words are those of `words_mut`, and writing them needs `&mut self`: the padding lies behind what is in use, `alloc` and
        // `grow` see to that. Without a block nothing is in use, and `NO_BLOCK` is as long as the padding.
        Memory { words: unsafe { std::slice::from_raw_parts(self.start.as_ptr(), (self.used + PADDING) / 8) } }
    }
}

impl std::fmt::Debug for Arena {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Arena").field("kind", &self.kind()).field("used", &self.used).finish()
    }
}

/// A read-only view of a block of words; offsets are in bytes from its start.
#[derive(Clone, Copy, Debug)]
pub struct Memory<'a> {
    words: &'a [u64],
}

impl<'a> Memory<'a> {
    /// The view of these words.
    #[inline]
    pub fn new(words: &'a [u64]) -> Memory<'a> {
        Memory { words }
    }

    /// The words.
    #[inline]
    pub fn words(self) -> &'a [u64] {
        self.words
    }

    /// The word at `offset`, a multiple of 8.
    ///
    /// # Panics
    /// When `offset` is outside; offsets come from the builder of the block, never from input.
    #[inline(always)]
    pub fn word(self, offset: usize) -> u64 {
        self.words[offset / 8]
    }

    /// The bytes from `offset` on.
    ///
    /// # Panics
    /// As [`Memory::word`].
    #[inline(always)]
    pub fn bytes(self, offset: usize, len: usize) -> &'a [u8] {
        &bytemuck::cast_slice(self.words)[offset..offset + len]
    }

    /// The address of the first byte, for generated code.
    #[inline]
    pub fn as_ptr(self) -> *const u8 {
        self.words.as_ptr().cast()
    }
}
