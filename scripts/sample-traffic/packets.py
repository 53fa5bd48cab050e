"""A reader of pcapng captures and of the TCP streams in them; the standard library only."""
import struct
from collections import namedtuple

Packet = namedtuple("Packet", "number time ip_version protocol src dst sport dport seq flags payload length")
FIN, SYN, RST = 1, 2, 4


def blocks(data):
    """(type, body) of each block of a pcapng file of either byte order."""
    order, at = "<", 0
    while at + 12 <= len(data):
        if data[at:at + 4] == b"\x0a\x0d\x0d\x0a":
            order = "<" if data[at + 8:at + 12] == b"\x4d\x3c\x2b\x1a" else ">"
        kind, size = struct.unpack_from(order + "II", data, at)
        yield order, kind, data[at + 8:at + size - 4]
        at += size


def address(raw):
    if len(raw) == 4:
        return ".".join(map(str, raw))
    import ipaddress
    return str(ipaddress.IPv6Address(raw))


def read(path):
    """The packets of a capture of link type Ethernet, in order; frames count from 1."""
    with open(path, "rb") as source:
        data = source.read()
    number, resolution = 0, 1e-6
    for order, kind, body in blocks(data):
        if kind == 1:           # interface description: look for if_tsresol
            if struct.unpack_from(order + "H", body)[0] != 1:
                raise ValueError("not an Ethernet capture")
            at = 8
            while at + 4 <= len(body):
                code, size = struct.unpack_from(order + "HH", body, at)
                if code == 9:
                    resolution = (2.0 if body[at + 4] & 0x80 else 10.0) ** -(body[at + 4] & 0x7F)
                at += 4 + size + (-size % 4)
        if kind != 6:
            continue
        _, high, low, caught, length = struct.unpack_from(order + "IIIII", body)
        number += 1
        yield dissect(number, (high << 32 | low) * resolution, body[20:20 + caught], length)


def dissect(number, time, frame, length):
    kind, ip = struct.unpack_from("!H", frame, 12)[0], frame[14:]
    none = Packet(number, time, 0, 0, "", "", 0, 0, 0, 0, b"", length)
    if kind == 0x0800:
        head, protocol = (ip[0] & 15) * 4, ip[9]
        src, dst, rest = ip[12:16], ip[16:20], ip[head:struct.unpack_from("!H", ip, 2)[0]]
    elif kind == 0x86DD:
        protocol, src, dst = ip[6], ip[8:24], ip[24:40]
        rest = ip[40:40 + struct.unpack_from("!H", ip, 4)[0]]
    else:
        return none
    sport = dport = seq = flags = 0
    if protocol == 6:
        sport, dport, seq = struct.unpack_from("!HHI", rest)
        flags, rest = rest[13], rest[(rest[12] >> 4) * 4:]
    elif protocol == 17:
        sport, dport = struct.unpack_from("!HH", rest)
        rest = rest[8:]
    return Packet(number, time, ip[0] >> 4, protocol, address(src), address(dst), sport, dport, seq, flags, rest, length)


class Stream:
    """One direction of one TCP connection: bytes in order, and the frame each came in."""

    def __init__(self, first):
        self.src, self.dst, self.sport, self.dport = first.src, first.dst, first.sport, first.dport
        self.start = (first.seq + 1) & 0xFFFFFFFF
        self.segments = []

    def add(self, packet):
        if packet.payload:
            self.segments.append(((packet.seq - self.start) & 0xFFFFFFFF, packet.number, packet.payload))

    def assemble(self):
        """(bytes, [(offset, frame)]): overlaps keep the first copy, a gap ends the stream."""
        data, frames = bytearray(), []
        for offset, number, payload in sorted(self.segments, key=lambda s: (s[0], s[1])):
            if offset > len(data):
                break
            new = payload[len(data) - offset:]
            if new:
                frames.append((len(data), number))
                data += new
        return bytes(data), frames


def client_streams(packets):
    """The client's direction of every TCP connection whose SYN is in the capture."""
    open_now, out = {}, []
    for p in packets:
        if p.protocol != 6:
            continue
        key = (p.src, p.sport, p.dst, p.dport)
        if p.flags & SYN and not p.flags & 16:
            open_now[key] = Stream(p)
            out.append(open_now[key])
        elif key in open_now:
            open_now[key].add(p)
    return out
