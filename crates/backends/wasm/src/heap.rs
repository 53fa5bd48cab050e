//! Where growing arrays of scripts keep their elements: blocks of scratch memory, of sizes that are powers of two, so that what one array
//! leaves another can use. All are gone when the next evaluation first needs scratch memory.

use quintet_runtime::LIST_MOST;

use crate::array::of_kind;
use crate::host::{Broken, Host};
use crate::places::TOP;

/// The smallest block's bytes, as a power of two.
const SMALLEST: u32 = 6;

/// Blocks that are free, by their size.
#[derive(Default)]
pub(crate) struct Heap {
    free: [Vec<u32>; 32],
}

impl Heap {
    /// Forgets all blocks.
    pub(crate) fn clear(&mut self) {
        self.free.iter_mut().for_each(Vec::clear);
    }

    fn size(&mut self, class: u32) -> Result<&mut Vec<u32>, Broken> {
        self.free.get_mut(class as usize).ok_or_else(|| Broken::new(format_args!("there are no blocks of 2^{class} bytes")))
    }
}

/// The size of the block that so many bytes are in.
fn class(bytes: usize) -> u32 {
    bytes.next_power_of_two().trailing_zeros().max(SMALLEST)
}

impl Host {
    pub(crate) fn grow(&mut self, at: u32, used: u32, (room, wanted): (u32, u32), kind: u32) -> Result<u32, Broken> {
        let (charge, stride) = of_kind(kind);
        let (room, wanted) = (room as usize, wanted as usize);
        if wanted > LIST_MOST {
            return Ok(0);
        }
        let more = wanted.saturating_sub(room).saturating_mul(charge);
        if self.charging(|host| Ok(host.scratch().charge(more).is_err()))? {
            return Ok(0);
        }
        let new = class(wanted.saturating_mul(stride));
        if room == 0 {
            return self.block(new);
        }
        let old = class(room.saturating_mul(stride));
        if old == new {
            return Ok(at);
        }
        if at.checked_add(1 << old) == Some(self.word32(TOP)) {
            // The last block grows where it is.
            let more = (1_usize << new).saturating_sub(1 << old);
            return Ok(self.alloc(more)?.map_or(0, |_| at));
        }
        let to = self.block(new)?;
        if to != 0 {
            self.copy_within(at, to, used)?;
            self.heap.size(old)?.push(at);
        }
        Ok(to)
    }

    /// A block; 0 where there is no room for it.
    fn block(&mut self, class: u32) -> Result<u32, Broken> {
        if let Some(free) = self.heap.size(class)?.pop() {
            return Ok(free);
        }
        Ok(self.alloc(1 << class)?.unwrap_or(0))
    }

    pub(crate) fn free(&mut self, at: u32, room: u32, kind: u32) -> Result<(), Broken> {
        let (charge, stride) = of_kind(kind);
        self.heap.size(class((room as usize).saturating_mul(stride)))?.push(at);
        self.charging(|host| {
            host.scratch().discharge((room as usize).saturating_mul(charge));
            Ok(())
        })
    }

    pub(crate) fn packed(&mut self, at: u32, len: u32, stride: u32) -> Result<u32, Broken> {
        // Where there are not so many steps, the word says so.
        self.counting(|host| {
            let _ = host.scratch().look(len as usize);
            Ok(())
        })?;
        if self.charging(|host| Ok(host.scratch().charge(len as usize).is_err()))? {
            return Ok(0);
        }
        let Some(bytes) = len.checked_mul(stride) else {
            return Err(Broken::new(format_args!("an array of {len} elements is larger than memory")));
        };
        let low: Vec<u8> = self.bytes(at, bytes)?.iter().step_by(stride.max(1) as usize).copied().collect();
        let Some(to) = self.alloc(low.len())? else { return Ok(0) };
        self.write(to, &low)?;
        Ok(to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_holds_what_it_is_of_the_size_of() {
        for bytes in [0, 1, 63, 64, 65, 128, 129, 1 << 20, (1 << 20) + 1, 256 << 20] {
            assert!(1_usize << class(bytes) >= bytes.max(64), "{bytes}");
            assert!(bytes <= 64 || 1_usize << class(bytes) < 2 * bytes, "{bytes}");
        }
    }
}
