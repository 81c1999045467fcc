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

# The mirror that this machine uses for its own release.
mirror() {
    # shellcheck disable=SC2016  # the $ is for apt
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        grep -E '/debian/?$' | head -n 1
}

private_apt() {
    apt-get -qq \
        -o Dir::Etc::sourcelist="$scratch/sources.list" \
        -o Dir::Etc::sourceparts=- \
        -o Dir::State="$scratch/state" \
        -o Dir::Cache="$scratch/cache" \
        -o APT::Sandbox::User=root \
        "$@"
}

fetch_unstable() {
    local uri available
    uri=$(mirror)
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${uri:-http://deb.debian.org/debian/} sid main" \
        >"$scratch/sources.list"
    mkdir -p "$scratch/state/lists/partial" "$scratch/cache/archives/partial"
    private_apt update || return 1
    available=$(apt-cache \
        -o Dir::Etc::sourcelist="$scratch/sources.list" -o Dir::Etc::sourceparts=- \
        -o Dir::State="$scratch/state" -o Dir::Cache="$scratch/cache" \
        madison containernetworking-plugins | awk -F' *[|] *' '{ print $2 }' | grep -F "$version" | head -n 1) || true
    if [[ -z $available ]]; then
        echo "fetch-go-plugins: Debian unstable no longer has version $version" >&2
        return 1
    fi
    (cd "$scratch" && private_apt download "containernetworking-plugins=$available")
}

fetch_stable() {
    (cd "$scratch" && apt-get -qq -o APT::Sandbox::User=root download containernetworking-plugins)
}

if ! fetch_unstable; then
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
