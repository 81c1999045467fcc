#!/usr/bin/env bash
# Puts the Go reference plugins into target/go-plugins, for tests and
# benchmarks side by side. Nothing is installed, and the system's package
# sources stay as they are.
set -euo pipefail

version=${GO_PLUGINS_VERSION:-1.9.1}
workspace=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${1:-${CARGO_TARGET_DIR:-$workspace/target}/go-plugins}

if [[ -x $folder/bridge ]]; then
    exit 0
fi
if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "fetch-go-plugins: this needs Debian's apt-get and dpkg-deb; put the plugins of containernetworking/plugins $version into $folder by hand" >&2
    exit 1
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# apt's download method runs as a user of its own when apt runs as root.
chmod 0755 "$scratch"

fetch_stable() {
    (cd "$scratch" && apt-get -qq -o APT::Sandbox::User=root download containernetworking-plugins)
}

if ! "$workspace/tools/debian-unstable.sh" "$scratch" "$version" containernetworking-plugins; then
    echo "fetch-go-plugins: NOTICE: taking this release's own version instead of $version; figures and results differ" >&2
    fetch_stable
fi

dpkg-deb -x "$scratch"/containernetworking-plugins_*.deb "$scratch/unpacked"
mkdir -p "$(dirname "$folder")"
rm -rf "$folder.new"
mv "$scratch/unpacked/usr/lib/cni" "$folder.new"
dpkg-deb -f "$scratch"/containernetworking-plugins_*.deb Version >"$folder.new/VERSION"
rm -rf "$folder"
mv "$folder.new" "$folder"
echo "fetch-go-plugins: $(cat "$folder/VERSION") in $folder" >&2
