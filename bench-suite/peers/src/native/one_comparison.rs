//! `one-comparison`.

use quintet_runtime::RecordRef;

use super::Rules;
use super::read::{Field, Fields, bit, is_v4};

pub(super) struct OneComparison {
    len: Field,
    port: Field,
    src: Field,
    tcp: Field,
    name: Field,
}

impl OneComparison {
    pub(super) fn new(f: &Fields<'_>) -> Result<OneComparison, String> {
        Ok(OneComparison {
            len: f.get("frame.len", "Int")?,
            port: f.get("tcp.port", "Array<Int>")?,
            src: f.get("ip.src", "Array<Ip>")?,
            tcp: f.get("tcp", "Bool")?,
            name: f.get("dns.qry.name", "Bytes")?,
        })
    }
}

impl Rules for OneComparison {
    #[inline]
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        bit(0, self.len.int(r).is_some_and(|len| len > 1000))
            | bit(1, self.port.ints(r).any(|port| port == 443))
            | bit(2, self.src.ips(r).any(|ip| is_v4(ip, [127, 66, 6, 6])))
            | bit(3, self.tcp.is(r, true))
            | bit(4, self.name.bytes(r) == Some(b"example.com"))
    }
}
