//! Batches that are mapped into a module's memory, one behind the other without a gap, from a fixed address on.

use quintet_arena::{Mapped, locate, mappings_generation};

use crate::places::{PAGE, WINDOW};

/// One past the last address where a batch may lie.
const END: u64 = (4 << 30) - PAGE;

/// Batches, and bytes of them, that are kept at a time; one batch may be larger. A mapped batch keeps its memory from the system even when
/// it is gone, so there is a bound.
const MOST: usize = 64;
/// See [`MOST`].
const KEPT: u64 = 64 << 20;

/// The batches that are in an instance's memory.
pub(crate) struct Window {
    /// The address of the linear memory.
    base: *mut u8,
    batches: Vec<Placed>,
    /// One past the last of them.
    end: u64,
    /// What was asked for last.
    recent: Recent,
    /// Whether batches could not be taken out any more: then none are put in.
    stuck: bool,
}

// SAFETY: `base` is the address of the instance's linear memory, which is one thread's at a time like the window itself.
unsafe impl Send for Window {}

/// A batch in memory.
struct Placed {
    /// Keeps the file open, so that no other is taken for it.
    mapped: Mapped,
    at: u32,
}

/// A mapping of the process, and where the same bytes lie in the module's memory.
#[derive(Default)]
struct Recent {
    start: usize,
    end: usize,
    at: u32,
    /// The [`mappings_generation`] under which this holds.
    generation: u64,
}

impl Window {
    /// A window without batches.
    ///
    /// # Safety
    /// `base` is the start of a memory of [`Regions`](quintet_region::Regions) that lives as long as the window is used.
    pub(crate) unsafe fn new(base: *mut u8) -> Window {
        Window { base, batches: Vec::new(), end: u64::from(WINDOW), recent: Recent::default(), stuck: false }
    }

    /// One past the last address that can be read.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// Where in the module's memory these bytes lie, if they are part of a shared arena that can be mapped. What an earlier answer said need
    /// not hold any more unless `keep` is set.
    #[inline(always)]
    pub(crate) fn place(&mut self, bytes: &[u8], keep: bool) -> Option<u32> {
        let at = bytes.as_ptr() as usize;
        let recent = &self.recent;
        if at >= recent.start && at + bytes.len() <= recent.end && recent.generation == mappings_generation() {
            return Some(recent.at + (at - recent.start) as u32);
        }
        self.look(bytes, keep)
    }

    #[cold]
    fn look(&mut self, bytes: &[u8], keep: bool) -> Option<u32> {
        // Asked for first: where the mapping goes in between, this is no longer the current one.
        let generation = mappings_generation();
        let mapped = locate(bytes)?;
        let same =
            |placed: &&Placed| std::sync::Arc::ptr_eq(placed.mapped.file(), mapped.file()) && placed.mapped.bytes() >= mapped.bytes();
        let at = match self.batches.iter().find(same) {
            Some(placed) => placed.at,
            None => self.add(&mapped, keep)?,
        };
        let start = mapped.start();
        self.recent = Recent { start, end: start + mapped.bytes(), at, generation };
        Some(at + (bytes.as_ptr() as usize - start) as u32)
    }

    fn add(&mut self, mapped: &Mapped, keep: bool) -> Option<u32> {
        let bytes = mapped.bytes() as u64;
        // The host itself reads from the first batch to the last, so there must be no gap between them.
        if self.stuck || !bytes.is_multiple_of(PAGE) {
            return None;
        }
        let kept = self.end + bytes - u64::from(WINDOW);
        if self.batches.len() >= MOST || kept > KEPT || self.end + bytes > END {
            if keep && !self.batches.is_empty() {
                return None;
            }
            self.clear()?;
        }
        if self.end + bytes > END {
            return None;
        }
        let at = self.end as u32;
        // SAFETY: the place is part of the region, and no batch lies there. The file is an arena's.
        unsafe { quintet_region::shared(self.base.add(at as usize), mapped.bytes(), mapped.file()) }.ok()?;
        self.end += bytes;
        self.batches.push(Placed { mapped: mapped.clone(), at });
        Some(at)
    }

    /// Removes all batches.
    fn clear(&mut self) -> Option<()> {
        let bytes = (self.end - u64::from(WINDOW)) as usize;
        self.batches.clear();
        self.recent = Recent::default();
        self.end = u64::from(WINDOW);
        if bytes > 0 {
            // SAFETY: the window is part of the region, and nothing runs that refers to the batches in it.
            let cleared = unsafe { quintet_region::none(self.base.add(WINDOW as usize), bytes) };
            self.stuck = cleared.is_err();
        }
        (!self.stuck).then_some(())
    }
}
