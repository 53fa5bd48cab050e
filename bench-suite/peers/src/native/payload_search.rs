//! `payload-search`.

use memchr::memmem::Finder;
use quintet_runtime::RecordRef;
use regex_automata::meta::Regex;

use super::Rules;
use super::read::{Field, Fields, bit, regex};

pub(super) struct PayloadSearch {
    tcp: Field,
    udp: Field,
    passwd: Finder<'static>,
    password: Finder<'static>,
    agent: Finder<'static>,
    lookup: Regex,
    union: Regex,
    traversal: Regex,
    script: Regex,
    invite: Finder<'static>,
    scanner: Finder<'static>,
    label: Regex,
    admin: Finder<'static>,
    intranet: Finder<'static>,
}

impl PayloadSearch {
    pub(super) fn new(f: &Fields<'_>) -> Result<PayloadSearch, String> {
        Ok(PayloadSearch {
            tcp: f.get("tcp.payload", "Bytes")?,
            udp: f.get("udp.payload", "Bytes")?,
            passwd: Finder::new("/etc/passwd"),
            password: Finder::new("password="),
            agent: Finder::new("User-Agent: Mozilla/5.0"),
            lookup: regex(r"\$\{[a-z:]*jndi")?,
            union: regex(r"(?i)union[^a-z]{1,12}(all[^a-z]{1,12})?select")?,
            traversal: regex(r"(\.\./|%2e%2e(/|%2f)){2,}")?,
            script: regex(r"(?i)(<|%3c)script")?,
            invite: Finder::new("INVITE sip:"),
            scanner: Finder::new("friendly-scanner"),
            label: regex("[a-z2-7]{40,}")?,
            admin: Finder::new("Host: admin.example.com"),
            intranet: Finder::new("Host: intranet.example.test"),
        })
    }

    #[inline]
    fn tcp(&self, payload: &[u8]) -> u64 {
        let has = |finder: &Finder<'_>| finder.find(payload).is_some();
        bit(0, has(&self.passwd))
            | bit(1, has(&self.password))
            | bit(2, has(&self.agent))
            | bit(3, self.lookup.is_match(payload))
            | bit(4, self.union.is_match(payload))
            | bit(5, self.traversal.is_match(payload))
            | bit(6, self.script.is_match(payload))
            | bit(8, matches!(payload, [0x16, 0x03, _, _, _, 0x01, ..]))
            | bit(9, payload.starts_with(b"GET "))
            | bit(11, has(&self.admin) || has(&self.intranet))
    }

    #[inline]
    fn udp(&self, payload: &[u8]) -> u64 {
        bit(7, self.invite.find(payload).is_some() && self.scanner.find(payload).is_some())
            | bit(10, payload.len() >= 40 && self.label.is_match(payload))
    }
}

impl Rules for PayloadSearch {
    #[inline]
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        self.tcp.bytes(r).map_or(0, |payload| if payload.is_empty() { 0 } else { self.tcp(payload) })
            | self.udp.bytes(r).map_or(0, |payload| self.udp(payload))
    }
}
