//! Which memory of the process is a mapping of a shared arena's file, so that whoever is given bytes of a batch can map them elsewhere too.
//!
//! A text of a record comes as a plain slice, whatever backend reads it: in the arena's own mapping, or in the one that a sandbox made of
//! it. Both are noted here, and [`locate`] finds the file behind such a slice.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A mapping of the whole of a shared arena's file, from its first byte on.
#[derive(Clone, Debug)]
pub struct Mapped {
    file: Arc<OwnedFd>,
    start: usize,
    bytes: usize,
}

impl Mapped {
    /// The file. It is never written to but by its arena, and never gets shorter.
    pub fn file(&self) -> &Arc<OwnedFd> {
        &self.file
    }

    /// The address of its first byte in this mapping.
    pub fn start(&self) -> usize {
        self.start
    }

    /// Bytes of the mapping; the file has at least so many.
    pub fn bytes(&self) -> usize {
        self.bytes
    }
}

static MAPPINGS: Mutex<BTreeMap<usize, Mapped>> = Mutex::new(BTreeMap::new());
static GENERATION: AtomicU64 = AtomicU64::new(0);

fn mappings() -> MutexGuard<'static, BTreeMap<usize, Mapped>> {
    MAPPINGS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A number that changes whenever a mapping is noted or forgotten: what [`locate`] said under this number still holds.
#[inline]
pub fn mappings_generation() -> u64 {
    GENERATION.load(Ordering::Acquire)
}

/// Notes a mapping of an arena's file.
///
/// # Safety
/// The file is one of [`Arena::file`](crate::Arena::file). Until [`forget_mappings`] is called for the address, which is before it is
/// unmapped, the `bytes` from `start` on are a mapping of the first bytes of the file, which has as many.
pub unsafe fn note_mapping(start: *const u8, bytes: usize, file: &Arc<OwnedFd>) {
    let start = start as usize;
    mappings().insert(start, Mapped { file: file.clone(), start, bytes });
    GENERATION.fetch_add(1, Ordering::AcqRel);
}

/// Forgets the mappings that begin in a range of addresses.
pub fn forget_mappings(start: *const u8, bytes: usize) {
    let start = start as usize;
    let mut mappings = mappings();
    let there: Vec<usize> = mappings.range(start..start.saturating_add(bytes)).map(|(at, _)| *at).collect();
    if there.is_empty() {
        return;
    }
    let gone: Vec<Option<Mapped>> = there.iter().map(|at| mappings.remove(at)).collect();
    GENERATION.fetch_add(1, Ordering::AcqRel);
    drop(mappings);
    // The last owner of a file closes it, which need not be done under the lock.
    drop(gone);
}

/// The mapping that bytes are part of, if they lie in one.
pub fn locate(bytes: &[u8]) -> Option<Mapped> {
    let at = bytes.as_ptr() as usize;
    let mappings = mappings();
    let (_, mapped) = mappings.range(..=at).next_back()?;
    (at + bytes.len() <= mapped.start + mapped.bytes).then(|| mapped.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arena, Kind};

    #[test]
    fn bytes_of_a_shared_arena_are_found_as_long_as_it_is_where_it_was() {
        let mut arena = Arena::new(Kind::Shared);
        if arena.kind() == Kind::Plain {
            return;
        }
        let at = arena.alloc(64).unwrap();
        let bytes = arena.memory().bytes(at + 8, 8);
        let found = locate(bytes).unwrap();
        assert_eq!(found.start(), arena.memory().as_ptr() as usize);
        assert_eq!(found.bytes(), arena.capacity());
        assert!(locate(&[0u8; 8]).is_none());
        let start = found.start();
        let before = mappings_generation();
        arena.alloc(1 << 20).unwrap();
        assert_ne!(mappings_generation(), before);
        assert_eq!(locate(arena.memory().bytes(1 << 20, 8)).unwrap().start(), arena.memory().as_ptr() as usize);
        let now = arena.memory().as_ptr() as usize;
        drop(arena);
        for gone in [start, now] {
            assert!(!mappings().contains_key(&gone));
        }
    }
}
