//! Whatever the input is, reading ends, and without a panic.

mod common;

use std::io::Cursor;

use common::{Pcap, enhanced, ethernet, interface, ipv4, ipv6, read_all, section, tcp, udp};
use proptest::prelude::*;
use quintet_inputs::{Format, ReaderOptions, schemes};
use quintet_lang::{Scheme, Type};

fn scheme(format: Format) -> Scheme {
    match format {
        Format::Packets => schemes::packets().build(),
        Format::Http => schemes::http().build(),
        Format::JsonLines => Scheme::builder().optional("a", Type::array(Type::Bytes)).optional("a.b", Type::Float).build(),
    }
    .expect("a scheme")
}

fn reads(bytes: Vec<u8>, format: Format) -> Result<(), TestCaseError> {
    if let Ok((batches, numbers, stats)) = read_all(Cursor::new(bytes), format, &scheme(format), &ReaderOptions::default()) {
        prop_assert_eq!(batches.iter().map(|b| b.len()).sum::<usize>(), numbers.len());
        prop_assert_eq!(stats.records, numbers.len() as u64);
        prop_assert!(numbers.is_sorted());
    }
    Ok(())
}

/// Payloads of the protocols that are dissected, to be damaged.
fn packets() -> Vec<Vec<u8>> {
    let dns = b"\x00\x09\x81\x80\x00\x01\x00\x02\x00\x00\x00\x00\x03www\x07example\x00\x00\x01\x00\x01\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01x\xc0\x10\xc0\x29\x00\x10\x00\x01\x00\x00\x00\x3c\x00\x04\x03abc";
    let http = b"POST /x?y HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nSet-Cookie: a\r\n\r\n";
    let tls = b"\x16\x03\x01\x00\x4c\x01\x00\x00\x48\x03\x030123456789abcdef0123456789abcdef\x00\x00\x04\x13\x01\xc0\x2f\x01\x00\x00\x1b\x00\x00\x00\x08\x00\x06\x00\x00\x03abc\x00\x2b\x00\x03\x02\x03\x04\x00\x10\x00\x05\x00\x03\x02h2";
    let sip = b"INVITE sip:b@h SIP/2.0\r\nFrom: <sip:a@[::1]>\r\nTo: sip:b\r\nCSeq: 1 INVITE\r\nExpires: 99999999999999999999\r\n\r\n";
    let inner = ipv4(6, &tcp(1, 443, 0x18, tls));
    vec![
        ethernet(0x0800, &ipv4(17, &udp(53, 9, dns))),
        ethernet(0x0800, &ipv4(6, &tcp(9, 53, 0x18, &[&[0, 80][..], dns].concat()))),
        ethernet(0x86dd, &ipv6(6, &tcp(9, 80, 0x18, http))),
        ethernet(0x8100, &[&[0, 1, 8, 0][..], &inner].concat()),
        ethernet(0x0800, &ipv4(17, &udp(5060, 9, sip))),
        ethernet(0x0800, &ipv4(1, &[&[3, 1, 0, 0, 0, 0, 0, 0][..], &inner].concat())),
        ethernet(
            0x86dd,
            &ipv6(58, &[&[1, 1, 0, 0, 0, 0, 0, 0][..], &ipv6(0, &[&[6, 0, 0, 0, 0, 0, 0, 0][..], &tcp(1, 2, 0, b"x")].concat())].concat()),
        ),
        ethernet(
            0x0806,
            b"\x00\x01\x08\x00\x06\x04\x00\x01\x02\x00\x00\x00\x00\x01\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02",
        ),
    ]
}

fn damage(mut bytes: Vec<u8>, changes: &[(prop::sample::Index, u8)], cut: Option<prop::sample::Index>) -> Vec<u8> {
    for (at, byte) in changes {
        let at = at.index(bytes.len());
        bytes[at] = *byte;
    }
    if let Some(cut) = cut {
        bytes.truncate(cut.index(bytes.len()));
    }
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_frames(frame in prop::collection::vec(any::<u8>(), 0..200), link in prop::sample::select(vec![0u32, 1, 12, 101, 108, 113, 228, 229, 276])) {
        reads(Pcap { link, ..Pcap::ETHERNET }.file(&[&frame]), Format::Packets)?;
    }

    #[test]
    fn damaged_packets(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..6),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let packets = packets();
        let packet = damage(packets[which.index(packets.len())].clone(), &changes, cut);
        reads(Pcap::ETHERNET.file(&[&packet]), Format::Packets)?;
    }

    #[test]
    fn damaged_captures(
        ng in any::<bool>(),
        big_endian in any::<bool>(),
        changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..12),
        cut in any::<Option<prop::sample::Index>>(),
    ) {
        let packets = packets();
        let file = if ng {
            let blocks = packets.iter().map(|p| enhanced(big_endian, 0, 5, p));
            [section(big_endian), interface(big_endian, 1, Some(9))].into_iter().chain(blocks).collect::<Vec<_>>().concat()
        } else {
            Pcap { big_endian, ..Pcap::ETHERNET }.file(&packets.iter().map(Vec::as_slice).collect::<Vec<_>>())
        };
        reads(damage(file, &changes, cut), Format::Packets)?;
    }

    #[test]
    fn random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300), start in prop::sample::select(vec![&b""[..], b"\xd4\xc3\xb2\xa1", b"\x0a\x0d\x0d\x0a", b"\x1f\x8b\x08", b"{\"method\":\"\",\"uri\":\""])) {
        for format in Format::ALL {
            reads([start, &bytes].concat(), format)?;
        }
    }

    #[test]
    fn damaged_lines(
        uri in "\\PC{0,40}",
        value in "\\PC{0,40}",
        changes in prop::collection::vec(any::<(prop::sample::Index, u8)>(), 0..3),
    ) {
        let line = serde_json::json!({
            "method": "GET", "uri": uri, "body": value, "ip": "::1",
            "headers": { "Cookie": value, "Accept-Language": value, "content-type": "application/x-www-form-urlencoded" },
        });
        reads(line.to_string().into_bytes(), Format::Http)?;
        reads(damage(line.to_string().into_bytes(), &changes, None), Format::Http)?;
    }
}
