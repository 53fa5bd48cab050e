//! Captures, block by block.

use std::ops::Range;

use super::bytes;
use crate::random::Random;

/// Damages a capture. Most of the time the lengths around what changed are mended, so that the change is looked at.
pub fn mutate(input: &mut Vec<u8>, other: &[u8], times: usize, random: &mut Random) {
    for _ in 0..times {
        let blocks = blocks(input);
        let Some(block) = random.pick(&blocks).cloned().filter(|_| !random.one_in(6)) else {
            bytes::mutate(input, other, random);
            continue;
        };
        match random.below(5) {
            0 => {
                let copy = input[block.whole.clone()].to_vec();
                input.splice(block.whole.start..block.whole.start, copy);
            }
            1 if blocks.len() > 1 => {
                input.drain(block.whole);
            }
            _ => {
                let mut body = input[block.body.clone()].to_vec();
                bytes::mutate(&mut body, other, random);
                body.truncate(70_000);
                if block.padded {
                    body.resize(body.len().next_multiple_of(4), 0);
                }
                let added = body.len() as i64 - block.body.len() as i64;
                input.splice(block.body.clone(), body);
                for (at, big) in block.lengths {
                    // Lengths behind the body have moved with it.
                    let at = if at >= block.body.end { (at as i64 + added) as usize } else { at };
                    add(input, at, big, added);
                }
            }
        }
    }
}

/// A block of pcapng or a record of pcap.
#[derive(Clone, Debug)]
struct Block {
    whole: Range<usize>,
    body: Range<usize>,
    /// Where the lengths are that count the body, and whether they are big-endian.
    lengths: Vec<(usize, bool)>,
    padded: bool,
}

fn number(input: &[u8], at: usize, big: bool) -> Option<u32> {
    let bytes = input.get(at..at + 4)?.try_into().ok()?;
    Some(if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
}

fn add(input: &mut [u8], at: usize, big: bool, added: i64) {
    let Some(old) = number(input, at, big) else { return };
    let new = (i64::from(old) + added) as u32;
    if let Some(place) = input.get_mut(at..at + 4) {
        place.copy_from_slice(&if big { new.to_be_bytes() } else { new.to_le_bytes() });
    }
}

fn blocks(input: &[u8]) -> Vec<Block> {
    match input.get(..4) {
        Some([0x0a, 0x0d, 0x0d, 0x0a]) => pcapng(input),
        Some([0xd4, 0xc3, 0xb2, 0xa1] | [0x4d, 0x3c, 0xb2, 0xa1]) => pcap(input, false),
        Some([0xa1, 0xb2, 0xc3, 0xd4] | [0xa1, 0xb2, 0x3c, 0x4d]) => pcap(input, true),
        _ => Vec::new(),
    }
}

fn pcapng(input: &[u8]) -> Vec<Block> {
    let mut found = Vec::new();
    let (mut at, mut big) = (0, false);
    while let Some(kind) = input.get(at..at + 4) {
        if kind == [0x0a, 0x0d, 0x0d, 0x0a] {
            big = input.get(at + 8) == Some(&0x1a);
        }
        let Some(len) = number(input, at + 4, big).map(|l| l as usize) else { break };
        if len < 12 || at + len > input.len() {
            break;
        }
        let enhanced = kind == if big { [0, 0, 0, 6] } else { [6, 0, 0, 0] };
        let mut lengths = vec![(at + 4, big), (at + len - 4, big)];
        let mut body = at + 8..at + len - 4;
        // The packet of an enhanced packet block, with its own two lengths; otherwise the whole body.
        if let (true, Some(captured)) = (enhanced, number(input, at + 20, big).map(|l| l as usize))
            && at + 28 + captured <= at + len - 4
        {
            body = at + 28..at + 28 + captured.next_multiple_of(4).min(len - 32);
            lengths.extend([(at + 20, big), (at + 24, big)]);
        }
        found.push(Block { whole: at..at + len, body, lengths, padded: true });
        at += len;
    }
    found
}

fn pcap(input: &[u8], big: bool) -> Vec<Block> {
    let mut found = Vec::new();
    let mut at = 24;
    while let Some(len) = number(input, at + 8, big).map(|l| l as usize) {
        if at + 16 + len > input.len() {
            break;
        }
        found.push(Block {
            whole: at..at + 16 + len,
            body: at + 16..at + 16 + len,
            lengths: vec![(at + 8, big), (at + 12, big)],
            padded: false,
        });
        at += 16 + len;
    }
    found
}

/// The first `bytes` of a capture, up to the end of a block.
pub fn beginning(input: &[u8], bytes: usize) -> &[u8] {
    let end = blocks(input).iter().map(|b| b.whole.end).take_while(|end| *end <= bytes).last();
    &input[..end.unwrap_or(bytes).min(input.len())]
}
