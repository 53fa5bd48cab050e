//! `header-logic`.

use quintet_runtime::RecordRef;

use super::Rules;
use super::read::{Field, Fields, bit, in_v4};

pub(super) struct HeaderLogic {
    tcp: Field,
    syn: Field,
    ack: Field,
    reset: Field,
    push: Field,
    fin: Field,
    len: Field,
    srcport: Field,
    dstport: Field,
    port: Field,
    window: Field,
    udp_srcport: Field,
    udp_length: Field,
    udp_port: Field,
    frame_len: Field,
    src: Field,
    dst: Field,
    ttl: Field,
    icmp: Field,
    icmpv6: Field,
    v6_src: Field,
    v6_hlim: Field,
}

impl HeaderLogic {
    pub(super) fn new(f: &Fields<'_>) -> Result<HeaderLogic, String> {
        Ok(HeaderLogic {
            tcp: f.get("tcp", "Bool")?,
            syn: f.get("tcp.flags.syn", "Bool")?,
            ack: f.get("tcp.flags.ack", "Bool")?,
            reset: f.get("tcp.flags.reset", "Bool")?,
            push: f.get("tcp.flags.push", "Bool")?,
            fin: f.get("tcp.flags.fin", "Bool")?,
            len: f.get("tcp.len", "Int")?,
            srcport: f.get("tcp.srcport", "Int")?,
            dstport: f.get("tcp.dstport", "Int")?,
            port: f.get("tcp.port", "Array<Int>")?,
            window: f.get("tcp.window_size_value", "Int")?,
            udp_srcport: f.get("udp.srcport", "Int")?,
            udp_length: f.get("udp.length", "Int")?,
            udp_port: f.get("udp.port", "Array<Int>")?,
            frame_len: f.get("frame.len", "Int")?,
            src: f.get("ip.src", "Array<Ip>")?,
            dst: f.get("ip.dst", "Array<Ip>")?,
            ttl: f.get("ip.ttl", "Array<Int>")?,
            icmp: f.get("icmp.type", "Array<Int>")?,
            icmpv6: f.get("icmpv6.type", "Array<Int>")?,
            v6_src: f.get("ipv6.src", "Array<Ip>")?,
            v6_hlim: f.get("ipv6.hlim", "Array<Int>")?,
        })
    }
}

impl Rules for HeaderLogic {
    #[inline]
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        let frame_len = self.frame_len.int(r).unwrap_or_default();
        let to = |network| self.dst.ips(r).any(|ip| in_v4(ip, network, 24));
        let from = |second| self.src.ips(r).any(|ip| in_v4(ip, [127, second, 0, 0], 16));
        let mut hits = bit(7, self.udp_srcport.int(r) == Some(53) && self.udp_length.int(r) > Some(100))
            | bit(9, self.icmp.ints(r).any(|t| t == 8 || t == 0) || self.icmpv6.ints(r).any(|t| t == 128 || t == 129))
            | bit(10, frame_len > 400 && self.udp_port.ints(r).any(|port| port == 5060) && from(50))
            | bit(3, to([127, 0, 80, 0]) || to([127, 0, 43, 0]));
        if !self.tcp.is(r, true) {
            return hits;
        }
        let dstport = self.dstport.int(r);
        let (srcport, len, window) = (self.srcport.int(r), self.len.int(r), self.window.int(r));
        let (syn, ack, reset) = (self.syn.is(r, true), self.ack.is(r, true), self.reset.is(r, true));
        let started = syn && self.ack.is(r, false);
        let data = len.is_some_and(|len| len > 0);
        let usual = matches!(dstport, Some(80 | 443 | 8080));
        hits &= !bit(3, usual);
        hits | bit(0, started)
            | bit(1, reset && len == Some(0))
            | bit(2, matches!(dstport, Some(80 | 8080)) && data && self.push.is(r, true))
            | bit(4, !(ack || syn || reset))
            | bit(
                5,
                srcport.is_some_and(|port| port < 1024)
                    && dstport.is_some_and(|port| port >= 32768)
                    && self.ttl.ints(r).any(|ttl| ttl == 64),
            )
            | bit(6, matches!(window, Some(512..=64999)) && len.is_some_and(|len| frame_len.wrapping_sub(len) > 60))
            | bit(7, srcport == Some(53) && data)
            | bit(8, started && !usual && from(66))
            | bit(
                11,
                (self.v6_src.ips(r).any(|ip| ip == [6, 0, 1]) && self.port.ints(r).any(|port| port == 80 || port == 443))
                    != (self.fin.is(r, true) && self.v6_hlim.ints(r).any(|hops| hops > 60)),
            )
    }
}
