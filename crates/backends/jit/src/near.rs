//! Where code is best mapped: near the code that calls it.
//!
//! A processor remembers where a call goes by the lower half of the address, together with the upper half of where it comes from. A call of
//! code that lies further away than 32 bits reach takes it longer. Programs lie at one end of the address space and fresh mappings at the other, so
//! it has to be asked for.

use std::ffi::c_void;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes between the last code that is mapped so and that of the program, below which mappings of its own hardly ever are.
const AWAY: usize = 64 << 20;
/// Bytes below that that are asked for before it begins anew: all of them can be reached from there.
const REACH: usize = 1 << 30;
/// Bytes of a page, or several of them.
const PAGE: usize = 4096;

/// An address at which so many bytes may be mapped, to be taken for a hint: where they are not free the system chooses another one, and code
/// there does the same.
pub(crate) fn hint(bytes: usize) -> *mut c_void {
    static ASKED: AtomicUsize = AtomicUsize::new(0);
    let bytes = bytes.next_multiple_of(PAGE);
    let before = ASKED.fetch_add(bytes, Ordering::Relaxed) % REACH;
    let own = (hint as fn(usize) -> *mut c_void as *const ()).addr() / PAGE * PAGE;
    // No hint where the program lies so low that there is no room below it.
    let address = own.saturating_sub(AWAY + before + bytes);
    std::ptr::without_provenance_mut(address)
}
