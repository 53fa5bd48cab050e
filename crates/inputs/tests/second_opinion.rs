//! Messages that are whole, read by libraries that read whole messages: where such a library understands a packet of the sample
//! captures, the fields must be those that it finds.

mod common;

use std::collections::BTreeMap;

use common::{shared, text};
use quintet_inputs::{Format, Input, Reader, ReaderOptions, schemes};
use quintet_runtime::RecordRef;

/// The fields of all packets of the sample captures.
fn each_packet(fields: &[&str], mut check: impl FnMut(&str, &BTreeMap<String, String>, &[u8], RecordRef<'_>)) {
    let Some(folder) = shared("captures") else { return };
    let scheme = schemes::packets().build().expect("a scheme").project(|_, f| f.name == "frame" || fields.contains(&f.name.as_str()));
    let frame = scheme.field_id("frame").expect("the frame");
    for folder in ["dev", "bench"].map(|f| folder.join(f)) {
        for entry in std::fs::read_dir(folder).into_iter().flatten() {
            let path = entry.expect("an entry").path();
            if Input::open(&path).and_then(|mut i| i.format()).ok().flatten() != Some(Format::Packets) {
                continue;
            }
            let mut reader = Reader::open(&path, Format::Packets, &scheme, &ReaderOptions::default()).expect("a capture");
            while let Some(batch) = reader.next_batch(None).expect("reading goes on") {
                for (i, record) in batch.iter().enumerate() {
                    let values = scheme.fields().iter().filter(|f| f.name != "frame");
                    let values = values.map(|f| (f.name.clone(), text(record.value(scheme.field_id(&f.name).expect("a field"))))).collect();
                    let quintet_runtime::Value::Bytes(bytes) = record.value(frame) else { continue };
                    let place = format!("{}: frame {}", path.display(), reader.batch_numbers()[i]);
                    check(&place, &values, bytes, record);
                }
            }
        }
    }
}

#[test]
fn headers_as_etherparse_reads_them() {
    use etherparse::{NetSlice, SlicedPacket, TransportSlice};
    let fields = [
        "eth",
        "ip.src",
        "ip.dst",
        "ip.ttl",
        "ipv6.src",
        "ipv6.hlim",
        "tcp.srcport",
        "tcp.flags.syn",
        "tcp.window_size_value",
        "tcp.len",
        "udp.dstport",
    ];
    let mut compared = 0;
    each_packet(&fields, |place, values, frame, _| {
        // It takes a packet in a packet for payload, where there are several values here.
        if values["eth"] != "true" || values.values().any(|v| v.contains(' ')) {
            return;
        }
        let Ok(packet) = SlicedPacket::from_ethernet(frame) else { return };
        let expect = |field: &str, value: String| assert_eq!(values[field], value, "{place}: {field}");
        match &packet.net {
            Some(NetSlice::Ipv4(ip)) => {
                expect("ip.src", format!("[{}]", ip.header().source_addr()));
                expect("ip.dst", format!("[{}]", ip.header().destination_addr()));
                expect("ip.ttl", format!("[{}]", ip.header().ttl()));
            }
            Some(NetSlice::Ipv6(ip)) => {
                expect("ipv6.src", format!("[{}]", ip.header().source_addr()));
                expect("ipv6.hlim", format!("[{}]", ip.header().hop_limit()));
            }
            _ => return,
        }
        match &packet.transport {
            Some(TransportSlice::Tcp(tcp)) => {
                expect("tcp.srcport", tcp.source_port().to_string());
                expect("tcp.flags.syn", tcp.syn().to_string());
                expect("tcp.window_size_value", tcp.window_size().to_string());
                expect("tcp.len", tcp.payload().len().to_string());
            }
            Some(TransportSlice::Udp(udp)) => expect("udp.dstport", udp.destination_port().to_string()),
            _ => {}
        }
        compared += 1;
    });
    assert!(compared == 0 || compared > 50_000, "only {compared} packets compared");
}

#[test]
fn dns_as_simple_dns_reads_it() {
    use simple_dns::rdata::RData;
    let fields = ["dns", "dns.id", "dns.flags.response", "dns.qry.name", "dns.count.answers", "dns.a", "dns.cname", "udp.payload"];
    let mut compared = 0;
    each_packet(&fields, |place, values, _, record| {
        let payload = record.batch().scheme().field_id("udp.payload").expect("a field");
        let quintet_runtime::Value::Bytes(payload) = record.value(payload) else { return };
        let (true, Ok(message)) = (values["dns"] == "true", simple_dns::Packet::parse(payload)) else { return };
        let expect = |field: &str, value: String| assert_eq!(values[field], value, "{place}: {field}");
        let list = |items: Vec<String>| if items.is_empty() { "-".into() } else { format!("[{}]", items.join(" ")) };
        let records = || message.answers.iter().chain(&message.name_servers).chain(&message.additional_records);
        expect("dns.id", message.id().to_string());
        expect("dns.flags.response", message.has_flags(simple_dns::PacketFlag::RESPONSE).to_string());
        // Updates count something else.
        if values["dns.count.answers"] != "-" {
            expect("dns.count.answers", message.answers.len().to_string());
        }
        let name = |name: &simple_dns::Name<'_>| {
            let labels: Vec<&[u8]> = name.iter().map(|l| l.as_ref()).collect();
            if labels.is_empty() { "<Root>".into() } else { labels.join(&b'.').escape_ascii().to_string() }
        };
        if let Some(question) = message.questions.first() {
            expect("dns.qry.name", name(&question.qname));
        }
        let addresses = records().filter_map(|r| match &r.rdata {
            RData::A(a) => Some(std::net::Ipv4Addr::from(a.address).to_string()),
            _ => None,
        });
        expect("dns.a", list(addresses.collect()));
        let names = records().filter_map(|r| match &r.rdata {
            RData::CNAME(c) => Some(name(&c.0)),
            _ => None,
        });
        expect("dns.cname", list(names.collect()));
        compared += 1;
    });
    assert!(compared == 0 || compared > 2_000, "only {compared} messages compared");
}

#[test]
fn http_as_httparse_reads_it() {
    let fields = ["http", "http.request.method", "http.request.uri", "http.host", "http.user_agent", "http.response.code", "tcp.payload"];
    let mut compared = 0;
    each_packet(&fields, |place, values, _, record| {
        let payload = record.batch().scheme().field_id("tcp.payload").expect("a field");
        let quintet_runtime::Value::Bytes(payload) = record.value(payload) else { return };
        if values["http"] != "true" {
            return;
        }
        // The first value; more are of further messages in the packet.
        let expect = |field: &str, value: &[u8]| {
            let rest = values[field].strip_prefix(&format!("[{}", value.escape_ascii()));
            assert!(rest.is_some_and(|rest| rest.starts_with([' ', ']'])), "{place}: {field}: {} here", values[field]);
        };
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut request = httparse::Request::new(&mut headers);
        if let Ok(httparse::Status::Complete(_)) = request.parse(payload) {
            // Methods that are in no registry start no request here.
            if values["http.request.method"] == "-" {
                return;
            }
            expect("http.request.method", request.method.unwrap_or("").as_bytes());
            expect("http.request.uri", request.path.unwrap_or("").as_bytes());
            for (field, name) in [("http.host", "host"), ("http.user_agent", "user-agent")] {
                if let Some(header) = request.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name)) {
                    expect(field, header.value.trim_ascii());
                }
            }
            compared += 1;
        }
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut response = httparse::Response::new(&mut headers);
        if let Ok(httparse::Status::Complete(_)) = response.parse(payload) {
            expect("http.response.code", response.code.unwrap_or(0).to_string().as_bytes());
            compared += 1;
        }
    });
    assert!(compared == 0 || compared > 3_000, "only {compared} heads compared");
}
