#!/usr/bin/env bash
# Runs the tests that need what the machine's own kernel lacks under Debian's
# kernel, in QEMU: tests/vm/test.sh [FILTER]
#
# As root on Debian it installs what it needs. ./test.sh has to have built the
# executables and components before. The exit code is 0 when all passed, 1 when
# a test failed, and 125 when there is no such machine to be had here.
# With COFFERDAM_VM_BUDGET no suite begins after that many seconds: it says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

# Each line: a file of tests and what to run of it; nothing means all.
suites=(
    "kernel kinds"
    "kernel vlans"
    "differential cases"
    "dummy"
    "vlans"
    "vlan"
    "vrf"
    "ipvlan"
    "attacks vlans"
    "cookbook tenant"
    "side_by_side ipvlan_vlan_and_dummy"
    "side_by_side vlans_of_bridges"
    "side_by_side vrfs"
    "crash_points del_undoes"
)

missing=()
command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
command -v busybox >/dev/null || missing+=(busybox-static)
command -v cpio >/dev/null || missing+=(cpio)
[[ -x /sbin/modprobe ]] || missing+=(kmod)
if [[ ${#missing[@]} -gt 0 ]]; then
    if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
        echo "vm: these packages are missing, and only root on Debian can have them installed by this script: ${missing[*]}" >&2
        exit 125
    fi
    if ! apt-get -qq update ||
        ! DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null; then
        echo "vm: these packages can't be installed: ${missing[*]}" >&2
        exit 125
    fi
fi
tests/vm/fetch-kernel.sh || exit 125
# Seen apart from the tests: that it does not come up is none of their failures.
tests/vm/run.sh --seconds "${COFFERDAM_VM_BOOT_SECONDS:-300}" -- true || exit 125

# `Executable tests/vlan.rs (target/…/vlan-0123456789abcdef)`
tests=()
for suite in "${suites[@]}"; do
    tests+=(--test "${suite%% *}")
done
code=0
told=$(cargo test --release --workspace --no-run "${tests[@]}" 2>&1) || code=$?
# Not by `tee /dev/stderr`: where that is a file, it begins anew.
printf '%s\n' "$told" >&2
if [[ $code -ne 0 ]]; then
    exit "$code"
fi
executables=$(sed -n 's/.*Executable .*(\(.*\))$/\1/p' <<<"$told")
script=$(mktemp -d)/suites
trap 'rm -rf "$(dirname "$script")"' EXIT
{
    echo 'failed=0'
    printf 'budget=%q\n' "${COFFERDAM_VM_BUDGET:-3600}"
    cat <<'END'
begin() {
    if [[ $SECONDS -ge $budget ]]; then
        echo "!! NOT RUN for want of time: $1"
        return 1
    fi
    echo "== $1 (after $SECONDS s)"
}
END
    for suite in "${suites[@]}"; do
        read -r name filter <<<"$suite"
        path=$(grep -E "/$name-[0-9a-f]{16}\$" <<<"$executables" | head -n 1 || true)
        if [[ -z $path ]]; then
            echo "vm: there is no executable of the tests in $name" >&2
            exit 1
        fi
        printf 'begin "%s" && { %q %s || failed=1; }\n' "$suite" "$(realpath "$path")" "${*:-$filter}"
    done
    # It is for the machine to expand.
    # shellcheck disable=SC2016
    echo 'echo "== done (after $SECONDS s)"; exit $failed'
} >"$script"

# There a feature that is missing is a failure, not a reason to skip.
export COFFERDAM_TESTS_MUST_RUN=1 COFFERDAM_TESTS_FULL_KERNEL=1
code=0
tests/vm/run.sh --seconds "${COFFERDAM_VM_SECONDS:-3600}" -- bash "$script" || code=$?
# It came up before: whatever ended it, the tests did not pass.
exit $((code == 0 ? 0 : 1))
