//! AgentPod, and what a pod and the plan made from it have alike.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::machine::check_metal;
use super::quantity::milli;
use super::scope::text;
use super::{cluster, exposure, image, quadlet, volume};

/// Gates of a pod.
const GATES: &[&str] = &["policyFabricRequired", "agentRegistryRequired"];
/// What starts a pod of each type.
const MODES: &[(&str, &str)] = &[
    ("local-systemd", "systemd"),
    ("local-podman", "podman"),
    ("local-podman-quadlet", "podman-quadlet"),
    ("local-docker-compat", "docker"),
    ("local-bubblewrap", "bubblewrap"),
    ("kubernetes-pod", "kubernetes"),
    ("kubernetes-crd", "kubernetes"),
];

pub(crate) static POD_GATE_NOT_REQUIRED: Rule = Rule {
    id: "POD_GATE_NOT_REQUIRED",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan", "deployment-receipt"],
    what: "An admission or a grant is not required.",
    why: "Every activation passes both gates; a pod cannot opt out.",
    mend: "Set `policyFabricRequired` and `agentRegistryRequired` to true.",
    source: "Agent Machine plan renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/policy/agentRegistryRequired",
        good: "true",
        bad: "false",
    },
};
pub(crate) static POD_RECEIPTS_NOT_REQUIRED: Rule = Rule {
    id: "POD_RECEIPTS_NOT_REQUIRED",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "Receipts are not required.",
    why: "A run without receipts cannot be accounted for.",
    mend: "Set `receipts.required` to true.",
    source: "Agent Machine plan renderer, pre-check",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/receipts/required",
        good: "true",
        bad: "false",
    },
};
pub(crate) static POD_IDENTITY_NOT_REQUIRED: Rule = Rule {
    id: "POD_IDENTITY_NOT_REQUIRED",
    severity: Severity::Error,
    kinds: &["agent-pod"],
    what: "The workload acts under no agent identity.",
    why: "A grant is made out to an identity; an activation without one fails closed.",
    mend: "Set `agentIdentityRequired` to true and name the identity.",
    source: "Agent Machine activation, agent_identity_not_required_by_agentpod",
    example: Example {
        base: "agent-machine/agent-pod.quadlet.json",
        at: "/workload/agentIdentityRequired",
        good: "true",
        bad: "false",
    },
};
pub(crate) static POD_IDENTITY_REF_MISSING: Rule = Rule {
    id: "POD_IDENTITY_REF_MISSING",
    severity: Severity::Warning,
    kinds: &["agent-pod"],
    what: "An agent identity is required and none is named.",
    why: "Whoever resolves the grant has to be told the identity by hand, and may be told another one.",
    mend: "Give `agentIdentityRef`.",
    source: "advice",
    example: Example {
        base: "agent-machine/agent-pod.systemd.json",
        at: "/workload",
        good: r#"{"name": "x", "purpose": "tool-runner", "agentIdentityRequired": true, "agentIdentityRef": "urn:srcos:agent:x"}"#,
        bad: r#"{"name": "x", "purpose": "tool-runner", "agentIdentityRequired": true}"#,
    },
};
pub(crate) static POD_MODE_MISMATCH: Rule = Rule {
    id: "POD_MODE_MISMATCH",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "The type of the pod and its runtime mode do not fit.",
    why: "Checks go by the type and activation by the mode; a pod could be judged as one thing and started as another.",
    mend: "Give the mode that belongs to the type.",
    source: "gap: the original does not tie podType to runtime.mode",
    example: Example {
        base: "agent-machine/agent-pod.systemd.json",
        at: "/runtime/mode",
        good: r#""systemd""#,
        bad: r#""bubblewrap""#,
    },
};
pub(crate) static POD_REQUEST_OVER_LIMIT: Rule = Rule {
    id: "POD_REQUEST_OVER_LIMIT",
    severity: Severity::Error,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "More is requested than the limit allows.",
    why: "No scheduler can place such a pod.",
    mend: "Raise the limit, or lower the request.",
    source: "gap: the original does not compare request and limit",
    example: Example {
        base: "agent-machine/agent-pod.systemd.json",
        at: "/resources/memoryBytes/request",
        good: "1073741824",
        bad: "1073741825",
    },
};
pub(crate) static POD_CPU_UNREADABLE: Rule = Rule {
    id: "POD_CPU_UNREADABLE",
    severity: Severity::Warning,
    kinds: &["agent-pod", "agent-pod-deployment-plan"],
    what: "An amount of processor time is neither a number of processors nor thousandths of one.",
    why: "Renderers copy it; what reads it later refuses it, or takes it for something else.",
    mend: "Write a number such as 2 or 0.5, or thousandths such as 500m.",
    source: "advice",
    example: Example {
        base: "agent-machine/agent-pod.systemd.json",
        at: "/resources/cpu/limit",
        good: r#""1500m""#,
        bad: r#""two""#,
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &POD_GATE_NOT_REQUIRED,
    &POD_RECEIPTS_NOT_REQUIRED,
    &POD_IDENTITY_NOT_REQUIRED,
    &POD_IDENTITY_REF_MISSING,
    &POD_MODE_MISMATCH,
    &POD_REQUEST_OVER_LIMIT,
    &POD_CPU_UNREADABLE,
];

pub(super) fn check(pod: Node<'_>, report: &mut Report<'_>) {
    let kind = pod.get("podType");
    let workload = pod.get("workload");
    let required = workload.get("agentIdentityRequired");
    match required.bool() {
        Some(true) if !workload.get("agentIdentityRef").exists() => {
            report.add(&POD_IDENTITY_REF_MISSING, workload, "`agentIdentityRef` is missing");
        }
        Some(false) => report.add(&POD_IDENTITY_NOT_REQUIRED, required, "`agentIdentityRequired` is false"),
        _ => {}
    }
    for accelerator in pod.get("resources").get("accelerators").items() {
        if accelerator.get("required").is_true() {
            check_metal(accelerator.get("type"), pod.get("profile"), report);
        }
    }
    check_envelope(kind, pod, pod.get("storage"), report);
    image::check(pod.get("runtime"), report);
    if kind.is("local-podman-quadlet") {
        quadlet::check(pod, report);
    } else if kind.is("kubernetes-pod") {
        cluster::check(pod, report);
    }
}

/// What holds for a pod and for its plan; `document` has the members of the same name.
pub(super) fn check_envelope(kind: Node<'_>, document: Node<'_>, storage: Node<'_>, report: &mut Report<'_>) {
    let runtime = document.get("runtime");
    check_gates(document.get("policy"), report);
    let receipts = document.get("receipts").get("required");
    if receipts.bool() == Some(false) {
        report.add(&POD_RECEIPTS_NOT_REQUIRED, receipts, "`receipts.required` is false");
    }
    let mode = runtime.get("mode");
    if let Some((kind, fitting)) = MODES.iter().find(|(name, _)| kind.is(name))
        && MODES.iter().any(|(_, other)| mode.is(other) && other != fitting)
    {
        let message = format!("a {kind} pod has the mode {fitting}, not {}", text(mode));
        report.add(&POD_MODE_MISMATCH, mode, message);
    }
    exposure::check(kind, document, report);
    volume::check(document, storage, report);
    check_resources(document.get("resources"), report);
}

/// Both gates are required.
pub(super) fn check_gates(policy: Node<'_>, report: &mut Report<'_>) {
    for name in GATES {
        let gate = policy.get(name);
        if gate.bool() == Some(false) {
            report.add(&POD_GATE_NOT_REQUIRED, gate, format!("`{name}` is false"));
        }
    }
}

fn check_resources(resources: Node<'_>, report: &mut Report<'_>) {
    let memory = resources.get("memoryBytes");
    let (request, limit) = (memory.get("request"), memory.get("limit"));
    if let (Some(least), Some(most)) = (request.uint(), limit.uint())
        && least > most
    {
        let message = format!("{least} bytes are requested, the limit is {most}");
        report.add(&POD_REQUEST_OVER_LIMIT, request, message);
    }
    let cpu = resources.get("cpu");
    let (request, limit) = (cpu.get("request"), cpu.get("limit"));
    for amount in [request, limit] {
        if amount.str().is_some_and(|amount| milli(amount).is_none()) {
            let message = format!("\"{}\" is no amount of processor time", text(amount));
            report.add(&POD_CPU_UNREADABLE, amount, message);
        }
    }
    if let (Some(least), Some(most)) = (request.str().and_then(milli), limit.str().and_then(milli))
        && least > most
    {
        let message = format!("{} is requested, the limit is {}", text(request), text(limit));
        report.add(&POD_REQUEST_OVER_LIMIT, request, message);
    }
}
