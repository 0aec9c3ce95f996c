# shellcheck shell=bash
# What the tools need, and how to get it. Sourced by tools/demo, tools/test and tools/install.

RUST_NEEDED=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)

# need COMMAND APT DNF PACMAN BREW: notes what lacks; an old compiler counts as lacking.
missing_commands=() missing_apt=() missing_dnf=() missing_pacman=() missing_brew=()
need() {
    command -v "$1" >/dev/null 2>&1 && return
    missing_commands+=("$1") missing_apt+=("$2") missing_dnf+=("$3") missing_pacman+=("$4") missing_brew+=("$5")
}

can_apt() {
    command -v apt-get >/dev/null 2>&1 && { [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null; }
}

apt_install() {
    local sudo=()
    [ "$(id -u)" = 0 ] || sudo=(sudo -n)
    echo "installing with apt: $*"
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null ||
        { "${sudo[@]}" apt-get update -q >/dev/null &&
            "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >/dev/null; }
}

# Installs what lacks where apt can do it; else prints the commands and exits with 2.
get_needs() {
    if [ ${#missing_commands[@]} -gt 0 ]; then
        if ! { can_apt && apt_install "${missing_apt[@]}"; }; then
            {
                echo "missing: ${missing_commands[*]}. Install with one of:"
                echo "  sudo apt install ${missing_apt[*]}"
                echo "  sudo dnf install ${missing_dnf[*]}"
                echo "  sudo pacman -S ${missing_pacman[*]}"
                echo "  brew install ${missing_brew[*]}"
            } >&2
            exit 2
        fi
    fi
    local have
    have=$(rustc --version | cut -d' ' -f2)
    if [ "$(printf '%s\n%s\n' "$RUST_NEEDED" "${have%%-*}" | sort -V | head -n1)" != "$RUST_NEEDED" ]; then
        {
            echo "rustc is $have; this needs $RUST_NEEDED or newer. Get it with one of:"
            echo "  rustup update stable        (https://rustup.rs)"
            echo "  sudo dnf upgrade rust cargo"
            echo "  sudo pacman -Syu rust"
            echo "  brew upgrade rust"
            echo "Debian's own rustc may be too old: there, sudo apt install rustup && rustup default stable"
        } >&2
        exit 2
    fi
}

# What the llama adapter alone needs: it compiles llama.cpp, and reads its headers through libclang. ccache is used where it is found.
need_llama() {
    # Its cache finds what another folder of this repository has compiled.
    export CCACHE_BASEDIR=$PWD CCACHE_NOHASHDIR=1
    need c++ g++ gcc-c++ gcc gcc
    need cmake cmake cmake cmake cmake
    has_libclang || {
        missing_commands+=(libclang) missing_apt+=(libclang-dev) missing_dnf+=(clang-devel) missing_pacman+=(clang) missing_brew+=(llvm)
    }
}

# Whether all of it is there.
has_llama_needs() {
    command -v c++ >/dev/null && command -v cmake >/dev/null && has_libclang
}

has_libclang() {
    [ -n "${LIBCLANG_PATH:-}" ] || ldconfig -p 2>/dev/null | grep -q 'libclang[-.][0-9.]*so' ||
        compgen -G '/usr/lib/llvm*/lib/libclang*.so*' | grep -qv libclang-cpp
}

need cargo cargo cargo rust rust
need rustc rustc rust rust rust
need cc gcc gcc gcc gcc
