"""Lays out the project's own data for the tests, with what the command line answers on it: `python lay_out.py QUINTET FOLDER`."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORKLOADS = ROOT / "bench-suite" / "workloads"

REQUESTS_SCHEME = """[fields]
frame = "Int"
ip = "Ip"
dport = "Int"
method = "Bytes"
uri = "Bytes"
version = "Bytes"
body = { type = "Bytes", optional = true }
"""
REQUESTS_RULES = """rule private   = ip in {127.0.0.0/8 10.0.0.0/8}
rule lab       = ip == 127.10.50.233 and dport in {80 8080}
rule posted    = method in {"POST" "PUT"} and len(body) > 10
rule probes    = lower(uri) contains ".php" or uri matches "(?i)(%2e|[.]){2}/"
rule tautology = uri matches "(?i)(%27|'|[0-9])([+ ]|%20)*or([+ ]|%20)*[0-9'%]"
rule odd       = 1000 / (frame % 7) > 200
rule old       = not version == "HTTP/1.1"
rule nested    = uri wildcard "*/api/*" and not (dport == 80 and method == "GET")
"""
RUNS = {
    "edge": ("edge-filter.rules", "data/requests.jsonl", None),
    "payload": ("payload-search.rules", "data/traffic.pcapng", None),
    "waf": ("waf-pack.rules", "data/requests.jsonl", "http"),
    "calls": ("scripts/calls.rules", "scripts/calls.jsonl", (WORKLOADS / "scripts/calls.scheme.toml").read_text()),
    "scan": ("../../examples/state/port-scan.rules", "data/traffic.pcapng", "packets"),
}


def ran(quintet: str, rules: Path, data: Path, *more: str) -> str:
    command = [quintet, "run", str(rules), "--input", str(data), "--output", "numbers", "--quiet", *more]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def corpus(quintet: str, folder: Path, rules: str, scheme: str, records: str) -> None:
    folder.mkdir(parents=True)
    for name, text in [("rules", rules), ("scheme.toml", scheme), ("records.jsonl", records)]:
        (folder / name).write_text(text)
    (folder / "expected").write_text(ran(quintet, folder / "rules", folder / "records.jsonl", "--scheme", str(folder / "scheme.toml")))


def main(quintet: str, to: str) -> None:
    folder = Path(to).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    corpus(quintet, folder / "requests", REQUESTS_RULES, REQUESTS_SCHEME, (WORKLOADS / "data/requests.jsonl").read_text())
    bench = [WORKLOADS / "wirefilter-bench.rules", WORKLOADS / "data/wirefilter-bench.scheme.toml", WORKLOADS / "data/wirefilter-bench.jsonl"]
    corpus(quintet, folder / "wirefilter-bench", *(path.read_text() for path in bench))
    for about in sorted((WORKLOADS / "scripts").glob("*.toml")):
        workload = tomllib.loads(about.read_text())
        if "rules" not in workload or not workload["input"].endswith(".jsonl") or "scheme" not in workload:
            continue
        files = [about.parent / workload[key] for key in ["rules", "scheme", "input"]]
        corpus(quintet, folder / about.stem, *(path.read_text() for path in files))
    for name, (rules, data, scheme) in RUNS.items():
        rules, data = (WORKLOADS / rules).resolve(), WORKLOADS / data
        given = []
        if scheme and "\n" in scheme:
            (folder / f"{name}.toml").write_text(scheme)
            given = ["--scheme", str(folder / f"{name}.toml")]
        elif scheme:
            given = ["--scheme", scheme]
        (folder / f"{name}.expected").write_text(ran(quintet, rules, data, *given))
        lines = [str(rules), str(data), *given[1:]]
        (folder / f"{name}.run").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
