//! A packet filter: the headers of IPv4 and TCP are read into a struct, and one rule decides.
//!
//! ```text
//! cargo run --release --example packet_filter
//! ```

use std::error::Error;
use std::net::Ipv4Addr;

use quintet::{Engine, Record};

/// What rules see of a packet.
#[derive(Record)]
struct Packet<'a> {
    ip: Ip,
    tcp: Option<Tcp<'a>>,
}

#[derive(Record)]
struct Ip {
    src: Ipv4Addr,
    dst: Ipv4Addr,
    ttl: u8,
}

#[derive(Record)]
struct Tcp<'a> {
    srcport: u16,
    dstport: u16,
    syn: bool,
    payload: &'a [u8],
}

/// The packet that these bytes are, from its IPv4 header on.
fn parse(bytes: &[u8]) -> Option<Packet<'_>> {
    let header = bytes.first_chunk::<20>()?;
    let address = |at: usize| Some(Ipv4Addr::from_octets(*header.get(at..)?.first_chunk()?));
    let ip = Ip { src: address(12)?, dst: address(16)?, ttl: header[8] };
    let after = bytes.get(usize::from(header[0] & 15) * 4..)?;
    let tcp = (header[9] == 6).then(|| tcp(after)).flatten();
    Some(Packet { ip, tcp })
}

fn tcp(bytes: &[u8]) -> Option<Tcp<'_>> {
    let header = bytes.first_chunk::<20>()?;
    let port = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let payload = bytes.get(usize::from(header[12] >> 4) * 4..)?;
    Some(Tcp { srcport: port(0), dstport: port(2), syn: header[13] & 2 != 0, payload })
}

/// A packet for the example.
fn packet(dst: [u8; 4], port: u16, payload: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x45, 0, 0, 0, 0, 0, 0, 0, 64, 6, 0, 0, 192, 0, 2, 1];
    bytes.extend(dst);
    bytes.extend(40_000u16.to_be_bytes());
    bytes.extend(port.to_be_bytes());
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0x50, 0x18, 0, 0, 0, 0, 0, 0]);
    bytes.extend(payload);
    bytes
}

/// Filters three packets.
pub fn main() -> Result<(), Box<dyn Error>> {
    let engine = Engine::new();
    let source = r#"
        rule drop_telnet = tcp.dstport == 23
        rule drop_shell  = ip.dst in {10.0.0.0/8} and tcp.payload contains "/bin/sh"
    "#;
    let rules = engine.compile(source, &engine.scheme_of::<Packet>()?, "jit")?;
    let mut filter = rules.evaluator()?;
    let packets = [
        (packet([198, 51, 100, 1], 443, b""), None),
        (packet([198, 51, 100, 1], 23, b""), Some("drop_telnet")),
        (packet([10, 1, 2, 3], 80, b"GET /?c=/bin/sh"), Some("drop_shell")),
    ];
    for (bytes, expected) in &packets {
        let packet = parse(bytes).ok_or("no packet")?;
        let verdict = filter.evaluate(&packet)?.names().next();
        println!("{} -> {}: {}", packet.ip.src, packet.ip.dst, verdict.unwrap_or("pass"));
        assert_eq!(verdict, *expected);
    }
    Ok(())
}
