#!/usr/bin/env bash
# Cofferdam as it ships against the Go plugins, side by side in one run:
# tools/bench.sh [--rounds N] [--go-only | --split | --growth [--up-to N] | --parallel]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# The Go plugins execute them.
PATH=$PATH:/usr/sbin
for program in iptables nft; do
    if ! command -v "$program" >/dev/null; then
        echo "bench.sh: $program is missing; install iptables and nftables" >&2
        exit 1
    fi
done

host=$(rustc --print host-tuple)
musl=${host%%-*}-unknown-linux-musl
target=${CARGO_TARGET_DIR:-$PWD/target}

tools/build.sh --quiet
cargo build --quiet --profile dist --target "$musl" -p cofferdam
# The same kernel operations without Cofferdam, built alike.
cargo build --quiet --profile dist --target "$musl" -p cofferdam-tests --bin native
cargo build --quiet --release -p cofferdam-tests --bin bench
tools/fetch-go-plugins.sh

bin=$target/bin/bench
mkdir -p "$bin"
ln -f "$target/$musl/dist/cofferdam" "$target/$musl/dist/native" "$target/bin/release/cofferctl" "$bin/"
COFFERDAM_EXECUTABLES=$bin exec "$target/$host/release/bench" "$@"
