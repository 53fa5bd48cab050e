//! Functions on addresses and packets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use quintet_lang::ast::Site;

use super::Function;
use super::standard::{bytes, int, int_within, prepared};
use crate::value::Value;

const V4: &str = "the number of bits of an IPv4 network";
const V6: &str = "the number of bits of an IPv6 network";

pub(super) fn cidr(site: &Site) -> Result<Arc<dyn Function>, String> {
    masked(int_within(site, 1, V4, 1, 32)? as u32, int_within(site, 2, V6, 1, 128)? as u32)
}

pub(super) fn cidr6(site: &Site) -> Result<Arc<dyn Function>, String> {
    masked(32, int_within(site, 1, V6, 1, 128)? as u32)
}

fn masked(v4: u32, v6: u32) -> Result<Arc<dyn Function>, String> {
    prepared(move |args, _| {
        let Some(Value::Ip(ip)) = args.first() else { return Ok(Value::Nil) };
        Ok(Value::Ip(network(*ip, if ip.is_ipv4() { v4 } else { v6 })))
    })
}

/// The network of this many bits that an address lies in.
fn network(ip: IpAddr, bits: u32) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => Ipv4Addr::from_bits(ip.to_bits() & !u32::MAX.checked_shr(bits).unwrap_or(0)).into(),
        IpAddr::V6(ip) => Ipv6Addr::from_bits(ip.to_bits() & !u128::MAX.checked_shr(bits).unwrap_or(0)).into(),
    }
}

/// The last bit that `bit_slice` may start with.
const BIT_MOST: i64 = 2040;
/// The most bits that it takes.
const BITS_MOST: i64 = 32;

pub(super) fn bit_slice(site: &Site) -> Result<Arc<dyn Function>, String> {
    let start = int_within(site, 1, "the first bit", 0, BIT_MOST)?;
    let end = int(site, 2)?;
    if end <= start || end > start + BITS_MOST {
        let (least, most) = (start + 1, start + BITS_MOST);
        return Err(format!("the end is {end}, but must be from {least} to {most}: 1 to {BITS_MOST} bits after bit {start}"));
    }
    let (start, end) = (start as usize, end as usize);
    prepared(move |args, _| {
        let Some(Value::Bytes(packet)) = args.first() else { return Ok(Value::Nil) };
        Ok(packet.get(start / 8..end.div_ceil(8)).map_or(Value::Nil, |bytes| {
            // 32 bits lie in at most 5 bytes.
            let all = bytes.iter().fold(0u64, |all, byte| all << 8 | u64::from(*byte));
            let below = all >> (end.div_ceil(8) * 8 - end);
            Value::Int((below & ((1 << (end - start)) - 1)) as i64)
        }))
    })
}

pub(super) fn ip_in_range(site: &Site) -> Result<Arc<dyn Function>, String> {
    let text = String::from_utf8_lossy(bytes(site, 1)?);
    let malformed = || format!("\"{text}\" is no network; networks are written as \"10.0.0.0/8\" or \"2001:db8::/32\"");
    let (address, bits) = match text.split_once('/') {
        Some((address, bits)) => (address, Some(bits)),
        None => (&*text, None),
    };
    let first: IpAddr = address.parse().map_err(|_| malformed())?;
    let most = if first.is_ipv4() { 32 } else { 128 };
    let bits = match bits {
        Some(bits) if !bits.bytes().all(|b| b.is_ascii_digit()) => return Err(malformed()),
        Some(bits) => bits.parse::<u32>().map_err(|_| malformed())?,
        None => most,
    };
    if bits > most {
        return Err(format!("\"{text}\" has more bits than the address; at most {most} are possible"));
    }
    if network(first, bits) != first {
        return Err(format!("\"{text}\" has bits set after the first {bits}; write \"{}/{bits}\"", network(first, bits)));
    }
    prepared(move |args, _| {
        let Some(Value::Ip(ip)) = args.first() else { return Ok(Value::Nil) };
        Ok(Value::Bool(ip.is_ipv4() == first.is_ipv4() && network(*ip, bits) == first))
    })
}
