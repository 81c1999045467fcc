# shellcheck shell=bash
# shellcheck disable=SC2034  # they use what is set here
# What the languages' scripts have in common; they source it.

languages=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
workspace=$(cd "$languages/../.." && pwd)
build=${CARGO_TARGET_DIR:-$workspace/target}
# Where compilers that are no packages of the system go.
tools=$build/languages/tools

plugins=(mtu-cap list-ipam)

# Makes bindings for C and Go; as the workspace's Cargo.lock has it.
bindgen_version=0.61.1
bindgen=$tools/wit-bindgen/bin/wit-bindgen

bindgen_missing() {
    [[ -x $bindgen ]] || echo "wit-bindgen $bindgen_version"
}

install_bindgen() {
    if [[ ! -x $bindgen ]]; then
        # Not in the workspace: its flags are for what ships.
        (cd / && cargo install --quiet --locked --root "$tools/wit-bindgen" --no-default-features --features c,go \
            "wit-bindgen-cli@$bindgen_version")
    fi
}

# Makes and builds projects; tools/build.sh builds it.
cofferctl=$build/bin/${PROFILE:-release}/cofferctl

# What kind of project begins with a plugin.
kind_of() {
    case $1 in
    mtu-cap) echo chained ;;
    list-ipam) echo ipam ;;
    esac
}

# Builds a plugin as its author would, in a project of `cofferctl new`:
# build_project LANGUAGE PLUGIN
build_project() {
    local language=$1 plugin=$2 projects=$build/languages/projects/$1
    rm -rf "${projects:?}/$plugin"
    mkdir -p "$projects"
    "$cofferctl" new "$plugin" --language "$language" --kind "$(kind_of "$plugin")" --directory "$projects" >/dev/null
    "$cofferctl" build "$projects/$plugin" >/dev/null
    cp "$projects/$plugin/target/$plugin.wasm" "$(component_of "$language" "$plugin")"
}

# Where the component of a plugin goes: component_of LANGUAGE PLUGIN
component_of() {
    mkdir -p "$build/languages/$1"
    echo "$build/languages/$1/$2.wasm"
}

# Packages of Debian, where they are missing and this is root.
install_packages() {
    local package missing=()
    for package in "$@"; do
        dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package")
    done
    if [[ ${#missing[@]} -eq 0 ]]; then
        return
    fi
    if [[ $(id -u) -ne 0 ]] || ! command -v apt-get >/dev/null; then
        echo "these packages are missing, and only root on Debian can have them installed: ${missing[*]}" >&2
        return 1
    fi
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

# The verbs that each language's script has: what is missing here, getting it,
# building one plugin. `main "$@"` calls missing, install or build_plugin.
main() {
    case ${1:-} in
    missing) missing ;;
    install) install_tools ;;
    build)
        local plugin
        for plugin in "${plugins[@]}"; do
            build_plugin "$plugin"
        done
        ;;
    *)
        echo "$0: missing, install or build; see guest-sdk/languages/build.sh" >&2
        return 2
        ;;
    esac
}
