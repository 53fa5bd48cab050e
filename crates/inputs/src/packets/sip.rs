//! SIP heads.

use super::fields::F;
use super::packet::Packet;
use super::span::Span;
use super::text;

/// A message, if it is one.
pub(super) fn message<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    let bytes = span.bytes;
    // Empty lines keep connections open, and may stand before a message.
    let (first, mut at) = text::line(bytes, text::after_empty_lines(bytes));
    let (word, rest) = text::word(first);
    if first.contains(&0) {
        return;
    }
    if word == b"SIP/2.0" {
        let code = text::word(rest).0;
        if code.len() != 3 || !code.iter().all(u8::is_ascii_digit) {
            return;
        }
        p.protocol(F::Sip, "sip");
        p.bytes(F::SipStatusLine, first);
        if let Some(code) = text::number(code) {
            p.int(F::SipStatusCode, code);
        }
    } else {
        let (uri, version) = text::word(rest);
        if version != b"SIP/2.0" || !word.iter().all(u8::is_ascii_graphic) {
            return;
        }
        p.protocol(F::Sip, "sip");
        p.bytes(F::SipRequestLine, first);
        p.bytes(F::SipMethod, word);
        p.bytes(F::SipRUri, uri);
    }
    while at < bytes.len() {
        let (line, more, next) = text::header_line(bytes, at);
        if line.is_empty() {
            break;
        }
        // What goes on with no header is passed over.
        if let Some(colon) = memchr::memchr(b':', line).filter(|_| !text::is_folded(line)) {
            header(p, text::trim(&line[..colon]), &text::value(&line[colon + 1..], more));
        }
        at = next;
    }
}

fn header(p: &mut Packet<'_, '_>, name: &[u8], value: &[u8]) {
    let mut buffer = [0; 24];
    match text::lower(name, &mut buffer) {
        b"via" | b"v" => p.bytes(F::SipVia, value),
        b"from" | b"f" => {
            p.bytes(F::SipFrom, value);
            address(p, value, F::SipFromUser, F::SipFromHost);
        }
        b"to" | b"t" => {
            p.bytes(F::SipTo, value);
            address(p, value, F::SipToUser, F::SipToHost);
        }
        b"contact" | b"m" => p.bytes(F::SipContact, value),
        b"call-id" | b"i" => p.bytes(F::SipCallId, value),
        b"cseq" => {
            p.bytes(F::SipCseq, value);
            if let Some(number) = text::number(value) {
                p.int(F::SipCseqSeq, number);
            }
            p.bytes(F::SipCseqMethod, text::word(value).1);
        }
        b"user-agent" => p.bytes(F::SipUserAgent, value),
        b"server" => p.bytes(F::SipServer, value),
        b"content-type" | b"c" => p.bytes(F::SipContentType, value),
        b"content-length" | b"l" => {
            if let Some(length) = text::number(value) {
                p.int(F::SipContentLength, length);
            }
        }
        b"expires" => {
            if let Some(seconds) = text::number(value) {
                p.int(F::SipExpires, seconds);
            }
        }
        _ => {}
    }
}

/// User and host of the URI in an address: `"name" <sip:user@host:port;parameters>;parameters`, or the bare URI.
fn address(p: &mut Packet<'_, '_>, value: &[u8], user: F, host: F) {
    let uri = match memchr::memchr(b'<', value) {
        Some(open) => value[open + 1..].split(|b| *b == b'>').next().unwrap_or(&[]),
        None => value.split(|b| *b == b';').next().unwrap_or(&[]),
    };
    let Some(rest) = [&b"sip:"[..], b"sips:"].iter().find_map(|scheme| {
        let (head, rest) = uri.split_at_checked(scheme.len())?;
        head.eq_ignore_ascii_case(scheme).then_some(rest)
    }) else {
        return;
    };
    let rest = match memchr::memchr(b'@', rest) {
        Some(at) => {
            p.bytes(user, rest[..at].split(|b| *b == b':').next().unwrap_or(&[]));
            &rest[at + 1..]
        }
        None => rest,
    };
    let end = match rest.first() {
        Some(b'[') => memchr::memchr(b']', rest).map(|i| i + 1),
        _ => rest.iter().position(|b| b":;?".contains(b)),
    };
    p.bytes(host, &rest[..end.unwrap_or(rest.len())]);
}
