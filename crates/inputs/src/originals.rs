//! Records as they stand in their input.

use std::ops::Range;

use crate::capture::block;

/// The records of a batch as they stand in the input: lines with their line ends, frames as blocks of pcapng.
///
/// What is written of a capture, in its order, is a capture again: [definitions](Originals::definitions) of every record, whether the record
/// itself is wanted or not, and the [records](Originals::record) that are. The blocks of a pcapng are its own, byte for byte (but that a
/// section does not say how long it is); those of a pcap are made of its header and frames, with the resolution of its timestamps.
#[derive(Debug, Default)]
pub struct Originals {
    bytes: Vec<u8>,
    records: Vec<Original>,
}

#[derive(Debug)]
struct Original {
    definitions: Range<usize>,
    record: Range<usize>,
}

impl Originals {
    /// What must stand before the record at this place of the batch, after all that stands before the one before it: the blocks of a
    /// section and of its interfaces. Of lines it is empty, and so it is where there is no such record.
    pub fn definitions(&self, record: usize) -> &[u8] {
        self.records.get(record).and_then(|r| self.bytes.get(r.definitions.clone())).unwrap_or_default()
    }

    /// The record at this place of the batch; empty where there is none. The last line of an input may have no line end.
    pub fn record(&self, record: usize) -> &[u8] {
        self.records.get(record).and_then(|r| self.bytes.get(r.record.clone())).unwrap_or_default()
    }

    /// A capture without packets.
    pub fn empty_capture() -> Vec<u8> {
        let mut capture = Vec::new();
        block::section(&mut capture);
        capture
    }

    /// Bytes of all of them.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes.len()
    }

    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.records.clear();
    }

    /// Adds one; `write` appends first what must stand before it, and answers where that ends.
    pub(crate) fn push(&mut self, write: impl FnOnce(&mut Vec<u8>) -> usize) {
        let start = self.bytes.len();
        let middle = write(&mut self.bytes);
        self.records.push(Original { definitions: start..middle, record: middle..self.bytes.len() });
    }
}
