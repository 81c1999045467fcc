#!/usr/bin/env bash
# The plugins in Python: see ../build.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

version=0.25.1
folder=$tools/python
componentize=$folder/bin/componentize-py

missing() {
    command -v python3 >/dev/null || echo "python3"
    [[ -x $componentize ]] || echo "componentize-py $version"
}

install_tools() {
    [[ -x $folder/bin/pip ]] || python3 -m venv "$folder"
    "$folder/bin/pip" --quiet --disable-pip-version-check install "componentize-py==$version"
}

build_plugin() {
    PATH=$(dirname "$componentize"):$PATH build_project python "$1"
}

main "$@"
