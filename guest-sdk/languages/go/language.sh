#!/usr/bin/env bash
# The plugins in Go: see ../build.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

here=$languages/go
# The first with `go:wasmexport` is 1.24; Debian unstable has this one.
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
    local plugin=$1 generated=$build/languages/go/$1 wit component
    component=$(component_of go "$plugin")
    wit=$(wit_of "$plugin")
    rm -rf "$generated"
    mkdir -p "$generated"
    "$bindgen" go "$wit" --out-dir "$generated" >/dev/null 2>&1
    cp -r "$here/cofferdam" "$generated/"
    cp -r "$here/$plugin" "$generated/export_cofferdam_cni_plugin"
    echo "replace go.bytecodealliance.org/pkg => $here/pkg" >>"$generated/go.mod"
    (
        export GOROOT=$go_root GOTOOLCHAIN=local GOPROXY=off GOFLAGS=-mod=mod GOOS=wasip1 GOARCH=wasm
        export GOCACHE=$build/languages/go/cache
        cd "$generated"
        "$go_root/bin/go" build -buildmode=c-shared -trimpath -ldflags=-s -o core.wasm .
    )
    "$wasm_tools" component embed --world plugin "$wit" "$generated/core.wasm" -o "$generated/typed.wasm"
    "$wasm_tools" component new "$generated/typed.wasm" --adapt "wasi_snapshot_preview1=$here/wasi.wat" -o "$component"
    "$languages/declare.sh" "$component" "$languages/$plugin/plugin.json"
}

main "$@"
