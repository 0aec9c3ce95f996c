//! ActivationDecision.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::admission::ACTIVATION_EFFECTS;
use super::scope::{is_empty, is_not_after, is_sound, lacks, text};

/// Reasons against an activation, and what has to be there first. Those with a colon are followed by details.
const REASONS: &[(&str, Option<&str>)] = &[
    ("agentpod_kind_invalid", None),
    ("agent_identity_not_required_by_agentpod", None),
    ("policy_does_not_allow_activation_scope", Some("policy_admission_allowed_activation")),
    ("agent_registry_grant_does_not_allow_activation_scope", Some("agent_registry_grant_active_activation")),
    ("storage_receipts_missing", Some("valid_storage_receipts")),
    ("storage_receipt_files_missing", Some("valid_storage_receipts")),
    ("storage_receipt_invalid:", Some("valid_storage_receipts")),
    ("storage_receipt_id_missing", Some("valid_storage_receipts")),
    ("storage_receipt_encryption_required_not_observed:", Some("valid_storage_receipts")),
    ("storage_receipt_quota_required_not_observed:", Some("valid_storage_receipts")),
    ("storage_receipt_ref_unresolved:", Some("valid_storage_receipts")),
    ("deployment_receipt_missing", Some("deployment_receipt")),
];
/// What the status can be.
const STATES: &[&str] = &["allowed", "fail-closed", "denied", "unknown"];
/// What a tool is called in a grant.
const TOOL: &str = "urn:srcos:tool:";

pub(crate) static ACTIVATION_STATUS: Rule = Rule {
    id: "ACTIVATION_STATUS",
    severity: Severity::Error,
    kinds: &["activation-decision"],
    what: "The status and `activationAllowed` contradict each other.",
    why: "A program that reads only one of them starts what was refused.",
    mend: "`activationAllowed` is true for allowed, and false for every other status.",
    source: "Agent Machine activation",
    example: Example {
        base: "agent-machine/activation-decision.fail-closed.json",
        at: "/decision/activationAllowed",
        good: "false",
        bad: "true",
    },
};
pub(crate) static ACTIVATION_REASONS: Rule = Rule {
    id: "ACTIVATION_REASONS",
    severity: Severity::Error,
    kinds: &["activation-decision"],
    what: "The activation is allowed although something stands against it, or fails and nothing does.",
    why: "The decision does not follow from its reasons.",
    mend: "Empty `failureReasons` and `requiredBeforeActivation` of an allowed activation; give a failed one its reasons.",
    source: "Agent Machine activation",
    example: Example {
        base: "agent-machine/activation-decision.allowed.json",
        at: "/decision/failureReasons",
        good: "[]",
        bad: r#"["storage_receipts_missing"]"#,
    },
};
pub(crate) static ACTIVATION_REASON_UNKNOWN: Rule = Rule {
    id: "ACTIVATION_REASON_UNKNOWN",
    severity: Severity::Warning,
    kinds: &["activation-decision"],
    what: "A reason is none that an evaluation gives.",
    why: "Programs that act on reasons pass it over.",
    mend: "Use the tokens of the evaluation; put remarks into labels.",
    source: "advice",
    example: Example {
        base: "agent-machine/activation-decision.fail-closed.json",
        at: "/decision/failureReasons/1",
        good: r#""storage_receipts_missing""#,
        bad: r#""disk_full""#,
    },
};
pub(crate) static ACTIVATION_PRECONDITION_MISSING: Rule = Rule {
    id: "ACTIVATION_PRECONDITION_MISSING",
    severity: Severity::Warning,
    kinds: &["activation-decision"],
    what: "Something stands against the activation, and what would help is not listed.",
    why: "Who mends everything in `requiredBeforeActivation` is refused again.",
    mend: "Add the precondition.",
    source: "advice",
    example: Example {
        base: "agent-machine/activation-decision.fail-closed.json",
        at: "/decision/requiredBeforeActivation",
        good: r#"["agent_registry_grant_active_activation", "valid_storage_receipts"]"#,
        bad: r#"["agent_registry_grant_active_activation"]"#,
    },
};
pub(crate) static ACTIVATION_REASON_TEXT: Rule = Rule {
    id: "ACTIVATION_REASON_TEXT",
    severity: Severity::Warning,
    kinds: &["activation-decision"],
    what: "The reason is not the token that belongs to the status.",
    why: "Programs compare it word by word.",
    mend: "Write `activation allowed` or `activation failed closed`.",
    source: "advice",
    example: Example {
        base: "agent-machine/activation-decision.allowed.json",
        at: "/decision/reason",
        good: r#""activation allowed""#,
        bad: r#""Activation allowed.""#,
    },
};
pub(crate) static ACTIVATION_UNGATED: Rule = Rule {
    id: "ACTIVATION_UNGATED",
    severity: Severity::Error,
    kinds: &["activation-decision"],
    what: "The activation is allowed without a decision, a grant, volumes that were looked at, or receipts to follow.",
    why: "Each of them is a gate, and a missing gate fails closed.",
    mend: "Evaluate again with an allowed admission, an active grant and storage receipts.",
    source: "Agent Machine activation, and what an allowed admission and an active grant need",
    example: Example {
        base: "agent-machine/activation-decision.allowed.json",
        at: "/obligations/policyDecisionRef",
        good: r#""urn:srcos:policy-decision:x""#,
        bad: "null",
    },
};
pub(crate) static ACTIVATION_SCOPE_INCOMPLETE: Rule = Rule {
    id: "ACTIVATION_SCOPE_INCOMPLETE",
    severity: Severity::Error,
    kinds: &["activation-decision"],
    what: "The activation is allowed, and starting the provider or mounting its cache is not.",
    why: "Neither the admission nor the grant can have allowed it.",
    mend: "Evaluate again with an admission and a grant that allow start-provider and mount-cache.",
    source: "Agent Machine activation, policy and grant predicates",
    example: Example {
        base: "agent-machine/activation-decision.allowed.json",
        at: "/scope/toolRefs",
        good: r#"["urn:srcos:tool:mount-cache", "urn:srcos:tool:start-provider"]"#,
        bad: r#"["urn:srcos:tool:mount-cache"]"#,
    },
};
pub(crate) static ACTIVATION_WINDOW_EMPTY: Rule = Rule {
    id: "ACTIVATION_WINDOW_EMPTY",
    severity: Severity::Error,
    kinds: &["activation-decision"],
    what: "The activation is allowed, and its permission has ended.",
    why: "A gate that has expired is a missing gate.",
    mend: "Evaluate again with an admission and a grant that still hold.",
    source: "gap: the original accepts a grant that has expired years ago",
    example: Example {
        base: "agent-machine/activation-decision.allowed.json",
        at: "/obligations/expiresAt",
        good: r#""2026-09-14T07:00:00Z""#,
        bad: r#""2026-09-14T07:00:00+02:00""#,
    },
};
pub(crate) static ACTIVATION_LABEL_CONTRADICTS: Rule = Rule {
    id: "ACTIVATION_LABEL_CONTRADICTS",
    severity: Severity::Warning,
    kinds: &["activation-decision"],
    what: "A label says another outcome than the decision.",
    why: "Selectors go by labels.",
    mend: "Write the outcome of the decision, or leave the label out.",
    source: "advice",
    example: Example {
        base: "agent-machine/activation-decision.allowed.json",
        at: "/labels",
        good: r#"{"sourceos.activation.allowed": "true"}"#,
        bad: r#"{"sourceos.activation.allowed": "false"}"#,
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &ACTIVATION_STATUS,
    &ACTIVATION_REASONS,
    &ACTIVATION_REASON_UNKNOWN,
    &ACTIVATION_PRECONDITION_MISSING,
    &ACTIVATION_REASON_TEXT,
    &ACTIVATION_UNGATED,
    &ACTIVATION_SCOPE_INCOMPLETE,
    &ACTIVATION_WINDOW_EMPTY,
    &ACTIVATION_LABEL_CONTRADICTS,
];

pub(super) fn check(document: Node<'_>, report: &mut Report<'_>) {
    let decision = document.get("decision");
    let status = decision.get("status");
    let Some(word) = STATES.iter().copied().find(|state| status.is(state)) else { return };
    let is_allowed = word == "allowed";
    let flag = decision.get("activationAllowed");
    if flag.bool() == Some(!is_allowed) {
        let message = format!("the status is {word}, `activationAllowed` is {}", !is_allowed);
        report.add(&ACTIVATION_STATUS, flag, message);
    }
    check_reason_text(word, decision.get("reason"), report);
    check_reasons(word, decision, report);
    if is_allowed {
        check_allowed(document, report);
    }
    let labels = document.get("labels");
    for (name, wanted) in
        [("sourceos.activation.allowed", is_allowed), ("sourceos.activation.fail-closed", !is_allowed)]
    {
        let label = labels.get(name);
        if label.is(if wanted { "false" } else { "true" }) {
            report.add(&ACTIVATION_LABEL_CONTRADICTS, label, format!("`{name}` is {}", text(label)));
        }
    }
}

fn check_reason_text(status: &str, reason: Node<'_>, report: &mut Report<'_>) {
    let wanted = match status {
        "allowed" => "activation allowed",
        "fail-closed" => "activation failed closed",
        _ => return,
    };
    if reason.str().is_some_and(|reason| reason != wanted) {
        report.add(&ACTIVATION_REASON_TEXT, reason, format!("\"{}\" is not \"{wanted}\"", text(reason)));
    }
}

fn check_reasons(status: &str, decision: Node<'_>, report: &mut Report<'_>) {
    let (reasons, needed) = (decision.get("failureReasons"), decision.get("requiredBeforeActivation"));
    if status == "allowed" {
        for list in [reasons, needed] {
            if let Some(first) = list.items().next() {
                report.add(&ACTIVATION_REASONS, first, format!("it is allowed in spite of {}", text(first)));
            }
        }
        return;
    }
    if status == "fail-closed" && is_empty(reasons) {
        report.add(&ACTIVATION_REASONS, reasons, "it fails closed, and `failureReasons` is empty");
    }
    for reason in reasons.items() {
        let Some(token) = reason.str() else { continue };
        let fits = |known: &str| token == known || (known.ends_with(':') && token.starts_with(known));
        match REASONS.iter().find(|(known, _)| fits(known)) {
            None => report.add(&ACTIVATION_REASON_UNKNOWN, reason, format!("\"{token}\" is no known reason")),
            Some((_, Some(precondition))) if needed.exists() && lacks(needed, precondition) => {
                let message = format!("{token} needs {precondition}");
                report.add(&ACTIVATION_PRECONDITION_MISSING, needed, message);
            }
            Some(_) => {}
        }
    }
}

fn check_allowed(document: Node<'_>, report: &mut Report<'_>) {
    let (obligations, scope) = (document.get("obligations"), document.get("scope"));
    for name in ["policyDecisionRef", "agentRegistryGrantRef"] {
        let gate = obligations.get(name);
        if gate.is_null() {
            report.add(&ACTIVATION_UNGATED, gate, format!("`{name}` is null"));
        }
    }
    let volumes = document.get("inputs").get("storageReceiptRefs");
    for (name, list) in
        [("storageReceiptRefs", volumes), ("requiredReceipts", obligations.get("requiredReceipts"))]
    {
        if is_empty(list) {
            report.add(&ACTIVATION_UNGATED, list, format!("`{name}` is empty"));
        }
    }
    let (effects, tools) = (scope.get("sideEffects"), scope.get("toolRefs"));
    for effect in ACTIVATION_EFFECTS {
        if effects.exists() && lacks(effects, effect) {
            report.add(&ACTIVATION_SCOPE_INCOMPLETE, effects, format!("`sideEffects` lacks {effect}"));
        }
        let is_granted = |tool: &str| tool.strip_prefix(TOOL) == Some(effect);
        if is_sound(tools) && !tools.strings().any(is_granted) {
            report.add(&ACTIVATION_SCOPE_INCOMPLETE, tools, format!("`toolRefs` lacks {TOOL}{effect}"));
        }
    }
    let (end, decided) = (obligations.get("expiresAt"), document.get("decidedAt"));
    if is_not_after(end, decided) {
        let message = format!("it was decided at {} and ended at {}", text(decided), text(end));
        report.add(&ACTIVATION_WINDOW_EMPTY, end, message);
    }
}
