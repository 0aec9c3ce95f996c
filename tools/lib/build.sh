# shellcheck shell=bash
# Builds the release binaries. Sourced by tools/demo and tools/install.

# What is installed: package and binary.
RELEASE_BINARIES=(
    "contract-runner contract-runner"
    "contract-sandbox contract-launch"
    "adapter-text-caps adapter-text-caps"
)

# The final binaries are static: they start in half the time, and run on any distribution of this machine.
build_release() {
    local entry package binary
    for entry in "${RELEASE_BINARIES[@]}"; do
        read -r package binary <<<"$entry"
        cargo rustc --release --quiet --locked -p "$package" --bin "$binary" -- -C target-feature=+crt-static
    done
}
