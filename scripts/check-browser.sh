#!/usr/bin/env bash
# Builds the npm package and the pages that stand on it, and tests them in Node and in a headless Chromium. Needs Node 20, npm and a Chromium
# (CHROMIUM names one that is not in its usual place). With --compile it does no more than what the others of its steps begin with: compiling.
set -euo pipefail
cd "$(dirname "$0")/../js"

scripts=../scripts
cargo fmt --all --check
cargo clippy --locked --all-targets -- -D warnings
if [[ ${1-} == --compile ]]; then
    exec cargo run --quiet --locked --bin xtask
fi
"$scripts/web.sh"
# What a page shows is compared with what the command line shows, and with what its server tells it.
(cd .. && cargo build --locked --release --workspace --features quintet-cli/tables,quintet-cli/serve --bin quintet)
export QUINTET=$PWD/../target/release/quintet
npm test
npm run test:app
(cd ../web && npm test)

# The language server, by its protocol; published and generated texts, printed again and edited.
cd ..
cargo test --locked --release --workspace --test protocol --test tree
