# shellcheck shell=bash
# Builds the release binaries. Sourced by tools/demo and tools/install.

# The packages whose binaries are installed.
RELEASE_PACKAGES=(contract-runner contract-serve contract-sandbox contract-conformance)
# Adapters that come with the runner: folders of adapters/. Package and binary of each are adapter-NAME.
RELEASE_ADAPTERS=(machine-probe mount-plan office openai-endpoint process text-caps)

# Where build_static leaves what it built. A target of its own, though it is this machine's: what runs while building (procedural
# macros) cannot be static, and cargo keeps the two apart only so.
build_target=$(rustc -vV | sed -n 's/^host: //p')
release=${CARGO_TARGET_DIR:-target}/$build_target/release

# build_static PACKAGE... builds the binaries of all at once, so that what they share is compiled once. They are static: they start
# in half the time, and run on any distribution.
#
# The crate getrandom looks for getrandom(2) with dlsym, which finds nothing in a static program, and then opens /dev/urandom, which an
# adapter may not: hash tables of jsonschema would panic in the sandbox. With this backend it makes the call.
build_static() {
    local package arguments=()
    for package in "$@"; do
        arguments+=(-p "$package")
    done
    RUSTFLAGS="${RUSTFLAGS:-} -C target-feature=+crt-static --cfg getrandom_backend=\"linux_getrandom\"" \
        cargo build --release --quiet --locked --bins --target "$build_target" "${arguments[@]}"
}

# Leaves the llama adapter out, which takes minutes and C++ tools, when RELEASE_ADAPTERS does not name it.
build_release() {
    build_static "${RELEASE_PACKAGES[@]}" "${RELEASE_ADAPTERS[@]/#/adapter-}"
}
