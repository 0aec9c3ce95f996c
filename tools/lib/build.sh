# shellcheck shell=bash
# Builds the release binaries. Sourced by tools/demo and tools/install.

# What is installed: package and binary.
RELEASE_BINARIES=(
    "contract-runner contract-runner"
    "contract-sandbox contract-launch"
    "adapter-text-caps adapter-text-caps"
    "contract-conformance contract-conformance"
)

# build_static PACKAGE BINARY. Final binaries are static: they start in half the time, and run on any distribution.
build_static() {
    cargo rustc --release --quiet --locked -p "$1" --bin "$2" -- -C target-feature=+crt-static
}

build_release() {
    local entry package binary
    for entry in "${RELEASE_BINARIES[@]}"; do
        read -r package binary <<<"$entry"
        build_static "$package" "$binary"
    done
}
