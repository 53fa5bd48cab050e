//! Packets built byte by byte, and the fields in them.

mod common;

use std::io::Cursor;

use common::{Pcap, ethernet, ipv4, ipv6, read_all, show, tcp, udp};
use quintet_inputs::{Format, ReaderOptions, Stats, schemes};
use quintet_lang::Scheme;
use quintet_runtime::Batch;

fn dissect(link: u32, frame: &[u8]) -> (Batch, Stats) {
    let scheme = schemes::packets().build().expect("a scheme");
    let file = Pcap { link, ..Pcap::ETHERNET }.file(&[frame]);
    let (mut batches, _, stats) = read_all(Cursor::new(file), Format::Packets, &scheme, &ReaderOptions::default()).expect("a file");
    (batches.remove(0), stats)
}

/// Checks fields of a frame, and what was malformed in it.
fn check(link: u32, frame: &[u8], fields: &[(&str, &str)], malformed: Option<&str>) {
    let (batch, stats) = dissect(link, frame);
    for (field, value) in fields {
        assert_eq!(show(&batch, 0, field), *value, "{field}");
    }
    assert_eq!(stats.malformed.keys().next().map(|k| k.as_ref()), malformed);
}

#[test]
fn http_over_tcp() {
    let text = b"GET /a/b?x=1 HTTP/1.1\r\nHost: example.org\r\nUSER-AGENT:  curl \r\nContent-Length: 2\r\n\r\nhiPOST / HTTP/1.0\r\n\r\n";
    check(
        1,
        &ethernet(0x0800, &ipv4(6, &tcp(5555, 80, 0x18, text))),
        &[
            ("eth", "true"),
            ("eth.dst.ig", "true"),
            ("eth.type", "2048"),
            ("ip.addr", "[10.0.0.1 192.168.0.2]"),
            ("ip.flags.df", "[true]"),
            ("ipv6", "false"),
            ("ipv6.src", "-"),
            ("tcp.port", "[5555 80]"),
            ("tcp.flags", "24"),
            ("tcp.flags.push", "true"),
            ("tcp.flags.syn", "false"),
            ("tcp.seq_raw", "7"),
            ("tcp.window_size_value", "8192"),
            ("http", "true"),
            ("http.request", "true"),
            ("http.response", "false"),
            ("http.request.method", "[GET POST]"),
            ("http.request.uri.path", "[/a/b /]"),
            ("http.request.uri.query", "[x=1]"),
            ("http.request.full_uri", "[http://example.org/a/b?x=1]"),
            ("http.user_agent", "[curl]"),
            ("http.content_length", "[2]"),
            ("http.file_data", "[hi]"),
            ("http.request.line", "[Host: example.org\\r\\n USER-AGENT:  curl \\r\\n Content-Length: 2\\r\\n]"),
            ("frame.protocols", "eth:ethertype:ip:tcp:http"),
        ],
        None,
    );
    let text = b"HTTP/1.1 404 Not Found\r\nServer: x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\r\nbody";
    check(
        229,
        &ipv6(6, &tcp(8080, 9999, 0x18, text)),
        &[
            ("eth", "false"),
            ("ipv6.hlim", "[255]"),
            ("http.response.code", "[404]"),
            ("http.response.phrase", "[Not Found]"),
            ("http.set_cookie", "[a=1 b=2]"),
            ("http.file_data", "[body]"),
        ],
        None,
    );
}

#[test]
fn tags_tunnels_and_quotations() {
    let inner = ipv4(17, &udp(7, 9, b"payload"));
    let tagged = [&[0x20, 10, 0x81, 0, 0, 20, 8, 0][..], &ipv4(4, &inner)].concat();
    check(
        1,
        &ethernet(0x88a8, &tagged),
        &[
            ("vlan.id", "[10 20]"),
            ("vlan.priority", "[1 0]"),
            ("ip.len", "[55 35]"),
            ("udp.payload", "payload"),
            ("frame.protocols", "eth:ethertype:vlan:ethertype:vlan:ethertype:ip:ip:udp"),
        ],
        None,
    );
    let quoted = [&[3, 3, 0, 0, 0, 0, 0, 0][..], &ipv4(6, &tcp(80, 90, 0, b""))[..28]].concat();
    check(
        228,
        &ipv4(1, &quoted),
        &[
            ("icmp.type", "[3]"),
            ("ip.proto", "[1 6]"),
            ("tcp.port", "[80 90]"),
            ("tcp.seq_raw", "-"),
            ("frame.protocols", "ip:icmp:ip:tcp"),
        ],
        None,
    );
    let extended = [&[44, 0, 0, 0, 0, 0, 0, 0, 17, 0, 0, 1, 0, 0, 0, 5][..], &udp(1, 2, b"")].concat();
    check(
        101,
        &ipv6(0, &extended),
        &[
            ("ipv6.hopopts", "true"),
            ("ipv6.fraghdr", "true"),
            ("ipv6.fraghdr.more", "[true]"),
            ("ipv6.fraghdr.ident", "[5]"),
            ("udp.length", "8"),
            ("udp.payload", "-"),
        ],
        None,
    );
    check(101, &ipv4(41, &ipv6(59, b"")), &[("ip", "true"), ("ipv6", "true"), ("ipv6.nxt", "[59]")], None);
}

#[test]
fn fragments_have_no_ports() {
    let mut packet = ipv4(17, &udp(1, 2, b"abcdefgh"));
    packet[7] = 1;
    check(101, &packet, &[("ip.frag_offset", "[1]"), ("udp", "false"), ("udp.port", "-")], None);
}

#[test]
fn a_fault_keeps_what_stands_before() {
    let whole = ethernet(0x0800, &ipv4(6, &tcp(1, 2, 2, b"")));
    for cut in 0..whole.len() {
        let (batch, stats) = dissect(1, &whole[..cut]);
        assert_eq!(batch.len(), 1);
        assert_eq!(show(&batch, 0, "eth"), (cut >= 14).to_string());
        assert_eq!(show(&batch, 0, "eth.type"), if cut >= 14 { "2048" } else { "-" });
        assert_eq!(show(&batch, 0, "ip.src"), if cut >= 34 { "[10.0.0.1]" } else { "-" });
        assert_eq!(show(&batch, 0, "tcp.port"), if cut >= 38 { "[1 2]" } else { "-" });
        assert_eq!(show(&batch, 0, "tcp"), (cut >= 38).to_string());
        assert_eq!(stats.malformed_total(), 1, "cut at {cut}");
    }
    let mut packet = ipv4(6, &tcp(1, 2, 2, b""));
    packet[32] = 0x40;
    check(101, &packet, &[("tcp.hdr_len", "16"), ("tcp.flags", "-")], Some("TCP header length below 20"));
    packet[0] = 0x44;
    check(101, &packet, &[("ip.hdr_len", "[16]"), ("ip.src", "-")], Some("IPv4 header length below 20"));
    let mut nested = ipv4(17, b"");
    for _ in 0..100 {
        nested = ipv4(4, &nested);
    }
    check(101, &nested, &[("ip", "true")], Some("more headers in one another than are dissected"));
}

#[test]
fn dns_names_and_records() {
    let mut message = vec![0, 9, 0x81, 0x80, 0, 1, 0, 2, 0, 0, 0, 0];
    message.extend(b"\x03www\x07example\x00\x00\x01\x00\x01");
    message.extend(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01x\xc0\x10");
    message.extend(b"\xc0\x29\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04");
    let frame = ipv4(17, &udp(53, 4000, &message));
    check(
        101,
        &frame,
        &[
            ("dns.id", "9"),
            ("dns.flags.response", "true"),
            ("dns.flags.rcode", "0"),
            ("dns.qry.name", "www.example"),
            ("dns.qry.name.len", "11"),
            ("dns.resp.name", "[www.example x.example]"),
            ("dns.resp.type", "[5 1]"),
            ("dns.cname", "[x.example]"),
            ("dns.a", "[1.2.3.4]"),
        ],
        None,
    );
    // A name that points to itself.
    let circle = b"\x00\x01\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\xc0\x0c\x00\x01\x00\x01";
    check(101, &ipv4(17, &udp(53, 4000, circle)), &[("dns.id", "1"), ("dns.qry.name", "-")], Some("DNS question cut off or malformed"));
    let streamed = [&(message.len() as u16).to_be_bytes()[..], &message].concat();
    check(101, &ipv4(6, &tcp(53, 4000, 0x18, &streamed)), &[("dns.qry.name", "www.example")], None);
}

#[test]
fn tls_client_hello() {
    let name = b"\x00\x00\x00\x0c\x00\x0a\x00\x00\x07example";
    let alpn = b"\x00\x10\x00\x05\x00\x03\x02h2";
    let alpn = [&alpn[..], &[]].concat();
    let versions = b"\x00\x2b\x00\x05\x04\x03\x04\x03\x03";
    let extensions = [&name[..], &alpn, versions].concat();
    let mut hello = vec![3, 3];
    hello.extend([7; 32]);
    hello.extend(b"\x00\x00\x04\x13\x01\xc0\x2f\x01\x00");
    hello.extend((extensions.len() as u16).to_be_bytes());
    hello.extend_from_slice(&extensions);
    let handshake = [&[1, 0][..], &(hello.len() as u16).to_be_bytes(), &hello].concat();
    let record = [&[22, 3, 1][..], &(handshake.len() as u16).to_be_bytes(), &handshake].concat();
    let two = [&record[..], &[21, 3, 3, 0, 2, 2, 40]].concat();
    check(
        101,
        &ipv4(6, &tcp(4000, 443, 0x18, &two)),
        &[
            ("tls.record.content_type", "[22 21]"),
            ("tls.record.version", "[769 771]"),
            ("tls.handshake.type", "[1]"),
            ("tls.handshake.version", "[771]"),
            ("tls.handshake.ciphersuite", "[4865 49199]"),
            ("tls.handshake.extensions_server_name", "example"),
            ("tls.handshake.extensions_alpn_str", "[h2]"),
            ("tls.handshake.extensions.supported_version", "[772 771]"),
            ("tls.alert_message.desc", "[40]"),
        ],
        None,
    );
    // A hello that goes on in the next segment still shows what it has.
    let cut = ipv4(6, &tcp(4000, 443, 0x18, &record[..record.len() - 4]));
    check(101, &cut, &[("tls.handshake.type", "[1]"), ("tls.handshake.extensions_server_name", "example")], None);
}

#[test]
fn sip_messages() {
    let text = b"INVITE sip:bob@b.example SIP/2.0\r\nf: \"A\" <sip:alice:x@[::1]:5060;p>;tag=1\r\nTo: sip:bob@b.example;q\r\nCSeq: 3 INVITE\r\n\r\n";
    check(
        101,
        &ipv4(17, &udp(5060, 6000, text)),
        &[
            ("sip", "true"),
            ("sip.Method", "INVITE"),
            ("sip.from.user", "alice"),
            ("sip.from.host", "[::1]"),
            ("sip.to.host", "b.example"),
            ("sip.CSeq.seq", "3"),
            ("sip.CSeq.method", "INVITE"),
            ("sip.Status_Code", "-"),
        ],
        None,
    );
    check(101, &ipv4(17, &udp(5060, 6000, b"SIP/2.0 180 Ringing\r\n\r\n")), &[("sip.Status_Code", "180")], None);
    check(101, &ipv4(17, &udp(5060, 6000, b"\r\n\r\n")), &[("sip", "false")], None);
}

#[test]
fn other_links() {
    let packet = ipv4(17, &udp(1, 2, b""));
    let arp = b"\x00\x01\x08\x00\x06\x04\x00\x01\x02\x00\x00\x00\x00\x01\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02";
    let cooked = [&[0, 4, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0][..], &packet].concat();
    let cooked2 = [&[8, 0, 0, 0, 0, 0, 0, 1, 0, 1, 3, 6, 0, 0, 0, 0, 0, 0, 0, 0][..], &packet].concat();
    check(113, &cooked, &[("sll", "true"), ("sll.pkttype", "4"), ("udp.port", "[1 2]")], None);
    check(276, &cooked2, &[("sll.pkttype", "3"), ("udp.port", "[1 2]")], None);
    check(0, &[&[2, 0, 0, 0][..], &packet].concat(), &[("udp.port", "[1 2]")], None);
    check(108, &[&[0, 0, 0, 2][..], &packet].concat(), &[("udp.port", "[1 2]")], None);
    check(
        1,
        &ethernet(0x0806, arp),
        &[
            ("arp.opcode", "1"),
            ("arp.src.proto_ipv4", "10.0.0.1"),
            ("arp.dst.proto_ipv4", "10.0.0.2"),
            ("arp.src.hw_mac", "\\x02\\x00\\x00\\x00\\x00\\x01"),
        ],
        None,
    );
    let (batch, stats) = dissect(147, &packet);
    assert_eq!(show(&batch, 0, "frame.len"), "28");
    assert_eq!(stats.skipped.get("frame of link type 147"), Some(&1));
}

/// Sets of fields read the same values as all fields do, in frames of all kinds, whole and mutated.
#[test]
fn projections_agree() {
    let mut dns = vec![0, 9, 0x81, 0x80, 0, 1, 0, 3, 0, 0, 0, 0];
    dns.extend(b"\x03www\x07example\x00\x00\x01\x00\x01");
    dns.extend(b"\xc0\x0c\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x04\x01x\xc0\x10");
    dns.extend(b"\xc0\x0c\x00\x0f\x00\x01\x00\x00\x00\x3c\x00\x06\x00\x0a\xc0\xff\xc0\x10");
    dns.extend(b"\xc0\x29\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04");
    let name = b"\x00\x00\x00\x0c\x00\x0a\x00\x00\x07example";
    let hello = [&[1, 0, 0, 65, 3, 3][..], &[7; 32], b"\x00\x00\x04\x13\x01\xc0\x2f\x01\x00\x00\x10", name].concat();
    let records: Vec<u8> = hello.chunks(40).flat_map(|piece| [&[22, 3, 1, 0, piece.len() as u8][..], piece].concat()).collect();
    let http = b"\r\nPOST /a?b HTTP/1.1\r\nHost: a\r\n b\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\nHTTP/1.1 204 No\r\nServer: s\r\n\r\nGET / HTTP/1.1\r\n\r\n";
    let sip = b"INVITE sip:bob@b SIP/2.0\r\nf: <sip:a@c>\r\nTo: <sip:d@e>\r\nCSeq: 3 INVITE\r\nl: 0\r\n\r\n";
    let mut frames = vec![
        ethernet(0x0800, &ipv4(6, &tcp(5555, 80, 0x18, http))),
        ethernet(0x0800, &ipv4(17, &udp(53, 1, &dns))),
        ethernet(0x8100, &[&[0, 5, 0x86, 0xdd][..], &ipv6(6, &tcp(5555, 443, 0x18, &records))].concat()),
        ethernet(0x86dd, &ipv6(58, &[&[1, 0, 0, 0, 0, 0, 0, 0][..], &ipv6(17, &udp(5060, 9, sip))].concat())),
        ethernet(0x0800, &ipv4(4, &ipv4(1, &[&[3, 3, 0, 0, 0, 0, 0, 0][..], &ipv4(6, &tcp(1, 2, 2, b""))].concat()))),
        ethernet(
            0x0806,
            b"\x00\x01\x08\x00\x06\x04\x00\x01\x02\x00\x00\x00\x00\x01\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02",
        ),
    ];
    let mut state = 7u64;
    let mut dice = move |sides: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % sides
    };
    let whole = frames.len();
    for i in 0..600 {
        let mut frame = frames[i % whole].clone();
        for _ in 0..=dice(3) {
            let at = dice(frame.len());
            frame[at] = [0, 0xff, 0xc0, b'\r', b' ', dice(256) as u8][dice(6)];
        }
        if dice(4) == 0 {
            frame.truncate(dice(frame.len()));
        }
        frames.push(frame);
    }
    projected(&Pcap::ETHERNET.file(&frames.iter().map(Vec::as_slice).collect::<Vec<_>>()), 400, &mut dice);
    for file in ["dev/ndpi_fuzz_2594.pcap", "dev/ndpi_badpackets.pcap", "dev/pcpp_dns.pcap"] {
        let Some(path) = common::shared("captures").map(|at| at.join(file)).filter(|path| path.exists()) else { continue };
        projected(&std::fs::read(path).expect("a file"), 20, &mut dice);
    }
}

/// Reads a capture with each field alone, and with random sets of them.
fn projected(file: &[u8], sets: usize, dice: &mut impl FnMut(usize) -> usize) {
    let scheme = schemes::packets().build().expect("a scheme");
    let file: std::sync::Arc<[u8]> = file.into();
    let read = |scheme: &Scheme| read_all(Cursor::new(file.clone()), Format::Packets, scheme, &ReaderOptions::default()).expect("a file");
    let (all, numbers, _) = read(&scheme);
    let count = scheme.fields().len();
    let chosen = (0..sets.min(count)).map(|i| vec![i * count / sets.min(count)]);
    let random: Vec<Vec<usize>> = (0..sets).map(|_| (0..=dice(6)).map(|_| dice(count)).collect()).collect();
    for fields in chosen.chain(random) {
        let (some, same, _) = read(&scheme.project(|id, _| fields.contains(&(id.0 as usize))));
        assert_eq!(same, numbers);
        for field in fields.iter().map(|i| &scheme.fields()[*i].name) {
            for (batch, whole) in some.iter().zip(&all) {
                for record in 0..whole.len() {
                    assert_eq!(show(batch, record, field), show(whole, record, field), "{field} with {fields:?}");
                }
            }
        }
    }
}

/// Fields of a frame with text on a port of TCP.
fn check_text(port: u16, text: &[u8], fields: &[(&str, &str)]) {
    check(1, &ethernet(0x0800, &ipv4(6, &tcp(50_000, port, 0x18, text))), fields, None);
}

#[test]
fn http_messages_begin_after_empty_lines() {
    let get = b"GET /b HTTP/1.1\r\nHost: www.example.org\r\nUser-Agent: two\r\n\r\n";
    let both = [("http.host", "[www.example.org]"), ("http.request.uri", "[/b]"), ("http.request.line", LINES), ("http.file_data", "-")];
    const LINES: &str = "[Host: www.example.org\\r\\n User-Agent: two\\r\\n]";
    for before in [&b""[..], b"\r\n", b"\n", b"\r\n\r\n", b"\n\r\n\n"] {
        check_text(80, &[before, get].concat(), &both);
    }
    check_text(
        80,
        &[&b"POST /a HTTP/1.1\r\nHost: a.example\r\nContent-Length: 7\r\n\r\nA=a&B=b\r\n"[..], get].concat(),
        &[("http.host", "[a.example www.example.org]"), ("http.user_agent", "[two]"), ("http.file_data", "[A=a&B=b]")],
    );
    check_text(80, b"\r\nHTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n", &[("http.server", "[nginx]"), ("http.response.code", "[200]")]);
    // Where no head follows, they are part of a body that began before.
    check_text(80, b"\r\nbody", &[("http.request", "false"), ("http.file_data", "[\\r\\nbody]")]);
    check_text(80, b"\r\n\r\n", &[("http.request", "false"), ("http.file_data", "[\\r\\n\\r\\n]")]);
}

#[test]
fn http_messages_end_where_their_heads_say() {
    let next = b"HTTP/1.1 200 OK\r\nServer: next\r\nContent-Length: 2\r\n\r\nab";
    for head in [
        &b"HTTP/1.1 100 Continue\r\n\r\n"[..],
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n",
        b"HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n",
        b"HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n",
        // To a HEAD.
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ] {
        check_text(80, &[head, next].concat(), &[("http.server", "[next]"), ("http.file_data", "[ab]")]);
    }
    // Chunks, with extensions, white space and trailers.
    let chunked =
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n3\r\nabc\r\nA ;x=y\r\n0123456789\r\n0\r\nT: u\r\n\r\n";
    check_text(
        80,
        &[chunked, &b"GET / HTTP/1.1\r\nHost: h\r\n\r\n"[..]].concat(),
        &[("http.file_data", "[abc0123456789]"), ("http.host", "[h]")],
    );
    // A chunk that goes on in the next segment, and what is no chunk.
    check_text(80, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nabc", &[("http.file_data", "[abc]")]);
    check_text(80, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", &[("http.file_data", "[xyz\\r\\n]")]);
    // A body that is a message is no answer of its own.
    check_text(
        80,
        b"HTTP/1.1 200 OK\r\nContent-Type: message/http; x\r\nContent-Length: 19\r\n\r\nHTTP/1.1 404 No\r\n\r\n",
        &[("http.file_data", "[HTTP/1.1 404 No\\r\\n\\r\\n]")],
    );
}

#[test]
fn header_lines_are_unfolded_and_trimmed_of_blanks() {
    check_text(
        80,
        b"GET / HTTP/1.1\r\n  no header\r\nHost:\t \x0cexample.org\x0b \t\r\nUser-Agent: one \t\r\n\t  two\r\n \r\n three\r\nCookie:\r\n a=1\r\n\r\n body",
        &[
            ("http.host", "[\\x0cexample.org\\x0b]"),
            ("http.user_agent", "[one two three]"),
            ("http.cookie", "[a=1]"),
        ],
    );
    check_text(
        5060,
        b"\r\n\r\nINVITE sip:a@b SIP/2.0\r\ni: \x0cx\r\nUser-Agent: one\r\n  two\r\nt :\r\n\t<sip:c@d>\r\n\r\n",
        &[("sip.Call_ID", "\\x0cx"), ("sip.User_Agent", "one two"), ("sip.to.user", "c")],
    );
}

#[test]
fn tls_handshakes_over_several_records() {
    let name = b"\x00\x00\x00\x0c\x00\x0a\x00\x00\x07example";
    let hello = [&[3, 3][..], &[7; 32], b"\x00\x00\x04\x13\x01\xc0\x2f\x01\x00\x00\x10", name].concat();
    // Two messages after one another, cut into records of every size.
    let message = [&[1, 0, 0, hello.len() as u8][..], &hello, &[14, 0, 0, 0]].concat();
    for size in 1..=message.len() {
        for version in [[3, 0], [3, 3], [3, 9], [3, 255]] {
            let records: Vec<u8> =
                message.chunks(size).flat_map(|piece| [&[22, version[0], version[1], 0, piece.len() as u8][..], piece].concat()).collect();
            check_text(
                443,
                &[&records[..], &[21, 3, 3, 0, 2, 2, 40]].concat(),
                &[
                    ("tls.handshake.type", "[1 14]"),
                    ("tls.handshake.ciphersuite", "[4865 49199]"),
                    ("tls.handshake.extensions_server_name", "example"),
                    ("tls.alert_message.desc", "[40]"),
                ],
            );
        }
    }
}

#[test]
fn lengths_that_segmentation_offload_leaves_out() {
    let segment = tcp(4000, 80, 0x18, b"GET / HTTP/1.1\r\nHost: example.org\r\n\r\n");
    let mut packet = ipv6(6, &segment);
    packet[4..6].fill(0);
    check(1, &ethernet(0x86dd, &packet), &[("ipv6.plen", "[0]"), ("tcp.dstport", "80"), ("http.host", "[example.org]")], None);
    for total in [0, 20] {
        let mut packet = ipv4(6, &segment);
        packet[2..4].copy_from_slice(&[0, total]);
        check(1, &ethernet(0x0800, &packet), &[("tcp.dstport", "80"), ("http.host", "[example.org]")], None);
    }
    // What Ethernet fills a frame up with is no header.
    let mut packet = ipv6(6, &[0; 6]);
    packet[4..6].fill(0);
    check(1, &ethernet(0x86dd, &packet), &[("tcp.dstport", "-")], Some("TCP header cut off"));
}

/// The samples made after reports about other tools, and the frames that a rule matches in them.
#[test]
fn shared_samples() {
    for (file, frames, field, value) in [
        ("http_leading_crlf.pcap", &[0, 1][..], "http.host", &["[www.example.org]", "[a.example www.example.org]"][..]),
        ("tls_hello_in_two_records.pcap", &[0, 1], "tls.handshake.extensions_server_name", &["www.example.org"; 2]),
        ("ipv6_length0_offload.pcap", &[0], "tcp.dstport", &["80"]),
    ] {
        let Some(path) = common::shared(&format!("inputs/{file}")) else { return };
        let scheme = schemes::packets().build().expect("a scheme");
        let source = std::fs::File::open(path).expect("a file");
        let (batches, _, _) = read_all(source, Format::Packets, &scheme, &ReaderOptions::default()).expect("a capture");
        for (frame, value) in frames.iter().zip(value) {
            assert_eq!(show(&batches[0], *frame, field), *value, "{file}");
        }
    }
}

#[test]
fn a_bad_name_ends_no_message() {
    let mut message = vec![0, 9, 0x81, 0x80, 0, 0, 0, 2, 0, 0, 0, 0];
    message.extend(b"\x01a\x00\x00\x05\x00\x01\x00\x00\x00\x3c\x00\x02\xff\xff");
    message.extend(b"\x01b\x00\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04");
    check(
        101,
        &ipv4(17, &udp(53, 4000, &message)),
        &[("dns.cname", "-"), ("dns.resp.name", "[a b]"), ("dns.a", "[1.2.3.4]")],
        Some("DNS record whose data is malformed"),
    );
}

#[test]
fn loopback_in_its_old_forms() {
    let (v4, v6) = (ipv4(17, &udp(1, 2, b"")), ipv6(17, &udp(1, 2, b"")));
    let null = |head: [u8; 4], packet: &[u8], ports: &str| check(0, &[&head[..], packet].concat(), &[("udp.port", ports)], None);
    let swapped = |[a, b, c, d]: [u8; 4]| [d, c, b, a];
    for (of, packet) in [(2, &v4), (24, &v6), (28, &v6), (30, &v6)] {
        null([of, 0, 0, 0], packet, "[1 2]");
        null([0, 0, 0, of], packet, "[1 2]");
        check(108, &[&[0, 0, 0, of][..], packet].concat(), &[("udp.port", "[1 2]")], None);
        check(108, &[&[of, 0, 0, 0][..], packet].concat(), &[("udp.port", "-")], None);
    }
    // 16 bits in either half, an EtherType, and PPP.
    null([0, 2, 0, 0], &v4, "[1 2]");
    null([0, 0, 2, 0], &v4, "[1 2]");
    for (ty, packet) in [([0x08, 0x00], &v4), ([0x86, 0xdd], &v6)] {
        null([0, 0, ty[0], ty[1]], packet, "[1 2]");
        null(swapped([0, 0, ty[0], ty[1]]), packet, "[1 2]");
    }
    null([0xff, 3, 0, 0x21], &v4, "[1 2]");
    null([0xff, 3, 0, 0x57], &v6, "[1 2]");
    null([23, 0, 0, 0], &v6, "-");
}

#[test]
fn lengths_instead_of_ethertypes() {
    let packet = ipv4(17, &udp(1, 2, b""));
    let arp = b"\x00\x01\x08\x00\x06\x04\x00\x03\x02\x00\x00\x00\x00\x01\x0a\x00\x00\x01\x00\x00\x00\x00\x00\x00\x0a\x00\x00\x02";
    let snap = |organisation: u8, ty: u16, packet: &[u8]| [&[0xaa, 0xaa, 3, 0, 0, organisation][..], &ty.to_be_bytes(), packet].concat();
    let counted = |content: &[u8]| ethernet(content.len() as u16, &[content, &[0; 9]].concat());
    let ports = [("eth.type", "-"), ("udp.port", "[1 2]")];
    check(1, &counted(&snap(0, 0x0800, &packet)), &ports, None);
    check(1, &counted(&snap(0xf8, 0x0800, &packet)), &ports, None);
    check(1, &counted(&snap(0x0c, 0x0800, &packet)), &[("eth.len", "36"), ("udp", "false")], None);
    check(1, &counted(&snap(0, 0x0806, arp)), &[("arp.opcode", "3")], None);
    check(1, &counted(&snap(0, 0x8100, &[&[0, 5, 8, 0][..], &packet].concat())), &[("vlan.id", "[5]"), ("udp.port", "[1 2]")], None);
    check(1, &counted(&[&[6, 6, 3][..], &packet].concat()), &ports, None);
    check(1, &ethernet(0x8035, arp), &[("arp", "true"), ("arp.opcode", "3"), ("arp.src.proto_ipv4", "10.0.0.1")], None);
    let tagged = [&[0, 5, 0, 36][..], &snap(0, 0x0800, &packet)].concat();
    check(1, &ethernet(0x8100, &tagged), &[("vlan.etype", "-"), ("udp.port", "[1 2]")], None);
    let cooked = [&[0, 4, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4][..], &snap(0, 0x0800, &packet)].concat();
    check(113, &cooked, &[("sll.etype", "-"), ("udp.port", "[1 2]")], None);
    // Neither a length nor an EtherType.
    check(1, &ethernet(1535, &snap(0, 0x0800, &packet)), &[("eth.type", "-"), ("eth.len", "-"), ("udp", "false")], None);
}

/// Flags of protocols are true where the header is there, as far as its first fields.
#[test]
fn flags_need_headers() {
    for (protocol, flag, least) in [(6, "tcp", 4), (17, "udp", 4), (1, "icmp", 2)] {
        for length in 0..least {
            let (batch, _) = dissect(101, &ipv4(protocol, &[0; 8][..length]));
            assert_eq!(show(&batch, 0, flag), "false", "{flag} of {length} bytes");
        }
        assert_eq!(show(&dissect(101, &ipv4(protocol, &[0; 8][..least])).0, 0, flag), "true");
    }
    for (ty, flag, least) in [(0x0806, "arp", 2), (0x8100, "vlan", 2)] {
        assert_eq!(show(&dissect(1, &ethernet(ty, &[0; 8][..least - 1])).0, 0, flag), "false");
        assert_eq!(show(&dissect(1, &ethernet(ty, &[0; 8][..least])).0, 0, flag), "true");
    }
    let (batch, _) = dissect(101, &ipv6(0, &[6]));
    assert_eq!(show(&batch, 0, "ipv6.hopopts"), "false");
}

#[test]
fn tls_in_its_old_forms_and_encrypted() {
    for version in [[0, 2], [3, 0], [3, 3]] {
        let old = [&[0x80, 0x1f, 1, version[0], version[1], 0, 6, 0, 0, 0, 16, 1, 0, 0x80, 0, 0, 0x2f][..], &[7; 16]].concat();
        let text = [&old[..], &[21, 3, 0, 0, 2, 2, 40]].concat();
        check_text(
            443,
            &text,
            &[
                ("tls.record.version", "[2 768]"),
                ("tls.record.length", "[31 2]"),
                ("tls.handshake.type", "[1]"),
                ("tls.handshake.version", &format!("[{}]", u16::from_be_bytes(version))),
                ("tls.alert_message.desc", "[40]"),
            ],
        );
    }
    // Its lengths contradict one another.
    check_text(443, &[0x80, 0x1f, 1, 0, 2, 0, 7, 0, 0, 0, 16], &[("tls", "true"), ("tls.handshake.type", "-")]);
    // An encrypted message after the change, whose number looks like messages, and one for itself.
    let finished = [&[22, 3, 3, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0][..], &[0xbb; 32]].concat();
    check_text(
        443,
        &[&[20, 3, 3, 0, 1, 1][..], &finished].concat(),
        &[("tls.record.content_type", "[20 22]"), ("tls.handshake.type", "-")],
    );
    check_text(443, &finished, &[("tls.handshake.type", "-")]);
    check_text(443, &[22, 3, 3, 0, 4, 0, 0, 0, 0], &[("tls.handshake.type", "[0]")]);
    // A record cannot be as long as this.
    check_text(443, &[22, 3, 3, 0xff, 0xff, 1, 0, 0, 0], &[("tls.record.content_type", "-")]);
}

#[test]
fn http_targets_in_all_forms() {
    for (line, uri) in [
        ("GET /a?b HTTP/1.1", "http://h/a?b"),
        ("GET https://x.y/a?b HTTP/1.1", "https://x.y/a?b"),
        ("CONNECT x.y:443 HTTP/1.1", "x.y:443"),
        ("OPTIONS * HTTP/1.1", "http://h"),
    ] {
        let text = format!("{line}\r\nHost: h\r\n\r\n");
        let target = line.split(' ').nth(1).unwrap_or_default();
        check_text(
            80,
            text.as_bytes(),
            &[
                ("http.request.uri", &format!("[{target}]")),
                ("http.request.uri.path", &format!("[{}]", target.trim_end_matches("?b"))),
                ("http.request.full_uri", &format!("[{uri}]")),
            ],
        );
    }
}

/// Names of a kilobyte that two bytes point to, again and again, in a packet as long as offload allows: what is kept is bounded.
#[test]
fn names_take_no_more_than_their_bound() {
    let mut message = vec![0, 9, 0x81, 0x80, 0, 0, 0x14, 0, 0, 0, 0, 0];
    for _ in 0..15 {
        message.push(63);
        message.extend([b'a'; 63]);
    }
    message.extend(b"\x00\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04");
    while message.len() < 60_000 {
        message.extend(b"\xc0\x0c\x00\x01\x00\x01\x00\x00\x00\x3c\x00\x04\x01\x02\x03\x04");
    }
    let streamed = [&(message.len() as u16).to_be_bytes()[..], &message].concat().repeat(20);
    let mut packet = ipv6(6, &tcp(53, 4000, 0x18, &streamed)[..60_000]);
    packet.truncate(40);
    packet[4..6].fill(0);
    packet.extend(tcp(53, 4000, 0x18, &streamed));
    let (batch, stats) = dissect(1, &ethernet(0x86dd, &packet));
    let names = show(&batch, 0, "dns.resp.name").len();
    // With a space after each.
    assert!((1 << 19..=(1 << 20) + (1 << 12)).contains(&names), "{names}");
    assert_eq!(stats.malformed.get("more text in one field than is kept"), Some(&1), "{stats:?}");
}

#[test]
fn a_message_in_many_records_is_put_together_once() {
    // A ClientHello of which each record brings a byte, and far more records after it: linear in their number.
    let mut segment = Vec::new();
    let hello = [1u8, 0, 0, 60].into_iter().chain(std::iter::repeat_n(3, 60));
    let endless = [11u8, 0, 0xff, 0].into_iter().chain(std::iter::repeat_n(0, 60_000));
    for byte in hello.chain(endless) {
        segment.extend([22, 3, 1, 0, 1, byte]);
    }
    assert!(segment.len() > 300_000);
    let start = std::time::Instant::now();
    let mut packet = ipv4(6, &tcp(50_000, 443, 0x18, &segment));
    // Left out by segmentation offload: it is longer than the field could say.
    packet[2..4].copy_from_slice(&[0, 0]);
    check(1, &ethernet(0x0800, &packet), &[("tls.handshake.type", "[1]")], None);
    assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
}

#[test]
fn a_url_in_a_query_makes_no_uri_absolute() {
    for (target, uri) in [("/r?u=http://a/", "-"), ("http://a/r", "[http://a/r]"), ("?x=http://a/", "-"), ("a+b.c-1://x", "[a+b.c-1://x]")]
    {
        check_text(80, format!("GET {target} HTTP/1.0\r\n\r\n").as_bytes(), &[("http.request.full_uri", uri)]);
    }
}
