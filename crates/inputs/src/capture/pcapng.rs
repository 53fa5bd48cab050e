//! The pcapng format.

use pcap_parser::{Block, parse_block_be, parse_block_le};

use super::block;
use super::{Ahead, Found, LONGEST, Step};
use crate::error::InputError;
use crate::stats::{BLOCK_WITHOUT_PACKET, Stats};

const SECTION: u32 = 0x0a0d_0d0a;
const OBSOLETE_PACKET: u32 = 2;

/// How many interfaces of a section are remembered. Frames of later ones have no link type, and are counted as malformed.
const MOST_INTERFACES: usize = 1 << 16;

/// The most bytes of blocks that describe interfaces before a frame which are kept with it.
const MOST_DEFINITIONS: usize = 64 << 20;

/// A block that is a frame to Wireshark, though it holds no packet.
#[derive(Clone, Copy)]
enum Event {
    /// Of whoever has the number in its first word.
    Custom,
    /// An entry of systemd's journal.
    Journal,
    /// An event of Sysdig, with 6 bytes before its parameters, or 10.
    Sysdig(usize),
}

impl Event {
    fn of(ty: u32) -> Option<Event> {
        Some(match ty {
            0x0bad | 0x4000_0bad => Event::Custom,
            9 => Event::Journal,
            0x204 | 0x208 => Event::Sysdig(6),
            0x216 | 0x217 | 0x221 | 0x222 => Event::Sysdig(10),
            _ => return None,
        })
    }
}

#[derive(Default)]
pub(super) struct PcapNg {
    big_endian: bool,
    /// The interfaces of the current section.
    interfaces: Vec<Interface>,
}

#[derive(Clone, Copy)]
struct Interface {
    link: u32,
    snaplen: usize,
    /// Units of timestamps per second.
    units: u64,
    /// Seconds to add to timestamps.
    offset: i64,
}

/// What a block says of its packet.
struct Packet {
    interface: u32,
    /// The upper and the lower half of the timestamp.
    time: (u32, u32),
    /// Bytes before the captured bytes.
    start: usize,
    captured: usize,
    len: usize,
}

pub(super) fn is_pcapng(first: &[u8]) -> bool {
    first.starts_with(&SECTION.to_le_bytes())
}

impl Interface {
    fn time(&self, high: u32, low: u32) -> f64 {
        let ticks = u64::from(high) << 32 | u64::from(low);
        ((ticks / self.units) as i64).wrapping_add(self.offset) as f64 + (ticks % self.units) as f64 / self.units as f64
    }
}

/// Units per second of the option `if_tsresol`: a power of ten, or with the upper bit of two.
fn units(resolution: u8) -> Option<u64> {
    let exponent = u32::from(resolution & 0x7f);
    if resolution & 0x80 != 0 { 1u64.checked_shl(exponent) } else { 10u64.checked_pow(exponent) }
}

impl PcapNg {
    fn word(&self, data: &[u8], at: usize) -> u32 {
        match data.get(at..).and_then(|d| d.first_chunk()) {
            Some(bytes) if self.big_endian => u32::from_be_bytes(*bytes),
            Some(bytes) => u32::from_le_bytes(*bytes),
            None => 0,
        }
    }

    fn half(&self, data: &[u8], at: usize) -> u16 {
        match data.get(at..).and_then(|d| d.first_chunk()) {
            Some(bytes) if self.big_endian => u16::from_be_bytes(*bytes),
            Some(bytes) => u16::from_le_bytes(*bytes),
            None => 0,
        }
    }

    /// The next frame. Blocks that say what later ones mean are appended to `definitions`, if there are any to be.
    pub(super) fn next(
        &mut self,
        ahead: &mut Ahead<'_, '_>,
        number: u64,
        stats: &mut Stats,
        definitions: &mut Option<Vec<u8>>,
    ) -> Result<Step, InputError> {
        loop {
            if let Some(instead) = ahead.fill(12)? {
                return Ok(instead);
            }
            if is_pcapng(ahead.data()) {
                self.big_endian = false;
                match self.word(ahead.data(), 8) {
                    0x1a2b_3c4d => {}
                    0x4d3c_2b1a => self.big_endian = true,
                    _ => return Ok(Step::Damaged("a section's byte order cannot be told")),
                }
                self.interfaces.clear();
            }
            let size = self.word(ahead.data(), 4) as usize;
            if size < 12 || !size.is_multiple_of(4) || size > LONGEST {
                return Ok(Step::Damaged("the length of a block cannot be true"));
            }
            if let Some(instead) = ahead.fill(size)? {
                return Ok(instead);
            }
            let described = self.interfaces.len();
            if let Some(found) = self.block(&ahead.data()[..size], number, stats) {
                return Ok(ahead.frame(found));
            }
            if let Some(definitions) = definitions {
                let block = &ahead.data()[..size];
                if is_pcapng(block) {
                    // A section without a frame defines nothing.
                    definitions.clear();
                    definitions.extend_from_slice(block);
                    block::unmeasured(definitions);
                } else if self.interfaces.len() > described {
                    if definitions.len() + size > MOST_DEFINITIONS {
                        return Err(InputError::Definitions(MOST_DEFINITIONS));
                    }
                    definitions.extend_from_slice(block);
                }
            }
            ahead.consume(size);
        }
    }

    /// The frame in a block, if there is one.
    fn block(&mut self, data: &[u8], number: u64, stats: &mut Stats) -> Option<Found> {
        if let Some(event) = Event::of(self.word(data, 0)) {
            let found = self.event(event, data);
            if found.is_none() {
                stats.malformed(number, "pcapng block", || format!("a block of type {:#x} before this frame", self.word(data, 0)));
            }
            return found;
        }
        let block = match if self.big_endian { parse_block_be(data) } else { parse_block_le(data) } {
            Ok((_, block)) => block,
            // The block is whole, so that even a complaint about missing bytes means that it contradicts itself.
            Err(_) => {
                stats.malformed(number, "pcapng block", || format!("a block of type {} before this frame", self.word(data, 0)));
                return None;
            }
        };
        match block {
            Block::InterfaceDescription(description) => {
                let offset = match description.if_tsoffset {
                    o if self.big_endian => o.swap_bytes(),
                    o => o,
                };
                let units = units(description.if_tsresol).filter(|u| *u > 0).unwrap_or(1_000_000);
                let snaplen = if description.snaplen == 0 { usize::MAX } else { description.snaplen as usize };
                if self.interfaces.len() < MOST_INTERFACES {
                    self.interfaces.push(Interface { link: description.linktype.0 as u32, snaplen, units, offset });
                } else {
                    stats.skipped("pcapng interface beyond the first 65536 of its section");
                }
                None
            }
            Block::EnhancedPacket(p) => {
                let time = (p.ts_high, p.ts_low);
                let packet = Packet { interface: p.if_id, time, start: 28, captured: p.caplen as usize, len: p.origlen as usize };
                self.packet(data, packet, number, stats)
            }
            Block::SimplePacket(p) => {
                let len = p.origlen as usize;
                let snaplen = self.interfaces.first().map_or(usize::MAX, |i| i.snaplen);
                let captured = len.min(snaplen).min(data.len().saturating_sub(16));
                self.packet(data, Packet { interface: 0, time: (0, 0), start: 12, captured, len }, number, stats)
            }
            Block::Unknown(_) if self.word(data, 0) == OBSOLETE_PACKET => {
                let time = (self.word(data, 12), self.word(data, 16));
                let (captured, len) = (self.word(data, 20) as usize, self.word(data, 24) as usize);
                let packet = Packet { interface: u32::from(self.half(data, 8)), time, start: 28, captured, len };
                self.packet(data, packet, number, stats)
            }
            Block::SectionHeader(_) => None,
            Block::Unknown(_) => {
                stats.skipped_as(format!("pcapng block of type {:#x}", self.word(data, 0)));
                None
            }
            _ => {
                stats.skipped(BLOCK_WITHOUT_PACKET);
                None
            }
        }
    }

    /// The frame of an event, which has no link type.
    fn event(&self, event: Event, block: &[u8]) -> Option<Found> {
        let end = block.len().checked_sub(4)?;
        let body = block.get(8..end)?;
        let frame = |start, captured, len, time| Found { time, link: None, len, start, captured, size: block.len() };
        Some(match event {
            Event::Custom => {
                let captured = body.len().checked_sub(4)?;
                frame(12, captured, captured, 0.0)
            }
            Event::Journal => {
                // Its text is filled up with zero bytes.
                let captured = body.iter().rposition(|b| *b != 0).map_or(0, |i| i + 1);
                frame(8, captured, captured, journal_time(body).unwrap_or(0.0))
            }
            Event::Sysdig(head) => {
                let start = 8 + 18 + head;
                let nanoseconds = match *block.get(10..)?.first_chunk()? {
                    bytes if self.big_endian => u64::from_be_bytes(bytes),
                    bytes => u64::from_le_bytes(bytes),
                };
                let captured = end.checked_sub(start)?;
                frame(start, captured, self.word(block, 26) as usize, nanoseconds as f64 / 1e9)
            }
        })
    }

    fn packet(&self, block: &[u8], packet: Packet, number: u64, stats: &mut Stats) -> Option<Found> {
        let Packet { interface, time, start, captured, len } = packet;
        if captured > block.len().saturating_sub(start + 4) {
            stats.malformed(number, "pcapng block", || "a packet that is longer than its block, before this frame".into());
            return None;
        }
        let interface = self.interfaces.get(interface as usize);
        if interface.is_none() {
            stats.malformed(number, "packet of an interface that is not described", || "the packet's interface is not described".into());
        }
        let time = interface.map_or(0.0, |i| i.time(time.0, time.1));
        Some(Found { time, link: interface.map(|i| i.link), len, start, captured, size: block.len() })
    }
}

/// When a journal entry was written: microseconds since 1970 in one of its lines.
fn journal_time(entry: &[u8]) -> Option<f64> {
    let mut lines = entry.split(|b| *b == b'\n');
    let digits = lines.find_map(|line| line.strip_prefix(b"__REALTIME_TIMESTAMP="))?;
    let microseconds: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(microseconds as f64 / 1e6)
}
