//! Agent Machine: machines, pods, providers and storage; the gates before an activation; the evidence after it.

mod activation;
mod admission;
mod cluster;
mod deployment;
mod evidence;
mod exposure;
mod grant;
mod image;
mod machine;
mod mount;
mod operation;
mod operation_events;
mod pod;
mod provider;
mod quadlet;
mod quantity;
mod scope;
mod secret;
mod storage;
mod storage_receipt;
mod volume;

use crate::kind::{Check, Kind, Mark};
use crate::rule::Rule;

macro_rules! kind {
    ($name:literal, $title:literal, $check:path) => {
        Kind {
            name: $name,
            title: $title,
            family: "agent-machine",
            schema: include_str!(concat!("../../../json/agent-machine/", $name, ".schema.json")),
            marks: &[Mark::Is("kind", $title)],
            check: Check::Document(|document, report| {
                $check(document, report);
                secret::check(document, report);
            }),
        }
    };
}

/// The kinds, in the order of an activation.
pub(crate) static KINDS: &[Kind] = &[
    kind!("agent-machine", "AgentMachine", machine::check),
    kind!("agent-pod", "AgentPod", pod::check),
    kind!("inference-provider", "InferenceProvider", provider::check),
    kind!("cache-tier", "CacheTier", storage::check_tier),
    kind!("storage-receipt", "StorageReceipt", storage_receipt::check),
    kind!("agent-pod-deployment-plan", "AgentPodDeploymentPlan", deployment::check_plan),
    kind!("deployment-receipt", "DeploymentReceipt", deployment::check_receipt),
    kind!("policy-admission", "PolicyAdmission", admission::check),
    kind!("agent-registry-grant", "AgentRegistryGrant", grant::check),
    kind!("activation-decision", "ActivationDecision", activation::check),
    kind!("agentplane-runtime-evidence", "AgentPlaneRuntimeEvidence", evidence::check),
    kind!("agent-machine-mount-plan", "AgentMachineMountPlan", mount::check_plan),
    kind!("agent-machine-mount-evidence", "AgentMachineMountEvidence", mount::check_evidence),
    kind!("workspace-operation-contract", "WorkspaceOperationContract", operation::check),
];

/// All rules of these kinds.
pub(crate) static RULES: &[&[&Rule]] = &[
    secret::RULES,
    machine::RULES,
    provider::RULES,
    pod::RULES,
    exposure::RULES,
    volume::RULES,
    image::RULES,
    quadlet::RULES,
    cluster::RULES,
    storage::RULES,
    storage_receipt::RULES,
    deployment::RULES,
    admission::RULES,
    grant::RULES,
    activation::RULES,
    evidence::RULES,
    mount::RULES,
    operation::RULES,
    operation_events::RULES,
];
