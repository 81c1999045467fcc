#!/usr/bin/env bash
# Runs the tests that need what the machine's own kernel lacks under Debian's
# kernel, in QEMU: tests/vm/test.sh [FILTER]
#
# As root on Debian it installs what it needs. ./test.sh has to have built the
# executables and components before.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Each line: a file of tests and what to run of it; nothing means all.
suites=(
    "kernel kinds"
    "vlan"
    "ipvlan"
    "dummy"
    "side_by_side ipvlan_vlan_and_dummy"
    "attacks new_links"
)

missing=()
command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
command -v busybox >/dev/null || missing+=(busybox-static)
command -v cpio >/dev/null || missing+=(cpio)
[[ -x /sbin/modprobe ]] || missing+=(kmod)
if [[ ${#missing[@]} -gt 0 ]]; then
    if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
        echo "vm: these packages are missing, and only root on Debian can have them installed by this script: ${missing[*]}" >&2
        exit 1
    fi
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
fi
tests/vm/fetch-kernel.sh

# `Executable tests/vlan.rs (target/…/vlan-0123456789abcdef)`
executables=$(cargo test --release --workspace --no-run 2>&1 | sed -n 's/.*Executable .*(\(.*\))$/\1/p')
script=$(mktemp -d)/suites
trap 'rm -rf "$(dirname "$script")"' EXIT
{
    echo 'failed=0'
    for suite in "${suites[@]}"; do
        read -r name filter <<<"$suite"
        path=$(grep -E "/$name-[0-9a-f]{16}\$" <<<"$executables" | head -n 1)
        printf 'echo "== %s"; %q %s || failed=1\n' "$suite" "$(realpath "$path")" "${*:-$filter}"
    done
    # It is for the machine to expand.
    # shellcheck disable=SC2016
    echo 'exit $failed'
} >"$script"

# There a feature that is missing is a failure, not a reason to skip.
export COFFERDAM_TESTS_MUST_RUN=1 COFFERDAM_TESTS_FULL_KERNEL=1
tests/vm/run.sh --seconds "${COFFERDAM_VM_SECONDS:-1500}" -- bash "$script"
