#!/bin/sh
# Builds the example modules and puts them beside their sources: examples/modules/*.wasm.
#
# Rust:           rustup target add wasm32-unknown-unknown
# C:              clang and lld (Debian: apt install clang lld), or Zig (pip install ziglang)
# AssemblyScript: Node.js (npx fetches assemblyscript)
set -eu
cd "$(dirname "$0")/../examples/modules"
quintet=${QUINTET:-../../target/release/quintet}

for name in shannon mqtt certificate cef; do
    (cd "$name" && CARGO_TARGET_DIR=../../../target/guests cargo build --release --quiet --target wasm32-unknown-unknown)
    "$quintet" module build "../../target/guests/wasm32-unknown-unknown/release/$name.wasm" --out "$name.wasm"
done

include=../../crates/module/include
flags="-O2 -nostdlib -ffreestanding -Wl,--no-entry -I$include"
if command -v clang >/dev/null && command -v wasm-ld >/dev/null; then
    clang --target=wasm32 $flags -o checksum.wasm c/checksum.c
else
    python3 -m ziglang cc -target wasm32-freestanding $flags -o checksum.wasm c/checksum.c
fi
"$quintet" module build checksum.wasm

(cd assemblyscript && npx --yes --package assemblyscript@0.28 asc lines.ts --outFile ../lines.wasm --runtime stub --use abort= -O3 --noAssert)
"$quintet" module build lines.wasm
