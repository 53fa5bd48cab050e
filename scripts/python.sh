#!/usr/bin/env bash
# Builds the wheel for Python and tests it in fresh environments: with polars alone, with pyarrow alone, and with pandas and duckdb, which want pyarrow
# too. Masks are compared with what the command line prints on the project's own data. Needs Python 3.11 or later with venv, and PyPI.
#
#     scripts/python.sh           builds target/python/wheels/quintet-*.whl and tests it
set -euo pipefail
cd "$(dirname "$0")/.."
work=$PWD/target/python
python=${PYTHON:-python3}
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_QUIET=1

environment() { # NAME PACKAGE...: a fresh one
    rm -rf "$work/$1" && "$python" -m venv "$work/$1" && "$work/$1/bin/pip" install "${@:2}"
}

echo "== build"
mkdir -p "$work"
environment tools 'maturin>=1.16,<2' abi3audit mypy
rm -rf "$work/wheels"
built() { # FOLDER: builds a wheel into it
    touch python/src/lib.rs
    (cd python && PATH=$work/tools/bin:$PATH CARGO_TARGET_DIR=$work/.. maturin build --release --interpreter "$(command -v "$python")" --out "$work/$1")
}
(cd python && cargo fmt --check)
# As `cargo clippy` does, but upon what is to be built anyway, instead of checking all that it depends on.
CLIPPY_ARGS=-Dwarnings__CLIPPY_HACKERY__ RUSTC_WORKSPACE_WRAPPER=clippy-driver built linted
built wheels
wheel=$(ls "$work"/wheels/quintet-*.whl)
ls -l "$wheel" | awk '{print $5, "bytes", $9}'

echo "== types, stable interface"
"$work/tools/bin/abi3audit" --strict --report "$wheel" >"$work/abi3audit.json"
echo "abi3audit: nothing but the stable interface"
"$work/tools/bin/pip" install "$wheel"
(cd "$work/wheels" && ../tools/bin/python -m mypy.stubtest quintet._quintet --ignore-missing-stub && ../tools/bin/mypy --config-file ../../../python/pyproject.toml -p quintet)

echo "== corpora"
[ -x target/release/quintet ] || cargo build --release --workspace --bin quintet
"$python" python/tests/lay_out.py target/release/quintet "$work/corpora"
export CORPORA=$work/corpora

for packages in polars pyarrow 'pandas pyarrow' 'duckdb pyarrow'; do
    name=${packages%% *}
    echo "== $packages"
    # shellcheck disable=SC2086
    environment "$name" $packages
    "$work/$name/bin/pip" install "$wheel"
    (cd python/tests && RUST_BACKTRACE=0 "$work/$name/bin/python" -W error::ResourceWarning -m unittest "test_$name")
done
