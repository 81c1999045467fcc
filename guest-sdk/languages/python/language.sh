#!/usr/bin/env bash
# The plugins in Python: see ../build.sh.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=../lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

here=$languages/python
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
    local component sources=$build/languages/python/$1
    component=$(component_of python "$1")
    # A copy: the interpreter writes what it compiled beside its sources.
    rm -rf "$sources"
    mkdir -p "$sources"
    cp "$here/cofferdam.py" "$here/$1/app.py" "$sources/"
    # Nothing of WASI: the interpreter asks for files and sockets otherwise.
    "$componentize" --quiet --wit-path "$(wit_of "$1")" --world plugin \
        componentize --stub-wasi --python-path "$sources" --output "$component" app
    "$languages/declare.sh" "$component" "$languages/$1/plugin.json"
}

main "$@"
