#!/usr/bin/env bash
# Builds the npm package and the pages that stand on it: web/dist, plain files to be served from anywhere, as `quintet serve` does. Needs Node 20
# and npm.
set -euo pipefail
cd "$(dirname "$0")/../js"

rustup target list --installed | grep -qx wasm32-unknown-unknown || rustup target add wasm32-unknown-unknown
npm ci --no-audit --no-fund
npm run build
cd ../web
npm ci --no-audit --no-fund
npm run build
