//! Memory that holds records: one growable block of 64-bit words, addressed by byte offsets.
//!
//! An [`Arena`] is plain memory, or shared memory (a memfd on Linux) that a sandbox can map into its own address space, so that it
//! reads records in place. Everything inside is found by offset from the start, so a block may move and be mapped twice.
//!
//! This crate, the backends that generate code, the memories of sandboxes, the loader of modules and the C interface are the only places
//! with `unsafe`.
#[cfg(not(target_endian = "little"))]
compile_error!("records are little-endian words that generated code reads in place; big-endian hosts are not supported");

#[cfg(target_os = "linux")]
mod mapped;
mod memory;
#[cfg(target_os = "linux")]
mod shared;

#[cfg(target_os = "linux")]
pub use mapped::{Mapped, forget_mappings, locate, mappings_generation, note_mapping};

pub use memory::{Arena, ArenaError, Kind, MAX_BYTES, Memory, PADDING};
