//! `edge-filter`.

use memchr::memmem::Finder;
use quintet_runtime::RecordRef;

use super::Rules;
use super::read::{Field, Fields, in_v4};

pub(super) struct EdgeFilter {
    src: Field,
    method: Field,
    host: Field,
    example: Finder<'static>,
}

impl EdgeFilter {
    pub(super) fn new(f: &Fields<'_>) -> Result<EdgeFilter, String> {
        Ok(EdgeFilter {
            src: f.get("ip.src", "Ip")?,
            method: f.get("http.request.method", "Bytes")?,
            host: f.get("http.host", "Bytes")?,
            example: Finder::new("example"),
        })
    }
}

impl Rules for EdgeFilter {
    #[inline]
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        u64::from(
            self.src.ip(r).is_some_and(|ip| in_v4(ip, [127, 0, 0, 0], 10))
                && self.method.bytes(r) == Some(b"GET")
                && self.host.bytes(r).is_some_and(|host| self.example.find(host).is_some()),
        )
    }
}
