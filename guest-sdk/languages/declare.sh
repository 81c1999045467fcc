#!/usr/bin/env bash
# Writes into a component what it says of itself (`cofferctl component
# inspect`): declare.sh COMPONENT plugin.json
#
# That is a custom section at the end: a zero, the length of what follows, the
# length of the section's name, the name, and the JSON (wit/world.wit).
set -euo pipefail

component=$1
declaration=$2
name=cofferdam:plugin

# A number as WebAssembly has it (unsigned LEB128).
number() {
    local rest=$1 byte
    while :; do
        byte=$((rest & 127))
        rest=$((rest >> 7))
        if [[ $rest -eq 0 ]]; then
            break
        fi
        # shellcheck disable=SC2059  # it is an escape
        printf "\\x$(printf %02x $((byte | 128)))"
    done
    # shellcheck disable=SC2059
    printf "\\x$(printf %02x "$byte")"
}

size=$(wc -c <"$declaration")
{
    printf '\0'
    number $((1 + ${#name} + size))
    number ${#name}
    printf %s "$name"
    cat "$declaration"
} >>"$component"
