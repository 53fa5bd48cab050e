//! Bytes of a packet, of which the capture may hold only the beginning.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Bytes of a packet. A read outside answers none, never panics.
#[derive(Clone, Copy)]
pub(super) struct Span<'p> {
    /// The bytes at hand.
    pub bytes: &'p [u8],
    /// How many there were on the wire, at least as many as are at hand.
    pub len: usize,
}

impl<'p> Span<'p> {
    #[inline]
    pub(super) fn new(bytes: &'p [u8], len: usize) -> Span<'p> {
        Span { bytes, len: len.max(bytes.len()) }
    }

    /// From `start` on; empty when that is behind the end.
    #[inline]
    pub(super) fn from(self, start: usize) -> Span<'p> {
        Span { bytes: self.bytes.get(start..).unwrap_or(&[]), len: self.len.saturating_sub(start) }
    }

    /// At most the first `len` bytes.
    #[inline]
    pub(super) fn first(self, len: usize) -> Span<'p> {
        Span { bytes: self.bytes.get(..len).unwrap_or(self.bytes), len: self.len.min(len) }
    }

    /// Whether bytes of the wire are not at hand.
    #[inline]
    pub(super) fn is_cut(self) -> bool {
        self.bytes.len() < self.len
    }

    /// Bytes of which only some will be looked at.
    #[inline]
    pub(super) fn chunk<const N: usize>(self, at: usize) -> Option<&'p [u8; N]> {
        self.bytes.get(at..)?.first_chunk()
    }

    #[inline]
    pub(super) fn array<const N: usize>(self, at: usize) -> Option<[u8; N]> {
        self.chunk(at).copied()
    }

    #[inline]
    pub(super) fn slice(self, at: usize, len: usize) -> Option<&'p [u8]> {
        self.bytes.get(at..)?.get(..len)
    }

    #[inline]
    pub(super) fn u8(self, at: usize) -> Option<u8> {
        self.bytes.get(at).copied()
    }

    #[inline]
    pub(super) fn u16(self, at: usize) -> Option<u16> {
        self.array(at).map(u16::from_be_bytes)
    }

    #[inline]
    pub(super) fn u24(self, at: usize) -> Option<u32> {
        self.array(at).map(|[a, b, c]| u32::from_be_bytes([0, a, b, c]))
    }

    #[inline]
    pub(super) fn u32(self, at: usize) -> Option<u32> {
        self.array(at).map(u32::from_be_bytes)
    }

    #[inline]
    pub(super) fn ipv4(self, at: usize) -> Option<Ipv4Addr> {
        self.array::<4>(at).map(Ipv4Addr::from)
    }

    #[inline]
    pub(super) fn ipv6(self, at: usize) -> Option<Ipv6Addr> {
        self.array::<16>(at).map(Ipv6Addr::from)
    }
}
