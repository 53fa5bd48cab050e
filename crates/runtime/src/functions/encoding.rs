//! Encodings: of URLs, and Base64.

use std::sync::Arc;

use base64::Engine;
use base64::alphabet::{Alphabet, STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use quintet_lang::ast::Site;

use super::Function;
use super::standard::{flags, prepared};
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::Value;

const fn engine(alphabet: &Alphabet, padding: bool) -> GeneralPurpose {
    let config = GeneralPurposeConfig::new().with_encode_padding(padding).with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(alphabet, config)
}

/// Base64; padding is not written, and may be read or not.
pub(super) static BASE64: GeneralPurpose = engine(&STANDARD, false);
static BASE64_PADDED: GeneralPurpose = engine(&STANDARD, true);
/// Base64 with `-` and `_`.
pub(super) static BASE64_URL: GeneralPurpose = engine(&URL_SAFE, false);
static BASE64_URL_PADDED: GeneralPurpose = engine(&URL_SAFE, true);

pub(super) fn encode_base64(site: &Site) -> Result<Arc<dyn Function>, String> {
    let flags = flags(site, 1, &[(b'p', "with padding"), (b'u', "URL-safe")])?;
    let padding = flags.contains(&b'p');
    let engine = match (flags.contains(&b'u'), padding) {
        (false, false) => &BASE64,
        (false, true) => &BASE64_PADDED,
        (true, false) => &BASE64_URL,
        (true, true) => &BASE64_URL_PADDED,
    };
    prepared(move |args, scratch| {
        let Some(Value::Bytes(text)) = args.first() else { return Ok(Value::Nil) };
        let Some(len) = base64::encoded_len(text.len(), padding) else { return Err(Trap::Memory) };
        let encoded = scratch.buffer(len)?;
        Ok(match engine.encode_slice(text, encoded) {
            Ok(len) => Value::Bytes(&encoded[..len]),
            Err(_) => Value::Nil,
        })
    })
}

pub(super) fn decode_base64<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text)] = args else { return Ok(Value::Nil) };
    let decoded = scratch.buffer(text.len().div_ceil(4) * 3)?;
    Ok(match BASE64.decode_slice(text, decoded) {
        Ok(len) => Value::Bytes(&decoded[..len]),
        Err(_) => Value::Nil,
    })
}

pub(super) fn url_decode(site: &Site) -> Result<Arc<dyn Function>, String> {
    let flags = flags(site, 1, &[(b'r', "again until nothing changes"), (b'u', "also %uXXXX")])?;
    let (again, unicode) = (flags.contains(&b'r'), flags.contains(&b'u'));
    prepared(move |args, scratch| {
        let Some(Value::Bytes(text)) = args.first() else { return Ok(Value::Nil) };
        if memchr::memchr2(b'%', b'+', text).is_none() {
            return Ok(Value::Bytes(text));
        }
        let mut decoded = Decoded { bytes: scratch.buffer(text.len())?, len: 0 };
        if again {
            for byte in text.iter() {
                decoded.push(if *byte == b'+' { b' ' } else { *byte });
                while decoded.reduce(unicode) {}
            }
        } else {
            decoded.once(text, unicode);
        }
        let Decoded { bytes, len } = decoded;
        Ok(Value::Bytes(&bytes[..len]))
    })
}

/// What an escape stands for: up to four bytes.
struct Unescaped {
    bytes: [u8; 4],
    len: usize,
}

impl Unescaped {
    /// The escape at the start of `text`, and its length.
    fn at(text: &[u8], unicode: bool) -> Option<(Unescaped, usize)> {
        let rest = text.strip_prefix(b"%")?;
        if let Some([high, low]) = rest.first_chunk()
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            return Some((Unescaped { bytes: [high << 4 | low, 0, 0, 0], len: 1 }, 3));
        }
        if !unicode {
            return None;
        }
        let unit = code_unit(rest)?;
        // Two halves of a surrogate pair are one character; a half alone is none.
        let (character, len) = match char::from_u32(unit) {
            Some(character) => (character, 6),
            None => {
                let low = text.get(6..)?.strip_prefix(b"%").and_then(code_unit)?;
                if !(0xd800..0xdc00).contains(&unit) || !(0xdc00..0xe000).contains(&low) {
                    return None;
                }
                (char::from_u32(0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00))?, 12)
            }
        };
        let mut bytes = [0; 4];
        let utf8 = character.encode_utf8(&mut bytes).len();
        Some((Unescaped { bytes, len: utf8 }, len))
    }
}

/// The number that `uXXXX` at the start of `text` is.
fn code_unit(text: &[u8]) -> Option<u32> {
    let digits = text.strip_prefix(b"u")?.first_chunk::<4>()?;
    digits.iter().try_fold(0, |unit, digit| Some(unit << 4 | u32::from(hex(*digit)?)))
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|d| d as u8)
}

/// `text` with `%XX` decoded (and `+` kept), written to `into`; `None` where that is too short.
pub(super) fn percent_decoded<'b>(text: &[u8], into: &'b mut [u8]) -> Option<&'b [u8]> {
    let (mut rest, mut len) = (text, 0);
    while let Some(first) = rest.first() {
        let (byte, taken) = Unescaped::at(rest, false).map_or((*first, 1), |(unescaped, taken)| (unescaped.bytes[0], taken));
        *into.get_mut(len)? = byte;
        len += 1;
        rest = &rest[taken..];
    }
    Some(&into[..len])
}

/// Text that is being decoded into a buffer as long as what is decoded; nothing grows by being decoded.
struct Decoded<'b> {
    bytes: &'b mut [u8],
    len: usize,
}

impl Decoded<'_> {
    fn push(&mut self, byte: u8) {
        self.bytes[self.len] = byte;
        self.len += 1;
    }

    /// Decodes each escape of `text` once.
    fn once(&mut self, text: &[u8], unicode: bool) {
        let mut rest = text;
        while let Some(byte) = rest.first() {
            let taken = match byte {
                b'%' => match Unescaped::at(rest, unicode) {
                    Some((unescaped, taken)) => {
                        unescaped.bytes[..unescaped.len].iter().for_each(|b| self.push(*b));
                        taken
                    }
                    None => {
                        self.push(b'%');
                        1
                    }
                },
                byte => {
                    self.push(if *byte == b'+' { b' ' } else { *byte });
                    1
                }
            };
            rest = &rest[taken..];
        }
    }

    /// Decodes the escape that the text now ends with, if it does. Escapes never overlap, so decoding each as soon as it is complete
    /// comes to the same as decoding the whole again and again, in one pass.
    fn reduce(&mut self, unicode: bool) -> bool {
        for len in [3, 6, 12] {
            let Some(start) = self.len.checked_sub(len) else { break };
            if let Some((unescaped, taken)) = Unescaped::at(&self.bytes[start..self.len], unicode)
                && taken == len
            {
                self.len = start;
                for byte in &unescaped.bytes[..unescaped.len] {
                    self.push(if *byte == b'+' { b' ' } else { *byte });
                }
                return true;
            }
        }
        false
    }
}
