//! The house rules, as data. docs/architecture.md says why.

/// Which crates of ours a crate may import, tests included. A crate that is not in this table is a fault.
pub(crate) const IMPORTS: &[(&str, &[&str])] = &[
    ("contract-json", &[]),
    ("contract-ipc", &["contract-json"]),
    ("contract-check", &["contract-damage", "contract-json", "contract-shell"]),
    ("contract-shell", &[]),
    ("contract-sandbox", &[]),
    // Not a part of contract-receipts: a chain of receipts builds wherever Rust does, the evidence of a run needs Linux.
    ("contract-ledger", &["contract-check", "contract-ipc", "contract-json"]),
    // Not a part of contract-inference: it starts nothing, and whoever wants to know whether bytes are in order needs no engine.
    ("contract-models", &["contract-check", "contract-damage", "contract-ipc", "contract-json"]),
    ("contract-receipts", &["contract-ipc", "contract-json"]),
    ("contract-engine", &["contract-ipc", "contract-json", "contract-receipts", "contract-sandbox"]),
    (
        "contract-lanes",
        &[
            "contract-check",
            "contract-engine",
            "contract-ipc",
            "contract-json",
            "contract-receipts",
            "contract-shell",
        ],
    ),
    // Not a part of contract-engine: one run needs neither models nor a ledger.
    (
        "contract-inference",
        &[
            "contract-check",
            "contract-damage",
            "contract-engine",
            "contract-ipc",
            "contract-json",
            "contract-ledger",
            "contract-models",
        ],
    ),
    (
        "contract-serve",
        &["contract-engine", "contract-inference", "contract-ipc", "contract-json", "contract-receipts"],
    ),
    (
        "contract-runner",
        &[
            "contract-check",
            "contract-damage",
            "contract-engine",
            "contract-inference",
            "contract-ipc",
            "contract-json",
            "contract-lanes",
            "contract-ledger",
            "contract-models",
            "contract-receipts",
            "contract-sandbox",
        ],
    ),
    ("contract-adapter", &["contract-ipc", "contract-json"]),
    ("adapter-text-caps", &["contract-adapter", "contract-json"]),
    ("adapter-process", &["contract-adapter", "contract-json"]),
    ("adapter-office", &["contract-adapter", "contract-check", "contract-json", "contract-shell"]),
    ("adapter-openai-endpoint", &["contract-adapter", "contract-ipc", "contract-json"]),
    ("adapter-machine-probe", &["contract-adapter", "contract-check", "contract-json"]),
    ("adapter-mount-plan", &["contract-adapter", "contract-check", "contract-json"]),
    ("adapter-llama", &["contract-adapter", "contract-json"]),
    ("adapter-echo", &["contract-adapter", "contract-ipc", "contract-json"]),
    // Imports none of ours: it tests programs from outside.
    ("contract-conformance", &[]),
    // For tests and fuzzers of any crate, so it stands on none.
    ("contract-damage", &[]),
    ("contract-bench", &["contract-sandbox"]),
    // Not a part of contract-bench, which needs no C++.
    ("bench-engine", &[]),
    (
        "contract-fuzz",
        &[
            "contract-check",
            "contract-damage",
            "contract-ipc",
            "contract-json",
            "contract-receipts",
            "contract-shell",
        ],
    ),
    ("xtask", &["contract-check", "contract-ipc"]),
];

/// Libraries that only the named crates may use.
pub(crate) const ONLY_IN: &[(&str, &[&str])] = &[
    ("tokio", &["contract-engine", "contract-serve"]),
    ("landlock", &["contract-sandbox"]),
    ("caps", &["contract-sandbox"]),
    ("libc", &["contract-sandbox"]),
    (
        "clap",
        &[
            "contract-conformance",
            "contract-inference",
            "contract-lanes",
            "contract-runner",
            "contract-serve",
        ],
    ),
    ("nix", &["adapter-process"]),
    ("ed25519-dalek", &["contract-models"]),
    ("ureq-proto", &["adapter-openai-endpoint"]),
    ("anyhow", &["xtask", "bench-engine", "contract-bench", "contract-fuzz"]),
];

/// Crates that the ground floor may not use: no clock, no threads, no I/O of its own.
pub(crate) const GROUND_FLOOR: &[&str] = &["contract-json", "contract-ipc", "contract-shell"];

/// What no source of the ground floor may name.
pub(crate) const NOT_ON_THE_GROUND_FLOOR: &[&str] =
    &["std::fs", "std::net", "std::thread", "std::process", "std::env", "SystemTime::now", "Instant::now"];

/// Where `unsafe` may stand.
pub(crate) const UNSAFE_IN: &[&str] = &[
    "runner/sandbox/",
    // Takes the inherited descriptor that CONTRACT_BROKER_FD names; std has no safe way (docs/decisions/0004).
    "adapters/sdk/src/broker.rs",
];

/// Most lines of a source file.
pub(crate) const MAX_LINES: usize = 500;

/// Files that may be longer, and why.
pub(crate) const LONGER: &[(&str, &str)] = &[
    ("reference/ipc-v0/runner.py", "one file by design: it is read from top to bottom"),
    ("reference/ipc-v0/verify.py", "one file by design: it is read from top to bottom"),
];

/// Words that do not name a concept.
pub(crate) const NO_MODULE_NAMES: &[&str] = &["utils", "util", "helpers", "helper", "common", "misc"];

/// What no tracked text may hold: paths of one machine.
pub(crate) const MACHINE_PATHS: &[&str] = &["/home/", "/root/", "/work/"];

/// Where such a path is the subject.
pub(crate) const MACHINE_PATHS_IN: &[&str] = &[
    "tools/xtask/",
    "runner/sandbox/",
    "runner/engine/src/",
    "runner/cli/tests/",
    "conformance/commands.toml",
    "conformance/ci-runs.toml",
];
