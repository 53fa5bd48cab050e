//! The fields of packets: one table, from which the scheme, the fields' places and what must be parsed derive.

use crate::table::fields;

/// What must be parsed for a field. Each layer stands for itself and those below it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum Layer {
    Frame = 0,
    Link = 1,
    Arp = 1 << 1,
    Ip = 1 << 2,
    Tcp = 1 << 3,
    Udp = 1 << 4,
    Icmp = 1 << 5,
    Dns = 1 << 6,
    Http = 1 << 7,
    Tls = 1 << 8,
    Sip = 1 << 9,
    /// Everything: the names of all protocols.
    All = (1 << 10) - 1,
}

/// A set of layers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Layers(u32);

impl Layers {
    pub(crate) fn add(&mut self, layer: Layer) {
        self.0 |= layer as u32;
    }

    /// Whether fields of this very layer are wanted.
    #[inline]
    pub(crate) fn has(self, layer: Layer) -> bool {
        self.0 & layer as u32 != 0
    }

    /// Whether anything in the frame is wanted.
    #[inline]
    pub(crate) fn any(self) -> bool {
        self.0 != 0
    }

    /// Whether anything above the link is wanted of IP packets.
    #[inline]
    pub(crate) fn ip(self) -> bool {
        self.0 & !(Layer::Link as u32 | Layer::Arp as u32) != 0
    }

    /// Whether anything above IP is wanted. Messages of ICMP quote headers, so that they concern IP as well.
    #[inline]
    pub(crate) fn above_tcp(self) -> bool {
        self.0 & (Layer::Dns as u32 | Layer::Http as u32 | Layer::Tls as u32 | Layer::Sip as u32) != 0
    }

    #[inline]
    pub(crate) fn above_udp(self) -> bool {
        self.0 & (Layer::Dns as u32 | Layer::Sip as u32) != 0
    }
}

fields! { Layer;
    Frame "frame" Text Frame "The captured bytes of the frame.";
    FrameNumber "frame.number" Number Frame "The frame's number in the capture, from 1.";
    FrameTimeEpoch "frame.time_epoch" Real Frame "When it was captured, in seconds since 1970 (UTC).";
    FrameTimeRelative "frame.time_relative" Real Frame "Seconds since the first frame of the capture.";
    FrameLen "frame.len" Number Frame "Bytes of the frame on the wire, as the capture says, even where it holds more.";
    FrameCapLen "frame.cap_len" Number Frame "Bytes of the frame in the capture.";
    FrameProtocols "frame.protocols" Text All "The protocols in the frame, outermost first, joined by `:`.";

    Eth "eth" Flag Link "Whether the frame is an Ethernet frame.";
    EthBytes "eth.bytes" Bytes Link "The bytes of the frame from its Ethernet header on, as far as they were captured.";
    EthPayload "eth.payload" Bytes Link "What follows the Ethernet header.";
    EthDst "eth.dst" Bytes Link "The destination address, 6 bytes.";
    EthSrc "eth.src" Bytes Link "The source address, 6 bytes.";
    EthAddr "eth.addr" Texts Link "Destination and source address.";
    EthType "eth.type" Int Link "The EtherType; absent where there is a length instead.";
    EthLen "eth.len" Int Link "The length, where there is one instead of an EtherType.";
    EthDstIg "eth.dst.ig" Bool Link "Whether the destination is a group.";
    EthSrcIg "eth.src.ig" Bool Link "Whether the source address is that of a group.";
    EthIg "eth.ig" Bools Link "Whether destination and source are groups.";
    EthDstLg "eth.dst.lg" Bool Link "Whether the destination address is locally administered.";
    EthSrcLg "eth.src.lg" Bool Link "Whether the source address is locally administered.";
    EthLg "eth.lg" Bools Link "Whether destination and source address are locally administered.";
    Vlan "vlan" Flag Link "Whether the frame has a VLAN tag, of 802.1Q or of 802.1ad (which Wireshark names `ieee8021ad`).";
    VlanId "vlan.id" Ints Link "The VLAN of each tag.";
    VlanPriority "vlan.priority" Ints Link "The priority of each tag.";
    VlanDei "vlan.dei" Bools Link "Whether frames with the tag may be dropped first.";
    VlanEtype "vlan.etype" Ints Link "The EtherType after each tag.";
    Sll "sll" Flag Link "Whether the frame has a Linux cooked header.";
    SllPktType "sll.pkttype" Int Link "The direction of the packet: 0 to us, 1 broadcast, 2 multicast, 3 to another host, 4 from us.";
    SllEtype "sll.etype" Int Link "The EtherType of a Linux cooked frame, where it has one.";

    Arp "arp" Flag Arp "Whether the frame is a message of ARP or RARP.";
    ArpHwType "arp.hw.type" Int Arp "The type of hardware address.";
    ArpProtoType "arp.proto.type" Int Arp "The EtherType of the protocol asked about.";
    ArpHwSize "arp.hw.size" Int Arp "Bytes of a hardware address.";
    ArpProtoSize "arp.proto.size" Int Arp "Bytes of a protocol address.";
    ArpOpcode "arp.opcode" Int Arp "1 for a request, 2 for a reply, 3 and 4 in RARP.";
    ArpSrcHwMac "arp.src.hw_mac" Bytes Arp "The sender's hardware address, 6 bytes.";
    ArpSrcProtoIpv4 "arp.src.proto_ipv4" Ip Arp "The sender's IPv4 address.";
    ArpDstHwMac "arp.dst.hw_mac" Bytes Arp "The target's hardware address, 6 bytes.";
    ArpDstProtoIpv4 "arp.dst.proto_ipv4" Ip Arp "The target's IPv4 address.";

    Ip "ip" Flag Ip "Whether there is an IPv4 header.";
    IpBytes "ip.bytes" Bytes Ip "The bytes of the first IPv4 packet, header and payload.";
    IpHeader "ip.header" Bytes Ip "The header of the first IPv4 packet, with its options.";
    IpPayload "ip.payload" Bytes Ip "What follows the first IPv4 header.";
    IpVersion "ip.version" Ints Ip "The version: 4.";
    IpHdrLen "ip.hdr_len" Ints Ip "Bytes of the header.";
    IpDsfield "ip.dsfield" Ints Ip "The byte of differentiated services.";
    IpDscp "ip.dsfield.dscp" Ints Ip "The code point of differentiated services.";
    IpEcn "ip.dsfield.ecn" Ints Ip "Explicit congestion notification.";
    IpLen "ip.len" Ints Ip "Bytes of the packet, with the header; those of the frame where the header says 0, as it does before segmentation by the network card.";
    IpId "ip.id" Ints Ip "The identification.";
    IpFlags "ip.flags" Ints Ip "The three flags.";
    IpFlagsRb "ip.flags.rb" Bools Ip "The reserved flag.";
    IpFlagsDf "ip.flags.df" Bools Ip "Don't fragment.";
    IpFlagsMf "ip.flags.mf" Bools Ip "More fragments.";
    IpFragOffset "ip.frag_offset" Ints Ip "Where the fragment begins, in units of 8 bytes as the header has it (and Wireshark since version 4).";
    IpTtl "ip.ttl" Ints Ip "Time to live.";
    IpProto "ip.proto" Ints Ip "The protocol inside.";
    IpChecksum "ip.checksum" Ints Ip "The header's checksum.";
    IpSrc "ip.src" Ips Ip "The source address.";
    IpDst "ip.dst" Ips Ip "The destination address.";
    IpAddr "ip.addr" Ips Ip "Source and destination address.";

    Ipv6 "ipv6" Flag Ip "Whether there is an IPv6 header.";
    Ipv6Bytes "ipv6.bytes" Bytes Ip "The bytes of the first IPv6 packet, header and payload.";
    Ipv6Header "ipv6.header" Bytes Ip "The first IPv6 header, 40 bytes.";
    Ipv6Payload "ipv6.payload" Bytes Ip "What follows the first IPv6 header, extension headers too.";
    Ipv6Version "ipv6.version" Ints Ip "The version: 6.";
    Ipv6Tclass "ipv6.tclass" Ints Ip "The traffic class.";
    Ipv6Flow "ipv6.flow" Ints Ip "The flow label.";
    Ipv6Plen "ipv6.plen" Ints Ip "Bytes after the header.";
    Ipv6Nxt "ipv6.nxt" Ints Ip "The protocol or extension header that follows.";
    Ipv6Hlim "ipv6.hlim" Ints Ip "The hop limit.";
    Ipv6Src "ipv6.src" Ips Ip "The source address.";
    Ipv6Dst "ipv6.dst" Ips Ip "The destination address.";
    Ipv6Addr "ipv6.addr" Ips Ip "Source and destination address.";
    Ipv6Hopopts "ipv6.hopopts" Flag Ip "Whether there are hop-by-hop options.";
    Ipv6Routing "ipv6.routing" Flag Ip "Whether there is a routing header.";
    Ipv6Dstopts "ipv6.dstopts" Flag Ip "Whether there are destination options.";
    Ipv6Fraghdr "ipv6.fraghdr" Flag Ip "Whether there is a fragment header.";
    Ipv6FragOffset "ipv6.fraghdr.offset" Ints Ip "Where the fragment begins, in units of 8 bytes.";
    Ipv6FragMore "ipv6.fraghdr.more" Bools Ip "Whether more fragments follow.";
    Ipv6FragIdent "ipv6.fraghdr.ident" Ints Ip "The identification of the fragmented packet.";

    Tcp "tcp" Flag Tcp "Whether there is a TCP header.";
    TcpBytes "tcp.bytes" Bytes Tcp "The bytes of the first segment, header and payload.";
    TcpHeader "tcp.header" Bytes Tcp "The first TCP header, with its options.";
    TcpSrcport "tcp.srcport" Int Tcp "The source port.";
    TcpDstport "tcp.dstport" Int Tcp "The destination port.";
    TcpPort "tcp.port" Ints Tcp "Source and destination port.";
    TcpSeqRaw "tcp.seq_raw" Int Tcp "The sequence number.";
    TcpAckRaw "tcp.ack_raw" Int Tcp "The acknowledgment number.";
    TcpHdrLen "tcp.hdr_len" Int Tcp "Bytes of the header.";
    TcpFlags "tcp.flags" Int Tcp "The twelve flag bits.";
    TcpFlagsNs "tcp.flags.ns" Bool Tcp "ECN nonce.";
    TcpFlagsCwr "tcp.flags.cwr" Bool Tcp "Congestion window reduced.";
    TcpFlagsEce "tcp.flags.ece" Bool Tcp "ECN echo.";
    TcpFlagsUrg "tcp.flags.urg" Bool Tcp "The urgent pointer counts.";
    TcpFlagsAck "tcp.flags.ack" Bool Tcp "The acknowledgment counts.";
    TcpFlagsPush "tcp.flags.push" Bool Tcp "Push.";
    TcpFlagsReset "tcp.flags.reset" Bool Tcp "Reset.";
    TcpFlagsSyn "tcp.flags.syn" Bool Tcp "Synchronise.";
    TcpFlagsFin "tcp.flags.fin" Bool Tcp "Finish.";
    TcpWindow "tcp.window_size_value" Int Tcp "The window, not scaled.";
    TcpChecksum "tcp.checksum" Int Tcp "The checksum.";
    TcpUrgent "tcp.urgent_pointer" Int Tcp "The urgent pointer.";
    TcpLen "tcp.len" Int Tcp "Bytes of payload.";
    TcpOptions "tcp.options" Bytes Tcp "The options.";
    TcpMss "tcp.options.mss_val" Int Tcp "The maximum segment size announced.";
    TcpWscale "tcp.options.wscale.shift" Int Tcp "The window scale announced, as a shift.";
    TcpSackPerm "tcp.options.sack_perm" Flag Tcp "Whether selective acknowledgments are permitted.";
    TcpTimestamp "tcp.options.timestamp" Flag Tcp "Whether there is a timestamp option.";
    TcpTsval "tcp.options.timestamp.tsval" Int Tcp "The timestamp.";
    TcpTsecr "tcp.options.timestamp.tsecr" Int Tcp "The timestamp echoed.";
    TcpPayload "tcp.payload" Bytes Tcp "The payload, where there is any.";

    Udp "udp" Flag Udp "Whether there is a UDP header.";
    UdpBytes "udp.bytes" Bytes Udp "The bytes of the first datagram, header and payload.";
    UdpHeader "udp.header" Bytes Udp "The first UDP header, 8 bytes.";
    UdpSrcport "udp.srcport" Int Udp "The source port.";
    UdpDstport "udp.dstport" Int Udp "The destination port.";
    UdpPort "udp.port" Ints Udp "Source and destination port.";
    UdpLength "udp.length" Int Udp "Bytes of header and payload.";
    UdpChecksum "udp.checksum" Int Udp "The checksum; 0 is none.";
    UdpPayload "udp.payload" Bytes Udp "The payload, where there is any.";

    Icmp "icmp" Flag Icmp "Whether there is an ICMP message.";
    IcmpBytes "icmp.bytes" Bytes Icmp "The bytes of the first ICMP message.";
    IcmpType "icmp.type" Ints Icmp "The type.";
    IcmpCode "icmp.code" Ints Icmp "The code.";
    IcmpChecksum "icmp.checksum" Ints Icmp "The checksum.";
    IcmpIdent "icmp.ident" Ints Icmp "The identifier of an echo.";
    IcmpSeq "icmp.seq" Ints Icmp "The sequence number of an echo.";
    Icmpv6 "icmpv6" Flag Icmp "Whether there is an ICMPv6 message.";
    Icmpv6Bytes "icmpv6.bytes" Bytes Icmp "The bytes of the first ICMPv6 message.";
    Icmpv6Type "icmpv6.type" Ints Icmp "The type.";
    Icmpv6Code "icmpv6.code" Ints Icmp "The code.";
    Icmpv6Checksum "icmpv6.checksum" Ints Icmp "The checksum.";

    Dns "dns" Flag Dns "Whether there is a DNS message.";
    DnsBytes "dns.bytes" Bytes Dns "The bytes of the first DNS message, without the length that stands before it in TCP.";
    DnsId "dns.id" Int Dns "The identification.";
    DnsFlags "dns.flags" Int Dns "All flags.";
    DnsResponse "dns.flags.response" Bool Dns "Whether it is a response.";
    DnsOpcode "dns.flags.opcode" Int Dns "The kind of query.";
    DnsAuthoritative "dns.flags.authoritative" Bool Dns "Whether a response is authoritative.";
    DnsTruncated "dns.flags.truncated" Bool Dns "Whether it is truncated.";
    DnsRecdesired "dns.flags.recdesired" Bool Dns "Whether recursion is desired.";
    DnsRecavail "dns.flags.recavail" Bool Dns "Whether a response says that recursion is available.";
    DnsRcode "dns.flags.rcode" Int Dns "The code of a response: 0 for success, 3 for no such name.";
    DnsQueries "dns.count.queries" Int Dns "Questions, as the header says.";
    DnsAnswers "dns.count.answers" Int Dns "Answers, as the header says.";
    DnsAuthRr "dns.count.auth_rr" Int Dns "Authority records, as the header says.";
    DnsAddRr "dns.count.add_rr" Int Dns "Additional records, as the header says.";
    DnsQryName "dns.qry.name" Bytes Dns "The name in the first question, without a final dot; `<Root>` for the root.";
    DnsQryNameLen "dns.qry.name.len" Int Dns "Bytes of the name in the first question.";
    DnsQryType "dns.qry.type" Int Dns "The type in the first question.";
    DnsQryClass "dns.qry.class" Int Dns "The class in the first question.";
    DnsRespName "dns.resp.name" Texts Dns "The names of the records.";
    DnsRespType "dns.resp.type" Ints Dns "The types of the records.";
    DnsRespClass "dns.resp.class" Ints Dns "The classes of the records.";
    DnsRespTtl "dns.resp.ttl" Ints Dns "The times to live of the records, in seconds.";
    DnsA "dns.a" Ips Dns "IPv4 addresses in the records.";
    DnsAaaa "dns.aaaa" Ips Dns "IPv6 addresses in the records.";
    DnsCname "dns.cname" Texts Dns "Canonical names in the records.";
    DnsNs "dns.ns" Texts Dns "Name servers in the records.";
    DnsPtr "dns.ptr.domain_name" Texts Dns "Names that pointers lead to.";
    DnsMx "dns.mx.mail_exchange" Texts Dns "Mail exchanges in the records.";
    DnsSrvTarget "dns.srv.target" Texts Dns "Targets of service records.";
    DnsTxt "dns.txt" Texts Dns "Texts in the records.";

    Http "http" Flag Http "Whether there is HTTP: any payload on a port of HTTP. A packet may hold several messages, and has the fields of each.";
    HttpRequest "http.request" Flag Http "Whether a request begins in the packet.";
    HttpResponse "http.response" Flag Http "Whether a response begins in the packet.";
    HttpMethod "http.request.method" Texts Http "The method.";
    HttpUri "http.request.uri" Texts Http "The request target.";
    HttpUriPath "http.request.uri.path" Texts Http "The request target up to a `?`; in Wireshark only where there is one.";
    HttpUriQuery "http.request.uri.query" Texts Http "The request target after a `?`.";
    HttpFullUri "http.request.full_uri" Texts Http "`http://`, host and request target; of an absolute target or that of a CONNECT, the target; of `*`, without it (Wireshark appends it).";
    HttpRequestVersion "http.request.version" Texts Http "The version of a request.";
    HttpRequestLine "http.request.line" Texts Http "The header lines of requests, with their line ends, and with the lines that go on with them.";
    HttpResponseVersion "http.response.version" Texts Http "The version of a response.";
    HttpCode "http.response.code" Ints Http "The status code.";
    HttpPhrase "http.response.phrase" Texts Http "The status phrase.";
    HttpResponseLine "http.response.line" Texts Http "The header lines of responses, with their line ends, and with the lines that go on with them.";
    HttpHost "http.host" Texts Http "The Host header.";
    HttpUserAgent "http.user_agent" Texts Http "The User-Agent header.";
    HttpReferer "http.referer" Texts Http "The Referer header.";
    HttpCookie "http.cookie" Texts Http "The Cookie header.";
    HttpSetCookie "http.set_cookie" Texts Http "The Set-Cookie headers.";
    HttpAccept "http.accept" Texts Http "The Accept header.";
    HttpAcceptEncoding "http.accept_encoding" Texts Http "The Accept-Encoding header.";
    HttpAcceptLanguage "http.accept_language" Texts Http "The Accept-Language header.";
    HttpAuthorization "http.authorization" Texts Http "The Authorization header.";
    HttpCacheControl "http.cache_control" Texts Http "The Cache-Control header.";
    HttpConnection "http.connection" Texts Http "The Connection header.";
    HttpContentType "http.content_type" Texts Http "The Content-Type header.";
    HttpContentEncoding "http.content_encoding" Texts Http "The Content-Encoding header.";
    HttpContentLength "http.content_length" Ints Http "The Content-Length header as a number.";
    HttpContentLengthHeader "http.content_length_header" Texts Http "The Content-Length header.";
    HttpDate "http.date" Texts Http "The Date header.";
    HttpLastModified "http.last_modified" Texts Http "The Last-Modified header.";
    HttpLocation "http.location" Texts Http "The Location header.";
    HttpServer "http.server" Texts Http "The Server header.";
    HttpTransferEncoding "http.transfer_encoding" Texts Http "The Transfer-Encoding header.";
    HttpUpgrade "http.upgrade" Texts Http "The Upgrade header.";
    HttpWwwAuthenticate "http.www_authenticate" Texts Http "The WWW-Authenticate header.";
    HttpXForwardedFor "http.x_forwarded_for" Texts Http "The X-Forwarded-For header.";
    HttpFileData "http.file_data" Texts Http "The bodies as far as they are in the packet, chunks put together; in Wireshark not those that other dissectors take.";

    Tls "tls" Flag Tls "Whether there is TLS: any payload on a port of TLS.";
    TlsContentType "tls.record.content_type" Ints Tls "The types of the records: 22 is a handshake.";
    TlsRecordVersion "tls.record.version" Ints Tls "The versions of the records; 2 for a ClientHello of SSL 2.";
    TlsRecordLength "tls.record.length" Ints Tls "The lengths of the records.";
    TlsAlertLevel "tls.alert_message.level" Ints Tls "The levels of alerts.";
    TlsAlertDesc "tls.alert_message.desc" Ints Tls "The descriptions of alerts.";
    TlsHandshakeType "tls.handshake.type" Ints Tls "The types of handshake messages: 1 is a ClientHello, 2 a ServerHello.";
    TlsHandshakeVersion "tls.handshake.version" Ints Tls "The versions in ClientHello and ServerHello.";
    TlsRandom "tls.handshake.random" Bytes Tls "The random in the first ClientHello or ServerHello.";
    TlsSessionIdLength "tls.handshake.session_id_length" Ints Tls "The lengths of session ids.";
    TlsCipherSuitesLength "tls.handshake.cipher_suites_length" Int Tls "Bytes of cipher suites that a ClientHello offers, two each.";
    TlsCiphersuite "tls.handshake.ciphersuite" Ints Tls "The cipher suites offered or chosen.";
    TlsExtensionType "tls.handshake.extension.type" Ints Tls "The types of the extensions.";
    TlsServerName "tls.handshake.extensions_server_name" Bytes Tls "The server name that a ClientHello asks for.";
    TlsAlpn "tls.handshake.extensions_alpn_str" Texts Tls "The protocols offered or chosen.";
    TlsSupportedVersion "tls.handshake.extensions.supported_version" Ints Tls "The versions offered or chosen by extension.";
    TlsSupportedGroup "tls.handshake.extensions_supported_group" Ints Tls "The groups offered.";

    Sip "sip" Flag Sip "Whether there is a SIP message.";
    SipRequestLine "sip.Request_Line" Bytes Sip "The first line of a request.";
    SipMethod "sip.Method" Bytes Sip "The method of a request.";
    SipRUri "sip.r_uri" Bytes Sip "The URI of a request.";
    SipStatusLine "sip.Status_Line" Bytes Sip "The first line of a response.";
    SipStatusCode "sip.Status_Code" Int Sip "The status code of a response.";
    SipVia "sip.Via" Texts Sip "The Via headers.";
    SipFrom "sip.From" Bytes Sip "The From header.";
    SipFromUser "sip.from.user" Bytes Sip "The user in the From header.";
    SipFromHost "sip.from.host" Bytes Sip "The host in the From header.";
    SipTo "sip.To" Bytes Sip "The To header.";
    SipToUser "sip.to.user" Bytes Sip "The user in the To header.";
    SipToHost "sip.to.host" Bytes Sip "The host in the To header.";
    SipContact "sip.Contact" Texts Sip "The Contact headers.";
    SipCallId "sip.Call_ID" Bytes Sip "The Call-ID header.";
    SipCseq "sip.CSeq" Bytes Sip "The CSeq header.";
    SipCseqSeq "sip.CSeq.seq" Int Sip "The number in the CSeq header.";
    SipCseqMethod "sip.CSeq.method" Bytes Sip "The method in the CSeq header.";
    SipUserAgent "sip.User_Agent" Bytes Sip "The User-Agent header.";
    SipServer "sip.Server" Bytes Sip "The Server header.";
    SipContentType "sip.Content_Type" Bytes Sip "The Content-Type header.";
    SipContentLength "sip.Content_Length" Int Sip "The Content-Length header.";
    SipExpires "sip.Expires" Int Sip "The Expires header.";
}
