#!/usr/bin/env bash
# Downloads packages of Debian unstable: debian-unstable.sh FOLDER VERSION
# PACKAGE… Nothing is installed, and the system's package sources stay as they
# are. An empty VERSION takes what there is; another one has to be a part of
# each package's version.
set -euo pipefail

folder=$1
version=$2
shift 2

if ! command -v apt-get >/dev/null || ! command -v dpkg-deb >/dev/null; then
    echo "debian-unstable: this needs Debian's apt-get and dpkg-deb" >&2
    exit 1
fi

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
# apt's download method runs as a user of its own when apt runs as root.
chmod 0755 "$scratch"

options=(
    -o Dir::Etc::sourcelist="$scratch/sources.list"
    -o Dir::Etc::sourceparts=-
    -o Dir::State="$scratch/state"
    -o Dir::Cache="$scratch/cache"
    -o APT::Sandbox::User=root
)

# The mirror that this machine uses for its own release.
# shellcheck disable=SC2016  # the $ is for apt
uri=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
    grep -E '/debian/?$' | head -n 1) || true
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${uri:-http://deb.debian.org/debian/} sid main" \
    >"$scratch/sources.list"
mkdir -p "$scratch/state/lists/partial" "$scratch/cache/archives/partial"
apt-get -qq "${options[@]}" update

wanted=()
for package in "$@"; do
    available=$(apt-cache "${options[@]}" madison "$package" |
        awk -F' *[|] *' '{ print $2 }' | grep -F "$version" | head -n 1) || true
    if [[ -z $available ]]; then
        echo "debian-unstable: Debian unstable no longer has $package ${version:-at all}" >&2
        exit 1
    fi
    wanted+=("$package=$available")
done
cd "$folder"
apt-get -qq "${options[@]}" download "${wanted[@]}"
