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

/// What a head says of the body that follows it.
#[derive(Default)]
struct Framing<'p> {
    /// The target, if it is a request.
    target: Option<&'p [u8]>,
    code: Option<i64>,
    length: Option<usize>,
    chunked: bool,
    /// Whether the body is a message of HTTP itself.
    message: bool,
}

/// The first message of these bytes. Answers what follows it, fewer bytes than there were.
fn message<'p>(p: &mut Packet<'_, 'p>, bytes: &'p [u8]) -> &'p [u8] {
    // Empty lines before a head are no part of it, nor of a body.
    let begin = text::after_empty_lines(bytes);
    let (first, mut at) = text::line(bytes, begin);
    let (word, rest) = text::word(first);
    let mut framing = Framing::default();
    let lines = if first.starts_with(b"HTTP/") || first.starts_with(b"ICY ") {
        framing.code = response(p, word, rest);
        Some(F::HttpResponseLine)
    } else if METHODS.contains(&word) {
        framing.target = Some(request(p, word, rest));
        Some(F::HttpRequestLine)
    } else if begin == 0 && text::is_header(first) {
        // The rest of a head that began in an earlier segment.
        at = 0;
        None
    } else {
        p.bytes(F::HttpFileData, bytes);
        return &[];
    };
    let mut host = None;
    while at < bytes.len() {
        let (line, more, next) = text::header_line(bytes, at);
        if line.is_empty() {
            at = text::line(bytes, at).1;
            break;
        }
        if text::is_folded(line) {
            // It goes on with no header, and is passed over.
            at = next;
            continue;
        }
        let Some(colon) = memchr::memchr(b':', line) else {
            // The segment ends within a header, or this is no head any more.
            if next == bytes.len() {
                at = next;
            }
            break;
        };
        let (name, value) = (&line[..colon], text::value(&line[colon + 1..], more));
        if let Some(lines) = lines {
            p.bytes(lines, &bytes[at..next]);
        }
        let mut buffer = [0; 24];
        let name = text::lower(name, &mut buffer);
        match name {
            b"content-length" => {
                p.bytes(F::HttpContentLengthHeader, &value);
                if let Some(n) = text::number(&value) {
                    p.int(F::HttpContentLength, n);
                    framing.length = usize::try_from(n).ok();
                }
            }
            b"transfer-encoding" => framing.chunked = last_of_list(&value).eq_ignore_ascii_case(b"chunked"),
            b"content-type" => framing.message = is_http(&value),
            _ => {}
        }
        if let Some(field) = field(name) {
            p.bytes(field, &value);
        }
        if name == b"host" {
            host = host.or(Some(value));
        }
        at = next;
    }
    if let Some(target) = framing.target {
        full_uri(p, host.as_deref(), word, target);
    }
    body(p, &bytes[at..], &framing)
}

/// The body at the start of these bytes. Answers what follows it.
fn body<'p>(p: &mut Packet<'_, 'p>, bytes: &'p [u8], framing: &Framing<'_>) -> &'p [u8] {
    if matches!(framing.code, Some(100..=199 | 204 | 304)) {
        return bytes;
    }
    // After the answer to a HEAD, whose head speaks of a body that is not sent, comes the next answer.
    if framing.target.is_none() && !framing.message && is_status_line(bytes) {
        return bytes;
    }
    if framing.chunked {
        return chunks(p, bytes);
    }
    let size = match (framing.length, framing.target) {
        (Some(length), _) => length.min(bytes.len()),
        (None, Some(_)) => 0,
        (None, None) => bytes.len(),
    };
    let (body, rest) = bytes.split_at(size);
    if !body.is_empty() {
        p.bytes(F::HttpFileData, body);
    }
    rest
}

/// A body in chunks, as far as it is in the segment. What is no chunk where one should be belongs to the body as it is.
fn chunks<'p>(p: &mut Packet<'_, 'p>, bytes: &'p [u8]) -> &'p [u8] {
    let mut data = Vec::new();
    let mut rest = bytes;
    loop {
        let (line, next) = text::line(rest, 0);
        let Some(size) = chunk_size(line) else {
            data.extend_from_slice(rest);
            rest = &[];
            break;
        };
        rest = rest.get(next..).unwrap_or(&[]);
        if size == 0 {
            // Trailers, up to an empty line.
            while !rest.is_empty() {
                let (line, next) = text::line(rest, 0);
                rest = rest.get(next..).unwrap_or(&[]);
                if line.is_empty() {
                    break;
                }
            }
            break;
        }
        let (chunk, after) = rest.split_at(size.min(rest.len()));
        data.extend_from_slice(chunk);
        let (line, next) = text::line(after, 0);
        rest = if line.is_empty() { after.get(next..).unwrap_or(&[]) } else { after };
        if rest.is_empty() {
            break;
        }
    }
    if !data.is_empty() {
        p.bytes(F::HttpFileData, &data);
    }
    rest
}

/// The size in a chunk's first line: hexadecimal digits, before extensions.
fn chunk_size(line: &[u8]) -> Option<usize> {
    let digits = text::trim(line.split(|b| *b == b';').next()?);
    usize::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok().filter(|_| digits.first() != Some(&b'+'))
}

/// Whether a content type is that of messages of HTTP.
fn is_http(value: &[u8]) -> bool {
    let ty = text::trim(value.split(|b| *b == b';').next().unwrap_or(value));
    ty.eq_ignore_ascii_case(b"message/http") || ty.eq_ignore_ascii_case(b"application/http")
}

/// The last element of a list with commas.
fn last_of_list(value: &[u8]) -> &[u8] {
    text::trim(value.rsplit(|b| *b == b',').next().unwrap_or(value))
}

/// Whether these bytes begin with a whole status line.
fn is_status_line(bytes: &[u8]) -> bool {
    let (line, next) = text::line(bytes, 0);
    let (version, rest) = text::word(line);
    let code = text::word(rest).0;
    next > line.len() && version.starts_with(b"HTTP/1.") && code.len() == 3 && code.iter().all(u8::is_ascii_digit)
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

/// Answers the status code.
fn response<'p>(p: &mut Packet<'_, 'p>, version: &'p [u8], rest: &'p [u8]) -> Option<i64> {
    p.flag(F::HttpResponse);
    p.bytes(F::HttpResponseVersion, version);
    let (code, phrase) = text::word(rest);
    let Some(code) = code.get(..3).and_then(text::number) else {
        p.malformed("HTTP status line without a code");
        return None;
    };
    p.int(F::HttpCode, code);
    if !phrase.is_empty() {
        p.bytes(F::HttpPhrase, phrase);
    }
    Some(code)
}

/// The URI of a target in each of its forms: a path, an absolute URI, the authority of a CONNECT, the `*` of an OPTIONS.
fn full_uri(p: &mut Packet<'_, '_>, host: Option<&[u8]>, method: &[u8], target: &[u8]) {
    if !p.wants(F::HttpFullUri) {
        return;
    }
    match (host, target) {
        (Some(host), [b'/', ..]) => p.bytes(F::HttpFullUri, &[b"http://", host, target].concat()),
        (Some(host), b"*") => p.bytes(F::HttpFullUri, &[b"http://", host].concat()),
        _ if method == b"CONNECT" || is_absolute(target) => p.bytes(F::HttpFullUri, target),
        _ => {}
    }
}

/// Whether a target begins with a scheme and `://`.
fn is_absolute(target: &[u8]) -> bool {
    let scheme = memchr::memmem::find(target, b"://").and_then(|at| target.get(..at));
    scheme.is_some_and(|scheme| {
        scheme.first().is_some_and(u8::is_ascii_alphabetic)
            && scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'))
    })
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
