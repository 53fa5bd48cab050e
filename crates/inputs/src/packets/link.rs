//! Link layers: Ethernet and VLAN tags, Linux cooked, raw IP, loopback; and ARP.

use super::fields::{F, Layer};
use super::ip;
use super::packet::Packet;
use super::span::Span;

const IPV4: u16 = 0x0800;
const ARP: u16 = 0x0806;
const IPV6: u16 = 0x86dd;

/// What is not above this is a length and no EtherType.
const LONGEST: u16 = 1500;

/// Dissects a frame. False if its link type is none that is dissected.
pub(super) fn frame<'p>(p: &mut Packet<'_, 'p>, link: Option<u32>, span: Span<'p>) -> bool {
    match link {
        Some(0 | 108) => loopback(p, span),
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
    p.bytes(F::EthDst, dst);
    p.bytes(F::EthSrc, src);
    p.bytes(F::EthAddr, dst);
    p.bytes(F::EthAddr, src);
    for (address, ig, lg) in [(dst, F::EthDstIg, F::EthDstLg), (src, F::EthSrcIg, F::EthSrcLg)] {
        let (group, local) = (address[0] & 1 != 0, address[0] & 2 != 0);
        p.bool(ig, group);
        p.bool(F::EthIg, group);
        p.bool(lg, local);
        p.bool(F::EthLg, local);
    }
    if ty > LONGEST || ty == 0 {
        p.int(F::EthType, ty);
        p.named("ethertype");
        ethertype(p, ty, span.from(14));
    } else {
        p.int(F::EthLen, ty);
    }
}

/// Dissects what follows an EtherType.
fn ethertype<'p>(p: &mut Packet<'_, 'p>, ty: u16, span: Span<'p>) {
    match ty {
        IPV4 if p.needs.ip() => ip::v4(p, span, false),
        IPV6 if p.needs.ip() => ip::v6(p, span, false),
        ARP if p.needs.has(Layer::Arp) => arp(p, span),
        0x8100 | 0x88a8 | 0x9100 => vlan(p, span),
        _ => {}
    }
}

fn vlan<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    if !p.deeper() {
        return;
    }
    p.protocol(F::Vlan, "vlan");
    let (Some(tag), Some(ty)) = (span.u16(0), span.u16(2)) else {
        return p.short(span, "VLAN tag cut off");
    };
    p.int(F::VlanPriority, tag >> 13);
    p.bool(F::VlanDei, tag & 0x1000 != 0);
    p.int(F::VlanId, tag & 0xfff);
    if ty > LONGEST {
        p.int(F::VlanEtype, ty);
        p.named("ethertype");
        ethertype(p, ty, span.from(4));
    }
}

fn cooked<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.protocol(F::Sll, "sll");
    let (Some(direction), Some(ty)) = (span.u16(0), span.u16(14)) else {
        return p.short(span, "Linux cooked header cut off");
    };
    p.int(F::SllPktType, direction);
    p.int(F::SllEtype, ty);
    p.named("ethertype");
    ethertype(p, ty, span.from(16));
}

fn cooked2<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.protocol(F::Sll, "sll");
    let (Some(ty), Some(direction), Some(_)) = (span.u16(0), span.u8(10), span.u8(19)) else {
        return p.short(span, "Linux cooked header cut off");
    };
    p.int(F::SllPktType, direction);
    p.int(F::SllEtype, ty);
    p.named("ethertype");
    ethertype(p, ty, span.from(20));
}

/// A word with the address family, in the byte order of the machine that captured it, which the number's size tells.
fn loopback<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.named("null");
    let Some(family) = span.u32(0) else {
        return p.short(span, "loopback header cut off");
    };
    let family = if family > 0xffff { family.swap_bytes() } else { family };
    match family {
        2 => ip::v4(p, span.from(4), false),
        10 | 24 | 28 | 30 => ip::v6(p, span.from(4), false),
        _ => {}
    }
}

fn arp<'p>(p: &mut Packet<'_, 'p>, span: Span<'p>) {
    p.protocol(F::Arp, "arp");
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
