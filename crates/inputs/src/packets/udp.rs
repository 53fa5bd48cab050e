//! UDP.

use super::fields::{F, Layer};
use super::packet::Packet;
use super::span::Span;
use super::{dns, sip};

pub(super) fn datagram<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.named("udp");
    let (Some(src), Some(dst)) = (span.u16(0), span.u16(2)) else {
        return p.short(span, "UDP header cut off");
    };
    p.flag(F::Udp);
    p.int(F::UdpSrcport, src);
    p.int(F::UdpDstport, dst);
    p.values(F::UdpPort, [src, dst].map(i64::from));
    let Some(length) = span.u16(4) else {
        return p.short(span, "UDP header cut off");
    };
    p.int(F::UdpLength, length);
    let whole = match usize::from(length) {
        // The length of a jumbogram does not fit.
        0 => span,
        length if length < 8 => return p.malformed("UDP length below 8"),
        length => {
            if length > span.len {
                p.malformed("UDP datagram longer than its packet");
            }
            span.first(length)
        }
    };
    let Some(checksum) = span.u16(6) else {
        return p.short(span, "UDP header cut off");
    };
    p.int(F::UdpChecksum, checksum);
    p.payload(F::UdpBytes, whole.bytes);
    p.payload(F::UdpHeader, whole.first(8).bytes);
    let payload = whole.from(8);
    if payload.bytes.is_empty() {
        return;
    }
    p.payload(F::UdpPayload, payload.bytes);
    let ports = [src.min(dst), src.max(dst)];
    match ports.into_iter().find(|port| matches!(port, 53 | 5060)) {
        Some(53) if p.needs.has(Layer::Dns) => dns::message(p, payload),
        Some(5060) if p.needs.has(Layer::Sip) => sip::message(p, payload),
        _ => {}
    }
}
