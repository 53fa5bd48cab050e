#!/usr/bin/env bash
# Measures the shipped workloads, in all configurations and beside other engines, and writes the report to reports/published/.
set -euo pipefail

usage() {
    cat <<'END'
usage: publish.sh [--without-criterion] [further flags of `quintet compare`]

Runs `quintet compare --backend all --passes both`, then criterion's suite (`cargo bench`), folds its results in, and writes
reports/published/: results.json (every sample), index.html, report.md and the charts. It takes about half an hour on two cores; nothing
else should run meanwhile. --without-criterion leaves out criterion's suite, and so the scaling curves.
END
}

criterion=yes
case "${1:-}" in
--help | -h) usage; exit 0 ;;
--without-criterion) criterion=no; shift ;;
esac

cd "$(dirname "$0")/.."
out=target/quintet/published
cargo build --release --bin quintet
target/release/quintet compare --backend all --passes both --out "$out" "$@"
if [ "$criterion" = yes ]; then
    rm -rf target/criterion # so that no benchmark of another day is folded in
    cargo bench
    scripts/fold-criterion.py "$out/results.json" --out "$out/results.json"
fi
rm -rf reports/published
mkdir -p reports/published
cp "$out/results.json" reports/published/results.json
target/release/quintet report "$out/results.json" --out reports/published
