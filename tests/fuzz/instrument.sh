#!/usr/bin/env bash
# In place of rustc (cargo's RUSTC_WRAPPER): adds what libFuzzer needs to see
# where an input leads, for the host's own crates. Wasmtime, its compiler and
# the rest are those that the tests are built with.
set -euo pipefail

rustc=$1
shift
crate=
for ((i = 1; i < $#; i++)); do
    if [[ ${!i} == --crate-name ]]; then
        next=$((i + 1))
        crate=${!next}
    fi
done
case $crate in
    cofferdam_*)
        # As cargo-fuzz does.
        set -- "$@" -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
            -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
            -Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1
        ;;
    fuzz_*)
        # libFuzzer looks up functions of the C library while it runs, for
        # which an executable has to be linked dynamically.
        set -- "${@/#target-feature=+crt-static/target-feature=-crt-static}"
        ;;
esac
exec "$rustc" "$@"
