#!/usr/bin/env python3
"""Add what criterion measured to a result file of `quintet compare`.

Reads benchmark.json and estimates.json of every benchmark's newest run below
the criterion folder, and writes the result file with them as its `criterion`
list, in place of the one that it had.

  group      criterion's group: run_batch/waf-pack, scaling/set-members/int
  function   criterion's function: jit, jit/no-passes
  parameter  criterion's parameter, the size in scaling; left out where none
  ns         the slope where criterion fitted one, else the mean: ns of one
             iteration, with low and high, its interval at 95 %
  elements   what one iteration works on, records or rules; left out where the
             benchmark does not say

Exit status: 0 folded, 2 the result file or a benchmark cannot be read; then
nothing is written.
"""

import argparse
import json
import math
import sys
from pathlib import Path

FORMAT = "quintet-results"
VERSION = 3


class Refused(Exception):
    """Input that cannot be used: where, why, and what helps."""


def no_number(name):
    raise ValueError(f"{name} is no JSON")


def read_json(path):
    try:
        return json.loads(path.read_text(encoding="utf-8"), parse_constant=no_number)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise Refused(f"{path}: not JSON, or truncated: {error}") from error


def read_results(path):
    """A result file, refused where `quintet report` would refuse it by its head."""
    results = read_json(path)
    found = results.get("format", "missing") if isinstance(results, dict) else "missing"
    if found != FORMAT:
        raise Refused(f"{path}: not a result file: `format` is `{found}` instead of `{FORMAT}`")
    version = results.get("version")
    if version != VERSION:
        raise Refused(
            f"{path}: a result file of version {version}; this script reads version {VERSION}: run `quintet compare` again"
        )
    if not isinstance(results.get("workloads"), list) or not results["workloads"]:
        raise Refused(f"{path}: the result file holds no workload: nothing was measured")
    for workload in results["workloads"]:
        if isinstance(workload, dict) and workload.get("difference") is not None:
            raise Refused(f"{path}: the answers differed on workload `{workload.get('name')}`: run `quintet compare` again")
    return results


def member(path, value, key, kinds):
    """`value[key]`, which is of one of these types."""
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, kinds) or isinstance(found, bool):
        raise Refused(f"{path}: `{key}` is missing or not what criterion 0.8 writes; delete the folder and run `cargo bench` again")
    return found


def elements(path, throughput):
    """The elements of an iteration; None where its throughput is in something else."""
    if not isinstance(throughput, dict) or "Elements" not in throughput:
        return None
    return member(path, throughput, "Elements", int)


def folded(folder):
    """The entry of one benchmark, from the folder of its newest run."""
    path = folder / "benchmark.json"
    benchmark = read_json(path)
    entry = {"group": member(path, benchmark, "group_id", str)}
    entry["function"] = member(path, benchmark, "function_id", (str, type(None))) or ""
    parameter = member(path, benchmark, "value_str", (str, type(None)))
    if parameter is not None:
        entry["parameter"] = parameter
    count = elements(path, benchmark.get("throughput"))

    path = folder / "estimates.json"
    estimates = read_json(path)
    estimate = estimates.get("slope") if isinstance(estimates, dict) else None
    if estimate is None:
        estimate = member(path, estimates, "mean", dict)
    interval = member(path, estimate, "confidence_interval", dict)
    if not math.isclose(member(path, interval, "confidence_level", (int, float)), 0.95):
        raise Refused(f"{path}: its interval is not at 95 %; run `cargo bench` again without --confidence-level")
    entry["ns"] = member(path, estimate, "point_estimate", (int, float))
    entry["low"] = member(path, interval, "lower_bound", (int, float))
    entry["high"] = member(path, interval, "upper_bound", (int, float))
    if not all(math.isfinite(entry[key]) for key in ("ns", "low", "high")) or entry["ns"] <= 0:
        raise Refused(f"{path}: the estimate is not a positive number of nanoseconds")
    if count is not None:
        entry["elements"] = count
    return entry


def natural(entry):
    """The order of entries: groups and functions by name, sizes by number."""
    parameter = entry.get("parameter", "")
    return entry["group"], entry["function"], int(parameter) if parameter.isdecimal() else 0, parameter


def fold(criterion):
    """All entries below a criterion folder, and the runs without estimates, which were interrupted."""
    if not criterion.is_dir():
        raise Refused(f"{criterion}: no such folder; run `cargo bench` first, or name the folder with --criterion")
    entries, skipped = [], []
    for path in sorted(criterion.rglob("new/benchmark.json")):
        if (path.parent / "estimates.json").exists():
            entries.append(folded(path.parent))
        else:
            skipped.append(path.parent)
    entries.sort(key=natural)
    for before, after in zip(entries, entries[1:]):
        if natural(before) == natural(after):
            name = "/".join(filter(None, (after["group"], after["function"], after.get("parameter"))))
            raise Refused(f"{criterion}: benchmark {name} is there twice; delete the folder and run `cargo bench` again")
    return entries, skipped


def write(path, results):
    """Writes the file in one step, so that a reader never sees half of it."""
    half = path.with_name(path.name + ".part")
    try:
        with half.open("w", encoding="utf-8") as file:
            json.dump(results, file, ensure_ascii=False, separators=(",", ":"))
            file.write("\n")
        half.replace(path)
    except OSError as error:
        raise Refused(f"{path}: {error.strerror}") from error


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("results", type=Path, metavar="RESULTS.json", help="the result file of `quintet compare`")
    parser.add_argument(
        "--criterion", type=Path, default=Path("target/criterion"), metavar="DIR", help="criterion's folder (default: %(default)s)"
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="where to write (default: the result file itself)")
    arguments = parser.parse_args()
    try:
        results = read_results(arguments.results)
        results["criterion"], skipped = fold(arguments.criterion)
        if not results["criterion"]:
            raise Refused(f"{arguments.criterion}: holds no finished benchmark; run `cargo bench` first")
        out = arguments.out or arguments.results
        write(out, results)
    except Refused as refused:
        print(f"fold-criterion.py: {refused}", file=sys.stderr)
        return 2
    for folder in skipped:
        print(f"skipped {folder}: no estimates.json, so the run was interrupted", file=sys.stderr)
    print(f"{out}: {len(results['criterion'])} benchmarks folded, {len(skipped)} skipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
