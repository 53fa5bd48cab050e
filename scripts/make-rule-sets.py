#!/usr/bin/env python3
"""Makes the workloads of a thousand rules: bench-suite/workloads/sets/waf-1000 and edge-1000.

The rules of both, and the records of edge-1000, follow from a fixed seed. How many records each rule must match is counted here, by Python's
own searches and by `re` and `ipaddress`, as the rules are made. With --check nothing is written: what is there must be what would be.
"""

import ipaddress
import json
import random
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent / "bench-suite" / "workloads"
SETS = ROOT / "sets"
RULES = 1000

APPS = """wordpress joomla drupal magento typo3 phpbb vbulletin moodle mediawiki opencart prestashop roundcube zimbra horde squirrelmail
owncloud nextcloud grafana kibana jenkins gitlab gitea bitbucket confluence jira bamboo nexus artifactory sonarqube solr elastic couchdb
mongo-express redis-commander adminer pgadmin webmin cpanel plesk directadmin froxlor zabbix nagios icinga cacti observium librenms
splunk graylog rabbitmq activemq weblogic websphere jboss wildfly glassfish tomcat struts spring flink spark hadoop yarn airflow superset
metabase rundeck ansible puppet consul vault nomad traefik haproxy varnish citrix fortinet paloalto sonicwall pulse ivanti exchange
sharepoint owa lync coldfusion lucee laravel symfony codeigniter yii thinkphp discuz dedecms phpcms seeyon weaver tongda""".split()
FILES = """config setup install upgrade backup dump debug test info status console shell upload editor login admin users export import
phpinfo env settings database connector filemanager webshell cmd eval proxy gateway token keys secrets wp-config web server-status""".split()
EXTENSIONS = "php asp aspx jsp cgi do action cfm pl bak old sql zip tar env yml ini log swp".split()
WORDS = """select insert update delete drop truncate declare exec execute cast convert char nchar concat group_concat extractvalue
updatexml benchmark sleep waitfor pg_sleep dbms_pipe utl_http utl_inaddr xp_cmdshell sp_oacreate openrowset bulk outfile dumpfile
load_file information_schema sysobjects syscolumns sqlite_master pg_catalog pg_user mysql.user all_tables user_tables hex unhex ascii
substring substr mid length database version user schema table_name column_name having order procedure analyse geometrycollection
polygon multipoint linestring json_extract xmltype regexp rlike onload onerror onclick onfocus onmouseover ontoggle onstart onbegin
alert confirm prompt fromcharcode document.cookie document.domain window.location eval settimeout setinterval iframe srcdoc formaction
passthru system shell_exec proc_open popen assert base64_decode gzinflate str_rot13 file_get_contents call_user_func create_function
runtime processbuilder getruntime classloader ognlutil memberaccess scriptengine freemarker velocity thymeleaf jinja twig smarty""".split()
TOOLS = """nikto nuclei masscan zgrab gobuster dirbuster wpscan nmap hydra sqlmap ffuf feroxbuster wfuzz arachni w3af skipfish nessus
openvas qualys acunetix netsparker appscan burp zaproxy joomscan droopescan cmsmap whatweb wappalyzer shodan censys zoomeye fofa
binaryedge projectdiscovery httpx katana subfinder amass xray goby pocsuite commix tplmap dalfox kxss jaeles interactsh slowloris
goldeneye torshammer hulk siege wrk bombardier vegeta locust jmeter gatling scrapy colly mechanize phantomjs casperjs nightmare""".split()
LANGUAGES = "python perl ruby java go rust node php lua curl wget powershell okhttp axios aiohttp".split()
PARTS = """alpha beta gamma delta omega atlas orion vega lyra draco cygnus hydra phoenix pavo corvus crater lupus ara norma circinus
apus mensa pictor dorado volans carina puppis pyxis antlia sextans leo virgo libra scorpius ophiuchus aquila sagitta equuleus pegasus
andromeda perseus auriga gemini cancer taurus aries pisces aquarius capricornus""".split()


def text(value):
    """A text of the language."""
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def pattern(value):
    """A regular expression of the language: its backslashes are its own."""
    return f'"{value}"'


class Pack:
    """Rules, each of which is there once, and how many records they match."""

    def __init__(self, name, records):
        self.name, self.records = name, records
        self.rules, self.counts = {}, []

    def add(self, rule, matches):
        if rule not in self.rules and len(self.rules) < RULES:
            self.rules[rule] = sum(bool(matches(r)) for r in self.records)

    def fill(self, dice, kinds):
        """Rules of each kind in turn, as often as its share says, until there are enough."""
        makers = [make for make, share in kinds for _ in range(share)]
        while len(self.rules) < RULES:
            self.add(*dice.choice(makers)(dice))

    def files(self, about, input, extra):
        width = len(str(RULES))
        names = [f"{self.name.split('-')[0]}-{i:0{width}}" for i in range(1, RULES + 1)]
        head = f"# Made by scripts/make-rule-sets.py: {about}\n\n"
        rules = head + "".join(f"rule {n} = {r}\n" for n, r in zip(names, self.rules))
        about = json.dumps(about)
        toml = f'name = "{self.name}"\nabout = {about}\nrules = "{self.name}.rules"\ninput = "{input}"\n{extra}'
        toml += "\n# Records that each rule matches.\n[expected]\n" + "".join(f"{n} = {c}\n" for n, c in zip(names, self.rules.values()))
        return {f"{self.name}.rules": rules, f"{self.name}.toml": toml}


class Request:
    """The fields of a request that rules ask for, as bytes."""

    def __init__(self, line):
        it = json.loads(line)
        target = it["uri"].split("#")[0]
        scheme = re.match(r"^[A-Za-z0-9+.-]+://[^/?]*", target)
        uri = (target[scheme.end() :] or "/") if scheme else target
        path, _, query = uri.partition("?")
        first = {}
        for name, value in it["headers"]:
            first.setdefault(name.lower(), value.encode())
        self.uri, self.path, self.query = uri.encode(), path.encode(), query.encode()
        self.method = it["method"].encode()
        self.host, self.agent = first.get("host", b""), first.get("user-agent", b"")
        self.headers = [value.encode() for _, value in it["headers"]]
        self.body = bytes.fromhex(it["body_hex"]) if "body_hex" in it else it["body"].encode()
        self.ip = ipaddress.ip_address(it["ip"])


def waf(lines):
    requests = [Request(line) for line in lines]
    # Words of the traffic itself: some rules look for what is there.
    real = sorted({w.decode() for r in requests for w in re.findall(rb"[A-Za-z_]{4,}", r.uri)})
    agents = sorted({w.decode() for r in requests for w in re.findall(rb"[A-Za-z]{4,}", r.agent)})
    hosts = sorted({r.host.decode() for r in requests if re.fullmatch(rb"[a-z0-9.-]+", r.host)})
    paths = sorted({r.path.decode() for r in requests if re.fullmatch(rb"[A-Za-z0-9/._-]+", r.path)})
    file = lambda d: f"{d.choice(FILES)}.{d.choice(EXTENSIONS)}"
    word = lambda d: d.choice(real) if d.random() < 0.05 else d.choice(WORDS)
    path = lambda d: d.choice(paths) if d.random() < 0.1 else f"/{d.choice(APPS)}/{file(d)}"
    matches = lambda pattern, value: re.search(pattern.encode(), value)

    def probe(d):
        p = path(d)
        return f"starts_with(http.request.uri.path, {text(p)})", lambda r: r.path.startswith(p.encode())

    def ends(d):
        p = "/" + file(d)
        return f"ends_with(http.request.uri.path, {text(p)})", lambda r: r.path.endswith(p.encode())

    def inside(d):
        a, b = f"/{d.choice(APPS)}/{d.choice(FILES)}", f"{d.choice(FILES)}.{d.choice(APPS)}"
        rule = f"http.request.uri contains {text(a)} or http.request.uri contains {text(b)}"
        return rule, lambda r: a.encode() in r.uri or b.encode() in r.uri

    def lowered(d):
        w = word(d).lower() + d.choice(["(", "%28", "+", "=", "%20"])
        return f"lower(http.request.uri.query) contains {text(w)}", lambda r: w.encode() in r.query.lower()

    def sqli(d):
        a, b = re.escape(word(d)), re.escape(d.choice(WORDS))
        p = f"(?i){a}([+ ]|%20|/\\*.*\\*/)*(\\(|%28|{b})"
        return f"http.request.uri.query matches {pattern(p)}", lambda r: matches(p, r.query)

    def xss(d):
        p = f"(?i)(<|%3c)[a-z]+[^>]*{re.escape(d.choice(WORDS))}(=|%3d|\\()"
        return f"http.request.uri matches {pattern(p)}", lambda r: matches(p, r.uri)

    def agent(d):
        a, b = d.choice(TOOLS), d.choice(TOOLS)
        if d.random() < 0.5:
            p = f"(?i)({a}|{b})[/ -][0-9]"
            return f"http.user_agent matches {pattern(p)}", lambda r: matches(p, r.agent)
        w = d.choice(agents) if d.random() < 0.1 else f"{a}-{d.choice(LANGUAGES)}"
        return f"http.user_agent contains {text(w)}", lambda r: w.encode() in r.agent

    def body(d):
        w = f"{d.choice(WORDS)}{d.choice(['(', '[', '&', '<'])}{d.choice(FILES)}"
        rule = f'http.request.method == "POST" and http.request.body.raw contains {text(w)}'
        return rule, lambda r: r.method == b"POST" and w.encode() in r.body

    def header(d):
        w = f"{d.choice(WORDS)}:{d.choice(APPS)}"
        return f"any(http.request.headers.values[*] contains {text(w)})", lambda r: any(w.encode() in v for v in r.headers)

    def network(d):
        net = ipaddress.ip_network(f"127.{d.choice([10, 20, 30, 40, 45, 66, 70, 80])}.{d.randrange(256)}.0/24")
        p = d.choice(paths) if d.random() < 0.3 else f"/{d.choice(APPS)}"
        rule = f"ip.src in {{{net}}} and starts_with(http.request.uri.path, {text(p)})"
        return rule, lambda r: r.ip.version == 4 and r.ip in net and r.path.startswith(p.encode())

    def host(d):
        h = d.choice(hosts) if d.random() < 0.2 else f"{d.choice(PARTS)}.{d.choice(APPS)}.example.net"
        f = d.choice(FILES)
        rule = f"http.host == {text(h)} and http.request.uri.path contains {text(f)}"
        return rule, lambda r: r.host == h.encode() and f.encode() in r.path

    def wild(d):
        a, e = d.choice(APPS), d.choice(EXTENSIONS)
        p = f"(?is)\\A.*/{re.escape(a)}/.*\\.{e}\\Z"
        return f"http.request.uri.path wildcard {text(f'*/{a}/*.{e}')}", lambda r: matches(p, r.path)

    def long(d):
        n, m = d.randrange(200, 2000), d.choice(["GET", "POST", "PUT"])
        rule = f"http.request.method == {text(m)} and len(http.request.uri) > {n}"
        return rule, lambda r: r.method == m.encode() and len(r.uri) > n

    def strange(d):
        h = re.escape(d.choice(PARTS))
        p = f"^([a-z0-9.:-]|\\[|\\]|{h})*$"
        return f"not http.host matches {pattern(p)}", lambda r: not matches(p, r.host)

    pack = Pack("waf-1000", requests)
    kinds = [(probe, 18), (ends, 6), (inside, 14), (lowered, 10), (sqli, 12), (xss, 5), (agent, 12), (body, 6), (header, 4), (network, 6)]
    pack.fill(random.Random(1000), kinds + [(host, 6), (wild, 4), (long, 2), (strange, 1)])
    about = "A web application firewall's pack of 1,000 distinct rules of the kinds of waf-pack, over every request; some look for what is there."
    return pack.files(about, "../data/requests.jsonl", 'format = "http"\n')


def edge():
    dice = random.Random(1001)
    names = [f"{a}.{b}.example.{d}" for a in PARTS for b in APPS[:40] for d in ("com", "net")]
    dice.shuffle(names)
    ports = [80, 443, 8080, 8443, 22, 25, 53, 123, 993, 3306, 5432, 6379]
    address = lambda d: ipaddress.ip_address((10 << 24) + (d.randrange(32) << 16) + d.randrange(1 << 16))
    six = lambda d: ipaddress.ip_address((0x20010DB8 << 96) + (d.randrange(64) << 80) + d.randrange(1 << 16))
    few = lambda d, items: items[min(int(d.expovariate(6 / len(items))), len(items) - 1)]
    records = []
    for _ in range(2000):
        ip = six(dice) if dice.random() < 0.2 else address(dice)
        port = few(dice, ports) if dice.random() < 0.7 else dice.randrange(1024, 65536)
        method = dice.choice(["GET"] * 8 + ["POST", "HEAD"])
        records.append({"ip.src": str(ip), "tcp.dstport": port, "http.host": few(dice, names), "http.request.method": method})
    ips = {r["ip.src"]: ipaddress.ip_address(r["ip.src"]) for r in records}

    def net(d):
        if d.random() < 0.2:
            return ipaddress.ip_network((int(six(d)) >> 80 << 80, 48))
        bits = d.choice([12, 16, 20, 24, 24, 24, 28, 32])
        return ipaddress.ip_network((int(address(d)) >> (32 - bits) << (32 - bits), bits))

    def is_in(r, nets):
        return any(ips[r["ip.src"]].version == n.version and ips[r["ip.src"]] in n for n in nets)

    def block(d):
        nets = [net(d) for _ in range(d.choice([1, 1, 2, 4]))]
        return f"ip.src in {{{' '.join(map(str, nets))}}}", lambda r: is_in(r, nets)

    def service(d):
        n, p = net(d), d.choice(ports) if d.random() < 0.3 else d.randrange(1, 65536)
        return f"tcp.dstport == {p} and ip.src in {{{n}}}", lambda r: r["tcp.dstport"] == p and is_in(r, [n])

    def ports_of(d):
        low = d.randrange(1, 65000)
        high = low + d.choice([1, 10, 100, 500])
        h = d.choice(names)
        rule = f"tcp.dstport >= {low} and tcp.dstport <= {high} and http.host != {text(h)}"
        return rule, lambda r: low <= r["tcp.dstport"] <= high and r["http.host"] != h

    def site(d):
        h, n = d.choice(names[:200] if d.random() < 0.2 else names), net(d)
        return f"http.host == {text(h)} and not ip.src in {{{n}}}", lambda r: r["http.host"] == h and not is_in(r, [n])

    def sites(d):
        hs = [d.choice(names) for _ in range(d.choice([2, 3, 5]))]
        rule = f'http.request.method == "POST" and http.host in {{{" ".join(map(text, hs))}}}'
        return rule, lambda r: r["http.request.method"] == "POST" and r["http.host"] in hs

    def domain(d):
        s = f".{d.choice(APPS[:40])}.example.{d.choice(['com', 'net'])}"
        p = d.choice(ports)
        rule = f"ends_with(http.host, {text(s)}) and tcp.dstport == {p}"
        return rule, lambda r: r["http.host"].endswith(s) and r["tcp.dstport"] == p

    pack = Pack("edge-1000", records)
    pack.fill(dice, [(block, 3), (service, 3), (ports_of, 1), (site, 3), (sites, 1), (domain, 1)])
    about = "An edge proxy's pack of 1,000 distinct rules on addresses, ports and hosts, over 2,000 requests."
    files = pack.files(about, "edge-1000.jsonl", 'format = "jsonl"\nscheme = "edge-1000.scheme.toml"\n')
    files["edge-1000.jsonl"] = "".join(json.dumps(r) + "\n" for r in records)
    files["edge-1000.scheme.toml"] = (
        '[fields]\n"ip.src" = "Ip"\n"tcp.dstport" = "Int"\n"http.host" = "Bytes"\n"http.request.method" = "Bytes"\n'
    )
    return files


def main():
    lines = (ROOT / "data" / "requests.jsonl").read_text().splitlines()
    files = {**waf(lines), **edge()}
    if sys.argv[1:] == ["--check"]:
        wrong = [name for name, text in files.items() if not (SETS / name).exists() or (SETS / name).read_text() != text]
        sys.exit(f"other than what is made: {', '.join(wrong)}" if wrong else 0)
    SETS.mkdir(exist_ok=True)
    for name, content in files.items():
        (SETS / name).write_text(content)
        print(f"{SETS.name}/{name}: {len(content)} bytes")


if __name__ == "__main__":
    main()
