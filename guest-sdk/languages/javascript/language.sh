#!/usr/bin/env bash
# The plugins in JavaScript: see ../build.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

folder=$tools/javascript
componentize=$folder/node_modules/.bin/componentize-js

missing() {
    command -v node >/dev/null || echo "node, 20 or newer"
    command -v npm >/dev/null || echo "npm"
    [[ -x $componentize ]] || echo "componentize-js"
}

# As the lock has them, each by its digest: a tree that npm resolves anew can be
# another one tomorrow, and one that it changes in its place may end up broken.
install_tools() {
    mkdir -p "$folder"
    cp "$languages"/javascript/tools/package*.json "$folder"
    (cd "$folder" && npm ci --silent --no-audit --no-fund)
}

build_plugin() {
    PATH=$(dirname "$componentize"):$PATH build_project javascript "$1"
}

main "$@"
