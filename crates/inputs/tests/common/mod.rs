//! What the tests share: captures built in code, and reading to the end.
#![allow(dead_code)]

use std::io::Read;
use std::path::{Path, PathBuf};

use quintet_inputs::{Format, InputError, Reader, ReaderOptions, Stats};
use quintet_lang::Scheme;
use quintet_runtime::{Batch, Value};

/// The sample traffic, where there is some. It is no part of the repository.
pub fn shared(path: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    if !path.exists() {
        eprintln!("skipped: there is no {}", path.display());
        return None;
    }
    Some(path)
}

/// All batches of an input, the numbers of their records, and what was seen.
pub fn read_all(
    source: impl Read + Send + 'static,
    format: Format,
    scheme: &Scheme,
    options: &ReaderOptions,
) -> Result<(Vec<Batch>, Vec<u64>, Stats), InputError> {
    let mut reader = Reader::new(source, format, scheme, options)?;
    let (mut batches, mut numbers) = (Vec::new(), Vec::new());
    while let Some(batch) = reader.next_batch(None)? {
        numbers.extend_from_slice(reader.batch_numbers());
        batches.push(batch);
    }
    Ok((batches, numbers, reader.stats().clone()))
}

/// A field of a record in a form to compare: nil is `-`, bytes are text with escapes.
pub fn show(batch: &Batch, record: usize, field: &str) -> String {
    let id = batch.scheme().field_id(field).unwrap_or_else(|| panic!("no field {field}"));
    text(batch.record(record).value(id))
}

/// A value in a form to compare.
pub fn text(value: Value<'_>) -> String {
    match value {
        Value::Nil => "-".into(),
        Value::Bool(b) => b.to_string(),
        Value::Int(i) => i.to_string(),
        Value::U32(u) => u.to_string(),
        Value::Float(f) => f.to_string(),
        Value::Ip(ip) => ip.to_string(),
        Value::Bytes(bytes) => bytes.escape_ascii().to_string(),
        Value::Array(array) => format!("[{}]", array.iter().map(text).collect::<Vec<_>>().join(" ")),
        Value::Map(map) => {
            format!("{{{}}}", map.iter().map(|(k, v)| format!("{}: {}", k.escape_ascii(), text(v))).collect::<Vec<_>>().join(", "))
        }
    }
}

/// How a capture file is written.
#[derive(Clone, Copy)]
pub struct Pcap {
    pub big_endian: bool,
    pub nanoseconds: bool,
    pub link: u32,
}

impl Pcap {
    pub const ETHERNET: Pcap = Pcap { big_endian: false, nanoseconds: false, link: 1 };

    pub fn file(self, frames: &[&[u8]]) -> Vec<u8> {
        let word = |v: u32| if self.big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let half = |v: u16| if self.big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
        let mut file = Vec::new();
        file.extend(word(if self.nanoseconds { 0xa1b2_3c4d } else { 0xa1b2_c3d4 }));
        file.extend([half(2), half(4)].concat());
        file.extend([word(0), word(0), word(65535), word(self.link)].concat());
        for (i, frame) in frames.iter().enumerate() {
            let fraction = if self.nanoseconds { 500_000_000 } else { 500_000 };
            file.extend([word(1000 + i as u32), word(fraction), word(frame.len() as u32), word(frame.len() as u32)].concat());
            file.extend_from_slice(frame);
        }
        file
    }
}

/// A pcapng block.
pub fn block(big_endian: bool, ty: u32, body: &[u8]) -> Vec<u8> {
    let word = |v: u32| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let padded = body.len().next_multiple_of(4);
    let size = word(padded as u32 + 12);
    let mut block = [word(ty), size].concat();
    block.extend_from_slice(body);
    block.resize(8 + padded, 0);
    block.extend(size);
    block
}

/// Words and halves of a block's body.
pub fn words(big_endian: bool, values: &[u32]) -> Vec<u8> {
    values.iter().flat_map(|v| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() }).collect()
}

pub fn section(big_endian: bool) -> Vec<u8> {
    let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let body = [words(big_endian, &[0x1a2b_3c4d]), half(1).to_vec(), half(0).to_vec(), vec![0xff; 8]].concat();
    block(big_endian, 0x0a0d_0d0a, &body)
}

/// An interface of a link type, with an `if_tsresol` if it is not the usual one.
pub fn interface(big_endian: bool, link: u16, resolution: Option<u8>) -> Vec<u8> {
    let half = |v: u16| if big_endian { v.to_be_bytes() } else { v.to_le_bytes() };
    let mut body = [half(link).to_vec(), half(0).to_vec(), words(big_endian, &[0])].concat();
    if let Some(resolution) = resolution {
        body.extend([half(9), half(1)].concat());
        body.extend([resolution, 0, 0, 0]);
        body.extend([0; 4]);
    }
    block(big_endian, 1, &body)
}

pub fn enhanced(big_endian: bool, interface: u32, stamp: u64, frame: &[u8]) -> Vec<u8> {
    let len = frame.len() as u32;
    let mut body = words(big_endian, &[interface, (stamp >> 32) as u32, stamp as u32, len, len]);
    body.extend_from_slice(frame);
    block(big_endian, 6, &body)
}

/// Headers around a payload, innermost first.
pub fn tcp(src: u16, dst: u16, flags: u8, payload: &[u8]) -> Vec<u8> {
    let mut segment = [src.to_be_bytes(), dst.to_be_bytes()].concat();
    segment.extend([0, 0, 0, 7, 0, 0, 0, 9, 0x50, flags, 0x20, 0x00, 0, 0, 0, 0]);
    segment.extend_from_slice(payload);
    segment
}

pub fn udp(src: u16, dst: u16, payload: &[u8]) -> Vec<u8> {
    let mut datagram = [src.to_be_bytes(), dst.to_be_bytes(), (payload.len() as u16 + 8).to_be_bytes(), [0, 0]].concat();
    datagram.extend_from_slice(payload);
    datagram
}

pub fn ipv4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x45, 0];
    packet.extend((payload.len() as u16 + 20).to_be_bytes());
    packet.extend([0, 1, 0x40, 0, 64, protocol, 0, 0, 10, 0, 0, 1, 192, 168, 0, 2]);
    packet.extend_from_slice(payload);
    packet
}

pub fn ipv6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x60, 0, 0, 0];
    packet.extend((payload.len() as u16).to_be_bytes());
    packet.extend([next, 255]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
    packet.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2]);
    packet.extend_from_slice(payload);
    packet
}

pub fn ethernet(ty: u16, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2, 0, 0, 0, 0, 1];
    frame.extend(ty.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}
