#!/usr/bin/env bash
# The plugins in Go: see ../build.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# The bindings need 1.25; Debian unstable has this one.
version=1.27
go_root=$tools/go/usr/lib/go-$version
wasm_tools_version=1.258.3
wasm_tools=$tools/wasm-tools/bin/wasm-tools

missing() {
    [[ -x $go_root/bin/go ]] || echo "Go $version"
    bindgen_missing
    [[ -x $wasm_tools ]] || echo "wasm-tools $wasm_tools_version"
}

install_tools() {
    install_bindgen
    if [[ ! -x $wasm_tools ]]; then
        (cd / && cargo install --quiet --locked --root "$tools/wasm-tools" --no-default-features --features component \
            "wasm-tools@$wasm_tools_version")
    fi
    if [[ ! -x $go_root/bin/go ]]; then
        local packages=$tools/go-packages package
        rm -rf "$packages"
        mkdir -p "$packages" "$tools/go"
        "$workspace/tools/debian-unstable.sh" "$packages" "" "golang-$version-go" "golang-$version-src"
        for package in "$packages"/*.deb; do
            dpkg-deb -x "$package" "$tools/go"
        done
        rm -rf "$packages"
    fi
}

build_plugin() {
    (
        export GOROOT=$go_root GOTOOLCHAIN=local GOPROXY=off GOCACHE=$build/languages/go/cache
        PATH=$(dirname "$bindgen"):$(dirname "$wasm_tools"):$go_root/bin:$PATH build_project go "$1"
    )
}

main "$@"
