#!/usr/bin/env bash
# Builds Cofferdam, and runs a command in a network namespace that has joined
# the networks of the CNI project's README, through sandboxed components:
#
#     ./demo.sh [OPTIONS OF cofferctl run] [-- COMMAND…]
#
# Without a command: `ip addr`.
set -euo pipefail
workspace=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

for tool in cargo rustup; do
    if ! command -v "$tool" >/dev/null; then
        echo "demo.sh: $tool is missing; install Rust 1.95 or newer with rustup (https://rustup.rs)" >&2
        exit 1
    fi
done

target=${CARGO_TARGET_DIR:-$workspace/target}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if ! "$workspace/tools/build.sh" >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi

cofferctl=$target/bin/release/cofferctl
installation=$target/demo

# An installation of its own: the components' store and the default policies.
install_component() {
    local name=$1 wasm=$target/wasm32-wasip2/component/cofferdam_plugin_${1//-/_}.wasm
    local mark=$installation/.installed-$name
    if [[ ! -e $mark || $wasm -nt $mark || $cofferctl -nt $mark ]]; then
        "$cofferctl" --root "$installation" component add "$wasm" --name "$name" >"$log" 2>&1 || {
            cat "$log" >&2
            exit 1
        }
        touch "$mark"
    fi
}
install -d -m 0755 "$installation" "$installation/etc/cofferdam/policy.d"
install -m 0644 "$workspace"/host/policy/default/*.toml "$installation/etc/cofferdam/policy.d/"
for name in loopback bridge host-local portmap bandwidth; do
    install_component "$name"
done

command_given=false
for argument in "$@"; do
    [[ $argument == -- ]] && command_given=true
done
if ! $command_given; then
    set -- "$@" -- ip addr
fi
rm -f "$log"
exec "$cofferctl" --root "$installation" run "$@"
