//! Backends of lanes: the block that the type asks for, pinned images, Nix.

use super::CONTRACTS;
use super::image::{self, Fault};
use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

const V0_2: &[&str] = &["workstation-contract.v0.2"];
const BASE: &str = "workstation/workstation-contract.v0.1.json";
const BASE_V0_2: &str = "workstation/workstation-contract.v0.2.json";

pub(super) static LANE_BACKEND_BLOCK_MISSING: Rule = Rule {
    id: "LANE_BACKEND_BLOCK_MISSING",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "The backend has a type, and no block of that name.",
    why: "Nothing says which environment is meant.",
    mend: "Add the block that the type names. For pixi an empty one is enough.",
    source: "gap: the original crashes on container and nix, and accepts pixi",
    example: Example {
        base: BASE,
        at: "/spec/lanes/0/backend",
        good: r#"{"type": "pixi", "pixi": {}}"#,
        bad: r#"{"type": "pixi"}"#,
    },
};

pub(super) static LANE_BACKEND_BLOCK_UNUSED: Rule = Rule {
    id: "LANE_BACKEND_BLOCK_UNUSED",
    severity: Severity::Warning,
    kinds: CONTRACTS,
    what: "The backend has a block of another type than its own.",
    why: "It is not used, and a reader may take it for the environment of the lane.",
    mend: "Remove the block, or make a lane of its own of it.",
    source: "gap: the original does not compare the type and the blocks",
    example: Example {
        base: BASE,
        at: "/spec/lanes/0/backend",
        good: r#"{"type": "pixi", "pixi": {}}"#,
        bad: r#"{"type": "pixi", "pixi": {}, "container": {"image": "debian@sha256:2fb0c9e4a4e8a0b0a3a1a7d1b6f5a9c8e7d6c5b4a39281706f5e4d3c2b1a0918"}}"#,
    },
};

pub(super) static LANE_IMAGE_UNPINNED: Rule = Rule {
    id: "LANE_IMAGE_UNPINNED",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A container image is not pinned by its digest.",
    why: "A tag can point to another image tomorrow; then the lane does not replay.",
    mend: "End the image with @sha256: and the 64 lower-case hex digits of its digest.",
    source: "workstation contract, container rule; ours also for a block that the type does not use",
    example: Example {
        base: BASE,
        at: "/spec/lanes/1/backend/container/image",
        good: r#""debian@sha256:2fb0c9e4a4e8a0b0a3a1a7d1b6f5a9c8e7d6c5b4a39281706f5e4d3c2b1a0918""#,
        bad: r#""debian:bookworm""#,
    },
};

pub(super) static LANE_IMAGE_PLACEHOLDER: Rule = Rule {
    id: "LANE_IMAGE_PLACEHOLDER",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "A container image has the placeholder of a template where its digest belongs.",
    why: "It names no image, and a contract that was copied from a template would pass unfinished.",
    mend: "Put the digest of the image in its place.",
    source: "workstation contract, container rule; the original lets it pass below examples/",
    example: Example {
        base: BASE,
        at: "/spec/lanes/1/backend/container/image",
        good: r#""debian@sha256:2fb0c9e4a4e8a0b0a3a1a7d1b6f5a9c8e7d6c5b4a39281706f5e4d3c2b1a0918""#,
        bad: r#""debian@sha256:REPLACE_WITH_DIGEST""#,
    },
};

pub(super) static LANE_IMAGE_NAME_INVALID: Rule = Rule {
    id: "LANE_IMAGE_NAME_INVALID",
    severity: Severity::Error,
    kinds: CONTRACTS,
    what: "What stands before the digest of a container image is no image name.",
    why: "No container program can fetch it.",
    mend: "Write [HOST[:PORT]/]PATH[:TAG] before the digest, for example registry.example.org/team/image.",
    source: "gap: the original accepts any text before the digest",
    example: Example {
        base: BASE,
        at: "/spec/lanes/1/backend/container/image",
        good: r#""debian:12@sha256:2fb0c9e4a4e8a0b0a3a1a7d1b6f5a9c8e7d6c5b4a39281706f5e4d3c2b1a0918""#,
        bad: r#""debian 12@sha256:2fb0c9e4a4e8a0b0a3a1a7d1b6f5a9c8e7d6c5b4a39281706f5e4d3c2b1a0918""#,
    },
};

pub(super) static LANE_NIX_FLAKE_BLANK: Rule = Rule {
    id: "LANE_NIX_FLAKE_BLANK",
    severity: Severity::Error,
    kinds: V0_2,
    what: "The flake of a nix lane is only white space.",
    why: "Nothing says what is built.",
    mend: "Write a flake reference, for example github:owner/repository/<revision> or `.`.",
    source: "workstation contract v0.2, rule 2",
    example: Example {
        base: BASE_V0_2,
        at: "/spec/lanes/0/backend/nix/flake",
        good: r#"".""#,
        bad: r#"" ""#,
    },
};

pub(super) static LANE_NIX_INSTALLABLE_INVALID: Rule = Rule {
    id: "LANE_NIX_INSTALLABLE_INVALID",
    severity: Severity::Error,
    kinds: V0_2,
    what: "The installable of a nix lane has no `#`.",
    why: "Without `#` it names a flake, not what to build of it.",
    mend: "Write the flake, # and the attribute, for example .#system.",
    source: "workstation contract v0.2, rule 3",
    example: Example {
        base: BASE_V0_2,
        at: "/spec/lanes/0/backend/nix/installable",
        good: r#"".#desk""#,
        bad: r#""desk""#,
    },
};

pub(super) static LANE_NIX_FLAKE_UNPINNED: Rule = Rule {
    id: "LANE_NIX_FLAKE_UNPINNED",
    severity: Severity::Warning,
    kinds: V0_2,
    what: "The flake of a nix lane is remote, has no revision, and no lock file is named.",
    why: "The same lane builds something else tomorrow.",
    mend: "Add the revision to the flake, or name the lock file in `lock_ref`.",
    source: "gap: the original does not look at how the flake is pinned",
    example: Example {
        base: BASE_V0_2,
        at: "/spec/lanes/0/backend/nix",
        good: r##"{"flake": "github:example/desks", "installable": ".#desk", "lock_ref": "flake.lock"}"##,
        bad: r##"{"flake": "github:example/desks", "installable": ".#desk"}"##,
    },
};

/// The rules about backends.
pub(super) static RULES: &[&Rule] = &[
    &LANE_BACKEND_BLOCK_MISSING,
    &LANE_BACKEND_BLOCK_UNUSED,
    &LANE_IMAGE_UNPINNED,
    &LANE_IMAGE_PLACEHOLDER,
    &LANE_IMAGE_NAME_INVALID,
    &LANE_NIX_FLAKE_BLANK,
    &LANE_NIX_INSTALLABLE_INVALID,
    &LANE_NIX_FLAKE_UNPINNED,
];

/// Checks the backend of a lane. `types` are those that the version of the contract knows.
pub(super) fn check(lane: Node<'_>, types: &[&str], report: &mut Report<'_>) {
    let backend = lane.get("backend");
    if let Some(kind) = backend.get("type").str().filter(|kind| types.contains(kind)) {
        if !backend.get(kind).exists() {
            let message = format!("the type is {kind}, and there is no block `{kind}`");
            report.add(&LANE_BACKEND_BLOCK_MISSING, backend.get("type"), message);
        }
        for other in types {
            if *other != kind && backend.get(other).exists() {
                let message = format!("the type is {kind}; the block `{other}` is not used");
                report.add(&LANE_BACKEND_BLOCK_UNUSED, backend.get(other), message);
            }
        }
    }
    check_image(backend.get("container").get("image"), report);
    check_nix(backend.get("nix"), report);
}

fn check_image(image: Node<'_>, report: &mut Report<'_>) {
    let Some(text) = image.str() else { return };
    match image::fault(text) {
        None => {}
        Some(Fault::Unpinned) => {
            report.add(&LANE_IMAGE_UNPINNED, image, format!("{text:?} does not end in a digest"));
        }
        Some(Fault::Placeholder) => {
            report.add(&LANE_IMAGE_PLACEHOLDER, image, format!("{text:?} is not finished"));
        }
        Some(Fault::Name(why)) => report.add(&LANE_IMAGE_NAME_INVALID, image, format!("{text:?}: {why}")),
    }
}

fn check_nix(nix: Node<'_>, report: &mut Report<'_>) {
    let (flake, installable) = (nix.get("flake"), nix.get("installable"));
    if let Some(text) = installable.str()
        && !text.is_empty()
        && !text.contains('#')
    {
        report.add(&LANE_NIX_INSTALLABLE_INVALID, installable, format!("{text:?} has no `#`"));
    }
    let Some(text) = flake.str().filter(|text| !text.is_empty()) else { return };
    let is_locked = nix.get("lock_ref").str().is_some_and(|lock| !lock.trim().is_empty());
    if text.trim().is_empty() {
        report.add(&LANE_NIX_FLAKE_BLANK, flake, "the flake is only white space");
    } else if !is_locked && !is_local(text) && !has_revision(text) {
        report.add(&LANE_NIX_FLAKE_UNPINNED, flake, format!("{text:?} has no revision and no lock file"));
    }
}

/// A flake of the repository itself has the revision of the repository.
fn is_local(flake: &str) -> bool {
    flake.starts_with(['.', '/']) || flake.starts_with("path:") || flake.starts_with("git+file:")
}

/// A commit as a part of the path or as a parameter, or a hash of the content.
fn has_revision(flake: &str) -> bool {
    let is_commit = |part: &str| {
        let text = part.strip_prefix("rev=").unwrap_or(part);
        matches!(text.len(), 40 | 64) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
    };
    flake.split(['/', '?', '&', '#']).any(|part| is_commit(part) || part.starts_with("narHash="))
}
