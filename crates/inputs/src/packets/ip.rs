//! IPv4 and IPv6, with extension headers, fragments and tunnels.

use std::net::{IpAddr, Ipv4Addr};

use super::fields::{F, Layer};
use super::packet::Packet;
use super::span::Span;
use super::{icmp, tcp, udp};

const ICMP: u8 = 1;
const IP_IN_IP: u8 = 4;
const TCP: u8 = 6;
const UDP: u8 = 17;
const IPV6: u8 = 41;
const ICMPV6: u8 = 58;

const HOP_BY_HOP: u8 = 0;
const ROUTING: u8 = 43;
const FRAGMENT: u8 = 44;
const AUTHENTICATION: u8 = 51;
const DESTINATION: u8 = 60;

/// What Ethernet fills packets up to, with the frame's check sequence. Where a header says nothing of what follows it, so many bytes may
/// be filling.
const FILLED: usize = 50;

/// An IPv4 packet; `quoted` if it stands in an error message of ICMP.
pub(super) fn v4<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>, quoted: bool) {
    if !p.deeper() {
        return;
    }
    match span.u8(0).map(|b| b >> 4) {
        Some(4) => {}
        Some(6) => {
            p.flag(F::Ip);
            return v6(p, span, quoted);
        }
        Some(version) => {
            p.protocol(F::Ip, "ip");
            p.int(F::IpVersion, version);
            return p.malformed("IPv4 header of another version");
        }
        None => return p.short(span, "IPv4 header cut off"),
    }
    p.protocol(F::Ip, "ip");
    let Some(head) = span.chunk::<20>(0) else {
        return p.short(span, "IPv4 header cut off");
    };
    let word = |at: usize| u16::from_be_bytes([head[at], head[at + 1]]);
    let header = usize::from(head[0] & 15) * 4;
    p.int(F::IpVersion, head[0] >> 4);
    p.int(F::IpHdrLen, header as i64);
    if header < 20 {
        return p.malformed("IPv4 header length below 20");
    }
    let (total, fragment) = (word(2), word(6));
    if p.wants_any([F::IpDsfield, F::IpDscp, F::IpEcn]) {
        p.int(F::IpDsfield, head[1]);
        p.int(F::IpDscp, head[1] >> 2);
        p.int(F::IpEcn, head[1] & 3);
    }
    // A length of 0, or of the header only, is what the sender's own capture shows before the network card has cut a large packet up.
    let total = if total == 0 { span.len } else { usize::from(total) };
    p.int(F::IpLen, total as i64);
    let headers_only = total == header && matches!(head[9], TCP | UDP) && fragment & 0x3fff == 0;
    let total = if headers_only && !quoted && span.len > FILLED { span.len } else { total };
    if p.wants_any([F::IpId, F::IpFlags, F::IpFlagsRb, F::IpFlagsDf, F::IpFlagsMf, F::IpFragOffset]) {
        p.int(F::IpId, word(4));
        p.int(F::IpFlags, fragment >> 13);
        p.bool(F::IpFlagsRb, fragment & 0x8000 != 0);
        p.bool(F::IpFlagsDf, fragment & 0x4000 != 0);
        p.bool(F::IpFlagsMf, fragment & 0x2000 != 0);
        p.int(F::IpFragOffset, fragment & 0x1fff);
    }
    p.int(F::IpTtl, head[8]);
    p.int(F::IpProto, head[9]);
    p.int(F::IpChecksum, word(10));
    if p.wants_any([F::IpSrc, F::IpDst, F::IpAddr]) {
        let address =
            |at: usize| IpAddr::from(Ipv4Addr::from_bits(u32::from_be_bytes([head[at], head[at + 1], head[at + 2], head[at + 3]])));
        let (src, dst) = (address(12), address(16));
        p.ip(F::IpSrc, src);
        p.ip(F::IpDst, dst);
        p.values(F::IpAddr, [src, dst]);
    }
    let whole = match total {
        total if total < header => return p.malformed("IPv4 length below that of the header"),
        // A quotation is shorter than the packet quoted, whose length still says how long that was.
        total if quoted => Span { bytes: span.first(total).bytes, len: total },
        total => {
            if total > span.len {
                p.malformed("IPv4 packet longer than its frame");
            }
            span.first(total)
        }
    };
    if p.wants_any([F::IpBytes, F::IpHeader, F::IpPayload]) {
        p.payload(F::IpBytes, whole.bytes);
        p.payload(F::IpHeader, whole.first(header).bytes);
        p.payload(F::IpPayload, whole.from(header).bytes);
    }
    if fragment & 0x1fff == 0 {
        next(p, head[9], whole.from(header), quoted);
    }
}

/// An IPv6 packet; `quoted` if it stands in an error message of ICMP.
pub(super) fn v6<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>, quoted: bool) {
    if !p.deeper() {
        return;
    }
    p.protocol(F::Ipv6, "ipv6");
    let (Some(first), Some(plen), Some([nxt, hlim])) = (span.u32(0), span.u16(4), span.array(6)) else {
        return p.short(span, "IPv6 header cut off");
    };
    p.int(F::Ipv6Version, first >> 28);
    if first >> 28 != 6 {
        return p.malformed("IPv6 header of another version");
    }
    p.int(F::Ipv6Tclass, first >> 20 & 0xff);
    p.int(F::Ipv6Flow, first & 0xf_ffff);
    p.int(F::Ipv6Plen, plen);
    p.int(F::Ipv6Nxt, nxt);
    p.int(F::Ipv6Hlim, hlim);
    let Some(src) = span.ipv6(8) else {
        return p.short(span, "IPv6 header cut off");
    };
    p.ip(F::Ipv6Src, src);
    let Some(dst) = span.ipv6(24) else {
        p.ip(F::Ipv6Addr, src);
        return p.short(span, "IPv6 header cut off");
    };
    p.ip(F::Ipv6Dst, dst);
    p.values(F::Ipv6Addr, [src, dst].map(IpAddr::from));
    let rest = span.from(40);
    let rest = match usize::from(plen) {
        // A jumbogram says its length in an option, and a packet that the network card has still to cut up may not say it at all.
        0 if nxt == HOP_BY_HOP || !quoted && span.len > FILLED => rest,
        plen if quoted => Span { bytes: rest.first(plen).bytes, len: plen },
        plen => {
            if plen > rest.len {
                p.malformed("IPv6 packet longer than its frame");
            }
            rest.first(plen)
        }
    };
    p.payload(F::Ipv6Bytes, span.first(40 + rest.len).bytes);
    p.payload(F::Ipv6Header, span.first(40).bytes);
    p.payload(F::Ipv6Payload, rest.bytes);
    extensions(p, nxt, rest, quoted);
}

fn extensions<'p>(p: &mut Packet<'_, 'p>, mut nxt: u8, mut span: Span<'p>, quoted: bool) {
    // Each takes 8 bytes, so that the packet's length bounds this.
    loop {
        match nxt {
            HOP_BY_HOP => p.named("ipv6.hopopts"),
            ROUTING => p.named("ipv6.routing"),
            DESTINATION => p.named("ipv6.dstopts"),
            FRAGMENT => p.named("ipv6.fraghdr"),
            AUTHENTICATION => p.named("ah"),
            _ => return next(p, nxt, span, quoted),
        }
        let Some([following, length]) = span.array(0) else {
            return p.short(span, "IPv6 extension header cut off");
        };
        match nxt {
            HOP_BY_HOP => p.flag(F::Ipv6Hopopts),
            ROUTING => p.flag(F::Ipv6Routing),
            DESTINATION => p.flag(F::Ipv6Dstopts),
            _ => {}
        }
        let size = match nxt {
            FRAGMENT => {
                let (Some(place), Some(ident)) = (span.u16(2), span.u32(4)) else {
                    return p.short(span, "IPv6 extension header cut off");
                };
                p.flag(F::Ipv6Fraghdr);
                p.int(F::Ipv6FragOffset, place >> 3);
                p.bool(F::Ipv6FragMore, place & 1 != 0);
                p.int(F::Ipv6FragIdent, ident);
                if place >> 3 != 0 {
                    return;
                }
                8
            }
            AUTHENTICATION => (usize::from(length) + 2) * 4,
            _ => (usize::from(length) + 1) * 8,
        };
        if size > span.bytes.len() {
            return p.short(span, "IPv6 extension header cut off");
        }
        span = span.from(size);
        nxt = following;
    }
}

/// What an IP header announces.
fn next<'p>(p: &mut Packet<'_, 'p>, protocol: u8, span: Span<'p>, quoted: bool) {
    match protocol {
        TCP if p.needs.has(Layer::Tcp) || p.needs.above_tcp() => tcp::segment(p, span, quoted),
        UDP if p.needs.has(Layer::Udp) || p.needs.above_udp() => udp::datagram(p, span),
        ICMP => icmp::v4(p, span),
        ICMPV6 => icmp::v6(p, span),
        IP_IN_IP => v4(p, span, quoted),
        IPV6 => v6(p, span, quoted),
        AUTHENTICATION => {
            p.named("ah");
            match span.array(0) {
                Some([following, length]) if following != AUTHENTICATION => {
                    next(p, following, span.from((usize::from(length) + 2) * 4), quoted);
                }
                Some([_, _]) => p.malformed("authentication header in itself"),
                None => p.short(span, "authentication header cut off"),
            }
        }
        _ => {}
    }
}
