//! Scripts that walk over bytes: `xor-pe`, `heartbleed`, `winnti`, `swf-tags`, `rdnss`, `dns-names`, `port-shape`.

use std::io::Read;

use flate2::read::ZlibDecoder;
use memchr::memmem;
use quintet_runtime::RecordRef;

use super::Rules;
use super::read::{Field, Fields, bit};

/// Rules over the field `payload` alone.
pub(super) struct Walk {
    payload: Field,
    hits: fn(&[u8]) -> u64,
}

impl Walk {
    pub(super) fn new(f: &Fields<'_>, hits: fn(&[u8]) -> u64) -> Result<Walk, String> {
        Ok(Walk { payload: f.get("payload", "Bytes")?, hits })
    }
}

impl Rules for Walk {
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        self.payload.bytes(r).map_or(0, self.hits)
    }
}

fn be16(s: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_be_bytes(*s.get(at..)?.first_chunk()?).into())
}

fn le16(s: &[u8], at: usize) -> Option<usize> {
    Some(u16::from_le_bytes(*s.get(at..)?.first_chunk()?).into())
}

fn le32(s: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*s.get(at..)?.first_chunk()?))
}

pub(super) fn xor_pe(s: &[u8]) -> u64 {
    u64::from(s.len() > 128 && (executable::<4>(s) || executable::<6>(s)))
}

fn executable<const PERIOD: usize>(s: &[u8]) -> bool {
    const PLACE: usize = 78;
    let mut key = [None; PERIOD];
    for (at, (byte, known)) in s[PLACE..].iter().zip(b"This program").enumerate() {
        let place = &mut key[(PLACE + at) % PERIOD];
        let byte = byte ^ known;
        if place.is_some_and(|known| known != byte) {
            return false;
        }
        *place = Some(byte);
    }
    let plain = |at: usize| Some(s.get(at)? ^ key[at % PERIOD]?);
    let header = || Some(u32::from_le_bytes([plain(60)?, plain(61)?, plain(62)?, plain(63)?]) as usize);
    let is = |at: usize, mark: &[u8]| mark.iter().enumerate().all(|(i, byte)| plain(at + i) == Some(*byte));
    is(0, b"MZ") && header().is_some_and(|header| is(header, b"PE\0\0"))
}

pub(super) fn heartbleed(s: &[u8]) -> u64 {
    let [24, 3, _, r0, r1, 1 | 2, m0, m1, ..] = s else { return 0 };
    let (record, message) = (u16::from_be_bytes([*r0, *r1]), u16::from_be_bytes([*m0, *m1]));
    u64::from(u32::from(message) + 19 > u32::from(record))
}

pub(super) fn winnti(s: &[u8]) -> u64 {
    let Some(first) = s.first_chunk::<32>() else { return 0 };
    let mut w = [0; 8];
    for (word, bytes) in w.iter_mut().zip(first.as_chunks::<4>().0) {
        *word = u32::from_le_bytes(*bytes);
    }
    u64::from(w[0] != 0 && w[0] ^ w[4] ^ w[7] == 0 && w[1] ^ w[5] ^ w[6] == 0)
}

pub(super) fn swf_tags(s: &[u8]) -> u64 {
    let Some(at @ 1..) = memmem::find(s, b"WS") else { return 0 };
    let file = &s[at - 1..];
    let body = file.get(8..).unwrap_or_default();
    let large = match file[0] {
        b'F' => large_font(body),
        b'C' => {
            let mut whole = Vec::new();
            ZlibDecoder::new(body).read_to_end(&mut whole).is_ok() && large_font(&whole)
        }
        _ => false,
    };
    u64::from(large)
}

fn large_font(body: &[u8]) -> bool {
    let bits = 5 + 4 * usize::from(body.first().copied().unwrap_or(0) >> 3);
    let mut at = bits.div_ceil(8) + 4;
    while at < body.len() {
        let Some(word) = le16(body, at) else { return false };
        let (code, short) = (word >> 6, word & 63);
        let (length, head) = match short {
            63 => match le32(body, at + 2) {
                Some(length) => (length as usize, 6),
                None => return false,
            },
            _ => (short, 2),
        };
        if code == 0 {
            return false;
        }
        if code == 91 && length > 1000 {
            return true;
        }
        at += head + length;
    }
    false
}

pub(super) fn rdnss(s: &[u8]) -> u64 {
    if s.first() != Some(&134) {
        return 0;
    }
    let mut rest = s.get(16..).unwrap_or_default();
    while let [kind, length, ..] = rest {
        let length = usize::from(*length);
        if length == 0 {
            return 0;
        }
        if *kind == 25 && length > 3 && length % 2 == 0 {
            return 1;
        }
        rest = rest.get(length * 8..).unwrap_or_default();
    }
    0
}

pub(super) fn dns_names(s: &[u8]) -> u64 {
    bit(0, !well_formed(s)) | bit(1, cname_length(s) == Some(true)) | bit(2, pointer_ahead(s))
}

/// The offset behind a name, if that is well formed.
fn name(s: &[u8], start: usize) -> Option<usize> {
    let (mut at, mut end) = (start, None);
    for _ in 0..128 {
        match usize::from(*s.get(at)?) {
            0 => return Some(end.unwrap_or(at + 1)),
            length if length & 0xc0 == 0xc0 => {
                let to = be16(s, at)? & 0x3fff;
                end = end.or(Some(at + 2));
                if to >= at {
                    return None;
                }
                at = to;
            }
            length if length & 0xc0 != 0 => return None,
            length => at += length + 1,
        }
    }
    None
}

fn well_formed(s: &[u8]) -> bool {
    let walk = || {
        let mut at = 12;
        for _ in 0..be16(s, 4).unwrap_or(0) {
            at = name(s, at)? + 4;
        }
        let records = be16(s, 6).zip(be16(s, 8)).zip(be16(s, 10)).map_or(0, |((a, b), c)| a + b + c);
        for _ in 0..records {
            let end = name(s, at)?;
            let length = be16(s, end + 8)?;
            match be16(s, end)? {
                2 | 5 | 12 => name(s, end + 10)?,
                15 => name(s, end + 12)?,
                _ => end,
            };
            at = end + 10 + length;
        }
        Some(())
    };
    walk().is_some()
}

/// Whether some CNAME's data is not as long as its name; nothing where the records before it cannot be walked.
fn cname_length(s: &[u8]) -> Option<bool> {
    let mut at = 12;
    for _ in 0..be16(s, 4)? {
        at = name(s, at)? + 4;
    }
    for _ in 0..be16(s, 6)? {
        let end = name(s, at)?;
        let length = be16(s, end + 8)?;
        if be16(s, end)? == 5 && name(s, end + 10)? - (end + 10) != length {
            return Some(true);
        }
        at = end + 10 + length;
    }
    Some(false)
}

fn pointer_ahead(s: &[u8]) -> bool {
    let rest = s.get(12..).unwrap_or_default();
    memchr::memchr_iter(0xc0, rest).map(|at| at + 12).any(|at| be16(s, at).is_some_and(|to| to & 0x3fff >= at))
}

pub(super) fn port_shape(s: &[u8]) -> u64 {
    u64::from(port(s).is_some_and(|port| (1024..=65_535).contains(&port)))
}

fn port(url: &[u8]) -> Option<u32> {
    let rest = &url[memmem::find(url, b"://")? + 3..];
    let end = rest.iter().position(|byte| *byte == b'/').unwrap_or(rest.len());
    let host = &rest[..end];
    let digits = &host[memchr::memchr(b':', host)? + 1..];
    if digits.len() > 5 || digits.first() == Some(&b'0') || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(digits.iter().fold(0, |number, digit| number * 10 + u32::from(digit - b'0')))
}
