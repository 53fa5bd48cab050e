//! HTTP/1 heads.

use super::fields::F;
use super::packet::Packet;
use super::span::Span;
use super::text;

const METHODS: &[&[u8]] = &[
    b"GET",
    b"POST",
    b"HEAD",
    b"PUT",
    b"DELETE",
    b"OPTIONS",
    b"CONNECT",
    b"PATCH",
    b"TRACE",
    // WebDAV and its kin.
    b"ACL",
    b"BASELINE-CONTROL",
    b"BCOPY",
    b"BDELETE",
    b"BIND",
    b"BMOVE",
    b"BPROPFIND",
    b"BPROPPATCH",
    b"CHECKIN",
    b"CHECKOUT",
    b"COPY",
    b"LABEL",
    b"LINK",
    b"LOCK",
    b"MERGE",
    b"MKACTIVITY",
    b"MKCALENDAR",
    b"MKCOL",
    b"MKREDIRECTREF",
    b"MKWORKSPACE",
    b"MOVE",
    b"ORDERPATCH",
    b"POLL",
    b"PROPFIND",
    b"PROPPATCH",
    b"REBIND",
    b"REPORT",
    b"SEARCH",
    b"UNBIND",
    b"UNCHECKOUT",
    b"UNLINK",
    b"UNLOCK",
    b"UPDATE",
    b"UPDATEREDIRECTREF",
    b"VERSION-CONTROL",
    // UPnP, remote procedure calls, tunnels.
    b"M-SEARCH",
    b"NOTIFY",
    b"SUBSCRIBE",
    b"UNSUBSCRIBE",
    b"RPC_CONNECT",
    b"RPC_IN_DATA",
    b"RPC_OUT_DATA",
    b"CCM_POST",
    b"SSTP_DUPLEX_POST",
];

/// A segment: heads, each with its body, one after the other. What is no head belongs to a body that began before.
pub(super) fn segment<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.protocol(F::Http, "http");
    let mut rest = span.bytes;
    while !rest.is_empty() {
        rest = message(p, rest);
    }
}

/// The first message of these bytes. Answers what follows it, fewer bytes than there were.
fn message<'p>(p: &mut Packet<'_, 'p>, bytes: &'p [u8]) -> &'p [u8] {
    let (first, mut at) = text::line(bytes, 0);
    let (word, rest) = text::word(first);
    let mut target = None;
    let lines = if first.starts_with(b"HTTP/") || first.starts_with(b"ICY ") {
        response(p, word, rest);
        Some(F::HttpResponseLine)
    } else if METHODS.contains(&word) {
        target = Some(request(p, word, rest));
        Some(F::HttpRequestLine)
    } else if text::is_header(first) {
        // The rest of a head that began in an earlier segment.
        at = 0;
        None
    } else {
        p.bytes(F::HttpFileData, bytes);
        return &[];
    };
    let mut host = None;
    let mut length = None;
    while at < bytes.len() {
        let (line, next) = text::line(bytes, at);
        if line.is_empty() {
            at = next;
            break;
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            // The segment ends within a header, or this is no head any more.
            if next == bytes.len() {
                at = next;
            }
            break;
        };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if let Some(lines) = lines {
            p.bytes(lines, &bytes[at..next]);
        }
        let mut buffer = [0; 24];
        match text::lower(name, &mut buffer) {
            b"host" => host = host.or(Some(value)),
            b"content-length" => {
                p.bytes(F::HttpContentLengthHeader, value);
                if let Some(n) = text::number(value) {
                    p.int(F::HttpContentLength, n);
                    length = usize::try_from(n).ok();
                }
            }
            _ => {}
        }
        if let Some(field) = field(text::lower(name, &mut buffer)) {
            p.bytes(field, value);
        }
        at = next;
    }
    if let Some(target) = target {
        full_uri(p, host, target);
    }
    let rest = &bytes[at..];
    let size = match (length, target) {
        (Some(length), _) => length.min(rest.len()),
        (None, Some(_)) => 0,
        (None, None) => rest.len(),
    };
    let (body, rest) = rest.split_at(size);
    if !body.is_empty() {
        p.bytes(F::HttpFileData, body);
    }
    rest
}

/// Answers the request target.
fn request<'p>(p: &mut Packet<'_, 'p>, method: &'p [u8], rest: &'p [u8]) -> &'p [u8] {
    p.flag(F::HttpRequest);
    p.bytes(F::HttpMethod, method);
    let (target, version) = text::word(rest);
    p.bytes(F::HttpUri, target);
    match memchr::memchr(b'?', target) {
        Some(mark) => {
            p.bytes(F::HttpUriPath, &target[..mark]);
            p.bytes(F::HttpUriQuery, &target[mark + 1..]);
        }
        None => p.bytes(F::HttpUriPath, target),
    }
    p.bytes(F::HttpRequestVersion, version);
    target
}

fn response<'p>(p: &mut Packet<'_, 'p>, version: &'p [u8], rest: &'p [u8]) {
    p.flag(F::HttpResponse);
    p.bytes(F::HttpResponseVersion, version);
    let (code, phrase) = text::word(rest);
    match code.get(..3).and_then(text::number) {
        Some(code) => p.int(F::HttpCode, code),
        None => return p.malformed("HTTP status line without a code"),
    }
    if !phrase.is_empty() {
        p.bytes(F::HttpPhrase, phrase);
    }
}

fn full_uri(p: &mut Packet<'_, '_>, host: Option<&[u8]>, target: &[u8]) {
    if !p.wants(F::HttpFullUri) {
        return;
    }
    match host {
        Some(host) if target.starts_with(b"/") => p.bytes(F::HttpFullUri, &[b"http://", host, target].concat()),
        _ if memchr::memmem::find(target, b"://").is_some() => p.bytes(F::HttpFullUri, target),
        _ => {}
    }
}

/// The field of a header, named in lower case.
fn field(name: &[u8]) -> Option<F> {
    Some(match name {
        b"host" => F::HttpHost,
        b"user-agent" => F::HttpUserAgent,
        b"referer" => F::HttpReferer,
        b"cookie" => F::HttpCookie,
        b"set-cookie" => F::HttpSetCookie,
        b"accept" => F::HttpAccept,
        b"accept-encoding" => F::HttpAcceptEncoding,
        b"accept-language" => F::HttpAcceptLanguage,
        b"authorization" => F::HttpAuthorization,
        b"cache-control" => F::HttpCacheControl,
        b"connection" => F::HttpConnection,
        b"content-type" => F::HttpContentType,
        b"content-encoding" => F::HttpContentEncoding,
        b"date" => F::HttpDate,
        b"last-modified" => F::HttpLastModified,
        b"location" => F::HttpLocation,
        b"server" => F::HttpServer,
        b"transfer-encoding" => F::HttpTransferEncoding,
        b"upgrade" => F::HttpUpgrade,
        b"www-authenticate" => F::HttpWwwAuthenticate,
        b"x-forwarded-for" => F::HttpXForwardedFor,
        _ => return None,
    })
}
