//! Where frames differ from tshark's, and why.

/// Why the frames of a filter on a capture differ, if it is known to.
pub fn difference(filter: &str, capture: &str) -> Option<&'static str> {
    let of = |f: &str| f.strip_prefix('=').map_or(filter.contains(f), |whole| filter == whole);
    KNOWN.iter().find(|(f, c, _)| of(f) && capture.contains(c)).map(|k| k.2)
}

/// A part of the filter, or after a `=` all of it, a part of the capture's name, and the reason.
const KNOWN: &[(&str, &str, &str)] = &[
    ("udp.length != ip.len", "", "the language: `!=` with a missing left side and a multi-valued right side is true"),
    ("tcp.payload[0:2] > 40:00", "", "the language: a slice past the end is a shorter value, in Wireshark none"),
    ("http.user_agent contains \"\"", "", "the language: every text contains the empty one, in Wireshark none does"),
    ("http.file_data", "", "here any body bytes; tshark leaves out bodies that it hands to other dissectors"),
    ("http.request.uri.path", "", "here always; tshark has it only where a query follows"),
    ("http.request", "dev/pcpp_4k_http_requests", "a request line that the segment cuts off is a request here"),
    ("frame.time_", "dev/pcpp_example", "timestamps of the year 584554, which tshark takes for negative ones"),
    ("http", "dev/ndpi_1kxun_http", "tshark knows keep-alives by the connection's state, and does not dissect their byte"),
    ("http", "dev/pcpp_raw_ip", "tshark knows keep-alives by the connection's state, and does not dissect their byte"),
    ("http", "dev/pcpp_example", "tshark knows retransmissions and gaps by the connection's state"),
    ("dns.qry", "dev/ndpi_fuzz", "tshark goes on after labels of types that do not exist"),
    ("count(dns.resp.name)", "dev/ndpi_fuzz", "tshark reads an A6 record on past its length, and no record after it"),
    ("=tls", "", "tshark does not take continuations that begin like text for TLS while the connection is in its handshake"),
    ("dns.resp.name", "dev/ndpi_badpackets", "tshark shows records without names after a name that leads outside"),
    ("tls.handshake", "dev/ndpi_tls_huge_ch", "a ClientHello that the segment cuts off is read as far as it goes"),
    ("frame[0:100]", "bench", "the language: a slice past the end is a shorter value, in Wireshark none"),
    ("tcp.payload", "bench", "tshark has another field for the payload of a reset"),
    ("icmp", "bench", "tshark's profile does not read authentication headers in IPv4"),
    ("ipv6.hopopts", "bench", "tshark takes protocol 0 of IPv4 for hop-by-hop options"),
    ("tls.handshake", "bench", "records that go on in a later segment are read as far as they go"),
    ("tls.record", "bench", "records that go on in a later segment are read as far as they go"),
    (
        "http",
        "bench",
        "tshark follows CONNECT, upgrades and keep-alives by the connection's state, and heads that are cut off are none there",
    ),
    ("dns.", "bench", "tshark goes on after names that cannot be read"),
    ("sip", "bench", "tshark takes any payload on port 5060 of TCP for SIP, and ends texts at NUL bytes"),
    ("tcp.hdr_len", "bench", "tshark reads the ports only of what a redirect quotes"),
    ("tcp.flags", "bench", "tshark reads the ports only of what a redirect quotes"),
    ("tcp.ack_raw", "bench", "tshark reads the ports only of what a redirect quotes"),
    ("tcp.seq_raw", "bench", "tshark reads the ports only of what a redirect quotes"),
    ("tcp.window", "bench", "tshark reads the ports only of what a redirect quotes"),
    ("tcp.options", "bench", "tshark reads options of headers that are cut off"),
    ("sip", "dev/ndpi_fuzz", "tshark ends texts at NUL bytes"),
];
