#!/usr/bin/env bash
# Builds the executables, in the profile that is named (default: release), and
# the components: tools/build.sh [--quiet] [PROFILE]
#
# The executables are in target/bin/PROFILE, the components in
# target/wasm32-wasip2/component.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

quiet=()
if [[ ${1:-} == --quiet ]]; then
    quiet=(--quiet)
    shift
fi
profile=${1:-release}
host=$(rustc --print host-tuple)
# musl: before main, glibc asks the processor dozens of questions, each of them
# a trap in a virtual machine (docs/decisions/0005).
musl=${host%%-*}-unknown-linux-musl

for target in wasm32-wasip2 "$musl"; do
    if ! rustup target list --installed 2>/dev/null | grep -qx "$target"; then
        if ! command -v rustup >/dev/null; then
            echo "build.sh: rustup is missing; it brings the target $target (https://rustup.rs)" >&2
            exit 1
        fi
        rustup --quiet target add "$target"
    fi
done

# One after the other: built together, cargo would give cofferdam the compiler
# that cofferctl has.
cargo build "${quiet[@]}" --profile "$profile" --target "$musl" -p cofferdam
cargo build "${quiet[@]}" --profile "$profile" --target "$musl" -p cofferdam-courier
executables=(cofferdam cofferdam-courier)
if [[ $profile != dist ]]; then
    # For the tests of confinement; it never ships.
    cargo build "${quiet[@]}" --profile "$profile" --target "$musl" -p cofferdam \
        --features simulated-escape --bin cofferdam-simulated-escape
    executables+=(cofferdam-simulated-escape)
fi
cofferctl=(-p cofferctl)
if [[ $profile != dist ]]; then
    # With the features of others' crates that the tests are built with: they
    # share Wasmtime and its compiler then, which take longest.
    cofferctl+=(-p cofferdam-guest-sdk -p cofferdam-validator --bin cofferctl)
fi
cargo build "${quiet[@]}" --profile "$profile" --target "$host" "${cofferctl[@]}"
components=(-p cofferdam-hostile)
for plugin in plugins/*/; do
    components+=(-p "cofferdam-plugin-$(basename "$plugin")")
done
for recipe in guest-sdk/cookbook/*/; do
    components+=(-p "cofferdam-cookbook-$(basename "$recipe")")
done
cargo build "${quiet[@]}" --profile component --target wasm32-wasip2 "${components[@]}"

build=${CARGO_TARGET_DIR:-$PWD/target}
bin=$build/bin/$profile
mkdir -p "$bin"
ln -f "${executables[@]/#/$build/$musl/$profile/}" "$build/$host/$profile/cofferctl" "$bin/"
