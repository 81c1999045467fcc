#!/usr/bin/env bash
# Cargo starts test programs through this when the user is not root: inside a
# user namespace, where they may make network namespaces.
set -euo pipefail

if [[ $(id -u) -ne 0 ]] && unshare --map-root-user --net true 2>/dev/null; then
    exec unshare --map-root-user --net --mount -- "$@"
fi
exec "$@"
