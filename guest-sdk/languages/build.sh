#!/usr/bin/env bash
# Builds the same two plugins in several languages, and measures them:
#
#     guest-sdk/languages/build.sh [--install] [--measure] [LANGUAGE…]
#
# Without languages: all that this machine has the tools for. `--install` gets
# what is missing from Debian, crates.io, npm and PyPI; what is no package of
# the system goes into target/languages/tools. `--measure` prints a table,
# as root, of what tools/build.sh built (docs/languages.md).
#
# The components are target/languages/LANGUAGE/PLUGIN.wasm. All but those in
# Rust are built by `cofferctl build`, which tools/build.sh builds.
set -euo pipefail
# shellcheck source-path=SCRIPTDIR source=lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

all=(rust c go javascript python)

install=false
measure=false
chosen=()
for argument in "$@"; do
    case $argument in
    --install) install=true ;;
    --measure) measure=true ;;
    -*)
        echo "build.sh: $argument is no option; there are --install and --measure" >&2
        exit 2
        ;;
    *)
        if [[ ! -f $languages/$argument/language.sh ]]; then
            echo "build.sh: there are no plugins in $argument here; there are those in ${all[*]}" >&2
            exit 2
        fi
        chosen+=("$argument")
        ;;
    esac
done
named=true
if [[ ${#chosen[@]} -eq 0 ]]; then
    named=false
    chosen=("${all[@]}")
fi

if [[ ! -x $cofferctl && ${chosen[*]} != rust ]]; then
    echo "build.sh: $cofferctl is missing, which builds them; tools/build.sh makes it" >&2
    exit 1
fi

built=()
for language in "${chosen[@]}"; do
    script=$languages/$language/language.sh
    if $install; then
        "$script" install
    fi
    lacks=$("$script" missing)
    if [[ -n $lacks ]]; then
        echo "build.sh: $language is left out, since this is missing: ${lacks//$'\n'/, }; --install gets it" >&2
        if $named; then
            exit 1
        fi
        continue
    fi
    "$script" build
    built+=("$language")
    for plugin in "${plugins[@]}"; do
        component=$(component_of "$language" "$plugin")
        echo "$component  $(($(wc -c <"$component") / 1000)) KB"
    done
done

if $measure && [[ ${#built[@]} -gt 0 ]]; then
    bin=$build/bin/${PROFILE:-release}
    "$languages/measure.py" "$bin/cofferctl" "$bin/cofferdam" "$build/languages" "${built[@]}"
fi
