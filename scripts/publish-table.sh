#!/usr/bin/env bash
# Measures the shipped workloads and writes the tables to reports/published/: what `quintet compare` prints, the command that made it,
# and every sample.
set -euo pipefail

usage() {
    cat <<'END'
usage: publish-table.sh [--quick] [further flags of `quintet compare`]

Runs `quintet compare` and writes reports/published/compare.md and compare.json. The full run takes a few minutes.
END
}
[ "${1:-}" != "--help" ] || { usage; exit 0; }

cd "$(dirname "$0")/.."
out=target/quintet/published
mkdir -p "$out"
command=(cargo run --release --bin quintet -- compare "$@")
"${command[@]}" --out "$out" >"$out/tables.md"

mkdir -p reports/published
{
    echo "# The backends on the shipped workloads"
    echo
    echo "Made by \`scripts/publish-table.sh${*:+ $*}\`; every sample is in [compare.json](compare.json)."
    echo
    python3 - "$out/results.json" <<'END'
import datetime, json, sys
results = json.load(open(sys.argv[1]))
machine, options = results["machine"], results["options"]
when = datetime.datetime.fromtimestamp(results["finished_at"], datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
print(f"{when}, {machine['cpu']} ({machine['cores']} logical processors, {machine['os']} {machine['arch']}); "
      f"{options['rounds']} rounds of samples of {options['sample_ns'] / 1e6:g} ms.")
print("Versions: " + ", ".join(f"{name} {version}" for name, version in results["versions"].items()) + ".")
END
    grep -v 'results\.json$' "$out/tables.md"
} >reports/published/compare.md
cp "$out/results.json" reports/published/compare.json
echo "reports/published/compare.md"
