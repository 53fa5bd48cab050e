//! Lines of ArcSight's Common Event Format.

use core::net::IpAddr;

use quintet_module::List;

/// A text in the header of an event, where `|` and `\` have a meaning.
fn header(out: &mut Vec<u8>, text: &[u8]) {
    for byte in text {
        match byte {
            b'|' | b'\\' => out.extend([b'\\', *byte]),
            b'\n' | b'\r' => out.push(b' '),
            byte => out.push(*byte),
        }
    }
}

/// A value of the extension, where `=` and `\` have a meaning.
fn extension(out: &mut Vec<u8>, key: &str, value: &[u8]) {
    if out.last() != Some(&b'|') {
        out.push(b' ');
    }
    out.extend(key.as_bytes());
    out.push(b'=');
    for byte in value {
        match byte {
            b'=' | b'\\' => out.extend([b'\\', *byte]),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            byte => out.push(*byte),
        }
    }
}

/// An event for each rule that matches.
#[quintet_module::formatter]
fn cef(
    rule: &[u8],
    #[field("ip.src")] src: Option<List<'_, IpAddr>>,
    #[field("ip.dst")] dst: Option<List<'_, IpAddr>>,
    #[field("tcp.srcport")] spt: Option<i64>,
    #[field("tcp.dstport")] dpt: Option<i64>,
    #[field("http.host")] host: Option<List<'_, &[u8]>>,
    #[field("http.request.uri")] uri: Option<List<'_, &[u8]>>,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    out.extend(b"CEF:0|Quintet|quintet|1|");
    header(&mut out, rule);
    out.push(b'|');
    header(&mut out, rule);
    out.extend(b"|5|");
    for (key, address) in [("src", src), ("dst", dst)] {
        if let Some(address) = address.and_then(|list| list.iter().next()) {
            extension(&mut out, key, address.to_string().as_bytes());
        }
    }
    for (key, port) in [("spt", spt), ("dpt", dpt)] {
        if let Some(port) = port {
            extension(&mut out, key, port.to_string().as_bytes());
        }
    }
    for (key, text) in [("dhost", host), ("request", uri)] {
        if let Some(text) = text.and_then(|list| list.iter().next()) {
            extension(&mut out, key, text);
        }
    }
    out
}

/// An address as it is written in events: what the formatter's fields may be put together from.
#[quintet_module::export]
fn cef_address(ip: IpAddr) -> Vec<u8> {
    ip.to_string().into_bytes()
}

quintet_module::module!(cef, cef_address);
