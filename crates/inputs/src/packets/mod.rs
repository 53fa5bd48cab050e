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

use crate::capture::Frames;
use crate::error::InputError;
use crate::format::Format;
use crate::next::Next;
use crate::stats::Stats;
use crate::table;
use fields::F;
use packet::{Packet, Places};
use span::Span;

pub(crate) use fields::FIELDS;

/// Makes records of frames.
pub(crate) struct Packets {
    places: Places,
}

impl Packets {
    pub(crate) fn new(scheme: &Scheme) -> Result<Packets, InputError> {
        let ids = table::bind(Format::Packets, FIELDS, scheme)?;
        Ok(Packets { places: Places::new(ids, scheme.fields().len()) })
    }

    /// Adds a record for the next frame.
    pub(crate) fn next(
        &mut self,
        bytes: &[u8],
        frames: &mut Frames,
        builder: &mut BatchBuilder,
        stats: &mut Stats,
    ) -> Result<Next, InputError> {
        let Some((number, frame)) = frames.next(bytes) else { return Ok(Next::End) };
        let mut packet = Packet::new(&mut self.places, builder.record());
        packet.payload(F::Frame, frame.data);
        packet.int(F::FrameNumber, number as i64);
        packet.float(F::FrameTimeEpoch, frame.time);
        packet.float(F::FrameTimeRelative, frame.time - frames.start);
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
        packet.finish();
        let Packet { record, fault, .. } = packet;
        if let Some(reason) = fault {
            stats.malformed(number, reason, || reason.to_owned());
        }
        match record.finish() {
            Ok(()) => Ok(Next::Record(number)),
            Err(RecordError::Arena(e)) => Err(e.into()),
            Err(source) => Err(InputError::Record { number, source }),
        }
    }
}
