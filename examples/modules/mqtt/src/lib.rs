//! The first packet of MQTT in a segment: its kind and flags, the client that connects, the topic that is published.

use quintet_module::Fields;

/// What a packet of MQTT 3.1.1 or 5 says.
#[derive(Fields)]
#[fields(prefix = "mqtt")]
struct Mqtt<'a> {
    /// From 1 (CONNECT) to 15 (AUTH).
    packet: i64,
    /// The low four bits of the first byte.
    flags: i64,
    /// Of CONNECT.
    client_id: Option<&'a [u8]>,
    /// Of CONNECT: whether a session is to begin anew.
    clean: Option<bool>,
    /// Of PUBLISH.
    topic: Option<&'a [u8]>,
    /// Of PUBLISH, from 0 to 2.
    qos: Option<i64>,
}

/// The length that follows the first byte, and what comes after it.
fn remaining(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut length = 0;
    for (i, byte) in bytes.iter().take(4).enumerate() {
        length |= usize::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Some((length, &bytes[i + 1..]));
        }
    }
    None
}

/// A text with its length before it.
fn text(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
}

/// Client identifier and clean flag of CONNECT.
fn connect(body: &[u8]) -> Option<(&[u8], bool)> {
    let (protocol, rest) = text(body)?;
    if protocol != b"MQTT" && protocol != b"MQIsdp" {
        return None;
    }
    let (&[version, flags, ..], mut rest) = rest.split_first_chunk::<4>()?;
    if version == 5 {
        let (properties, after) = remaining(rest)?;
        rest = after.get(properties..)?;
    }
    let (client, _) = text(rest)?;
    Some((client, flags & 2 != 0))
}

/// A packet of MQTT.
#[quintet_module::parser(input = "tcp.payload", on = "tcp.port in {1883}")]
fn mqtt(payload: &[u8]) -> Option<Mqtt<'_>> {
    let (first, rest) = payload.split_first()?;
    let (packet, flags) = (first >> 4, first & 15);
    let (length, body) = remaining(rest)?;
    let body = &body[..length.min(body.len())];
    // Flags are fixed for all but PUBLISH.
    let fixed = match packet {
        0 => return None,
        3 => flags,
        6 | 8 | 10 => 2,
        _ => 0,
    };
    if flags != fixed {
        return None;
    }
    let connect = if packet == 1 { Some(connect(body)?) } else { None };
    let publish = if packet == 3 { Some(text(body)?.0) } else { None };
    Some(Mqtt {
        packet: packet.into(),
        flags: flags.into(),
        client_id: connect.map(|(client, _)| client),
        clean: connect.map(|(_, clean)| clean),
        topic: publish,
        qos: publish.map(|_| i64::from(flags >> 1 & 3)),
    })
}

quintet_module::module!(mqtt);
