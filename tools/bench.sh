#!/usr/bin/env bash
# Cofferdam as it ships against the Go plugins, side by side in one run:
# tools/bench.sh [--rounds N] [--go-only | --split]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

tools/build.sh --quiet
cargo build --quiet --profile dist -p cofferdam
cargo build --quiet --release -p cofferdam-tests --bin bench
tools/fetch-go-plugins.sh

target=${CARGO_TARGET_DIR:-$PWD/target}
triple=$(rustc --print host-tuple)
COFFERDAM_EXECUTABLES=$target/$triple/dist exec "$target/$triple/release/bench" "$@"
