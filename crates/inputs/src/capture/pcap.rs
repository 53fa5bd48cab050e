//! The pcap format.

use pcap_parser::{LegacyPcapBlock, PcapError, parse_pcap_frame, parse_pcap_frame_be, parse_pcap_frame_modified, parse_pcap_header};

use super::{End, Found, LONGEST, end};
use crate::error::InputError;
use crate::window::Window;

type Parse = for<'a> fn(&'a [u8]) -> Result<(&'a [u8], LegacyPcapBlock<'a>), pcap_parser::nom::Err<PcapError<&'a [u8]>>>;

pub(super) struct Pcap {
    link: u32,
    /// Units of the fraction of a second.
    units: f64,
    /// Bytes before a frame's data.
    head: usize,
    big_endian: bool,
    parse: Parse,
}

pub(super) fn is_pcap(first: &[u8]) -> bool {
    let Some(magic) = first.first_chunk() else { return false };
    matches!(u32::from_le_bytes(*magic), 0xa1b2_c3d4 | 0xd4c3_b2a1 | 0xa1b2_3c4d | 0x4d3c_b2a1 | 0xa1b2_cd34)
}

impl Pcap {
    /// Reads the file's header.
    pub(super) fn new(window: &mut Window) -> Option<Pcap> {
        let (_, header) = parse_pcap_header(window.data()).ok()?;
        let big_endian = header.is_bigendian();
        let parse: Parse = match (header.is_modified_format(), big_endian) {
            (true, _) => parse_pcap_frame_modified,
            (false, true) => parse_pcap_frame_be,
            (false, false) => parse_pcap_frame,
        };
        window.consume(header.size());
        Some(Pcap {
            // The upper bits say how long the frames' check sequence is.
            link: header.network.0 as u32 & 0x03ff_ffff,
            units: if header.is_nanosecond_precision() { 1e9 } else { 1e6 },
            head: if header.is_modified_format() { 24 } else { 16 },
            big_endian,
            parse,
        })
    }

    pub(super) fn next(&mut self, window: &mut Window) -> Result<Result<Found, End>, InputError> {
        if !window.fill(self.head)? {
            return Ok(Err(end(window)));
        }
        let captured = match window.data().get(8..).and_then(|d| d.first_chunk()) {
            Some(bytes) if self.big_endian => u32::from_be_bytes(*bytes),
            Some(bytes) => u32::from_le_bytes(*bytes),
            None => return Ok(Err(end(window))),
        } as usize;
        if captured > LONGEST {
            return Ok(Err(End::Damaged("the length of a frame cannot be true")));
        }
        if !window.fill(self.head + captured)? {
            return Ok(Err(end(window)));
        }
        Ok(match (self.parse)(window.data()) {
            Ok((_, frame)) => Ok(Found {
                time: f64::from(frame.ts_sec) + f64::from(frame.ts_usec) / self.units,
                link: Some(self.link),
                len: frame.origlen as usize,
                start: self.head,
                captured,
                size: self.head + captured,
            }),
            Err(_) => Err(End::Damaged("a frame's header cannot be read")),
        })
    }
}
