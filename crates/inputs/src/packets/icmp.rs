//! ICMP and ICMPv6, with the headers that error messages quote.

use super::fields::F;
use super::ip;
use super::packet::Packet;
use super::span::Span;

pub(super) fn v4<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.named("icmp");
    let Some([ty, code]) = span.array(0) else {
        return p.short(span, "ICMP message cut off");
    };
    p.flag(F::Icmp);
    p.payload(F::IcmpBytes, span.bytes);
    p.int(F::IcmpType, ty);
    p.int(F::IcmpCode, code);
    let Some(checksum) = span.u16(2) else {
        return p.short(span, "ICMP message cut off");
    };
    p.int(F::IcmpChecksum, checksum);
    match ty {
        // Echo, timestamp, information and mask, asked and answered.
        0 | 8 | 13..=18 => {
            let (Some(ident), Some(seq)) = (span.u16(4), span.u16(6)) else {
                return p.short(span, "ICMP message cut off");
            };
            p.int(F::IcmpIdent, ident);
            p.int(F::IcmpSeq, seq);
        }
        // Destination unreachable, source quench, redirect, time exceeded, parameter problem.
        3 | 4 | 5 | 11 | 12 => ip::v4(p, span.from(8), true),
        _ => {}
    }
}

pub(super) fn v6<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.named("icmpv6");
    let Some([ty, code]) = span.array(0) else {
        return p.short(span, "ICMPv6 message cut off");
    };
    p.flag(F::Icmpv6);
    p.payload(F::Icmpv6Bytes, span.bytes);
    p.int(F::Icmpv6Type, ty);
    p.int(F::Icmpv6Code, code);
    let Some(checksum) = span.u16(2) else {
        return p.short(span, "ICMPv6 message cut off");
    };
    p.int(F::Icmpv6Checksum, checksum);
    // Destination unreachable, packet too big, time exceeded, parameter problem.
    if (1..=4).contains(&ty) {
        ip::v6(p, span.from(8), true);
    }
}
