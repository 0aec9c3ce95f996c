# shellcheck shell=bash
# Builds the release binaries. Sourced by tools/demo and tools/install.

# What is installed: package and binary.
RELEASE_BINARIES=(
    "contract-runner contract-runner"
    "contract-sandbox contract-launch"
    "contract-conformance contract-conformance"
)
# Adapters that come with the runner: folders of adapters/. Package and binary of each are adapter-NAME.
RELEASE_ADAPTERS=(machine-probe mount-plan office process text-caps)

# build_static PACKAGE BINARY. Final binaries are static: they start in half the time, and run on any distribution.
build_static() {
    cargo rustc --release --quiet --locked -p "$1" --bin "$2" -- -C target-feature=+crt-static
}

build_release() {
    local entry package binary name
    for entry in "${RELEASE_BINARIES[@]}"; do
        read -r package binary <<<"$entry"
        build_static "$package" "$binary"
    done
    for name in "${RELEASE_ADAPTERS[@]}"; do
        build_static "adapter-$name" "adapter-$name"
    done
}
