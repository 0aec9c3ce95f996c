//! PolicyAdmission.

use crate::node::Node;
use crate::report::Report;
use crate::rule::{Example, Rule, Severity};

use super::scope::{is_empty, is_not_after, lacks, shared, text};

/// The lists of a scope.
const LISTS: &[&str] = &["networkExposure", "storageClasses", "volumeClasses", "providerIds", "sideEffects"];
/// Lists whose words are known, and the words.
const WORDS: &[(&str, &[&str])] = &[
    ("networkExposure", &["none", "loopback", "host", "cluster", "ingress", "policy-managed"]),
    ("storageClasses", &["filesystem", "local-lvm", "topolvm-k8s", "tmpfs", "object-store", "remote-volume"]),
    (
        "volumeClasses",
        &[
            "agent-models",
            "agent-cache-hot",
            "agent-cache-warm",
            "agent-cache-cold",
            "agent-scratch",
            "agent-evidence",
            "agent-artifacts",
        ],
    ),
];
/// Effects without which nothing is activated.
pub(super) const ACTIVATION_EFFECTS: &[&str] = &["start-provider", "mount-cache"];

pub(crate) static ADMISSION_AUTHORIZATION: Rule = Rule {
    id: "ADMISSION_AUTHORIZATION",
    severity: Severity::Error,
    kinds: &["policy-admission"],
    what: "The answer and the authorization contradict each other.",
    why: "A program that reads only one of them starts what was refused.",
    mend: "`authorizationGranted` is true for allowed and not-required, false for missing, denied and unknown.",
    source: "PolicyAdmission semantics",
    example: Example {
        base: "agent-machine/policy-admission.denied.json",
        at: "/decision/authorizationGranted",
        good: "false",
        bad: "true",
    },
};
pub(crate) static ADMISSION_DECISION_UNTRACED: Rule = Rule {
    id: "ADMISSION_DECISION_UNTRACED",
    severity: Severity::Error,
    kinds: &["policy-admission"],
    what: "There is an answer, and no record of it.",
    why: "Nobody can look up who decided, and whether this is what was decided.",
    mend: "Give `decisionRef` and `decisionDigest`.",
    source: "PolicyAdmission semantics",
    example: Example {
        base: "agent-machine/policy-admission.allowed.json",
        at: "/decision/decisionRef",
        good: r#""urn:srcos:policy-decision:x""#,
        bad: "null",
    },
};
pub(crate) static ADMISSION_MISSING_ANSWERED: Rule = Rule {
    id: "ADMISSION_MISSING_ANSWERED",
    severity: Severity::Error,
    kinds: &["policy-admission"],
    what: "The answer is missing, and a record of it is named.",
    why: "Either somebody has answered, or the record belongs to another request.",
    mend: "Set `decisionRef` and `decisionDigest` to null, or give the status of the record.",
    source: "PolicyAdmission semantics",
    example: Example {
        base: "agent-machine/policy-admission.missing.json",
        at: "/decision/decisionRef",
        good: "null",
        bad: r#""urn:srcos:policy-decision:x""#,
    },
};
pub(crate) static ADMISSION_MISSING_WITH_SCOPE: Rule = Rule {
    id: "ADMISSION_MISSING_WITH_SCOPE",
    severity: Severity::Error,
    kinds: &["policy-admission"],
    what: "The answer is missing, and something is allowed.",
    why: "Nobody has allowed it.",
    mend: "Empty `scope.allowed`, and set its `cacheReuse` to false.",
    source: "PolicyAdmission semantics",
    example: Example {
        base: "agent-machine/policy-admission.missing.json",
        at: "/scope/allowed",
        good: r#"{"cacheReuse": false, "sideEffects": []}"#,
        bad: r#"{"sideEffects": ["emit-runtime-receipt"]}"#,
    },
};
pub(crate) static ADMISSION_RECEIPTS_MISSING: Rule = Rule {
    id: "ADMISSION_RECEIPTS_MISSING",
    severity: Severity::Error,
    kinds: &["policy-admission"],
    what: "The request is allowed, and no receipt is required.",
    why: "What is allowed has to be accounted for.",
    mend: "Name at least one receipt in `requiredReceipts`.",
    source: "PolicyAdmission semantics",
    example: Example {
        base: "agent-machine/policy-admission.allowed.json",
        at: "/obligations/requiredReceipts",
        good: r#"["runtime"]"#,
        bad: "[]",
    },
};
pub(crate) static ADMISSION_SCOPE_OVERLAP: Rule = Rule {
    id: "ADMISSION_SCOPE_OVERLAP",
    severity: Severity::Error,
    kinds: &["policy-admission"],
    what: "The same thing is allowed and denied.",
    why: "The original looks at what is allowed only, so the denial has no effect.",
    mend: "Take it out of one of the two.",
    source: "gap: the original never compares allowed and denied",
    example: Example {
        base: "agent-machine/policy-admission.allowed.json",
        at: "/scope/denied/volumeClasses",
        good: r#"["agent-artifacts"]"#,
        bad: r#"["agent-models"]"#,
    },
};
pub(crate) static ADMISSION_WINDOW_EMPTY: Rule = Rule {
    id: "ADMISSION_WINDOW_EMPTY",
    severity: Severity::Error,
    kinds: &["policy-admission"],
    what: "The admission ends before it is made.",
    why: "It never holds, and the original would use it all the same.",
    mend: "Make `expiresAt` later than `decidedAt`.",
    source: "gap: the original never looks at expiry",
    example: Example {
        base: "agent-machine/policy-admission.allowed.json",
        at: "/obligations/expiresAt",
        good: r#""2026-09-14T07:00:00Z""#,
        bad: r#""2026-09-14T07:00:00+02:00""#,
    },
};
pub(crate) static ADMISSION_ENDLESS: Rule = Rule {
    id: "ADMISSION_ENDLESS",
    severity: Severity::Warning,
    kinds: &["policy-admission"],
    what: "The request is allowed for ever.",
    why: "Policy changes; a permission without an end outlives the rules that gave it.",
    mend: "Give `expiresAt`.",
    source: "advice",
    example: Example {
        base: "agent-machine/policy-admission.allowed.json",
        at: "/obligations/expiresAt",
        good: r#""2026-09-14T07:00:00Z""#,
        bad: "null",
    },
};
pub(crate) static ADMISSION_ACTIVATION_INCOMPLETE: Rule = Rule {
    id: "ADMISSION_ACTIVATION_INCOMPLETE",
    severity: Severity::Warning,
    kinds: &["policy-admission"],
    what: "An activation is allowed, and what it needs is not.",
    why: "The activation fails closed with policy_does_not_allow_activation_scope.",
    mend: "Allow start-provider, mount-cache and the provider of the request, or say denied.",
    source: "Agent Machine activation, policy predicate",
    example: Example {
        base: "agent-machine/policy-admission.allowed.json",
        at: "/scope/allowed/sideEffects",
        good: r#"["start-provider", "mount-cache"]"#,
        bad: r#"["start-provider"]"#,
    },
};
pub(crate) static ADMISSION_ACTIVATION_NOT_REQUIRED: Rule = Rule {
    id: "ADMISSION_ACTIVATION_NOT_REQUIRED",
    severity: Severity::Warning,
    kinds: &["policy-admission"],
    what: "An admission for an activation is said to be not required.",
    why: "It counts as authorized, yet no activation accepts it.",
    mend: "Have Policy Fabric answer allowed or denied.",
    source: "gap: the original authorizes not-required and then never allows it",
    example: Example {
        base: "agent-machine/policy-admission.allowed.json",
        at: "/decision/status",
        good: r#""allowed""#,
        bad: r#""not-required""#,
    },
};
pub(crate) static ADMISSION_SCOPE_DEAD: Rule = Rule {
    id: "ADMISSION_SCOPE_DEAD",
    severity: Severity::Warning,
    kinds: &["policy-admission"],
    what: "The request is not allowed, and something is in the allowed scope.",
    why: "A program that reads only the scope takes it for allowed.",
    mend: "Empty `scope.allowed`.",
    source: "advice",
    example: Example {
        base: "agent-machine/policy-admission.denied.json",
        at: "/scope/allowed",
        good: r#"{"cacheReuse": false}"#,
        bad: r#"{"volumeClasses": ["agent-scratch"]}"#,
    },
};
pub(crate) static ADMISSION_SCOPE_WORD: Rule = Rule {
    id: "ADMISSION_SCOPE_WORD",
    severity: Severity::Warning,
    kinds: &["policy-admission"],
    what: "A scope holds a word that nothing is called.",
    why: "It allows or denies nothing; a misspelt denial is none.",
    mend: "Use the words of pods and cache tiers. `storageClasses` are backends, not storage classes of Kubernetes.",
    source: "gap: the original takes any string",
    example: Example {
        base: "agent-machine/policy-admission.allowed.json",
        at: "/scope/allowed/storageClasses",
        good: r#"["topolvm-k8s"]"#,
        bad: r#"["topolvm-provisioner"]"#,
    },
};

pub(crate) static RULES: &[&Rule] = &[
    &ADMISSION_AUTHORIZATION,
    &ADMISSION_DECISION_UNTRACED,
    &ADMISSION_MISSING_ANSWERED,
    &ADMISSION_MISSING_WITH_SCOPE,
    &ADMISSION_RECEIPTS_MISSING,
    &ADMISSION_SCOPE_OVERLAP,
    &ADMISSION_WINDOW_EMPTY,
    &ADMISSION_ENDLESS,
    &ADMISSION_ACTIVATION_INCOMPLETE,
    &ADMISSION_ACTIVATION_NOT_REQUIRED,
    &ADMISSION_SCOPE_DEAD,
    &ADMISSION_SCOPE_WORD,
];

pub(super) fn check(admission: Node<'_>, report: &mut Report<'_>) {
    let (decision, scope) = (admission.get("decision"), admission.get("scope"));
    let status = decision.get("status");
    check_decision(status, decision, report);
    check_scope(status, scope, report);
    let obligations = admission.get("obligations");
    let (receipts, end) = (obligations.get("requiredReceipts"), obligations.get("expiresAt"));
    if status.is("allowed") {
        if is_empty(receipts) {
            report.add(&ADMISSION_RECEIPTS_MISSING, receipts, "`requiredReceipts` is empty");
        }
        if end.is_null() {
            report.add(&ADMISSION_ENDLESS, end, "`expiresAt` is null");
        }
    }
    if is_not_after(end, admission.get("decidedAt")) {
        let message =
            format!("it was decided at {} and ends at {}", text(admission.get("decidedAt")), text(end));
        report.add(&ADMISSION_WINDOW_EMPTY, end, message);
    }
    if admission.get("request").get("requestType").is("activation") {
        check_activation(status, admission.get("request").get("providerId"), scope.get("allowed"), report);
    }
}

fn check_decision(status: Node<'_>, decision: Node<'_>, report: &mut Report<'_>) {
    let granted = decision.get("authorizationGranted");
    let wanted = match status.str() {
        Some("allowed" | "not-required") => true,
        Some("missing" | "denied" | "unknown") => false,
        _ => return,
    };
    if granted.bool() == Some(!wanted) {
        let message = format!("the status is {}, `authorizationGranted` is {}", text(status), !wanted);
        report.add(&ADMISSION_AUTHORIZATION, granted, message);
    }
    for name in ["decisionRef", "decisionDigest"] {
        let record = decision.get(name);
        if matches!(status.str(), Some("allowed" | "denied")) && record.is_null() {
            report.add(&ADMISSION_DECISION_UNTRACED, record, format!("`{name}` is null"));
        }
        if status.is("missing") && record.str().is_some() {
            report.add(&ADMISSION_MISSING_ANSWERED, record, format!("`{name}` is not null"));
        }
    }
}

fn check_scope(status: Node<'_>, scope: Node<'_>, report: &mut Report<'_>) {
    let (allowed, denied) = (scope.get("allowed"), scope.get("denied"));
    for name in LISTS {
        if let Some(item) = shared(denied.get(name), allowed.get(name)) {
            let message = format!("{} is in `{name}` of both", text(item));
            report.add(&ADMISSION_SCOPE_OVERLAP, item, message);
        }
    }
    if allowed.get("cacheReuse").is_true() && denied.get("cacheReuse").is_true() {
        report.add(&ADMISSION_SCOPE_OVERLAP, denied.get("cacheReuse"), "`cacheReuse` is true in both");
    }
    let used = LISTS.iter().map(|name| allowed.get(name)).find(|list| list.items().len() > 0);
    let used = used.or_else(|| Some(allowed.get("cacheReuse")).filter(|reuse| reuse.is_true()));
    match (status.str(), used) {
        (Some("missing"), Some(place)) => {
            report.add(
                &ADMISSION_MISSING_WITH_SCOPE,
                place,
                "something is allowed while the answer is missing",
            );
        }
        (Some("denied" | "unknown"), Some(place)) => {
            report.add(&ADMISSION_SCOPE_DEAD, place, format!("the status is {}", text(status)));
        }
        _ => {}
    }
    for (name, words) in WORDS {
        for word in allowed.get(name).items().chain(denied.get(name).items()) {
            if word.str().is_some_and(|word| !words.contains(&word)) {
                report.add(
                    &ADMISSION_SCOPE_WORD,
                    word,
                    format!("\"{}\" is none of {}", text(word), words.join(", ")),
                );
            }
        }
    }
}

fn check_activation(status: Node<'_>, provider: Node<'_>, allowed: Node<'_>, report: &mut Report<'_>) {
    if status.is("not-required") {
        report.add(&ADMISSION_ACTIVATION_NOT_REQUIRED, status, "no activation accepts not-required");
    }
    if !status.is("allowed") || !allowed.is_object() {
        return;
    }
    let effects = allowed.get("sideEffects");
    for effect in ACTIVATION_EFFECTS.iter().filter(|effect| lacks(effects, effect)) {
        report.add(
            &ADMISSION_ACTIVATION_INCOMPLETE,
            effects,
            format!("{effect} is not among the side effects"),
        );
    }
    let providers = allowed.get("providerIds");
    if let Some(id) = provider.str().filter(|id| id.starts_with("urn:") && lacks(providers, id)) {
        report.add(&ADMISSION_ACTIVATION_INCOMPLETE, providers, format!("{id} is not among the providers"));
    }
}
