#!/usr/bin/env bash
# Builds the npm package and what stands on it, and tests them in Node and in a headless Chromium. Needs Node 20, npm and a Chromium (CHROMIUM
# names one that is not in its usual place).
set -euo pipefail
cd "$(dirname "$0")/../js"

rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
cargo fmt --all --check
cargo clippy --locked --release --all-targets -- -D warnings
npm ci --no-audit --no-fund
npm run build
# What a page shows is compared with what the command line shows.
(cd .. && cargo build --locked --release --workspace --bin quintet)
QUINTET=$PWD/../target/release/quintet npm test
npm run test:app

cd ../web
npm ci --no-audit --no-fund
npm run build
npm test

# The language server, by its protocol; published and generated texts, printed again and edited.
cd ..
cargo test --locked --release --workspace --test protocol --test tree
