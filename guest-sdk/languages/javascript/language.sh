#!/usr/bin/env bash
# The plugins in JavaScript: see ../build.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

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
    PATH=$(dirname "$componentize"):$PATH build_project javascript "$1"
}

main "$@"
