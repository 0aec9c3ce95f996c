//! AgentPlaneRuntimeEvidence.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::text;

/// Answers that open no gate, beside that it is missing.
const REFUSALS: &[&str] = &["denied", "revoked", "expired", "not-required", "unknown"];

pub(crate) static EVIDENCE_RUNNING_UNGATED: Rule = Rule {
    id: "EVIDENCE_RUNNING_UNGATED",
    severity: Severity::Error,
    kinds: &["agentplane-runtime-evidence"],
    what: "The pod runs or has completed, and a gate that it requires is missing.",
    why: "A missing gate must stop an activation; this one did not.",
    mend: "Stop the pod, and find out who started it. If the gate did answer, give its answer.",
    source: "AgentPlaneRuntimeEvidence semantics",
    example: Example {
        base: "agent-machine/agentplane-runtime-evidence.json",
        at: "/policyFabric/admissionStatus",
        good: r#""allowed""#,
        bad: r#""missing""#,
    },
};
pub(crate) static EVIDENCE_RUNNING_REFUSED: Rule = Rule {
    id: "EVIDENCE_RUNNING_REFUSED",
    severity: Severity::Error,
    kinds: &["agentplane-runtime-evidence"],
    what: "The pod runs or has completed, and a gate that it requires did not let it.",
    why: "Denied, revoked, expired and unknown are no permission.",
    mend: "Stop the pod. A run that completed before its grant expired gives `completedAt` and the `expiresAt` of the grant.",
    source: "gap: in the original only missing blocks",
    example: Example {
        base: "agent-machine/agentplane-runtime-evidence.json",
        at: "/agentRegistry/grantStatus",
        good: r#""active""#,
        bad: r#""revoked""#,
    },
};
pub(crate) static EVIDENCE_GATE_UNTRACED: Rule = Rule {
    id: "EVIDENCE_GATE_UNTRACED",
    severity: Severity::Warning,
    kinds: &["agentplane-runtime-evidence"],
    what: "A gate is said to be open, and no record of that is named.",
    why: "Nobody can look up who opened it.",
    mend: "Give the reference and the digest of the decision or grant.",
    source: "advice: PolicyAdmission and AgentRegistryGrant semantics",
    example: Example {
        base: "agent-machine/agentplane-runtime-evidence.json",
        at: "/agentRegistry/grantRef",
        good: r#""urn:srcos:agent-registry-grant:x""#,
        bad: "null",
    },
};
pub(crate) static EVIDENCE_CACHE_UNDECIDED: Rule = Rule {
    id: "EVIDENCE_CACHE_UNDECIDED",
    severity: Severity::Warning,
    kinds: &["agentplane-runtime-evidence"],
    what: "A cache was reused, and no decision is named.",
    why: "A cache holds what other people have typed; somebody has to have allowed it.",
    mend: "Give `cacheReuseDecisionRef`.",
    source: "advice",
    example: Example {
        base: "agent-machine/agentplane-runtime-evidence.json",
        at: "/cache",
        good: r#"{"cacheReuseRequested": true, "cacheReuseAllowed": true, "cachePolicyRef": null, "cacheReceiptRefs": [], "cacheReuseDecisionRef": "urn:srcos:policy-decision:x"}"#,
        bad: r#"{"cacheReuseRequested": true, "cacheReuseAllowed": true, "cachePolicyRef": null, "cacheReceiptRefs": [], "cacheReuseDecisionRef": null}"#,
    },
};
pub(crate) static EVIDENCE_TIMES_REVERSED: Rule = Rule {
    id: "EVIDENCE_TIMES_REVERSED",
    severity: Severity::Warning,
    kinds: &["agentplane-runtime-evidence"],
    what: "The pod ended before it started, or started after it was seen.",
    why: "One of the clocks is wrong, or the times belong to different runs.",
    mend: "Give the times of this run.",
    source: "advice",
    example: Example {
        base: "agent-machine/agentplane-runtime-evidence.json",
        at: "/runtime/startedAt",
        good: r#""2026-09-14T08:04:00+02:00""#,
        bad: r#""2026-09-14T08:06:00Z""#,
    },
};
pub(crate) static EVIDENCE_FAILURE_SILENT: Rule = Rule {
    id: "EVIDENCE_FAILURE_SILENT",
    severity: Severity::Warning,
    kinds: &["agentplane-runtime-evidence"],
    what: "The pod failed, and nothing says why.",
    why: "Who reads the evidence has to guess.",
    mend: "Give `failureReason`.",
    source: "advice",
    example: Example {
        base: "agent-machine/agentplane-runtime-evidence.json",
        at: "/runtime/status",
        good: r#""running""#,
        bad: r#""failed""#,
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &EVIDENCE_RUNNING_UNGATED,
    &EVIDENCE_RUNNING_REFUSED,
    &EVIDENCE_GATE_UNTRACED,
    &EVIDENCE_CACHE_UNDECIDED,
    &EVIDENCE_TIMES_REVERSED,
    &EVIDENCE_FAILURE_SILENT,
];

pub(super) fn check(evidence: Node<'_>, report: &mut Report<'_>) {
    let runtime = evidence.get("runtime");
    let (policy, registry) = (evidence.get("policyFabric"), evidence.get("agentRegistry"));
    let admission = Gate { gate: policy, status: policy.get("admissionStatus"), open: "allowed" };
    let grant = Gate { gate: registry, status: registry.get("grantStatus"), open: "active" };
    check_gate(&admission, runtime, report);
    check_gate(&grant, runtime, report);
    let records = [(&admission, ["decisionRef", "decisionDigest"]), (&grant, ["grantRef", "grantDigest"])];
    for (gate, names) in records {
        for record in names.map(|name| gate.gate.get(name)) {
            if gate.status.is(gate.open) && record.is_null() {
                let message = format!("the gate is {}, and its record is null", gate.open);
                report.add(&EVIDENCE_GATE_UNTRACED, record, message);
            }
        }
    }
    let cache = evidence.get("cache");
    let decision = cache.get("cacheReuseDecisionRef");
    if cache.get("cacheReuseAllowed").is_true() && (!decision.exists() || decision.is_null()) {
        report.add(&EVIDENCE_CACHE_UNDECIDED, decision, "`cacheReuseDecisionRef` is not given");
    }
    check_run(runtime, evidence.get("observedAt"), report);
}

/// A gate, what it answered, and which answer opens it.
struct Gate<'a> {
    gate: Node<'a>,
    status: Node<'a>,
    open: &'static str,
}

fn check_gate(gate: &Gate<'_>, runtime: Node<'_>, report: &mut Report<'_>) {
    let (state, status) = (runtime.get("status"), gate.status);
    if !gate.gate.get("required").is_true() || !matches!(state.str(), Some("running" | "completed")) {
        return;
    }
    if status.is("missing") {
        let message = format!("the pod is {}, the gate is missing", text(state));
        report.add(&EVIDENCE_RUNNING_UNGATED, status, message);
    } else if REFUSALS.iter().any(|refusal| status.is(refusal)) && !ended_in_time(gate, runtime) {
        let message = format!("the pod is {}, the gate is {}", text(state), text(status));
        report.add(&EVIDENCE_RUNNING_REFUSED, status, message);
    }
}

/// Whether the run was over before the gate closed by itself.
fn ended_in_time(gate: &Gate<'_>, runtime: Node<'_>) -> bool {
    let (ended, closes) = (runtime.get("completedAt").time(), gate.gate.get("expiresAt").time());
    runtime.get("status").is("completed")
        && gate.status.is("expired")
        && matches!((ended, closes), (Some(ended), Some(closes)) if ended <= closes)
}

fn check_run(runtime: Node<'_>, observed: Node<'_>, report: &mut Report<'_>) {
    let (start, end) = (runtime.get("startedAt"), runtime.get("completedAt"));
    for (earlier, later) in [(start, end), (start, observed)] {
        if let (Some(first), Some(second)) = (earlier.time(), later.time())
            && first > second
        {
            let message = format!("{} is after {}", text(earlier), text(later));
            report.add(&EVIDENCE_TIMES_REVERSED, earlier, message);
        }
    }
    let reason = runtime.get("failureReason");
    if runtime.get("status").is("failed") && (!reason.exists() || reason.is_null()) {
        report.add(&EVIDENCE_FAILURE_SILENT, reason, "the status is failed, `failureReason` is not given");
    }
}
