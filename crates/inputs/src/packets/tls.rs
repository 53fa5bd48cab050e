//! TLS records and the hellos in them.

use super::fields::F;
use super::packet::Packet;
use super::span::Span;

const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const HELLO_REQUEST: u8 = 0;
const CLIENT_HELLO: u8 = 1;
const SERVER_HELLO: u8 = 2;

const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const ALPN: u16 = 16;
const SUPPORTED_VERSIONS: u16 = 43;

/// The longest record, with what encryption may add.
const LONGEST_RECORD: u16 = 0x4000 + 2048;

/// Bytes of the shortest encrypted message.
const LEAST_ENCRYPTED: usize = 16;

/// Handshake messages that are longer are not put together of several records.
const LONGEST_MESSAGE: usize = 1 << 16;

/// A segment: records one after the other. What is no record belongs to one that began before.
pub(super) fn segment<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.protocol(F::Tls, "tls");
    let mut rest = span;
    if let Some(size) = old_hello(p, span) {
        rest = rest.from(size);
    }
    let mut encrypted = false;
    // The beginning of a handshake message that the next record goes on with.
    let mut begun = Vec::new();
    while let (Some(ty), Some(version), Some(length)) = (rest.u8(0), rest.u16(1), rest.u16(3)) {
        if !(20..=25).contains(&ty) || version >> 8 != 3 || length > LONGEST_RECORD {
            return;
        }
        p.int(F::TlsContentType, ty);
        p.int(F::TlsRecordVersion, version);
        p.int(F::TlsRecordLength, length);
        let size = usize::from(length);
        let record = rest.from(5).first(size);
        rest = rest.from(5 + size);
        match (ty, length) {
            (CHANGE_CIPHER_SPEC, _) => encrypted = true,
            // After the change only a client that was asked to try again says hello in clear.
            (HANDSHAKE, _) if encrypted && record.u8(0) != Some(CLIENT_HELLO) => {}
            (HANDSHAKE, _) => {
                let next = rest.u8(0) == Some(HANDSHAKE);
                if begun.is_empty() {
                    let left = handshake(p, record, size);
                    if next {
                        begun.extend_from_slice(left);
                    }
                } else {
                    begun.extend_from_slice(record.bytes);
                    if next && goes_on(&begun) {
                        continue;
                    }
                    let missing = size - record.bytes.len();
                    let whole = std::mem::take(&mut begun);
                    let left = handshake(p, Span::new(&whole, whole.len() + missing), whole.len() + missing);
                    if next {
                        begun.extend_from_slice(left);
                    }
                }
            }
            // A longer alert is encrypted.
            (ALERT, 2) => {
                if let Some([level, description]) = record.array(0) {
                    p.int(F::TlsAlertLevel, level);
                    p.int(F::TlsAlertDesc, description);
                }
            }
            _ => {}
        }
    }
}

/// Whether the handshake message that begins here is longer than this, and not too long to be put together.
fn goes_on(begun: &[u8]) -> bool {
    match begun {
        [_, a, b, c, after @ ..] => {
            let len = u32::from_be_bytes([0, *a, *b, *c]) as usize;
            len <= LONGEST_MESSAGE && after.len() < len
        }
        _ => true,
    }
}

/// A ClientHello of SSL 2, with which clients began that knew SSL 3 as well. Answers its size.
fn old_hello(p: &mut Packet<'_, '_>, span: Span<'_>) -> Option<usize> {
    let (length, version) = (span.u16(0)?, span.u16(3)?);
    let size = usize::from(length & 0x7fff);
    if length & 0x8000 == 0 || span.u8(2)? != CLIENT_HELLO || !(version == 2 || version >> 8 == 3) {
        return None;
    }
    let (specs, session, challenge) = (span.u16(5)?, span.u16(7)?, span.u16(9)?);
    if specs % 3 != 0 || 9 + usize::from(specs) + usize::from(session) + usize::from(challenge) != size {
        return None;
    }
    p.int(F::TlsRecordVersion, 2);
    p.int(F::TlsRecordLength, size as i64);
    p.int(F::TlsHandshakeType, CLIENT_HELLO);
    p.int(F::TlsHandshakeVersion, version);
    p.int(F::TlsSessionIdLength, session);
    Some(2 + size)
}

/// Handshake messages in a record, of which `left` bytes are in this segment or still to come. What has no known type is encrypted, or
/// the rest of a message that began before. Answers the beginning of a message that does not fit its record, if there is one.
fn handshake<'s>(p: &mut Packet<'_, '_>, record: Span<'s>, mut left: usize) -> &'s [u8] {
    let mut rest = record;
    while let (Some(ty), Some(length)) = (rest.u8(0), rest.u24(1)) {
        let size = 4 + length as usize;
        if !matches!(ty, HELLO_REQUEST..=6 | 8 | 11..=16 | 20..=25 | 67 | 254) || size > LONGEST_MESSAGE {
            return &[];
        }
        // Zeros before more than another message are the number of an encrypted record.
        if ty == HELLO_REQUEST && left >= LEAST_ENCRYPTED {
            return &[];
        }
        if size > left {
            return rest.bytes;
        }
        p.int(F::TlsHandshakeType, ty);
        let body = rest.from(4).first(size - 4);
        // The segment may end within a hello, which the next one goes on with: that is no fault.
        match ty {
            CLIENT_HELLO => drop(hello(p, body, true)),
            SERVER_HELLO => drop(hello(p, body, false)),
            _ => {}
        }
        rest = rest.from(size);
        left -= size;
    }
    rest.bytes
}

/// A hello. Answers none where it ends too early.
fn hello(p: &mut Packet<'_, '_>, span: Span<'_>, client: bool) -> Option<()> {
    p.int(F::TlsHandshakeVersion, span.u16(0)?);
    p.bytes(F::TlsRandom, span.slice(2, 32)?);
    let session = span.u8(34)?;
    p.int(F::TlsSessionIdLength, session);
    let at = 35 + usize::from(session);
    let extensions = if client {
        let length = span.u16(at)?;
        p.int(F::TlsCipherSuitesLength, length);
        let suites = span.from(at + 2).first(usize::from(length));
        if p.wants(F::TlsCiphersuite) {
            for suite in suites.bytes.chunks_exact(2) {
                p.int(F::TlsCiphersuite, u16::from_be_bytes([suite[0], suite[1]]));
            }
        }
        let at = at + 2 + usize::from(length);
        at + 1 + usize::from(span.u8(at)?)
    } else {
        p.int(F::TlsCiphersuite, span.u16(at)?);
        at + 3
    };
    let length = usize::from(span.u16(extensions)?);
    let mut rest = span.from(extensions + 2).first(length);
    while let Some(ty) = rest.u16(0) {
        p.int(F::TlsExtensionType, ty);
        let length = usize::from(rest.u16(2)?);
        extension(p, ty, rest.from(4).first(length), client);
        rest = rest.from(4 + length);
    }
    Some(())
}

fn extension(p: &mut Packet<'_, '_>, ty: u16, span: Span<'_>, client: bool) -> Option<()> {
    match ty {
        SERVER_NAME if client => {
            // A list of names, each with a kind: 0 is a host.
            let mut rest = span.from(2);
            while let (Some(kind), Some(length)) = (rest.u8(0), rest.u16(1)) {
                if kind == 0 {
                    p.bytes(F::TlsServerName, rest.slice(3, usize::from(length))?);
                }
                rest = rest.from(3 + usize::from(length));
            }
        }
        ALPN => {
            let mut rest = span.from(2);
            while let Some(length) = rest.u8(0) {
                p.bytes(F::TlsAlpn, rest.slice(1, usize::from(length))?);
                rest = rest.from(1 + usize::from(length));
            }
        }
        SUPPORTED_VERSIONS if client => {
            for pair in span.from(1).first(usize::from(span.u8(0)?)).bytes.chunks_exact(2) {
                p.int(F::TlsSupportedVersion, u16::from_be_bytes([pair[0], pair[1]]));
            }
        }
        SUPPORTED_VERSIONS => p.int(F::TlsSupportedVersion, span.u16(0)?),
        SUPPORTED_GROUPS => {
            for pair in span.from(2).bytes.chunks_exact(2) {
                p.int(F::TlsSupportedGroup, u16::from_be_bytes([pair[0], pair[1]]));
            }
        }
        _ => {}
    }
    Some(())
}
