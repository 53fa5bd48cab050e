//! The values that fields usually have, for editors.

use quintet_lang::ast::Const;
use quintet_lang::{FieldValue, SchemeBuilder};

/// Numbers that packets hold, by the names of the fields.
const NUMBERS: &[(&str, &[(i64, &str)])] = &[
    ("eth.type", &[(0x0800, "IPv4"), (0x0806, "ARP"), (0x8100, "VLAN"), (0x86dd, "IPv6"), (0x8847, "MPLS"), (0x8863, "PPPoE discovery")]),
    (
        "ip.proto",
        &[(1, "ICMP"), (2, "IGMP"), (6, "TCP"), (17, "UDP"), (47, "GRE"), (50, "ESP"), (58, "ICMPv6"), (89, "OSPF"), (132, "SCTP")],
    ),
    ("icmp.type", &[(0, "echo reply"), (3, "destination unreachable"), (5, "redirect"), (8, "echo request"), (11, "time exceeded")]),
    (
        "icmpv6.type",
        &[
            (1, "destination unreachable"),
            (2, "packet too big"),
            (128, "echo request"),
            (129, "echo reply"),
            (134, "router advertisement"),
            (135, "neighbour solicitation"),
            (136, "neighbour advertisement"),
        ],
    ),
    ("dns.flags.rcode", &[(0, "no error"), (1, "format error"), (2, "server failure"), (3, "no such name"), (5, "refused")]),
    (
        "dns.qry.type",
        &[
            (1, "A"),
            (2, "NS"),
            (5, "CNAME"),
            (6, "SOA"),
            (12, "PTR"),
            (15, "MX"),
            (16, "TXT"),
            (28, "AAAA"),
            (33, "SRV"),
            (65, "HTTPS"),
            (255, "any"),
        ],
    ),
    (
        "tls.handshake.type",
        &[
            (1, "ClientHello"),
            (2, "ServerHello"),
            (4, "NewSessionTicket"),
            (11, "Certificate"),
            (12, "ServerKeyExchange"),
            (14, "ServerHelloDone"),
            (16, "ClientKeyExchange"),
        ],
    ),
];

const METHODS: [&str; 9] = ["GET", "POST", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "TRACE"];

fn method(name: &str) -> FieldValue {
    FieldValue { value: Const::Bytes(name.into()), doc: String::new() }
}

/// The same scheme, which knows the methods of requests.
pub(crate) fn methods(builder: SchemeBuilder) -> SchemeBuilder {
    builder.values("http.request.method", METHODS.map(method))
}

/// The same scheme of packets, which knows the numbers of protocols and the like.
pub(crate) fn numbers(builder: SchemeBuilder) -> SchemeBuilder {
    NUMBERS.iter().fold(methods(builder), |builder, (field, values)| {
        let values = values.iter().map(|(number, doc)| FieldValue { value: Const::Int(*number), doc: (*doc).into() });
        builder.values(field, values)
    })
}
