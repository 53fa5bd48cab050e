//! Hashes, and what is made of them.

use std::net::IpAddr;
use std::sync::Arc;

use base64::Engine;
use hmac::{Hmac, KeyInit, Mac};
use md5::Md5;
use quintet_lang::ast::Site;
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};

use super::Function;
use super::encoding::{BASE64, BASE64_URL, percent_decoded};
use super::standard::{bytes, constant, flags, int_within, prepared};
use crate::scratch::Scratch;
use crate::trap::Trap;
use crate::value::Value;

pub(super) fn md5<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    digest::<Md5>(args, scratch)
}

pub(super) fn sha1<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    digest::<Sha1>(args, scratch)
}

pub(super) fn sha256<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    digest::<Sha256>(args, scratch)
}

pub(super) fn sha512<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    digest::<Sha512>(args, scratch)
}

fn digest<'a, D: Digest>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(text)] = args else { return Ok(Value::Nil) };
    Ok(Value::Bytes(scratch.bytes(&D::digest(text))?))
}

pub(super) fn hmac(site: &Site) -> Result<Arc<dyn Function>, String> {
    match bytes(site, 2)? {
        b"sha256" => keyed::<Hmac<Sha256>>(site),
        b"sha512" => keyed::<Hmac<Sha512>>(site),
        other => Err(format!("there is no algorithm \"{}\"; algorithms are \"sha256\" and \"sha512\"", other.escape_ascii())),
    }
}

fn keyed<M: Mac + KeyInit + Clone + Send + Sync + 'static>(site: &Site) -> Result<Arc<dyn Function>, String> {
    let constant = match constant(site, 1) {
        Some(Value::Bytes(key)) => Some(keyed_with::<M>(key)?),
        _ => None,
    };
    prepared(move |args, scratch| {
        let [Value::Bytes(text), Value::Bytes(key), _] = args else { return Ok(Value::Nil) };
        let mac = match &constant {
            Some(mac) => Ok(mac.clone()),
            None => keyed_with::<M>(key),
        };
        match mac {
            Ok(mac) => Ok(Value::Bytes(scratch.bytes(&mac.chain_update(text).finalize().into_bytes())?)),
            Err(_) => Ok(Value::Nil),
        }
    })
}

/// The start of an HMAC, whose key may have any length.
fn keyed_with<M: Mac + KeyInit>(key: &[u8]) -> Result<M, String> {
    <M as KeyInit>::new_from_slice(key).map_err(|e| e.to_string())
}

pub(super) fn uuidv4<'a>(args: &[Value<'a>], scratch: &'a Scratch) -> Result<Value<'a>, Trap> {
    let [Value::Bytes(random)] = args else { return Ok(Value::Nil) };
    let Some(mut uuid) = random.first_chunk::<16>().copied() else { return Ok(Value::Nil) };
    uuid[6] = uuid[6] & 0x0f | 0x40;
    uuid[8] = uuid[8] & 0x3f | 0x80;
    let mut text = [b'-'; 36];
    let places = (0..36).filter(|at| !matches!(at, 8 | 13 | 18 | 23));
    let digits = uuid.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    for (at, digit) in places.zip(digits) {
        text[at] = b"0123456789abcdef"[usize::from(digit)];
    }
    Ok(Value::Bytes(scratch.bytes(&text)?))
}

/// The hash is the first 8 bytes, as a big-endian number `h`, of the SHA-256 of all values, each as one byte for its type (0 Bool,
/// 1 Int, 2 Float, 3 Bytes, 4 Ip), its length in bytes and its bytes; numbers (and the bits of a Float) are 8 bytes, big-endian, a Bool is
/// one byte, an address 4 or 16. The result is `low + h * (high - low) / 2^64`. So it is the same on every machine and in every version.
pub(super) fn hash_in_range(site: &Site) -> Result<Arc<dyn Function>, String> {
    if let (Some(Value::Int(low)), Some(Value::Int(high))) = (constant(site, 0), constant(site, 1))
        && low >= high
    {
        return Err(format!("there is no number from {low} up to, but without, {high}; the second must be larger than the first"));
    }
    prepared(|args, _| {
        let [Value::Int(low), Value::Int(high), values @ ..] = args else { return Ok(Value::Nil) };
        if low >= high {
            return Ok(Value::Nil);
        }
        let mut hasher = Sha256::new();
        for value in values {
            match value {
                Value::Bool(b) => feed(&mut hasher, 0, &[u8::from(*b)]),
                Value::Int(i) => feed(&mut hasher, 1, &i.to_be_bytes()),
                Value::Float(f) => feed(&mut hasher, 2, &f.to_bits().to_be_bytes()),
                Value::Bytes(b) => feed(&mut hasher, 3, b),
                Value::Ip(IpAddr::V4(ip)) => feed(&mut hasher, 4, &ip.octets()),
                Value::Ip(IpAddr::V6(ip)) => feed(&mut hasher, 4, &ip.octets()),
                Value::U32(u) => feed(&mut hasher, 1, &i64::from(*u).to_be_bytes()),
                Value::Nil | Value::Array(_) | Value::Map(_) => return Ok(Value::Nil),
            }
        }
        let hash = hasher.finalize().iter().take(8).fold(0, |hash, byte| hash << 8 | u128::from(*byte));
        let width = high.wrapping_sub(*low) as u64;
        let within = (hash * u128::from(width)) >> 64;
        Ok(Value::Int(low.wrapping_add(within as i64)))
    })
}

fn feed(hasher: &mut Sha256, kind: u8, bytes: &[u8]) {
    hasher.update([kind]);
    hasher.update((bytes.len() as u64).to_be_bytes());
    hasher.update(bytes);
}

/// Digits of a time stamp, which a `-` follows.
const STAMP: usize = 10;

pub(super) fn is_timed_hmac_valid(site: &Site) -> Result<Arc<dyn Function>, String> {
    let key = keyed_with::<Hmac<Sha256>>(bytes(site, 0)?)?;
    let lifetime = int_within(site, 2, "the lifetime in seconds", 0, i64::MAX)?;
    let separator = int_within(site, 4, "the length of the separator", 0, i64::from(u32::MAX))? as usize;
    let url_safe = !flags(site, 5, &[(b's', "URL-safe Base64")])?.is_empty();
    prepared(move |args, _| {
        let [_, Value::Bytes(signed), _, Value::Int(now), ..] = args else { return Ok(Value::Nil) };
        let valid = timed(signed, separator, url_safe).is_some_and(|timed| {
            *now <= timed.seconds.saturating_add(lifetime)
                && key.clone().chain_update(timed.message).chain_update(timed.stamp).verify_slice(&timed.mac).is_ok()
        });
        Ok(Value::Bool(valid))
    })
}

/// The parts of a signed message with a time.
struct Timed<'t> {
    message: &'t [u8],
    stamp: &'t [u8],
    seconds: i64,
    mac: [u8; 32],
}

/// Takes a signed message apart: the message, a separator, ten digits, `-` and the MAC.
fn timed(signed: &[u8], separator: usize, url_safe: bool) -> Option<Timed<'_>> {
    // Only the URL-safe alphabet has a `-`, and there the MAC's length is known.
    let dash = if url_safe { signed.len().checked_sub(44)? } else { memchr::memrchr(b'-', signed)? };
    let mac = signed[dash..].strip_prefix(b"-")?;
    let stamped = &signed[..dash];
    let (before, stamp) = stamped.split_at(stamped.len().checked_sub(STAMP)?);
    let message = &before[..before.len().checked_sub(separator)?];
    if message.is_empty() || !stamp.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let seconds = stamp.iter().fold(0, |n, digit| n * 10 + i64::from(digit - b'0'));
    let mut unescaped = [0; 44];
    let mac = if url_safe { decoded(mac, &BASE64_URL) } else { decoded(percent_decoded(mac, &mut unescaped)?, &BASE64) };
    Some(Timed { message, stamp, seconds, mac: mac? })
}

/// Base64 of exactly 32 bytes.
fn decoded(text: &[u8], engine: &impl Engine) -> Option<[u8; 32]> {
    let mut mac = [0; 33];
    let len = engine.decode_slice(text, &mut mac).ok()?;
    mac.first_chunk().copied().filter(|_| len == 32)
}
