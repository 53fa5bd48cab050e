#!/usr/bin/env python3
"""Take the HTTP requests out of a capture.

usage: extract.py CAPTURE.pcapng > requests.jsonl

One JSON object a line, in the order in which the requests began:
id, frame (where the request begins), ip, dport, method, uri (the target as sent),
version, headers ([name, value] pairs in order), body. A body that is not UTF-8 is
in body_hex, in hexadecimal, and there is then no body. Chunked bodies are joined.
Header bytes that are not ASCII are read as Latin-1.
"""
import json
import re
import sys

import packets

PORTS = (80, 8080)
FIRST = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) (.*) (HTTP/[0-9.]+)\r\n")


def dechunk(data, at):
    """(body, where it ends), or None when the stream ends within it."""
    out = bytearray()
    while True:
        end = data.find(b"\r\n", at)
        if end < 0:
            return None
        size, at = int(data[at:end].split(b";")[0], 16), end + 2
        if size == 0:
            end = data.find(b"\r\n", at)
            return None if end < 0 else (bytes(out), end + 2)
        out += data[at:at + size]
        at += size + 2


def requests(data):
    """(offset, request) of each whole request of one client stream."""
    at = 0
    while at < len(data):
        first, end = FIRST.match(data, at), data.find(b"\r\n\r\n", at)
        if not first or end < 0:
            print(f"not a request: {data[at:at + 60]!r}", file=sys.stderr)
            return
        headers, framing = [], {}
        for line in data[first.end():end].split(b"\r\n") if end > first.end() - 2 else []:
            name, _, value = line.partition(b":")
            name, value = name.decode("latin-1"), value.strip(b" \t").decode("latin-1")
            headers.append([name, value])
            framing.setdefault(name.lower(), value.lower())
        begin, body, end = at, b"", end + 4
        if framing.get("transfer-encoding") == "chunked":
            joined = dechunk(data, end)
            if joined is None:
                return
            body, at = joined
        else:
            at = end + int(framing.get("content-length", "0"))
            body = data[end:at]
            if at > len(data):
                return
        yield begin, dict(method=first[1].decode(), uri=first[2].decode("latin-1"), version=first[3].decode(),
                          headers=headers, body=body)


def main():
    found = []
    for stream in packets.client_streams(packets.read(sys.argv[1])):
        if stream.dport not in PORTS:
            continue
        data, frames = stream.assemble()
        for begin, request in requests(data):
            frame = max((f for f in frames if f[0] <= begin), key=lambda f: f[0])[1]
            found.append((frame, begin, stream, request))
    found.sort(key=lambda f: f[:2])
    for number, (frame, _, stream, request) in enumerate(found, 1):
        body = request.pop("body")
        line = dict(id=f"r{number:04}", frame=frame, ip=stream.src, dport=stream.dport, **request)
        try:
            line["body"] = body.decode()
        except UnicodeDecodeError:
            line["body_hex"] = body.hex()
        print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()
