#!/usr/bin/env python3
"""How far one quick run can be trusted: runs `quintet compare --quick` on one workload many times and prints, for each pair of rows, in how
many runs the 95 % interval of their ratio holds the ratio of all runs pooled, and how far apart the processes of a run are; and whether the
recommendation is the same in all runs.

  scripts/repeatability.py --runs 20                              small-sets with closures, jit and lua
  scripts/repeatability.py --workload waf-pack --backend interp --backend jit
  scripts/repeatability.py --slowed lua:4                         one process of each run made out to be slower

Exit status: 0 each interval holds the pooled ratio in at least nine of ten runs and no run recommends another backend; 1 not so.
"""

import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import tempfile

# Records per change of the rules so many that only the cost per record counts, and rates at which the choice matters.
ENDLESS = ["--evaluations", "1e15"]
RATES = [[], ["--records-per-second", "1000000"], ["--records-per-second", "10000000", "--worth-share", "0%"]]


def choose(quintet, results, extra):
    return json.loads(subprocess.run([quintet, "choose", results, "--output", "json", *extra], check=True, capture_output=True).stdout)


def pooled(files):
    """The first file with the samples of all: each file's processes are processes of the pool."""
    whole = json.loads(files[0].read_text())
    rest = [json.loads(f.read_text())["workloads"][0] for f in files[1:]]
    first = whole["workloads"][0]
    for other in rest:
        first["rounds"] += other["rounds"]
        first["processes"] += other["processes"]
        for row in first["rows"]:
            twin = next(r for r in other["rows"] if r["id"] == row["id"])
            for phase, measure in row["phases"].items():
                measure["ns"] += twin["phases"][phase]["ns"]
            row.pop("latency", None)
    first["again"] = None
    return whole


def centre(rounds):
    """The interquartile mean of the logarithm, as the crate `quintet-results` takes it."""
    logs = sorted(map(math.log, rounds))
    cut = len(logs) // 4
    return statistics.fmean(logs[cut : len(logs) - cut])


def apart(files, phase, row, base):
    """The standard deviation between processes of the logarithm of two rows' ratio: from run to run it is averaged as a variance."""
    variances = []
    for file in files:
        rows = {r["id"]: r["phases"][phase]["ns"] for r in json.loads(file.read_text())["workloads"][0]["rows"] if phase in r["phases"]}
        variances.append(statistics.variance([centre(a) - centre(b) for a, b in zip(rows[row], rows[base])]))
    return math.sqrt(statistics.fmean(variances))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--workload", default="small-sets")
    parser.add_argument("--backend", action="append", default=[])
    parser.add_argument("--slowed", help="ROW:FACTOR, for the first process of each run")
    parser.add_argument("--keep", type=pathlib.Path, help="a folder for each run's results; runs that are there already are not measured again")
    parser.add_argument("--quintet", default="target/release/quintet")
    args = parser.parse_args()
    backends = args.backend or ["closures", "jit", "lua"]
    with tempfile.TemporaryDirectory() as folder:
        files, chosen, notes = [], [], 0
        for run in range(args.runs):
            out = (args.keep or pathlib.Path(folder)) / str(run)
            command = [args.quintet, "compare", "--quick", "--workload", args.workload, "--out", str(out)]
            command += [word for backend in backends for word in ("--backend", backend)]
            command += ["--slowed", args.slowed] if args.slowed else []
            files.append(out / "results.json")
            said = out / "said.txt"
            if not said.exists():
                text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
                said.write_text(text)
            notes += "\nnote: " in said.read_text()
            chosen.append([choose(args.quintet, files[-1], extra)["verdict"] for extra in RATES])
            print(f"run {run + 1} of {args.runs}", file=sys.stderr)
        whole = pathlib.Path(folder) / "pooled.json"
        whole.write_text(json.dumps(pooled(files)))
        good = True
        for mode in ("batch", "single"):
            mode_flags = [*ENDLESS, "--mode", mode]
            truth = choose(args.quintet, whole, mode_flags)["ranked"]
            base = truth[0]["id"]
            for row in truth[1:]:
                held, widths = 0, []
                for file in files:
                    ranked = choose(args.quintet, file, mode_flags)["ranked"]
                    if ranked[0]["id"] != base:
                        print(f"{mode}: a run found {ranked[0]['id']} quicker than {base}; the ratio to {base} is not among its own")
                        continue
                    ratio = next(r["ratio"] for r in ranked if r["id"] == row["id"])
                    held += ratio["low"] <= row["ratio"]["value"] <= ratio["high"]
                    widths.append(ratio["high"] / ratio["low"])
                widths.sort()
                middle = widths[len(widths) // 2] if widths else float("nan")
                print(
                    f"{mode}: {row['id']} to {base}: {row['ratio']['value']:.3f}x pooled; within the interval of {held} of {args.runs} runs;"
                    f" the middle interval's ends are {middle:.2f}x apart, the processes of a run {apart(files, mode, row['id'], base):.1%}"
                )
                good &= held >= 0.9 * args.runs
        for place, extra in enumerate(RATES):
            named = [run[place] for run in chosen]
            # A run that tells the recommended row from no other says "no difference", which contradicts none.
            names = {v["recommended"] for v in named if v["because"] != "no_difference"}
            print(f"recommended with {' '.join(extra) or 'the default rates'}: {', '.join(sorted(names)) or 'no difference'} in all {args.runs} runs"
                  if len(names) <= 1 else f"recommended with {' '.join(extra)}: {', '.join(sorted(names))}")
            good &= len(names) <= 1
        if args.slowed:
            print(f"a note named a process of its own kind in {notes} of {args.runs} runs")
            good &= notes == args.runs
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
