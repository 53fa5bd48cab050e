//! Memory for code that stays mapped: pages twice, once to be written and once to be run.
//!
//! Mapping, protecting and unmapping pages takes longer than a rule takes to compile. So chunks of a memory file are mapped at two
//! addresses, and no page can be written through an address at which it can be run. A piece is freed when its last user drops it, and its
//! bytes are given to others only once its chunk has no fresh ones left: by then nobody has run them for long.
//!
//! Both mappings are of shared memory, so a child process that is forked and goes on without `exec` would see what its parent writes there. It
//! does not inherit them, and has to compile its rules itself.
//!
//! On x86-64 caches of instructions see what is written through any address.

use std::sync::{Mutex, PoisonError};

use rustix::fs::{MemfdFlags, ftruncate, memfd_create};
use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap, munmap};

use crate::near;

/// Bytes of a chunk, unless a piece needs a larger one.
const CHUNK: usize = 1 << 20;
/// Most bytes of all chunks.
const MOST: usize = 1 << 30;
/// Pieces begin at multiples of this.
const ALIGN: usize = 64;
/// What lies between pieces and is never run.
const PADDING: u8 = 0xcc;

static CHUNKS: Mutex<Chunks> = Mutex::new(Chunks { all: Vec::new(), bytes: 0 });

struct Chunks {
    /// By number; a number whose chunk is unmapped is given to another.
    all: Vec<Option<Chunk>>,
    /// Of all that are mapped.
    bytes: usize,
}

/// Two mappings of the same pages.
struct Chunk {
    write: *mut u8,
    run: *const u8,
    len: usize,
    /// Bytes from which on nothing has been written yet.
    fresh: usize,
    /// Stretches that can be given away again, in order and apart.
    free: Vec<(usize, usize)>,
    /// Stretches that were given back since.
    returned: Vec<(usize, usize)>,
    /// Bytes in use.
    used: usize,
}

// SAFETY: the mappings are the chunk's own, and they are written only through the lock around all chunks.
unsafe impl Send for Chunk {}

/// Code in the arena. Whoever keeps an address inside must keep this.
#[derive(Debug)]
pub(crate) struct Piece {
    chunk: usize,
    offset: usize,
    /// Bytes of code.
    len: usize,
    start: *const u8,
}

// SAFETY: the bytes are not written to while the piece lives, so any thread may read and run them.
unsafe impl Send for Piece {}
// SAFETY: as above; nothing here can be changed through a shared reference.
unsafe impl Sync for Piece {}

impl Piece {
    /// A copy of `code`, which must not depend on where it lies.
    pub(crate) fn new(code: &[u8]) -> Result<Piece, String> {
        let room = code.len().max(1).next_multiple_of(ALIGN);
        let mut chunks = CHUNKS.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, offset) = chunks.take(room)?;
        let chunk = chunks.all[number].as_ref().ok_or("a chunk that is gone")?;
        let start = chunk.run.wrapping_add(offset);
        // SAFETY: `take` has given these bytes, which lie within the mapping, to this piece alone.
        unsafe {
            let at = chunk.write.add(offset);
            at.copy_from_nonoverlapping(code.as_ptr(), code.len());
            at.add(code.len()).write_bytes(PADDING, room - code.len());
        }
        Ok(Piece { chunk: number, offset, len: code.len(), start })
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

impl Drop for Piece {
    fn drop(&mut self) {
        let room = self.len.max(1).next_multiple_of(ALIGN);
        CHUNKS.lock().unwrap_or_else(PoisonError::into_inner).give(self.chunk, self.offset, room);
    }
}

impl Chunks {
    /// So many bytes that nobody uses: the number of their chunk, and where they are in it.
    fn take(&mut self, room: usize) -> Result<(usize, usize), String> {
        // The last chunk is the one that has most likely room.
        for (number, chunk) in self.all.iter_mut().enumerate().rev() {
            if let Some(offset) = chunk.as_mut().and_then(|chunk| chunk.take(room)) {
                return Ok((number, offset));
            }
        }
        let len = room.next_multiple_of(CHUNK);
        if len > MOST.saturating_sub(self.bytes) {
            return Err(format!("code of all programs together takes more than {MOST} bytes"));
        }
        let mut chunk = Chunk::new(len).map_err(|e| format!("no memory for code: {e}"))?;
        self.bytes += len;
        let offset = chunk.take(room).ok_or("a new chunk has no room")?;
        let number = match self.all.iter().position(Option::is_none) {
            Some(number) => {
                self.all[number] = Some(chunk);
                number
            }
            None => {
                self.all.push(Some(chunk));
                self.all.len() - 1
            }
        };
        Ok((number, offset))
    }

    /// Takes bytes back. A chunk in which nothing is used any more is unmapped, unless it is the only one.
    fn give(&mut self, number: usize, offset: usize, room: usize) {
        let others = self.all.iter().flatten().count() > 1;
        let Some(place) = self.all.get_mut(number) else { return };
        let Some(chunk) = place else { return };
        chunk.used -= room;
        chunk.returned.push((offset, offset + room));
        if chunk.used == 0 && (others || chunk.len > CHUNK) {
            self.bytes -= chunk.len;
            *place = None;
        }
    }
}

impl Chunk {
    fn new(len: usize) -> rustix::io::Result<Chunk> {
        let file = memfd_create("quintet-code", MemfdFlags::CLOEXEC)?;
        ftruncate(&file, len as u64)?;
        let map = |hint, protection| {
            // SAFETY: a fresh mapping, for whose address there is but a hint, of a file as long as the mapping.
            unsafe { mmap(hint, len, protection, MapFlags::SHARED, &file, 0) }
        };
        let write = map(std::ptr::null_mut(), ProtFlags::READ | ProtFlags::WRITE)?;
        let run = map(near::hint(len), ProtFlags::READ | ProtFlags::EXEC).inspect_err(|_| {
            // SAFETY: the mapping that was just made, which nobody else knows.
            let _ = unsafe { munmap(write, len) };
        })?;
        let chunk = Chunk { write: write.cast(), run: run.cast::<u8>(), len, fresh: 0, free: Vec::new(), returned: Vec::new(), used: 0 };
        for mapping in [write, run] {
            // SAFETY: only what a child process inherits changes.
            unsafe { madvise(mapping, len, Advice::LinuxDontFork)? };
        }
        Ok(chunk)
    }

    /// The first of so many bytes that nobody uses.
    fn take(&mut self, room: usize) -> Option<usize> {
        if self.len - self.used < room {
            return None;
        }
        let offset = self.again(room).or_else(|| self.first(room)).or_else(|| {
            self.gather();
            self.again(room)
        })?;
        self.used += room;
        Some(offset)
    }

    /// Of those that were never used.
    fn first(&mut self, room: usize) -> Option<usize> {
        let offset = self.fresh;
        let end = offset.checked_add(room).filter(|end| *end <= self.len)?;
        self.fresh = end;
        Some(offset)
    }

    /// Of those that were used.
    fn again(&mut self, room: usize) -> Option<usize> {
        let place = self.free.iter().position(|(start, end)| end - start >= room)?;
        let (start, end) = self.free[place];
        if end - start == room {
            self.free.remove(place);
        } else {
            self.free[place].0 += room;
        }
        Some(start)
    }

    /// Puts what was given back with what is free.
    fn gather(&mut self) {
        self.free.append(&mut self.returned);
        self.free.sort_unstable();
        self.free.dedup_by(|next, before| {
            let touches = before.1 == next.0;
            if touches {
                before.1 = next.1;
            }
            touches
        });
    }
}

impl Drop for Chunk {
    fn drop(&mut self) {
        // SAFETY: this chunk's own mappings; no piece of it is left. A failure would leak them, which is harmless.
        unsafe {
            let _ = munmap(self.write.cast(), self.len);
            let _ = munmap(self.run.cast_mut().cast(), self.len);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Code that answers a number.
    fn answering(number: u32) -> Vec<u8> {
        [&[0xb8][..], &number.to_le_bytes(), &[0xc3]].concat()
    }

    fn run(piece: &Piece) -> u32 {
        // SAFETY: the piece holds `mov eax, number; ret`.
        unsafe { std::mem::transmute::<*const u8, extern "C" fn() -> u32>(piece.at(0))() }
    }

    #[test]
    fn pieces_hold_their_code_while_others_come_and_go() {
        let mut kept: Vec<(u32, Piece)> = Vec::new();
        for number in 0..60_000 {
            let mut code = answering(number);
            code.resize(6 + number as usize % 200, 0x90);
            let piece = Piece::new(&code).expect("room");
            assert_eq!(piece.len(), code.len());
            kept.push((number, piece));
            if kept.len() > 300 {
                kept.swap_remove(number as usize * 7 % 300);
            }
        }
        kept.iter().for_each(|(number, piece)| assert_eq!(run(piece), *number));
        let bytes = CHUNKS.lock().unwrap().bytes;
        assert!(bytes <= 4 * CHUNK, "{bytes} bytes are mapped for 300 small pieces");
    }

    #[test]
    fn chunks_give_bytes_away_once_they_have_come_back() {
        let mut chunk = Chunk::new(CHUNK).expect("memory");
        let places: Vec<usize> = (0..CHUNK / 4096).map(|_| chunk.take(4096).expect("room")).collect();
        assert_eq!(chunk.take(64), None);
        for place in &places[3..6] {
            chunk.used -= 4096;
            chunk.returned.push((*place, place + 4096));
        }
        assert_eq!(chunk.take(3 * 4096), Some(places[3]), "three neighbours are one stretch");
        assert_eq!(chunk.take(64), None);
    }

    #[test]
    fn no_page_can_be_written_and_run() {
        let piece = Piece::new(&answering(7)).expect("room");
        let maps = std::fs::read_to_string("/proc/self/maps").expect("the list of mappings");
        let ours: Vec<&str> = maps.lines().filter(|line| line.contains("quintet-code")).collect();
        assert!(ours.iter().any(|line| line.contains(" r-xs ")) && ours.iter().any(|line| line.contains(" rw-s ")), "{ours:?}");
        assert!(!ours.iter().any(|line| line.contains("wx")), "{ours:?}");
        assert_eq!(run(&piece), 7);
    }
}
