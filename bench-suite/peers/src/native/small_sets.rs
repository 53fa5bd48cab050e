//! `small-sets`.

use quintet_runtime::RecordRef;

use super::Rules;
use super::read::{Field, Fields, bit, in_v4, is_v4};

pub(super) struct SmallSets {
    port: Field,
    dstport: Field,
    srcport: Field,
    dst: Field,
    src: Field,
    method: Field,
    name: Field,
}

impl SmallSets {
    pub(super) fn new(f: &Fields<'_>) -> Result<SmallSets, String> {
        Ok(SmallSets {
            port: f.get("tcp.port", "Array<Int>")?,
            dstport: f.get("tcp.dstport", "Int")?,
            srcport: f.get("tcp.srcport", "Int")?,
            dst: f.get("ip.dst", "Array<Ip>")?,
            src: f.get("ip.src", "Array<Ip>")?,
            method: f.get("http.request.method", "Array<Bytes>")?,
            name: f.get("dns.qry.name", "Bytes")?,
        })
    }
}

impl Rules for SmallSets {
    #[inline]
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        let dstport = self.dstport.int(r);
        let web = |port| matches!(port, 80 | 443 | 8000 | 8008 | 8080 | 8443 | 8888);
        let server = |ip: [u64; 3]| {
            let low = (ip[2] as u32).to_be_bytes();
            ip[0] == 4 && matches!(low, [127, 0, 80, 1..=4] | [127, 0, 43, 2] | [127, 0, 53, 1] | [127, 0, 60, 1])
        };
        let network = |ip| [10, 20, 30].into_iter().any(|second| in_v4(ip, [127, second, 0, 0], 16));
        let bad = |ip| is_v4(ip, [127, 66, 6, 6]) || is_v4(ip, [127, 66, 6, 7]) || is_v4(ip, [127, 66, 9, 1]);
        bit(0, self.port.ints(r).any(web))
            | bit(1, matches!(dstport, Some(25 | 110 | 143 | 465 | 587 | 993 | 995)))
            | bit(2, matches!(self.srcport.int(r), Some(32768..=40000 | 50000..=60999)))
            | bit(3, self.dst.ips(r).any(server))
            | bit(4, self.src.ips(r).any(network))
            | bit(5, self.src.ips(r).any(bad) && !matches!(dstport, Some(80 | 8080)))
            | bit(6, self.method.texts(r).any(|method| matches!(method, b"POST" | b"PUT" | b"PATCH" | b"DELETE")))
            | bit(7, matches!(self.name.bytes(r), Some(b"example.com" | b"www.example.com" | b"shop.example.org" | b"api.example.net")))
    }
}
