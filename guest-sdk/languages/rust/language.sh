#!/usr/bin/env bash
# The plugins in Rust: see ../build.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

missing() {
    command -v cargo >/dev/null || echo "cargo (https://rustup.rs)"
}

install_tools() {
    rustup --quiet target add wasm32-wasip2
}

build_plugin() {
    (cd "$workspace" && cargo build --quiet --profile component --target wasm32-wasip2 -p "cofferdam-example-$1")
    cp "$build/wasm32-wasip2/component/cofferdam_example_${1//-/_}.wasm" "$(component_of rust "$1")"
}

main "$@"
