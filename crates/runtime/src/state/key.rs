//! Keys of tables as bytes: equal for equal values, and for a conversation in either direction.

use std::cmp::Ordering;
use std::hash::{BuildHasher, Hash};
use std::net::IpAddr;
use std::sync::OnceLock;

use foldhash::fast::RandomState;
use quintet_lang::state::KeyPart;

use crate::owned::OwnedValue;
use crate::value::Value;

/// A key, and its hash.
#[derive(Clone, Copy)]
pub(super) struct Hashed<'k> {
    pub(super) bytes: &'k [u8],
    pub(super) hash: u32,
}

/// What hashes keys, the same in all sessions of a process: tables go from a session to the one that succeeds it.
pub(super) fn hasher() -> RandomState {
    static HASHER: OnceLock<RandomState> = OnceLock::new();
    HASHER.get_or_init(RandomState::default).clone()
}

/// The hash by which tables find a key, or what else they look for.
pub(super) fn hash<T: Hash + ?Sized>(hasher: &RandomState, what: &T) -> u32 {
    hasher.hash_one(what) as u32
}

const NIL: u8 = 0;
const BOOL: u8 = 1;
const INT: u8 = 2;
const BYTES: u8 = 3;
const V4: u8 = 4;
const V6: u8 = 6;

/// Appends a value that can be told apart.
#[inline]
pub(crate) fn push(value: &Value<'_>, out: &mut Vec<u8>) {
    match value {
        Value::Bool(b) => out.extend([BOOL, u8::from(*b)]),
        Value::Int(i) => push_tagged(INT, i.to_le_bytes(), out),
        Value::U32(u) => push_tagged(INT, i64::from(*u).to_le_bytes(), out),
        Value::Bytes(bytes) => {
            push_tagged(BYTES, (bytes.len() as u64).to_le_bytes(), out);
            out.extend_from_slice(bytes);
        }
        Value::Ip(IpAddr::V4(ip)) => push_tagged(V4, ip.octets(), out),
        Value::Ip(IpAddr::V6(ip)) => push_tagged(V6, ip.octets(), out),
        // The checker lets none of the others be keys.
        Value::Nil | Value::Float(_) | Value::Array(_) | Value::Map(_) => out.push(NIL),
    }
}

#[inline]
fn push_tagged<const N: usize>(tag: u8, bytes: [u8; N], out: &mut Vec<u8>) {
    out.reserve(1 + N);
    out.push(tag);
    out.extend_from_slice(&bytes);
}

/// Appends the key that values come to; whether there is one: a part that is nil has none.
pub(crate) fn push_all<'v>(parts: &[KeyPart], mut values: impl Iterator<Item = Value<'v>>, out: &mut Vec<u8>) -> bool {
    for part in parts {
        match part {
            KeyPart::Value => match values.next() {
                None | Some(Value::Nil) => return false,
                Some(value) => push(&value, out),
            },
            KeyPart::Flow => {
                let mut next = || values.next().unwrap_or(Value::Nil);
                let flow = [next(), next(), next(), next(), next()];
                if !push_flow(&flow, out) {
                    return false;
                }
            }
        }
    }
    true
}

/// Appends a conversation: source and destination address, source and destination port, protocol. Whether there is one.
pub(crate) fn push_flow(flow: &[Value<'_>; 5], out: &mut Vec<u8>) -> bool {
    let [src, dst, src_port, dst_port, proto] = flow;
    if src.is_nil() || dst.is_nil() {
        return false;
    }
    let (src_port, dst_port) = if has_ports(proto) { (*src_port, *dst_port) } else { (Value::Nil, Value::Nil) };
    let (mut a, mut b) = (Vec::with_capacity(26), Vec::with_capacity(26));
    [*src, src_port].iter().for_each(|value| push(value, &mut a));
    [*dst, dst_port].iter().for_each(|value| push(value, &mut b));
    let (first, second) = if a <= b { (a, b) } else { (b, a) };
    out.extend(first);
    out.extend(second);
    push(proto, out);
    true
}

/// Whether the ports that are found in a record of a protocol are its own: messages of ICMP quote those of other packets.
pub(crate) fn has_ports(proto: &Value<'_>) -> bool {
    !matches!(proto, Value::Int(1 | 58))
}

/// The values that a key was made of; `None` for nil.
pub(crate) fn values(mut key: &[u8]) -> Vec<Option<OwnedValue>> {
    let mut values = Vec::new();
    while let Some((value, rest)) = next(key) {
        values.push(value);
        key = rest;
    }
    values
}

fn next(key: &[u8]) -> Option<(Option<OwnedValue>, &[u8])> {
    let (tag, rest) = key.split_first()?;
    Some(match *tag {
        BOOL => rest.split_first().map(|(b, rest)| (Some(OwnedValue::Bool(*b != 0)), rest))?,
        INT => rest.split_first_chunk().map(|(i, rest)| (Some(OwnedValue::Int(i64::from_le_bytes(*i))), rest))?,
        BYTES => {
            let (len, rest) = rest.split_first_chunk()?;
            let (bytes, rest) = rest.split_at_checked(u64::from_le_bytes(*len) as usize)?;
            (Some(OwnedValue::Bytes(bytes.to_vec())), rest)
        }
        V4 => rest.split_first_chunk::<4>().map(|(ip, rest)| (Some(OwnedValue::Ip(IpAddr::from(*ip))), rest))?,
        V6 => rest.split_first_chunk::<16>().map(|(ip, rest)| (Some(OwnedValue::Ip(IpAddr::from(*ip))), rest))?,
        _ => (None, rest),
    })
}

/// The order of keys in a dump: value by value, nil first, addresses of the old family before those of the new.
pub(crate) fn order(a: &[Option<OwnedValue>], b: &[Option<OwnedValue>]) -> Ordering {
    let pairs = a.iter().zip(b).map(|(a, b)| match (a, b) {
        (None, None) => Ordering::Equal,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some(OwnedValue::Bool(a)), Some(OwnedValue::Bool(b))) => a.cmp(b),
        (Some(OwnedValue::Int(a)), Some(OwnedValue::Int(b))) => a.cmp(b),
        (Some(OwnedValue::Bytes(a)), Some(OwnedValue::Bytes(b))) => a.cmp(b),
        (Some(OwnedValue::Ip(a)), Some(OwnedValue::Ip(b))) => a.cmp(b),
        // The keys of one table are of the same types.
        _ => Ordering::Equal,
    });
    pairs.fold(Ordering::Equal, Ordering::then).then(a.len().cmp(&b.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> Value<'static> {
        Value::Ip(text.parse().unwrap())
    }

    #[test]
    fn a_key_holds_its_values_and_is_cut_where_they_are() {
        let values = [Value::Bytes(b"ab"), Value::Int(-5), Value::Bool(true), ip("10.0.0.1"), ip("::1"), Value::Bytes(b"")];
        let mut key = Vec::new();
        assert!(push_all(&[KeyPart::Value; 6], values.iter().copied(), &mut key));
        let found: Vec<String> = super::values(&key).iter().map(|value| value.as_ref().unwrap().to_string()).collect();
        assert_eq!(found, ["\"ab\"", "-5", "true", "10.0.0.1", "::1", "\"\""]);
        let (mut a, mut b) = (Vec::new(), Vec::new());
        push_all(&[KeyPart::Value; 2], [Value::Bytes(b"a"), Value::Bytes(b"bc")].into_iter(), &mut a);
        push_all(&[KeyPart::Value; 2], [Value::Bytes(b"ab"), Value::Bytes(b"c")].into_iter(), &mut b);
        assert_ne!(a, b);
        assert!(!push_all(&[KeyPart::Value; 2], [Value::Int(1), Value::Nil].into_iter(), &mut a));
    }

    #[test]
    fn a_flow_is_the_same_in_either_direction_and_no_other() {
        let flow = |a: &str, b: &str, ports: (i64, i64), proto: i64| {
            let mut key = Vec::new();
            assert!(push_flow(&[ip(a), ip(b), Value::Int(ports.0), Value::Int(ports.1), Value::Int(proto)], &mut key));
            key
        };
        let there = flow("10.0.0.1", "10.0.0.2", (4000, 80), 6);
        assert_eq!(there, flow("10.0.0.2", "10.0.0.1", (80, 4000), 6));
        assert_ne!(there, flow("10.0.0.2", "10.0.0.1", (4000, 80), 6));
        assert_ne!(there, flow("10.0.0.1", "10.0.0.2", (4000, 80), 17));
        let mut key = Vec::new();
        assert!(push_flow(&[ip("::1"), ip("::2"), Value::Nil, Value::Nil, Value::Int(58)], &mut key));
        assert!(!push_flow(&[ip("::1"), Value::Nil, Value::Nil, Value::Nil, Value::Int(58)], &mut key));
    }
}
