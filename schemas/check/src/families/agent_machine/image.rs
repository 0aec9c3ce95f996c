//! Supply chain: which image a pod runs.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::text;
use crate::digest::is_sha256;

/// Modes whose `imageOrCommand` is an image.
const CONTAINER_MODES: &[&str] = &["podman", "podman-quadlet", "docker", "kubernetes"];
/// Policies that want a digest.
const PINNED: &[&str] = &["digest-required", "digest-pinned"];

pub(crate) static POD_IMAGE_MUTABLE: Rule = Rule {
    id: "POD_IMAGE_MUTABLE",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "A digest is demanded, and the image is named by a tag.",
    why: "A tag can point to another image tomorrow; renderers copy the reference as it is, without `imageDigest`.",
    mend: "Write the image as NAME@sha256:DIGEST.",
    source: "Agent Machine supply chain check, bootstrap mode",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/runtime/imageOrCommand",
        good: r#""registry.example/vllm/server@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae""#,
        bad: r#""registry.example/vllm/server:0.12""#,
    },
};
pub(crate) static POD_IMAGE_POLICY_MISSING: Rule = Rule {
    id: "POD_IMAGE_POLICY_MISSING",
    severity: Severity::Warning,
    kinds: &["agent-pod"],
    what: "The image is named by a tag, and no policy says that this will do.",
    why: "A release refuses such a pod, and nobody can tell whether the tag was meant.",
    mend: "Pin the image, or say tag-allowed-bootstrap.",
    source: "Agent Machine supply chain check, bootstrap mode",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/runtime",
        good: r#"{"mode": "kubernetes", "imageOrCommand": "registry.example/x:1", "imageReferencePolicy": "tag-allowed-bootstrap", "networkMode": "kubernetes-service", "restartPolicy": "always", "namespace": "inference", "serviceAccountName": "x"}"#,
        bad: r#"{"mode": "kubernetes", "imageOrCommand": "registry.example/x:1", "networkMode": "kubernetes-service", "restartPolicy": "always", "namespace": "inference", "serviceAccountName": "x"}"#,
    },
};
pub(crate) static POD_IMAGE_POLICY_LOOSE: Rule = Rule {
    id: "POD_IMAGE_POLICY_LOOSE",
    severity: Severity::Warning,
    kinds: &["agent-pod"],
    what: "The image is pinned, and the policy would allow a tag.",
    why: "The next change of the image may drop the digest unnoticed.",
    mend: "Say digest-required or digest-pinned.",
    source: "Agent Machine supply chain check, bootstrap mode",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/runtime/imageReferencePolicy",
        good: r#""digest-pinned""#,
        bad: r#""tag-allowed-bootstrap""#,
    },
};
pub(crate) static POD_IMAGE_DIGESTS_DIFFER: Rule = Rule {
    id: "POD_IMAGE_DIGESTS_DIFFER",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "Two digests of the image are given, and they differ.",
    why: "Only one of them was scanned and signed; which one runs depends on the renderer.",
    mend: "Resolve the image again, and write the same digest in both places.",
    source: "Agent Machine supply chain check, strict mode",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/runtime",
        good: r#"{"mode": "podman-quadlet", "imageOrCommand": "quay.io/x/y@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "imageDigest": "sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "entrypoint": "y", "networkMode": "loopback", "restartPolicy": "never"}"#,
        bad: r#"{"mode": "podman-quadlet", "imageOrCommand": "quay.io/x/y@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "imageDigest": "sha256:fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9", "entrypoint": "y", "networkMode": "loopback", "restartPolicy": "never"}"#,
    },
};
pub(crate) static POD_PROVENANCE_MISSING: Rule = Rule {
    id: "POD_PROVENANCE_MISSING",
    severity: Severity::Warning,
    kinds: &["agent-pod"],
    what: "A digest is demanded, and the bill of materials or the provenance is missing.",
    why: "A release wants to know what is in the image and who built it.",
    mend: "Give `sbomRef` and `provenanceRef`.",
    source: "Agent Machine supply chain check, strict mode",
    example: Example {
        base: "agent-machine/agent-pod.kubernetes.json",
        at: "/runtime",
        good: r#"{"mode": "kubernetes", "imageOrCommand": "registry.example/x@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "imageReferencePolicy": "digest-pinned", "sbomRef": "urn:srcos:sbom:x", "provenanceRef": "urn:srcos:provenance:x", "networkMode": "kubernetes-service", "restartPolicy": "always", "namespace": "inference", "serviceAccountName": "x"}"#,
        bad: r#"{"mode": "kubernetes", "imageOrCommand": "registry.example/x@sha256:2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae", "imageReferencePolicy": "digest-pinned", "sbomRef": "urn:srcos:sbom:x", "networkMode": "kubernetes-service", "restartPolicy": "always", "namespace": "inference", "serviceAccountName": "x"}"#,
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &POD_IMAGE_MUTABLE,
    &POD_IMAGE_POLICY_MISSING,
    &POD_IMAGE_POLICY_LOOSE,
    &POD_IMAGE_DIGESTS_DIFFER,
    &POD_PROVENANCE_MISSING,
];

pub(super) fn check(runtime: Node<'_>, report: &mut Report<'_>) {
    let (image, policy) = (runtime.get("imageOrCommand"), runtime.get("imageReferencePolicy"));
    let is_container = CONTAINER_MODES.iter().any(|mode| runtime.get("mode").is(mode));
    let wants_digest = PINNED.iter().any(|pinned| policy.is(pinned));
    if let Some(reference) = image.str().filter(|_| is_container) {
        match pinned_digest(reference) {
            None if wants_digest => {
                let message = format!("\"{reference}\" names no digest, the policy is {}", text(policy));
                report.add(&POD_IMAGE_MUTABLE, image, message);
            }
            None if !policy.exists() => {
                report.add(
                    &POD_IMAGE_POLICY_MISSING,
                    image,
                    format!("\"{reference}\" may change at any time"),
                );
            }
            Some(_) if policy.is("tag-allowed-bootstrap") => {
                report.add(&POD_IMAGE_POLICY_LOOSE, policy, "a tag would be allowed");
            }
            _ => {}
        }
        let resolved = runtime.get("imageDigest");
        if let (Some(named), Some(resolved_hex)) = (pinned_digest(reference), resolved.str().and_then(hex))
            && !named.eq_ignore_ascii_case(resolved_hex)
        {
            report.add(&POD_IMAGE_DIGESTS_DIFFER, resolved, format!("`imageOrCommand` says sha256:{named}"));
        }
    }
    if wants_digest {
        for name in ["sbomRef", "provenanceRef"] {
            if !runtime.get(name).exists() {
                report.add(&POD_PROVENANCE_MISSING, runtime, format!("`{name}` is missing"));
            }
        }
    }
}

/// The hex digits of the digest at the end of a reference.
fn pinned_digest(reference: &str) -> Option<&str> {
    reference.rsplit_once('@').and_then(|(_, digest)| hex(digest))
}

/// Also in upper case, which is another rule's business: what a rule does not read it cannot compare.
fn hex(digest: &str) -> Option<&str> {
    digest.strip_prefix("sha256:").filter(|hex| is_sha256(&hex.to_ascii_lowercase()))
}
