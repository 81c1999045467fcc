#!/usr/bin/env bash
# Runs a fuzzer (docs/fuzzing.md): tools/fuzz.sh TARGET [SECONDS] [LIBFUZZER OPTION]...
#
# What it comes upon is kept in target/fuzz/TARGET/corpus, and the next run goes
# on from there; inputs that fail are beside it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

target=${1:?TARGET: one of $(cd tests/fuzz/corpus && echo *)}
seconds=${2:-1200}
shift $(($# < 2 ? $# : 2))

features=()
case $target in
    request | calls | artifact) features=(--features components) ;;
esac
build=${CARGO_TARGET_DIR:-$PWD/target}
host=$(rustc --print host-tuple)
# No sanitizer: the host is safe Rust but for a few system calls, and what is
# looked for panics. Coverage is by flags of the stable compiler.
RUSTC_WRAPPER=$PWD/tests/fuzz/instrument.sh CARGO_TARGET_DIR=$build \
    cargo build --locked --release --target "$host" --manifest-path tests/fuzz/Cargo.toml \
    "${features[@]}" --bin "fuzz-$target"

work=$build/fuzz/$target
mkdir -p "$work/corpus"
options=(-max_total_time="$seconds" -max_len=16384 -timeout=20 -close_fd_mask=2 -artifact_prefix="$work/")
if [[ -e tests/fuzz/dictionaries/$target ]]; then
    options+=(-dict="tests/fuzz/dictionaries/$target")
fi
# An option that is a file is run alone.
for option in "$@"; do
    if [[ -f $option ]]; then
        exec "$build/$host/release/fuzz-$target" -timeout=20 "$@"
    fi
done
exec "$build/$host/release/fuzz-$target" "${options[@]}" "$@" "$work/corpus" "tests/fuzz/corpus/$target"
