#!/usr/bin/env bash
# Measures the rule scripts in all configurations beside Rust and Lua by hand, and prints the two tables of Suricata's ticket on Lua and
# WASM, its figures beside today's, and how each script compares to Rust.
set -euo pipefail

usage() {
    cat <<'END'
usage: seed-tables.sh [flags of `quintet compare`, such as --quick]
       seed-tables.sh --from RESULTS.json

Runs `quintet compare --workload scripts --backend all --peers on --parts off` into target/quintet/scripts and prints, of its results.json:

  1,000,000 calls of an increment       the ticket: Rust 51 ns in all, WASM 439 ms, Lua 158 ms
  SHA-256 of 40 kB, 1,000 times         the ticket: Rust 635 ms, WASM 985 ms, LuaJIT 750 ms, plain Lua 42 s
  every script                          each row's ratio to Rust by hand

with every row; ratios have intervals at 95 %. It takes about a quarter of an hour on two cores, with --quick three minutes; nothing
else should run meanwhile. --from prints the tables of a run that there is.
END
}

cd "$(dirname "$0")/.."
case "${1:-}" in
--help | -h) usage; exit 0 ;;
--from)
    results=${2:?"--from wants a result file"}
    ;;
*)
    out=target/quintet/scripts
    results=$out/results.json
    command=(target/release/quintet compare --workload scripts --backend all --peers on --parts off --out "$out" "$@")
    cargo build --release --bin quintet
    echo "${command[*]}" >&2
    mkdir -p "$out"
    "${command[@]}" >"$out/tables.txt"
    ;;
esac
cargo run --quiet --release --package quintet-results --example seed_tables "$results"
