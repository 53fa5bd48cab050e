#!/usr/bin/env python3
"""Print what the sample traffic holds, as Markdown tables.

usage: counts.py CAPTURE.pcapng REQUESTS.jsonl
"""
import json
import os
import signal
import struct
import sys
from collections import Counter

import packets


def client_hello(data):
    """(server name or None, ALPN names, highest version) of a TLS client hello, or None."""
    if data[:1] != b"\x16" or data[5:6] != b"\x01":
        return None
    hello, at = data[9:], 34
    version = struct.unpack_from("!H", hello)[0]
    at += 1 + hello[at]
    at += 2 + struct.unpack_from("!H", hello, at)[0]
    at += 1 + hello[at]
    name, alpn = None, []
    end = at + 2 + struct.unpack_from("!H", hello, at)[0]
    at += 2
    while at + 4 <= end:
        kind, size = struct.unpack_from("!HH", hello, at)
        value, at = hello[at + 4:at + 4 + size], at + 4 + size
        if kind == 0:
            name = value[5:].decode("latin-1")
        elif kind == 16:
            pos = 2
            while pos < len(value):
                alpn.append(value[pos + 1:pos + 1 + value[pos]].decode("latin-1"))
                pos += 1 + value[pos]
        elif kind == 43:
            version = max(v for (v,) in struct.iter_unpack("!H", value[1:]) if v & 0x0F0F != 0x0A0A)
    return name, tuple(alpn), {0x301: "1.0", 0x302: "1.1", 0x303: "1.2", 0x304: "1.3"}.get(version, hex(version))


def table(title, counter, limit=None):
    print(f"\n| {title} | count |\n|---|---:|")
    for name, count in counter.most_common(limit):
        print(f"| {str(name).replace('|', chr(92) + '|')} | {count} |")
    if limit and len(counter) > limit:
        print(f"| ({len(counter) - limit} more) | {sum(c for _, c in counter.most_common()[limit:])} |")


def main():
    capture, listing = sys.argv[1:3]
    all_packets = list(packets.read(capture))
    what, dns, sip = Counter(), Counter(), Counter()
    types = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV", 35: "NAPTR",
             43: "DS", 52: "TLSA", 65: "HTTPS", 252: "AXFR", 255: "ANY", 257: "CAA"}

    def question(payload):
        at = 12
        while payload[at]:
            at += 1 + payload[at]
        kind = struct.unpack_from("!H", payload, at + 1)[0]
        return types.get(kind, str(kind))

    for p in all_packets:
        ports = {p.sport, p.dport}
        what[f"IPv{p.ip_version}"] += 1
        if p.protocol in (1, 58):
            what["ICMP"] += 1
        elif p.protocol == 17:
            kind = "DNS" if 53 in ports else "SIP" if 5060 in ports else "other"
            what[f"UDP, {kind}"] += 1
            if kind == "DNS" and p.dport == 53 and not p.payload[2] & 0x80:
                dns[question(p.payload)] += 1
            if kind == "SIP" and p.payload.strip():
                first = p.payload.split(b"\r\n")[0].split(b" ")
                sip["SIP/2.0 " + first[1].decode() if first[0] == b"SIP/2.0" else first[0].decode()] += 1
        elif p.protocol == 6:
            kind = ("DNS" if 53 in ports else "HTTP (80, 8080)" if ports & {80, 8080} else "TLS (443)" if 443 in ports
                    else "other ports")
            what[f"TCP, {kind}"] += 1
    hellos = []
    for stream in packets.client_streams(all_packets):
        data = stream.assemble()[0]
        if stream.dport == 443 and client_hello(data):
            hellos.append(client_hello(data))
        elif stream.dport == 53 and len(data) > 2:
            dns[question(data[2:]) + " over TCP"] += 1
    with open(listing, encoding="utf-8") as source:
        lines = [json.loads(line) for line in source]

    def header(line, name):
        return next((v for n, v in line["headers"] if n.lower() == name), "(none)")

    span = max(p.time for p in all_packets) - min(p.time for p in all_packets)
    scanner = [l for l in lines if l["ip"].startswith("127.66.")]
    print("| what | count |\n|---|---:|")
    for name, count in [("packets", len(all_packets)), ("bytes of the capture file", os.path.getsize(capture)),
                        ("seconds", round(span)), ("longest frame, bytes", max(p.length for p in all_packets)),
                        ("TCP connections", len(packets.client_streams(all_packets))),
                        ("client addresses", len({p.src for p in all_packets if not p.src.startswith(("127.0.", "::"))})),
                        ("HTTP requests", len(lines)), ("from the scanner, 127.66.0.0/16", len(scanner)),
                        ("with a body", sum(bool(l.get("body") or l.get("body_hex")) for l in lines)),
                        ("of those not UTF-8 (body_hex)", sum("body_hex" in l for l in lines)),
                        ("distinct user agents", len({header(l, "user-agent") for l in lines})),
                        ("TLS client hellos", len(hellos)), ("of those with a server name", sum(bool(h[0]) for h in hellos)),
                        ("DNS queries", sum(dns.values())), ("SIP messages", sum(sip.values()))]:
        print(f"| {name} | {count} |")
    table("packets by protocol", what)
    table("HTTP method", Counter(l["method"] for l in lines))
    table("HTTP version, port", Counter(f"{l['version']}, {l['dport']}" for l in lines))
    table("host", Counter(header(l, "host") for l in lines), 14)
    table("content type", Counter(header(l, "content-type").split(";")[0] for l in lines), 12)
    table("TLS server name", Counter(h[0] or "(none)" for h in hellos), 20)
    table("TLS highest version offered", Counter(h[2] for h in hellos))
    table("TLS ALPN", Counter(", ".join(h[1]) or "(none)" for h in hellos))
    table("DNS query", dns)
    table("SIP", sip)
    if len(sys.argv) > 3:       # more, to write rules by
        table("client network", Counter(".".join(l["ip"].split(".")[:2]) for l in lines))
        table("user agent", Counter(header(l, "user-agent") for l in lines))
        table("header name", Counter(n.lower() for l in lines for n, _ in l["headers"]))
        table("path", Counter(l["uri"].split("?")[0] for l in lines), 60)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)     # so that "| head" is quiet
    main()
