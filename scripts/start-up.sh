#!/bin/sh
# Says what a start of `quintet run` takes with 20 modules that are compiled already, and without any: the median of some runs, in milliseconds.
set -eu
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

median() {
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21; do
        begun=$(date +%s%N)
        "$quintet" run "$1" --input "$input" --scheme "$folder/scheme.toml" --output count --quiet $2 >/dev/null
        echo $((($(date +%s%N) - begun) / 1000))
    done | sort -n | sed -n 11p
}

without=$(median 'text == "a"' '')
with=$(median 'internet_check_07(text) > 0' "$modules --cache $folder/cache")
echo "without modules: $((without / 1000)).$(printf %03d $((without % 1000))) ms; with 20: $((with / 1000)).$(printf %03d $((with % 1000))) ms"
