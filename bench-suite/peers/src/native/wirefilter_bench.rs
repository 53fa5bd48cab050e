//! `wirefilter-bench`.

use memchr::memmem::Finder;
use quintet_runtime::RecordRef;
use regex_automata::meta::Regex;

use super::Rules;
use super::read::{Address, Field, Fields, bit, in_v4, is_v4, regex};

/// The networks of IPv4, as first and last address, in order.
const V4: [(u32, u32); 14] = [
    (0x6715_f400, 0x6715_f7ff),
    (0x6716_c800, 0x6716_cbff),
    (0x671f_0400, 0x671f_07ff),
    (0x6810_0000, 0x681f_ffff),
    (0x6ca2_c000, 0x6ca2_ffff),
    (0x8300_4800, 0x8300_4bff),
    (0x8d65_4000, 0x8d65_7fff),
    (0xa29e_0000, 0xa29f_ffff),
    (0xac40_0000, 0xac47_ffff),
    (0xadf5_3000, 0xadf5_3fff),
    (0xbc72_6000, 0xbc72_6fff),
    (0xbe5d_f000, 0xbe5d_ffff),
    (0xc5ea_f000, 0xc5ea_f3ff),
    (0xc629_8000, 0xc629_ffff),
];

/// The networks of IPv6, as the first and the last value of their upper 32 bits, in order.
const V6: [(u32, u32); 7] = [
    (0x2400_cb00, 0x2400_cb00),
    (0x2405_8100, 0x2405_8100),
    (0x2405_b500, 0x2405_b500),
    (0x2606_4700, 0x2606_4700),
    (0x2803_f800, 0x2803_f800),
    (0x2a06_98c0, 0x2a06_98c7),
    (0x2c0f_f248, 0x2c0f_f248),
];

/// The countries in order.
const COUNTRIES: [[u8; 2]; 66] = [
    *b"AD", *b"AI", *b"AT", *b"AW", *b"AX", *b"BE", *b"BG", *b"BL", *b"BM", *b"CH", *b"CW", *b"CY", *b"CZ", *b"DE", *b"DK", *b"EE", *b"ES",
    *b"FI", *b"FK", *b"FR", *b"GB", *b"GF", *b"GG", *b"GI", *b"GL", *b"GP", *b"GR", *b"GS", *b"HR", *b"HU", *b"IE", *b"IO", *b"IT", *b"JE",
    *b"KY", *b"LI", *b"LT", *b"LU", *b"LV", *b"MC", *b"ME", *b"MF", *b"MQ", *b"MS", *b"MT", *b"NC", *b"NL", *b"PF", *b"PL", *b"PM", *b"PN",
    *b"PT", *b"RE", *b"RO", *b"SE", *b"SH", *b"SI", *b"SK", *b"SM", *b"SX", *b"TC", *b"TF", *b"VA", *b"VG", *b"WF", *b"YT",
];

pub(super) struct WirefilterBench {
    addr: Field,
    port: Field,
    country: Field,
    agent: Field,
    host: Field,
    method: Field,
    ssl: Field,
    ports: Field,
    cookies: Field,
    headers: Field,
    bot_version: Regex,
    bots: Regex,
    bot: Finder<'static>,
    example: Finder<'static>,
    session: Finder<'static>,
}

impl WirefilterBench {
    pub(super) fn new(f: &Fields<'_>) -> Result<WirefilterBench, String> {
        Ok(WirefilterBench {
            addr: f.get("ip.addr", "Ip")?,
            port: f.get("tcp.port", "Int")?,
            country: f.get("ip.geoip.country", "Bytes")?,
            agent: f.get("http.user_agent", "Bytes")?,
            host: f.get("http.host", "Bytes")?,
            method: f.get("http.method", "Bytes")?,
            ssl: f.get("ssl", "Bool")?,
            ports: f.get("tcp.ports", "Array<Int>")?,
            cookies: f.get("http.cookies", "Array<Bytes>")?,
            headers: f.get("http.headers", "Map<Bytes>")?,
            bot_version: regex(r"(?i)googlebot/\d+\.\d+")?,
            bots: regex("(googlebot|facebook)")?,
            bot: Finder::new("Googlebot"),
            example: Finder::new("example"),
            session: Finder::new("session"),
        })
    }

    #[inline]
    fn address(&self, ip: Address) -> u64 {
        let [family, high, low] = ip;
        if family == 4 {
            let low = low as u32;
            bit(0, low == u32::from_be_bytes([173, 245, 48, 1])) | bit(2, in_v4(ip, [173, 245, 48, 0], 24)) | bit(4, within(&V4, low))
        } else {
            bit(1, high == 0x2606_4700_4700_0000 && low == 0x1111)
                | bit(3, high >> 32 == 0x2606_4700)
                | bit(4, within(&V6, (high >> 32) as u32))
        }
    }

    #[inline]
    fn agent(&self, agent: &[u8]) -> u64 {
        let bot = self.bot.find(agent).is_some();
        bit(10, self.bot_version.is_match(agent)) | bit(11, bot) | bit(12, bot)
    }

    #[inline]
    fn host(&self, host: &[u8]) -> u64 {
        let same = host.eq_ignore_ascii_case(b"example.org");
        let label = |w: &[u8]| w.eq_ignore_ascii_case(b".example.");
        bit(13, same) | bit(14, same) | bit(24, host.windows(9).any(label))
    }
}

/// Whether one of these ranges, which are in order, holds the value.
#[inline]
fn within(ranges: &[(u32, u32)], value: u32) -> bool {
    let after = ranges.partition_point(|(first, _)| *first <= value);
    after > 0 && value <= ranges[after - 1].1
}

impl Rules for WirefilterBench {
    #[inline]
    fn hits(&self, r: RecordRef<'_>) -> u64 {
        let (addr, port, country) = (self.addr.ip(r), self.port.int(r), self.country.bytes(r));
        let (agent, host, method) = (self.agent.bytes(r), self.host.bytes(r), self.method.bytes(r));
        let ssl = self.ssl.is(r, true);
        let mut hits = addr.map_or(0, |ip| self.address(ip)) | agent.map_or(0, |a| self.agent(a)) | host.map_or(0, |h| self.host(h));
        if let Some(port) = port {
            hits |= bit(5, port == 80)
                | bit(6, port >= 1024)
                | bit(7, matches!(port, 80 | 8080 | 8880 | 2052 | 2082 | 2086 | 2095))
                | bit(26, port & 1 != 0);
        }
        if let Some(country) = country {
            hits |= bit(8, country == b"GB")
                | bit(9, <[u8; 2]>::try_from(country).is_ok_and(|country| COUNTRIES.binary_search(&country).is_ok()));
        }
        let (mut https, mut alternative, mut all) = (false, false, true);
        for port in self.ports.ints(r) {
            https |= port == 443;
            alternative |= port == 8080;
            all &= matches!(port, 1..=9000);
        }
        let local = |ip| in_v4(ip, [10, 0, 0, 0], 8) || in_v4(ip, [127, 0, 0, 0], 8);
        hits | bit(15, matches!(port, Some(80 | 443)) && method != Some(b"POST") && !agent.is_some_and(|a| self.bots.is_match(a)))
            | bit(16, (port == Some(80) && host.is_some_and(|h| self.example.find(h).is_some())) || (!ssl && addr.is_some_and(local)))
            | bit(
                17,
                ssl && matches!(port, Some(1..=65535))
                    && matches!(method, Some(b"GET" | b"HEAD"))
                    && !addr.is_some_and(|ip| is_v4(ip, [1, 2, 3, 4]))
                    && host != Some(b""),
            )
            | bit(18, alternative)
            | bit(19, all)
            | bit(20, https || alternative)
            | bit(21, self.cookies.texts(r).any(|cookie| self.session.find(cookie).is_some()))
            | bit(22, self.headers.entry(r, b"host") == Some(b"example.org"))
            | bit(23, self.cookies.texts(r).any(|cookie| cookie.eq_ignore_ascii_case(b"session=1")))
            | bit(25, ssl)
    }
}
