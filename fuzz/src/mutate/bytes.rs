//! Inputs as bytes.

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::{capture, json};
use crate::random::Random;

/// Numbers at which lengths and counts go wrong.
const EDGES: [u32; 14] = [0, 1, 2, 3, 4, 7, 8, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fff_ffff, 0xffff_ffff];

/// Bytes that are compressed at most.
const PLAIN: usize = 32 << 10;

/// Changes a few bytes, wherever they are.
pub fn mutate(input: &mut Vec<u8>, other: &[u8], random: &mut Random) {
    let at = random.below(input.len() + 1);
    match random.below(9) {
        0 => {
            if let Some(byte) = input.get_mut(at) {
                *byte ^= 1 << random.below(8);
            }
        }
        1 => {
            if let Some(byte) = input.get_mut(at) {
                *byte = random.next() as u8;
            }
        }
        2 | 3 => {
            let value = EDGES[random.below(EDGES.len())];
            let bytes = if random.one_in(2) { value.to_le_bytes() } else { value.to_be_bytes() };
            let width = [1, 2, 4][random.below(3)];
            // The half that holds the value, whatever the order of bytes.
            let part = if bytes[0] == 0 { &bytes[4 - width..] } else { &bytes[..width] };
            for (place, byte) in input.iter_mut().skip(at).zip(part) {
                *place = *byte;
            }
        }
        4 => {
            let range = random.range(input.len());
            input.drain(range);
        }
        5 => {
            let part = other[random.range(other.len())].to_vec();
            input.splice(at..at, part);
        }
        6 => {
            let part = input[random.range(input.len())].to_vec();
            input.splice(at..at, part);
        }
        7 => input.truncate(at),
        _ => {
            let byte = random.next() as u8;
            let count = random.below(40);
            input.splice(at..at, std::iter::repeat_n(byte, count));
        }
    }
}

/// What is compressed, damaged and compressed again, in one member or several; now and then damaged after that.
pub fn gzip(input: &[u8], other: &[u8], times: usize, random: &mut Random) -> Vec<u8> {
    let (mut plain, other) = (unpacked(input), unpacked(other));
    if random.one_in(2) {
        match plain.first() {
            Some(b'{') => json::mutate(&mut plain, &other, times, random),
            _ => capture::mutate(&mut plain, &other, times, random),
        }
    }
    plain.truncate(PLAIN);
    let mut packed = Vec::new();
    let mut rest = &plain[..];
    loop {
        let (part, after) = rest.split_at(if random.one_in(2) { rest.len() } else { random.below(rest.len() + 1) });
        packed.extend(compressed(part, Compression::new(random.below(10) as u32)));
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    match random.below(4) {
        0 => (0..times).for_each(|_| mutate(&mut packed, input, random)),
        1 => packed.extend(std::iter::repeat_n(0, random.below(600))),
        _ => {}
    }
    packed
}

/// Bytes as a gzip file.
pub fn pack(plain: &[u8]) -> Vec<u8> {
    compressed(plain, Compression::fast())
}

fn compressed(plain: &[u8], level: Compression) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), level);
    // Writing to a vector does not fail.
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default()
}

fn unpacked(input: &[u8]) -> Vec<u8> {
    let mut plain = Vec::new();
    // What comes before a fault is enough.
    let _ = MultiGzDecoder::new(input).take(PLAIN as u64).read_to_end(&mut plain);
    plain
}
