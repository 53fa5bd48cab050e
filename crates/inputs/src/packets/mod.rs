//! Packets: one record per frame.
//!
//! Every packet is read for itself, from the outside in, and no further than the fields that are wanted need. The readers here go
//! through the bytes themselves: a packet may end anywhere, by capture or by malice, and what stands before the fault must be
//! found all the same, which parsers of whole messages do not do. The tests hold them against such parsers on messages that are whole.

mod dns;
mod fields;
mod http;
mod icmp;
mod ip;
mod link;
mod packet;
mod sip;
mod span;
mod tcp;
mod text;
mod tls;
mod udp;

use quintet_lang::Scheme;
use quintet_runtime::{BatchBuilder, RecordError};

use crate::capture::Capture;
use crate::error::InputError;
use crate::format::Format;
use crate::stats::Stats;
use crate::table;
use crate::window::Window;
use fields::F;
use packet::{Packet, Places};
use span::Span;

pub(crate) use fields::FIELDS;

/// The packets of a capture.
pub(crate) struct Packets {
    capture: Capture,
    places: Places,
    /// Frames so far.
    frames: u64,
    /// When the first one was captured.
    start: f64,
}

impl Packets {
    pub(crate) fn new(window: Window, scheme: &Scheme) -> Result<Packets, InputError> {
        let ids = table::bind(Format::Packets, FIELDS, scheme)?;
        let places = Places::new(ids, scheme.fields().len());
        Ok(Packets { capture: Capture::new(window)?, places, frames: 0, start: 0.0 })
    }

    pub(crate) fn window(&self) -> &Window {
        self.capture.window()
    }

    /// Has [`Packets::original`] answer; to be called before the first frame.
    pub(crate) fn keep(&mut self) {
        self.capture.keep();
    }

    /// Appends the last record's frame; see [`Capture::original`].
    pub(crate) fn original(&mut self, to: &mut Vec<u8>) -> usize {
        self.capture.original(to)
    }

    /// Adds a record for the next frame, and answers its number.
    pub(crate) fn next(&mut self, builder: &mut BatchBuilder, stats: &mut Stats) -> Result<Option<u64>, InputError> {
        let Some(frame) = self.capture.next(self.frames + 1, stats)? else { return Ok(None) };
        self.frames += 1;
        if self.frames == 1 {
            self.start = frame.time;
        }
        let mut packet = Packet::new(&mut self.places, builder.record());
        packet.payload(F::Frame, frame.data);
        packet.int(F::FrameNumber, self.frames as i64);
        packet.float(F::FrameTimeEpoch, frame.time);
        packet.float(F::FrameTimeRelative, frame.time - self.start);
        packet.int(F::FrameLen, frame.len as i64);
        packet.int(F::FrameCapLen, frame.data.len() as i64);
        if packet.needs.any() && !link::frame(&mut packet, frame.link, Span::new(frame.data, frame.len)) {
            match frame.link {
                Some(link) => stats.skipped_as(format!("frame of link type {link}")),
                None => stats.skipped("frame of no known link type"),
            }
        }
        if frame.data.len() < frame.len {
            stats.cut_short += 1;
        }
        let (kept, fault) = packet.finish();
        if let Some(reason) = fault {
            stats.malformed(self.frames, reason, || reason.to_owned());
        }
        match kept {
            Ok(()) => Ok(Some(self.frames)),
            Err(RecordError::Arena(e)) => Err(e.into()),
            Err(source) => Err(InputError::Record { number: self.frames, source }),
        }
    }
}
