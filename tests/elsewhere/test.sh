#!/usr/bin/env bash
# Builds cofferctl for Windows and runs under Wine what authors of plugins use it
# for, beside the same on this machine; has it compiled for macOS and FreeBSD:
# tests/elsewhere/test.sh
#
# Installs nothing. tools/build.sh has to have built the executables and the
# components before. The exit code is 0 when all passed, 1 when something failed,
# and 125 when there is no Wine, or what Windows' executables are linked with.
# With COFFERDAM_ELSEWHERE_BUDGET nothing begins after that many seconds: it says
# so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

windows=x86_64-pc-windows-gnu
# What is only compiled: nothing here can run it.
compiled=(aarch64-apple-darwin x86_64-unknown-freebsd)
budget=${COFFERDAM_ELSEWHERE_BUDGET:-3600}
build=${CARGO_TARGET_DIR:-$PWD/target}
components=$build/wasm32-wasip2/component
native=$build/bin/release/cofferctl

missing=()
wine=$(command -v wine || command -v wine64 || true)
[[ -n $wine ]] || missing+=("wine (apt install wine wine64)")
command -v x86_64-w64-mingw32-gcc >/dev/null || missing+=("x86_64-w64-mingw32-gcc (apt install gcc-mingw-w64-x86-64)")
targets=$(rustup target list --installed 2>/dev/null || true)
grep -qx "$windows" <<<"$targets" || missing+=("Rust's target (rustup target add $windows)")
if [[ ${#missing[@]} -gt 0 ]]; then
    printf 'elsewhere: this is missing: %s\n' "${missing[@]}" >&2
    exit 125
fi
if [[ ! -x $native || ! -f $components/cofferdam_plugin_bridge.wasm ]]; then
    echo "elsewhere: what is to be run beside it is not built; tools/build.sh does that" >&2
    exit 1
fi

scratch=$(mktemp -d)
export WINEPREFIX=$scratch/prefix WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml='
# shellcheck disable=SC2317 # A trap calls it.
finish() {
    wineserver -k 2>/dev/null || true
    rm -rf "$scratch"
}
trap finish EXIT

failed=0
left_out=0

# Says what is done, and whether there is time for it.
begin() {
    if [[ $SECONDS -ge $budget ]]; then
        printf '!! NOT RUN for want of time: %s\n' "$1"
        left_out=1
        return 1
    fi
    printf '== %s (after %d s)\n' "$1" "$SECONDS"
}

fail() {
    printf 'FAILED: %s\n' "$1" >&2
    failed=1
}

# cofferctl on Windows, with its lines ended as here.
on_windows() {
    local code=0
    timeout "${COFFERDAM_ELSEWHERE_SECONDS:-600}" "$wine" "$exe" "$@" >"$scratch/told" 2>"$scratch/complained" </dev/null || code=$?
    tr -d '\r' <"$scratch/told"
    tr -d '\r' <"$scratch/complained" >&2
    return "$code"
}

# Whether it tells the same on both systems, but for times.
same() {
    local here=0 there=0
    "$native" "$@" >"$scratch/here" 2>&1 || here=$?
    on_windows "$@" >"$scratch/there" 2>&1 || there=$?
    # Paths are written otherwise there.
    sed -i -E 's#\\#/#g; s/\([0-9]+ ms\)/(… ms)/; s/, [0-9]+ ms\)/, … ms)/; s/"(milliseconds|took_milliseconds)": [0-9]+/"\1": …/' "$scratch/here" "$scratch/there"
    if [[ $here -ne $there ]] || ! diff -u "$scratch/here" "$scratch/there"; then
        fail "cofferctl $* (exit status $here here, $there on Windows)"
        return 1
    fi
}

begin "build for $windows" || exit 0
CARGO_TARGET_DIR=$build/elsewhere cargo build --quiet --profile elsewhere --target "$windows" -p cofferctl
exe=$build/elsewhere/$windows/elsewhere/cofferctl.exe

begin "a Windows of its own" || exit 0
"$wine" wineboot --init >/dev/null 2>&1
# Otherwise it passes for Windows 7, for which Rust builds nothing.
"$wine" reg add 'HKCU\Software\Wine' /v Version /d win10 /f >/dev/null
if [[ ! -e $WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll ]]; then
    x86_64-w64-mingw32-gcc -shared -O -Wall -Wextra -Werror -o "${exe%/*}/bcryptprimitives.dll" \
        tests/elsewhere/bcryptprimitives.c -ladvapi32
fi
printf 'seen: %s on %s\n' "$(on_windows --version)" "$("$wine" cmd /c ver | tr -d '\r\n')"

begin "its help names what there is, and what is only on Linux" || exit 0
help=$(on_windows --help)
for word in new build test trace replay inspect diff sign verify policy conflist completions manual; do
    grep -q "^  $word " <<<"$help" || fail "the help has no $word"
done
for word in run net gc doctor component; do
    ! grep -q "^  $word " <<<"$help" || fail "the help has $word"
done
grep -q 'On Linux there are also' <<<"$help" || fail "the help does not say what is only on Linux"

if begin "scenarios"; then
    test=(test --directory "$scratch" --json)
    for component in "$components"/cofferdam_{plugin,cookbook}_*.wasm; do
        test+=(--component "$component")
    done
    test+=(plugins/*/scenarios/*.toml guest-sdk/cookbook/*/scenarios/*.toml)
    "$native" "${test[@]}" --cache "$scratch/cache-here" >/dev/null
    begun=$(date +%s%3N)
    "$native" "${test[@]}" --cache "$scratch/cache-here" >"$scratch/scenarios-here"
    here=$(($(date +%s%3N) - begun))
    begun=$(date +%s%3N)
    on_windows "${test[@]}" --cache "$scratch/cache-there" >/dev/null || true
    again=$(date +%s%3N)
    on_windows "${test[@]}" --cache "$scratch/cache-there" >"$scratch/scenarios-there" || fail "scenarios"
    ended=$(date +%s%3N)
    printf 'seen: %s on Linux, %d ms without components to compile\n' \
        "$(tail -n 3 "$scratch/scenarios-here" | tr -d '\n}')" "$here"
    printf 'seen: %s on Windows, %d ms with components to compile, %d ms without\n' \
        "$(tail -n 3 "$scratch/scenarios-there" | tr -d '\n}')" $((again - begun)) $((ended - again))
fi

if begin "what components are: inspect, diff"; then
    for component in "$components"/cofferdam_plugin_*.wasm; do
        same inspect "$component" || true
    done
    same inspect --json "$components/cofferdam_plugin_bridge.wasm" || true
    same diff "$components"/cofferdam_plugin_{ptp,bridge}.wasm || true
fi

if begin "policies: check, explain, show, schema"; then
    same policy check --directory host/policy/default || true
    same policy explain --directory host/policy/default bridge link.create host kind=bridge name=cni0 || true
    same policy show --directory host/policy/default bridge --network mynet --json || true
    same policy schema || true
fi

if begin "a configuration: conflist check"; then
    cat >"$scratch/net.conflist" <<'END'
{ "cniVersion": "1.1.0", "name": "mynet", "plugins": [ { "type": "bridge", "bridge": "cni0", "isGateway": true, "ipMasq": true,
  "ipam": { "type": "host-local", "ranges": [ [ { "subnet": "10.22.0.0/16" } ] ], "routes": [ { "dst": "0.0.0.0/0" } ] } } ] }
END
    sed 's/"isGateway"/"isGatway"/; s/"1.1.0"/"9.9.9"/' "$scratch/net.conflist" >"$scratch/wrong.conflist"
    on_windows conflist check "$scratch/net.conflist" || fail "conflist check of a configuration without mistakes"
    ! on_windows conflist check "$scratch/wrong.conflist" >"$scratch/findings" || fail "conflist check finds no mistake"
    for words in 'error: cniVersion' isGatway; do
        grep -q "$words" "$scratch/findings" || fail "conflist check does not tell of $words"
    done
fi

if begin "signatures: a key made there signs, and both verify"; then
    cp "$components/cofferdam_plugin_bridge.wasm" "$scratch/bridge.wasm"
    on_windows key new vendor --directory "$scratch" >/dev/null || fail "key new"
    on_windows sign --key "$scratch/vendor.key" "$scratch/bridge.wasm" || fail "sign"
    same verify --key "$scratch/vendor.pub" "$scratch/bridge.wasm" || true
    printf x >>"$scratch/bridge.wasm"
    ! on_windows verify --key "$scratch/vendor.pub" "$scratch/bridge.wasm" 2>/dev/null || fail "a component that was changed is verified"
fi

if begin "projects: cofferctl new"; then
    for words in "--kind interface" "--kind ipam" "--kind chained" "--language c" "--language go" "--language javascript" "--language python"; do
        rm -rf "$scratch"/new-{here,there} && mkdir "$scratch"/new-{here,there}
        # shellcheck disable=SC2086
        "$native" new wire $words --directory "$scratch/new-here" >/dev/null
        # shellcheck disable=SC2086
        on_windows new wire $words --directory "$scratch/new-there" >/dev/null || fail "new wire $words"
        diff -r "$scratch/new-here" "$scratch/new-there" || fail "new wire $words writes other files"
    done
fi

if begin "a trace on a node that is imagined"; then
    on_windows trace "$scratch/net.conflist" --component "$components/cofferdam_plugin_bridge.wasm" \
        --component "$components/cofferdam_plugin_host_local.wasm" --policy host/policy/default/bridge.toml \
        --policy host/policy/default/host-local.toml >"$scratch/trace" || fail "trace"
    printf 'seen: %d calls\n' "$(wc -l <"$scratch/trace")"
    for words in 'bridge: .*create.*cni0.* -> ' 'host-local: .* -> '; do
        grep -q "$words" "$scratch/trace" || fail "the trace does not have $words"
    done
fi

# An ADD on this kernel and its DEL, recorded. It takes a network namespace that may be made.
record() {
    local root=$scratch/root
    "$native" --root "$root" component add "$components"/cofferdam_plugin_{bridge,host_local}.wasm >/dev/null
    mkdir -p "$root/etc/cofferdam/policy.d"
    install -m 644 host/policy/default/{bridge,host-local}.toml "$root/etc/cofferdam/policy.d/"
    printf '[plugin.bridge]\nrecord = "always"\n' >"$root/etc/cofferdam/policy.d/bridge.record.toml"
    unshare "$@" "$native" --root "$root" run --net "$scratch/net.conflist" -- true
    ls "$root"/var/log/cofferdam/recordings/*.json
}

if begin "replay of an ADD and a DEL that were recorded on Linux"; then
    if recorded=$(record --net 2>/dev/null || record --net --map-root-user 2>/dev/null); then
        mapfile -t recordings <<<"$recorded"
        [[ ${#recordings[@]} -eq 2 ]] || fail "${#recordings[@]} calls are recorded, and not ADD and DEL"
        for recording in "${recordings[@]}"; do
            same replay "$recording" "$components"/cofferdam_plugin_{bridge,host_local}.wasm && tail -n 1 "$scratch/there"
        done
    else
        printf '!! NOT RUN: replay: this user may make no network namespace\n'
    fi
fi

if begin "nothing is left behind"; then
    leftovers=$(find "$WINEPREFIX" /tmp -maxdepth 8 -name 'cofferctl-*' -newer "$exe" 2>/dev/null || true)
    [[ -z $leftovers ]] || fail "it left $leftovers"
fi

if begin "the journal's tests, with its files in memory"; then
    # They lie where cofferctl's stand-in is not.
    stand_in=${exe%/*}/bcryptprimitives.dll
    [[ ! -e $stand_in ]] || cp "$stand_in" "$WINEPREFIX/drive_c/windows/system32/"
    CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=$wine CARGO_TARGET_DIR=$build/elsewhere \
        cargo test --quiet --profile elsewhere --target "$windows" -p cofferdam-system -p cofferdam-journal \
        >"$scratch/journal" 2>&1 </dev/null || { cat "$scratch/journal" >&2; fail "the journal's tests"; }
    printf 'seen: %d passed\n' "$(sed -nE 's/^test result: ok\. ([0-9]+) passed.*/\1/p' "$scratch/journal" | awk '{ sum += $1 } END { print sum + 0 }')"
fi

# Wasmtime brings a few lines of C, which are compiled also where nothing is
# linked: in place of a compiler for those systems something makes empty objects.
# Where it was the last time: otherwise all would be compiled anew.
no_compiler=$build/elsewhere/no-compiler
cat >"$no_compiler" <<'END'
#!/bin/sh
for argument; do
    case $argument in
    # Asked what it is: not Microsoft's, but GNU's.
    '-?') exit 1 ;;
    -E) echo '"gcc"' ;;
    *.o) : >"$argument" ;;
    esac
done
END
chmod +x "$no_compiler"
for target in "${compiled[@]}"; do
    if ! grep -qx "$target" <<<"$targets"; then
        printf '!! NOT RUN: compiling for %s: rustup target add %s\n' "$target" "$target"
    elif begin "check for $target"; then
        env "CC_${target//-/_}=$no_compiler" CARGO_TARGET_DIR="$build/elsewhere" \
            cargo check --quiet --profile elsewhere --target "$target" -p cofferctl ||
            fail "cofferctl does not compile for $target"
    fi
done

[[ $left_out -eq 0 ]] || echo "!! some of it was left out for want of time"
echo "== done (after $SECONDS s)"
exit "$failed"
