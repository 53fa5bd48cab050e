#!/usr/bin/env python3
"""Drive the clients of the sample traffic against the servers, in a fixed order.

usage: drive.py WORK SEED     (called by make-sample-traffic.sh, inside its namespace)

Each session has its own client address: before it starts, the preferred source
address of the loopback route is set to it, so that every program, its name
look-ups included, comes from there.
"""
import http.client
import json
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import time

import requests

import benign

HERE = os.path.dirname(os.path.abspath(__file__))
WORK, SEED = sys.argv[1], int(sys.argv[2])
CA = os.path.join(WORK, "ca.pem")
DNS = "127.0.53.1"
SCANNERS = ["127.66.6.6", "127.66.6.7", "127.66.9.1"]
SCANNER_HOSTS = ["example.com", "shop.example.org", "api.example.net", "admin.example.com", "blog.example.org", "login.example.com"]
TOOLS = {
    "sqli": ["sqlmap/1.7.2#stable (https://sqlmap.org)"],
    "probe": ["Mozilla/5.00 (Nikto/2.5.0) (Evasions:None) (Test:map_codes)", "gobuster/3.6", "DirBuster-1.0-RC1",
              "Mozilla/5.0 (compatible; Nmap Scripting Engine; https://nmap.org/book/nse.html)", "Mozilla/5.0 zgrab/0.x",
              "WPScan v3.8.25 (https://wpscan.com/wordpress-security-scanner)"],
    "brute": ["Mozilla/4.0 (Hydra)"],
    "*": ["Mozilla/5.0 (compatible; Nuclei - Open-source project)", "masscan/1.3", "Go-http-client/1.1", "python-requests/2.28.1",
          "libwww-perl/6.68", "Hello, World", ""],
}


def source(address):
    subprocess.run(["ip", "route", "replace", "local", "127.0.0.0/8", "dev", "lo", "proto", "kernel",
                    "scope", "host", "src", address, "table", "local"], check=True)


def run(command, limit=20, stdin=None):
    """Run one client; what it prints and whether it fails do not matter."""
    try:
        subprocess.run(command, timeout=limit, input=stdin, cwd=WORK,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except subprocess.TimeoutExpired:
        print(f"    too long, ended: {' '.join(command)[:100]}", flush=True)


# --- HTTP clients -----------------------------------------------------------

def curl_text(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t") + '"'


def curl(session, rng):
    """All requests of a session in one curl, so that they share a connection."""
    lines = []
    fixed = rng.random() < 0.5      # half of the sessions do without a name look-up
    for n, r in enumerate(session["requests"]):
        if n:
            lines.append("next")
        lines += ["silent", "globoff", "path-as-is", "max-time = 5", 'output = "/dev/null"', f"url = {curl_text(r['url'])}"]
        host = re.match(r"http://([^/:]+)(?::(\d+))?", r["url"])
        if fixed and host[1] in benign.ADDRESS:
            lines.append(f"resolve = \"{host[1]}:{host[2] or 80}:{benign.ADDRESS[host[1]]}\"")
        if r.get("target"):
            lines.append(f"request-target = {curl_text(r['target'])}")
        for name, value in r["headers"]:
            lines.append(f"header = {curl_text(name + ': ' + value if value else name + ':')}")
        if r["body"] is not None:
            name = os.path.join(WORK, f"curl-body-{n}")
            with open(name, "wb") as out:
                out.write(r["body"] if isinstance(r["body"], bytes) else r["body"].encode())
            lines.append(f"data-binary = \"@{name}\"")
        if r["method"] == "HEAD":
            lines.append("head")
        elif r["method"] != ("GET" if r["body"] is None else "POST"):
            lines.append(f"request = {curl_text(r['method'])}")
    config = os.path.join(WORK, "curl.cfg")
    with open(config, "w", encoding="utf-8") as out:
        out.write("\n".join(lines) + "\n")
    run(["curl", "-K", config])


def with_requests(session, rng):
    client = requests.Session()
    client.trust_env = False
    if session.get("proxy"):
        client.proxies = {"http": session["proxy"]}
    for r in session["requests"]:
        arguments = {}
        if "files" in r:
            # A fixed boundary would be nicer, but the library draws its own.
            arguments["files"] = {k: (v[0], v[1].encode("latin-1"), v[2]) for k, v in r["files"].items()}
        if "form" in r:
            arguments["data"] = r["form"]
        if "body" in r:
            arguments["data"] = r["body"]
        if "chunks" in r:
            arguments["data"] = (c.encode() for c in r["chunks"])
        if "json" in r:
            arguments["json"] = r["json"]
        if "params" in r:
            arguments["params"] = r["params"]
        if "auth" in r:
            arguments["auth"] = tuple(r["auth"])
        try:
            client.request(r["method"], r["url"], headers=dict(r.get("headers", [])), timeout=5,
                           allow_redirects=r["method"] == "GET", **arguments)
        except requests.RequestException as problem:
            print(f"    requests: {type(problem).__name__}", flush=True)
    client.close()


def wget(*arguments):
    run(["wget", "-q", "-nv", "--tries=1", "--timeout=5", "-P", os.path.join(WORK, "wget"), *arguments])
    shutil.rmtree(os.path.join(WORK, "wget"), ignore_errors=True)


def chromium(url, *arguments):
    profile = os.path.join(WORK, "profile")
    run(["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic",
         "--no-first-run", "--no-default-browser-check", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--disable-extensions", "--disable-default-apps", "--disable-domain-reliability",
         "--disable-client-side-phishing-detection", "--no-pings", "--metrics-recording-only",
         "--disable-features=OptimizationHints,MediaRouter,Translate,InterestFeedContentSuggestions,HttpsUpgrades,"
         "HttpsFirstBalancedModeAutoEnable,CertificateTransparencyComponentUpdater,AutofillServerCommunication",
         # The browser's own services: not looked up at all.
         "--host-resolver-rules=MAP *.googleapis.com ~NOTFOUND, MAP *.google.com ~NOTFOUND, MAP *.gstatic.com ~NOTFOUND",
         "--ignore-certificate-errors", f"--user-data-dir={profile}", "--virtual-time-budget=3000", "--timeout=6000",
         *arguments, "--dump-dom", url], limit=40)


# --- the scanner ------------------------------------------------------------

class RawConnection(http.client.HTTPConnection):
    """http.client, without its check that a request target is well-formed."""

    def _validate_path(self, url):
        pass

    def _encode_request(self, request):
        return request.encode("latin-1")


def unescape(text):
    def one(match):
        code = match[1]
        return {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}.get(code) or chr(int(code[1:], 16))
    return re.sub(r"\\(x[0-9a-fA-F]{2}|[rnt\\])", one, text)


def read_attacks():
    with open(os.path.join(HERE, "attacks.tsv"), encoding="utf-8") as source_file:
        for line in source_file:
            if line.startswith("#") or not line.strip():
                continue
            kind, method, target, headers, body = line.rstrip("\n").split("\t")
            pairs = [] if headers == "-" else [
                tuple(unescape(h).split(": ", 1)) for h in headers.split(" || ")]
            yield kind, method, target, pairs, None if body == "-" else unescape(body).encode("latin-1")


def attack_sessions(rng):
    """The attack requests in runs of eight to one host on one connection."""
    attacks = list(read_attacks())
    rng.shuffle(attacks)
    for start in range(0, len(attacks), 8):
        run_of = attacks[start:start + 8]
        number = start // 8
        host = SCANNER_HOSTS[number % len(SCANNER_HOSTS)]
        port = 8080 if host == "api.example.net" and number % 2 else 80
        out = []
        for kind, method, target, pairs, body in run_of:
            names = {n.lower() for n, _ in pairs}
            headers = [] if "host" in names else [("Host", host if port == 80 else f"{host}:{port}")]
            if "user-agent" not in names:
                agent = rng.choice(TOOLS.get(kind, TOOLS["*"]) if rng.random() < 0.5 else
                                   TOOLS["*"] if rng.random() < 0.3 else benign.BROWSERS)
                if agent:
                    headers.append(("User-Agent", agent))
            headers += [("Accept", "*/*")] + pairs
            out.append((kind, method, target, headers, body))
        by_curl = number % 4 == 3 and not any(k in ("smuggle", "method") for k, *_ in out)
        yield dict(client="scan-curl" if by_curl else "scan", src=SCANNERS[1] if by_curl else SCANNERS[0 if number % 3 else 2],
                   host=host, port=port, requests=out)


def scan(session):
    connection = RawConnection(benign.ADDRESS[session["host"]], session["port"], timeout=5)
    for _, method, target, headers, body in session["requests"]:
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value.encode("latin-1"))
            if body is not None:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            connection.getresponse().read()
        except (OSError, http.client.HTTPException) as problem:
            print(f"    scanner: {type(problem).__name__} on {method} {target[:60]}", flush=True)
            connection.close()
    connection.close()


def scan_curl(session, rng):
    out = []
    for _, method, target, headers, body in session["requests"]:
        names = {n.lower() for n, _ in headers}
        hide = [] if "user-agent" in names else [("User-Agent", "")]
        out.append(dict(method=method, url=f"http://{session['host']}:{session['port']}/".replace(":80/", "/"), target=target,
                        headers=headers + hide, body=body))
    curl(dict(requests=out), rng)


def port_scan(ports):
    for port in ports:
        with socket.socket() as probe:
            probe.settimeout(1)
            probe.connect_ex(("127.0.80.1", port))


# --- everything that is not HTTP --------------------------------------------

def dig(*arguments):
    run(["dig", f"@{DNS}", "+tries=1", "+time=2", *arguments])


def s_client(address, *arguments):
    run(["openssl", "s_client", "-connect", f"{address}:443", "-CAfile", CA, *arguments], limit=5,
        stdin=b"Q\n")


def https(url, *arguments):
    run(["curl", "-s", "-o", "/dev/null", "--cacert", CA, "--max-time", "5", *arguments, *([url] if isinstance(url, str) else url)])


def https_requests(*urls):
    client = requests.Session()
    client.trust_env = False
    client.verify = CA
    for url in urls:
        client.get(url, timeout=5)
    client.close()


def sipp(scenario, users, address, count, rate):
    run(["sipp", "127.0.60.1:5060", "-sf", os.path.join(HERE, scenario), "-inf", os.path.join(HERE, users), "-i", address,
         "-p", "5060", "-m", str(count), "-r", str(rate), "-nostdin", "-timeout", "15", "-cid_str", "%u-%p@%s"])


def dns_sessions(rng):
    names = list(benign.ADDRESS) + ["ns.example.com", "mail.example.com", "cdn.example.com", "mobile.example.com", "sip.example.com"]
    yield from (["-t", "A", rng.choice(names), "-t", "AAAA", rng.choice(names + ["www6.example.net"])] for _ in range(14))
    yield ["-t", "MX", "example.com", "-t", "MX", "example.org", "-t", "MX", "shop.example.org"]
    yield ["-t", "TXT", "example.com", "-t", "TXT", "_dmarc.example.com", "-t", "TXT", "_acme-challenge.example.com"]
    yield ["-t", "TXT", "big.example.com", "+tcp"]
    yield ["-t", "TXT", "big.example.com", "+dnssec", "+bufsize=4096", "+nsid"]
    yield ["-t", "A", "example.com", "+tcp", "+noedns"]
    yield ["-t", "AAAA", "www6.example.net", "+tcp", "+nocookie"]
    yield ["-t", "SRV", "_sip._udp.example.com", "-t", "SRV", "_sips._tcp.example.com", "-t", "NAPTR", "example.com"]
    yield ["-t", "NS", "example.com", "-t", "SOA", "example.com", "-t", "CAA", "example.com"]
    yield ["-t", "ANY", "example.com", "+notcp"]
    yield ["-t", "AXFR", "example.com"]
    yield ["-t", "HTTPS", "example.com", "-t", "TLSA", "_443._tcp.example.com", "-t", "DS", "example.com"]
    yield ["-x", "127.0.80.1", "-x", "127.0.80.77", "-x", "::1"]
    yield ["-c", "CH", "-t", "TXT", "version.bind"]
    yield ["-t", "A", "ExAmPlE.CoM", "+norecurse", "-t", "A", "www.example.com", "+cdflag"]
    yield ["-t", "A", "xn--bcher-kva.example.com", "-t", "A", "nosuch.example.com", "-t", "A", "wpad.local"]
    for _ in range(6):      # names such as malware makes up
        yield sum((["-t", "A", "".join(rng.choice("bcdfghjklmnpqrstvwxz0123456789") for _ in range(rng.randint(12, 24)))
                    + rng.choice([".com", ".net", ".org"])] for _ in range(4)), [])
    for _ in range(5):      # data carried in names
        yield sum((["-t", "TXT", "".join(rng.choice("abcdefghijklmnopqrstuvwxyz234567") for _ in range(52)) + "."
                    + benign.hexid(rng, 24) + ".t.example.test"] for _ in range(3)), [])


def other_sessions(rng):
    """(address, label, function) of all that is neither a plan of requests nor an attack."""
    def add(address, label, function, *arguments):
        out.append((address, label, lambda: function(*arguments)))
    out = []
    for n, arguments in enumerate(dns_sessions(rng)):
        add(f"127.10.80.{n + 1}", "dns", dig, *arguments)

    web = "127.0.80.1"
    for n, arguments in enumerate([
            ("-servername", "secure.example.com"), ("-servername", "secure.example.com", "-alpn", "h2,http/1.1"),
            ("-servername", "login.example.com", "-tls1_2"), ("-servername", "shop.example.org", "-tls1_3"),
            ("-noservername",), ("-servername", "api.example.net", "-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"),
            ("-servername", "admin.example.com", "-alpn", "http/1.1"), ("-servername", "unknown.example.test", "-tls1_3"),
            ("-servername", "a" * 60 + ".example.test",), ("-servername", "secure.example.com", "-curves", "P-256"),
            ("-servername", "login.example.com", "-alpn", "h2"), ("-servername", "shop.example.org", "-status"),
            ("-servername", "secure.example.com", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")]):
        add(f"127.10.81.{n + 1}", "tls", s_client, web, *arguments)
    for n, arguments in enumerate([
            ("-servername", "legacy.example.net"), ("-servername", "legacy.example.net", "-tls1_2"),
            ("-servername", "legacy.example.net", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0"),
            ("-servername", "old.example.org", "-tls1", "-cipher", "DEFAULT@SECLEVEL=0"),
            ("-servername", "iot.example.test", "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"),
            ("-servername", "mqtt.example.test", "-alpn", "mqtt"), ("-servername", "legacy.example.net", "-tls1_2", "-no_ticket"),
            ("-noservername", "-tls1_3")]):
        add(f"127.10.82.{n + 1}", "tls", s_client, "127.0.43.2", *arguments)
    for n, (url, *arguments) in enumerate([
            ("https://secure.example.com/",), ("https://secure.example.com/about.html", "--http1.1"),
            ("https://shop.example.org/products/3.html", "--tls-max", "1.2"), ("https://api.example.net/api/v1/items/5",),
            ("https://login.example.com/login", "-d", "user=kim&password=x"), ("https://www.example.com/", "--no-alpn"),
            (["https://example.com/", "https://example.com/about.html", "https://example.com/blog/3"],),
            ("https://api.example.net/api/v1/orders", "-X", "PUT", "-d", "{}", "--tlsv1.3"),
            ("https://blog.example.org/blog/4", "-A", benign.BROWSERS[1]), ("https://static.example.com/js/lib1.js", "--http1.1"),
            ("https://admin.example.com/admin/", "-u", "ops:hunter2"), ("https://127.0.80.1/", "-k"),
            ("https://secure.example.com/", "--tls-max", "1.2", "--http1.1"), ("https://shop.example.org/cart", "-I")]):
        add(f"127.10.83.{n + 1}", "https", https, url, *arguments)
    for n, urls in enumerate([
            ("https://secure.example.com/", "https://secure.example.com/contact.html"), ("https://api.example.net/api/v1/items",),
            ("https://shop.example.org/robots.txt",), ("https://login.example.com/", "https://login.example.com/account")]):
        add(f"127.45.20.{n + 1}", "https", https_requests, *urls)
    add("127.10.84.1", "https", wget, f"--ca-certificate={CA}", "https://secure.example.com/", "https://blog.example.org/blog/2")
    add("127.10.84.2", "https", wget, f"--ca-certificate={CA}", "--secure-protocol=TLSv1_2", "https://shop.example.org/")
    add("127.10.84.3", "h2load", run, ["h2load", "-n", "20", "-c", "2", "-m", "4", "https://secure.example.com/css/site.css"])

    add("127.10.90.1", "wget", wget, "-r", "-l", "1", "http://example.com/")
    add("127.10.90.2", "wget", wget, "-r", "-l", "1", "-e", "robots=off", "http://static.example.com/list.html")
    add("127.10.90.3", "wget", wget, "-r", "-l", "1", "-U", benign.BROWSERS[2], "--header=Accept-Language: de", "http://blog.example.org/")
    add("127.10.90.4", "wget", wget, "--spider", "http://example.com/", "http://example.com/nothere", "http://shop.example.org/img/4.png")
    add("127.10.90.5", "wget", wget, "--post-data=user=wendy&password=abc", "--referer=http://login.example.com/", "http://login.example.com/login")
    add("127.10.90.6", "wget", wget, "--user=ops", "--password=hunter2", "http://admin.example.com/admin/report.csv")
    add("127.10.90.7", "wget", wget, "--method=PUT", "--body-data={\"n\":1}", "--header=Content-Type: application/json",
        "http://api.example.net/api/v1/items/44")
    add("127.10.90.8", "wget", wget, "http://www6.example.net/", "http://www6.example.net/about.html")

    for n, (host, *arguments) in enumerate([("www6.example.net",), ("[::1]", "-A", benign.BROWSERS[3]),
                                            ("www6.example.net", "-A", benign.BROWSERS[1], "-H", "Accept-Language: fr")]):
        add(f"127.10.92.{n + 1}", "curl", run, ["curl", "-6", "-s", "-g", "--max-time", "5", *arguments, *[
            f"http://{host}{p}" for p in ("/", "/about.html", f"/products/{n + 1}.html", "/search?q=ipv6+lamp", "/img/2.png", "/blog/3")]])
    add("127.10.92.9", "https", https, "https://www6.example.net/", "-6")

    desktop, mobile = ("--window-size=1280,800",), ("--window-size=390,844", f"--user-agent={benign.BROWSERS[5]}")
    for n, (url, *arguments) in enumerate([
            ("http://shop.example.org/", *desktop), ("http://example.com/tour.html", *desktop),
            ("http://login.example.com/", *desktop, "--accept-lang=de-DE,de"), ("http://blog.example.org/", *desktop),
            ("http://example.com/products/5.html?utm_source=mail&utm_campaign=spring", *mobile),
            ("http://api.example.net:8080/api/v1/items?page=2", *desktop), ("http://www6.example.net/", *desktop),
            ("http://shop.example.org/?again=1", *mobile),
            ("https://secure.example.com/", *desktop), ("https://shop.example.org/", *desktop)]):
        add(f"127.10.100.{n + 1}", "chromium", chromium, url, *arguments)

    ab = ["ab", "-q", "-s", "5"]
    add("127.10.91.1", "ab", run, [*ab, "-n", "50", "-c", "4", "-k", "http://static.example.com/img/1.png"])
    add("127.10.91.2", "ab", run, [*ab, "-n", "12", "-c", "2", "http://example.com/healthz"])

    for n in range(3):
        add(f"127.50.0.{n + 1}", "sip", sipp, "sip-register.xml", "sip-users.csv", f"127.50.0.{n + 1}", 8, 20)
        add(f"127.50.0.{n + 1}", "sip", sipp, "sip-call.xml", "sip-users.csv", f"127.50.0.{n + 1}", 8, 10)
    add("127.50.0.9", "sip", sipp, "sip-options.xml", "sip-users.csv", "127.50.0.9", 8, 20)
    add(SCANNERS[0], "sip", sipp, "sip-options.xml", "sip-scan.csv", SCANNERS[0], 12, 30)
    add(SCANNERS[0], "sip", sipp, "sip-register.xml", "sip-scan.csv", SCANNERS[0], 6, 30)

    ping = ["ping", "-q", "-i", "0.05"]
    add("127.40.0.1", "ping", run, [*ping, "-c", "6", "127.0.80.1"])
    add("127.40.0.1", "ping", run, [*ping, "-c", "4", "-s", "500", "127.0.80.3"])
    add("127.66.6.6", "ping", run, [*ping, "-c", "2", "-s", "0", "127.0.80.2"])
    add("127.40.0.1", "ping", run, [*ping, "-c", "4", "::1"])
    add("127.66.6.6", "port scan", port_scan, [21, 22, 23, 25, 110, 139, 143, 445, 1433, 1521, 2375, 3306, 3389, 5432, 5900, 6379, 9200, 11211, 27017, 65000])
    add("127.66.9.1", "dns", run, ["dig", "@127.0.80.1", "+tries=1", "+time=1", "example.com"])
    return out


def main():
    rng = random.Random(SEED)
    work = []
    for session in benign.plan(rng):
        function = curl if session["client"] == "curl" else with_requests
        work.append((session["src"], session["client"], lambda s=session, f=function: f(s, rng)))
    for session in attack_sessions(rng):
        work.append((session["src"], session["client"],
                     lambda s=session: scan_curl(s, rng) if s["client"] == "scan-curl" else scan(s)))
    work += other_sessions(rng)
    rng.shuffle(work)
    started = time.monotonic()
    for number, (address, label, function) in enumerate(work, 1):
        source(address)
        function()
        if number % 40 == 0 or number == len(work):
            print(f"  {number} of {len(work)} sessions, {time.monotonic() - started:.0f} s", flush=True)


if __name__ == "__main__":
    main()
