//! AgentPodDeploymentPlan and DeploymentReceipt.

use contract_json::Digest;

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::pod::{check_envelope, check_gates};
use super::scope::text;

/// What is rendered for a pod of each type.
const SURFACES: &[(&str, &str)] = &[
    ("local-systemd", "local-runtime-plan"),
    ("local-podman", "local-runtime-plan"),
    ("local-podman-quadlet", "quadlet-container"),
    ("local-docker-compat", "local-runtime-plan"),
    ("local-bubblewrap", "local-runtime-plan"),
    ("kubernetes-pod", "kubernetes-yaml"),
    ("kubernetes-crd", "agentpod-crd"),
];
/// The generator whose receipt ids follow from what they are about.
const RENDERER: &str = "agentpod-plan-renderer";
/// What a receipt id begins with.
const RECEIPT: &str = "urn:srcos:agent-machine:deployment-receipt:";
/// Hex digits of a receipt id.
const DIGITS: usize = 32;

pub(crate) static PLAN_SURFACE_MISMATCH: Rule = Rule {
    id: "PLAN_SURFACE_MISMATCH",
    severity: Severity::Error,
    kinds: &["agent-pod-deployment-plan"],
    what: "The surface is not the one of the type of pod.",
    why: "The plan would be judged as one thing and deployed as another.",
    mend: "Render the plan again.",
    source: "Agent Machine plan renderer",
    example: Example {
        base: "agent-machine/agent-pod-deployment-plan.json",
        at: "/target/surface",
        good: r#""quadlet-container""#,
        bad: r#""kubernetes-yaml""#,
    },
};
pub(crate) static DEPLOYMENT_RECEIPT_ID: Rule = Rule {
    id: "DEPLOYMENT_RECEIPT_ID",
    severity: Severity::Error,
    kinds: &["deployment-receipt"],
    what: "The id of the receipt does not follow from what it is about.",
    why: "Admissions name a receipt by its id alone; a receipt whose id fits nothing could stand for any plan.",
    mend: "Render the receipt again. The id is the start of the SHA-256 of POD:PLAN-DIGEST:GENERATOR:VERSION.",
    source: "Agent Machine plan renderer",
    example: Example {
        base: "agent-machine/deployment-receipt.json",
        at: "/source/id",
        good: r#""urn:srcos:agent-machine:agent-pod:birch-embeddings""#,
        bad: r#""urn:srcos:agent-machine:agent-pod:birch-chat""#,
    },
};
pub(crate) static DEPLOYMENT_ARTIFACT_SURFACE: Rule = Rule {
    id: "DEPLOYMENT_ARTIFACT_SURFACE",
    severity: Severity::Warning,
    kinds: &["deployment-receipt"],
    what: "The artifact and the surface do not belong together.",
    why: "The receipt says that one thing was rendered for another.",
    mend: "Name the surface that the artifact is made for.",
    source: "advice",
    example: Example {
        base: "agent-machine/deployment-receipt.json",
        at: "/artifact/artifactKind",
        good: r#""QuadletContainer""#,
        bad: r#""KubernetesYaml""#,
    },
};

pub(crate) static RULES: &[&Rule] =
    &[&PLAN_SURFACE_MISMATCH, &DEPLOYMENT_RECEIPT_ID, &DEPLOYMENT_ARTIFACT_SURFACE];

pub(super) fn check_plan(plan: Node<'_>, report: &mut Report<'_>) {
    let target = plan.get("target");
    let (kind, surface) = (target.get("podType"), target.get("surface"));
    if let Some((kind, fitting)) = SURFACES.iter().find(|(name, _)| kind.is(name))
        && (surface.is("unknown") || SURFACES.iter().any(|(_, other)| surface.is(other) && other != fitting))
    {
        report.add(&PLAN_SURFACE_MISMATCH, surface, format!("the surface of {kind} is {fitting}"));
    }
    check_envelope(kind, plan, plan.get("storageResolution"), report);
}

pub(super) fn check_receipt(receipt: Node<'_>, report: &mut Report<'_>) {
    check_gates(receipt.get("policy"), report);
    let (artifact, surface) = (receipt.get("artifact"), receipt.get("target").get("surface"));
    let kind = artifact.get("artifactKind");
    let contradicts = match kind.str() {
        Some("QuadletContainer") => !surface.is("quadlet-container"),
        Some("KubernetesYaml") => !surface.is("kubernetes-yaml"),
        _ => false,
    };
    if contradicts && surface.str().is_some() {
        let message = format!("a {} is not made for {}", text(kind), text(surface));
        report.add(&DEPLOYMENT_ARTIFACT_SURFACE, surface, message);
    }
    check_id(receipt, artifact, report);
}

fn check_id(receipt: Node<'_>, artifact: Node<'_>, report: &mut Report<'_>) {
    let (id, generator) = (receipt.get("receiptId"), receipt.get("generator"));
    if !generator.get("name").is(RENDERER) || !artifact.get("artifactKind").is("AgentPodDeploymentPlan") {
        return;
    }
    let pod = receipt.get("source").get("id").str().filter(|id| id.starts_with("urn:"));
    let plan = artifact.get("digest").str().filter(|digest| digest.starts_with("sha256:"));
    let parts = (pod, plan, generator.get("version").str());
    let (Some(pod), Some(plan), Some(version)) = parts else { return };
    let Some(given) = id.str().and_then(|id| id.strip_prefix(RECEIPT)) else { return };
    let whole = Digest::of(format!("{pod}:{plan}:{RENDERER}:{version}").as_bytes()).sha256;
    if given != &whole[..DIGITS] {
        report.add(
            &DEPLOYMENT_RECEIPT_ID,
            id,
            format!("this pod and plan have the id {RECEIPT}{}", &whole[..DIGITS]),
        );
    }
}
