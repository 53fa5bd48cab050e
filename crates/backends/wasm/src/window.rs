//! Bringing batches into linear memory: mapped where they can be, copied where not.
//!
//! The batches lie one behind the other without a gap, so all from the start of memory to the end of the last batch can be read.

use quintet_runtime::Arena;
use wasmtime::Store;

use crate::config;
use crate::host::Host;
use crate::places::{PAGE, Places};

/// One past the last address where a batch may lie.
const END: u64 = (4 << 30) - PAGE;

/// Batches, and bytes of them, that are kept at a time; one batch may be larger. A mapped batch keeps its memory from the system even when
/// it is gone, so there is a bound.
const MOST: usize = 64;
/// See [`MOST`].
const KEPT: u64 = 64 << 20;

/// The batches that are in an instance's memory.
pub(crate) struct Window {
    memory: wasmtime::Memory,
    kind: config::Memory,
    places: Places,
    batches: Vec<Placed>,
    /// One past the last of them.
    end: u64,
    /// The one that was asked for last.
    recent: usize,
}

/// A batch in memory.
struct Placed {
    /// The [`Arena::id`].
    id: u64,
    /// The [`Arena::generation`] that was copied; `None` where the arena is mapped.
    copied: Option<u64>,
    at: u32,
    /// Bytes that the place has.
    room: u64,
}

impl Placed {
    /// Whether this is what the arena holds now.
    #[inline]
    fn holds(&self, arena: &Arena) -> bool {
        self.id == arena.id() && self.copied.is_none_or(|generation| generation == arena.generation())
    }
}

impl Window {
    /// A window without batches.
    pub(crate) fn new(store: &mut Store<Host>, memory: wasmtime::Memory, kind: config::Memory, places: Places) -> Window {
        let mut window = Window { memory, kind, places, batches: Vec::new(), end: u64::from(places.window), recent: 0 };
        window.tell(store);
        window
    }

    /// Tells the host how much of the memory can be read.
    fn tell(&mut self, store: &mut Store<Host>) {
        let base = self.memory.data_ptr(&*store);
        // SAFETY: the memory is the store's and does not move (its 4 GiB are reserved). Below the window it can be read and written, from
        // there to `end` it can be read: mapped batches follow one another without a gap, and copied ones are in a memory of that size.
        unsafe { store.data_mut().set_memory(base, self.end as usize) };
    }

    /// The address of a batch's arena in linear memory.
    #[inline]
    pub(crate) fn place(&mut self, store: &mut Store<Host>, arena: &Arena) -> Result<u32, String> {
        if let Some(placed) = self.batches.get(self.recent)
            && placed.holds(arena)
        {
            return Ok(placed.at);
        }
        self.look(store, arena)
    }

    #[cold]
    fn look(&mut self, store: &mut Store<Host>, arena: &Arena) -> Result<u32, String> {
        let at = match self.batches.iter().find(|p| p.holds(arena)) {
            Some(placed) => placed.at,
            None => self.add(store, arena)?,
        };
        self.recent = self.batches.iter().position(|p| p.at == at).unwrap_or_default();
        Ok(at)
    }

    fn add(&mut self, store: &mut Store<Host>, arena: &Arena) -> Result<u32, String> {
        let at = match self.kind {
            #[cfg(target_os = "linux")]
            config::Memory::Mapped => self.map(store, arena).map_or_else(|| self.copy(store, arena), Ok),
            _ => self.copy(store, arena),
        };
        // Also where it failed: batches may have been removed.
        self.tell(store);
        at
    }

    /// Room for a batch behind the others, or in their place where there is too little.
    fn room(&mut self, store: &Store<Host>, bytes: u64) -> Result<u32, String> {
        let end = self.end + bytes;
        let kept = end - u64::from(self.places.window);
        if self.batches.len() >= MOST || kept > KEPT || end > END {
            self.clear(store)?;
        }
        if self.end + bytes > END {
            return Err(format!("a batch of {bytes} bytes does not fit into the sandbox"));
        }
        Ok(self.end as u32)
    }

    /// Removes all batches.
    fn clear(&mut self, store: &Store<Host>) -> Result<(), String> {
        let (from, to) = (u64::from(self.places.window), self.end);
        self.batches.clear();
        self.end = from;
        #[cfg(target_os = "linux")]
        if self.kind == config::Memory::Mapped && to > from {
            // SAFETY: the window is part of the instance's region, and nothing runs that refers to the batches in it.
            unsafe { quintet_region::none(self.memory.data_ptr(store).add(from as usize), (to - from) as usize) }
                .map_err(|e| format!("cannot unmap batches: {e}"))?;
        }
        let _ = (store, to);
        Ok(())
    }

    /// Maps a shared arena; `None` where it cannot be mapped.
    #[cfg(target_os = "linux")]
    fn map(&mut self, store: &Store<Host>, arena: &Arena) -> Option<u32> {
        // SAFETY: the file is only mapped for reading, and the descriptor goes no further.
        let (file, bytes) = unsafe { arena.file() }?;
        let room = bytes as u64;
        let at = self.room(store, room).ok()?;
        // SAFETY: the place is free, see `room`, and within the region. The file belongs to the arena, which never shortens it.
        let start = unsafe { self.memory.data_ptr(store).add(at as usize) };
        // SAFETY: as above.
        unsafe { quintet_region::shared(start, bytes, file) }.ok()?;
        // SAFETY: the file is an arena's. The mapping goes by way of `none` or with the region, and both forget it.
        unsafe { quintet_arena::note_mapping(start, bytes, file) };
        self.end += room.next_multiple_of(PAGE);
        self.batches.push(Placed { id: arena.id(), copied: None, at, room });
        Some(at)
    }

    /// Copies an arena, in the place of an earlier copy if it fits there.
    fn copy(&mut self, store: &mut Store<Host>, arena: &Arena) -> Result<u32, String> {
        let words = arena.memory().words();
        let bytes = words.len() as u64 * 8;
        let (id, copied) = (arena.id(), Some(arena.generation()));
        let at = match self.batches.iter_mut().find(|p| p.copied.is_some() && p.room >= bytes) {
            Some(placed) => {
                placed.id = id;
                placed.copied = copied;
                placed.at
            }
            None => {
                // All the arena may come to hold, so that its next contents fit as well.
                let room = (arena.capacity() as u64).max(bytes).next_multiple_of(PAGE);
                let at = self.make_room(store, room)?;
                self.end += room;
                self.batches.push(Placed { id, copied, at, room });
                at
            }
        };
        // SAFETY: the place is at least as long as the arena, see above, and can be written; the arena is memory of its own.
        unsafe { std::ptr::copy_nonoverlapping(words.as_ptr().cast(), self.memory.data_ptr(&*store).add(at as usize), bytes as usize) };
        Ok(at)
    }

    /// Memory for a copy.
    fn make_room(&mut self, store: &mut Store<Host>, room: u64) -> Result<u32, String> {
        if self.kind == config::Memory::Copied {
            // One copy at a time, and the memory grows until it is large enough for the largest.
            self.clear(store)?;
        }
        let at = self.room(store, room)?;
        match self.kind {
            #[cfg(target_os = "linux")]
            config::Memory::Mapped => {
                // SAFETY: the place is free, see `room`, and within the region.
                unsafe { quintet_region::private(self.memory.data_ptr(&*store).add(at as usize), room as usize) }
                    .map_err(|e| format!("no memory for a batch: {e}"))?;
            }
            _ => {
                let missing = (u64::from(at) + room).saturating_sub(self.memory.data_size(&*store) as u64).div_ceil(PAGE);
                if missing > 0 {
                    self.memory.grow(&mut *store, missing).map_err(|e| format!("no memory for a batch: {e:#}"))?;
                }
            }
        }
        Ok(at)
    }

    /// Gives back the pages from `start`, the beginning of scratch memory or of the stack of arrays, up to `peak`, where they are many.
    pub(crate) fn trim(&self, store: &Store<Host>, start: u32, peak: u32) {
        #[cfg(target_os = "linux")]
        if self.kind == config::Memory::Mapped && peak > start {
            // SAFETY: both begin at a page and end before the window, and nothing runs that refers to what is there.
            unsafe { quintet_region::discard(self.memory.data_ptr(store).add(start as usize), (peak - start) as usize) };
        }
        let _ = (store, start, peak);
    }

    /// Bytes of copies.
    pub(crate) fn copied_bytes(&self) -> usize {
        self.batches.iter().filter(|p| p.copied.is_some()).map(|p| p.room as usize).sum()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::sync::Arc;

    use quintet_lang::{Limits, Scheme, Type};
    use quintet_runtime::{ArenaKind, Batch, BatchBuilder, Library, Linked, Lists};
    use wasm_encoder::ValType::{I32, I64};
    use wasmtime::{Instance, Module, TypedFunc};

    use super::*;
    use crate::body::{Body, at};
    use crate::config::{Compiler, Setup};
    use crate::module::{Builder, MEMORY, RUN, Signature};
    use crate::places::{Extent, MAPPED_WINDOW};

    /// A module whose entry point writes a word, if it is not 0, and answers the word that stands there.
    struct Guest {
        store: Store<Host>,
        window: Window,
        run: TypedFunc<(u32, u64), u64>,
    }

    fn guest(scheme: &Scheme, compiler: Compiler) -> Guest {
        let program = quintet_lang::compile("port == 1", scheme, &Limits::default()).unwrap();
        let linked = Linked::new(program, &Library::empty(), &Lists::new(), &Limits::default()).unwrap();
        let mut body = Body::new(2);
        body.i().local_get(1).i64_eqz().i32_eqz();
        body.if_(None);
        body.i().local_get(0).local_get(1).i64_store(at(0));
        body.end();
        body.i().local_get(0).i64_load(at(0));
        let mut builder = Builder::new(0, false, false);
        let run = builder.add("run", Signature::of(&[I32, I64], &[I64]), body.finish());
        let finished = builder.finish((run, None), (1, 0), Extent::Mapped).unwrap();
        let shared = Setup { compiler, memory: config::Memory::Mapped }.shared(false).unwrap();
        let module = Module::from_binary(&shared.engine, &finished.wasm).unwrap();
        let mut store = Store::new(&shared.engine, Host::new(linked, Arc::from([]), finished.places, &quintet_lang::Limits::default()));
        let instance = Instance::new(&mut store, &module, &[]).unwrap();
        let memory = instance.get_memory(&mut store, MEMORY).unwrap();
        let run = instance.get_typed_func(&mut store, RUN).unwrap();
        let window = Window::new(&mut store, memory, config::Memory::Mapped, finished.places);
        Guest { store, window, run }
    }

    fn batch(scheme: &Scheme, kind: ArenaKind) -> Batch {
        BatchBuilder::new(scheme, 10, kind).unwrap().build()
    }

    #[test]
    fn what_is_not_mapped_traps_and_batches_cannot_be_written() {
        let scheme = Scheme::builder().mandatory("port", Type::Int).build().unwrap();
        for compiler in [Compiler::Cranelift, Compiler::Winch] {
            let Guest { mut store, mut window, run } = guest(&scheme, compiler);
            let call = |store: &mut Store<Host>, address: u32, word: u64| run.call(store, (address, word)).ok();
            // The instance's own memory.
            assert_eq!(call(&mut store, 1 << 20, 7), Some(7));
            assert_eq!(call(&mut store, MAPPED_WINDOW - 8, 7), Some(7));
            // There is no batch yet.
            assert_eq!(call(&mut store, MAPPED_WINDOW, 0), None);
            let shared = batch(&scheme, ArenaKind::Shared);
            let at = window.place(&mut store, shared.arena()).unwrap();
            assert_eq!(at, MAPPED_WINDOW);
            // The first word of an arena is its length.
            let len = shared.arena().len() as u64;
            assert_eq!(call(&mut store, at, 0), Some(len));
            assert_eq!(call(&mut store, at, 1), None);
            assert_eq!(shared.memory().word(0), len);
            let end = at + shared.arena().capacity() as u32;
            assert_eq!(call(&mut store, end - 8, 0), Some(0));
            for outside in [end, end - 4, end + (1 << 20), u32::MAX - 7, u32::MAX] {
                assert_eq!(call(&mut store, outside, 0), None, "{outside:#x}");
                assert_eq!(call(&mut store, outside, 1), None, "{outside:#x}");
            }
            // A copy lies behind it, and the host reads no further either.
            let plain = batch(&scheme, ArenaKind::Plain);
            let at = window.place(&mut store, plain.arena()).unwrap();
            assert_eq!(at, end);
            assert_eq!(call(&mut store, at, 0), Some(plain.arena().len() as u64));
            let end = window.end as u32;
            assert_eq!(call(&mut store, end, 0), None);
            assert!(store.data().bytes(end - 8, 8).is_ok());
            assert!(store.data().bytes(end - 8, 9).is_err());
            assert!(store.data().bytes(u32::MAX, u32::MAX).is_err());
            // After a trap the instance goes on.
            assert_eq!(call(&mut store, MAPPED_WINDOW, 0), Some(len));
        }
    }
}
