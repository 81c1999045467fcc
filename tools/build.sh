#!/usr/bin/env bash
# Builds the executables, in the profile that is named (default: release), and
# the components: tools/build.sh [--quiet] [PROFILE]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quiet=()
if [[ ${1:-} == --quiet ]]; then
    quiet=(--quiet)
    shift
fi
profile=${1:-release}

if ! rustup target list --installed 2>/dev/null | grep -qx wasm32-wasip2; then
    if ! command -v rustup >/dev/null; then
        echo "build.sh: rustup is missing; it brings the target wasm32-wasip2 for the components (https://rustup.rs)" >&2
        exit 1
    fi
    rustup --quiet target add wasm32-wasip2
fi

# One after the other: built together, cargo would give cofferdam the compiler
# that cofferctl has.
cargo build "${quiet[@]}" --profile "$profile" -p cofferdam
cargo build "${quiet[@]}" --profile "$profile" -p cofferctl
cargo build "${quiet[@]}" --profile component --target wasm32-wasip2 \
    -p cofferdam-plugin-loopback -p cofferdam-plugin-bridge -p cofferdam-plugin-host-local -p cofferdam-hostile
