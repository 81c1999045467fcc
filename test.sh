#!/usr/bin/env bash
# Builds everything once and runs all tests: ./test.sh [FILTER]
#
# Works as root, and as an ordinary user where the machine allows user
# namespaces; tests that need what is not allowed say so and are skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

if ! command -v cargo >/dev/null; then
    echo "test.sh: cargo is missing; install Rust 1.95 or newer with rustup (https://rustup.rs)" >&2
    exit 1
fi

missing=()
command -v ip >/dev/null || [[ -x /usr/sbin/ip ]] || missing+=(iproute2)
command -v nft >/dev/null || [[ -x /usr/sbin/nft ]] || missing+=(nftables)
# The Go plugins execute it; without it the tests beside them that need it are
# skipped.
if [[ $(id -u) -eq 0 ]] && ! command -v iptables >/dev/null && [[ ! -x /usr/sbin/iptables ]]; then
    missing+=(iptables)
fi
# Without it the tests of dhcp that need a real server are skipped.
if [[ $(id -u) -eq 0 ]] && ! command -v dnsmasq >/dev/null && [[ ! -x /usr/sbin/dnsmasq ]]; then
    missing+=(dnsmasq-base)
fi
# Without them the tests of firewall beside a real firewalld are skipped.
if [[ $(id -u) -eq 0 ]]; then
    command -v firewalld >/dev/null || [[ -x /usr/sbin/firewalld ]] || missing+=(firewalld)
    command -v dbus-daemon >/dev/null || missing+=(dbus)
fi
# The clients that are tested; without them those tests are skipped.
if [[ $(id -u) -eq 0 ]]; then
    for package in containerd runc podman; do
        command -v "$package" >/dev/null || missing+=("$package")
    done
    # Whether it is the static one shows by its needing no library.
    busybox=$(command -v busybox) && ! ldd "$busybox" >/dev/null 2>&1 || missing+=(busybox-static)
fi
if [[ ${#missing[@]} -gt 0 ]]; then
    if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
        echo "test.sh: these packages are missing, and only root on Debian can have them installed by this script: ${missing[*]}" >&2
        exit 1
    fi
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
fi
PATH=$PATH:/usr/sbin

tools/build.sh
# The client of CRI has a workspace of its own.
build=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --manifest-path tests/cri/Cargo.toml --target-dir "$build/cri"
ln -f "$build/cri/$(rustc --print host-tuple)/debug/cri" "$build/bin/release/"
tools/fetch-go-plugins.sh || echo "test.sh: tests beside the Go plugins are skipped" >&2

if [[ $(id -u) -ne 0 ]]; then
    triple=$(rustc --print host-tuple)
    triple=${triple//-/_}
    export "CARGO_TARGET_${triple^^}_RUNNER=$PWD/tools/test-runner.sh"
fi
exec cargo test --release --workspace --no-fail-fast -- "$@"
