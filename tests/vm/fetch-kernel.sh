#!/usr/bin/env bash
# Unpacks Debian's kernel for tests/vm/run.sh: tests/vm/fetch-kernel.sh [FOLDER]
#
# Nothing is installed: the package is downloaded by apt-get, which checks its
# signature, and unpacked into FOLDER (target/vm/kernel).
set -euo pipefail
workspace=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
folder=${1:-${CARGO_TARGET_DIR:-$workspace/target}/vm/kernel}

if [[ -d $folder/lib/modules ]]; then
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "fetch-kernel: this needs Debian's apt-get and dpkg-deb; unpack a linux-image package into $folder by hand" >&2
    exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# The sandboxed user of apt has to be able to write there.
chmod 755 "$work"
find_package() {
    apt-cache depends linux-image-amd64 2>/dev/null | sed -n 's/.*Depends: \(linux-image-[0-9].*\)/\1/p' | head -n 1
}
package=$(find_package || true)
if [[ -z $package && $(id -u) -eq 0 ]]; then
    apt-get -qq update
    package=$(find_package || true)
fi
if [[ -z $package ]]; then
    echo "fetch-kernel: apt knows no linux-image-amd64; run apt-get update" >&2
    exit 1
fi
(cd "$work" && apt-get -qq -o APT::Sandbox::User=root download "$package")
mkdir -p "$folder.unfinished"
dpkg-deb -x "$work"/linux-image-*.deb "$folder.unfinished"
depmod -b "$folder.unfinished" "$(ls "$folder.unfinished/lib/modules")"
rm -rf "$folder"
mv "$folder.unfinished" "$folder"
echo "fetch-kernel: $package in $folder" >&2
