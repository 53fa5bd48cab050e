#!/usr/bin/env python3
"""Makes the records of the script workloads in bench-suite/workloads/scripts, and says how many of them each rule must match: that follows
from how a record is made, never from running the script.

  scripts/make-script-records.py            writes calls.jsonl, sha256.jsonl, xor-pe.jsonl, ... and prints the counts
  scripts/make-script-records.py --check    writes nothing: compares the files, and `expected` in the workloads' TOML files

Exit status: 0; with --check 1 where a file or a count differs. `payloads.jsonl`, which other scripts share, is not made here.
"""

import hashlib
import json
import pathlib
import sys
import tomllib
import zlib

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "bench-suite/workloads/scripts"


class Random:
    """Marsaglia's xorshift with 64 bits: the same numbers with every version of Python."""

    def __init__(self, seed):
        self.state = seed

    def below(self, most):
        self.state ^= self.state << 13 & (1 << 64) - 1
        self.state ^= self.state >> 7
        self.state ^= self.state << 17 & (1 << 64) - 1
        return (self.state >> 11) % most

    def bytes(self, count, most=256):
        return bytes(self.below(most) for _ in range(count))

    def pick(self, items):
        return items[self.below(len(items))]


def be16(n):
    return n.to_bytes(2, "big")


def calls(random):
    """A thousand numbers of which each comes up as often: `inc` of 41 is 42."""
    for i in range(1000):
        n = i * 37 % 50
        yield {"n": n}, ["answer"] if n == 41 else []


def sha256(random):
    """One payload of 40,000 bytes."""
    words = b"the quick brown fox jumps over a lazy dog while records pass by".split()
    text = b""
    while len(text) < 40_000:
        text += random.pick(words) + b" "
    text = text[:40_000]
    print(f"sha256: the digest is {hashlib.sha256(text).hexdigest()}")
    yield {"payload": text.decode()}, ["known"]


def executable(key, text=b"This program cannot be run in DOS mode.", mark=b"PE\0\0"):
    file = bytearray(300)
    file[:2] = b"MZ"
    file[60:64] = (160).to_bytes(4, "little")
    file[78 : 78 + len(text)] = text
    file[160:164] = mark
    return bytes(byte ^ key[i % len(key)] for i, byte in enumerate(file))


def xor_pe(random):
    for i in range(48):
        key = random.bytes(4 if i % 2 else 6)
        match i % 8:
            case 0 | 1 | 2 | 3:
                yield executable(key), ["xored_executable"]
            case 4:
                yield executable(b"\x11\x22\x33\x44\x55"), []  # A key of five bytes, all unlike.
            case 5:
                yield executable(key, mark=b"NE\0\0"), []
            case 6:
                yield executable(key, text=b"That program cannot be run in DOS mode."), []
            case _:
                yield random.bytes(300), []


def heartbleed(random):
    for i in range(200):
        record = 19 + random.below(60)
        fits = record - 19 - random.below(record - 18)
        kind, version, message, rules = 24, 3, fits, []
        match i % 5:
            case 0 | 1:
                message, rules = record - 18 + random.below(60_000), ["heartbleed"]
            case 2:
                kind, message = 22, 40_000  # A handshake.
            case 3:
                version, message = 2, 40_000
            case _:
                pass  # A heartbeat that brings what it asks for.
        payload = bytes([kind, version, 2]) + be16(record) + bytes([1 + i % 2]) + be16(message) + random.bytes(record - 3)
        yield payload, rules
    yield b"\x18\x03\x02\x00\x03", []  # Cut off before the lengths.


def winnti(random):
    for i in range(200):
        w = [1 + random.below((1 << 32) - 1) for _ in range(8)]
        w[7], w[6] = w[0] ^ w[4], w[1] ^ w[5]
        rules = ["handshake"]
        match i % 4:
            case 1:
                w[6 + i // 4 % 2] ^= 1 << random.below(32)
                rules = []
            case 2:
                w[7], w[0], rules = w[4], 0, []
            case _:
                pass
        payload = b"".join(word.to_bytes(4, "little") for word in w) + random.bytes(random.below(30))
        cut = i % 20 == 3
        yield payload[:31] if cut else payload, [] if cut else rules


def swf_tags(random):
    def body(font, tags):
        bits = 1 + random.below(31)
        whole = bytes([bits << 3]) + bytes((5 + 4 * bits + 7) // 8 - 1) + b"\x0c\x01\x00\x00"
        for _ in range(tags):
            length = random.below(63)
            whole += (random.pick([2, 9, 26, 83]) << 6 | length).to_bytes(2, "little") + random.bytes(length)
        if font:
            whole += (91 << 6 | 63).to_bytes(2, "little") + font.to_bytes(4, "little") + bytes(font)
        return whole + bytes(2)

    head = b"HTTP/1.1 200 OK\r\n\r\n"
    for i in range(60):
        large, tags = i % 3 == 0, 2 + random.below(12)
        whole = body(1001 + random.below(200) if large else random.pick([0, 40, 1000 - 900 * (i % 2)]), tags)
        if i % 12 == 3 if large else i % 2:
            file = b"FWS\x09\0\0\0\0" + whole
        else:
            file = b"CWS\x09\0\0\0\0" + zlib.compress(whole, 9)
        if i % 15 == 6 and b"CWS" in file:
            file, large = file[: len(file) - 6], False  # Cut off: it cannot be unpacked.
        yield head + file, ["large_font_tag"] if large else []


def rdnss(random):
    def option(kind, length):
        return bytes([kind, length]) + bytes(max(length, 1) * 8 - 2)

    head = bytes([134, 0, 0, 0, 64, 0, 7, 8]) + bytes(8)
    for i in range(200):
        before = b"".join(option(random.pick([1, 2, 3, 5, 24, 31]), 1 + random.below(3)) for _ in range(random.below(6)))
        even, odd = 4 + 2 * random.below(3), 3 + 2 * random.below(3)
        match i % 5:
            case 0 | 1:
                yield head + before + option(25, even) + option(1, 1), ["bad_rdnss"]
            case 2:
                yield head + before + option(25, odd) + option(1, 1), []
            case 3:
                yield head + before + option(1, 0) + option(25, even), []  # The walk ends at the option of length 0.
            case _:
                yield bytes([135]) + head[1:] + before + option(25, even), []


LABELS = [b"example", b"www", b"mail", b"a", b"quite-a-long-label-of-a-host", b"test", b"net", b"org", b"com"]


def dns_names(random):
    def labels(count):
        return b"".join(bytes([len(label)]) + label for label in (random.pick(LABELS) for _ in range(count)))

    def record(name, kind, data, length=None):
        return name + be16(kind) + be16(1) + bytes(4) + be16(len(data) if length is None else length) + data

    for i in range(120):
        question, rules = labels(2 + random.below(3)) + b"\0", []
        name = b"\xc0\x0c"
        answers = [record(name, 1, random.bytes(4, 128)) for _ in range(random.below(4))]
        answers.append(record(name, 5, labels(1) + b"\xc0\x0c"))
        answers.append(record(labels(1) + name, 15, be16(10) + labels(1) + name))
        match i % 8:
            case 1:  # Data that is longer than its name, by bytes that are there.
                answers.append(record(name, 5, labels(2) + name + random.bytes(3, 128)))
                rules = ["cname_length"]
            case 2:  # The question's name points to itself.
                question, answers, rules = b"\xc0\x0c", [], ["invalid_name", "pointer_ahead"]
            case 3:  # A pointer in an answer's data to what is behind it.
                answers = [record(name, 12, labels(1) + b"\xc0\xff")]
                rules = ["invalid_name", "pointer_ahead"]
            case 4:  # A label of no kind.
                question, answers, rules = labels(1) + b"\x80a\0", [], ["invalid_name"]
            case 5:  # More labels than a name may have.
                question, answers, rules = b"\x01a" * 140 + b"\0", [], ["invalid_name"]
            case 6:  # Cut off in the middle of a label.
                message = bytes([0, i, 0x81, 0x80]) + be16(1) + bytes(6) + labels(1) + b"\x20abc"
                yield message, ["invalid_name"]
                continue
            case _:
                pass
        yield bytes([0, i, 0x81, 0x80]) + be16(1) + be16(len(answers)) + bytes(4) + question + be16(1) + be16(1) + b"".join(answers), rules


def port_shape(random):
    hosts = ["example.com", "10.1.2.3", "static.example.org", "192.0.2.77", "a.b.c.d.example.net"]
    paths = ["", "/", "/index.html", "/a/b/c?d=e:8080", "/" + "x" * 60, "/login:443/now"]
    for i in range(240):
        host, path = random.pick(hosts), random.pick(paths)
        high, rules = 1024 + random.below(64_512), []
        match i % 8:
            case 0 | 1:
                port, rules = f":{high}", ["odd_port"]
            case 2:
                port = ""
            case 3:
                port = random.pick([":80", ":443", ":8"])
            case 4:
                port = f":0{high}"  # A number does not begin with 0.
            case 5:
                port = f":{65_536 + random.below(30_000)}"
            case 6:
                port = f":{high}x"
            case _:
                port = random.pick([":", ":123456789012345678901234567890", ":-1"])
        yield f"{random.pick(['http', 'https', 'ftp'])}://{host}{port}{path}".encode(), rules
    yield b"mailto:1234", []


WORKLOADS = {
    "calls": calls,
    "dns-names": dns_names,
    "heartbleed": heartbleed,
    "port-shape": port_shape,
    "rdnss": rdnss,
    "sha256": sha256,
    "swf-tags": swf_tags,
    "winnti": winnti,
    "xor-pe": xor_pe,
}


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    wrong = 0
    for number, (name, make) in enumerate(WORKLOADS.items()):
        lines, counts = [], {}
        for record, rules in make(Random(0x9E3779B97F4A7C15 + number)):
            lines.append(json.dumps({"payload": {"hex": record.hex()}} if isinstance(record, bytes) else record) + "\n")
            for rule in rules:
                counts[rule] = counts.get(rule, 0) + 1
        path = FOLDER / f"{name}.jsonl"
        print(f"{name}: {len(lines)} records, {counts}")
        if check:
            expected = tomllib.loads((FOLDER / f"{name}.toml").read_text())["expected"]
            for same, what in [(path.read_text() == "".join(lines), path.name), (expected == counts, f"`expected` in {name}.toml")]:
                if not same:
                    wrong += 1
                    print(f"  {what} differs")
        else:
            path.write_text("".join(lines))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
