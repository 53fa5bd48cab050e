//! Link layers: Ethernet with LLC and VLAN tags, Linux cooked, raw IP, loopback; and ARP.

use super::fields::{F, Layer};
use super::ip;
use super::packet::Packet;
use super::span::Span;

const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const RARP: u16 = 0x8035;
const IPV6: u16 = 0x86dd;

/// What is not above this is a length and no EtherType.
const LONGEST: u16 = 1500;

/// What is below this and no length is neither.
const FIRST_TYPE: u16 = 0x0600;

/// Dissects a frame. False if its link type is none that is dissected.
pub(super) fn frame<'p>(p: &mut Packet<'_, 'p>, link: Option<u32>, span: Span<'p>) -> bool {
    match link {
        Some(0) => null(p, span),
        Some(1) => ethernet(p, span),
        Some(12 | 14 | 101) => {
            p.named("raw");
            match span.u8(0).map(|b| b >> 4) {
                Some(4) => ip::v4(p, span, false),
                Some(6) => ip::v6(p, span, false),
                Some(_) => p.malformed("raw IP of another version than 4 and 6"),
                None => p.short(span, "empty frame"),
            }
        }
        Some(108) => loopback(p, span),
        Some(113) => cooked(p, span),
        Some(228) => ip::v4(p, span, false),
        Some(229) => ip::v6(p, span, false),
        Some(276) => cooked2(p, span),
        _ => return false,
    }
    true
}

fn ethernet<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    let (Some(dst), Some(src), Some(ty)) = (span.slice(0, 6), span.slice(6, 6), span.u16(12)) else {
        return p.short(span, "Ethernet header cut off");
    };
    p.protocol(F::Eth, "eth");
    if p.wants_any([F::EthBytes, F::EthPayload, F::EthDst, F::EthSrc, F::EthAddr]) {
        p.payload(F::EthBytes, span.bytes);
        p.payload(F::EthPayload, span.from(14).bytes);
        p.bytes(F::EthDst, dst);
        p.bytes(F::EthSrc, src);
        p.bytes(F::EthAddr, dst);
        p.bytes(F::EthAddr, src);
    }
    if p.wants_any([F::EthDstIg, F::EthSrcIg, F::EthIg, F::EthDstLg, F::EthSrcLg, F::EthLg]) {
        let bits = |bit: u8| [dst[0] & bit != 0, src[0] & bit != 0];
        let (groups, local) = (bits(1), bits(2));
        p.bool(F::EthDstIg, groups[0]);
        p.bool(F::EthSrcIg, groups[1]);
        p.values(F::EthIg, groups);
        p.bool(F::EthDstLg, local[0]);
        p.bool(F::EthSrcLg, local[1]);
        p.values(F::EthLg, local);
    }
    if ty >= FIRST_TYPE || ty == 0 {
        p.int(F::EthType, ty);
        p.named("ethertype");
        ethertype(p, ty, span.from(14));
    } else if ty <= LONGEST {
        p.int(F::EthLen, ty);
        // Two bytes of ones begin a packet of Novell's without LLC.
        if span.u16(14) != Some(0xffff) {
            llc(p, span.from(14).first(usize::from(ty)));
        }
    }
}

/// Logical link control, where a length stands instead of an EtherType.
fn llc<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    const IP: u8 = 0x06;
    const SNAP: u8 = 0xaa;
    let Some([dsap, ssap, control]) = span.array(0) else {
        return p.short(span, "LLC header cut off");
    };
    p.named("llc");
    // Numbered frames have a second byte of control.
    let rest = span.from(if control & 3 == 3 { 3 } else { 4 });
    match (dsap, ssap & !1) {
        (SNAP, SNAP) => {
            let (Some(organisation), Some(ty)) = (rest.u24(0), rest.u16(3)) else {
                return p.short(span, "SNAP header cut off");
            };
            // EtherTypes, as they are and as bridges carry them.
            if matches!(organisation, 0 | 0xf8) {
                ethertype(p, ty, rest.from(5));
            }
        }
        (IP, IP) if p.needs.ip() => ip::v4(p, rest, false),
        _ => {}
    }
}

/// Dissects what follows an EtherType.
fn ethertype<'p>(p: &mut Packet<'_, 'p>, ty: u16, span: Span<'p>) {
    match ty {
        IPV4 if p.needs.ip() => ip::v4(p, span, false),
        IPV6 if p.needs.ip() => ip::v6(p, span, false),
        ARP | RARP if p.needs.has(Layer::Arp) => arp(p, span),
        0x8100 | 0x88a8 | 0x9100 => vlan(p, span),
        _ => {}
    }
}

fn vlan<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    if !p.deeper() {
        return;
    }
    p.named("vlan");
    let Some(tag) = span.u16(0) else {
        return p.short(span, "VLAN tag cut off");
    };
    p.flag(F::Vlan);
    p.int(F::VlanPriority, tag >> 13);
    p.bool(F::VlanDei, tag & 0x1000 != 0);
    p.int(F::VlanId, tag & 0xfff);
    let Some(ty) = span.u16(2) else {
        return p.short(span, "VLAN tag cut off");
    };
    if ty > LONGEST {
        p.int(F::VlanEtype, ty);
        p.named("ethertype");
        ethertype(p, ty, span.from(4));
    } else {
        llc(p, span.from(4).first(usize::from(ty)));
    }
}

fn cooked<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.named("sll");
    let Some([d0, d1, _, _]) = span.array(0) else {
        return p.short(span, "Linux cooked header cut off");
    };
    p.flag(F::Sll);
    p.int(F::SllPktType, u16::from_be_bytes([d0, d1]));
    let Some(ty) = span.u16(14) else {
        return p.short(span, "Linux cooked header cut off");
    };
    cooked_type(p, ty, span.from(16));
}

fn cooked2<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.named("sll");
    let (Some(ty), Some(direction), Some(_)) = (span.u16(0), span.u8(10), span.u8(19)) else {
        return p.short(span, "Linux cooked header cut off");
    };
    p.flag(F::Sll);
    p.int(F::SllPktType, direction);
    cooked_type(p, ty, span.from(20));
}

/// What follows a Linux cooked header: by EtherType, or by a number of Linux's own.
fn cooked_type<'p>(p: &mut Packet<'_, 'p>, ty: u16, span: Span<'p>) {
    const LLC: u16 = 4;
    if ty > LONGEST {
        p.int(F::SllEtype, ty);
        p.named("ethertype");
        ethertype(p, ty, span);
    } else if ty == LLC {
        llc(p, span);
    }
}

/// A word with the address family, in network byte order.
fn loopback<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.named("null");
    match span.u32(0) {
        Some(of) => family(p, of, span.from(4)),
        None => p.short(span, "loopback header cut off"),
    }
}

/// A word with the address family, in the byte order of the machine that captured it, or with 16 bits of it in either half; or an
/// EtherType, or the header of PPP.
fn null<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.named("null");
    let rest = span.from(4);
    if span.u16(0) == Some(0xff03) {
        p.named("ppp");
        return match span.u16(2) {
            Some(0x0021) => ip::v4(p, rest, false),
            Some(0x0057) => ip::v6(p, rest, false),
            Some(_) => {}
            None => p.short(span, "PPP header cut off"),
        };
    }
    let Some(word) = span.u32(0).map(u32::swap_bytes) else {
        return p.short(span, "loopback header cut off");
    };
    let of = match word {
        ..=0xffff if word & 0xff == 0 && word < 0x600 => word >> 8,
        ..=0xffff => word,
        0x1_0000..0x6_0000 => word >> 16,
        _ => word.swap_bytes(),
    };
    match u16::try_from(of) {
        Ok(ty) if ty > LONGEST => ethertype(p, ty, rest),
        _ => family(p, of, rest),
    }
}

/// What follows an address family, of which IPv6 has several among the systems of BSD's kind.
fn family<'p>(p: &mut Packet<'_, 'p>, of: u32, span: Span<'p>) {
    match of {
        2 => ip::v4(p, span, false),
        24 | 28 | 30 => ip::v6(p, span, false),
        _ => {}
    }
}

fn arp<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.named("arp");
    if span.u16(0).is_some() {
        p.flag(F::Arp);
    }
    let (Some(hw), Some(proto), Some([hw_size, proto_size]), Some(opcode)) = (span.u16(0), span.u16(2), span.array(4), span.u16(6)) else {
        return p.short(span, "ARP message cut off");
    };
    p.int(F::ArpHwType, hw);
    p.int(F::ArpProtoType, proto);
    p.int(F::ArpHwSize, hw_size);
    p.int(F::ArpProtoSize, proto_size);
    p.int(F::ArpOpcode, opcode);
    let mut at = 8;
    for (mac, address) in [(F::ArpSrcHwMac, F::ArpSrcProtoIpv4), (F::ArpDstHwMac, F::ArpDstProtoIpv4)] {
        match span.slice(at, usize::from(hw_size)) {
            Some(bytes) if hw_size == 6 => p.bytes(mac, bytes),
            Some(_) => {}
            None => return p.short(span, "ARP message cut off"),
        }
        at += usize::from(hw_size);
        match span.ipv4(at) {
            Some(ip) if proto == IPV4 && proto_size == 4 => p.ip(address, ip),
            Some(_) => {}
            None if proto_size == 4 => return p.short(span, "ARP message cut off"),
            None => {}
        }
        at += usize::from(proto_size);
    }
}
