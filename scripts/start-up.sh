#!/usr/bin/env bash
# Says what a start of `quintet run` takes with 20 modules that are compiled already, and without any, in milliseconds: the least and the median of some
# runs, and the time of a core that they had on average, in which other work on the machine is not.
set -euo pipefail
cd "$(dirname "$0")/.."
quintet=${QUINTET:-target/release/quintet}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
input=$folder/one.jsonl
echo '{"text": "a"}' >"$input"
printf '[fields]\n"text" = "Bytes"\n' >"$folder/scheme.toml"

# Twenty modules of the C example's code, whose functions have names of their own.
modules=
for i in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 17 18 19 20; do
    LC_ALL=C sed "s/internet_checksum/internet_check_$i/g; s/first_line/first_ln$i/g" examples/modules/checksum.wasm >"$folder/m$i.wasm"
    modules="$modules --module $folder/m$i.wasm"
done
"$quintet" module compile "$folder"/m*.wasm --cache "$folder/cache" >/dev/null

runs=41
# The time that the children of a shell have had of cores, in microseconds.
cores() {
    times >"$folder/times"
    tail -n 1 "$folder/times" | tr ms ' ' | tr -d . | awk '{ print ($1 * 60000 + $2 + $3 * 60000 + $4) * 1000 }'
}
measure() {
    local begun all=() before after
    cores >"$folder/before"
    for _ in $(seq $runs); do
        begun=$(date +%s%N)
        "$quintet" run "$1" --input "$input" --scheme "$folder/scheme.toml" --output count --quiet $2 >/dev/null
        all+=($((($(date +%s%N) - begun) / 1000)))
    done
    cores >"$folder/after"
    before=$(<"$folder/before") after=$(<"$folder/after")
    printf '%s\n' "${all[@]}" | sort -n | awk -v core=$(((after - before) / runs)) \
        '{ all[NR] = $1 } END { printf "least %.1f ms, median %.1f ms, of a core %.1f ms\n", all[1] / 1000, all[int((NR + 1) / 2)] / 1000, core / 1000 }'
}

echo "without modules: $(measure 'text == "a"' '')"
echo "with 20 modules: $(measure 'internet_check_07(text) > 0' "$modules --cache $folder/cache")"
