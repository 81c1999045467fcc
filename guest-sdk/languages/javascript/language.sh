#!/usr/bin/env bash
# The plugins in JavaScript: see ../build.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

here=$languages/javascript
version=0.23.0
folder=$tools/javascript
componentize=$folder/node_modules/.bin/componentize-js

missing() {
    command -v node >/dev/null || echo "node, 20 or newer"
    command -v npm >/dev/null || echo "npm"
    [[ -x $componentize ]] || echo "componentize-js $version"
}

install_tools() {
    mkdir -p "$folder"
    [[ -f $folder/package.json ]] || echo '{ "private": true }' >"$folder/package.json"
    (cd "$folder" && npm install --silent --no-audit --no-fund --save-exact \
        "@bytecodealliance/componentize-js@$version")
}

build_plugin() {
    local component
    component=$(component_of javascript "$1")
    # Nothing of WASI: the engine has a clock, random numbers, a console and
    # fetch otherwise, and with them files.
    (cd "$here" && "$componentize" "$1/plugin.js" --wit "$(wit_of "$1")" --world-name plugin --out "$component" \
        --disable stdio random clocks http fetch-event >/dev/null)
    "$languages/declare.sh" "$component" "$languages/$1/plugin.json"
}

main "$@"
