//! TCP, and which protocol a port stands for.

use super::fields::{F, Layer};
use super::packet::Packet;
use super::span::Span;
use super::{dns, http, sip, tls};

/// What a segment's payload is taken for.
#[derive(Clone, Copy)]
enum App {
    Dns,
    Http,
    Tls,
    Sip,
}

/// The protocol of a port. The lower port of a segment counts first.
fn app(port: u16) -> Option<App> {
    Some(match port {
        53 | 5353 => App::Dns,
        80 | 631 | 1900 | 2710 | 2869 | 3128 | 3132 | 3689 | 5985 | 8080 | 8088 | 11371 => App::Http,
        324
        | 443
        | 465
        | 636
        | 802
        | 853
        | 993
        | 995
        | 1300
        | 2221
        | 2443
        | 3249..=3252
        | 3496
        | 5061
        | 5671
        | 5684
        | 5868
        | 8883
        | 11207
        | 19999
        | 27017 => App::Tls,
        5060 => App::Sip,
        _ => return None,
    })
}

const FLAGS: [(u16, F); 9] = [
    (0x100, F::TcpFlagsNs),
    (0x80, F::TcpFlagsCwr),
    (0x40, F::TcpFlagsEce),
    (0x20, F::TcpFlagsUrg),
    (0x10, F::TcpFlagsAck),
    (0x08, F::TcpFlagsPush),
    (0x04, F::TcpFlagsReset),
    (0x02, F::TcpFlagsSyn),
    (0x01, F::TcpFlagsFin),
];

/// A segment; `quoted` if it stands in an error message of ICMP, which need not quote all of it.
pub(super) fn segment<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>, quoted: bool) {
    p.named("tcp");
    let (Some(src), Some(dst)) = (span.u16(0), span.u16(2)) else {
        return p.short(span, "TCP header cut off");
    };
    p.flag(F::Tcp);
    p.int(F::TcpSrcport, src);
    p.int(F::TcpDstport, dst);
    p.values(F::TcpPort, [src, dst].map(i64::from));
    let Some(head) = span.chunk::<16>(0) else {
        // A quotation may end after 8 bytes.
        if !quoted {
            p.short(span, "TCP header cut off");
        }
        return;
    };
    let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let long = |at: usize| u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]]);
    let header = usize::from(head[12] >> 4) * 4;
    p.int(F::TcpSeqRaw, long(4));
    p.int(F::TcpHdrLen, header as i64);
    if header < 20 {
        return p.malformed("TCP header length below 20");
    }
    p.int(F::TcpAckRaw, long(8));
    let flags = word(12) & 0xfff;
    p.int(F::TcpFlags, flags);
    if p.wants_any(FLAGS.map(|(_, field)| field)) {
        for (bit, field) in FLAGS {
            p.bool(field, flags & bit != 0);
        }
    }
    p.int(F::TcpWindow, word(14));
    let (Some(checksum), Some(urgent)) = (span.u16(16), span.u16(18)) else {
        return p.short(span, "TCP header cut off");
    };
    p.int(F::TcpChecksum, checksum);
    p.int(F::TcpUrgent, urgent);
    if header > span.len {
        return p.malformed("TCP header longer than its packet");
    }
    if !quoted {
        p.int(F::TcpLen, (span.len - header) as i64);
    }
    p.payload(F::TcpBytes, span.bytes);
    p.payload(F::TcpHeader, span.first(header).bytes);
    options(p, span.from(20).first(header - 20));
    let payload = span.from(header);
    if payload.bytes.is_empty() {
        return;
    }
    p.payload(F::TcpPayload, payload.bytes);
    if !p.needs.above_tcp() {
        return;
    }
    match app(src.min(dst)).or_else(|| app(src.max(dst))) {
        Some(App::Dns) if p.needs.has(Layer::Dns) => dns::stream(p, payload),
        Some(App::Http) if p.needs.has(Layer::Http) => http::segment(p, payload),
        Some(App::Tls) if p.needs.has(Layer::Tls) => tls::segment(p, payload),
        Some(App::Sip) if p.needs.has(Layer::Sip) => sip::message(p, payload),
        _ => {}
    }
}

const OPTIONS: [F; 7] = [F::TcpOptions, F::TcpMss, F::TcpWscale, F::TcpSackPerm, F::TcpTimestamp, F::TcpTsval, F::TcpTsecr];

fn options<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    if span.bytes.is_empty() || !p.wants_any(OPTIONS) {
        return;
    }
    p.bytes(F::TcpOptions, span.bytes);
    let mut rest = span;
    while let Some(kind) = rest.u8(0) {
        let size = match kind {
            0 => return,
            1 => 1,
            _ => match rest.u8(1) {
                Some(size) if size >= 2 && usize::from(size) <= rest.len => usize::from(size),
                Some(_) => return p.malformed("TCP option of impossible length"),
                None => return p.short(rest, "TCP options cut off"),
            },
        };
        match (kind, size) {
            (2, 4) => {
                if let Some(mss) = rest.u16(2) {
                    p.int(F::TcpMss, mss);
                }
            }
            (3, 3) => {
                if let Some(shift) = rest.u8(2) {
                    p.int(F::TcpWscale, shift);
                }
            }
            (4, 2) => p.flag(F::TcpSackPerm),
            (8, 10) => {
                p.flag(F::TcpTimestamp);
                if let (Some(value), Some(echo)) = (rest.u32(2), rest.u32(6)) {
                    p.int(F::TcpTsval, value);
                    p.int(F::TcpTsecr, echo);
                }
            }
            _ => {}
        }
        rest = rest.from(size);
    }
}
