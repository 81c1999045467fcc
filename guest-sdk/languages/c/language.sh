#!/usr/bin/env bash
# The plugins in C: see ../build.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# Makes a component of what wasm-ld links; Rust's target wasm32-wasip2 comes
# with it.
component_linker() {
    echo "$(rustc --print sysroot)/lib/rustlib/$(rustc --print host-tuple)/bin/wasm-component-ld"
}

missing() {
    command -v clang >/dev/null || echo "clang"
    command -v wasm-ld >/dev/null || echo "lld"
    [[ -d /usr/include/wasm32-wasi ]] || echo "wasi-libc"
    [[ -f $(clang --target=wasm32-wasi -print-libgcc-file-name 2>/dev/null) ]] || echo "libclang-rt-*-dev-wasm32"
    [[ -x $(component_linker) ]] || echo "wasm-component-ld (https://rustup.rs)"
    bindgen_missing
}

install_tools() {
    install_packages clang lld wasi-libc
    local version
    version=$(clang -dumpversion)
    install_packages "libclang-rt-${version%%.*}-dev-wasm32"
    install_bindgen
}

build_plugin() {
    PATH=$(dirname "$bindgen"):$PATH build_project c "$1"
}

main "$@"
